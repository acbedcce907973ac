import BerthMemory
import CBerth
import CKernels

/// All state trees of an engine: one for all shapes of the same resources and of nearly equal capacities and price, since
/// kubelets report allocatable memory that differs from machine to machine by a little.
final class Forest {
  /// From here on shapes need not be as close to share a tree.
  private static let manyTrees = 512

  private let arena: Arena
  let kernels: UnsafePointer<bk_table>
  let rows: SlotMap
  let hasTie: Bool
  private(set) var onePool = true
  private(set) var trees: [StateTree] = []
  /// What searching reads of the trees, by tree.
  private(set) var states: Column<UnsafeMutablePointer<TreeState>>
  private var blocks: [TreeBlocks?] = Array(repeating: nil, count: Int(BK_DIMS) + 1)
  private var families: [Family: UInt32] = [:]
  /// The family of each tree; nil while its id is free.
  private var familyOf: [Family?] = []
  private var freeIDs: [UInt32] = []
  private let scratch = TreeScratch()

  /// What shapes of one shared tree have in common: resources, and the leading bits of capacities and price.
  private struct Family: Hashable {
    var resources: [UInt32]
    var buckets: [UInt32]
  }

  init(arena: Arena, kernels: UnsafePointer<bk_table>, rows: SlotMap, hasTie: Bool) {
    self.arena = arena
    self.kernels = kernels
    self.rows = rows
    self.hasTie = hasTie
    states = Column(in: arena)
  }

  /// The same trees, over blocks that are shared until one side writes. `rows` are the fork's.
  init(forking other: Forest, kernels: UnsafePointer<bk_table>, rows: SlotMap) {
    arena = other.arena
    self.kernels = kernels
    self.rows = rows
    hasTie = other.hasTie
    onePool = other.onePool
    families = other.families
    familyOf = other.familyOf
    freeIDs = other.freeIDs
    states = Column(in: arena)
    blocks = other.blocks.map { $0.map { TreeBlocks(forking: $0) } }
    trees.reserveCapacity(other.trees.count)
    states.reserve(other.trees.count)
    for old in other.trees {
      guard let own = blocks[old.dims] else { fatalError("berth: a tree without blocks") }
      let tree = StateTree(forking: old, blocks: own, kernels: kernels, rows: rows, scratch: scratch)
      trees.append(tree)
      states.append(tree.state)
    }
  }

  var storage: [any SharedStorage] {
    [states] + blocks.flatMap { blocks -> [any SharedStorage] in blocks.map { [$0.leaves, $0.inners] } ?? [] }
  }

  @inline(__always) var count: Int { states.count }
  @inline(__always) func tree(_ index: Int) -> StateTree { trees[index] }

  /// The profile compiled for a tree and a class's requests (in dims; `mask` says which).
  @inline(__always)
  func plan(
    _ index: Int, _ question: Question, _ profile: Profile, _ resources: ResourceTable,
    _ request: UnsafePointer<Int64>, _ mask: UInt32
  ) -> UnsafePointer<PlanState> {
    if profile.boundsArePlain, let plan = states[index].pointee.plan(of: question.profile) { return plan }
    return trees[index].plan(question, profile, resources, request, mask)
  }

  var bytes: Int { blocks.reduce(0) { $0 + ($1?.bytes ?? 0) } }
  var splits: UInt64 { blocks.reduce(0) { $0 + ($1?.splits ?? 0) } }
  var merges: UInt64 { blocks.reduce(0) { $0 + ($1?.merges ?? 0) } }
  var nodeCount: Int {
    var sum = 0
    for index in 0..<count { sum += states[index].pointee.count }
    return sum
  }

  /// From now on pools are read lane by lane.
  func becomeManyPools() {
    guard onePool else { return }
    onePool = false
    for tree in trees { tree.layout.pointee.one_pool = 0 }
  }

  /// Profiles see other resources than before.
  func forgetPlans() {
    for tree in trees { tree.forgetPlans() }
  }

  /// Keeps the trees from asking the arena for blocks while pods are placed.
  func reserveBlocks() {
    for block in blocks {
      block?.leaves.reserve(8)
      block?.inners.reserve(4)
    }
  }

  /// Leading bits and length of a value: values that differ by less than 2^-(bits - 1) mostly share a bucket.
  private static func bucket(_ value: Int64, bits: Int) -> UInt32 {
    guard value > 0 else { return 0 }
    let length = 64 - value.leadingZeroBitCount
    let lead = length > bits ? value >> Int64(length - bits) : value
    return UInt32(length) << 16 | UInt32(lead)
  }

  /// The largest value of a bucket.
  private static func top(_ value: Int64, bits: Int) -> Int64 {
    guard value > 0 else { return 0 }
    let length = 64 - value.leadingZeroBitCount
    return length > bits ? value | ((1 << Int64(length - bits)) - 1) : value
  }

  /// Scores mostly look at cpu, memory and GPUs: there capacities must be close for bounds to be; elsewhere, and where
  /// trees become many, roughly equal is enough.
  private func bits(_ resource: UInt32, _ table: ResourceTable) -> Int {
    let matters = resource == table.cpu || resource == table.memory || table.gpus.contains(resource)
    return matters && families.count < Self.manyTrees ? 9 : 4
  }

  /// The tree for a new shape.
  func place(
    resources: [UInt32], capacities: UnsafePointer<Int64>, price: Int64, table: ResourceTable
  ) -> UInt32 {
    let bits = resources.map { self.bits($0, table) }
    let priceBits = families.count < Self.manyTrees ? 9 : 4
    let buckets = resources.indices.map { Self.bucket(capacities[$0], bits: bits[$0]) << 4 | UInt32(bits[$0]) }
    let family = Family(resources: resources, buckets: buckets + [Self.bucket(price, bits: priceBits)])
    let tops = resources.indices.map { Self.top(capacities[$0], bits: bits[$0]) }
    let id = families[family] ?? addTree(resources, capacities, price, table, tops: tops)
    families[family] = id
    familyOf[Int(id)] = family
    trees[Int(id)].admit(capacities, price: price)
    return id
  }

  /// One shape fewer in a tree; a tree without shapes has no nodes either and makes room for another.
  func leave(_ id: Int) {
    trees[id].shapeCount -= 1
    guard trees[id].shapeCount == 0, let family = familyOf[id] else { return }
    assert(trees[id].count == 0)
    families[family] = nil
    familyOf[id] = nil
    freeIDs.append(UInt32(id))
  }

  private func addTree(
    _ resources: [UInt32], _ capacities: UnsafePointer<Int64>, _ price: Int64, _ table: ResourceTable,
    tops largest: [Int64]
  ) -> UInt32 {
    var shape = TreeShape(
      resources: resources,
      shifts: largest.map { UInt32(max(0, 64 - $0.leadingZeroBitCount - 30)) })
    for (dim, resource) in resources.enumerated() {
      if table.isUsage(resource) || table.isCounted(resource) { shape.scored |= 1 << UInt32(dim) }
      // What only over-commitment brought here orders nothing.
      guard largest[dim] > 0 else { continue }
      if resource == table.cpu { shape.cpu = dim }
      if resource == table.memory { shape.memory = dim }
      if shape.gpu < 0 && table.gpus.contains(resource) { shape.gpu = dim }
    }
    let pool = blocks[shape.dims] ?? TreeBlocks(arena: arena, dims: shape.dims, hasTie: hasTie)
    blocks[shape.dims] = pool
    let id = freeIDs.popLast() ?? UInt32(trees.count)
    let tree = StateTree(
      id: id, shape: shape, largest: largest, capacities: capacities, price: price, blocks: pool, kernels: kernels,
      rows: rows, hasTie: hasTie, onePool: onePool, scratch: scratch)
    if Int(id) < trees.count {
      trees[Int(id)] = tree
      states[Int(id)] = tree.state
    } else {
      trees.append(tree)
      states.append(tree.state)
      familyOf.append(nil)
    }
    return id
  }
}
