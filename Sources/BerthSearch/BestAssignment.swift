/// The best assignment seen, kept without copying all of it at every improvement: between two improvements only the
/// items are noted that moved, and these alone are read again.
@usableFromInline
struct BestAssignment {
  @usableFromInline var bins: [Int]
  @usableFromInline var objective: Int
  @usableFromInline var moved: [Int] = []
  @usableFromInline var isMoved: [Bool]

  @inlinable
  init<Problem: AssignmentProblem>(of problem: borrowing Problem) {
    bins = []
    bins.reserveCapacity(problem.itemCount)
    for item in 0..<problem.itemCount { bins.append(problem.bin(of: item)) }
    objective = problem.objective
    isMoved = [Bool](repeating: false, count: problem.itemCount)
  }

  @inlinable
  mutating func note(_ item: Int) {
    if isMoved[item] { return }
    isMoved[item] = true
    moved.append(item)
  }

  /// Takes over the assignment as it is now.
  @inlinable
  mutating func take<Problem: AssignmentProblem>(_ problem: borrowing Problem, _ objective: Int) {
    for item in moved {
      bins[item] = problem.bin(of: item)
      isMoved[item] = false
    }
    moved.removeAll(keepingCapacity: true)
    self.objective = objective
  }

  /// Brings the problem back to the best assignment.
  @inlinable
  mutating func restore<Problem: AssignmentProblem>(_ problem: inout Problem) {
    problem.restore(bins)
    for item in moved { isMoved[item] = false }
    moved.removeAll(keepingCapacity: true)
  }
}
