/// The linear relaxation of a packing: the largest part of all demands that fractions of nodes can take.
///
/// Maximises theta such that some mean of aggregates (each node at one pattern) is at least theta * needs, by column
/// generation (Dantzig and Wolfe, "Decomposition Principle for Linear Programs", 1960): a simplex of role count + 1
/// rows, whose entering column is what all nodes take at the present prices. Floating point: what it finds guides the
/// search, and its prices prove something only once `PackingPrices` has summed them in integers.
struct PackingRelaxation {
  private enum Column {
    case aggregate(Int)
    case surplus(Int)
    case theta

    var isTheta: Bool {
      if case .theta = self { return true }
      return false
    }
  }

  /// At the last prices all nodes take less than the needs are worth: probably there is no packing.
  private(set) var isShort = false
  /// [role] Worth of a member, in the dual.
  private(set) var prices: [Double]
  /// The aggregates of the best mean and their parts, which sum to 1.
  private(set) var parts: [(picks: [Int], weight: Double)] = []

  private let needs: [Double]
  /// [aggregate][place in the order] Pattern of the state's nodes.
  private var picks: [[Int]] = []
  /// [aggregate][role] Members, in needs.
  private var totals: [[Double]] = []
  private var basis: [Column] = []

  /// The states of `order` against the needs, none of which is 0 where its row counts.
  init(_ patterns: [NodePatterns], _ counts: [Int], _ order: ArraySlice<Int>, needs: [Int], steps: inout Int) {
    self.needs = needs.map { Double($0) }
    prices = needs.map { $0 > 0 ? 1 / Double($0) : 0 }
    let roles = needs.indices.filter { needs[$0] > 0 }
    let scale = 1 / Double(roles.count)
    let first = aggregate(patterns, counts, order, prices.map { $0 * scale }, &steps)
    let scarce = roles.min { totals[first][$0] < totals[first][$1] }!
    basis = needs.indices.map { $0 == scarce ? .theta : .surplus($0) } + [.aggregate(first)]
    // A simplex step per round; far more than it needs, lest rounding makes it go in circles.
    for _ in 0..<(60 + 40 * roles.count) {
      steps -= 32
      guard let dual = solve(basis.map { $0.isTheta ? 1 : 0 }, transposed: true) else { break }
      let worth = dual.dropLast().map { -$0 }
      var entering: Column
      if let cheap = worth.indices.min(by: { worth[$0] < worth[$1] }), worth[cheap] < -1e-9 {
        entering = .surplus(cheap)
      } else {
        prices = zip(worth, self.needs).map { $1 > 0 ? max($0, 0) / $1 : 0 }
        let next = aggregate(patterns, counts, order, prices, &steps)
        var sum = 0.0
        for role in needs.indices { sum += max(worth[role], 0) * totals[next][role] }
        isShort = sum < 1
        if isShort || sum <= dual[needs.count] + 1e-9 { break }
        entering = .aggregate(next)
      }
      if !pivot(entering) { break }
    }
    readParts()
  }

  /// What all nodes take at these prices, added as a column.
  private mutating func aggregate(
    _ patterns: [NodePatterns], _ counts: [Int], _ order: ArraySlice<Int>, _ prices: [Double], _ steps: inout Int
  ) -> Int {
    var picks: [Int] = []
    picks.reserveCapacity(order.count)
    var total = needs.map { _ in 0.0 }
    for state in order {
      let best = patterns[state].best(prices)
      steps -= 1 + patterns[state].corners.count / 8
      picks.append(best)
      for role in total.indices {
        total[role] += Double(counts[state]) * Double(patterns[state].members[best * total.count + role])
      }
    }
    self.picks.append(picks)
    // A role of which nothing is needed has an empty row.
    totals.append(zip(total, needs).map { $1 > 0 ? $0 / $1 : 0 })
    return totals.count - 1
  }

  /// [role + 1] Rows: the mean of aggregates less theta less surplus = 0 for each role; the weights sum to 1.
  private func entries(_ column: Column) -> [Double] {
    switch column {
    case .aggregate(let index): return totals[index] + [1]
    case .surplus(let role): return needs.indices.map { $0 == role ? -1 : 0 } + [0]
    case .theta: return needs.map { $0 > 0 ? -1 : 0 } + [0]
    }
  }

  private mutating func pivot(_ entering: Column) -> Bool {
    let right = needs.map { _ in 0.0 } + [1]
    guard let values = solve(right, transposed: false),
      let change = solve(entries(entering), transposed: false)
    else { return false }
    var leaving: (place: Int, ratio: Double)?
    for place in basis.indices where change[place] > 1e-9 && !basis[place].isTheta {
      let ratio = max(values[place], 0) / change[place]
      if leaving == nil || ratio < leaving!.ratio { leaving = (place, ratio) }
    }
    guard let leaving else { return false }
    basis[leaving.place] = entering
    return true
  }

  private mutating func readParts() {
    guard let values = solve(needs.map { _ in 0.0 } + [1], transposed: false) else { return }
    for (column, value) in zip(basis, values) {
      if case .aggregate(let index) = column, value > 1e-9 { parts.append((picks[index], value)) }
    }
  }

  /// Solves basis * x = right, or x * basis = right, by elimination with partial pivoting; nil if it is singular.
  private func solve(_ right: [Double], transposed: Bool) -> [Double]? {
    let size = basis.count
    var rows = [[Double]](repeating: [Double](repeating: 0, count: size + 1), count: size)
    for (place, column) in basis.enumerated() {
      for (row, entry) in entries(column).enumerated() {
        if transposed { rows[place][row] = entry } else { rows[row][place] = entry }
      }
    }
    for row in 0..<size { rows[row][size] = right[row] }
    for place in 0..<size {
      let pivot = (place..<size).max { abs(rows[$0][place]) < abs(rows[$1][place]) }!
      if abs(rows[pivot][place]) < 1e-12 { return nil }
      rows.swapAt(place, pivot)
      for row in 0..<size where row != place && rows[row][place] != 0 {
        let factor = rows[row][place] / rows[place][place]
        for column in place...size { rows[row][column] -= factor * rows[place][column] }
      }
    }
    return (0..<size).map { rows[$0][size] / rows[$0][$0] }
  }
}

/// Integer prices, with what the states can be worth at the most: their sum bounds what can be packed.
struct PackingPrices {
  /// [role]
  let prices: [Int]
  /// [state] Worth of the best pattern.
  let best: [Int]
  /// [place in the order] Worth of all nodes from there on; one entry more, 0.
  let rest: [Int]

  /// `volume`: upper bound of all members; the prices are scaled so that no sum reaches 2^62.
  init(
    _ prices: [Double], volume: Double, _ patterns: [NodePatterns], _ counts: [Int], _ order: [Int], from: Int,
    steps: inout Int
  ) {
    let largest = prices.max()!
    let scale = largest > 0 ? min(0x1p61 / max(volume, 1), 0x1p40) / largest : 0
    let whole = prices.map { Int($0 * scale + 0.5) }
    var best = counts.map { _ in 0 }
    var rest = [Int](repeating: 0, count: order.count + 1)
    for place in (from..<order.count).reversed() {
      let state = order[place]
      best[state] = patterns[state].best(whole).worth
      steps -= 1 + patterns[state].corners.count / 8
      rest[place] = rest[place + 1] + counts[state] * best[state]
    }
    self.prices = whole
    self.best = best
    self.rest = rest
  }

  func worth(_ members: [Int]) -> Int {
    var sum = 0
    for role in prices.indices { sum += members[role] * prices[role] }
    return sum
  }
}
