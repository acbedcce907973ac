import CBerth

/// What two files mean together: the nodes, what runs on them, and what is to be placed. Objects that do not go together
/// are left out and named.
struct SceneCheck {
  private(set) var nodes: [Node] = []
  private(set) var running: [Pod] = []
  /// Without the pods of DaemonSets, which depend on the nodes.
  private(set) var wanted: [Pod] = []
  private(set) var notes: [String] = []
  var problems: [Problem]

  /// Beside cpu and memory as scores count them.
  private static let mostResources = Int(BERTH_MAX_RESOURCES_PER_NODE) - 2

  /// More than these would be a slip of the finger in a manifest's replicas.
  private static let mostPods = 1_000_000

  init(cluster: Manifests, wanted manifests: Manifests) {
    problems = cluster.problems + manifests.problems
    addNodes(cluster.nodes + manifests.nodes)
    let runningPaths = addRunning(cluster.pods)
    addWanted(manifests, runningPaths)
    resolvePriorities(cluster.priorityClasses + manifests.priorityClasses)
    var others = cluster.others
    others.merge(manifests.others, uniquingKeysWith: +)
    if !others.isEmpty {
      let kinds = others.keys.sorted().map { "\(others[$0]!) x \($0)" }
      notes.append("of no concern to placing, passed over: \(kinds.joined(separator: ", "))")
    }
  }

  /// What resource slices and claims say joins nodes and pods.
  mutating func complete(with claims: inout ClaimBook) {
    claims.complete(&nodes)
    for index in running.indices { claims.complete(&running[index], isRunning: true) }
    for index in wanted.indices { claims.complete(&wanted[index], isRunning: false) }
  }

  private mutating func addNodes(_ all: [Node]) {
    var seen: Set<String> = []
    for node in all {
      let title = "Node \(node.name)"
      let resources = node.allocatable.count { $0.value > 0 }
      if !seen.insert(node.name).inserted {
        problems.append(Problem(title, "metadata.name", "there is a node of this name already"))
      } else if resources > Self.mostResources {
        let message = "has \(resources) resources; at most \(Self.mostResources) can be counted of a node"
        problems.append(Problem(title, "status.allocatable", message))
      } else {
        nodes.append(node)
      }
    }
    if nodes.isEmpty { problems.append(Problem("cluster", "", "has no nodes")) }
  }

  private mutating func addRunning(_ pods: [Pod]) -> Set<String> {
    let names = Set(nodes.map(\.name))
    var seen: Set<String> = []
    var running: Set<String> = []
    var pending = 0
    for pod in pods {
      guard seen.insert(pod.path).inserted else {
        problems.append(Problem("Pod \(pod.path)", "metadata.name", "there is a pod of this name already"))
        continue
      }
      guard let nodeName = pod.nodeName, !pod.isFinished else {
        pending += pod.isFinished ? 0 : 1
        continue
      }
      guard names.contains(nodeName) else {
        problems.append(Problem("Pod \(pod.path)", "spec.nodeName", "there is no node '\(nodeName)'"))
        continue
      }
      self.running.append(pod)
      running.insert(pod.path)
    }
    if pending > 0 { notes.append("\(pending) pending pods of the cluster's file are not placed: give them as --pods") }
    return running
  }

  private mutating func addWanted(_ manifests: Manifests, _ running: Set<String>) {
    var already = 0
    var finished = 0
    var seen: Set<String> = []
    func isNew(_ pod: Pod) -> Bool {
      if running.contains(pod.path) { already += 1 } else if pod.isFinished { finished += 1 } else { return true }
      return false
    }
    var total = manifests.pods.count
    var all = manifests.pods
    // What a controller owns, that controller makes the pods of.
    for workload in manifests.workloads where workload.metadata.owner == nil {
      total += workload.replicas
      guard total <= Self.mostPods else {
        problems.append(Problem(workload.title, "spec.replicas", "brings more than \(Self.mostPods) pods together"))
        break
      }
      all += workload.pods
    }
    for pod in all where isNew(pod) {
      if seen.insert(pod.path).inserted {
        wanted.append(pod)
      } else {
        problems.append(Problem("Pod \(pod.path)", "metadata.name", "there is a pod of this name already"))
      }
    }
    if already > 0 { notes.append("\(already) pods to be placed run already, and stay where they are") }
    if finished > 0 { notes.append("\(finished) pods to be placed have finished already") }
  }

  /// A pod's own number stands; a class is looked up where the file has it, or is Kubernetes' own.
  private mutating func resolvePriorities(_ classes: [PriorityClass]) {
    var values: [String: Int32] = ["system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000]
    var standard: Int32 = 0
    for item in classes {
      values[item.name] = item.value
      if item.isDefault { standard = item.value }
    }
    var unknown: Set<String> = []
    for index in wanted.indices where wanted[index].priority == 0 {
      if let name = wanted[index].priorityClassName, !name.isEmpty {
        if let value = values[name] { wanted[index].priority = value } else { unknown.insert(name) }
      } else {
        wanted[index].priority = standard
      }
    }
    if !unknown.isEmpty {
      notes.append("priority 0 for want of the PriorityClass: \(unknown.sorted().joined(separator: ", "))")
    }
  }
}
