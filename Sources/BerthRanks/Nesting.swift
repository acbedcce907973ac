/// In which order the dimensions of a job are nested in the tree of domains, innermost first.
///
/// A dimension may be nested in parts: [(pipeline, 2), (data, 4), (pipeline, 2)] puts two stages of four pipelines
/// close together, then the other two around them. With a dimension's parts from the inside out, ranks that are
/// neighbours on it stay neighbours as far as possible.
struct Nesting: Hashable {
  struct Run: Hashable {
    var dimension: Int
    var factor: Int
  }

  /// No run of 1, and no two of one dimension in a row.
  var runs: [Run]

  init(_ runs: [Run]) {
    self.runs = []
    for run in runs where run.factor > 1 {
      if let last = self.runs.last, last.dimension == run.dimension {
        self.runs[self.runs.count - 1].factor *= run.factor
      } else {
        self.runs.append(run)
      }
    }
  }

  /// The ranks in the order in which they take the slots of a packing.
  func ranks(_ job: Job) -> [UInt32] {
    var strides: [Int] = []
    for size in job.dimensions { strides.append((strides.last ?? 1) * size) }
    for (index, size) in job.dimensions.enumerated() { strides[index] /= size }
    var order: [UInt32] = [0]
    order.reserveCapacity(job.rankCount)
    for run in runs {
      let inner = order.count
      for digit in 1..<run.factor {
        let offset = UInt32(digit * strides[run.dimension])
        for index in 0..<inner { order.append(order[index] + offset) }
      }
      strides[run.dimension] *= run.factor
    }
    return order
  }

  /// How the slots are lined up for the ranks.
  enum Line: CaseIterable {
    /// Whole blocks of the runs.
    case runs
    /// Whole blocks of every prime factor: halves of halves, as trees and hypercubes have them.
    case primes
    /// In the order of the tree, blocks or not.
    case tree
  }

  /// The factors of the blocks, innermost first.
  func ratios(_ line: Line) -> [Int] {
    switch line {
    case .runs: runs.map(\.factor)
    case .primes: runs.flatMap { Self.primes($0.factor) }
    case .tree: [runs.reduce(1) { $0 * $1.factor }]
    }
  }

  /// The slots in the order in which the ranks take them.
  func order(_ slots: Slots, _ line: Line) -> [UInt32] {
    if line == .tree || runs.isEmpty { return (0..<UInt32(slots.count)).map { $0 } }
    return Packing.order(slots, ratios: ratios(line))
  }

  /// The slot of each rank.
  func assignment(_ job: Job, _ slots: Slots, _ line: Line) -> [UInt32] {
    let order = order(slots, line)
    var slotOf = order
    for (rank, slot) in zip(ranks(job), order) { slotOf[Int(rank)] = slot }
    return slotOf
  }

  /// Nestings that differ in one place: two runs exchanged, or a prime factor moved across the neighbouring run.
  var neighbours: [Nesting] {
    var result: [Nesting] = []
    for index in runs.indices.dropFirst() {
      let (inner, outer) = (runs[index - 1], runs[index])
      func replaced(_ new: [Run]) -> Nesting {
        Nesting(Array(runs[..<(index - 1)]) + new + Array(runs[(index + 1)...]))
      }
      result.append(replaced([outer, inner]))
      for prime in Set(Self.primes(inner.factor)).sorted() where prime < inner.factor {
        let rest = Run(dimension: inner.dimension, factor: inner.factor / prime)
        result.append(replaced([rest, outer, Run(dimension: inner.dimension, factor: prime)]))
      }
      for prime in Set(Self.primes(outer.factor)).sorted() where prime < outer.factor {
        let rest = Run(dimension: outer.dimension, factor: outer.factor / prime)
        result.append(replaced([Run(dimension: outer.dimension, factor: prime), inner, rest]))
      }
    }
    return result
  }

  /// Ascending.
  private static func primes(_ number: Int) -> [Int] {
    var rest = number
    var result: [Int] = []
    var prime = 2
    while prime * prime <= rest {
      while rest % prime == 0 {
        result.append(prime)
        rest /= prime
      }
      prime += 1
    }
    return rest > 1 ? result + [rest] : result
  }
}

extension Nesting {
  /// The nestings that the search begins with: all orders of up to three dimensions, else the order by weight and the
  /// job's own.
  static func first(_ job: Job, _ traffic: Traffic) -> [Nesting] {
    let byWeight = heaviestFirst(job, traffic)
    func nesting(_ order: [Int]) -> Nesting {
      Nesting(order.map { Run(dimension: $0, factor: job.dimensions[$0]) })
    }
    guard byWeight.count <= 3 else { return [nesting(byWeight), nesting(byWeight.sorted())] }
    var orders: [[Int]] = [[]]
    for _ in byWeight {
      orders = orders.flatMap { order in byWeight.filter { !order.contains($0) }.map { order + [$0] } }
    }
    return orders.map(nesting)
  }

  /// The dimensions of more than one, those first over which the most is gained by keeping a group together, for each
  /// of its ranks.
  static func heaviestFirst(_ job: Job, _ traffic: Traffic) -> [Int] {
    var weights = [Double](repeating: 0, count: job.dimensions.count)
    for (pattern, firstKind, dimensions) in traffic.patterns {
      var gain = 0.0
      for kind in firstKind..<firstKind + pattern.kinds.count {
        let difference = traffic.price(kind, 0) - traffic.price(kind, traffic.linkLevels - 1)
        gain += Double(difference) * Double(traffic.edgeCounts[kind])
      }
      for index in job.dimensions.indices where dimensions >> UInt32(index) & 1 == 1 { weights[index] += gain }
    }
    return job.dimensions.indices.filter { job.dimensions[$0] > 1 }
      .sorted { (weights[$1], $0) < (weights[$0], $1) }
  }
}
