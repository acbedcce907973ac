import BerthMemory
import CBerth

/// Pods: where each is and what it holds, as its class. Stable ids with a generation.
struct PodTable {
  struct Pod {
    var podClass: UInt32
    var node: UInt32  // node index; free list: next
    var nodeGeneration: UInt32
    /// generation << 4 | terminating << 3 | mark << 2 | state (0: no pod)
    var tag: UInt32

    var state: Int { Int(tag & 3) }
    mutating func setState(_ state: Int) { tag = tag & ~3 | UInt32(state) }
    /// Being deleted.
    var isTerminating: Bool {
      get { tag & 8 != 0 }
      set { tag = newValue ? tag | 8 : tag & ~8 }
    }
    /// Set for the length of one call, to find ids that occur twice.
    var isMarked: Bool {
      get { tag & 4 != 0 }
      set { tag = newValue ? tag | 4 : tag & ~4 }
    }
  }
  private static let lastGeneration: UInt32 = 0x0FFF_FFFF

  private var cells: PagedColumn<Pod>
  private var firstFree: UInt32 = .max
  private var used = 0
  private var freeCount = 0
  private(set) var count = 0

  init(in arena: Arena) {
    cells = PagedColumn(in: arena)
  }

  func fork() -> PodTable {
    var fork = self
    fork.cells = cells.fork()
    return fork
  }

  var storage: [any SharedStorage] { [cells] }
  var bytes: Int { cells.bytes }

  /// Room for more pods, so that adding them asks the arena for nothing.
  mutating func reserve(_ additional: Int) {
    cells.grow(to: max(cells.count, used + additional - freeCount))
  }

  @inline(__always)
  mutating func add(podClass: UInt32, node: UInt32, nodeGeneration: UInt32, state: Int) -> berth_pod_id {
    let index: UInt32
    if firstFree != .max {
      index = firstFree
      firstFree = cells[Int(index)].node
      freeCount -= 1
    } else {
      index = UInt32(used)
      used += 1
    }
    let cell = cells.ownedPointer(Int(index))
    let generation = max(1, ((cell.pointee.tag >> 4) &+ 1) & Self.lastGeneration)
    cell.pointee = Pod(
      podClass: podClass, node: node, nodeGeneration: nodeGeneration, tag: generation << 4 | UInt32(state))
    count += 1
    return UInt64(generation) << 32 | UInt64(index)
  }

  /// The id that the next pod gets.
  var nextID: berth_pod_id {
    let index = firstFree != .max ? firstFree : UInt32(used)
    let tag = Int(index) < cells.count ? cells[Int(index)].tag : 0
    return UInt64(max(1, ((tag >> 4) &+ 1) & Self.lastGeneration)) << 32 | UInt64(index)
  }

  @inline(__always)
  mutating func remove(_ id: berth_pod_id) {
    let index = UInt32(truncatingIfNeeded: id)
    let cell = cells.ownedPointer(Int(index))
    cell.pointee.tag &= ~15
    count -= 1
    // a place whose generations are used up is not used again, or a very old id would be taken for a live one
    guard cell.pointee.tag >> 4 < Self.lastGeneration else { return }
    cell.pointee.node = firstFree
    firstFree = index
    freeCount += 1
  }

  /// Takes back the last `add`: the place is free as it was before. Returns the pod.
  mutating func withdraw(_ index: UInt32) -> Pod {
    let cell = cells.ownedPointer(Int(index))
    let old = cell.pointee
    count -= 1
    if old.tag >> 4 == 1 && Int(index) == used - 1 {
      cell.pointee = Pod(podClass: 0, node: 0, nodeGeneration: 0, tag: 0)
      used -= 1
    } else {
      cell.pointee.tag = ((old.tag >> 4) - 1) << 4
      cell.pointee.node = firstFree
      firstFree = index
      freeCount += 1
    }
    return old
  }

  /// Takes back the last `remove`.
  mutating func reinstate(_ index: UInt32, _ old: Pod) {
    let cell = cells.ownedPointer(Int(index))
    if old.tag >> 4 < Self.lastGeneration {
      firstFree = cell.pointee.node
      freeCount -= 1
    }
    cell.pointee = old
    count += 1
  }

  @inline(__always)
  func podClass(_ index: UInt32) -> UInt32 { cells.pointer(Int(index)).pointee.podClass }

  /// The pod of an index, if there is one.
  func live(_ index: UInt32) -> Pod? { cells[Int(index)].state != 0 ? cells[Int(index)] : nil }

  /// How many pod indices there is room for.
  var capacity: Int { cells.count }

  func setTerminating(_ index: UInt32, _ isTerminating: Bool) {
    cells.ownedPointer(Int(index)).pointee.isTerminating = isTerminating
  }

  func setNode(_ index: UInt32, _ node: UInt32, _ generation: UInt32) {
    let cell = cells.ownedPointer(Int(index))
    (cell.pointee.node, cell.pointee.nodeGeneration) = (node, generation)
  }

  func setState(_ index: UInt32, _ state: Int) { cells.ownedPointer(Int(index)).pointee.setState(state) }

  @inline(__always)
  func get(_ id: berth_pod_id, _ place: @autoclosure () -> String = "") throws(EngineError) -> Pod {
    let index = UInt32(truncatingIfNeeded: id)
    let generation = UInt32(truncatingIfNeeded: id >> 32)
    guard Int(index) < used, generation > 0, generation <= cells[Int(index)].tag >> 4 else {
      throw EngineError(UInt32(BERTH_UNKNOWN_ID), "\(place())pod \(id) was never given out by this engine")
    }
    let pod = cells[Int(index)]
    guard pod.tag >> 4 == generation, pod.tag & 3 != 0 else {
      throw EngineError(UInt32(BERTH_STALE_ID), "\(place())pod \(id) has left")
    }
    return pod
  }

  /// A live pod for writing.
  @inline(__always)
  func change(_ id: berth_pod_id) -> UnsafeMutablePointer<Pod> {
    cells.ownedPointer(Int(UInt32(truncatingIfNeeded: id)))
  }

  // MARK: Snapshots

  var placeCount: Int { used }

  /// Every place, with or without a pod: its generation, and the pod's state or 0.
  func visitPlaces(_ body: (Pod, UInt32) -> Void) {
    for index in 0..<used { body(cells[index], cells[index].tag >> 4) }
  }

  /// Free places, the one that is taken next first.
  func visitFree(_ body: (UInt32) -> Void) {
    var next = firstFree
    while next != .max {
      body(next)
      next = cells[Int(next)].node
    }
  }

  static func isGeneration(_ generation: UInt32) -> Bool { generation >= 1 && generation <= lastGeneration }

  static func canBeUsedAgain(generation: UInt32) -> Bool { generation < lastGeneration }

  /// One more place, as it was.
  mutating func restore(_ old: Pod, generation: UInt32) {
    reserve(1)
    cells[used] = Pod(
      podClass: old.podClass, node: old.node, nodeGeneration: old.nodeGeneration,
      tag: generation << 4 | old.tag & 11)
    used += 1
    if old.state != 0 { count += 1 }
  }

  /// Free places, the one that is taken next last. False if one is none, or occurs twice.
  mutating func restoreFree(_ index: UInt32) -> Bool {
    guard Int(index) < used else { return false }
    let cell = cells.ownedPointer(Int(index))
    guard cell.pointee.tag & 15 == 0, Self.canBeUsedAgain(generation: cell.pointee.tag >> 4) else { return false }
    cell.pointee.tag |= 4
    cell.pointee.node = firstFree
    firstFree = index
    freeCount += 1
    return true
  }

  /// Every live pod with its id, in the order of places.
  func visitWithIDs(_ body: (berth_pod_id, Pod) -> Void) {
    for index in 0..<used where cells[index].tag & 3 != 0 {
      body(UInt64(cells[index].tag >> 4) << 32 | UInt64(index), cells[index])
    }
  }

  /// Every live pod.
  func visit(_ body: (Pod) -> Void) {
    for index in 0..<used where cells[index].tag & 3 != 0 { body(cells[index]) }
  }
}
