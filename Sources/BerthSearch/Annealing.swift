/// The state of a search between two steps.
@usableFromInline
struct Annealing {
  @usableFromInline let options: LocalSearch.Options
  @usableFromInline var random: SearchRandom
  @usableFromInline var best: BestAssignment
  @usableFromInline var objective: Int
  /// Where items began, and how many are elsewhere.
  @usableFromInline let first: [Int]
  @usableFromInline var away = 0
  @usableFromInline var iterations = 0
  @usableFromInline var changes = 0

  @usableFromInline var round = 0
  @usableFromInline var temperature = 0.0
  /// Changes for the worse that were found at the start, in ascending order.
  @usableFromInline var worse: [Int] = []

  @usableFromInline var plan: [Move] = []
  @usableFromInline var undo: [Move] = []

  @inlinable
  init<Problem: AssignmentProblem>(_ problem: borrowing Problem, _ options: LocalSearch.Options) {
    self.options = options
    random = SearchRandom(seed: options.seed)
    best = BestAssignment(of: problem)
    first = best.bins
    objective = best.objective
  }

  // MARK: Temperature

  /// Finds out how much worse changes are. Plans are left out: they are weighed by being made.
  @inlinable
  mutating func sample<Problem: AssignmentProblem>(_ problem: borrowing Problem) {
    for _ in 0..<20_000 {
      var change: Int?
      switch problem.suggestion(using: &random, plan: &plan) {
      case .move(let item, let bin): change = problem.change(moving: item, to: bin)
      case .swap(let first, let second): change = problem.change(swapping: first, with: second)
      case .plan: break
      }
      if let change, change > 0 { worse.append(change) }
    }
    worse.sort()
  }

  @inlinable
  func quantile(_ part: Double) -> Double {
    worse.isEmpty ? 1 : Double(worse[min(Int(part * Double(worse.count)), worse.count - 1)])
  }

  /// Sets the temperature for that share of the whole effort; a round begins at the best assignment.
  @inlinable
  mutating func cool<Problem: AssignmentProblem>(_ share: Double, _ problem: inout Problem) {
    var now = 0
    var begin = 0.0
    while now < options.rounds.count - 1 && share >= begin + options.rounds[now].share {
      begin += options.rounds[now].share
      now += 1
    }
    if now != round {
      round = now
      best.restore(&problem)
      objective = best.objective
      away = 0
      for item in first.indices where best.bins[item] != first[item] { away += 1 }
    }
    let hot = quantile(options.rounds[now].heat)
    // A tenth of what the smallest changes cost: there all that would still be undone is done.
    let cold = min(hot, 0.1 * quantile(0.01))
    temperature = hot * Self.power(cold / hot, min(1, (share - begin) / options.rounds[now].share))
  }

  /// base^exponent for an exponent from 0 to 1, from roots alone: IEEE 754 defines them to the last bit, and no
  /// mathematical library promises that for powers. 2^-24 is fine enough for a temperature.
  @inlinable
  static func power(_ base: Double, _ exponent: Double) -> Double {
    if exponent >= 1 { return base }
    var root = base
    var rest = exponent
    var result = 1.0
    for _ in 0..<24 {
      root = root.squareRoot()
      rest *= 2
      if rest >= 1 {
        result *= root
        rest -= 1
      }
    }
    return result
  }

  // MARK: Steps

  @inlinable @inline(__always)
  mutating func step<Problem: AssignmentProblem>(_ problem: inout Problem) {
    iterations &+= 1
    // The worst change that is made now: exponentially distributed, so it is drawn before the change is known.
    let limit = Int(min(temperature * random.halving(), 0x1p62))
    switch problem.suggestion(using: &random, plan: &plan) {
    case .move(let item, let bin):
      guard let change = problem.change(moving: item, to: bin), change <= limit else { return }
      let leaving = leaving(item, from: problem.bin(of: item), to: bin)
      if leaving > options.budget - away { return }
      problem.move(item, to: bin)
      best.note(item)
      made(change, leaving, problem)
    case .swap(let one, let other):
      guard let change = problem.change(swapping: one, with: other), change <= limit else { return }
      let (here, there) = (problem.bin(of: one), problem.bin(of: other))
      let leaving = leaving(one, from: here, to: there) + leaving(other, from: there, to: here)
      if leaving > options.budget - away { return }
      problem.swap(one, with: other)
      best.note(one)
      best.note(other)
      made(change, leaving, problem)
    case .plan:
      if !plan.isEmpty { follow(&problem, limit) }
    }
  }

  /// Makes the moves of the plan, and takes them back where one of them is not allowed or their sum is too bad.
  @inlinable
  mutating func follow<Problem: AssignmentProblem>(_ problem: inout Problem, _ limit: Int) {
    undo.removeAll(keepingCapacity: true)
    var sum = 0
    var leaving = 0
    for move in plan {
      guard let change = problem.change(moving: move.item, to: move.bin) else { return takeBack(&problem) }
      let old = problem.bin(of: move.item)
      undo.append(Move(move.item, to: old))
      problem.move(move.item, to: move.bin)
      sum += change
      leaving += self.leaving(move.item, from: old, to: move.bin)
    }
    if sum > limit || leaving > options.budget - away { return takeBack(&problem) }
    for move in plan { best.note(move.item) }
    made(sum, leaving, problem)
  }

  @inlinable
  mutating func takeBack<Problem: AssignmentProblem>(_ problem: inout Problem) {
    while let move = undo.popLast() { problem.move(move.item, to: move.bin) }
  }

  /// 1 if the item leaves the bin where it began, -1 if it comes back.
  @inlinable @inline(__always)
  func leaving(_ item: Int, from old: Int, to new: Int) -> Int {
    (new == first[item] ? 0 : 1) - (old == first[item] ? 0 : 1)
  }

  @inlinable @inline(__always)
  mutating func made<Problem: AssignmentProblem>(_ change: Int, _ leaving: Int, _ problem: borrowing Problem) {
    changes &+= 1
    objective += change
    away += leaving
    if objective < best.objective { best.take(problem, objective) }
  }
}
