import CBerth
import Testing

@testable import Berth

/// Constraints at their limits, and what can be read of them.
@Suite struct ConstraintTests {
  private func intern(_ host: Host, _ spec: berth_pod_spec) -> berth_class_id {
    var spec = spec
    var id: berth_class_id = 0
    host.must(berth_class_intern(host.engine, &spec, &id))
    return id
  }

  private func place(_ host: Host, _ podClass: berth_class_id, dryRun: Bool = true) -> berth_placement {
    var placement = berth_placement()
    host.must(
      berth_pods_place(host.engine, [podClass], 1, dryRun ? UInt32(BERTH_PLACE_DRY_RUN) : 0, &placement))
    return placement
  }

  @Test func asManyConstraintsAsThereMayBeAreTaken() {
    let host = Host(hasConstraints: true)
    var spec = host.webSpec()
    spec.spread(
      over: (0..<BERTH_MAX_SPREAD_CONSTRAINTS).map { index in
        var constraint = host.constraint()
        constraint.max_skew = index == 0 ? UInt32(Int32.max) : index
        constraint.min_domains = index == 1 ? UInt32(Int32.max) : 0
        return constraint
      })
    spec.ask(
      (0..<BERTH_MAX_AFFINITY_TERMS).map { index in
        var term = host.term(of: BERTH_POD_ANTI_AFFINITY_PREFERRED)
        term.weight = 1 + index
        return term
      })
    let podClass = intern(host, spec)
    #expect(place(host, podClass).outcome == UInt32(BERTH_NO_FIT), "so many domains there are not")
    #expect(berth_engine_validate(host.engine) == ok)
  }

  @Test func listsMayHaveTenThousandEntries() {
    let host = Host(hasConstraints: true)
    let names = (0..<10_000).map { c("name-\($0)") }
    var spec = host.webSpec()
    spec.labels = list(names.map { berth_label(key: $0, value: c("x")) })
    spec.label_count = 10_000
    spec.images = list(names.map { Optional($0) })
    spec.image_count = 10_000
    spec.hold((10_001...20_000).map { host.port($0) })
    var term = host.term(of: BERTH_POD_ANTI_AFFINITY_REQUIRED)
    term.namespaces = list(names.map { Optional($0) })
    term.namespace_count = 10_000
    term.match_label_keys = term.namespaces
    term.match_label_key_count = 10_000
    term.mismatch_label_keys = term.namespaces
    term.mismatch_label_key_count = 10_000
    spec.ask([term])
    let podClass = intern(host, spec)
    for _ in 0..<6 { #expect(place(host, podClass, dryRun: false).outcome == UInt32(BERTH_PLACED)) }
    #expect(place(host, podClass).outcome == UInt32(BERTH_NO_FIT), "every node's ports are taken")
    #expect(berth_engine_validate(host.engine) == ok)
  }

  /// Kubernetes' sum of 10,000 images of 2^50 bytes leaves 64 bits; it counts up to the most that scores anyway.
  @Test func sumsOfImagesStayInRange() {
    let host = Host()
    var images: berth_image_set_id = 0
    let image = berth_image(name: c("huge:1"), size_bytes: Int64(BERTH_MAX_QUANTITY))
    host.must(berth_image_set_intern(host.engine, [image], 1, &images))
    var rows = [berth_node](repeating: host.row(), count: host.nodes.count)
    for index in rows.indices { rows[index].images = images }
    var batch = host.batch(rows)
    host.must(berth_nodes_update(host.engine, host.nodes, &batch))
    var profile: berth_profile_id = 0
    let terms = [host.term(Int(BERTH_TERM_IMAGE_LOCALITY))]
    host.must(berth_profile_add(host.engine, "images", terms, 1, &profile))
    var spec = host.spec()
    spec.profile = profile
    spec.images = list([UnsafePointer<CChar>?](repeating: c("huge:1"), count: 10_000))
    spec.image_count = 10_000
    #expect(place(host, intern(host, spec)).score == 100)
  }

  @Test func classesComeTogetherOrNotAtAll() {
    let host = Host(hasConstraints: true)
    var web = host.webSpec()
    web.ask([host.term(of: BERTH_POD_AFFINITY_REQUIRED)])
    let specs = [host.spec(cpu: 111), web, host.spec(cpu: 111), host.spec()]
    var ids = [berth_class_id](repeating: .max, count: 4)
    host.must(berth_classes_intern(host.engine, specs, 4, &ids))
    #expect(ids == [ids[0], ids[0] + 1, ids[0], host.classes[0]])
    #expect(intern(host, web) == ids[1])

    let before = host.digest()
    var refused = [berth_class_id](repeating: .max, count: 2)
    var wrong = host.spec(cpu: 112)
    wrong.flags = 2
    let status = berth_classes_intern(host.engine, [host.spec(cpu: 113), wrong], 2, &refused)
    #expect(status == berth_status(BERTH_BAD_ARGUMENT))
    #expect(refused == [.max, .max])
    #expect(host.digest() == before)
    #expect(intern(host, host.spec(cpu: 114)) == ids[1] + 1, "the next id is still free")
    host.must(berth_classes_intern(host.engine, nil, 0, nil))
  }

  @Test func aPodThatIsTerminatingStaysSo() {
    let host = Host(hasConstraints: true)
    host.must(berth_events_enable(host.engine, 64))
    var state = berth_pod_state()
    host.must(berth_pods_read(host.engine, [host.bound], 1, &state))
    #expect(state.flags == 0)
    for _ in 0..<2 { host.must(berth_pods_terminate(host.engine, [host.bound], 1)) }
    host.must(berth_pods_read(host.engine, [host.bound], 1, &state))
    #expect(state.flags == UInt16(BERTH_POD_TERMINATING))
    #expect(state.state == UInt16(BERTH_POD_BOUND))
    var events = [berth_event](repeating: berth_event(), count: 8)
    var count = 0
    var cursor: UInt64 = 0
    host.must(berth_events_read(host.engine, 0, 8, &events, &count, &cursor))
    #expect(events.prefix(count).map(\.kind) == [UInt32(BERTH_EVENT_POD_TERMINATING)], "the second time says nothing")
    host.must(berth_pods_release(host.engine, [host.bound], 1))
    #expect(berth_pods_terminate(host.engine, [host.bound], 1) == berth_status(BERTH_STALE_ID))
  }

  @Test func messagesFitIntoAnyBuffer() {
    let host = Host()
    let podClass = intern(host, host.spec(cpu: 1_000_000))
    var length = 0
    host.must(berth_class_message(host.engine, podClass, nil, 0, &length))
    let whole = "0/6 nodes are available: 6 Insufficient cpu."
    #expect(length == whole.utf8.count)
    for room in 1...length + 2 {
      var text = [CChar](repeating: 1, count: room + 1)
      host.must(berth_class_message(host.engine, podClass, &text, room, nil))
      let kept = min(room - 1, whole.utf8.count)
      #expect(text.prefix(kept).map { UInt8(bitPattern: $0) } == Array(whole.utf8.prefix(kept)))
      #expect(text[kept] == 0)
      #expect(text[room] == 1, "written beyond the buffer")
    }
  }

  @Test func verdictsNameWhatLacks() {
    let host = Host(hasConstraints: true)
    var spec = host.spec(cpu: 1_000_000)
    spec.requests = list([
      berth_quantity(resource: host.gpu, reserved: 0, value: 1),
      berth_quantity(resource: host.counted, reserved: 0, value: Int64(BERTH_MAX_QUANTITY)),
      berth_quantity(resource: host.cpu, reserved: 0, value: 8500),
    ])
    spec.request_count = 3
    let most = Int(BERTH_MAX_RESOURCES_PER_POD)
    var verdicts = [berth_verdict](repeating: berth_verdict(), count: 2)
    var lacking = [berth_resource_id](repeating: 99, count: 2 * most)
    let podClass = intern(host, spec)
    host.must(berth_class_check(host.engine, podClass, host.nodes, 2, &verdicts, &lacking))
    #expect(verdicts.allSatisfy { $0.reason == UInt32(BERTH_REASON_INSUFFICIENT_RESOURCE) && $0.reserved == 0 })
    #expect(verdicts.allSatisfy { $0.flags == UInt32(BERTH_VERDICT_UNRESOLVABLE) })
    #expect(verdicts[0].lacking_count == 2)
    #expect(lacking.prefix(2) == [host.cpu, host.gpu])
    // what counts lacks nowhere, and places beyond are left alone
    #expect(lacking[2] == 99)
    host.must(berth_class_check(host.engine, podClass, host.nodes, 2, &verdicts, nil))
    host.must(berth_class_check(host.engine, podClass, nil, 0, nil, nil))
  }

  @Test func reasonsHaveWords() {
    for reason in UInt32(1)...13 { #expect(!String(cString: berth_reason_text(reason)).isEmpty, "reason \(reason)") }
    for none in [UInt32(0), 14, 1 << 31, .max] { #expect(String(cString: berth_reason_text(none)).isEmpty) }
  }

  @Test func resourcesThatCountAreLimited() {
    var engine: OpaquePointer?
    #expect(berth_engine_create(nil, &engine) == ok)
    defer { _ = berth_engine_destroy(engine) }
    var id: berth_resource_id = 0
    for i in 0..<BERTH_MAX_RESOURCES_PER_NODE {
      let kind = UInt32(i % 2 == 0 ? BERTH_RESOURCE_COUNTED : BERTH_RESOURCE_IGNORED)
      #expect(berth_resource_add(engine, "counted \(i)", kind, &id) == ok)
    }
    let status = berth_resource_add(engine, "too much", UInt32(BERTH_RESOURCE_COUNTED), &id)
    #expect(status == berth_status(BERTH_LIMIT))
    #expect(lastError(engine).contains("\(BERTH_MAX_RESOURCES_PER_NODE)"))
    // every node has all of them, so there is no room for another
    #expect(berth_resource_add(engine, "cpu", UInt32(BERTH_RESOURCE_CPU), &id) == ok)
    var batch = berth_node_batch()
    berth_node_batch_init(&batch)
    batch.count = 1
    batch.nodes = list([berth_node()])
    var node: berth_node_id = 0
    #expect(berth_nodes_add(engine, &batch, &node) == ok)
    batch.resource_count = 1
    batch.resources = list([id])
    batch.allocatable = list([1])
    #expect(berth_nodes_add(engine, &batch, &node) == berth_status(BERTH_LIMIT))
    #expect(berth_engine_validate(engine) == ok)
  }
}
