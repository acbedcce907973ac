/// The leaf domains of each value of some topology keys: where to look when a count over leaf domains has changed. True as
/// long as the topology keeps its version.
struct LeavesByValue {
  private var lists: [Int: [[UInt32]]] = [:]

  init(keys: Set<Int>, _ topology: TopologyKeys) {
    for key in keys {
      var leaves = [[UInt32]](repeating: [], count: topology.keys[key].count)
      for (leaf, value) in topology.keys[key].values.enumerated() where value >= 0 {
        leaves[Int(value)].append(UInt32(leaf))
      }
      lists[key] = leaves
    }
  }

  var bytes: Int { lists.values.reduce(0) { $0 + $1.count * 40 } }

  /// None of a key that it was not made for, nor of a value that came later.
  func leaves(_ key: Int, _ value: Int32) -> [UInt32] {
    guard let leaves = lists[key], Int(value) < leaves.count else { return [] }
    return leaves[Int(value)]
  }
}
