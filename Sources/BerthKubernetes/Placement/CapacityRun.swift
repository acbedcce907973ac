import CBerth

/// How many more pods of one kind fit on a cluster, placed one after the other, and what stops the next one.
public final class CapacityRun {
  private let scene: Scene
  public var notes: [String] { scene.notes }
  public var problems: [Problem] { scene.problems }
  public var nodeCount: Int { scene.engine.nodes.count }
  public var runningCount: Int { scene.runningCount }

  public let pod: String
  public private(set) var fitting = 0
  /// Nodes that took at least one.
  public private(set) var usedNodes = 0
  public private(set) var zones: [PlacementRun.Zone] = []
  /// What kube-scheduler would say of the next one.
  public private(set) var message = ""

  /// `wanted` has one pod, or a workload, whose template is taken.
  public init(cluster: Manifests, wanted: Manifests, isLenient: Bool) throws {
    var wanted = wanted
    for index in wanted.workloads.indices {
      // What a DaemonSet's pods are on top of their template is the node they are meant for.
      if wanted.workloads[index].kind == .daemonSet { wanted.workloads[index].kind = .replicaSet }
      wanted.workloads[index].replicas = 1
    }
    scene = try Scene(cluster: cluster, wanted: wanted, isLenient: isLenient)
    guard scene.wanted.count == 1 else {
      throw BadInput(problems: [
        Problem("pod", "", "capacity is a question about one pod; there are \(scene.wanted.count)")
      ])
    }
    pod = scene.wanted[0].pod.path
  }

  public func run() throws {
    let engine = scene.engine
    let podClass = scene.wanted[0].podClass
    var placedOn = [Int](repeating: 0, count: engine.nodes.count)
    while true {
      let nodes = try engine.placeMany(podClass, 1024)
      for node in nodes { placedOn[engine.index(of: node)] += 1 }
      fitting += nodes.count
      if nodes.count < 1024 { break }
    }
    usedNodes = placedOn.count { $0 > 0 }
    zones = PlacementRun.Zone.summary(engine.nodes, placedOn)
    message = try engine.message(podClass)
  }
}
