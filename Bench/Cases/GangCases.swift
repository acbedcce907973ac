import BerthCore
import BerthRanks
import BerthSimulation
import CBerth

extension BenchCase {
  static let gangCases: [BenchCase] = [
    BenchCase(name: "gang.place", allocates: true) { size, cpuLevel in try GangRun(size, cpuLevel, .workers) },
    BenchCase(name: "gang.roles", allocates: true) { size, cpuLevel in try GangRun(size, cpuLevel, .masterAndWorkers) },
    BenchCase(name: "gang.proof", allocates: true) { size, cpuLevel in try GangRun(size, cpuLevel, .nowhere) },
    BenchCase(name: "ranks.assign", allocates: true) { size, cpuLevel in try RankRun(size, cpuLevel) },
  ]
}

/// Gangs of eight-GPU pods, of classes that take turns.
final class GangRun: BenchRun {
  enum Kind {
    case workers
    case masterAndWorkers
    /// More workers in a rack than any rack has room for.
    case nowhere
  }

  private let cluster: GangCluster
  private let gangs: [GangSpec]
  private var placed: [GangPlacement] = []

  init(_ size: CaseSize, _ cpuLevel: CPULevel, _ kind: Kind) throws {
    cluster = try GangCluster(
      nodes: size == .small ? 4096 : 1_000_000, GangCluster.Shape(), seed: 2, cpuLevel: cpuLevel)
    let master = try cluster.podClass(gpus: 0, cpuMilli: 16_000)
    var gangs: [GangSpec] = []
    for index in 0..<4 {
      let worker = try cluster.podClass(gpus: 8, cpuMilli: 64_000 + Int64(index) * 2000)
      var gang = GangSpec(worker, members: size == .small ? 64 : 512)
      if kind == .masterAndWorkers { gang.roles.insert(GangRole(master, 1...1), at: 0) }
      if kind == .nowhere { gang.requiredLevel = 4 }
      gangs.append(gang)
    }
    self.gangs = gangs
    try step()
    try reset()
  }

  var operations: Int { gangs.count }

  func step() throws { placed = try gangs.map { try cluster.engine.placeGang($0) } }

  func reset() throws {
    for gang in placed where gang.isPlaced { try cluster.engine.release(gang.placements.map(\.pod)) }
  }

  var checksum: Checksum {
    var sum = Checksum()
    for gang in placed {
      sum.add(UInt64(gang.result.outcome))
      sum.add(UInt64(gang.result.available))
      for placement in gang.placements { sum.add(placement) }
    }
    return sum
  }

  func info() -> berth_engine_info { cluster.engine.info() }
}

/// The ranks of one step of training, on nodes that are scattered over the network.
final class RankRun: BenchRun {
  private let allocation: RankAllocation
  private let job: Job
  private let cpuLevel: CPULevel
  private var assignment: RankAssignment?
  let operations: Int

  init(_ size: CaseSize, _ cpuLevel: CPULevel) throws {
    self.cpuLevel = cpuLevel
    operations = size == .small ? 64 : 8192
    allocation = RankAllocation(gpus: operations, seed: 1)
    job = try RankBench.job(.training, gpus: operations)
  }

  func step() throws { assignment = try Ranks.assign(job, on: allocation.network()) }

  func reset() throws { assignment = nil }

  var checksum: Checksum {
    var sum = Checksum()
    for place in assignment?.placeOfRank ?? [] { sum.add(UInt64(place)) }
    return sum
  }

  func info() -> berth_engine_info {
    var none = berth_engine_info()
    none.cpu_level = cpuLevel.code
    return none
  }
}
