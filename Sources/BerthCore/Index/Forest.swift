import BerthMemory
import CBerth
import CKernels

/// All state trees of an engine. The first shapes get a tree each; where there are more, shapes of similar capacity
/// and price share one, since kubelets report allocatable memory that differs from machine to machine by a little.
final class Forest {
  static let ownTrees = 64

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

  @inline(__always) var count: Int { states.count }
  @inline(__always) func tree(_ index: Int) -> StateTree { trees[index] }

  /// The profile compiled for a tree and a class's requests (in dims; `mask` says which).
  @inline(__always)
  func plan(
    _ index: Int, _ question: Question, _ profile: Profile, _ resources: ResourceTable,
    _ request: UnsafePointer<Int64>, _ mask: UInt32
  ) -> UnsafePointer<PlanState> {
    if profile.boundsArePlain, let plan = states[index].pointee.plans[question.profile] { return plan }
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

  /// The leading five bits and the length: values within about 6 % share a bucket.
  private static func bucket(_ value: Int64) -> UInt32 {
    guard value > 0 else { return 0 }
    let length = 64 - value.leadingZeroBitCount
    let lead = length > 5 ? value >> Int64(length - 5) : value
    return UInt32(length) << 8 | UInt32(lead)
  }

  /// The largest value of a bucket.
  private static func top(_ value: Int64) -> Int64 {
    guard value > 0 else { return 0 }
    let length = 64 - value.leadingZeroBitCount
    return length > 5 ? value | ((1 << Int64(length - 5)) - 1) : value
  }

  /// The tree for a new shape.
  func place(
    resources: [UInt32], capacities: UnsafePointer<Int64>, price: Int64, table: ResourceTable
  ) -> UInt32 {
    if let known = ownTree(resources, capacities, price) {
      trees[Int(known)].admit(capacities, price: price)
      return known
    }
    if trees.count - families.count < Self.ownTrees {
      let id = addTree(resources, capacities, price, table, top: false)
      trees[Int(id)].admit(capacities, price: price)
      return id
    }
    let family = Family(
      resources: resources, buckets: (0..<resources.count).map { Self.bucket(capacities[$0]) } + [Self.bucket(price)])
    let id = families[family] ?? addTree(resources, capacities, price, table, top: true)
    families[family] = id
    trees[Int(id)].admit(capacities, price: price)
    return id
  }

  /// A tree that held this very shape before.
  private func ownTree(_ resources: [UInt32], _ capacities: UnsafePointer<Int64>, _ price: Int64) -> UInt32? {
    for tree in trees.prefix(Self.ownTrees + families.count)
    where tree.isUniform && tree.priceLow == price && tree.shape.resources == resources {
      if (0..<resources.count).allSatisfy({ tree.capacityLow[$0] == capacities[$0] }) { return tree.id }
    }
    return nil
  }

  private func addTree(
    _ resources: [UInt32], _ capacities: UnsafePointer<Int64>, _ price: Int64, _ table: ResourceTable, top: Bool
  ) -> UInt32 {
    let largest = (0..<resources.count).map { top ? Self.top(capacities[$0]) : capacities[$0] }
    var shape = TreeShape(
      resources: resources,
      shifts: largest.map { UInt32(max(0, 64 - $0.leadingZeroBitCount - 30)) })
    for (dim, resource) in resources.enumerated() where largest[dim] > 0 {
      if resource == table.cpu { shape.cpu = dim }
      if resource == table.memory { shape.memory = dim }
      if shape.gpu < 0 && table.gpus.contains(resource) { shape.gpu = dim }
    }
    let pool = blocks[shape.dims] ?? TreeBlocks(arena: arena, dims: shape.dims, hasTie: hasTie)
    blocks[shape.dims] = pool
    let id = UInt32(trees.count)
    trees.append(
      StateTree(
        id: id, shape: shape, unitCapacity: largest, capacities: capacities, price: price, blocks: pool,
        kernels: kernels, rows: rows, hasTie: hasTie, onePool: onePool))
    states.append(trees[trees.count - 1].state)
    return id
  }
}
