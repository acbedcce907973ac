/// The moves that lead from one assignment to another, one at a time, each of them allowed when its turn comes.
///
/// A search judges the assignment at its end; who moves pods of a live cluster needs every state between to be valid,
/// too. A swap becomes two moves here, which only go if one of the bins has room for both items for a while.
public struct MoveOrder: Equatable, Sendable {
  public var moves: [Move] = []
  /// Items that could not be brought to their bins, because each waits for another: in ascending order.
  public var stuck: [Int] = []

  /// Makes the moves, so that the problem is then where they lead. `target`: element i is the bin of item i.
  ///
  /// Repeats passes over the items that are elsewhere until none could move. Where all wait for each other, one item
  /// may go by way of a third bin (`detours` says how many may; each is one move more). A detour after which no other
  /// item can move is taken back and costs nothing, except time in proportion to bins and items.
  @inlinable
  public init<Problem: AssignmentProblem>(_ problem: inout Problem, to target: [Int], detours: Int = 0) {
    precondition(target.count == problem.itemCount, "a target has one bin for each item")
    var waiting = target.indices.filter { problem.bin(of: $0) != target[$0] }
    var left = detours
    advance(&problem, &waiting, target)
    while left > 0 && !waiting.isEmpty {
      if !step(&problem, &waiting, target) { break }
      left -= 1
    }
    stuck = waiting
  }

  /// Brings as many of the waiting items to their bins as can go without a detour.
  @inlinable
  mutating func advance<Problem: AssignmentProblem>(
    _ problem: inout Problem, _ waiting: inout [Int], _ target: [Int]
  ) {
    var before = -1
    while waiting.count != before {
      before = waiting.count
      var still: [Int] = []
      for item in waiting {
        if problem.change(moving: item, to: target[item]) == nil {
          still.append(item)
        } else {
          problem.move(item, to: target[item])
          moves.append(Move(item, to: target[item]))
        }
      }
      waiting = still
    }
  }

  /// Sends one item to a third bin so that another can go to its own; false if no item and no bin do that.
  @inlinable
  mutating func step<Problem: AssignmentProblem>(
    _ problem: inout Problem, _ waiting: inout [Int], _ target: [Int]
  ) -> Bool {
    for item in waiting {
      let old = problem.bin(of: item)
      for bin in 0..<problem.binCount where problem.change(moving: item, to: bin) != nil {
        problem.move(item, to: bin)
        if waiting.contains(where: { $0 != item && problem.change(moving: $0, to: target[$0]) != nil }) {
          moves.append(Move(item, to: bin))
          advance(&problem, &waiting, target)
          return true
        }
        problem.move(item, to: old)
      }
    }
    return false
  }
}
