import CBerth
import Foundation
import Testing

@testable import Berth

@Suite struct HandleTests {
  /// One call of every function that takes an engine, with arguments that are good otherwise.
  typealias Call = (String, (OpaquePointer?) -> berth_status)

  static func calls(_ host: Host) -> [Call] {
    let spec = list([host.spec()])
    let batch = list([host.batch([host.row()])])
    return [
      ("destroy", { berth_engine_destroy($0) }),
      (
        "read_info",
        { berth_engine_read_info($0, host.sized(berth_engine_info.self, MemoryLayout<berth_engine_info>.size)) }
      ),
      ("set_path", { berth_engine_set_path($0, 0) }),
      ("validate", { berth_engine_validate($0) }),
      ("fork", { berth_engine_fork($0, host.out(OpaquePointer?.self)) }),
      ("statement_begin", { berth_statement_begin($0, host.out(berth_statement_id.self)) }),
      ("statement_checkpoint", { berth_statement_checkpoint($0, host.out(berth_checkpoint_id.self)) }),
      ("statement_rollback", { berth_statement_rollback($0, 1) }),
      ("statement_commit", { berth_statement_commit($0, 1) }),
      ("statement_discard", { berth_statement_discard($0, 1) }),
      ("set_rerank", { berth_engine_set_rerank($0, nil) }),
      ("snapshot_write", { berth_snapshot_write($0, "/nowhere/snapshot") }),
      ("digest", { berth_engine_digest($0, host.out(UInt64.self)) }),
      ("journal_open", { berth_journal_open($0, "/nowhere/journal", nil) }),
      ("journal_sync", { berth_journal_sync($0) }),
      ("journal_close", { berth_journal_close($0) }),
      ("set_time", { berth_engine_set_time($0, 1) }),
      ("read_time", { berth_engine_read_time($0, host.out(Int64.self)) }),
      ("resource_add", { berth_resource_add($0, "disk", 0, host.out(berth_resource_id.self)) }),
      ("domain_add", { berth_domain_add($0, 0, "c", host.out(berth_domain_id.self)) }),
      ("label_set_intern", { berth_label_set_intern($0, nil, 0, host.out(berth_label_set_id.self)) }),
      ("taint_set_intern", { berth_taint_set_intern($0, nil, 0, host.out(berth_taint_set_id.self)) }),
      ("image_set_intern", { berth_image_set_intern($0, nil, 0, host.out(berth_image_set_id.self)) }),
      ("namespace_set", { berth_namespace_set($0, "team-a", nil, 0) }),
      ("namespace_remove", { berth_namespace_remove($0, "team-a") }),
      ("selector_intern", { berth_selector_intern($0, nil, 0, host.out(berth_selector_id.self)) }),
      ("nodes_add", { berth_nodes_add($0, batch, host.out(berth_node_id.self)) }),
      ("nodes_update", { berth_nodes_update($0, host.nodes, batch) }),
      ("nodes_remove", { berth_nodes_remove($0, host.nodes, 1) }),
      ("nodes_cordon", { berth_nodes_cordon($0, host.nodes, 1, 1) }),
      ("node_find", { berth_node_find($0, "n0", host.out(berth_node_id.self)) }),
      ("nodes_read", { berth_nodes_read($0, host.nodes, 1, nil, 0, host.out(berth_node_state.self), nil, nil) }),
      ("nodes_list", { berth_nodes_list($0, 0, 1, host.out(berth_node_id.self), host.out(Int.self, at: 1024)) }),
      ("profile_add", { berth_profile_add($0, "new", [host.term(1)], 1, host.out(berth_profile_id.self)) }),
      ("class_intern", { berth_class_intern($0, spec, host.out(berth_class_id.self)) }),
      ("classes_intern", { berth_classes_intern($0, spec, 1, host.out(berth_class_id.self)) }),
      ("pods_place", { berth_pods_place($0, host.classes, 1, 0, host.out(berth_placement.self)) }),
      ("pods_bind", { berth_pods_bind($0, host.classes, host.nodes, 1, host.out(berth_pod_id.self)) }),
      ("pods_confirm", { berth_pods_confirm($0, [host.assumed], 1) }),
      ("pods_forget", { berth_pods_forget($0, [host.assumed], 1) }),
      ("pods_release", { berth_pods_release($0, [host.assumed], 1) }),
      ("pods_terminate", { berth_pods_terminate($0, [host.bound], 1) }),
      ("pods_read", { berth_pods_read($0, [host.assumed], 1, host.out(berth_pod_state.self)) }),
      (
        "candidates_read",
        {
          berth_candidates_read(
            $0, host.classes[0], 1, host.out(berth_candidate.self), nil, host.out(Int.self, at: 1024))
        }
      ),
      (
        "class_explain",
        {
          berth_class_explain(
            $0, host.classes[0], host.sized(berth_explanation.self, MemoryLayout<berth_explanation>.size), nil, 0)
        }
      ),
      (
        "class_check",
        { berth_class_check($0, host.classes[0], host.nodes, 1, host.out(berth_verdict.self), nil) }
      ),
      (
        "class_message",
        { berth_class_message($0, host.classes[0], host.out(CChar.self), 100, host.out(Int.self, at: 1024)) }
      ),
      ("events_enable", { berth_events_enable($0, 64) }),
      (
        "events_read",
        {
          berth_events_read(
            $0, 0, 1, host.out(berth_event.self), host.out(Int.self, at: 1024), host.out(UInt64.self, at: 2048))
        }
      ),
      ("metrics_read", { berth_metrics_read($0, host.sized(berth_metrics.self, MemoryLayout<berth_metrics>.size)) }),
      (
        "histogram_read",
        { berth_histogram_read($0, 0, host.sized(berth_histogram.self, MemoryLayout<berth_histogram>.size)) }
      ),
      ("metrics_text", { berth_metrics_text($0, host.out(CChar.self), 100, host.out(Int.self, at: 1024)) }),
    ] + reservationCalls(host) + loadCalls(host) + gangCalls(host) + deviceCalls(host)
  }

  private static func deviceCalls(_ host: Host) -> [Call] {
    let gpu = berth_gpu(model: c("T4"), memory_mib: 1, numa_node: 0, pcie_switch: 0, time_slices: 0, reserved: 0)
    var one = berth_machine()
    berth_machine_init(&one)
    (one.gpu_count, one.gpus, one.gpu_links) = (1, list([gpu]), list([0]))
    let machine = list([one])
    let id = host.out(berth_machine_id.self)
    let topology = "\tGPU0\nGPU0\tX\n"
    var plan = berth_defragment_options()
    berth_defragment_options_init(&plan)
    plan.most_moves = 1
    let defragmenting = list([plan])
    return [
      ("machine_intern", { berth_machine_intern($0, machine, id) }),
      ("machine_intern_standard", { berth_machine_intern_standard($0, "flat-1", nil, 0, id) }),
      ("machine_intern_matrix", { berth_machine_intern_matrix($0, topology, "T4", 1, id) }),
      (
        "machine_read",
        {
          berth_machine_read(
            $0, 1, host.sized(berth_machine.self, MemoryLayout<berth_machine>.size), nil, nil, nil, nil)
        }
      ),
      ("gpu_model_set", { berth_gpu_model_set($0, "T4", 1) }),
      ("nodes_set_machines", { berth_nodes_set_machines($0, host.nodes, [0], 1) }),
      ("node_set_health", { berth_node_set_health($0, host.nodes[0], 0, 0) }),
      ("node_read_devices", { berth_node_read_devices($0, host.nodes[0], id, nil, nil) }),
      ("typical_pods_set", { berth_typical_pods_set($0, nil, 0, 0) }),
      ("fragmentation_read", { berth_fragmentation_read($0, host.nodes, 1, host.out(Double.self)) }),
      ("claims_read", { berth_claims_read($0, [host.bound], 1, host.out(berth_claim.self)) }),
      ("claim_preview", { berth_claim_preview($0, host.classes[0], host.nodes[0], host.out(berth_claim.self)) }),
      (
        "pods_bind_claims",
        { berth_pods_bind_claims($0, host.classes, host.nodes, [berth_claim()], 1, host.out(berth_pod_id.self)) }
      ),
      ("claim_resize", { berth_claim_resize($0, host.bound, 1, 1) }),
      ("pods_move", { berth_pods_move($0, [host.bound], host.nodes, 1) }),
      (
        "defragment",
        {
          berth_defragment(
            $0, defragmenting, host.out(berth_migration.self, at: 1024),
            host.sized(berth_defragment_report.self, MemoryLayout<berth_defragment_report>.size))
        }
      ),
    ]
  }

  private static func reservationCalls(_ host: Host) -> [Call] {
    let owner = list([berth_reservation_owner(id: 1, kind: UInt32(BERTH_OWNER_POD), reserved: 0)])
    let identity = list([berth_pod_identity()])
    let spec = list([berth_reservation_spec()])
    return [
      ("reservations_add", { berth_reservations_add($0, spec, 1, host.out(berth_reservation_id.self)) }),
      ("reservations_remove", { berth_reservations_remove($0, [1], 1) }),
      ("reservation_resize", { berth_reservation_resize($0, 1, nil, 0) }),
      ("reservation_hand_over", { berth_reservation_hand_over($0, 1, owner) }),
      ("reservation_set_expiry", { berth_reservation_set_expiry($0, 1, 5) }),
      ("reservations_read", { berth_reservations_read($0, [1], 1, nil, 0, nil, nil, nil) }),
      (
        "reservations_list",
        { berth_reservations_list($0, 0, 1, host.out(berth_reservation_id.self), host.out(Int.self, at: 1024)) }
      ),
      ("pods_place_as", { berth_pods_place_as($0, host.classes, identity, 1, 0, host.out(berth_placement.self)) }),
      ("pods_bind_as", { berth_pods_bind_as($0, host.classes, identity, host.nodes, 1, host.out(berth_pod_id.self)) }),
      (
        "pod_reservations_read",
        {
          berth_pod_reservations_read(
            $0, host.bound, 1, host.out(berth_reservation_use.self), host.out(Int.self, at: 1024))
        }
      ),
    ]
  }

  private static func loadCalls(_ host: Host) -> [Call] {
    var fresh = berth_load_spec()
    berth_load_spec_init(&fresh)
    let spec = list([fresh])
    var empty = berth_load_batch()
    berth_load_batch_init(&empty)
    let batch = list([empty])
    return [
      ("load_resource_add", { berth_load_resource_add($0, "usage", spec, host.out(berth_resource_id.self)) }),
      ("load_update", { berth_load_update($0, batch) }),
      ("load_remove", { berth_load_remove($0, host.nodes, 1) }),
      ("load_pods_update", { berth_load_pods_update($0, [host.bound], [1], 1) }),
      ("load_read", { berth_load_read($0, host.nodes, 1, nil, 0, nil, nil) }),
    ]
  }

  private static func gangCalls(_ host: Host) -> [Call] {
    var fresh = berth_gang()
    berth_gang_init(&fresh)
    let gang = list([fresh])
    var empty = berth_queue_options()
    berth_queue_options_init(&empty)
    let options = list([empty])
    let placements = host.out(berth_placement.self)
    let result = host.out(berth_gang_result.self, at: 1024)
    return [
      ("gang_place", { berth_gang_place($0, gang, 0, 1, placements, nil, result) }),
      ("gangs_place", { berth_gangs_place($0, gang, 1, 0, 1, placements, nil, result) }),
      ("gang_shrink", { berth_gang_shrink($0, [host.bound], 1, 1, nil) }),
      ("gang_message", { berth_gang_message($0, result, nil, 0, nil) }),
      (
        "gangs_schedule",
        { berth_gangs_schedule($0, options, nil, 0, nil, 0, 1, placements, nil, host.out(berth_queue_result.self)) }
      ),
    ]
  }

  static func destroyedEngine() -> OpaquePointer? {
    var engine: OpaquePointer?
    #expect(berth_engine_create(nil, &engine) == ok)
    #expect(berth_engine_destroy(engine) == ok)
    return engine
  }

  /// Null, destroyed, of a slot never used, of a wrong tag, and real addresses.
  static func handlesThatAreNone(_ host: Host) -> [(String, OpaquePointer?)] {
    let bits = UInt(bitPattern: host.engine)
    return [
      ("null", nil),
      ("destroyed", destroyedEngine()),
      ("the next generation", OpaquePointer(bitPattern: bits + 0x1_0000)),
      ("a slot never used", OpaquePointer(bitPattern: bits | 0xFFFF)),
      ("another tag", OpaquePointer(bitPattern: bits ^ 1 << 63)),
      ("a heap address", OpaquePointer(host.results)),
      ("a small number", OpaquePointer(bitPattern: 1)),
      ("all ones", OpaquePointer(bitPattern: UInt.max)),
    ]
  }

  @Test func everyCallRefusesAHandleThatIsNone() {
    let host = Host()
    let before = host.state()
    for (what, handle) in Self.handlesThatAreNone(host) {
      for (name, call) in Self.calls(host) {
        ThreadError.set("")
        #expect(call(handle) == berth_status(BERTH_BAD_ENGINE), "\(name) of \(what)")
        #expect(lastError(nil).contains("berth_engine_create"), "\(name) of \(what)")
      }
      var length = 7
      #expect(berth_engine_last_error(handle, nil, 0, &length) == (handle == nil ? ok : berth_status(BERTH_BAD_ENGINE)))
    }
    #expect(host.resultsAreUntouched())
    #expect(host.state() == before)
  }

  /// Every function of the header that takes an engine is in the list above: a new one must be added there. (The last
  /// error is asked for beside it.)
  @Test func everyFunctionIsTried() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let header = try String(contentsOf: root.appending(path: "include/berth.h"), encoding: .utf8)
    let declared = header.matches(of: /\nberth_status berth_(?:engine_)?(\w+)\(berth_engine \*engine[,)]/).map { $0.1 }
    let tried = Set(Self.calls(Host()).map(\.0))
    #expect(declared.count > 40)
    #expect(declared.filter { !tried.contains(String($0)) } == ["last_error"])
  }

  @Test func slotsAreUsedAgainAndHandlesAreNot() {
    var seen: Set<OpaquePointer> = []
    for _ in 0..<200 {
      guard let engine = Self.destroyedEngine() else { return }
      #expect(seen.insert(engine).inserted)
    }
    let slots = Set(seen.map { UInt(bitPattern: $0) & 0xFFFF })
    #expect(slots.count < 100, "200 engines, one after the other, used \(slots.count) slots")
    for engine in seen { #expect(berth_engine_validate(engine) == berth_status(BERTH_BAD_ENGINE)) }
  }

  @Test func enginesAreIndependent() {
    let one = Host()
    let other = Host()
    let before = other.state()
    var placements = [berth_placement](repeating: berth_placement(), count: 20)
    let classes = [berth_class_id](repeating: one.classes[0], count: 20)
    #expect(berth_pods_place(one.engine, classes, 20, 0, &placements) == ok)
    #expect(berth_resource_add(one.engine, nil, 0, nil) == berth_status(BERTH_NULL_POINTER))
    #expect(lastError(other.engine) == "")
    #expect(other.state() == before)
  }
}
