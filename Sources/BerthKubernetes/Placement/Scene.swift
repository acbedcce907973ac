import CBerth

/// A cluster with what runs on it, in an engine, and pods that are to be placed there.
final class Scene {
  let engine: ClusterEngine
  let wanted: [(pod: Pod, podClass: berth_class_id)]
  let runningCount: Int
  /// What a reader of the result should know.
  let notes: [String]
  /// What was left out, if that is allowed.
  let problems: [Problem]

  /// Refuses everything if anything is wrong, unless what is sound is to be taken alone.
  init(cluster: Manifests, wanted: Manifests, isLenient: Bool) throws {
    var check = SceneCheck(cluster: cluster, wanted: wanted)
    if !isLenient && !check.problems.isEmpty { throw BadInput(problems: check.problems) }
    var all = cluster
    all.append(wanted)
    let surroundings = Surroundings(all)
    let daemons = wanted.workloads.filter { $0.kind == .daemonSet && $0.metadata.owner == nil }
    let engine = try ClusterEngine(
      nodes: check.nodes, pods: check.running + check.wanted + daemons.map(\.template), namespaces: all.namespaces,
      profile: SchedulerProfile(), levels: TopologyLevels.of(check.nodes))
    runningCount = try Self.run(check.running, engine, surroundings, &check.problems)
    var classes: [(pod: Pod, podClass: berth_class_id)] = []
    for pod in check.wanted + Self.daemons(daemons, engine, surroundings, &check.problems) {
      Self.noting(pod, &check.problems) { classes.append((pod, try engine.podClass(pod, surroundings))) }
    }
    if !isLenient && !check.problems.isEmpty { throw BadInput(problems: check.problems) }
    self.engine = engine
    self.wanted = classes
    problems = check.problems
    notes = check.notes + Self.unhonoured(classes.map(\.pod), all)
  }

  /// Binds pods to their nodes, and answers how many.
  private static func run(
    _ pods: [Pod], _ engine: ClusterEngine, _ surroundings: Surroundings, _ problems: inout [Problem]
  ) throws -> Int {
    var bound: [(pod: Pod, podClass: berth_class_id)] = []
    for pod in pods {
      noting(pod, &problems) { bound.append((pod, try engine.podClass(pod, surroundings, isRunning: true))) }
    }
    let ids = try engine.bind(bound.map(\.podClass), to: bound.map { engine.nodeID($0.pod.nodeName!)! })
    try engine.terminate(zip(ids, bound).filter { $1.pod.metadata.isTerminating }.map(\.0))
    return bound.count
  }

  /// What the engine refuses of a pod is the pod's fault: a limit, most likely.
  private static func noting(_ pod: Pod, _ problems: inout [Problem], _ body: () throws -> Void) {
    do { try body() } catch { problems.append(Problem("Pod \(pod.path)", "spec", "\(error)")) }
  }

  /// A DaemonSet's pods, one for each node that affinity and taints leave it.
  private static func daemons(
    _ workloads: [Workload], _ engine: ClusterEngine, _ surroundings: Surroundings, _ problems: inout [Problem]
  ) -> [Pod] {
    var pods: [Pod] = []
    for workload in workloads {
      noting(workload.daemonProbe, &problems) {
        let verdicts = try engine.verdicts(try engine.podClass(workload.daemonProbe, surroundings))
        pods += zip(engine.nodes, verdicts).filter { $1.reason == 0 }.map { workload.daemon(for: $0.0.name) }
      }
    }
    return pods
  }

  private static func unhonoured(_ pods: [Pod], _ manifests: Manifests) -> [String] {
    let parts = Unhonoured.allCases.compactMap { part -> String? in
      let asking = pods.filter { $0.unhonoured.contains(part) }
      guard let first = asking.first else { return nil }
      let who = asking.count == 1 ? first.path : "\(first.path) and \(asking.count - 1) more"
      return "not honoured yet: \(part.rawValue) (\(who))"
    }
    let objects = manifests.unhonoured.keys.sorted().map { kind in
      "not honoured yet: \(manifests.unhonoured[kind]!) x \(kind): \(Unhonoured.objects[kind] ?? "")"
    }
    return parts + objects
  }
}
