/// Which classes are placed so often that an index of their own is worth keeping: state trees serve everybody, at a cost
/// that does not depend on how often a class is used; a slot index costs for every change in between.
public struct HotClasses {
  private struct Use {
    var position: UInt64 = 0
    var streak: UInt32 = 0
  }
  private var uses: [Use] = []
  /// So many changes between two uses at the most ...
  static let mostChanges: UInt64 = 512
  /// ... in a row until what the trees cost more is about what building the index costs: a look at every node.
  public static func leastStreak(_ nodes: Int) -> Int { max(32, nodes / 512) }

  /// A class is placed, after so many changes of nodes in all; whether it is hot.
  @inline(__always)
  mutating func use(_ podClass: UInt32, at position: UInt64, nodes: Int) -> Bool {
    if Int(podClass) >= uses.count { grow(Int(podClass) + 1) }
    let isSoon = position - uses[Int(podClass)].position <= Self.mostChanges
    uses[Int(podClass)].position = position
    if !isSoon {
      uses[Int(podClass)].streak = 0
      return false
    }
    if Int(uses[Int(podClass)].streak) >= Self.leastStreak(nodes) { return true }
    uses[Int(podClass)].streak += 1
    return false
  }

  private mutating func grow(_ count: Int) {
    uses.append(contentsOf: repeatElement(Use(), count: count - uses.count))
  }

  mutating func forget(_ podClass: UInt32) { if Int(podClass) < uses.count { uses[Int(podClass)] = Use() } }
}
