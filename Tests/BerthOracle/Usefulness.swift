/// Berth's own policy (docs/decisions/0009): what a node's free pieces of GPUs can still be sold for to the typical pods,
/// in millionths of a GPU. All float64 arithmetic is in the order that is written there.
struct Market: Sendable {
  private struct Kind {
    let pod: TypicalPod
    /// In units.
    let size: Int
    /// How often pods of it come to a GPU that they may have.
    let rate: Double

    func allows(_ model: String) -> Bool { pod.models.isEmpty || pod.models.contains(model) }
  }
  private var kinds: [Kind] = []
  /// What divides all sizes, in milli-GPU.
  private var unit = 1000
  /// In units, ascending.
  private var sizes: [Int] = []
  /// In millionths of a GPU, by size.
  private var prices: [Int64] = []

  init() {}

  /// `fleet`: the machine of each node that has one.
  init(_ typical: [TypicalPod], _ fleet: [Machine]) {
    let buyers = typical.filter { $0.gpus > 0 }
    unit = (1...1000).last { divisor in buyers.allSatisfy { $0.milli % divisor == 0 } && 1000 % divisor == 0 }!
    sizes = Set(buyers.map { $0.milli / unit }).sorted()
    let covered = typical.reduce(0) { $0 + $1.weight }
    let all = fleet.reduce(0) { $0 + Int64($1.gpus.count) }
    var demand = [Double](repeating: 0, count: sizes.count)
    for pod in buyers {
      let allowed = fleet.map { machine in
        machine.gpus.filter { pod.models.isEmpty || pod.models.contains($0.model) }.count
      }
      let eligible = max(1, allowed.filter { $0 >= pod.gpus }.reduce(0, +))
      let rate = Double(pod.weight * all) / Double(covered * Int64(eligible))
      kinds.append(Kind(pod: pod, size: pod.milli / unit, rate: rate))
      demand[sizes.firstIndex(of: pod.milli / unit)!] += Double(pod.weight * Int64(pod.gpus)) / Double(covered)
    }
    var program = CuttingStock(sizes: sizes, full: 1000 / unit, demand: demand)
    let duals = program.solve().map { max(0, $0) }
    // the program may have been given up: nothing that fits a GPU is worth more than one
    let most = max(1, program.cut(duals).worths.last!)
    prices = duals.map { Int64(($0 / most * 1e6 + 0.5).rounded(.down)) }
  }

  // MARK: States of nodes

  /// What the free pieces are worth beside so much free cpu.
  func potential(_ devices: Devices, cpu: Int64) -> Int64 {
    Set(devices.gpus.map(\.spec.model)).reduce(0) { $0 + potential(ofModel: $1, devices, cpu: cpu) }
  }

  private func potential(ofModel model: String, _ devices: Devices, cpu: Int64) -> Int64 {
    let rates = rates(of: model, devices, cpu: cpu)
    let pieces = devices.gpus.filter { $0.spec.model == model }.map { $0.isSick ? 0 : $0.milli / unit }
    var uses = [0.0]
    var values: [Int64] = [0]
    for piece in stride(from: 1, through: pieces.max()!, by: 1) {
      var (sum, all) = (0.0, 0.15)
      var best: Int64 = 0
      for (index, size) in sizes.enumerated() where size <= piece {
        sum += rates[index] * (Double(size) + uses[piece - size])
        all += rates[index]
        if rates[index] > 0 { best = max(best, values[piece - size] + prices[index]) }
      }
      uses.append(sum / all)
      values.append(best)
    }
    return pieces.reduce(0) { $0 + Int64((uses[$1] * Double(unit * 1000)).rounded(.down)) + 6 * values[$1] }
  }

  /// By size: how often pods come that a GPU of a model may be given to, and that the node can take now.
  private func rates(of model: String, _ devices: Devices, cpu: Int64) -> [Double] {
    var rates = [Double](repeating: 0, count: sizes.count)
    for kind in kinds where kind.allows(model) && cpu >= kind.pod.cpu {
      let fitting = devices.gpus.filter { !$0.isSick && kind.allows($0.spec.model) && $0.milli >= kind.pod.milli }
      if fitting.count < kind.pod.gpus { continue }
      let room = fitting.reduce(0) { $0 + $1.milli }
      let have = Double(cpu) * Double(kind.pod.milli)
      let want = Double(kind.pod.cpu) * Double(room)
      rates[sizes.firstIndex(of: kind.size)!] += have >= want ? kind.rate : kind.rate * (have / want)
    }
    return rates
  }
}

/// How few GPUs hold the typical mix, if patterns of sizes may be used in fractions: the revised simplex method, whose
/// columns are found by a knapsack. What is first in order wins.
private struct CuttingStock {
  let sizes: [Int]
  /// What a GPU holds.
  let full: Int
  var inverse: [[Double]]
  var amounts: [Double]
  var costs: [Double]

  init(sizes: [Int], full: Int, demand: [Double]) {
    (self.sizes, self.full) = (sizes, full)
    let counts = sizes.map { full / $0 }
    inverse = counts.map { _ in counts.map { _ in 0 } }
    for index in counts.indices { inverse[index][index] = 1 / Double(counts[index]) }
    amounts = zip(demand, counts).map { $0 / Double($1) }
    costs = counts.map { _ in 1 }
  }

  /// The duals of the sizes.
  mutating func solve() -> [Double] {
    var duals = sizes.map { _ in 0.0 }
    for _ in 0..<min(2000, 100_000_000 / max(1, sizes.count * (sizes.count + full))) {
      duals = sizes.indices.map { column in sizes.indices.reduce(0.0) { $0 + costs[$1] * inverse[$1][column] } }
      guard let (column, cost) = negative(duals) ?? pattern(duals) else { break }
      let direction = inverse.map { row in zip(row, column).reduce(0.0) { $0 + $1.0 * $1.1 } }
      var leaving: Int?
      for row in sizes.indices where direction[row] > 1e-9 {
        let ratio = amounts[row] / direction[row]
        if leaving.map({ ratio < amounts[$0] / direction[$0] - 1e-12 }) ?? true { leaving = row }
      }
      guard let leaving else { break }
      inverse[leaving] = inverse[leaving].map { $0 / direction[leaving] }
      amounts[leaving] /= direction[leaving]
      costs[leaving] = cost
      for row in sizes.indices where row != leaving && direction[row] != 0 {
        inverse[row] = zip(inverse[row], inverse[leaving]).map { $0 - direction[row] * $1 }
        amounts[row] -= direction[row] * amounts[leaving]
      }
    }
    return duals
  }

  /// A size with a negative dual is made too much of.
  private func negative(_ duals: [Double]) -> (column: [Double], cost: Double)? {
    guard let lowest = duals.min(), lowest < -1e-9 else { return nil }
    let index = duals.firstIndex(of: lowest)!
    return (sizes.indices.map { $0 == index ? -1 : 0 }, 0)
  }

  /// What each room up to a GPU is worth at the most, and the size to take from it; nil: leave one unit.
  func cut(_ duals: [Double]) -> (worths: [Double], choices: [Int?]) {
    var worths = [0.0]
    var choices: [Int?] = [nil]
    for room in stride(from: 1, through: full, by: 1) {
      var worth = worths[room - 1]
      var choice: Int?
      for (index, size) in sizes.enumerated() where size <= room {
        let other = worths[room - size] + duals[index]
        if other > worth + 1e-12 { (worth, choice) = (other, index) }
      }
      worths.append(worth)
      choices.append(choice)
    }
    return (worths, choices)
  }

  /// What a GPU is best cut into, if that is worth more than it.
  private func pattern(_ duals: [Double]) -> (column: [Double], cost: Double)? {
    let (worths, choices) = cut(duals)
    if worths[full] <= 1 + 1e-9 { return nil }
    var column = sizes.map { _ in 0.0 }
    var room = full
    while room > 0 {
      if let choice = choices[room] {
        column[choice] += 1
        room -= sizes[choice]
      } else {
        room -= 1
      }
    }
    return (column, 1)
  }
}

extension Oracle {
  /// 2^14, and one more or less for every hundredth of a GPU that the node gains or loses in worth.
  func usefulnessScore(_ pod: PodSpec, _ claim: Claim?, _ node: Node) -> Int64 {
    guard let before = devices(node) else { return 16_384 }
    var after = before
    if let claim { after.take(claim) }
    let cpu = freeCPU(node)
    let change = market.potential(after, cpu: max(0, cpu - cpuRequest(pod))) - market.potential(before, cpu: cpu)
    let steps = (abs(change) + (change < 0 ? 9_999 : 0)) / 10_000
    return 16_384 + (change < 0 ? -steps : steps)
  }

  /// `total`: of all pods, those that are not typical too. The fleet is counted now.
  public mutating func setTypicalPods(_ pods: [TypicalPod], total: Int64) {
    (typicalPods, typicalTotal) = (pods, total)
    market = Market(pods, nodes.values.compactMap(\.machine))
  }
}
