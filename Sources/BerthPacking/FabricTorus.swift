/// How many places in each dimension.
public struct FabricBox: Hashable, Sendable {
  public var x: Int
  public var y: Int
  public var z: Int

  public init(x: Int, y: Int, z: Int) {
    self.x = x
    self.y = y
    self.z = z
  }

  public var volume: Int { x * y * z }
  var sum: Int { x + y + z }
}

/// Nodes that are connected in a torus of up to three dimensions, and boxes of free ones in it.
///
/// Each dimension is closed: the last place is next to the first. Of a size of 2 the other place is the neighbour on
/// both sides, and is one neighbour; of a size of 1 there is none. A box that is as long as the dimension has no
/// neighbours there, and is the same box from wherever it begins.
public struct FabricTorus: Sendable {
  public struct Placement: Equatable, Sendable {
    public let box: FabricBox
    /// The place of its lowest corner; 0 in a dimension that it spans.
    public let anchor: Int
    /// Free places next to the box.
    public let openSurface: Int
    public let score: Int64
    /// [rank] Places, each next to the one before: along x, back and forth (boustrophedon); rows along y, back and
    /// forth by layer; layers along z.
    public let places: [Int]
  }

  let sizes: FabricBox
  let isFree: [Bool]
  private let free: BoxSums<Int32>
  private let scores: BoxSums<Int64>

  /// [x + sizes.x * (y + sizes.y * z)] A place without a node is not free.
  public init(sizes: FabricBox, isFree: [Bool], scores: [Int64]) {
    let limit = FabricRing.placeLimit
    precondition(min(sizes.x, sizes.y, sizes.z) > 0 && max(sizes.x, sizes.y, sizes.z) <= limit, "sizes: 1...2^20")
    precondition(sizes.x * sizes.y <= limit && sizes.volume <= limit, "a torus has at most 2^20 places")
    precondition(isFree.count == sizes.volume && scores.count == sizes.volume, "isFree, scores: [place]")
    precondition(scores.allSatisfy { $0.magnitude <= FabricRing.scoreLimit.magnitude }, "scores: up to 2^42")
    self.sizes = sizes
    self.isFree = isFree
    free = BoxSums(sizes) { isFree[$0] ? 1 : 0 }
    self.scores = BoxSums(sizes) { scores[$0] }
  }

  /// A box of so many free places; nil if there is none.
  ///
  /// Without `declared` boxes every a * b * c = count is tried in every orientation, those of the least a + b + c
  /// first; declared boxes of that volume in their order, as they stand. Of the boxes of the first a + b + c (the
  /// first declared box) that can be placed at all it is the one that leaves the fewest free places next to it, so
  /// that what remains is not fragmented; of equal ones the one with the highest sum of scores; then the one with
  /// the lowest anchor; then with the least x, then y (declared: the earlier one).
  public func place(_ count: Int, declared: [FabricBox]? = nil) -> Placement? {
    precondition(count > 0, "a box has at least one place")
    for group in groups(count, declared) {
      if let best = best(of: group) {
        return Placement(
          box: best.box, anchor: best.anchor, openSurface: Int(best.surface), score: best.score, places: walk(best))
      }
    }
    return nil
  }

  /// Boxes that are equally compact, the most compact first.
  private func groups(_ count: Int, _ declared: [FabricBox]?) -> [[FabricBox]] {
    if let declared {
      return declared.filter { min($0.x, $0.y, $0.z) > 0 && fitsSizes($0) && $0.volume == count }.map { [$0] }
    }
    var boxes: [FabricBox] = []
    for x in 1...sizes.x where count % x == 0 {
      for y in 1...sizes.y where (count / x) % y == 0 {
        let box = FabricBox(x: x, y: y, z: count / x / y)
        if fitsSizes(box) { boxes.append(box) }
      }
    }
    boxes.sort { ($0.sum, $0.x, $0.y) < ($1.sum, $1.x, $1.y) }
    return boxes.reduce(into: []) { groups, box in
      if groups.last?.first?.sum == box.sum { groups[groups.count - 1].append(box) } else { groups.append([box]) }
    }
  }

  private func fitsSizes(_ box: FabricBox) -> Bool { box.x <= sizes.x && box.y <= sizes.y && box.z <= sizes.z }

  private struct Candidate {
    var box: FabricBox
    var anchor: Int
    var corner: (x: Int, y: Int, z: Int)
    var surface: Int32
    var score: Int64
  }

  private func best(of group: [FabricBox]) -> Candidate? {
    var best: Candidate?
    // Anchors in ascending order, boxes in theirs: a later one must be better to be taken.
    for z in 0..<sizes.z {
      for y in 0..<sizes.y {
        for x in 0..<sizes.x {
          let anchor = x + sizes.x * (y + sizes.y * z)
          if !isFree[anchor] { continue }
          for box in group {
            // A box that spans a dimension is the same one from each place of it.
            if (x > 0 && box.x == sizes.x) || (y > 0 && box.y == sizes.y) || (z > 0 && box.z == sizes.z) { continue }
            if free.sum(x, y, z, box) != Int32(box.volume) { continue }
            let surface = surface(x, y, z, box)
            if let best, surface > best.surface { continue }
            let score = scores.sum(x, y, z, box)
            if let best, surface == best.surface && score <= best.score { continue }
            best = Candidate(box: box, anchor: anchor, corner: (x, y, z), surface: surface, score: score)
          }
        }
      }
    }
    return best
  }

  /// Free places next to the box. Planes of different dimensions share no place; in a dimension with one place
  /// beside the box, both of its planes are the same.
  private func surface(_ x: Int, _ y: Int, _ z: Int, _ box: FabricBox) -> Int32 {
    var sum: Int32 = 0
    if box.x < sizes.x {
      let plane = FabricBox(x: 1, y: box.y, z: box.z)
      sum += free.sum((x + box.x) % sizes.x, y, z, plane)
      if box.x + 1 < sizes.x { sum += free.sum((x + sizes.x - 1) % sizes.x, y, z, plane) }
    }
    if box.y < sizes.y {
      let plane = FabricBox(x: box.x, y: 1, z: box.z)
      sum += free.sum(x, (y + box.y) % sizes.y, z, plane)
      if box.y + 1 < sizes.y { sum += free.sum(x, (y + sizes.y - 1) % sizes.y, z, plane) }
    }
    if box.z < sizes.z {
      let plane = FabricBox(x: box.x, y: box.y, z: 1)
      sum += free.sum(x, y, (z + box.z) % sizes.z, plane)
      if box.z + 1 < sizes.z { sum += free.sum(x, y, (z + sizes.z - 1) % sizes.z, plane) }
    }
    return sum
  }

  private func walk(_ best: Candidate) -> [Int] {
    var places: [Int] = []
    places.reserveCapacity(best.box.volume)
    for layer in 0..<best.box.z {
      for row in 0..<best.box.y {
        let along = layer % 2 == 0 ? row : best.box.y - 1 - row
        for step in 0..<best.box.x {
          // The parity of the rows so far: a layer of an odd number of rows ends where the next one begins.
          let forth = (layer * best.box.y + row) % 2 == 0
          let x = (best.corner.x + (forth ? step : best.box.x - 1 - step)) % sizes.x
          let y = (best.corner.y + along) % sizes.y
          let z = (best.corner.z + layer) % sizes.z
          places.append(x + sizes.x * (y + sizes.y * z))
        }
      }
    }
    return places
  }
}

/// Sums over boxes of a torus in constant time: prefix sums in three dimensions (Crow, "Summed-Area Tables for
/// Texture Mapping", 1984), a box that goes round as up to eight boxes that do not.
struct BoxSums<Value: FixedWidthInteger & Sendable>: Sendable {
  private let sizes: FabricBox
  private let rowLength: Int
  private let layerLength: Int
  /// [x + (X + 1) * (y + (Y + 1) * z)] Sum of all values at lower coordinates.
  private var sums: [Value]

  init(_ sizes: FabricBox, _ value: (Int) -> Value) {
    self.sizes = sizes
    rowLength = sizes.x + 1
    layerLength = (sizes.x + 1) * (sizes.y + 1)
    sums = [Value](repeating: 0, count: layerLength * (sizes.z + 1))
    for z in 0..<sizes.z {
      for y in 0..<sizes.y {
        var row: Value = 0
        for x in 0..<sizes.x {
          row += value(x + sizes.x * (y + sizes.y * z))
          let here = (x + 1) + rowLength * (y + 1) + layerLength * (z + 1)
          let below = sums[here - rowLength] + sums[here - layerLength] - sums[here - rowLength - layerLength]
          sums[here] = row + below
        }
      }
    }
  }

  /// The sum over the box from (x, y, z) on, round the torus where it is longer than what is left of a dimension.
  @inline(__always)
  func sum(_ x: Int, _ y: Int, _ z: Int, _ box: FabricBox) -> Value {
    if x + box.x <= sizes.x && y + box.y <= sizes.y && z + box.z <= sizes.z {
      return flat(x, x + box.x, y, y + box.y, z, z + box.z)
    }
    return round(x, y, z, box)
  }

  private func round(_ x: Int, _ y: Int, _ z: Int, _ box: FabricBox) -> Value {
    let (endX, endY, endZ) = (x + box.x, y + box.y, z + box.z)
    var sum: Value = 0
    for (fromX, toX) in [(x, min(endX, sizes.x)), (0, max(endX - sizes.x, 0))] where fromX < toX {
      for (fromY, toY) in [(y, min(endY, sizes.y)), (0, max(endY - sizes.y, 0))] where fromY < toY {
        for (fromZ, toZ) in [(z, min(endZ, sizes.z)), (0, max(endZ - sizes.z, 0))] where fromZ < toZ {
          sum += flat(fromX, toX, fromY, toY, fromZ, toZ)
        }
      }
    }
    return sum
  }

  @inline(__always)
  private func flat(_ x: Int, _ endX: Int, _ y: Int, _ endY: Int, _ z: Int, _ endZ: Int) -> Value {
    let low = layerLength * z
    let high = layerLength * endZ
    let front = rowLength * y
    let back = rowLength * endY
    let upper = sums[high + back + endX] - sums[high + back + x] - sums[high + front + endX] + sums[high + front + x]
    let lower = sums[low + back + endX] - sums[low + back + x] - sums[low + front + endX] + sums[low + front + x]
    return upper - lower
  }
}
