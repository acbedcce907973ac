import BerthMemory
import CBerth

/// Pods: where each is and what it holds, as its class. Stable ids with a generation, pages that never move.
struct PodTable {
  struct Pod {
    var podClass: UInt32
    var node: UInt32  // node index; free list: next
    var nodeGeneration: UInt32
    /// generation << 3 | mark << 2 | state (0: no pod)
    var tag: UInt32

    var state: Int { Int(tag & 3) }
    mutating func setState(_ state: Int) { tag = tag & ~3 | UInt32(state) }
    /// Set for the length of one call, to find ids that occur twice.
    var isMarked: Bool {
      get { tag & 4 != 0 }
      set { tag = newValue ? tag | 4 : tag & ~4 }
    }
  }
  private static let lastGeneration: UInt32 = 0x1FFF_FFFF
  private static let pageShift = 15  // 32,768 pods, 512 KiB

  private let arena: Arena
  private var pages: Column<UnsafeMutablePointer<Pod>>
  private var firstFree: UInt32 = .max
  private var used = 0
  private var freeCount = 0
  private(set) var count = 0

  init(in arena: Arena) {
    self.arena = arena
    pages = Column(in: arena)
  }

  var bytes: Int { pages.bytes + (pages.count << Self.pageShift) * MemoryLayout<Pod>.stride }

  @inline(__always)
  private func pod(_ index: UInt32) -> UnsafeMutablePointer<Pod> {
    pages[Int(index) >> Self.pageShift] + (Int(index) & ((1 << Self.pageShift) - 1))
  }

  /// Room for more pods, so that adding them asks the arena for nothing.
  mutating func reserve(_ additional: Int) {
    while (pages.count << Self.pageShift) - used + freeCount < additional {
      let page = arena.allocate(bytes: MemoryLayout<Pod>.stride << Self.pageShift)
      pages.append(page.bindMemory(to: Pod.self, capacity: 1 << Self.pageShift))
    }
  }

  @inline(__always)
  mutating func add(podClass: UInt32, node: UInt32, nodeGeneration: UInt32, state: Int) -> berth_pod_id {
    let index: UInt32
    if firstFree != .max {
      index = firstFree
      firstFree = pod(index).pointee.node
      freeCount -= 1
    } else {
      index = UInt32(used)
      used += 1
    }
    let cell = pod(index)
    let generation = max(1, ((cell.pointee.tag >> 3) &+ 1) & Self.lastGeneration)
    cell.pointee = Pod(
      podClass: podClass, node: node, nodeGeneration: nodeGeneration, tag: generation << 3 | UInt32(state))
    count += 1
    return UInt64(generation) << 32 | UInt64(index)
  }

  @inline(__always)
  mutating func remove(_ id: berth_pod_id) {
    let index = UInt32(truncatingIfNeeded: id)
    let cell = pod(index)
    cell.pointee.tag &= ~7
    count -= 1
    // a place whose generations are used up is not used again, or a very old id would be taken for a live one
    guard cell.pointee.tag >> 3 < Self.lastGeneration else { return }
    cell.pointee.node = firstFree
    firstFree = index
    freeCount += 1
  }

  /// Takes back the last `add`: the place is free as it was before. Returns the pod.
  mutating func withdraw(_ index: UInt32) -> Pod {
    let cell = pod(index)
    let old = cell.pointee
    count -= 1
    if old.tag >> 3 == 1 && Int(index) == used - 1 {
      cell.pointee = Pod(podClass: 0, node: 0, nodeGeneration: 0, tag: 0)
      used -= 1
    } else {
      cell.pointee.tag = ((old.tag >> 3) - 1) << 3
      cell.pointee.node = firstFree
      firstFree = index
      freeCount += 1
    }
    return old
  }

  /// Takes back the last `remove`.
  mutating func reinstate(_ index: UInt32, _ old: Pod) {
    let cell = pod(index)
    if old.tag >> 3 < Self.lastGeneration {
      firstFree = cell.pointee.node
      freeCount -= 1
    }
    cell.pointee = old
    count += 1
  }

  func setState(_ index: UInt32, _ state: Int) { pod(index).pointee.setState(state) }

  @inline(__always)
  func get(
    _ id: berth_pod_id, _ place: @autoclosure () -> String = ""
  ) throws(EngineError) -> UnsafeMutablePointer<Pod> {
    let index = UInt32(truncatingIfNeeded: id)
    let generation = UInt32(truncatingIfNeeded: id >> 32)
    guard Int(index) < used, generation > 0, generation <= pod(index).pointee.tag >> 3 else {
      throw EngineError(UInt32(BERTH_UNKNOWN_ID), "\(place())pod \(id) was never given out by this engine")
    }
    let cell = pod(index)
    guard cell.pointee.tag >> 3 == generation, cell.pointee.tag & 3 != 0 else {
      throw EngineError(UInt32(BERTH_STALE_ID), "\(place())pod \(id) has left")
    }
    return cell
  }

  /// The pod at an index, if there is one.
  func live(_ index: UInt32) -> Pod? {
    guard Int(index) < used, pod(index).pointee.tag & 3 != 0 else { return nil }
    return pod(index).pointee
  }

  /// Every live pod.
  func visit(_ body: (Pod) -> Void) {
    for index in 0..<used where pod(UInt32(index)).pointee.tag & 3 != 0 { body(pod(UInt32(index)).pointee) }
  }
}
