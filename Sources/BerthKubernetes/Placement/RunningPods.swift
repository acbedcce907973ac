import CBerth

/// Pods that run already, on their nodes and with their devices.
struct RunningPods {
  private let engine: ClusterEngine
  private let surroundings: Surroundings
  private(set) var count = 0
  private(set) var problems: [Problem] = []
  /// Pods that do not say which GPUs they have, and those whose GPUs could not be found.
  private var silent = 0
  private var lost: [String] = []

  init(_ engine: ClusterEngine, _ surroundings: Surroundings) {
    self.engine = engine
    self.surroundings = surroundings
  }

  var notes: [String] {
    var notes: [String] = []
    if silent > 0 { notes.append("\(silent) running pods do not say which GPUs they have: these are chosen here") }
    if let first = lost.first {
      let who = lost.count == 1 ? first : "\(first) and \(lost.count - 1) more"
      notes.append("running pods ask for GPUs that their nodes do not have free, and hold none here (\(who))")
    }
    return notes
  }

  /// First those that say what they have, then the others, which take of the rest what placing would take. Health is
  /// told between them: a running pod may well have a sick GPU, and says so.
  mutating func bind(_ pods: [Pod]) throws {
    var plain: [(pod: Pod, node: Int, podClass: berth_class_id)] = []
    var asking: [(pod: Pod, node: Int)] = []
    for pod in pods {
      let node = engine.index(of: engine.nodeID(pod.nodeName!)!)
      if pod.devices != nil && engine.hasMachine(node) {
        asking.append((pod, node))
      } else {
        if pod.devices != nil && !engine.nodes[node].countsInstances { lost.append(pod.path) }
        do {
          plain.append((pod, node, try engine.podClass(pod, surroundings, isRunning: true)))
        } catch {
          problems.append(Problem("Pod \(pod.path)", "spec", "\(error)"))
        }
      }
    }
    let ids = try engine.bind(plain.map(\.podClass), to: plain.map { engine.nodeIDs[$0.node] })
    try engine.terminate(zip(ids, plain).filter { $1.pod.metadata.isTerminating }.map(\.0))
    count += plain.count
    for (pod, node) in asking where pod.assignment != nil { try bindAssigned(pod, node) }
    try engine.setHealth()
    for (pod, node) in asking where pod.assignment == nil { try bindSilent(pod, node) }
  }

  private mutating func bindAssigned(_ pod: Pod, _ node: Int) throws {
    do {
      let podClass = try engine.podClass(pod, surroundings, isRunning: true, on: node)
      try finish(try engine.bind(podClass, to: node, pod, pod.assignment!), pod)
    } catch let problem as Problem {
      problems.append(problem)
    } catch {
      let source = pod.assignment?.source ?? ""
      let path = source.hasPrefix("status") ? source : "metadata.annotations[\(source)]"
      problems.append(Problem("Pod \(pod.path)", path, "\(error)"))
    }
  }

  /// A node may be over-committed in what it counts, never in devices.
  private mutating func bindSilent(_ pod: Pod, _ node: Int) throws {
    do {
      let podClass = try engine.podClass(pod, surroundings, isRunning: true, on: node)
      try finish(try engine.bind([podClass], to: [engine.nodeIDs[node]])[0], pod)
      silent += 1
    } catch let problem as Problem {
      problems.append(problem)
    } catch {
      lost.append(pod.path)
      let podClass = try engine.podClass(pod, surroundings, isRunning: true)
      try finish(try engine.bind([podClass], to: [engine.nodeIDs[node]])[0], pod)
    }
  }

  private mutating func finish(_ id: berth_pod_id, _ pod: Pod) throws {
    if pod.metadata.isTerminating { try engine.terminate([id]) }
    count += 1
  }
}
