import CBerth

// berth_nodes_add, berth_nodes_update, berth_nodes_remove, berth_nodes_cordon

struct NodesAdd: Call {
  static let kind = CallKind.nodesAdd
  let batch: berth_node_batch
  private(set) var ids: UnsafeMutablePointer<berth_node_id>

  var results: UnsafeMutableRawBufferPointer {
    get { UnsafeMutableRawBufferPointer(start: ids, count: batch.count * MemoryLayout<berth_node_id>.stride) }
    set { ids = newValue.baseAddress.unsafelyUnwrapped.bindMemory(to: berth_node_id.self, capacity: batch.count) }
  }

  init(batch: berth_node_batch, ids: UnsafeMutablePointer<berth_node_id>) {
    self.batch = batch
    self.ids = ids
  }

  func apply(to engine: Engine) throws(EngineError) { try engine.applyAddNodes(batch, ids: ids) }

  func write(to record: inout RecordWriter) { record.put(batch) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let batch = try scratch.batch(&record)
    return Self(batch: batch, ids: scratch.allocate(berth_node_id.self, batch.count))
  }

  func write(_ answer: Void, to record: inout RecordWriter) {
    record.putSum(UnsafeBufferPointer(start: ids, count: batch.count))
  }
}

struct NodesUpdate: Call {
  static let kind = CallKind.nodesUpdate
  let ids: UnsafePointer<berth_node_id>
  let batch: berth_node_batch

  func apply(to engine: Engine) throws(EngineError) { try engine.applyUpdateNodes(ids, batch) }

  func write(to record: inout RecordWriter) {
    record.put(batch)
    record.putAll(UnsafeBufferPointer(start: ids, count: batch.count))
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let batch = try scratch.batch(&record)
    return Self(ids: try scratch.values(&record, batch.count), batch: batch)
  }
}

struct NodesRemove: Call {
  static let kind = CallKind.nodesRemove
  let ids: UnsafeBufferPointer<berth_node_id>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyRemoveNodes(ids) }

  func write(to record: inout RecordWriter) { record.put(ids) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(ids: try scratch.array(&record, "nodes"))
  }
}

struct NodesCordon: Call {
  static let kind = CallKind.nodesCordon
  let ids: UnsafeBufferPointer<berth_node_id>
  let cordoned: Bool

  func apply(to engine: Engine) throws(EngineError) { try engine.applyCordonNodes(ids, cordoned: cordoned) }

  func write(to record: inout RecordWriter) {
    record.put(ids)
    record.put(cordoned)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(ids: try scratch.array(&record, "nodes"), cordoned: try record.takeFlag("cordoned"))
  }
}

extension RecordWriter {
  private static let hasRequested: UInt8 = 1
  private static let hasNames: UInt8 = 2

  mutating func put(_ batch: berth_node_batch) {
    let cells = batch.count * Int(batch.resource_count)
    put((batch.requested != nil ? Self.hasRequested : 0) | (batch.names != nil ? Self.hasNames : 0))
    put(UnsafeBufferPointer(start: batch.resources, count: Int(batch.resource_count)))
    put(UInt64(batch.count))
    reserve(batch.count * CallScratch.nodeBytes)
    for node in UnsafeBufferPointer(start: batch.nodes, count: batch.count) {
      putReserved(node.domain)
      putReserved(node.labels)
      putReserved(node.taints)
      putReserved(node.flags)
      putReserved(node.tie_key)
      putReserved(node.images)
      putReserved(node.price)
    }
    putAll(UnsafeBufferPointer(start: batch.allocatable, count: cells))
    if batch.requested != nil { putAll(UnsafeBufferPointer(start: batch.requested, count: cells)) }
    if let names = batch.names {
      for index in 0..<batch.count { put(names[index]) }
    }
  }

  /// What tells these results from all others, in 8 bytes.
  mutating func putSum<T: FixedWidthInteger & BitwiseCopyable>(_ values: UnsafeBufferPointer<T>) {
    let start = count
    putAll(values)
    putSum(from: start)
  }

  /// Replaces what was written since `start` by its sum.
  mutating func putSum(from start: Int) {
    let sum = XXHash64.hash(UnsafeRawBufferPointer(rebasing: bytes[start...]), seed: 0)
    cut(to: start)
    put(sum)
  }
}

extension CallScratch {
  /// A node of a batch without its quantities.
  fileprivate static let nodeBytes = 32

  func batch(_ record: inout RecordReader) throws(EngineError) -> berth_node_batch {
    let parts = try record.take(UInt8(0)...3, "what a batch has")
    let resources: UnsafeBufferPointer<berth_resource_id> = try array(&record, "resources")
    guard resources.count <= Int(BERTH_MAX_RESOURCES) else { throw record.bad("\(resources.count) resource columns") }
    let nodes = try list(&record, bytes: Self.nodeBytes, "nodes") { record throws(EngineError) in
      try record.need(Self.nodeBytes)
      return berth_node(
        domain: record.takeAhead(), labels: record.takeAhead(), taints: record.takeAhead(), flags: record.takeAhead(),
        tie_key: record.takeAhead(), images: record.takeAhead(), price: record.takeAhead())
    }
    let cells = nodes.count * resources.count
    var batch = berth_node_batch()
    batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
    batch.resource_count = UInt32(resources.count)
    batch.count = nodes.count
    batch.nodes = nodes.baseAddress
    batch.resources = resources.baseAddress
    batch.allocatable = UnsafePointer(try values(&record, cells) as UnsafeMutablePointer<Int64>)
    if parts & 1 != 0 { batch.requested = UnsafePointer(try values(&record, cells) as UnsafeMutablePointer<Int64>) }
    if parts & 2 != 0 {
      let names = allocate(UnsafePointer<CChar>?.self, nodes.count)
      for index in 0..<nodes.count { (names + index).initialize(to: try text(&record)) }
      batch.names = UnsafePointer(names)
    }
    return batch
  }
}
