import CBerth
import Foundation
import Testing

@testable import Berth

/// What a test's callback does, and what it saw.
final class Judge {
  /// The order of a pod's candidates, as indices; -1 behind them is added.
  var order: (_ podClass: UInt32, _ candidates: [berth_candidate], _ round: UInt32) -> [Int32]
  var result: UInt32 = 0
  var calls = 0
  var rounds: UInt32 = 0
  var batches: [Int] = []
  var features: [[Int64]] = []
  var inside: (() -> Void)?

  init(order: @escaping (UInt32, [berth_candidate], UInt32) -> [Int32]) { self.order = order }

  static let callback: berth_rerank_callback = { context, batch, order in
    let judge = Unmanaged<Judge>.fromOpaque(context!).takeUnretainedValue()
    judge.judge(batch!.pointee, order!)
    return judge.result
  }

  private func judge(_ batch: berth_rerank_batch, _ out: UnsafeMutablePointer<Int32>) {
    calls += 1
    rounds = max(rounds, batch.round)
    batches.append(batch.pod_count)
    let k = Int(batch.candidate_limit)
    for pod in 0..<batch.pod_count {
      let count = Int(batch.candidate_counts[pod])
      let candidates = (0..<count).map { batch.candidates[pod * k + $0] }
      let wanted = order(batch.classes[pod], candidates, batch.round)
      for place in 0..<k { out[pod * k + place] = place < wanted.count ? wanted[place] : -1 }
      let width = Int(batch.feature_count)
      for place in 0..<count {
        features.append((0..<width).map { batch.features[(pod * k + place) * width + $0] })
      }
    }
    inside?()
  }

  func options(k: UInt32, batch: UInt32, features: [berth_feature] = []) -> berth_rerank_options {
    var options = berth_rerank_options()
    berth_rerank_options_init(&options)
    options.candidate_limit = k
    options.batch_limit = batch
    options.feature_count = UInt32(features.count)
    options.features = list(features)
    options.callback = Judge.callback
    options.context = Unmanaged.passUnretained(self).toOpaque()
    return options
  }
}

@Suite struct RerankTests {
  private func place(_ host: Host, _ classes: [UInt32], dry: Bool = false) -> [berth_placement] {
    var placements = [berth_placement](repeating: berth_placement(), count: classes.count)
    host.must(berth_pods_place(host.engine, classes, classes.count, dry ? UInt32(BERTH_PLACE_DRY_RUN) : 0, &placements))
    return placements
  }

  private func free(_ host: Host, _ node: UInt64) -> [Int64] {
    var allocatable: [Int64] = [0, 0, 0]
    var requested: [Int64] = [0, 0, 0]
    host.must(
      berth_nodes_read(
        host.engine, [node], 1, [host.cpu, host.memory, host.gpu], 3, nil, &allocatable, &requested))
    return (0..<3).map { allocatable[$0] - requested[$0] }
  }

  private func candidates(_ host: Host, _ podClass: UInt32, _ k: Int) -> [berth_candidate] {
    var found = [berth_candidate](repeating: berth_candidate(), count: k)
    var count = 0
    host.must(berth_candidates_read(host.engine, podClass, k, &found, nil, &count))
    return Array(found.prefix(count))
  }

  @Test(arguments: [UInt32(1), 2, 8])
  func anUntouchedOrderChangesNothing(k: UInt32) {
    let (plain, asked) = (Host(), Host())
    let judge = Judge { _, candidates, _ in candidates.indices.map { Int32($0) } }
    var options = judge.options(k: k, batch: 1)
    asked.must(berth_engine_set_rerank(asked.engine, &options))
    let classes = (0..<40).map { plain.classes[$0 % plain.classes.count] }
    for dry in [true, false] {
      let wanted = place(plain, classes, dry: dry)
      let given = place(asked, classes, dry: dry)
      for (a, b) in zip(wanted, given) {
        #expect(a.pod == b.pod && a.node == b.node && a.score == b.score && a.outcome == b.outcome)
      }
    }
    #expect(judge.calls > 0)
    asked.must(berth_engine_set_rerank(asked.engine, nil))
    let calls = judge.calls
    _ = place(asked, classes)
    #expect(judge.calls == calls)
    asked.must(berth_engine_validate(asked.engine))
  }

  /// Random orders and refusals, decided once more from the rule with what the engine can be asked otherwise.
  @Test(arguments: [UInt32(1), 3, 8], [UInt32(1), 4, 16])
  func ordersAreFollowed(k: UInt32, batch: UInt32) {
    let (asked, control) = (Host(), Host())
    func wish(_ podClass: UInt32, _ candidates: [berth_candidate], _ round: UInt32) -> [Int32] {
      var state = UInt64(podClass) &* 977 &+ UInt64(round)
      for candidate in candidates { state = (state ^ candidate.node) &* 0x9E37_79B9_7F4A_7C15 }
      var order = candidates.indices.map { Int32($0) }
      for place in order.indices.dropFirst() {
        state = state &* 6_364_136_223_846_793_005 &+ 1
        order.swapAt(place, Int(state >> 33) % (place + 1))
      }
      return Array(order.prefix(Int(state >> 40) % 5 == 0 ? Int(state >> 50) % (order.count + 1) : order.count))
    }
    let judge = Judge(order: wish)
    var options = judge.options(k: k, batch: batch)
    asked.must(berth_engine_set_rerank(asked.engine, &options))
    let classes = (0..<48).map { asked.classes[($0 * 7 + $0 / 5) % asked.classes.count] }
    let given = place(asked, classes)
    // the request of a class, seen on the engine itself
    let requests = control.classes.map { podClass -> [Int64] in
      let best = candidates(control, podClass, 1)[0].node
      let before = free(control, best)
      var pod: berth_pod_id = 0
      control.must(berth_pods_bind(control.engine, [podClass], [best], 1, &pod))
      let request = zip(before, free(control, best)).map { $0 - $1 }
      control.must(berth_pods_release(control.engine, [pod], 1))
      return request
    }
    var first = 0
    while first < classes.count {
      var pending = Array(first..<min(classes.count, first + Int(batch)))
      var round: UInt32 = 0
      while !pending.isEmpty {
        let lists = pending.map { candidates(control, classes[$0], Int(k)) }
        var left: [Int] = []
        for (index, pod) in pending.enumerated() {
          if lists[index].isEmpty {
            #expect(given[pod].outcome == UInt32(BERTH_NO_FIT) && given[pod].node == UInt64.max)
            continue
          }
          let order = wish(classes[pod], lists[index], round)
          if order.isEmpty {
            #expect(given[pod].outcome == UInt32(BERTH_REFUSED) && given[pod].pod == UInt64.max)
            continue
          }
          let request = requests[control.classes.firstIndex(of: classes[pod])!]
          let choice = order.first { candidate in
            zip(request, free(control, lists[index][Int(candidate)].node)).allSatisfy { $0 == 0 || $0 <= $1 }
          }
          guard let choice else {
            left.append(pod)
            continue
          }
          let wanted = lists[index][Int(choice)]
          #expect(given[pod].node == wanted.node && given[pod].score == wanted.score)
          var id: berth_pod_id = 0
          control.must(berth_pods_bind(control.engine, [classes[pod]], [wanted.node], 1, &id))
        }
        pending = left
        round += 1
      }
      first += Int(batch)
    }
    #expect(judge.batches.allSatisfy { $0 <= Int(batch) })
    asked.must(berth_engine_validate(asked.engine))
  }

  @Test func featuresAreWhatTheEngineSays() {
    let host = Host()
    let kinds = [
      (BERTH_FEATURE_FREE, host.cpu), (BERTH_FEATURE_ALLOCATABLE, host.memory), (BERTH_FEATURE_REQUEST, host.cpu),
      (BERTH_FEATURE_PRICE, 0), (BERTH_FEATURE_SLOT, 0), (BERTH_FEATURE_DOMAIN, 1), (BERTH_FEATURE_LABELS, 0),
      (BERTH_FEATURE_TERM, 0), (BERTH_FEATURE_TERM, 15), (BERTH_FEATURE_PRIORITY, 0),
    ]
    let judge = Judge { _, candidates, _ in candidates.indices.map { Int32($0) } }
    var seen: [berth_candidate] = []
    judge.order = { _, candidates, _ in
      seen = candidates
      return []
    }
    var options = judge.options(
      k: 6, batch: 1, features: kinds.map { berth_feature(kind: UInt32($0.0), argument: $0.1) })
    host.must(berth_engine_set_rerank(host.engine, &options))
    let refused = place(host, [host.classes[0]])
    #expect(refused[0].outcome == UInt32(BERTH_REFUSED))
    #expect(seen.count > 1 && judge.features.count == seen.count)
    var terms = [Int64](repeating: 0, count: 6 * Int(BERTH_MAX_TERMS))
    var found = [berth_candidate](repeating: berth_candidate(), count: 6)
    var count = 0
    host.must(berth_candidates_read(host.engine, host.classes[0], 6, &found, &terms, &count))
    #expect(count == seen.count)
    for (candidate, features) in zip(seen, judge.features) {
      var state = berth_node_state()
      var allocatable: [Int64] = [0, 0]
      var requested: [Int64] = [0, 0]
      host.must(
        berth_nodes_read(
          host.engine, [candidate.node], 1, [host.cpu, host.memory], 2, &state, &allocatable, &requested))
      #expect(features[0] == allocatable[0] - requested[0])
      #expect(features[1] == allocatable[1])
      #expect(features[2] > 0 && features[3] == state.price && features[4] == Int64(state.slot))
      #expect(features[5] == Int64(state.domain) && features[6] == Int64(state.labels))
      #expect(features[7] != 0 || candidate.score == 0)
      #expect(features[8] == 0)
    }
  }

  @Test func callsFromInsideAreBusy() {
    let host = Host()
    let judge = Judge { _, candidates, _ in candidates.indices.map { Int32($0) } }
    var statuses: [berth_status] = []
    judge.inside = {
      var placement = berth_placement()
      statuses = [
        berth_pods_place(host.engine, host.classes, 1, 0, &placement), berth_engine_validate(host.engine),
        berth_engine_set_rerank(host.engine, nil), berth_engine_destroy(host.engine),
        berth_statement_begin(host.engine, host.out(berth_statement_id.self)),
      ]
    }
    var options = judge.options(k: 2, batch: 1)
    host.must(berth_engine_set_rerank(host.engine, &options))
    #expect(place(host, [host.classes[0]])[0].outcome == UInt32(BERTH_PLACED))
    #expect(statuses == [berth_status](repeating: berth_status(BERTH_BUSY), count: 5))
    host.must(berth_engine_validate(host.engine))
  }

  static let rubbish: [(String, [Int32])] = [
    ("twice", [0, 0]), ("out of range", [2]), ("negative", [0, -2]), ("far", [Int32.max]), ("least", [Int32.min]),
    ("behind the end", [-1, 0]),
  ]

  @Test(arguments: rubbish.indices)
  func rubbishIsRefusedAndNothingStays(_ which: Int) {
    let host = Host()
    var asked = 0
    let judge = Judge { _, candidates, _ in
      asked += 1
      // the first pods are placed well, so that there is something to take back
      return asked < 4 ? candidates.indices.map { Int32($0) } : RerankTests.rubbish[which].1
    }
    let before = host.state()
    var options = judge.options(k: 2, batch: 1)
    host.must(berth_engine_set_rerank(host.engine, &options))
    let classes = (0..<6).map { _ in host.classes[0] }
    let status = berth_pods_place(host.engine, classes, classes.count, 0, host.out(berth_placement.self))
    #expect(status == berth_status(BERTH_BAD_CALLBACK), "\(lastError(host.engine))")
    #expect(asked == 4 && host.resultsAreUntouched())
    host.must(berth_engine_set_rerank(host.engine, nil))
    #expect(host.state() == before)
    host.must(berth_engine_validate(host.engine))
  }

  /// Pods that come again in later rounds get later ids: a replay places in the order of the rounds.
  @Test(arguments: [UInt32(1), 2, 8])
  func aJournalKeepsTheOrderOfRounds(k: UInt32) throws {
    let host = Host()
    let folder = FileManager.default.temporaryDirectory.appending(path: "berth-rerank-\(getpid())-\(k)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (snapshot, journal) = (folder.appending(path: "snapshot").path, folder.appending(path: "journal").path)
    host.must(berth_snapshot_write(host.engine, snapshot))
    host.must(berth_journal_open(host.engine, journal, nil))
    let judge = Judge { _, candidates, _ in candidates.indices.map { Int32($0) } }
    var options = judge.options(k: k, batch: 16)
    host.must(berth_engine_set_rerank(host.engine, &options))
    _ = place(host, (0..<40).map { host.classes[$0 % host.classes.count] })
    #expect(k == 8 || judge.rounds > 0)
    host.must(berth_journal_close(host.engine))
    var recovered: OpaquePointer?
    #expect(berth_engine_recover(snapshot, journal, nil, nil, &recovered) == ok, "\(lastError(nil))")
    var digests: [UInt64] = [0, 1]
    host.must(berth_engine_digest(host.engine, &digests[0]))
    #expect(berth_engine_digest(recovered, &digests[1]) == ok)
    #expect(digests[0] == digests[1])
    #expect(berth_engine_destroy(recovered) == ok)
  }

  @Test func aFailingCallbackTakesTheCallBack() {
    let host = Host()
    let judge = Judge { _, candidates, _ in candidates.indices.map { Int32($0) } }
    judge.result = 7
    let before = host.state()
    var options = judge.options(k: 2, batch: 4)
    host.must(berth_engine_set_rerank(host.engine, &options))
    let status = berth_pods_place(host.engine, host.classes, 2, 0, host.out(berth_placement.self))
    #expect(status == berth_status(BERTH_BAD_CALLBACK))
    #expect(lastError(host.engine).contains("7"))
    host.must(berth_engine_set_rerank(host.engine, nil))
    #expect(host.resultsAreUntouched() && host.state() == before)
  }
}

@Suite struct RerankRefusals {
  @Test(arguments: refusals)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  static func set(_ host: Host, _ spoil: (inout berth_rerank_options) -> Void) -> berth_status {
    let judge = Judge { _, _, _ in [] }
    var options = judge.options(k: 4, batch: 2)
    spoil(&options)
    return withExtendedLifetime(judge) { berth_engine_set_rerank(host.engine, &options) }
  }

  static func feature(_ host: Host, _ kind: UInt32, _ argument: UInt32) -> berth_status {
    set(host) {
      $0.feature_count = 1
      $0.features = list([berth_feature(kind: kind, argument: argument)])
    }
  }

  static let refusals: [Refusal] = [
    Refusal("rerank: struct size", BERTH_BAD_STRUCT, "struct_size") { set($0) { $0.struct_size = 8 } },
    Refusal("rerank: no callback", BERTH_NULL_POINTER, "callback") { set($0) { $0.callback = nil } },
    Refusal("rerank: no candidates", BERTH_BAD_ARGUMENT, "candidate_limit") { set($0) { $0.candidate_limit = 0 } },
    Refusal("rerank: no pods", BERTH_BAD_ARGUMENT, "batch_limit") { set($0) { $0.batch_limit = 0 } },
    Refusal("rerank: too many candidates", BERTH_LIMIT, "candidates") {
      set($0) {
        $0.candidate_limit = 65536
        $0.batch_limit = 2
      }
    },
    Refusal("rerank: far too many candidates", BERTH_LIMIT, "candidates") {
      set($0) {
        $0.candidate_limit = .max
        $0.batch_limit = .max
      }
    },
    Refusal("rerank: too many features", BERTH_LIMIT, "features") { set($0) { $0.feature_count = 65 } },
    Refusal("rerank: null features", BERTH_NULL_POINTER, "features") {
      set($0) {
        $0.feature_count = 1
        $0.features = nil
      }
    },
    Refusal("rerank: unknown feature", BERTH_BAD_ARGUMENT, "feature 0: kind") { feature($0, 10, 0) },
    Refusal("rerank: feature 0", BERTH_BAD_ARGUMENT, "feature 0: kind") { feature($0, 0, 0) },
    Refusal("rerank: unknown resource", BERTH_UNKNOWN_ID, "resource") {
      feature($0, UInt32(BERTH_FEATURE_FREE), 99)
    },
    Refusal("rerank: term beyond any profile", BERTH_BAD_ARGUMENT, "term") {
      feature($0, UInt32(BERTH_FEATURE_TERM), 16)
    },
    Refusal("rerank: level 0", BERTH_BAD_ARGUMENT, "level") { feature($0, UInt32(BERTH_FEATURE_DOMAIN), 0) },
    Refusal("rerank: level beyond the last", BERTH_BAD_ARGUMENT, "level") {
      feature($0, UInt32(BERTH_FEATURE_DOMAIN), 2)
    },
    Refusal("rerank: argument where none is taken", BERTH_BAD_ARGUMENT, "argument") {
      feature($0, UInt32(BERTH_FEATURE_PRICE), 1)
    },
  ]
}
