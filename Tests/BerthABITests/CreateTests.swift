import CBerth
import Testing

@testable import Berth

@Suite struct CreateTests {
  struct BadOptions: Sendable, CustomTestStringConvertible {
    let name: String
    let status: Int
    let word: String
    let spoil: @Sendable (inout berth_engine_options) -> Void
    var testDescription: String { name }
  }

  static func levels(_ keys: [UnsafePointer<CChar>?]) -> @Sendable (inout berth_engine_options) -> Void {
    nonisolated(unsafe) let array = list(keys)
    let count = UInt32(keys.count)
    return {
      $0.level_keys = array
      $0.level_count = count
    }
  }

  static let bad: [BadOptions] =
    [
      BadOptions(name: "no size", status: BERTH_BAD_STRUCT, word: "struct_size") { $0.struct_size = 0 },
      BadOptions(name: "older size", status: BERTH_BAD_STRUCT, word: "struct_size") { $0.struct_size -= 8 },
      BadOptions(name: "reserved", status: BERTH_BAD_STRUCT, word: "reserved") { $0.reserved = 1 },
      BadOptions(name: "allocator", status: BERTH_BAD_ARGUMENT, word: "allocator") { $0.allocator = 3 },
      BadOptions(name: "CPU level", status: BERTH_BAD_ARGUMENT, word: "CPU level") { $0.cpu_level = 5 },
      BadOptions(name: "tie rule", status: BERTH_BAD_ARGUMENT, word: "tie rule") { $0.tie_rule = 2 },
      BadOptions(name: "null level keys", status: BERTH_NULL_POINTER, word: "level_keys") { $0.level_count = 1 },
      BadOptions(name: "null level key", status: BERTH_NULL_POINTER, word: "level key 1") {
        levels([c("zone"), nil])(&$0)
      },
      BadOptions(name: "level twice", status: BERTH_DUPLICATE, word: "zone") { levels([c("zone"), c("zone")])(&$0) },
      BadOptions(name: "too many levels", status: BERTH_LIMIT, word: "level") {
        levels((0..<9).map { c("level-\($0)") })(&$0)
      },
    ]
    + badTexts.indices.map { i in
      BadOptions(name: "level key \(badTexts[i].what)", status: BERTH_BAD_TEXT, word: "level key 1") {
        levels([c("zone"), badTexts[i].text])(&$0)
      }
    }

  @Test(arguments: bad) func badOptionsAreRefused(_ bad: BadOptions) {
    var options = berth_engine_options()
    berth_engine_options_init(&options)
    bad.spoil(&options)
    let poison = OpaquePointer(bitPattern: 0xA5A5)
    var engine = poison
    let status = berth_engine_create(&options, &engine)
    #expect(status == berth_status(bad.status), "\(statusName(status)): \(lastError(nil))")
    #expect(lastError(nil).contains(bad.word), "\(lastError(nil))")
    #expect(engine == poison)
  }

  @Test func nullResultIsRefused() {
    #expect(berth_engine_create(nil, nil) == berth_status(BERTH_NULL_POINTER))
    #expect(lastError(nil).contains("engine_out"))
  }

  @Test func nullOptionsAreTheDefaults() {
    var engine: OpaquePointer?
    #expect(berth_engine_create(nil, &engine) == ok)
    var domain: berth_domain_id = 5
    #expect(berth_domain_add(engine, 0, "zone", &domain) == berth_status(BERTH_BAD_ARGUMENT), "no levels by default")
    #expect(domain == 5)
    #expect(berth_engine_destroy(engine) == ok)
  }

  @Test func initialisersFillInTheSizeAndTakeNull() {
    var options = berth_engine_options()
    options.tie_rule = 9
    berth_engine_options_init(&options)
    #expect(options.struct_size == UInt32(MemoryLayout<berth_engine_options>.size))
    #expect(options.tie_rule == 0)
    berth_engine_options_init(nil)
    berth_node_batch_init(nil)
    berth_pod_spec_init(nil)
  }

  @Test func everyStatusHasItsName() {
    #expect(statusName(0) == "BERTH_OK")
    #expect(statusName(UInt32(BERTH_BAD_ENGINE)) == "BERTH_BAD_ENGINE")
    #expect(statusName(UInt32(BERTH_CORRUPT)) == "BERTH_CORRUPT")
    #expect(statusName(.max) == "BERTH_UNKNOWN_STATUS")
    #expect((0..<100).filter { statusName($0) != "BERTH_UNKNOWN_STATUS" }.count == 21)
  }

  @Test func lastErrorFitsEveryBuffer() {
    let host = Host()
    #expect(lastError(host.engine) == "")
    #expect(berth_resource_add(host.engine, c("größe-\u{1F600}"), 77, host.out(UInt32.self)) != ok)
    #expect(berth_node_find(host.engine, c("größe-\u{1F600}"), host.out(UInt64.self)) != ok)
    let whole = lastError(host.engine)
    #expect(whole.contains("größe-\u{1F600}"), "\(whole)")
    for capacity in 0...whole.utf8.count + 2 {
      var text = [CChar](repeating: 0x55, count: capacity + 1)
      var length = 0
      #expect(berth_engine_last_error(host.engine, &text, capacity, &length) == ok)
      #expect(length == whole.utf8.count)
      #expect(text[capacity] == 0x55, "written beyond the buffer")
      guard capacity > 0 else { continue }
      let end = text.firstIndex(of: 0) ?? capacity
      #expect(end < capacity, "no zero at the end")
      let read = String(validating: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      #expect(read.map { whole.hasPrefix($0) } == true, "cut inside a character at \(capacity)")
      #expect(end >= min(whole.utf8.count, capacity - 4))
    }
    #expect(berth_engine_last_error(host.engine, nil, 0, nil) == ok)
    #expect(berth_engine_last_error(host.engine, nil, 5, nil) == berth_status(BERTH_NULL_POINTER))
    #expect(berth_engine_last_error(host.engine, nil, 0, nil) == ok)
    #expect(lastError(host.engine) == whole, "reading the sentence, or a call that succeeds, does not replace it")
  }

  @Test func emptyArraysMayBeNull() {
    let host = Host()
    let before = host.state()
    var batch = berth_node_batch()
    berth_node_batch_init(&batch)
    host.must(berth_nodes_add(host.engine, &batch, nil))
    host.must(berth_nodes_update(host.engine, nil, &batch))
    host.must(berth_nodes_remove(host.engine, nil, 0))
    host.must(berth_nodes_cordon(host.engine, nil, 0, 1))
    host.must(berth_nodes_read(host.engine, nil, 0, nil, 0, nil, nil, nil))
    host.must(berth_pods_place(host.engine, nil, 0, 0, nil))
    host.must(berth_pods_bind(host.engine, nil, nil, 0, nil))
    host.must(berth_pods_confirm(host.engine, nil, 0))
    host.must(berth_pods_forget(host.engine, nil, 0))
    host.must(berth_pods_release(host.engine, nil, 0))
    host.must(berth_pods_read(host.engine, nil, 0, nil))
    var count = 9
    host.must(berth_nodes_list(host.engine, 0, 0, nil, &count))
    #expect(count == 0)
    host.must(berth_candidates_read(host.engine, host.classes[0], 0, nil, nil, &count))
    #expect(count == 0)
    #expect(berth_engine_validate(host.engine) == ok)
    #expect(host.state() == before)
    var set: UInt32 = 9
    host.must(berth_label_set_intern(host.engine, nil, 0, &set))
    #expect(set == UInt32(BERTH_EMPTY_SET))
    host.must(berth_taint_set_intern(host.engine, nil, 0, &set))
    #expect(set == UInt32(BERTH_EMPTY_SET))
  }

  @Test func hugeCapacitiesAndOffsetsMeanAllThereIs() {
    let host = Host()
    var count = 0
    var ids = [berth_node_id](repeating: 0, count: 16)
    host.must(berth_nodes_list(host.engine, 0, -1, &ids, &count))
    #expect(count == 6)
    host.must(berth_nodes_list(host.engine, -1, 16, &ids, &count))
    #expect(count == 0)
    var explanation = berth_explanation()
    explanation.struct_size = UInt32(MemoryLayout<berth_explanation>.size)
    var reasons = [berth_reason](repeating: berth_reason(), count: 32)
    host.must(berth_class_explain(host.engine, host.classes[2], &explanation, &reasons, -1))
    #expect(explanation.nodes == 6 && explanation.reason_count == 1)
  }

  /// Texts are bytes: two spellings of one accent are two names, as they are for Kubernetes.
  @Test func namesAreComparedByteByByte() {
    let host = Host()
    let spellings = [c("caf\u{E9}"), c("cafe\u{301}")]
    let ids = spellings.map { name in
      var id: berth_resource_id = 0
      host.must(berth_resource_add(host.engine, name, 0, &id))
      return id
    }
    #expect(ids[0] != ids[1])
    var sets: [berth_label_set_id] = [0, 0]
    for i in 0..<2 {
      host.must(berth_label_set_intern(host.engine, [berth_label(key: c("city"), value: spellings[i])], 1, &sets[i]))
    }
    #expect(sets[0] != sets[1])
    var batch = host.batch([host.row(0, labels: sets[0]), host.row(0, labels: sets[1])])
    var nodes: [berth_node_id] = [0, 0]
    host.must(berth_nodes_add(host.engine, &batch, &nodes))
    for i in 0..<2 {
      var spec = host.spec(cpu: 1)
      spec.node_selector_count = 1
      spec.node_selector = list([berth_label(key: c("city"), value: spellings[i])])
      var id: berth_class_id = 0
      host.must(berth_class_intern(host.engine, &spec, &id))
      var placement = berth_placement()
      host.must(berth_pods_place(host.engine, &id, 1, 0, &placement))
      #expect(placement.node == nodes[i])
    }
  }
}
