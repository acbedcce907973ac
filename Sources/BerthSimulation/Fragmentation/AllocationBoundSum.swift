/// By shape of nodes: what a unit of each good costs there, in GPUs.
typealias AllocationBoundPrices = [AllocationBoundGoods]

/// The bound that prices give for a list of arrivals, and memory to compute it over and over.
struct AllocationBoundSum {
  private let tables: AllocationBoundTables
  /// Kinds of the arrivals, the last first.
  private let backwards: [Int32]
  /// By kind: what a pod takes of the goods, and GPUs.
  private let uses: [AllocationBoundGoods]
  private let gpus: [Double]
  private let costs: [AllocationBoundGoods]

  /// By kind: GPUs less the least payment.
  private var profits: [Double]
  /// By kind: profit of its pods so far that no earlier loss has used up.
  private var pools: [Double]
  /// By kind with a loss: where its sources are, kinds that must not be placed without it.
  private var spans: [Range<Int>]
  private var sources: [Int32] = []

  init(_ tables: AllocationBoundTables, _ arrivals: ArraySlice<OpenbTrace.Demand>) {
    self.tables = tables
    let forwards = arrivals.map { Int32(tables.numbers[$0]!) }
    backwards = forwards.reversed()
    var counts = [Int](repeating: 0, count: tables.kinds.count)
    for kind in backwards { counts[Int(kind)] += 1 }
    uses = zip(tables.kinds, tables.piecePrices(counts)).map { kind, price in
      AllocationBoundGoods(
        pieces: Double(kind.gpus) * price, cpu: Double(kind.cpuMilli) / AllocationBoundGoods.cpuUnit,
        memory: Double(kind.memoryMiB) / AllocationBoundGoods.memoryUnit,
        share: Double(kind.gpus * kind.milli) / 1000)
    }
    gpus = uses.map(\.share)
    costs = tables.shapes.map(\.goods)
    profits = [Double](repeating: 0, count: uses.count)
    pools = profits
    spans = [Range<Int>](repeating: 0..<0, count: uses.count)
  }

  /// In GPUs.
  mutating func bound(_ prices: AllocationBoundPrices) -> Double {
    for kind in profits.indices { profits[kind] = profit(kind, prices) }
    findSources()
    let nodes = tables.nodes.indices.reduce(0) { $0 + Double(tables.nodes[$1]) * (prices[$1] * costs[$1]) }
    return nodes + closedProfit()
  }

  private func profit(_ kind: Int, _ prices: AllocationBoundPrices) -> Double {
    // nobody can place it
    if tables.holders[kind].isEmpty { return 0 }
    var least = Double.infinity
    for shape in tables.holders[kind] { least = min(least, prices[shape] * uses[kind]) }
    let profit = gpus[kind] - least
    // no loss worth following; dropping it only raises the bound
    return profit < 0 && profit > -1e-12 ? 0 : profit
  }

  /// Kinds with a loss are paid for by those of profit that cannot do without them; first by those that can do without
  /// most others.
  private mutating func findSources() {
    let count = profits.count
    let losing = profits.indices.filter { profits[$0] < 0 }
    let earning = profits.indices.filter { profits[$0] > 0 }
    var needs = [Int](repeating: 0, count: count)
    for loser in losing {
      for earner in earning where tables.dominated[loser * count + earner] { needs[earner] += 1 }
    }
    let order = earning.sorted { (needs[$0], $0) < (needs[$1], $1) }
    sources.removeAll(keepingCapacity: true)
    for loser in losing {
      let start = sources.count
      for earner in order where tables.dominated[loser * count + earner] { sources.append(Int32(earner)) }
      spans[loser] = start..<sources.count
    }
  }

  /// At least the most profit of a set of arrivals that holds, with each pod, every earlier one that asks for no more:
  /// all profit less what flows from pods of profit to earlier ones of loss that they cannot do without.
  private mutating func closedProfit() -> Double {
    for kind in pools.indices { pools[kind] = 0 }
    var total = 0.0
    for arrival in backwards {
      let kind = Int(arrival)
      let profit = profits[kind]
      if profit > 0 {
        pools[kind] += profit
        total += profit
      } else if profit < 0 {
        total -= flow(to: -profit, spans[kind])
      }
    }
    return total
  }

  /// Takes up to a loss from the pools.
  @inline(__always)
  private mutating func flow(to loss: Double, _ span: Range<Int>) -> Double {
    var rest = loss
    for place in span {
      let source = Int(sources[place])
      let pool = pools[source]
      if pool <= 0 { continue }
      let taken = min(rest, pool)
      pools[source] = pool - taken
      rest -= taken
      if rest <= 0 { break }
    }
    return loss - rest
  }
}
