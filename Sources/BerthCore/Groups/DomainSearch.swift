/// Enumerates the choices of so many of some values, descending, that add up to enough: the largest first, then with
/// another last one, and so on.
struct DomainSearch {
  let values: [Int]
  private let wanted: Int
  private let count: Int
  /// Sums of the first values.
  private var prefix: [Int]
  private var picked: [Int] = []
  private var sum = 0
  private var isDone = false
  private var isFresh = true

  init(values: [Int], wanted: Int, count: Int) {
    self.values = values
    self.wanted = wanted
    self.count = count
    prefix = [0]
    for value in values { prefix.append(prefix.last! + value) }
    isDone = count > values.count
  }

  /// The most that `more` values from a place on add up to.
  private func most(from place: Int, _ more: Int) -> Int {
    place + more <= values.count ? prefix[place + more] - prefix[place] : Int.min / 2
  }

  /// The next choice, as places in `values`.
  mutating func next() -> [Int]? {
    guard !isDone else { return nil }
    if isFresh {
      isFresh = false
      fill(from: 0)
      if sum < wanted { isDone = true }
      return isDone ? nil : picked
    }
    while let last = picked.popLast() {
      sum -= values[last]
      let place = last + 1
      if sum + most(from: place, count - picked.count) >= wanted {
        fill(from: place)
        return picked
      }
    }
    isDone = true
    return nil
  }

  private mutating func fill(from place: Int) {
    var place = place
    while picked.count < count {
      picked.append(place)
      sum += values[place]
      place += 1
    }
  }
}
