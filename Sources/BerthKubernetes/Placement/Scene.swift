import CBerth

/// A cluster with what runs on it, in an engine, and pods that are to be placed there.
final class Scene {
  let engine: ClusterEngine
  let wanted: [(pod: Pod, podClass: berth_class_id)]
  let runningCount: Int
  private let plan: ClaimPlan?
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
    var claims = ClaimBook(all)
    check.complete(with: &claims)
    let surroundings = Surroundings(all)
    let daemons = wanted.workloads.filter { $0.kind == .daemonSet && $0.metadata.owner == nil }
    let engine = try ClusterEngine(
      nodes: check.nodes, pods: check.running + check.wanted + daemons.map(\.template), namespaces: all.namespaces,
      profile: SchedulerProfile(), levels: TopologyLevels.of(check.nodes))
    check.problems += engine.problems
    var running = RunningPods(engine, surroundings)
    try running.bind(check.running)
    check.problems += running.problems
    runningCount = running.count
    var classes: [(pod: Pod, podClass: berth_class_id)] = []
    var wantedPods = check.wanted
    for pod in Self.daemons(daemons, engine, surroundings, &check.problems) {
      var pod = pod
      claims.complete(&pod, isRunning: false)
      wantedPods.append(pod)
    }
    check.problems += claims.problems
    for pod in wantedPods {
      Self.noting(pod, &check.problems) { classes.append((pod, try engine.podClass(pod, surroundings))) }
    }
    if !isLenient && !check.problems.isEmpty { throw BadInput(problems: check.problems) }
    self.engine = engine
    plan = claims.plan
    self.wanted = classes
    problems = check.problems
    notes = check.notes + engine.notes + claims.notes + running.notes + Self.unhonoured(classes.map(\.pod), all)
  }

  /// What a placed pod's claims get.
  func allocations(_ devices: DeviceAssignment, _ pod: Pod, on node: Int) throws -> [ClaimAllocation] {
    try plan?.allocations(devices, pod, on: engine.nodes[node].name) ?? []
  }

  /// What the engine refuses of a pod is the pod's fault: a limit, most likely.
  private static func noting(_ pod: Pod, _ problems: inout [Problem], _ body: () throws -> Void) {
    do {
      try body()
    } catch let problem as Problem {
      problems.append(problem)
    } catch {
      problems.append(Problem("Pod \(pod.path)", "spec", "\(error)"))
    }
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
