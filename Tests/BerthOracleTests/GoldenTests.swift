import BerthOracle
import Testing

/// The oracle against what the real kube-scheduler decided: its rejections, scores and best nodes.
@Suite(
  .enabled(if: GoldenVectors.folder != nil, "no golden vectors: set BERTH_SHARED to the folder that holds golden/"))
struct GoldenTests {
  @Test(arguments: [
    "resources", "node-affinity", "taints", "taints-ltgt", "spread-hard", "spread-soft", "interpod-hard",
    "interpod-soft", "ports-and-images", "fit-profiles", "mixed",
  ])
  func oracleDecidesAsKubeScheduler(suite: String) throws {
    let cases = try GoldenVectors.read(suite)
    #expect(cases.count == (suite == "taints-ltgt" ? 15 : 60))
    for golden in cases {
      let replay = GoldenReplay(golden)
      try replay.compareRejections()
      try replay.compareScores()
    }
  }

  @Test func oraclePlacesASequenceAsKubeScheduler() throws {
    let cases = try GoldenVectors.read("sequence")
    #expect(cases.count == 20)
    for golden in cases {
      var replay = GoldenReplay(golden)
      try replay.compareAssignments()
    }
  }

  /// Pods that fit nowhere.
  @Test func oracleRejectsAsKubeSchedulerBeforePreemption() throws {
    let cases = try GoldenVectors.read("preemption")
    #expect(cases.count == 40)
    for golden in cases { try GoldenReplay(golden).compareRejections() }
  }
}
