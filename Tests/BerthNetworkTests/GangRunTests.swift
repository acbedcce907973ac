import BerthKubernetes
import BerthRanks
import Foundation
import Testing

@testable import BerthNetwork

extension GangRun {
  /// "n0 n1", in the order of the members.
  fileprivate var nodeNames: String {
    outcomes.map { $0.members.map { topology.nodes[$0.node].name }.joined(separator: " ") }.joined(separator: "; ")
  }
}

struct GangRunTests {
  @Test func aGangWithoutLevelsIsPackedAndToldSo() throws {
    let run = try gangRun(gangRacks, gangJob(4))
    #expect(run.nodeNames == "n0 n1 n2 n3")
    let outcome = run.outcomes[0]
    #expect(outcome.isPlaced && outcome.limits.isEmpty)
    #expect(outcome.levels.map(\.name) == ["spine", "rack", "node"] && outcome.levels.map(\.opened) == [1, 1, 4])
    #expect(outcome.levels.map(\.bound) == [1, 1, 4] && outcome.commonDomain == "s0/r0")
    #expect(outcome.notes.contains { $0.contains("names no level") })
    #expect(outcome.members.map(\.gpus) == [[Int]](repeating: Array(0..<8), count: 4))
  }

  @Test func whatIsRequiredAndCannotBeIsProven() throws {
    let found = try gangRun(gangRacks, gangJob(5, 8, ", required: rack"))
    #expect(!found.outcomes[0].isPlaced && found.outcomes[0].members.isEmpty)
    #expect(found.outcomes[0].message.contains("domain of rack") && found.outcomes[0].message.contains("of w"))
    #expect(found.outcomes[0].limits.isEmpty && !found.outcomes[0].isRunning)
    let wide = try gangRun(gangRacks, gangJob(5, 8, ", required: spine"))
    #expect(wide.outcomes[0].isPlaced)
    #expect(wide.outcomes[0].levels.map { $0.opened } == [1, 2, 5])
  }

  @Test func severalJobsArePlacedInOrder() throws {
    let jobs = [("a", 4), ("b", 4), ("c", 16), ("d", 1)].map { name, count in
      "name: \(name)\nroles: [{name: w, replicas: \(count), gpus: 8, required: spine}]\n"
    }
    let run = try gangRun(gangRacks, jobs.joined(separator: "---\n"))
    #expect(run.outcomes.map(\.job.name) == ["a", "b", "c", "d"])
    #expect(run.outcomes.map(\.isPlaced) == [true, true, false, true])
    let nodes = run.outcomes.flatMap { $0.members.map(\.node) }
    #expect(Set(nodes).count == 9 && nodes.count == 9)
  }

  @Test func busyNodesAreHeeded() throws {
    let topology = try TopologyFile().read(text: gangRacks, file: "t")
    let jobs = try JobFile.read(text: gangJob(4, 8, ", required: rack"), file: "j")
    var options = GangOptions()
    options.busy = try Busy.list("n0 1\nn5, 8 # full\nn9 2\n", file: "b")
    let run = try GangRun(topology, jobs, options)
    try run.run()
    #expect(run.nodeNames == "n12 n13 n14 n15" && run.gpuCounts == (128, 11))
    options.busy = .listed(["n99": 1, "n0": 9], file: "b")
    #expect(mistakes { _ = try GangRun(topology, jobs, options) }.count == 2)
    #expect(throws: Problem.self) { _ = try Busy.list("n0 1\nn0 2\n", file: "b") }
    #expect(throws: BadInput.self) { _ = try Busy.read("1.5") }
    #expect(try Busy.read("25%") == .share(0.25))
  }

  @Test(arguments: [0, 0.1, 0.5, 0.9, 1]) func aShareInUseIsExact(share: Double) throws {
    let topology = try TopologyFile().read(text: gangRacks, file: "t")
    let used = try Busy.share(share).used(topology.nodes, parts: topology.nodes.map { $0.gpus ?? 0 }, seed: 3)
    #expect(used.reduce(0, +) == Int((128 * share).rounded()) && used.allSatisfy { (0...8).contains($0) })
  }

  @Test func gpusOfOthersComeFirst() throws {
    let run = try gangRun(gangRacks, gangJob(2, 4), TopologyFile()) { $0.busy = .listed(["n0": 4], file: "b") }
    let gpus = Set(run.outcomes[0].members.map { "\(run.topology.nodes[$0.node].name) \($0.gpus)" })
    #expect(gpus.isDisjoint(with: ["n0 [0, 1, 2, 3]"]))
    #expect(run.outcomes[0].members.allSatisfy { $0.gpus.count == 4 && $0.gpus[0] % 4 == 0 })
  }

  @Test func wishedSlicesAreGivenUpAndRequiredOnesNot() throws {
    let busy: (inout GangOptions) -> Void = { $0.busy = .listed(["n0": 8, "n4": 8, "n8": 8, "n12": 8], file: "b") }
    let wish = try gangRun(
      gangRacks, gangJob(8, 8, ", slices: [{level: rack, size: 4, preferred: true}]"), TopologyFile(),
      busy)
    #expect(wish.outcomes[0].isPlaced && wish.outcomes[0].notes.contains { $0.contains("given up") })
    let must = try gangRun(
      gangRacks, gangJob(8, 8, ", slices: [{level: rack, size: 4}]"), TopologyFile(),
      busy)
    #expect(!must.outcomes[0].isPlaced)
  }

  @Test func whatAGangCannotBeAskedIsAMistake() throws {
    let roles = "roles: [{name: a, replicas: 1}, {name: b, replicas: 1}, {name: c, replicas: 1}]"
    let topology = try TopologyFile().read(text: gangRacks, file: "t")
    func wrong(_ more: String) throws -> [String] {
      let jobs = try JobFile.read(text: "{name: j, \(roles), \(more)}", file: "j")
      return mistakes { _ = try GangRun(topology, jobs) }
    }
    #expect(try wrong("groups: [{roles: [a, b], required: rack}]").first?.contains("a, b") ?? false)
    #expect(try wrong("separate: [{level: rack, roles: [a, b]}]").first?.contains("apart") ?? false)
    #expect(try wrong("groups: [{roles: [a, b, c], required: spine}], separate: rack").isEmpty)
    #expect(try wrong("groups: [{roles: [a, b], preferred: rack}]").isEmpty)
    #expect(try wrong("required: pod").first?.contains("is no level") ?? false)
    let apart = try gangRun(gangRacks, "{name: j, \(roles), separate: rack}")
    let racksOfMembers = apart.outcomes[0].members.map { apart.topology.nodes[$0.node].domain }
    #expect(Set(racksOfMembers).count == 3)
  }

  @Test func switchesLimitTheLeaves() throws {
    let tree = "SwitchName=s0 Switches=l[0-2]\n" + (0..<3).map { "SwitchName=l\($0) Nodes=n\($0)[0-3]\n" }.joined()
    func slurm(_ nodes: Int, _ switches: Int) throws -> GangOutcome {
      try gangRun(tree, "{name: j, slurm: {nodes: \(nodes), switches: \(switches), gpusPerNode: 8}}").outcomes[0]
    }
    #expect(try slurm(4, 1).isPlaced)
    #expect(try !slurm(5, 1).isPlaced && slurm(8, 2).isPlaced)
    let wide = try slurm(9, 2)
    #expect(!wide.isPlaced && wide.message.contains("at most 2"))
  }

  /// Each format of `TopologyExamples`, with a gang that has a place and one that has none.
  @Test(arguments: [
    (TopologyExamples.slurmTree, "switch-1"), (TopologyExamples.slurmBlocks, "block"), (TopologyExamples.kueue, "rack"),
    (TopologyExamples.hyperNodes, "rack"), (TopologyExamples.koordinator, "RackLayer"), (TopologyExamples.table, "ASW"),
  ])
  func everyFormatHasBothOutcomes(example: (text: String, level: String)) throws {
    let file = TopologyFile(gpusPerNode: 8)
    let placed = try gangRun(example.text, gangJob(2, 8, ", required: \(example.level)"), file)
    #expect(placed.outcomes[0].isPlaced && placed.outcomes[0].levels.dropLast().last?.opened == 1)
    let ranks = try #require(placed.outcomes[0].ranks)
    #expect(ranks.places.count == 16 && ranks.cost <= ranks.costBefore)
    #expect(try !gangRun(example.text, gangJob(6, 8, ", required: \(example.level)"), file).outcomes[0].isPlaced)
  }

  @Test func ringsGiveNeighbours() throws {
    let file = TopologyFile(name: "circles")
    let found = try gangRun(TopologyExamples.slurmYAML, gangJob(3), lost: ["n1"], file)
    #expect(found.outcomes[0].isPlaced && found.outcomes[0].levels[0].bound == nil)
    let failure = try #require(found.outcomes[0].failure)
    #expect(failure.isReplaced && failure.lostMembers.count == 3 && failure.members.count == 3)
    #expect(!failure.members.contains { found.topology.nodes[$0.node].name == "n1" })
    #expect(try !gangRun(TopologyExamples.slurmYAML, gangJob(9), file).outcomes[0].isPlaced)
    let sliced = gangJob(4, 8, ", slices: [{level: ring, size: 2}]")
    #expect(mistakes { _ = try gangRun(TopologyExamples.slurmYAML, sliced, file) }.first?.contains("ring") ?? false)
  }

  @Test func toriGiveDeclaredBoxes() throws {
    let file = TopologyFile(name: "cube")
    #expect(try gangRun(TopologyExamples.slurmYAML, gangJob(2), file).outcomes[0].isPlaced)
    #expect(try gangRun(TopologyExamples.slurmYAML, gangJob(4), file).outcomes[0].isPlaced)
    #expect(try !gangRun(TopologyExamples.slurmYAML, gangJob(3), file).outcomes[0].isPlaced)
  }
}

/// The authors' network, if it is there.
@Suite(.enabled(if: LingjunData.file != nil, "no data/lingjun-2023 ($BERTH_SHARED)"))
struct LingjunGangTests {
  @Test func aGangIsPlacedOnTheClosNetwork() throws {
    let topology = try TopologyFile(gpusPerNode: 8).read(paths: [try #require(LingjunData.file)])
    var options = GangOptions()
    options.busy = .share(0.6)
    let jobs = try JobFile.read(
      text: "{name: j, required: PSW, preferred: ASW, roles: [{name: w, replicas: 32, gpus: 8}], "
        + "parallelism: {tensor: 8, pipeline: 4}}", file: "j")
    let run = try GangRun(topology, jobs, options)
    try run.run()
    let outcome = run.outcomes[0]
    #expect(outcome.isPlaced && outcome.members.count == 32 && outcome.levels[1].opened == 1)
    #expect((outcome.ranks?.cost ?? 0) <= (outcome.ranks?.costBefore ?? -1))
  }
}
