/// Items that each lie in one bin, rules about what may lie where, and an objective: less is better.
///
/// The problem keeps the assignment and what it needs to tell quickly what a change would do; `LocalSearch` proposes
/// changes and decides which to make. Items and bins are numbered from 0. The search begins with an assignment that
/// obeys the rules and makes allowed changes only, so a conforming type never needs to value a broken rule.
///
/// Everything here is public and inlinable, because only then is it specialised for a problem of another module.
public protocol AssignmentProblem {
  var itemCount: Int { get }
  var binCount: Int { get }

  /// The objective of the assignment as it is now.
  var objective: Int { get }

  func bin(of item: Int) -> Int

  /// What the objective would change by if the item went to that bin; nil if it may not, and if it is there already.
  func change(moving item: Int, to bin: Int) -> Int?

  /// What the objective would change by if both items changed places; nil if they may not, and if they share a bin.
  /// A problem whose items cannot move at the same time answers nil.
  func change(swapping first: Int, with second: Int) -> Int?

  /// Makes a move. It is allowed, or it takes back the move made last.
  mutating func move(_ item: Int, to bin: Int)

  /// Makes a swap that is allowed.
  mutating func swap(_ first: Int, with second: Int)

  /// Takes up an assignment that the search has seen before: element i is the bin of item i.
  mutating func restore(_ bins: [Int])

  /// A change worth weighing; it need not be allowed. Where a problem knows which changes could pay, or which items may
  /// never move, it says so here; without its own, all items and bins are equally likely.
  ///
  /// For `.plan` the moves are left in `plan`, whose former content is of no use.
  func suggestion(using random: inout SearchRandom, plan: inout [Move]) -> Change
}

/// One item goes to another bin.
public struct Move: Equatable, Sendable {
  public var item: Int
  public var bin: Int

  @inlinable
  public init(_ item: Int, to bin: Int) {
    self.item = item
    self.bin = bin
  }
}

/// What a search may do in one step.
public enum Change: Equatable, Sendable {
  /// One item goes to another bin.
  case move(Int, to: Int)
  /// Two items exchange their bins at the same time.
  case swap(Int, with: Int)
  /// Moves one after the other, each allowed where the ones before it lead. They are judged by their sum, so that one
  /// may cost what another gains: one item makes room and a second takes it.
  case plan
}

extension AssignmentProblem {
  @inlinable
  public func suggestion(using random: inout SearchRandom, plan: inout [Move]) -> Change {
    randomChange(using: &random, plan: &plan)
  }

  /// Of 16 changes 7 are moves, 8 swaps, and 1 displaces an item and puts another in its place; items and bins are
  /// equally likely. The problem must have items.
  @inlinable
  public func randomChange(using random: inout SearchRandom, plan: inout [Move]) -> Change {
    let kind = random.next() & 15
    let item = random.below(itemCount)
    if kind < 7 { return .move(item, to: random.below(binCount)) }
    let other = random.below(itemCount)
    if kind < 15 { return .swap(item, with: other) }
    displace(other, to: random.below(binCount), for: item, plan: &plan)
    return .plan
  }

  /// A plan in which `other` leaves its bin and `item` takes its place.
  @inlinable
  public func displace(_ other: Int, to bin: Int, for item: Int, plan: inout [Move]) {
    plan.removeAll(keepingCapacity: true)
    plan.append(Move(other, to: bin))
    plan.append(Move(item, to: self.bin(of: other)))
  }
}
