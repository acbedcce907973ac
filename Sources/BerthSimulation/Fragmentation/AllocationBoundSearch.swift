/// Looks for prices with a low bound: one price for all GPUs first, then one good after the other up and down, over all
/// nodes, those of a model, and those of a shape. No choice here can make the bound wrong, only loose.
struct AllocationBoundSearch {
  private(set) var prices: AllocationBoundPrices
  private var best: Double
  private var sum: AllocationBoundSum
  private let tables: AllocationBoundTables
  /// GPUs there are, and that are asked for.
  private let plain: Double
  /// Shapes whose prices move together.
  private let groups: [[Int]]

  private static let starts = [1, 0.98, 0.96, 0.94, 0.92, 0.9, 0.85, 0.8]
  private static let firstStep = 0.1
  private static let lastStep = 0.0005
  private static let mostRounds = 40
  private static let mostRepeats = 20
  /// A gain in GPUs that is worth a move.
  private static let leastGain = 1e-7

  init(_ tables: AllocationBoundTables, _ arrivals: ArraySlice<OpenbTrace.Demand>) {
    self.tables = tables
    sum = AllocationBoundSum(tables, arrivals)
    plain = min(tables.capacity, Double(arrivals.reduce(0) { $0 + $1.gpuMilli })) / 1000
    let shapes = Array(tables.shapes.indices)
    let models = Dictionary(grouping: shapes) { tables.shapes[$0].model }.values.sorted { $0[0] < $1[0] }
    groups = [shapes] + models.filter { $0.count < shapes.count } + shapes.map { [$0] }
    prices = shapes.map { _ in AllocationBoundGoods() }
    best = .infinity
  }

  /// The bound found, in thousandths of a GPU.
  var milli: Double { min(best, plain) * 1000 }

  /// `known`: prices that were good for other arrivals.
  mutating func run(from known: AllocationBoundPrices?) {
    for start in Self.starts { take(tables.shapes.map { _ in AllocationBoundGoods(pieces: start) }) }
    if let known { take(known) }
    var step = Self.firstStep
    for _ in 0..<Self.mostRounds where step >= Self.lastStep {
      let before = best
      for group in groups {
        for good in AllocationBoundGoods.all { move(good, of: group, step) }
      }
      for group in groups {
        for good in AllocationBoundGoods.all.dropFirst() { exchange(good, of: group, step) }
      }
      if best == before { step /= 2 }
    }
  }

  /// Keeps prices that are better than those before.
  @discardableResult
  private mutating func take(_ candidate: AllocationBoundPrices) -> Bool {
    let bound = sum.bound(candidate)
    guard bound < best - Self.leastGain else { return false }
    (best, prices) = (bound, candidate)
    return true
  }

  /// Down as long as it helps, otherwise up.
  private mutating func move(_ good: WritableKeyPath<AllocationBoundGoods, Double>, of group: [Int], _ step: Double) {
    for direction in [-step, step] {
      var repeats = 0
      while repeats < Self.mostRepeats {
        var candidate = prices
        for shape in group { candidate[shape][keyPath: good] = max(0, candidate[shape][keyPath: good] + direction) }
        guard candidate != prices, take(candidate) else { break }
        repeats += 1
      }
      if repeats > 0 { return }
    }
  }

  /// Between pieces of GPUs and another good, so that nodes cost what they did.
  private mutating func exchange(
    _ good: WritableKeyPath<AllocationBoundGoods, Double>, of group: [Int], _ step: Double
  ) {
    for direction in [-step, step] {
      var candidate = prices
      for shape in group {
        let goods = tables.shapes[shape].goods
        guard goods[keyPath: good] > 0 else { continue }
        candidate[shape].pieces = max(0, candidate[shape].pieces - direction)
        let change = direction * goods.pieces / goods[keyPath: good]
        candidate[shape][keyPath: good] = max(0, candidate[shape][keyPath: good] + change)
      }
      if candidate != prices { take(candidate) }
    }
  }
}
