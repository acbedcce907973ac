/// The typical pods, prepared for weighing states of nodes: FGD's target workload (USENIX ATC 2023, section 3). Never
/// changes; forks share it.
final class TypicalPods: Sendable {
  struct Kind: Equatable {
    var cpu: Int64
    var count: Int
    /// Of each GPU.
    var milli: UInt16
    var weight: Int64
    /// Ids of models, ascending; empty: any.
    var models: [UInt32]
  }
  /// A machine and how many nodes were so when the typical pods were told.
  struct Fleet: Equatable {
    var machine: UInt32
    var nodes: Int64
  }

  let kinds: [Kind]
  let fleet: [Fleet]
  /// Of all kinds, and of all pods, typical or not.
  let weight: Int64
  let total: Int64
  /// How often each kind comes, as a share of all.
  let shares: [Double]

  // For BERTH_TERM_GPU_BERTH
  /// What divides all sizes, in milli-GPU; sizes count in it.
  let unit: Int
  /// Distinct, ascending.
  let sizes: [Int]
  /// By kind: how often it comes to one of the GPUs that it may have; 0 without GPUs.
  let rates: [Double]
  /// By size, in millionths of a GPU.
  let prices: [Int64]

  /// Distinct cpu requests, ascending: between two of them a node's cpu makes no difference to FGD.
  private let cpus: [Int64]
  /// By score 1...99: the least fall of fragmentation, in GPUs, that has it.
  private let steps: [Double]

  static let most: Int64 = 1 << 24

  init(_ kinds: [Kind], total: Int64 = 0, fleet: [Fleet] = [], machines: [MachineEntry] = []) {
    self.kinds = kinds
    self.fleet = fleet
    let weight = kinds.reduce(0) { $0 + $1.weight }
    let all = Double(max(weight, total))
    shares = kinds.map { Double($0.weight) / all / (Double(weight) / all) }
    (self.weight, self.total) = (weight, max(weight, total))
    cpus = Set(kinds.map(\.cpu)).sorted()
    steps = (1...99).map(Self.step)
    let withGPUs = kinds.filter { $0.count > 0 }
    let unit = withGPUs.reduce(1000) { Self.divisor($0, Int($1.milli)) }
    let sizes = Set(withGPUs.map { Int($0.milli) / unit }).sorted()
    (self.unit, self.sizes) = (unit, sizes)
    rates = kinds.map { Self.rate($0, of: weight, fleet, machines) }
    var demand = [Double](repeating: 0, count: sizes.count)
    for kind in withGPUs {
      let size = sizes.firstIndex(of: Int(kind.milli) / unit)!
      demand[size] += Double(kind.weight * Int64(kind.count)) / Double(weight)
    }
    prices = ShadowPrices(sizes: sizes, full: 1000 / unit, demand: demand).micro
  }

  private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }

  /// The fewer GPUs may have a kind, the more of it comes to each of them.
  private static func rate(_ kind: Kind, of weight: Int64, _ fleet: [Fleet], _ machines: [MachineEntry]) -> Double {
    guard kind.count > 0 else { return 0 }
    var (gpus, eligible): (Int64, Int64) = (0, 0)
    for part in fleet {
      let machine = machines[Int(part.machine) - 1]
      let allowed = machine.gpus(of: kind.models).nonzeroBitCount
      gpus += part.nodes * Int64(machine.gpuCount)
      if allowed >= kind.count { eligible += part.nodes * Int64(allowed) }
    }
    // at most 2^20 x 2^28, and 2^24 x 2^28
    return Double(kind.weight * gpus) / Double(weight * max(1, eligible))
  }

  /// Where int(100 / (1 + exp(-x))) reaches a score: ln(s / (100 - s)). Around 0 the float64 steps of that formula decide:
  /// exp(-x) may round to 1 + 2^-52 and the quotient is still one half, so 50 begins 1.5 x 2^-52 below 0.
  private static func step(_ score: Int) -> Double {
    if score == 50 { return -1.5 * 0x1p-52 }
    let high = SpreadWeights.logarithm(Double(max(score, 100 - score)) / Double(min(score, 100 - score)))
    return score < 50 ? -high : high
  }

  /// How many of the distinct cpu requests a node with so much free cpu has room for.
  @inline(__always)
  func rank(cpu: Int64) -> Int {
    var (low, high) = (0, cpus.count)
    while low < high {
      let middle = (low + high) / 2
      if cpus[middle] <= cpu { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// FGD's score of a fall of fragmentation in milli-GPU: int(100 x sigmoid(fall in GPUs)).
  @inline(__always)
  func fgdScore(fall: Double) -> Int64 {
    let gpus = fall / 1000
    var (low, high) = (0, 99)
    while low < high {
      let middle = (low + high) / 2
      if steps[middle] <= gpus { low = middle + 1 } else { high = middle }
    }
    return Int64(low)
  }
}
