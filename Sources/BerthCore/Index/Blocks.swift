import BerthMemory
import CKernels

/// A leaf of a state tree: up to 64 nodes as columns. See `kernels.h` for the layout.
struct Leaf {
  let base: UnsafeMutableRawPointer
  let layout: UnsafePointer<bk_layout>

  @inline(__always) var header: UnsafeMutablePointer<bk_header> { base.assumingMemoryBound(to: bk_header.self) }
  @inline(__always) var count: Int { Int(header.pointee.count) }
  @inline(__always) var slots: UnsafeMutablePointer<UInt32> {
    (base + Int(BK_LEAF_SLOT)).assumingMemoryBound(to: UInt32.self)
  }
  @inline(__always) var pools: UnsafeMutablePointer<UInt16> {
    (base + Int(BK_LEAF_POOL)).assumingMemoryBound(to: UInt16.self)
  }
  /// nil when the tie rule has no keys.
  @inline(__always) var ties: UnsafeMutablePointer<UInt32>? {
    layout.pointee.has_tie == 0 ? nil : (base + Int(BK_LEAF_TIE)).assumingMemoryBound(to: UInt32.self)
  }
  @inline(__always) func free(_ dim: Int) -> UnsafeMutablePointer<UInt32> {
    (base + Int(layout.pointee.free_offset) + dim * Int(BK_COLUMN)).assumingMemoryBound(to: UInt32.self)
  }

  static func bytes(dims: Int, hasTie: Bool) -> Int {
    Int(BK_LEAF_TIE) + (hasTie ? Int(BK_COLUMN) : 0) + dims * Int(BK_COLUMN)
  }

  @inline(__always)
  func copyLane(_ to: Int, from source: Leaf, _ lane: Int) {
    slots[to] = source.slots[lane]
    pools[to] = source.pools[lane]
    if let ties { ties[to] = source.ties.unsafelyUnwrapped[lane] }
    for dim in 0..<Int(layout.pointee.dims) { free(dim)[to] = source.free(dim)[lane] }
  }
}

/// An inner of a state tree: up to 64 children with their separators and summaries.
struct Inner {
  let base: UnsafeMutableRawPointer

  @inline(__always) var header: UnsafeMutablePointer<bk_header> { base.assumingMemoryBound(to: bk_header.self) }
  @inline(__always) var count: Int { Int(header.pointee.count) }
  @inline(__always) private func column<Value>(_ offset: Int, _: Value.Type) -> UnsafeMutablePointer<Value> {
    (base + offset).assumingMemoryBound(to: Value.self)
  }
  @inline(__always) var separatorHigh: UnsafeMutablePointer<UInt64> {
    column(Int(BK_INNER_SEPARATOR_HIGH), UInt64.self)
  }
  @inline(__always) var separatorLow: UnsafeMutablePointer<UInt64> {
    column(Int(BK_INNER_SEPARATOR_LOW), UInt64.self)
  }
  @inline(__always) var children: UnsafeMutablePointer<UInt32> { column(Int(BK_INNER_CHILD), UInt32.self) }
  @inline(__always) var pools: UnsafeMutablePointer<UInt64> { column(Int(BK_INNER_POOLS), UInt64.self) }
  @inline(__always) var slots: UnsafeMutablePointer<UInt32> { column(Int(BK_INNER_SLOT), UInt32.self) }
  @inline(__always) var ties: UnsafeMutablePointer<UInt32> { column(Int(BK_INNER_TIE), UInt32.self) }
  @inline(__always) var mixLow: UnsafeMutablePointer<UInt32> { column(Int(BK_INNER_MIX_LOW), UInt32.self) }
  @inline(__always) var mixHigh: UnsafeMutablePointer<UInt32> { column(Int(BK_INNER_MIX_HIGH), UInt32.self) }
  @inline(__always) func high(_ dim: Int) -> UnsafeMutablePointer<UInt32> {
    column(Int(BK_INNER_FREE) + dim * 2 * Int(BK_COLUMN), UInt32.self)
  }
  @inline(__always) func low(_ dim: Int) -> UnsafeMutablePointer<UInt32> {
    column(Int(BK_INNER_FREE) + (dim * 2 + 1) * Int(BK_COLUMN), UInt32.self)
  }

  static func bytes(dims: Int) -> Int { Int(BK_INNER_FREE) + dims * 2 * Int(BK_COLUMN) }

  func separator(_ index: Int) -> TreeKey { TreeKey(high: separatorHigh[index], low: separatorLow[index]) }

  func setSeparator(_ index: Int, _ key: TreeKey) {
    separatorHigh[index] = key.high
    separatorLow[index] = key.low
  }

  func put(_ index: Int, _ summary: UnsafePointer<bk_summary>, dims: Int) {
    let highs = summaryHigh(summary)
    let lows = summaryLow(summary)
    for dim in 0..<dims {
      high(dim)[index] = highs[dim]
      low(dim)[index] = lows[dim]
    }
    mixLow[index] = summary.pointee.mix_low
    mixHigh[index] = summary.pointee.mix_high
    slots[index] = summary.pointee.slot
    ties[index] = summary.pointee.tie
    pools[index] = summary.pointee.pools
  }

  func get(_ index: Int, _ summary: UnsafeMutablePointer<bk_summary>, dims: Int) {
    let highs = bk_summary_high(summary)!
    let lows = bk_summary_low(summary)!
    for dim in 0..<dims {
      highs[dim] = high(dim)[index]
      lows[dim] = low(dim)[index]
    }
    summary.pointee.mix_low = mixLow[index]
    summary.pointee.mix_high = mixHigh[index]
    summary.pointee.slot = slots[index]
    summary.pointee.tie = ties[index]
    summary.pointee.pools = pools[index]
  }

  /// Opens a gap at `index` (count grows), or closes one (count shrinks); summaries move along.
  func shift(from index: Int, by step: Int, dims: Int) {
    let moved = step > 0 ? count - index : count - index - 1
    let source = step > 0 ? index : index + 1
    let target = step > 0 ? index + 1 : index
    @inline(__always) func move<Value>(_ column: UnsafeMutablePointer<Value>) {
      memoryMove(column + target, column + source, moved)
    }
    move(separatorHigh)
    move(separatorLow)
    move(children)
    move(pools)
    move(slots)
    move(ties)
    move(mixLow)
    move(mixHigh)
    for dim in 0..<dims {
      move(high(dim))
      move(low(dim))
    }
    header.pointee.count = UInt32(count + step)
    if step < 0 { pools[count] = 0 }  // lanes beyond count must not add pools
  }
}

@inline(__always)
func memoryMove<Value>(_ target: UnsafeMutablePointer<Value>, _ source: UnsafeMutablePointer<Value>, _ count: Int) {
  UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * MemoryLayout<Value>.stride)
}

@inline(__always)
func summaryHigh(_ summary: UnsafePointer<bk_summary>) -> UnsafePointer<UInt32> {
  UnsafeRawPointer(summary).assumingMemoryBound(to: UInt32.self)
}

@inline(__always)
func summaryLow(_ summary: UnsafePointer<bk_summary>) -> UnsafePointer<UInt32> {
  UnsafeRawPointer(summary).assumingMemoryBound(to: UInt32.self) + Int(BK_DIMS)
}

/// Order of the nodes in a tree: free GPUs, then free cpu and memory interleaved at full resolution, then slot.
struct TreeKey: Comparable {
  var high: UInt64
  var low: UInt64

  static let least = TreeKey(high: 0, low: 0)

  @inline(__always)
  static func < (a: TreeKey, b: TreeKey) -> Bool { a.high < b.high || (a.high == b.high && a.low < b.low) }

  @inline(__always)
  static func == (a: TreeKey, b: TreeKey) -> Bool { a.high == b.high && a.low == b.low }

  /// `cpu` and `memory` below 2^30, aligned so that both use the same bits; `gpu` below 2^30.
  @inline(__always)
  init(gpu: UInt32, cpu: UInt32, memory: UInt32, slot: UInt32) {
    let z = Self.spread(cpu) << 1 | Self.spread(memory)
    high = UInt64(gpu) << 32 | z >> 28
    low = (z & 0xFFF_FFFF) << 32 | UInt64(slot)
  }

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  var slot: UInt32 { UInt32(truncatingIfNeeded: low) }

  func withSlot(_ slot: UInt32) -> TreeKey { TreeKey(high: high, low: low & ~0xFFFF_FFFF | UInt64(slot)) }

  /// Bits 0...29 to the even bits 0...58 (Morton).
  @inline(__always)
  private static func spread(_ value: UInt32) -> UInt64 {
    var x = UInt64(value)
    x = (x | x << 16) & 0x0000_FFFF_0000_FFFF
    x = (x | x << 8) & 0x00FF_00FF_00FF_00FF
    x = (x | x << 4) & 0x0F0F_0F0F_0F0F_0F0F
    x = (x | x << 2) & 0x3333_3333_3333_3333
    x = (x | x << 1) & 0x5555_5555_5555_5555
    return x
  }
}
