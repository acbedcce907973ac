import BerthMemory

/// When which node's report expires: a heap by time, with at most one entry of each node that counts. An entry may come
/// up before the report it was made for expires, since reports are renewed all the time and entries are not; the node
/// is then looked at and watched again.
struct Deadlines {
  private struct Entry {
    var time: Int64
    var node: UInt32
    var reserved: UInt32 = 0
  }
  private static let none = Int64.max

  private var heap: PagedColumn<Entry>
  /// By node: the time of its entry that counts.
  private var times: PagedColumn<Int64>

  init(in arena: Arena) {
    heap = PagedColumn(in: arena)
    times = PagedColumn(in: arena)
  }

  func fork() -> Deadlines {
    var fork = self
    fork.heap = heap.fork()
    fork.times = times.fork()
    return fork
  }

  var storage: [any SharedStorage] { [heap, times] }

  mutating func clear() {
    heap.clear()
    times.clear()
  }

  mutating func reserveNodes(_ count: Int) {
    let old = times.count
    times.grow(to: count)
    for node in old..<count { times[node] = Self.none }
  }

  /// Makes sure that a node comes up at `time` at the latest.
  mutating func watch(_ node: UInt32, until time: Int64) {
    guard time < times[Int(node)] else { return }
    times[Int(node)] = time
    heap.append(Entry(time: time, node: node))
    rise(heap.count - 1)
  }

  /// Whether a node comes up at `time` at the latest.
  func isWatched(_ node: UInt32, until time: Int64) -> Bool { times[Int(node)] <= time }

  /// The nodes that come up at `time` or before, each once, by their times.
  mutating func take(until time: Int64) -> [UInt32] {
    var nodes: [UInt32] = []
    while heap.count > 0, heap[0].time <= time {
      let entry = heap[0]
      heap[0] = heap[heap.count - 1]
      heap.removeLast()
      sink(0)
      guard times[Int(entry.node)] == entry.time else { continue }
      times[Int(entry.node)] = Self.none
      nodes.append(entry.node)
    }
    return nodes
  }

  private func isBefore(_ a: Entry, _ b: Entry) -> Bool { (a.time, a.node) < (b.time, b.node) }

  private func rise(_ start: Int) {
    var place = start
    let entry = heap[place]
    while place > 0, isBefore(entry, heap[(place - 1) / 2]) {
      heap[place] = heap[(place - 1) / 2]
      place = (place - 1) / 2
    }
    heap[place] = entry
  }

  private func sink(_ start: Int) {
    guard start < heap.count else { return }
    var place = start
    let entry = heap[place]
    while 2 * place + 1 < heap.count {
      var child = 2 * place + 1
      if child + 1 < heap.count, isBefore(heap[child + 1], heap[child]) { child += 1 }
      guard isBefore(heap[child], entry) else { break }
      heap[place] = heap[child]
      place = child
    }
    heap[place] = entry
  }
}
