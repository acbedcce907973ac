import CBerth
import Testing

@testable import Berth

/// A job of four ranks on two nodes of two, as the boundary takes it, and room for results.
private final class RankScene {
  var network = berth_rank_network()
  var job = berth_rank_job()
  var options = berth_rank_options()
  var report = berth_rank_report()
  var places = [UInt32](repeating: 77, count: 8)
  var multiples = [berth_rank_multiple](repeating: berth_rank_multiple(), count: Int(BERTH_MAX_RANK_MULTIPLES))
  var count: UInt32 = 77
  let domains = UnsafeMutablePointer<UInt32>.allocate(capacity: 8)
  let links = UnsafeMutablePointer<berth_rank_link>.allocate(capacity: 2)
  let dimensions = UnsafeMutablePointer<UInt32>.allocate(capacity: 9)
  let collectives = UnsafeMutablePointer<berth_collective>.allocate(capacity: 2)
  let flows = UnsafeMutablePointer<berth_flow>.allocate(capacity: 2)

  init() {
    // Ranks 0 and 2 share node 0, ranks 1 and 3 node 1; places 4 to 7 are spare.
    for place in 0..<8 { domains[place] = UInt32(place < 4 ? place % 2 : place / 2) }
    links[0] = berth_rank_link(bytes_per_second: 1_000_000_000, latency_ns: 1000)
    links[1] = berth_rank_link(bytes_per_second: 10_000_000_000, latency_ns: 100)
    dimensions.initialize(repeating: 1, count: 9)
    dimensions[0] = 4
    collectives.initialize(
      repeating: berth_collective(kind: UInt32(BERTH_RING_ALL_REDUCE), dimensions: 1, bytes: 4000, times: 1),
      count: 2)
    flows.initialize(repeating: berth_flow(from: 0, to: 1, bytes: 5, messages: 1), count: 2)
    berth_rank_network_init(&network)
    berth_rank_job_init(&job)
    berth_rank_options_init(&options)
    report.struct_size = UInt32(MemoryLayout<berth_rank_report>.size)
    network.level_count = 1
    network.place_count = 4
    network.domains = UnsafePointer(domains)
    network.links = UnsafePointer(links)
    job.dimension_count = 1
    job.collective_count = 1
    job.dimensions = UnsafePointer(dimensions)
    job.collectives = UnsafePointer(collectives)
  }

  deinit {
    domains.deallocate()
    links.deallocate()
    dimensions.deallocate()
    collectives.deallocate()
    flows.deallocate()
  }

  func assign() -> berth_status { berth_ranks_assign(&network, &job, nil, &options, &places, &report) }

  func replace(_ lost: [UInt32], _ new: [UInt32]) -> berth_status {
    network.place_count = 8
    return berth_ranks_replace(
      &network, &job, [0, 1, 2, 3], lost, lost.count, new, new.count, &options, &places, &report)
  }
}

@Suite struct RankRefusals {
  private func refuse(
    _ status: Int, _ word: String, location: SourceLocation = #_sourceLocation,
    _ call: (RankScene) -> berth_status
  ) {
    let scene = RankScene()
    let given = call(scene)
    let sentence = lastError(nil)
    #expect(given == berth_status(status), "\(statusName(given)): \(sentence)", sourceLocation: location)
    #expect(sentence.contains(word), "\(sentence)", sourceLocation: location)
    #expect(
      scene.places.allSatisfy { $0 == 77 } && scene.report.cost_ps == 0 && scene.count == 77,
      "results were written", sourceLocation: location)
  }

  @Test func ranksAreAssignedAndReplaced() {
    let scene = RankScene()
    #expect(scene.assign() == ok, "\(lastError(nil))")
    // Six rounds of 1,000 bytes: 6 us and 6 us of latency between nodes, 0.6 and 0.6 within, two links of each.
    #expect(scene.report.cost_before_ps == 48_000_000 && scene.report.cost_ps == 26_400_000)
    #expect(scene.report.is_exact == 1 && scene.report.lower_bound_ps == 26_400_000)
    #expect(scene.report.bytes.0 == 12_000 && scene.report.bytes.1 == 12_000 && scene.report.bytes_before.0 == 24_000)
    #expect(scene.places[..<4].sorted() == [0, 1, 2, 3] && scene.places[4] == 77)
    var (cost, bytes): (Int64, [Int64]) = (0, [0, 0])
    #expect(berth_ranks_cost(&scene.network, &scene.job, scene.places, &cost, &bytes) == ok)
    #expect(cost == 26_400_000 && bytes == [12_000, 12_000])
    #expect(scene.replace([3], [6, 3]) == ok && scene.places[..<4] == [0, 1, 2, 3])
    #expect(berth_ranks_assign(&scene.network, &scene.job, nil, nil, &scene.places, nil) != ok)
    scene.network.place_count = 4
    #expect(berth_ranks_assign(&scene.network, &scene.job, nil, nil, &scene.places, nil) == ok)
    scene.dimensions[0] = 2
    scene.dimensions[1] = 4
    scene.job.dimension_count = 2
    #expect(
      berth_rank_multiples(&scene.job, 1, scene.links, [8], 1, &scene.multiples, &scene.count) == ok
        && scene.count == 1 && scene.multiples[0].pods == 2 && scene.multiples[0].level == 0)
  }

  @Test func whatIsNullIsNamed() {
    refuse(BERTH_NULL_POINTER, "network is null") { berth_ranks_assign(nil, &$0.job, nil, nil, &$0.places, nil) }
    refuse(BERTH_NULL_POINTER, "job is null") { berth_ranks_assign(&$0.network, nil, nil, nil, &$0.places, nil) }
    refuse(BERTH_NULL_POINTER, "place_of_rank_out") { berth_ranks_assign(&$0.network, &$0.job, nil, nil, nil, nil) }
    refuse(BERTH_NULL_POINTER, "links") { scene in
      scene.network.links = nil
      return scene.assign()
    }
    refuse(BERTH_NULL_POINTER, "network->domains") { scene in
      scene.network.domains = nil
      return scene.assign()
    }
    refuse(BERTH_NULL_POINTER, "job->dimensions") { scene in
      scene.job.dimensions = nil
      return scene.assign()
    }
    refuse(BERTH_NULL_POINTER, "job->collectives") { scene in
      scene.job.collectives = nil
      return scene.assign()
    }
    refuse(BERTH_NULL_POINTER, "job->flows") { scene in
      scene.job.flow_count = 1
      return scene.assign()
    }
    refuse(BERTH_NULL_POINTER, "cost_ps_out") { berth_ranks_cost(&$0.network, &$0.job, [0, 1, 2, 3], nil, nil) }
    refuse(BERTH_NULL_POINTER, "place_of_rank is") {
      var cost: Int64 = 0
      return berth_ranks_cost(&$0.network, &$0.job, nil, &cost, nil)
    }
    refuse(BERTH_NULL_POINTER, "count_out") {
      berth_rank_multiples(&$0.job, 1, $0.links, nil, 1, &$0.multiples, nil)
    }
  }

  @Test func structsAndLimitsAreChecked() {
    let changes: [(Int, String, (RankScene) -> Void)] = [
      (BERTH_BAD_STRUCT, "berth_rank_network", { $0.network.struct_size = 8 }),
      (BERTH_BAD_STRUCT, "network.reserved", { $0.network.reserved = 1 }),
      (BERTH_BAD_STRUCT, "berth_rank_job", { $0.job.struct_size = 0 }),
      (BERTH_BAD_STRUCT, "job.reserved", { $0.job.reserved = 1 }),
      (BERTH_BAD_STRUCT, "berth_rank_options", { $0.options.struct_size = 1 }),
      (BERTH_BAD_STRUCT, "options.reserved", { $0.options.reserved = 1 }),
      (BERTH_BAD_STRUCT, "berth_rank_report", { $0.report.struct_size = 0 }),
      (BERTH_BAD_ARGUMENT, "level_count", { $0.network.level_count = 0 }),
      (BERTH_BAD_ARGUMENT, "level_count", { $0.network.level_count = 9 }),
      (BERTH_LIMIT, "0 places", { $0.network.place_count = 0 }),
      (BERTH_LIMIT, "1048577 places", { $0.network.place_count = 1_048_577 }),
      (BERTH_BAD_ARGUMENT, "4 ranks and 3 places", { $0.network.place_count = 3 }),
      (BERTH_BAD_ARGUMENT, "bytes a second", { $0.links[0].bytes_per_second = 0 }),
      (BERTH_BAD_ARGUMENT, "latency", { $0.links[1].latency_ns = -1 }),
      (BERTH_LIMIT, "job->dimensions", { $0.job.dimension_count = 9 }),
      (BERTH_LIMIT, "0 dimensions", { $0.job.dimension_count = 0 }),
      (BERTH_BAD_ARGUMENT, "dimension 0 of 0", { $0.dimensions[0] = 0 }),
      (BERTH_LIMIT, "dimension 0", { $0.dimensions[0] = .max }),
      (BERTH_LIMIT, "job->collectives", { $0.job.collective_count = 65 }),
      (BERTH_BAD_ARGUMENT, "kind 9", { $0.collectives[0].kind = 9 }),
      (BERTH_BAD_ARGUMENT, "kind 0", { $0.collectives[0].kind = 0 }),
      (BERTH_BAD_ARGUMENT, "dimensions 0x2", { $0.collectives[0].dimensions = 2 }),
      (BERTH_BAD_ARGUMENT, "-1 bytes", { $0.collectives[0].bytes = -1 }),
      (BERTH_BAD_ARGUMENT, "0 times", { $0.collectives[0].times = 0 }),
      (BERTH_LIMIT, "too many bytes", { $0.collectives[0].times = .max }),
      (BERTH_LIMIT, "iterations", { $0.options.iterations = .max }),
      (BERTH_BAD_ARGUMENT, "0...10", { $0.options.exhaustive_ranks = 11 }),
    ]
    for (status, word, change) in changes {
      refuse(status, word) { scene in
        change(scene)
        return scene.assign()
      }
    }
  }

  @Test func flowsAndReplacementsAreChecked() {
    refuse(BERTH_BAD_ARGUMENT, "without collectives") { scene in
      scene.job.flows = UnsafePointer(scene.flows)
      scene.job.flow_count = 1
      return scene.assign()
    }
    refuse(BERTH_DUPLICATE, "flow 1") { scene in
      scene.job.flows = UnsafePointer(scene.flows)
      (scene.job.flow_count, scene.job.collective_count) = (2, 0)
      return scene.assign()
    }
    refuse(BERTH_LIMIT, "job->flows") { scene in
      scene.job.flow_count = .max
      return scene.assign()
    }
    refuse(BERTH_BAD_ARGUMENT, "1 replacements for 2") { $0.replace([1, 2], [4]) }
    refuse(BERTH_BAD_ARGUMENT, "no rank is lost") { $0.replace([], [4]) }
    refuse(BERTH_BAD_ARGUMENT, "lost rank 4") { $0.replace([4], [4]) }
    refuse(BERTH_DUPLICATE, "replacement 0") { $0.replace([1], [0]) }
    refuse(BERTH_BAD_ARGUMENT, "pods of 3") {
      berth_rank_multiples(&$0.job, 3, $0.links, nil, 1, &$0.multiples, &$0.count)
    }
    refuse(BERTH_DUPLICATE, "rank 1 at place 0") {
      berth_ranks_assign(&$0.network, &$0.job, [0, 0, 1, 2], nil, &$0.places, nil)
    }
  }
}
