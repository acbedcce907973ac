import BerthKubernetes
import BerthRanks
import Foundation
import Testing

@testable import BerthNetwork

struct GangRanksTests {
  private let parallel = """
    name: j
    preferred: rack
    roles: [{name: w, replicas: 8, gpus: 8}]
    parallelism: {tensor: 8, data: 2, pipeline: {size: 4, bytes: 4Gi}}
    """

  @Test func figuresAgreeWithTheRanksModule() throws {
    let found = try gangRun(gangRacks, parallel)
    let ranks = try #require(found.outcomes[0].ranks)
    #expect(ranks.places.count == 64 && ranks.lowerBound <= ranks.cost && ranks.cost <= ranks.costBefore)
    #expect(ranks.links.map(\.name) == ["beyond spine", "within spine", "within rack", "within the node"])
    #expect(Set(ranks.places.map { "\($0.node) \($0.gpu ?? -1)" }).count == 64)
    #expect(found.outcomes[0].members.allSatisfy { $0.ranks.count == 8 })
    let sums = (ranks.links.reduce(0) { $0 + $1.bytesBefore }, ranks.links.reduce(0) { $0 + $1.bytes })
    #expect(sums.0 == sums.1, "what is sent is the same, only the links differ")
  }

  /// Racks with room for three, four and five pods: as few racks as can be would cut the pipelines of four.
  @Test func multiplesAreTakenWhereRanksGetCheaper() throws {
    var text = "node,spine,rack,gpus\n"
    for (rack, size) in [6, 2, 4, 4].enumerated() {
      for node in 0..<size { text += "r\(rack)n\(node),s\(rack / 2),r\(rack),8\n" }
    }
    let both = try gangRun(text, parallel)
    let choices = both.outcomes[0].choices
    #expect(choices.count > 1 && choices.count(where: \.isChosen) == 1)
    let chosen = try #require(choices.first { $0.isChosen })
    #expect(choices.allSatisfy { !$0.isPlaced || ($0.cost ?? 0) >= (chosen.cost ?? 0) })
    let plain = try gangRun(text, parallel) { $0.triesMultiples = false }
    let cost = try #require(plain.outcomes[0].ranks?.cost)
    #expect(plain.outcomes[0].choices.count == 1 && (both.outcomes[0].ranks?.cost ?? .max) <= cost)
    #expect(both.outcomes[0].ranks?.cost == chosen.cost)
  }

  @Test func setsOfMultiplesAreNested() {
    let sets = GangChoices.sets([(2, 3), (4, 2), (8, 2)])
    #expect(sets.allSatisfy { set in zip(set, set.dropFirst()).allSatisfy { $0.level < $1.level } })
    #expect(sets.count == 5 && sets[0].map(\.members) == [8, 2])
  }

  @Test func expertsShareOutContextAndData() throws {
    func parallelism(_ expert: Int, context: Int, data: Int) -> Parallelism {
      let sizes: [(Parallelism.AxisKind, Int)] = [(.tensor, 2), (.context, context), (.expert, expert), (.data, data)]
      return Parallelism(axes: sizes.map { .init(kind: $0.0, size: $0.1, collective: $0.0.usual, bytes: 1) })
    }
    func traffic(_ own: Parallelism) throws -> RankTraffic {
      var job = GangJob(name: "j", minMember: 1, roles: [])
      job.parallelism = own
      var notes: [String] = []
      let count = own.rankCount ?? 0
      return try #require(try RankTraffic.of(job, members: count, units: count, notes: &notes))
    }
    func experts(_ traffic: RankTraffic) -> UInt32? {
      traffic.job.collectives.first { $0.kind == .allToAll }?.dimensions
    }
    let split = try traffic(parallelism(4, context: 2, data: 8))
    #expect(split.job.dimensions == [2, 2, 2, 4] && experts(split) == 0b0110)
    let within = try traffic(parallelism(2, context: 4, data: 3))
    #expect(within.job.dimensions == [2, 2, 2, 3] && experts(within) == 0b0010)
    let odd = try traffic(parallelism(6, context: 4, data: 9))
    #expect(experts(odd) == nil && odd.notes.contains { $0.contains("left out") })
  }

  @Test func onlyLostRanksMove() throws {
    let before = try gangRun(gangRacks, parallel)
    let name = before.topology.nodes[before.outcomes[0].members[2].node].name
    let found = try gangRun(gangRacks, parallel, lost: [name])
    let outcome = found.outcomes[0]
    let failure = try #require(outcome.failure)
    #expect(failure.isReplaced && failure.lostMembers.count == 1 && failure.replacements.count == 1)
    #expect(failure.members.count == 8 && failure.lostNodes == [name] && outcome.isRunning)
    let (old, new) = try (#require(outcome.ranks), #require(failure.ranks))
    #expect(new.movedRanks.count == 8 && new.costBefore == old.cost)
    for rank in 0..<64 where !new.movedRanks.contains(rank) {
      #expect(new.places[rank].node == old.places[rank].node && new.places[rank].gpu == old.places[rank].gpu)
    }
    #expect(failure.replacements[0].ranks == new.movedRanks)
  }

  @Test func aFailureWithoutReplacementIsTold() throws {
    let found = try gangRun(gangRacks, gangJob(16), lost: ["n3"])
    let failure = try #require(found.outcomes[0].failure)
    #expect(!failure.isReplaced && failure.members.count == 15 && !found.outcomes[0].isRunning)
    #expect(mistakes { try found.lose(["n99"]) }.first?.contains("n99") ?? false)
  }

  @Test func trafficBetweenPodsNumbersPods() throws {
    let matrix = "traffic: [[0, 0, 0, 9], [0, 0, 9, 0], [0, 9, 0, 0], [9, 0, 0, 0]]"
    let text =
      "name: j\nrequired: spine\nroles: [{name: w, replicas: 4, gpus: 8, spread: {level: rack, maxPerDomain: 2}}]\n"
    let found = try gangRun(gangRacks, text + matrix)
    let ranks = try #require(found.outcomes[0].ranks)
    #expect(ranks.places.count == 32 && ranks.units.count == 4 && ranks.isExact && ranks.cost < ranks.costBefore)
    #expect(ranks.links[1].bytes == 0 && ranks.links[1].bytesBefore > 0)
  }

  @Test func linksComeFromTheJobThenTheTopology() throws {
    let found = try gangRun(
      TopologyExamples.slurmTree, "{name: j, roles: [{name: w, replicas: 2}], links: [{level: node, bandwidth: 1GB/s}]}"
    )
    let links = try #require(found.outcomes[0].ranks?.links)
    #expect(links.map(\.source) == ["default", "default", "LinkSpeed", "LinkSpeed", "the job"])
    #expect(links.map(\.bytesPerSecond).suffix(3) == [100_000_000_000, 50_000_000_000, 1_000_000_000])
  }

  @Test(arguments: GangExport.allCases) func exportsNameEveryNode(export: GangExport) throws {
    let found = try gangRun(gangRacks, parallel)
    let outcome = found.outcomes[0]
    let text = try export.text(try #require(outcome.ranks), in: found.topology)
    let words = Set(text.split { " =\n".contains($0) }.map(String.init))
    #expect(outcome.members.allSatisfy { words.contains(found.topology.nodes[$0.node].name) })
    #expect(text.split(separator: "\n").count == ([.rankfile, .nccl].contains(export) ? 64 : 8))
  }

  /// Two pods of a node are two pods.
  @Test func podsOfOneNodeHaveNumbersOfTheirOwn() throws {
    let found = try gangRun(gangRacks, gangJob(4, 4))
    let ranks = try #require(found.outcomes[0].ranks)
    let lines = try GangExport.indexedJob.text(ranks, in: found.topology).split(separator: "\n")
    #expect(lines.count == 4 && lines[3].contains("ranks=12-15"))
    #expect(try GangExport.hostfile.text(ranks, in: found.topology) == "n0 slots=8\nn1 slots=8\n")
  }

  @Test func treesShowDomainsInUseOnly() throws {
    let found = try gangRun(gangRacks, parallel)
    let lines = TreeDrawing.lines(root: try #require(found.outcomes[0].tree))
    #expect(lines.count == 1 + 1 + 2 + 8 && lines[0].contains("8 pods"))
    #expect(lines.contains { $0.contains("rack r0") && $0.contains("4 pods") && $0.contains("0 of 32 GPUs free") })
    #expect(found.json.line.hasPrefix("{\"nodes\": 16"))
  }
}
