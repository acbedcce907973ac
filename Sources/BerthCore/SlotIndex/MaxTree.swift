import CKernels

/// The best node of each group of slots among the nodes of one plane, and of all groups: a max tree of three levels,
/// 64 to 1. A key is (score + 1) << 6 | (63 - lane): among equal scores the lowest slot is the largest key; 0: nobody.
///
/// A group whose best node fell keeps its key as an upper bound, and is `stale` until somebody looks.
struct MaxTree {
  /// 64 groups: their keys, nil: all 0; and which of them are stale.
  private struct Page {
    var keys: UnsafeMutablePointer<UInt32>?
    var stale: UInt64 = 0
  }
  private let pages: UnsafeMutablePointer<Page>
  private unowned(unsafe) let memory: SlotMemory
  /// Largest score + 1 of each page, and of each 64 pages.
  private let level1: UnsafeMutablePointer<UInt32>
  private let level2: UnsafeMutablePointer<UInt32>
  let pageCount: Int
  private let topCount: Int
  private(set) var root: UInt32 = 0
  private(set) var pagesInUse = 0

  init(groups: Int, in memory: SlotMemory) {
    self.memory = memory
    pageCount = max(1, (groups + 63) / 64)
    topCount = (pageCount + 63) / 64
    pages = memory.take(pageCount * MemoryLayout<Page>.stride).bindMemory(to: Page.self, capacity: pageCount)
    pages.initialize(repeating: Page(), count: pageCount)
    level1 = memory.take(topCount * 256).bindMemory(to: UInt32.self, capacity: topCount * 64)
    level1.initialize(repeating: 0, count: topCount * 64)
    level2 = memory.take(topCount * 4).bindMemory(to: UInt32.self, capacity: topCount)
    level2.initialize(repeating: 0, count: topCount)
  }

  func free() {
    for page in 0..<pageCount {
      if let keys = pages[page].keys { memory.give(keys, 256) }
    }
    memory.give(pages, pageCount * MemoryLayout<Page>.stride)
    memory.give(level1, topCount * 256)
    memory.give(level2, topCount * 4)
  }

  var bytes: Int { pageCount * 16 + topCount * 260 + pagesInUse * 256 + 64 }

  @inline(__always)
  func key(_ group: Int) -> UInt32 { pages[group >> 6].keys?[group & 63] ?? 0 }

  @inline(__always)
  func prefetchPage(_ group: Int) {
    bk_prefetch(pages + (group >> 6))
    bk_prefetch(level1 + (group >> 6))
  }

  @inline(__always)
  func prefetch(_ group: Int) { if let keys = pages[group >> 6].keys { bk_prefetch_block(keys, 256) } }

  @inline(__always)
  func isStale(_ group: Int) -> Bool { pages[group >> 6].stale >> UInt64(group & 63) & 1 != 0 }

  /// The group's best node is not what the key says, but no better.
  @inline(__always)
  func markStale(_ group: Int) { pages[group >> 6].stale |= 1 << UInt64(group & 63) }

  /// Sets a group's key, which is its best node's. `open`: groups that count, by page; nil: all do.
  @inline(__always)
  mutating func set(_ group: Int, _ key: UInt32, open: UnsafePointer<UInt64>?) {
    pages[group >> 6].stale &= ~(1 << UInt64(group & 63))
    let page = pages[group >> 6].keys ?? (key == 0 ? nil : makePage(group >> 6))
    guard let page else { return }
    let old = page[group & 63]
    if old == key { return }
    page[group & 63] = key
    if let open, open[group >> 6] >> UInt64(group & 63) & 1 == 0 { return }
    changed(group >> 6, from: old >> 6, to: key >> 6, open: open)
  }

  private mutating func makePage(_ page: Int) -> UnsafeMutablePointer<UInt32> {
    let fresh = memory.take(256).bindMemory(to: UInt32.self, capacity: 64)
    fresh.initialize(repeating: 0, count: 64)
    pages[page].keys = fresh
    pagesInUse += 1
    return fresh
  }

  /// Only sets the key; `rebuild` follows.
  mutating func fill(_ group: Int, _ key: UInt32) {
    if key == 0 { return }
    (pages[group >> 6].keys ?? makePage(group >> 6))[group & 63] = key
  }

  mutating func rebuild(open: UnsafePointer<UInt64>?) {
    for page in 0..<pageCount { level1[page] = maximum(page, open) }
    for top in 0..<topCount { level2[top] = bk_max64(level1 + top * 64) }
    root = topMaximum()
  }

  /// A group begins or ceases to count.
  @inline(__always)
  mutating func toggled(_ group: Int, opens: Bool, open: UnsafePointer<UInt64>) {
    let score = key(group) >> 6
    if score == 0 { return }
    changed(group >> 6, from: opens ? 0 : score, to: opens ? score : 0, open: open)
  }

  @inline(__always)
  private func maximum(_ page: Int, _ open: UnsafePointer<UInt64>?) -> UInt32 {
    guard let cells = pages[page].keys else { return 0 }
    return (open == nil ? bk_max64(cells) : bk_max64_masked(cells, open![page])) >> 6
  }

  @inline(__always)
  private func topMaximum() -> UInt32 {
    var best: UInt32 = 0
    for top in 0..<topCount { best = max(best, level2[top]) }
    return best
  }

  /// One of a page's scores was `old` and is `new`.
  @inline(__always)
  private mutating func changed(_ page: Int, from old: UInt32, to new: UInt32, open: UnsafePointer<UInt64>?) {
    let best = level1[page]
    var now = best
    if new > best {
      now = new
    } else if old == best {
      now = maximum(page, open)
    }
    if now == best { return }
    level1[page] = now
    let top = level2[page >> 6]
    var nowTop = top
    if now > top { nowTop = now } else if best == top { nowTop = bk_max64(level1 + page & ~63) }
    if nowTop == top { return }
    level2[page >> 6] = nowTop
    if nowTop > root { root = nowTop } else if top == root { root = topMaximum() }
  }

  /// The first group with the root's score; there is one.
  @inline(__always)
  func first(open: UnsafePointer<UInt64>?) -> Int {
    var top = 0
    while level2[top] != root { top += 1 }
    let page = top * 64 + Int(bk_find64(level1 + top * 64, root).trailingZeroBitCount)
    var lanes = bk_find64_shifted(pages[page].keys.unsafelyUnwrapped, root)
    if let open { lanes &= open[page] }
    return page * 64 + lanes.trailingZeroBitCount
  }
}
