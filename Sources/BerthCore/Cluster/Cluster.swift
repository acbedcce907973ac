import BerthMemory
import CBerth
import CKernels

/// The state: nodes with their rows, and the trees that index them. Every change of a node's quantities, pool or shape
/// goes through here, so that rows, trees and the change log agree.
final class Cluster {
  let arena: Arena
  let resources: ResourceTable
  let catalog: NodeCatalog
  let shapes: ShapeTable
  let rows: SlotMap
  var nodes: NodeTable
  let forest: Forest
  var load: LoadState
  let constraints: ConstraintState
  let devices: Devices
  var log: ChangeLog
  let undoLog = UndoLog()
  /// Nodes that got another slot, how often labels were dealt anew for that, and trees that were loaded in bulk.
  var slotMoves: UInt64 = 0
  var relabellings: UInt64 = 0
  var bulkBuilds: UInt64 = 0

  init(arena: Arena, levelKeys: [Name], kernels: UnsafePointer<bk_table>, hasTie: Bool) {
    self.arena = arena
    resources = ResourceTable()
    catalog = NodeCatalog(levelKeys: levelKeys, arena: arena)
    shapes = ShapeTable(in: arena)
    rows = SlotMap(in: arena)
    nodes = NodeTable(in: arena)
    forest = Forest(arena: arena, kernels: kernels, rows: rows, hasTie: hasTie)
    load = LoadState(in: arena)
    constraints = ConstraintState(in: arena)
    devices = Devices(in: arena)
    log = ChangeLog()
    for _ in catalog.topology.leaves { rows.addDomain() }
  }

  init(forking other: Cluster, kernels: UnsafePointer<bk_table>) {
    arena = other.arena
    resources = ResourceTable(copying: other.resources)
    catalog = NodeCatalog(forking: other.catalog)
    shapes = ShapeTable(forking: other.shapes)
    rows = SlotMap(forking: other.rows)
    nodes = other.nodes.fork()
    forest = Forest(forking: other.forest, kernels: kernels, rows: rows)
    load = other.load.fork()
    constraints = ConstraintState(forking: other.constraints)
    devices = Devices(forking: other.devices)
    log = ChangeLog()
  }

  var storage: [any SharedStorage] {
    catalog.names.storage + catalog.images.storage + shapes.storage + rows.storage + nodes.storage + forest.storage
      + load.storage + constraints.storage + devices.storage
  }

  @inline(__always)
  func tree(of row: Row) -> StateTree { forest.tree(Int(shapes.trees[Int(row.shape)])) }

  @inline(__always)
  func capacities(_ row: Row) -> UnsafePointer<Int64> { shapes.capacities(row.shape) }

  // MARK: Slots

  /// A slot in a leaf domain, dealing labels out anew when the domain has none left.
  func takeSlot(leaf: UInt32, dims: Int) -> UInt32 {
    if let slot = rows.take(domain: leaf, dims: dims) { return slot }
    if catalog.topology.isLast(leaf: leaf) && rows.isAtEnd(domain: leaf) {
      rows.extendLast(domain: leaf)
    } else {
      relabel { _ in 0 }
    }
    guard let slot = rows.take(domain: leaf, dims: dims) else { fatalError("berth: no slot after relabelling") }
    return slot
  }

  /// `extra(leaf)` nodes are about to come to a leaf domain.
  func relabel(extra: (UInt32) -> Int) {
    let map = rows.relabel(order: catalog.topology.order()) { leaf in
      let range = self.rows.ranges[Int(leaf)]
      return Int(range.used) * 64 + extra(leaf)
    }
    relabellings += 1
    log.slotsMoved()
    guard nodes.count > 0 else { return }
    for tree in forest.trees { tree.relabel(map) }
    slotMoves += nodes.relabel(map)
  }

  // MARK: Shapes

  /// Gives a row a shape (and counts it there); its used cells must fit the shape's dims already.
  func setShape(_ row: MutableRow, _ list: ResourceList, price: Int64) {
    let (id, isNew) = list.withCapacities { resources, capacities in
      shapes.intern(resources, capacities, dims: list.count, price: price)
    }
    if isNew {
      shapes.trees[Int(id)] = forest.place(
        resources: list.resources, capacities: shapes.capacities(id), price: price, table: resources)
    }
    row.shape = id
  }

  func leaveShape(_ row: Row) {
    let tree = Int(shapes.trees[Int(row.shape)])
    if shapes.leave(row.shape) { forest.leave(tree) }
  }

  /// The row's resources with what is used of them.
  func list(of row: Row) -> ResourceList {
    var list = ResourceList()
    let shape = row.shape
    for dim in 0..<Int(shapes.dims[Int(shape)]) {
      list.add(shapes.resources(shape)[dim], capacity: shapes.capacities(shape)[dim], used: row.used[dim])
    }
    return list
  }

  /// Replaces the capacities of a node that is in no tree; returns its row, which may have moved.
  func reshape(slot: UInt32, to list: ResourceList, price: Int64) -> MutableRow {
    leaveShape(rows.row(slot))
    rows.widen(slot, dims: list.count)
    let row = rows.mutableRow(slot)
    setShape(row, list, price: price)
    for dim in 0..<list.count { row.used[dim] = list.used[dim] }
    return row
  }

  // MARK: Quantities

  /// What may be in use of a resource on a node.
  static let mostUsed: Int64 = 1 << 62

  /// Whether a node has room for what a pod holds of resources that need not be free: it is only numbers that end.
  @inline(__always)
  func canCount(_ slot: UInt32, _ requests: UnsafeBufferPointer<Request>) -> Bool {
    resources.counted.isEmpty || canCountMore(slot, requests)
  }

  private func canCountMore(_ slot: UInt32, _ requests: UnsafeBufferPointer<Request>) -> Bool {
    let row = rows.row(slot)
    return requests.allSatisfy { request in
      request.kind == .held
        || row.used[shapes.dim(of: request.resource, in: row.shape)] + request.value <= Self.mostUsed
    }
  }

  /// What a node has free of the CPU resource; 0 where it has none.
  @inline(__always)
  func freeCPU(_ row: Row) -> Int64 {
    guard let cpu = resources.cpu else { return 0 }
    let dim = shapes.dim(of: cpu, in: row.shape)
    return dim < 0 ? 0 : shapes.capacities(row.shape)[dim] - row.used[dim]
  }

  /// Adds (sign 1) or takes back (sign -1) requests on a node; the node must have all the resources as dims.
  @inline(__always)
  func charge(_ slot: UInt32, _ requests: UnsafeBufferPointer<Request>, sign: Int64) {
    let row = rows.mutableRow(slot)
    let shape = row.shape
    for request in requests {
      let dim = shapes.dim(of: request.resource, in: shape)
      row.used[dim] += sign * request.value
    }
    reindex(slot, row)
  }

  /// Brings a node's place in its tree up to date after its quantities changed.
  @inline(__always)
  func reindex(_ slot: UInt32, _ row: MutableRow) {
    let shape = row.shape
    forest.tree(Int(shapes.trees[Int(shape)])).update(slot, row, shapes.capacities(shape))
    log.append(slot)
  }

  /// Adds to what is used of a resource, in the row only: the charge that follows takes it to the trees.
  func shift(_ slot: UInt32, _ resource: UInt32, by quantity: Int64) {
    let row = rows.mutableRow(slot)
    row.used[shapes.dim(of: resource, in: row.shape)] += quantity
  }

  /// Makes sure that a node has all requested resources as dims, with capacity 0 where it lacks them.
  func admitResources(_ slot: UInt32, _ requests: UnsafeBufferPointer<Request>) {
    let row = rows.row(slot)
    guard requests.contains(where: { shapes.dim(of: $0.resource, in: row.shape) < 0 }) else { return }
    var list = list(of: row)
    list.dropUnused(but: resources.counted)
    for request in requests where !list.resources.contains(request.resource) {
      list.add(request.resource, capacity: 0, used: 0)
    }
    setList(slot, list)
  }

  /// Replaces the resources of a node and what is used of them.
  private func setList(_ slot: UInt32, _ list: ResourceList) {
    let row = rows.mutableRow(slot).row
    if undoLog.isRecording {
      let (node, before) = (row.node, self.list(of: row))
      undoLog.note { engine in engine.cluster.setList(engine.cluster.nodes.slots[Int(node)], before) }
    }
    tree(of: row).remove(slot, row)
    let moved = reshape(slot: slot, to: list, price: shapes.price(row.shape))
    tree(of: moved.row).insert(slot, moved, capacities(moved.row))
  }
}

/// A node's resources, ascending by id: what becomes a shape and used cells.
struct ResourceList {
  private(set) var resources: [UInt32] = []
  private(set) var capacities: [Int64] = []
  private(set) var used: [Int64] = []

  var count: Int { resources.count }

  func capacity(of resource: UInt32) -> Int64 { resources.firstIndex(of: resource).map { capacities[$0] } ?? 0 }
  func used(of resource: UInt32) -> Int64 { resources.firstIndex(of: resource).map { used[$0] } ?? 0 }

  mutating func add(_ resource: UInt32, capacity: Int64, used amount: Int64) {
    let place = resources.firstIndex { $0 > resource } ?? resources.count
    resources.insert(resource, at: place)
    capacities.insert(capacity, at: place)
    used.insert(amount, at: place)
  }

  /// Forgets resources that the node neither has nor uses, but for those that every node lists.
  mutating func dropUnused(but listed: [UInt32]) {
    for place in (0..<count).reversed() where capacities[place] == 0 && used[place] == 0 {
      if listed.contains(resources[place]) { continue }
      resources.remove(at: place)
      capacities.remove(at: place)
      used.remove(at: place)
    }
  }

  mutating func setUsed(_ place: Int, _ amount: Int64) { used[place] = amount }

  /// More in use, also of what the node lacks.
  mutating func addUsed(_ resource: UInt32, _ amount: Int64) {
    if let place = resources.firstIndex(of: resource) {
      used[place] += amount
    } else {
      add(resource, capacity: 0, used: amount)
    }
  }

  mutating func clear() {
    resources.removeAll(keepingCapacity: true)
    capacities.removeAll(keepingCapacity: true)
    used.removeAll(keepingCapacity: true)
  }

  func withCapacities<R>(_ body: (UnsafePointer<UInt32>, UnsafePointer<Int64>) -> R) -> R {
    if count == 0 {
      var none: Int64 = 0
      return withUnsafePointer(to: &none) { pointer in
        body(UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt32.self), pointer)
      }
    }
    return resources.withUnsafeBufferPointer { ids in
      capacities.withUnsafeBufferPointer { values in body(ids.baseAddress!, values.baseAddress!) }
    }
  }
}
