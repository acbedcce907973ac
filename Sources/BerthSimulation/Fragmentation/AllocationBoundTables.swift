import BerthCore

/// What a node has or a pod takes of the four goods that have prices.
///
/// GPUs are sold twice, at cutting-stock prices (`ShadowPrices`: a piece beside which little fits costs more than its
/// size) and by the thousandth. Either way the pieces on one GPU cost no more than a GPU.
struct AllocationBoundGoods: Equatable {
  var pieces = 0.0
  /// In units that bring prices near those of GPUs, as memory.
  var cpu = 0.0
  var memory = 0.0
  var share = 0.0

  static let cpuUnit = 100_000.0
  static let memoryUnit = 500_000.0
  static var all: [WritableKeyPath<Self, Double>] { [\.pieces, \.cpu, \.memory, \.share] }

  @inline(__always)
  static func * (prices: Self, amounts: Self) -> Double {
    prices.pieces * amounts.pieces + prices.cpu * amounts.cpu + prices.memory * amounts.memory
      + prices.share * amounts.share
  }
}

/// Kinds of pods and shapes of nodes of a trace, and which pods ask for no more than which others.
struct AllocationBoundTables {
  struct Kind {
    /// 0: no GPUs.
    var gpus: Int
    var cpuMilli: Int64
    var memoryMiB: Int64
    /// Of each GPU.
    var milli: Int
    /// Those that are in the trace and will do, as positions in a list of all; without GPUs empty.
    var models: Set<Int>

    /// Wherever the other has just been put, this one would have fitted before.
    func asksForNoMore(than other: Kind) -> Bool {
      cpuMilli <= other.cpuMilli && memoryMiB <= other.memoryMiB
        && (gpus == 0 || gpus <= other.gpus && milli <= other.milli && other.models.isSubset(of: models))
    }
  }
  struct Shape: Hashable {
    var gpus: Int
    var cpuMilli: Int64
    var memoryMiB: Int64
    var model: Int

    var goods: AllocationBoundGoods {
      AllocationBoundGoods(
        pieces: Double(gpus), cpu: Double(cpuMilli) / AllocationBoundGoods.cpuUnit,
        memory: Double(memoryMiB) / AllocationBoundGoods.memoryUnit, share: Double(gpus))
    }

    func holds(_ kind: Kind) -> Bool {
      kind.cpuMilli <= cpuMilli && kind.memoryMiB <= memoryMiB && kind.gpus <= gpus
        && (kind.gpus == 0 || kind.models.contains(model))
    }
  }

  /// In the order of the trace.
  private(set) var kinds: [Kind] = []
  private(set) var numbers: [OpenbTrace.Demand: Int] = [:]
  private(set) var shapes: [Shape] = []
  /// By shape: how many nodes.
  private(set) var nodes: [Int] = []
  /// By kind: shapes whose empty nodes can hold it.
  private(set) var holders: [[Int]] = []
  /// By kind and kind: the first asks for no more than the second.
  private(set) var dominated: [Bool] = []
  /// Pieces of GPUs that kinds take, ascending, in units that divide all; `full` units are a GPU.
  private(set) var sizes: [Int] = []
  private(set) var full = 1000

  /// In thousandths of a GPU.
  var capacity: Double { Double(zip(shapes, nodes).reduce(0) { $0 + $1.0.gpus * $1.1 * 1000 }) }

  init(_ trace: OpenbTrace) {
    var models: [String: Int] = [:]
    for node in trace.nodes where node.gpuMilli > 0 && models[node.model] == nil { models[node.model] = models.count }
    addShapes(trace.nodes, models)
    addKinds(trace.pods, models)
    holders = kinds.map { kind in shapes.indices.filter { shapes[$0].holds(kind) } }
    dominated = kinds.flatMap { kind in kinds.map { kind.asksForNoMore(than: $0) } }
    let pieces = kinds.filter { $0.gpus > 0 }.map(\.milli)
    let unit = pieces.reduce(1000, Self.divisor)
    (sizes, full) = (Set(pieces).sorted().map { $0 / unit }, 1000 / unit)
  }

  private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }

  private mutating func addShapes(_ all: [OpenbTrace.Node], _ models: [String: Int]) {
    var positions: [Shape: Int] = [:]
    for node in all {
      let gpus = Int(node.gpuMilli / 1000)
      let shape = Shape(
        gpus: gpus, cpuMilli: node.cpuMilli, memoryMiB: node.memoryMiB, model: gpus > 0 ? models[node.model]! : -1)
      if let position = positions[shape] {
        nodes[position] += 1
      } else {
        positions[shape] = shapes.count
        shapes.append(shape)
        nodes.append(1)
      }
    }
  }

  private mutating func addKinds(_ pods: [OpenbTrace.Demand], _ models: [String: Int]) {
    for pod in pods where numbers[pod] == nil {
      numbers[pod] = kinds.count
      let gpus = pod.gpuMilli > 0 ? max(1, Int(pod.gpuMilli / 1000)) : 0
      let allowed = pod.models.isEmpty ? Array(models.values) : pod.models.compactMap { models[$0] }
      kinds.append(
        Kind(
          gpus: gpus, cpuMilli: pod.cpuMilli, memoryMiB: pod.memoryMiB,
          milli: gpus > 0 ? Int(pod.gpuMilli) / gpus : 0, models: gpus > 0 ? Set(allowed) : []))
    }
  }

  /// Prices of pieces for so many pods of each kind.
  func piecePrices(_ counts: [Int]) -> [Double] {
    // a little of each size, so that those that do not arrive have prices, too
    var demand = [Double](repeating: 1e-7, count: sizes.count)
    let unit = 1000 / full
    let positions = Dictionary(uniqueKeysWithValues: zip(sizes, sizes.indices))
    for (kind, count) in zip(kinds, counts) where kind.gpus > 0 {
      demand[positions[kind.milli / unit]!] += Double(count * kind.gpus)
    }
    let prices = ShadowPrices(sizes: sizes, full: full, demand: demand).feasible
    return kinds.map { $0.gpus > 0 ? prices[positions[$0.milli / unit]!] : 0 }
  }
}
