import BerthCore
import BerthOracle
import CBerth

/// A small cluster with something of everything, for single changes to be made on.
struct StatementScene {
  let twin: Twin
  let zones: [Int]
  var racks: [Int]
  let pods: [PodSpec]

  init(_ twin: Twin) throws {
    self.twin = twin
    try twin.addResource("cpu", .cpu)
    try twin.addResource("memory", .memory)
    try twin.addResource("gpu", .gpu)
    try twin.addResource("pods", .pods)
    try twin.addResource("disk", .other)
    try twin.addProfile("packing", [Term(.binpack)])
    try twin.addProfile("kube", [Term(.leastAllocated), Term(.nodeAffinity, weight: 2), Term(.taintToleration)])
    zones = try ["a", "b"].map { try twin.addDomain(parent: 0, name: $0) }
    racks = try [(zones[0], "a1"), (zones[0], "a2"), (zones[1], "b1")].map { parent, name in
      try twin.addDomain(parent: parent, name: name)
    }
    var packed = PodSpec(profile: "packing")
    packed.requests = ["cpu": 3000, "memory": 2 << 30]
    var kube = PodSpec(profile: "kube")
    kube.requests = ["cpu": 1000, "pods": 1]
    kube.preferredTerms = [SelectorTerm([Requirement(key: "pool", op: .in, values: ["odd"])], weight: 9)]
    var named = PodSpec(profile: "packing")
    named.requests = ["memory": 1 << 30]
    named.requiredTerms = [
      SelectorTerm([Requirement(key: "kubernetes.io/hostname", op: .in, values: ["n1", "n4", "n9"])])
    ]
    pods = [packed, kube, named]
    try addNodes(8)
    try place(6)
    let order = twin.oracle.topologyOrder()
    try twin.bind([(packed, order[5]), (kube, order[5])])
    // Places of nodes and pods that are free already.
    try twin.removeNodes([order[2], order[6]])
    try twin.remove(twin.oracle.pods.keys.sorted().suffix(2), forgetting: false)
  }

  mutating func place(_ count: Int) throws { try twin.place((0..<count).map { pods[$0 % pods.count] }, dryRun: false) }

  /// `names` nil: every other one gets a name that nobody has.
  mutating func addNodes(
    _ count: Int, names: [String?]? = nil, labels: [String: String] = [:], taint: Taint? = nil
  ) throws {
    let taken = Set(twin.oracle.nodes.values.compactMap(\.name))
    var fresh = (0...).lazy.map { "n\($0)" }.filter { !taken.contains($0) }.makeIterator()
    let nodes = (0..<count).map { index in
      var spec = NodeSpec(domain: racks[index * 5 % racks.count])
      spec.allocatable = ["cpu": 8000 + Int64(index % 3), "memory": 16 << 30, "gpu": Int64(index % 2), "pods": 110]
      spec.labels = labels.merging(["pool": index % 2 == 0 ? "even" : "odd"]) { own, _ in own }
      if let taint { spec.taints = [taint] }
      let name = names.map { $0[index] } ?? (index % 2 == 0 ? nil : fresh.next())
      return Twin.NewNode(spec: spec, name: name, untold: index % 4 == 3 ? ["cpu": 100, "disk": 1] : [:])
    }
    try twin.addNodes(nodes)
  }

  /// Every kind of change once, so that whatever is wrong somewhere shows.
  mutating func useEverything() throws {
    try addNodes(3)
    try place(3)
    let order = twin.oracle.topologyOrder()
    try twin.removeNodes([order[1]])
    try twin.cordonNodes([order[0]], true)
    var spec = twin.oracle.nodes[order[2]]!.spec
    spec.domain = racks[2]
    spec.labels = ["pool": "other"]
    try twin.updateNodes([order[2]], [spec])
    try twin.bind([(pods[0], order[3])])
    try twin.remove([twin.oracle.pods.keys.sorted()[1]], forgetting: false)
    for pod in pods {
      try twin.candidates(pod, count: 20)
      try twin.explain(pod)
    }
    try place(3)
    try twin.readBack()
  }
}
