import CBerth
import Testing

@testable import Berth

@Suite struct QueueRefusals {
  @Test(arguments: pointers + options + queues + pods)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  /// A correct call about one gang and one pod; cases spoil one thing of it.
  private struct Pass {
    var options = berth_queue_options()
    var gang = berth_gang()
    var role = berth_gang_role()
    var waiting = berth_waiting_gang()
    var running: [berth_running_pod] = []
    var capacity: UInt = 2

    init(_ host: Host) {
      berth_queue_options_init(&options)
      berth_gang_init(&gang)
      role.pod_class = host.classes[0]
      role.min_members = 1
      role.max_members = 2
      gang.role_count = 1
      waiting.run_ms = 10
      running = [berth_running_pod(pod: host.bound, end_ms: 5)]
    }

    func call(_ host: Host) -> berth_status {
      var (options, gang, waiting) = (options, gang, waiting)
      if gang.role_count > 0 { gang.roles = UnsafePointer(list([role])) }
      waiting.gang = UnsafePointer(list([gang]))
      return berth_gangs_schedule(
        host.engine, &options, [waiting], 1, running, running.count, Int(capacity),
        host.out(berth_placement.self, at: 1024), nil, host.out(berth_queue_result.self))
    }
  }

  private static func refusal(
    _ name: String, _ status: Int, _ word: String, _ spoil: @escaping @Sendable (inout Pass, Host) -> Void
  ) -> Refusal {
    Refusal("schedule: \(name)", status, word) { host in
      var pass = Pass(host)
      spoil(&pass, host)
      return pass.call(host)
    }
  }

  static let pointers: [Refusal] = [
    Refusal("schedule: null options", BERTH_NULL_POINTER, "options") {
      berth_gangs_schedule($0.engine, nil, nil, 0, nil, 0, 0, nil, nil, nil)
    },
    Refusal("schedule: null queue", BERTH_NULL_POINTER, "waiting") { host in
      var options = Pass(host).options
      return berth_gangs_schedule(
        host.engine, &options, nil, 1, nil, 0, 0, nil, nil, host.out(berth_queue_result.self))
    },
    Refusal("schedule: null pods", BERTH_NULL_POINTER, "running") { host in
      var options = Pass(host).options
      return berth_gangs_schedule(host.engine, &options, nil, 0, nil, 1, 0, nil, nil, nil)
    },
    Refusal("schedule: null results", BERTH_NULL_POINTER, "results_out") { host in
      var options = Pass(host).options
      return berth_gangs_schedule(host.engine, &options, [berth_waiting_gang()], 1, nil, 0, 0, nil, nil, nil)
    },
    Refusal("schedule: too many gangs", BERTH_LIMIT, "waiting") { host in
      var options = Pass(host).options
      return berth_gangs_schedule(
        host.engine, &options, [berth_waiting_gang()], Int(BERTH_MAX_GANGS) + 1, nil, 0, 0, nil, nil,
        host.out(berth_queue_result.self))
    },
    Refusal("schedule: no gang in an entry", BERTH_NULL_POINTER, "waiting gang 0: gang") { host in
      var options = Pass(host).options
      return berth_gangs_schedule(
        host.engine, &options, [berth_waiting_gang()], 1, nil, 0, 0, nil, nil, host.out(berth_queue_result.self))
    },
  ]

  static let options: [Refusal] = [
    refusal("options of another size", BERTH_BAD_STRUCT, "berth_queue_options_init") { pass, _ in
      pass.options.struct_size += 8
    },
    refusal("reserved is not 0", BERTH_BAD_STRUCT, "reserved") { pass, _ in pass.options.reserved = 1 },
    refusal("no way of backfilling", BERTH_BAD_ARGUMENT, "backfill 0") { pass, _ in pass.options.backfill = 0 },
    refusal("an unknown way of backfilling", BERTH_BAD_ARGUMENT, "backfill 4") { pass, _ in pass.options.backfill = 4 },
    refusal("negative aging", BERTH_BAD_ARGUMENT, "aging_ms -1") { pass, _ in pass.options.aging_ms = -1 },
    refusal("nobody is protected", BERTH_BAD_ARGUMENT, "reservations 0") { pass, _ in pass.options.reservations = 0 },
    refusal("too many are protected", BERTH_BAD_ARGUMENT, "reservations 65") { pass, _ in
      pass.options.reservations = UInt32(BERTH_MAX_QUEUE_RESERVATIONS) + 1
    },
  ]

  static let queues: [Refusal] = [
    refusal("submitted before time began", BERTH_BAD_ARGUMENT, "submit_ms -1") { pass, _ in
      pass.waiting.submit_ms = -1
    },
    refusal("submitted in the future", BERTH_BAD_ARGUMENT, "future") { pass, _ in pass.waiting.submit_ms = 1 },
    refusal("runs for no time", BERTH_BAD_ARGUMENT, "run_ms 0") { pass, _ in pass.waiting.run_ms = 0 },
    refusal("a negative timeout", BERTH_BAD_ARGUMENT, "timeout_ms -5") { pass, _ in pass.waiting.timeout_ms = -5 },
    refusal("unknown flags", BERTH_BAD_ARGUMENT, "waiting gang 0: flags") { pass, _ in pass.waiting.flags = 1 },
    refusal("a gang that is wrong", BERTH_BAD_ARGUMENT, "waiting gang 0: role_count") { pass, _ in
      pass.gang.role_count = 0
    },
    refusal("a gang that needs nobody", BERTH_BAD_ARGUMENT, "min_members") { pass, _ in pass.role.min_members = 0 },
    refusal("too little room", BERTH_BAD_ARGUMENT, "capacity 1") { pass, _ in pass.capacity = 1 },
    refusal("a member that is told to end", BERTH_BAD_ARGUMENT, "running member 0") { pass, host in
      pass.role.pod_class = host.classes[2]
      pass.gang.running = UnsafePointer(
        list([berth_gang_member(pod: host.bound, role: 0, reserved: 0)]))
      pass.gang.running_count = 1
    },
  ]

  static let pods: [Refusal] = [
    refusal("a pod twice", BERTH_DUPLICATE, "running pods: entry 1") { pass, _ in pass.running += pass.running },
    refusal("a pod that has gone", BERTH_STALE_ID, "running pods: entry 0") { pass, host in
      pass.running = [berth_running_pod(pod: host.gonePod, end_ms: 5)]
    },
    refusal("a pod that never was", BERTH_UNKNOWN_ID, "running pods: entry 0") { pass, _ in
      pass.running = [berth_running_pod(pod: 1_000_000, end_ms: 5)]
    },
    refusal("a negative end", BERTH_BAD_ARGUMENT, "running pod 0: end_ms -1") { pass, _ in
      pass.running[0].end_ms = -1
    },
  ]
}
