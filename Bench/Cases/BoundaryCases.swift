import BerthSimulation
import CBerth

extension BenchCase {
  static let boundaryCases: [BenchCase] = [
    BenchCase(name: "boundary.place", allocates: false) { size, cpuLevel in try BoundaryRun(size, cpuLevel) }
  ]
}

/// A refused call of the C interface, with the engine's sentence.
struct BoundaryError: Error, CustomStringConvertible {
  let description: String
}

/// One pod a call through the C functions, on one node: what is left is the price of crossing.
final class BoundaryRun: BenchRun {
  private let engine: OpaquePointer
  private var podClass: berth_class_id = 0
  private var last = berth_placement()
  let operations: Int

  init(_ size: CaseSize, _ cpuLevel: CPULevel) throws {
    operations = size == .small ? 256 : 100_000
    var options = berth_engine_options()
    berth_engine_options_init(&options)
    options.allocator = UInt32(BERTH_ALLOCATOR_MMAP)
    options.cpu_level = cpuLevel.code
    var made: OpaquePointer?
    try Self.check(berth_engine_create(&options, &made), nil)
    guard let made else { throw BoundaryError(description: "berth_engine_create gave BERTH_OK and no engine") }
    engine = made
    try build()
  }

  deinit { _ = berth_engine_destroy(engine) }

  private func build() throws {
    var cpu: berth_resource_id = 0
    try check(berth_resource_add(engine, "cpu", UInt32(BERTH_RESOURCE_CPU), &cpu))
    var node = berth_node()
    var allocatable: Int64 = 1 << 40
    var id: berth_node_id = 0
    var batch = berth_node_batch()
    berth_node_batch_init(&batch)
    batch.resource_count = 1
    batch.count = 1
    try withUnsafePointer(to: &node) { node in
      try withUnsafePointer(to: &cpu) { cpu in
        try withUnsafePointer(to: &allocatable) { allocatable in
          batch.nodes = node
          batch.resources = cpu
          batch.allocatable = allocatable
          try check(berth_nodes_add(engine, &batch, &id))
        }
      }
    }
    var term = berth_term()
    term.kind = UInt32(BERTH_TERM_BINPACK)
    term.weight = 1
    var spec = berth_pod_spec()
    berth_pod_spec_init(&spec)
    try check(berth_profile_add(engine, "binpack", &term, 1, &spec.profile))
    var request = berth_quantity(resource: cpu, reserved: 0, value: 1000)
    try withUnsafePointer(to: &request) { request in
      spec.request_count = 1
      spec.requests = request
      try check(berth_class_intern(engine, &spec, &podClass))
    }
  }

  func step() throws {
    for _ in 0..<operations {
      try check(berth_pods_place(engine, &podClass, 1, 0, &last))
      try check(berth_pods_release(engine, &last.pod, 1))
    }
  }

  /// Each pod has left again within the step.
  func reset() throws {}

  var checksum: Checksum { Checksum(of: [last]) }

  func info() throws -> berth_engine_info {
    var info = berth_engine_info()
    info.struct_size = UInt32(MemoryLayout<berth_engine_info>.size)
    try check(berth_engine_read_info(engine, &info))
    return info
  }

  private func check(_ status: berth_status) throws { try Self.check(status, engine) }

  private static func check(_ status: berth_status, _ engine: OpaquePointer?) throws {
    guard status != berth_status(BERTH_OK) else { return }
    var text = [CChar](repeating: 0, count: 512)
    _ = berth_engine_last_error(engine, &text, text.count, nil)
    let sentence = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw BoundaryError(description: "\(String(cString: berth_status_name(status))): \(sentence)")
  }
}
