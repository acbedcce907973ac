/// Chooses exactly so many items that their sum is the least that is enough: what leaves least over when as few domains
/// as possible are opened. Items of equal value are one kind.
///
/// Against the largest items t1 >= t2 >= ... that could be taken, a choice c1 >= c2 >= ... lacks t_i - c_i at each place,
/// never less than 0. What it lacks altogether may be at most what the largest have to spare, so only choices close to
/// the largest are ever looked at: a dynamic program over (items taken, what they lack).
struct ExactSum {
  /// Descending by value, each once.
  private(set) var kinds: [(value: Int, count: Int)] = []
  /// More states than this are not looked at.
  static let mostStates = 1 << 20

  struct Choice {
    var sum: Int
    /// By kind: how many of it.
    var counts: [Int]
    /// Not all choices were looked at: there may be a smaller sum.
    var isBounded = false
  }

  init(_ values: [Int]) {
    let largest = values.max() ?? 0
    guard largest > 4096 else {
      var counts = [Int](repeating: 0, count: largest + 1)
      for value in values { counts[value] += 1 }
      self.init(counts: counts)
      return
    }
    self.init(counts: [])
    for value in values.sorted(by: >) where value > 0 {
      if kinds.last?.value == value { kinds[kinds.count - 1].count += 1 } else { kinds.append((value, 1)) }
    }
  }

  /// How many items there are, by value.
  init(counts: [Int]) {
    for value in counts.indices.reversed() where value > 0 && counts[value] > 0 { kinds.append((value, counts[value])) }
  }

  /// The place of a value among the kinds.
  func kind(of value: Int) -> Int {
    var (low, high) = (0, kinds.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if kinds[middle].value >= value { low = middle } else { high = middle }
    }
    return low
  }

  /// The fewest items whose sum is at least `wanted`; nil where all together are less.
  func leastCount(for wanted: Int) -> Int? {
    var (left, count) = (wanted, 0)
    for kind in kinds {
      if left <= 0 { break }
      let taken = min(kind.count, (left + kind.value - 1) / kind.value)
      left -= taken * kind.value
      count += taken
    }
    return left <= 0 ? count : nil
  }

  /// `count` items with the least sum of at least `wanted`; the largest `count` are enough.
  func choose(_ count: Int, for wanted: Int) -> Choice {
    var largest = Choice(sum: 0, counts: [Int](repeating: 0, count: kinds.count))
    var left = count
    for index in kinds.indices where left > 0 {
      largest.counts[index] = min(left, kinds[index].count)
      left -= largest.counts[index]
      largest.sum += largest.counts[index] * kinds[index].value
    }
    let spare = largest.sum - wanted
    if spare == 0 || count == 0 { return largest }
    if let exact = exchange(largest, spare) { return exact }
    guard (count + 1) * (spare + 1) <= Self.mostStates / max(1, kinds.count) else {
      return tightenLast(largest, wanted)
    }
    return search(count, wanted, spare, largest)
  }

  /// One item exchanged for a smaller one, so that nothing is left over.
  private func exchange(_ largest: Choice, _ spare: Int) -> Choice? {
    for from in kinds.indices where largest.counts[from] > 0 {
      for to in from + 1..<max(from + 1, kinds.count) where kinds[from].value - kinds[to].value == spare {
        guard largest.counts[to] < kinds[to].count else { break }
        var choice = largest
        choice.counts[from] -= 1
        choice.counts[to] += 1
        choice.sum -= spare
        return choice
      }
    }
    return nil
  }

  private func search(_ count: Int, _ wanted: Int, _ spare: Int, _ top: Choice) -> Choice {
    // sums of the largest
    var largest = [0]
    largest.reserveCapacity(count + 1)
    for kind in kinds {
      for _ in 0..<min(kind.count, count + 1 - largest.count) { largest.append(largest.last! + kind.value) }
    }
    let width = spare + 1
    // by kind and state (taken, lacking): how many of the kind lead there; -1: nothing does
    var steps: [[Int32]] = []
    var states = [0]
    for kind in kinds {
      var reached = [Int32](repeating: -1, count: (count + 1) * width)
      var next: [Int] = []
      for state in states {
        let (taken, lack) = (state / width, state % width)
        for more in 0...min(kind.count, count - taken) {
          let total = lack + largest[taken + more] - largest[taken] - more * kind.value
          if total > spare { break }
          let key = (taken + more) * width + total
          if reached[key] < 0 {
            reached[key] = Int32(more)
            next.append(key)
          }
        }
      }
      steps.append(reached)
      states = next
    }
    let best = states.filter { $0 / width == count }.max()!
    var choice = Choice(sum: largest[count] - best % width, counts: [Int](repeating: 0, count: kinds.count))
    var state = best
    for index in kinds.indices.reversed() {
      let more = Int(steps[index][state])
      choice.counts[index] = more
      let taken = state / width - more
      let lack = state % width - (largest[taken + more] - largest[taken] - more * kinds[index].value)
      state = taken * width + lack
    }
    return choice
  }

  /// The last of the largest exchanged for the smallest that is still enough.
  private func tightenLast(_ largest: Choice, _ wanted: Int) -> Choice {
    var choice = largest
    choice.isBounded = true
    let last = choice.counts.lastIndex { $0 > 0 }!
    let needed = wanted - (choice.sum - kinds[last].value)
    if let smaller = kinds.indices.last(where: { kinds[$0].value >= needed && choice.counts[$0] < kinds[$0].count }),
      smaller > last
    {
      choice.counts[last] -= 1
      choice.counts[smaller] += 1
      choice.sum += kinds[smaller].value - kinds[last].value
    }
    return choice
  }
}
