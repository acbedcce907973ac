/// Which nodes a pod may run on: kube-scheduler's filters, in their order.

/// Why a node is refused, in the order in which it is asked.
public enum Reason: Int, CaseIterable, Comparable, Sendable {
  case unschedulable, nodeName, taint, affinity, hostPorts, insufficient, spreadLabel, spread
  case podAffinity, podAntiAffinity, existingAntiAffinity
  case noSuchDevices, devicesTaken

  public static func < (left: Reason, right: Reason) -> Bool { left.rawValue < right.rawValue }
}

public struct Refusal: Equatable, Sendable {
  public let reason: Reason
  /// What lacks, by resource.
  public var lacking: [String: Int64] = [:]
  /// Evicting pods cannot help.
  public let isUnresolvable: Bool
}

/// A pod, and what its filters need to know of the whole cluster: gathered once, then asked of node after node.
struct Question {
  let pod: PodSpec
  /// With what is asked of load resources.
  let requests: [String: Int64]
  let spread: [SpreadCount]
  let neighbours: Neighbours
}

extension Oracle {
  func question(_ pod: PodSpec) -> Question {
    Question(
      pod: pod, requests: asking(pod).requests, spread: spreadCounts(pod), neighbours: neighbours(pod))
  }

  /// The first thing that speaks against a node; nil: the pod fits.
  func refusal(_ question: Question, _ node: Node) -> Refusal? {
    let pod = question.pod
    if node.spec.cordoned && !pod.tolerates(unschedulable) { return refused(.unschedulable) }
    if let name = pod.nodeName, name != node.name { return refused(.nodeName) }
    if pod.isKeptAway(by: node.spec.taints) { return refused(.taint) }
    if !affinityMatches(pod, node) { return refused(.affinity) }
    if !arePortsFree(pod, node) { return refused(.hostPorts, unresolvable: false) }
    let lacking = shortfalls(question.requests, node)
    if !lacking.isEmpty {
      // kube-scheduler never says so of pods
      let tooSmall = lacking.keys.contains {
        kinds[$0] != .pods && question.requests[$0]! > node.spec.allocatable[$0] ?? 0
      }
      return Refusal(reason: .insufficient, lacking: lacking, isUnresolvable: tooSmall)
    }
    return refusalBeyondResources(question, node)
  }

  /// The filters that come after that of resources.
  func refusalBeyondResources(_ question: Question, _ node: Node) -> Refusal? {
    for count in question.spread {
      guard let domain = label(count.constraint.topologyKey, of: node) else { return refused(.spreadLabel) }
      if count.exceedsSkew(domain) { return refused(.spread, unresolvable: false) }
    }
    if !hasWantedNeighbours(question, node) { return refused(.podAffinity) }
    if isIn(question.neighbours.unwanted, node) { return refused(.podAntiAffinity, unresolvable: false) }
    if isIn(question.neighbours.unwilling, node) { return refused(.existingAntiAffinity, unresolvable: false) }
    return refusalOfDevices(question.pod, node)
  }

  private func refused(_ reason: Reason, unresolvable: Bool = true) -> Refusal {
    Refusal(reason: reason, isUnresolvable: unresolvable)
  }

  public func refusal(of pod: PodSpec, on node: Int) -> Refusal? { refusal(question(pod), self.node(node)) }

  private func arePortsFree(_ pod: PodSpec, _ node: Node) -> Bool {
    if pod.hostPorts.isEmpty { return true }
    let taken = node.pods.flatMap { pods[$0]!.spec.hostPorts }
    return !pod.hostPorts.contains { wanted in
      taken.contains { port in
        port.port == wanted.port && port.transport == wanted.transport
          && (port.address == wanted.address || port.address == HostPort.everyAddress
            || wanted.address == HostPort.everyAddress)
      }
    }
  }

  /// How much of each requested resource lacks; empty where the pod fits.
  private func shortfalls(_ requests: [String: Int64], _ node: Node) -> [String: Int64] {
    var lacking: [String: Int64] = [:]
    for (name, request) in requests where request > 0 && !kinds[name]!.refusesNobody && !load.isUsage(name) {
      if load.isLimit(name) && node.spec.allocatable[name] == nil { continue }
      let free = (node.spec.allocatable[name] ?? 0) - (node.used[name] ?? 0)
      if request > free { lacking[name] = request - free }
    }
    return lacking
  }
}
