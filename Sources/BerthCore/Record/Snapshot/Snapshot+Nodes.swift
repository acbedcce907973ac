import BerthMemory
import CBerth

// nodeIDs  indices u64, the generation u32 of each; free indices u64, in the order of the list
// groups   for each leaf domain, in the order of creation, its groups up to the last with nodes u32
// nodes    group by group of the same order: the lanes with nodes u64, and each node:
//            parts u8 | shape's place u16 | index u32 | tie key u32 | label set u32 | taint set u32
//            shape, where `parts` says so: price i64, resources u8, each with its capacity (u32, i64)
//            what is used of each of the shape's resources i64
//            where `parts` says so: resources used that the node lacks u8, each with what is used of it (u32, i64)
//            where `parts` says so: name
//            where `parts` says so: image set u32
//
// A shape is given in full where the writer and reader do not have it at that place of their table of the last shapes
// seen. The table's content follows from the nodes alone, so equal states have equal bytes.

private enum Part {
  static let cordoned: UInt8 = 1
  static let shape: UInt8 = 2
  static let lacking: UInt8 = 4
  static let name: UInt8 = 8
  static let images: UInt8 = 16
  static let noHostname: UInt8 = 32
  static let all: UInt8 = 63
}

private let shapePlaces = 4096

extension Engine {
  func writeNodes(_ writer: SnapshotWriter) {
    writer.section(.nodeIDs) { writer in
      writer.out.put(UInt64(cluster.nodes.indexCount))
      for index in 0..<cluster.nodes.indexCount {
        writer.out.put(cluster.nodes.generation(UInt32(index)))
        writer.pause()
      }
      cluster.nodes.visitFree {
        writer.out.put($0)
        writer.pause()
      }
    }
    let leaves = cluster.catalog.topology.leaves.count
    writer.section(.groups) {
      for leaf in 0..<leaves {
        $0.out.put(UInt32(cluster.rows.groupsInUse(domain: leaf)))
        $0.pause()
      }
    }
    writer.section(.nodes) { writer in
      var nodes = NodeWriter(cluster)
      for leaf in 0..<leaves {
        for group in 0..<cluster.rows.groupsInUse(domain: leaf) {
          var live = cluster.rows.live(domain: leaf, group: group)
          writer.out.put(live)
          let first = cluster.rows.slot(domain: leaf, group: group)
          while live != 0 {
            nodes.write(first | UInt32(live.trailingZeroBitCount), to: &writer.out)
            live &= live - 1
          }
          writer.pause()
        }
      }
    }
  }

  func restoreNodes(_ reader: SnapshotReader) throws(EngineError) {
    let (free, usedUp) = try restoreNodeIDs(reader)
    let groups = try restoreGroups(reader)
    var nodes = NodeRestorer(self, try reader.pieces(.nodes))
    for (leaf, count) in groups.enumerated() {
      for group in 0..<count { try nodes.restoreGroup(leaf: UInt32(leaf), group: group, isLast: group == count - 1) }
    }
    try nodes.finish()
    for index in free {
      guard !cluster.nodes.isLive(index) else { throw nodes.bad("node \(index) is there, and listed as free") }
      cluster.nodes.restoreFree(index)
    }
    guard cluster.nodes.count + free.count + usedUp == cluster.nodes.indexCount else {
      throw nodes.bad("of \(cluster.nodes.indexCount) indices some are neither nodes nor free")
    }
  }

  /// Returns the free indices, and how many are never used again.
  private func restoreNodeIDs(_ reader: SnapshotReader) throws(EngineError) -> (free: [UInt32], usedUp: Int) {
    var section = try reader.whole(.nodeIDs)
    let count = try section.takeCount(of: 4, "node indices")
    cluster.nodes.reserve(count)
    var usedUp = 0
    for _ in 0..<count {
      let generation = try section.take(1...UInt32.max, "a generation")
      cluster.nodes.restore(generation: generation)
      if generation == .max { usedUp += 1 }
    }
    var free: [UInt32] = []
    var seen = [Bool](repeating: false, count: count)
    while section.remaining > 0 {
      let index = try section.take(UInt32.self)
      guard Int(index) < count, !seen[Int(index)], cluster.nodes.generation(index) < .max else {
        throw section.bad("index \(index) is no free one, or is listed twice")
      }
      seen[Int(index)] = true
      free.append(index)
    }
    return (free, usedUp)
  }

  /// Makes the groups of each leaf domain, and returns how many there are.
  private func restoreGroups(_ reader: SnapshotReader) throws(EngineError) -> [UInt32] {
    var section = try reader.whole(.groups)
    var groups: [UInt32] = []
    var labels = 0
    var total = 0
    for _ in cluster.catalog.topology.leaves {
      let count = try section.take(UInt32.self)
      groups.append(count)
      labels += Int(count) + max(1, Int(count) / 4)
      guard labels <= SlotMap.maxLabels else { throw section.bad("more than \(SlotMap.maxLabels) groups of nodes") }
      // a group takes 8 bytes at least: whatever is made room for is there to be read
      total += Int(count)
      guard total <= reader.fileBytes / 8 else { throw section.bad("more groups of nodes than the file has room for") }
    }
    try section.finish()
    cluster.rows.restore(groups: groups, order: cluster.catalog.topology.order())
    return groups
  }
}

/// Writes nodes one after the other, with the table of the last shapes.
private struct NodeWriter {
  private let cluster: Cluster
  /// By place: the engine's shape that stands there, and one more; 0: none.
  private var table = [UInt32](repeating: 0, count: shapePlaces)
  /// By shape: its place; `unknown` until it is asked for.
  private var places: [UInt16]
  private static let unknown = UInt16.max

  init(_ cluster: Cluster) {
    self.cluster = cluster
    places = Array(repeating: Self.unknown, count: cluster.shapes.count)
  }

  mutating func write(_ slot: UInt32, to out: inout RecordWriter) {
    let row = cluster.rows.row(slot)
    let shape = row.shape
    let dims = Int(cluster.shapes.dims[Int(shape)])
    let capacities = cluster.shapes.capacities(shape)
    let pool = cluster.catalog.pools.pools[Int(row.pool)]
    let name = cluster.catalog.names.name(of: row.node)
    let images = cluster.catalog.images.set(of: row.node)
    let place = self.place(of: shape)
    let isKnown = table[Int(place)] != 0 && isEqual(table[Int(place)] - 1, shape)
    var lacking: UInt8 = 0
    for dim in 0..<dims where capacities[dim] == 0 && row.used[dim] != 0 { lacking += 1 }
    out.reserve(512)
    out.putReserved(
      (pool.isCordoned ? Part.cordoned : 0) | (isKnown ? 0 : Part.shape) | (lacking > 0 ? Part.lacking : 0)
        | (name != nil ? Part.name : 0) | (images != 0 ? Part.images : 0)
        | (pool.hostname == .missing ? Part.noHostname : 0))
    out.putReserved(place)
    out.putReserved(row.node)
    out.putReserved(row.tie)
    out.putReserved(pool.labels)
    out.putReserved(pool.taints)
    if !isKnown {
      table[Int(place)] = shape + 1
      define(shape, to: &out)
    }
    for dim in 0..<dims where capacities[dim] != 0 { out.putReserved(row.used[dim]) }
    if lacking > 0 {
      out.putReserved(lacking)
      for dim in 0..<dims where capacities[dim] == 0 && row.used[dim] != 0 {
        out.putReserved(cluster.shapes.resources(shape)[dim])
        out.putReserved(row.used[dim])
      }
    }
    if let name { out.put(name) }
    if images != 0 { out.put(images) }
  }

  /// Without resources of capacity 0: whether they are listed is a matter of what a node once used.
  private func define(_ shape: UInt32, to out: inout RecordWriter) {
    out.putReserved(cluster.shapes.price(shape))
    let count = out.count
    out.putReserved(UInt8(0))
    var dims: UInt8 = 0
    visit(shape) { resource, capacity in
      out.putReserved(resource)
      out.putReserved(capacity)
      dims += 1
    }
    out.set(dims, at: count)
  }

  @inline(__always)
  private func visit(_ shape: UInt32, _ body: (UInt32, Int64) -> Void) {
    let (resources, capacities) = (cluster.shapes.resources(shape), cluster.shapes.capacities(shape))
    for dim in 0..<Int(cluster.shapes.dims[Int(shape)]) where capacities[dim] != 0 {
      body(resources[dim], capacities[dim])
    }
  }

  @inline(__always)
  private mutating func place(of shape: UInt32) -> UInt16 {
    if places[Int(shape)] == Self.unknown {
      var hash = UInt64(bitPattern: cluster.shapes.price(shape)) &* 0x9E37_79B9_7F4A_7C15
      visit(shape) { resource, capacity in
        hash = (hash ^ UInt64(resource)) &* 0x9E37_79B9_7F4A_7C15
        hash = (hash ^ hash >> 32 ^ UInt64(bitPattern: capacity)) &* 0x9E37_79B9_7F4A_7C15
      }
      places[Int(shape)] = UInt16(hash >> 52)
    }
    return places[Int(shape)]
  }

  @inline(__always)
  private func isEqual(_ a: UInt32, _ b: UInt32) -> Bool { a == b || isSame(a, b) }

  private func isSame(_ a: UInt32, _ b: UInt32) -> Bool {
    var cells: [(UInt32, Int64)] = []
    visit(a) { cells.append(($0, $1)) }
    var index = 0
    var same = cluster.shapes.price(a) == cluster.shapes.price(b)
    visit(b) { resource, capacity in
      same = same && index < cells.count && cells[index] == (resource, capacity)
      index += 1
    }
    return same && index == cells.count
  }
}

/// Puts nodes back into rows, and in the end into trees.
private struct NodeRestorer: ~Copyable {
  private struct Shape {
    var list: ResourceList
    var price: Int64
    /// The engine's, once a node has it.
    var id: UInt32?
  }

  private let engine: Engine
  private let cluster: Cluster
  private var section: RecordReader
  private var table = [Shape?](repeating: nil, count: shapePlaces)
  /// By tree.
  private var slots: [[UInt32]] = []
  private var pool: (wanted: PoolTable.Pool, id: UInt16)?
  /// Every node lists them.
  private let counted: [UInt32]

  init(_ engine: Engine, _ section: consuming RecordReader) {
    self.engine = engine
    cluster = engine.cluster
    counted = engine.cluster.resources.counted
    self.section = section
    cluster.catalog.pools.beginBatch()
  }

  /// What pods may bring a resource to, and what load may withhold of it beside.
  private static let mostUsed: Int64 = 1 << 62 + Int64(BERTH_MAX_QUANTITY)

  func bad(_ what: String) -> EngineError { section.bad(what) }

  mutating func restoreGroup(leaf: UInt32, group: UInt32, isLast: Bool) throws(EngineError) {
    var live = try section.take(UInt64.self)
    guard live != 0 || !isLast else { throw bad("the last group of leaf domain \(leaf) is empty") }
    while live != 0 {
      let place = SlotMap.Place(domain: leaf, offset: group, lane: UInt32(live.trailingZeroBitCount))
      live &= live - 1
      try restoreNode(place)
    }
  }

  private mutating func restoreNode(_ place: SlotMap.Place) throws(EngineError) {
    try section.need(19)
    let parts = section.takeAhead(UInt8.self)
    let shapePlace = Int(section.takeAhead(UInt16.self))
    let node = section.takeAhead(UInt32.self)
    let tie = section.takeAhead(UInt32.self)
    let pool = PoolTable.Pool(
      labels: section.takeAhead(), taints: section.takeAhead(), isCordoned: parts & Part.cordoned != 0,
      hostname: parts & Part.noHostname != 0 ? .missing : parts & Part.name != 0 ? .name : .nameless,
      zone: cluster.catalog.topology.ancestor(ofLeaf: place.domain, level: PoolTable.pooledLevels))
    guard parts <= Part.all, shapePlace < shapePlaces else { throw bad("parts \(parts) or shape \(shapePlace)") }
    guard Int(node) < cluster.nodes.indexCount, !cluster.nodes.isLive(node), cluster.nodes.generation(node) < .max
    else { throw bad("node \(node) is none that could be there, or is there twice") }
    guard cluster.nodes.count < Int(BERTH_MAX_NODES) else { throw bad("more than \(BERTH_MAX_NODES) nodes") }
    let poolID = try self.poolID(pool)
    if parts & Part.shape != 0 { table[shapePlace] = try readShape() }
    guard let shape = table[shapePlace] else { throw bad("shape \(shapePlace) was not given yet") }
    let isLacking = parts & Part.lacking != 0
    let slot =
      isLacking || counted.contains { !shape.list.resources.contains($0) }
      ? try putLacking(place, shape, isLacking) : try put(place, shape, at: shapePlace)
    let row = cluster.rows.mutableRow(slot)
    row.node = node
    row.generation = cluster.nodes.generation(node)
    row.tie = tie
    row.pool = poolID
    cluster.catalog.pools.join(poolID)
    cluster.nodes.restore(node, slot: slot)
    cluster.log.append(slot)
    let tree = Int(cluster.shapes.trees[Int(row.shape)])
    while slots.count <= tree { slots.append([]) }
    slots[tree].append(slot)
    if parts & Part.name != 0 { try restoreName(node) }
    let images = parts & Part.images != 0 ? try section.take(UInt32.self) : 0
    guard Int(images) < cluster.catalog.images.sets.count else { throw bad("image set \(images) is unknown") }
    cluster.catalog.images.join(node, images)
  }

  /// A node that uses nothing it lacks.
  private mutating func put(_ place: SlotMap.Place, _ shape: Shape, at shapePlace: Int) throws(EngineError) -> UInt32 {
    let count = shape.list.count
    let slot = cluster.rows.retake(place, dims: count)
    let row = cluster.rows.mutableRow(slot)
    if let id = shape.id {
      cluster.shapes.join(id)
      row.shape = id
    } else {
      cluster.setShape(row, shape.list, price: shape.price)
      table[shapePlace]?.id = row.shape
    }
    try section.need(count * 8)
    for dim in 0..<count {
      let used = section.takeAhead(Int64.self)
      guard used >= 0, used <= Self.mostUsed else { throw bad("\(used) of a resource in use") }
      row.used[dim] = used
    }
    return slot
  }

  private mutating func putLacking(
    _ place: SlotMap.Place, _ shape: Shape, _ isLacking: Bool
  ) throws(EngineError) -> UInt32 {
    var list = shape.list
    for dim in 0..<list.count { list.setUsed(dim, try section.take(0...Self.mostUsed, "what is in use")) }
    var last: UInt32?
    let lacking = isLacking ? try section.take(1...UInt8(ShapeTable.maxDims), "resources that the node lacks") : 0
    for _ in 0..<lacking {
      let resource = try section.take(UInt32.self)
      guard resource < UInt32(cluster.resources.count), last.map({ $0 < resource }) ?? true,
        !list.resources.contains(resource)
      else { throw bad("resource \(resource) is unknown, out of order, or one that the node has") }
      list.add(resource, capacity: 0, used: try section.take(1...Self.mostUsed, "what is in use"))
      last = resource
    }
    for resource in counted where !list.resources.contains(resource) { list.add(resource, capacity: 0, used: 0) }
    guard list.count <= ShapeTable.maxDims else { throw bad("more than \(ShapeTable.maxDims) resources") }
    let slot = cluster.rows.retake(place, dims: list.count)
    let row = cluster.rows.mutableRow(slot)
    cluster.setShape(row, list, price: shape.price)
    for dim in 0..<list.count { row.used[dim] = list.used[dim] }
    return slot
  }

  private mutating func readShape() throws(EngineError) -> Shape {
    var shape = Shape(
      list: ResourceList(), price: try section.take(0...Int64(BERTH_MAX_PRICE), "a price"), id: nil)
    for _ in 0..<(try section.take(0...UInt8(ShapeTable.maxDims), "the number of resources")) {
      let resource = try section.take(UInt32.self)
      guard resource < UInt32(cluster.resources.count), shape.list.resources.last.map({ $0 < resource }) ?? true else {
        throw bad("resource \(resource) is unknown or out of order")
      }
      let most = cluster.load.specs.limit(resource) == nil ? 1 : LoadSpecs.mostOfLimit
      let capacity = try section.take(1...most * Int64(BERTH_MAX_QUANTITY), "a capacity")
      shape.list.add(resource, capacity: capacity, used: 0)
    }
    return shape
  }

  private mutating func poolID(_ wanted: PoolTable.Pool) throws(EngineError) -> UInt16 {
    if let pool, pool.wanted == wanted { return pool.id }
    guard Int(wanted.labels) < cluster.catalog.labels.sets.count,
      Int(wanted.taints) < cluster.catalog.taintSets.sets.count
    else { throw bad("label set \(wanted.labels) or taint set \(wanted.taints) is unknown") }
    let id: UInt16
    do throws(EngineError) {
      id = try cluster.poolID(wanted)
    } catch {
      throw bad(error.message)
    }
    pool = (wanted, id)
    return id
  }

  private mutating func restoreName(_ node: UInt32) throws(EngineError) {
    let name = try section.takeName("a node's name")
    guard cluster.catalog.names.find(name) == nil else { throw bad("node name \"\(name)\" occurs twice") }
    guard NameTable.textBytes(cluster.catalog.names.textBytes, adding: name) < Int(UInt32.max) else {
      throw bad("the names of all nodes together have more than 4 GiB")
    }
    name.bytes.withUnsafeBufferPointer { cluster.catalog.names.add(node, $0) }
  }

  mutating func finish() throws(EngineError) {
    try section.finish()
    for (tree, list) in slots.enumerated() where !list.isEmpty {
      cluster.forest.trees[tree].build(slots: list) { cluster.capacities($0) }
    }
  }
}
