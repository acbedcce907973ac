import Glibc

/// What collectives on different dimensions keep within a domain together.
///
/// Let the axes be disjoint sets of dimensions, axis i with groups of d_i ranks. For a set of s ranks let L_i be the
/// groups of axis i that it touches. The discrete Loomis-Whitney inequality (1949) says that the product of all L_i is
/// at least s^(D - 1): a box cannot be thin in every direction. A touched group with m ranks in the set has at most
/// slope_i (m - 1) of its weight there, with slope_i = max of line_i(m) / (m - 1); so all axes together have at most
/// the sum of slope_i (s - L_i), which is greatest where the sum of slope_i L_i is least. In the logarithms of the L_i
/// that is a convex function over a box and one linear inequality; ceil(s / d_i) <= L_i <= min(s, n / d_i).
///
/// Whole boxes meet the bound: tensor groups within nodes, then pipelines within leaves. There it is computed in whole
/// numbers, after the optimality conditions (Karush, Kuhn, Tucker) have been checked in whole numbers; elsewhere it is
/// Lagrange's dual value in floating point, with an allowance for rounding. For small domains all whole L_i are tried
/// beside that, with what so many groups hold at most instead of slopes: `Line.beyondFirst`.
struct JointBound {
  private struct Axis {
    var size: Int
    /// slope = rise / run
    var rise: Int64
    var run: Int
    var lines: [Line]

    var slope: Double { Double(rise) / Double(run) }
  }

  private let axes: [Axis]
  private let mask: UInt32
  private let rankCount: Int

  /// nil if fewer than two axes have weight.
  init?(lines: [Line], dimensions: [Int]) {
    rankCount = dimensions.reduce(1, *)
    var byMask: [UInt32: [Line]] = [:]
    for line in lines where line.total > 0 { byMask[line.dimensions, default: []].append(line) }
    // Sets of dimensions that overlap cannot be axes together: the heavier ones are.
    let order = byMask.keys.sorted {
      let (one, other) = (byMask[$0, default: []].weight, byMask[$1, default: []].weight)
      return one != other ? one > other : $0 < $1
    }
    var mask: UInt32 = 0
    var axes: [Axis] = []
    var product = 1
    for key in order where key & mask == 0 {
      mask |= key
      let lines = byMask[key, default: []]
      let axis = Self.axis(lines)
      product *= axis.size
      axes.append(axis)
    }
    guard axes.count >= 2 else { return nil }
    if product < rankCount { axes.append(Axis(size: rankCount / product, rise: 0, run: 1, lines: [])) }
    self.axes = axes
    self.mask = mask
  }

  /// Whether the line is one of an axis.
  func covers(_ line: Line) -> Bool { axes.contains { $0.lines.contains { $0.dimensions == line.dimensions } } }

  func crossing(_ sizes: [(size: Int, count: Int)]) -> Int64 {
    let total = axes.reduce(Int64(0)) { $0 + $1.lines.weight }
    return total - sizes.reduce(Int64(0)) { $0 + Int64($1.count) * within($1.size) }
  }

  private static func axis(_ lines: [Line]) -> Axis {
    let size = lines[0].pattern.size
    var axis = Axis(size: size, rise: 0, run: 1, lines: lines)
    for members in 2...size {
      let rise = lines.reduce(Int64(0)) { $0 + $1.line(members) }
      if Int128(rise) * Int128(axis.run) > Int128(axis.rise) * Int128(members - 1) {
        (axis.rise, axis.run) = (rise, members - 1)
      }
    }
    return axis
  }

  /// The greatest weight within a domain of so many places.
  private func within(_ places: Int) -> Int64 {
    let alone = axes.reduce(Int64(0)) { $0 + $1.lines.reduce(0) { $0 + $1.within(places) } }
    guard places > 1 else { return 0 }
    let least = axes.map { (places + $0.size - 1) / $0.size }
    let most = axes.map { min(places, rankCount / $0.size) }
    let needed = Double(axes.count - 1) * log(Double(places))
    func touched(_ price: Double) -> [Double] {
      axes.indices.map {
        axes[$0].rise == 0
          ? Double(most[$0]) : min(max(price / axes[$0].slope, Double(least[$0])), Double(most[$0]))
      }
    }
    // The multiplier of the inequality: the smallest at which the box is large enough, by halving.
    var (low, high) = (0.0, axes.indices.map { axes[$0].slope * Double(most[$0]) }.max() ?? 0)
    for _ in 0..<100 {
      let middle = low + (high - low) / 2
      if touched(middle).reduce(0, { $0 + log($1) }) >= needed { high = middle } else { low = middle }
    }
    let found = touched(high)
    let separate = min(alone, counted(places, least, most) ?? .max)
    if let exact = exactWithin(places, found.map { Int($0.rounded()) }, least, most) { return min(separate, exact) }
    // Any multiplier gives a bound. Sums of at most ten terms are off by far less than 10^-10 of their largest one.
    var (value, magnitude) = (high * needed, high * needed)
    for (axis, lines) in zip(axes, found) {
      value += axis.slope * lines - high * log(lines)
      magnitude += axis.slope * (lines + Double(places)) + high * log(lines)
    }
    let inside = axes.reduce(0) { $0 + $1.slope * Double(places) } - value + magnitude * 1e-10
    return inside >= Double(separate) ? separate : Int64(inside)
  }

  /// The greatest value over all whole L_i, nil if they are too many. The last axis follows from the others: it touches
  /// as few groups as the inequality lets it.
  private func counted(_ places: Int, _ least: [Int], _ most: [Int]) -> Int64? {
    let last = axes.count - 1
    var needed = 1
    var combinations = 1
    for index in 0..<last {
      let (product, overflow) = needed.multipliedReportingOverflow(by: places)
      guard !overflow else { return nil }
      needed = product
      combinations *= most[index] - least[index] + 1
      guard combinations <= 20_000 else { return nil }
    }
    let gains = axes.map { axis in
      (0...places).map { ranks in axis.lines.reduce(Int64(0)) { $0 + $1.beyondFirst(ranks) } }
    }
    func best(_ index: Int, _ product: Int, _ sum: Int64) -> Int64 {
      if index == last {
        let lines = max(least[last], (needed + product - 1) / product)
        return lines > most[last] ? .min : sum + gains[last][places - lines]
      }
      var result = Int64.min
      for lines in least[index]...most[index] {
        result = max(result, best(index + 1, product * lines, sum + gains[index][places - lines]))
      }
      return result
    }
    return best(0, 1, 0)
  }

  /// The value at whole numbers, nil unless they are an optimum: all that are above their least have slope L <= price,
  /// all that are below their most have slope L >= price, and the inequality is met with equality or the price is 0.
  private func exactWithin(_ places: Int, _ lines: [Int], _ least: [Int], _ most: [Int]) -> Int64? {
    var (product, needed): (Int128, Int128) = (1, 1)
    for (index, lines) in lines.enumerated() {
      guard lines >= least[index], lines <= most[index] else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: Int128(lines))
      guard !overflow else { return nil }
      product = next
      if index > 0 {
        let (next, overflow) = needed.multipliedReportingOverflow(by: Int128(places))
        guard !overflow else { return nil }
        needed = next
      }
    }
    guard product >= needed else { return nil }
    func gradient(_ index: Int) -> (Int128, Int128) {
      (Int128(axes[index].rise) * Int128(lines[index]), Int128(axes[index].run))
    }
    for above in axes.indices where lines[above] > least[above] {
      let (rise, run) = gradient(above)
      if product > needed, rise > 0 { return nil }
      for below in axes.indices where lines[below] < most[below] {
        let (otherRise, otherRun) = gradient(below)
        guard rise * otherRun <= otherRise * run else { return nil }
      }
    }
    var (whole, part): (Int128, Double) = (0, 0)
    for (axis, lines) in zip(axes, lines) {
      let (quotient, remainder) = (Int128(axis.rise) * Int128(places - lines)).quotientAndRemainder(
        dividingBy: Int128(axis.run))
      whole += quotient
      part += Double(remainder) / Double(axis.run)
    }
    return Int64(whole) + Int64(part + 1e-6)
  }
}

extension [Line] {
  fileprivate var weight: Int64 { reduce(0) { $0 + $1.total } }
}
