/// Domains and nodes that members of a gang have opened, by level (nodes last, by lane). They cost nothing more, and what
/// they offer counts as left over if it is not taken.
struct Opened {
  /// Ascending, each once.
  private(set) var places: [[Int]]
  var isEmpty: Bool { places[0].isEmpty }

  init(_ order: DomainOrder, _ slots: [UInt32] = []) {
    places = [[Int]](repeating: [], count: order.depth + 2)
    guard !slots.isEmpty else { return }
    // places ascend with slots on every level
    let sorted = slots.sorted()
    for slot in sorted {
      Self.add(order.lane(slot), to: &places[order.depth + 1])
      Self.add(order.leaf(slot), to: &places[order.depth])
    }
    for level in stride(from: order.depth, to: 0, by: -1) {
      for place in places[level] { Self.add(Int(order.parents[level][place]), to: &places[level - 1]) }
    }
  }

  private static func add(_ place: Int, to list: inout [Int]) {
    if list.last != place { list.append(place) }
  }

  @inline(__always)
  func has(_ level: Int, _ place: Int) -> Bool { !isEmpty && contains(places[level], place) }

  private func contains(_ list: [Int], _ place: Int) -> Bool {
    let index = Self.first(list, from: place)
    return index < list.count && list[index] == place
  }

  private static func first(_ list: [Int], from place: Int) -> Int {
    var (low, high) = (0, list.count)
    while low < high {
      let middle = (low + high) / 2
      if list[middle] < place { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Calls `body` with each place of a range, and whether it is opened.
  @inline(__always)
  func visit(_ level: Int, _ range: Range<Int>, _ body: (Int, Bool) -> Void) {
    let list = places[level]
    var next = list.isEmpty ? 0 : Self.first(list, from: range.lowerBound)
    for place in range {
      let isOpened = next < list.count && list[next] == place
      if isOpened { next += 1 }
      body(place, isOpened)
    }
  }

  /// The deepest level on which all members are in one domain, and that domain's place; nil without members.
  var common: (level: Int, place: Int)? {
    guard !isEmpty else { return nil }
    let level = places.lastIndex { $0.count == 1 }!
    return (level, places[level][0])
  }
}
