import CBerth

/// From the engine's node ids back to the order in which the nodes were added.
struct NodeIndex {
  let ids: [berth_node_id]
  /// Positions in `ids` by ascending id; nil when `ids` ascends already.
  private let byID: [Int32]?

  init(_ ids: [berth_node_id]) {
    self.ids = ids
    let ascending = zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 }
    byID = ascending ? nil : (0..<Int32(ids.count)).sorted { ids[Int($0)] < ids[Int($1)] }
  }

  /// The node's position; -1 for BERTH_NO_NODE.
  func position(_ id: berth_node_id) -> Int32 {
    if id == UInt64.max { return -1 }
    var low = 0
    var high = ids.count
    while low < high {
      let middle = (low + high) / 2
      if ids[entry(middle)] < id { low = middle + 1 } else { high = middle }
    }
    precondition(low < ids.count && ids[entry(low)] == id, "the engine answered with a node it was never given")
    return Int32(entry(low))
  }

  private func entry(_ rank: Int) -> Int { byID.map { Int($0[rank]) } ?? rank }
}
