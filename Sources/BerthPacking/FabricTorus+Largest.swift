extension FabricTorus {
  /// The free box with the most places, of any shape: why a larger one cannot be placed; nil where no place is free.
  ///
  /// For each range of layers the largest rectangle of columns that are free throughout, by a stack over the rows'
  /// heights. Time in proportion to places * (the smallest size): a tenth of a second and more for a million places,
  /// so ask for it where a refusal is to be explained.
  public func largestBox() -> FabricBox? {
    if !isFree.contains(true) { return nil }
    // The ranges are of the smallest dimension, so that they are few.
    let lengths = [sizes.x, sizes.y, sizes.z]
    let strides = [1, sizes.x, sizes.x * sizes.y]
    let order = [0, 1, 2].sorted { (lengths[$0], $0) < (lengths[$1], $1) }
    let columns = Columns(lengths: order.map { lengths[$0] }, strides: order.map { strides[$0] })
    var best = (volume: 0, extent: [0, 0, 0])
    for first in 0..<columns.lengths[0] {
      var isOpen = [Bool](repeating: true, count: columns.lengths[1] * columns.lengths[2])
      for extent in 1...columns.lengths[0] {
        // A range that spans the dimension is the same from everywhere.
        if extent == columns.lengths[0] && first > 0 { break }
        let layer = (first + extent - 1) % columns.lengths[0]
        if !columns.narrow(&isOpen, by: isFree, layer) { break }
        let (width, height) = columns.largestRectangle(isOpen)
        if extent * width * height > best.volume {
          best = (extent * width * height, [extent, width, height])
        }
      }
    }
    var extent = [0, 0, 0]
    for (place, dimension) in order.enumerated() { extent[dimension] = best.extent[place] }
    return FabricBox(x: extent[0], y: extent[1], z: extent[2])
  }
}

/// The torus seen along one dimension: [second + lengths[1] * third].
private struct Columns {
  let lengths: [Int]
  let strides: [Int]

  /// Closes the columns that are not free in a layer; false if none is open any more.
  func narrow(_ isOpen: inout [Bool], by isFree: [Bool], _ layer: Int) -> Bool {
    var any = false
    for third in 0..<lengths[2] {
      for second in 0..<lengths[1] {
        let column = second + lengths[1] * third
        if isOpen[column] {
          isOpen[column] = isFree[layer * strides[0] + second * strides[1] + third * strides[2]]
          any = any || isOpen[column]
        }
      }
    }
    return any
  }

  /// The largest rectangle of open columns, in a plane that is closed in both dimensions: both are gone through
  /// twice, and what is longer than the dimension is cut to it.
  func largestRectangle(_ isOpen: [Bool]) -> (width: Int, height: Int) {
    let (width, height) = (lengths[1], lengths[2])
    var best = (width: 0, height: 0)
    var heights = [Int](repeating: 0, count: width)
    var stack: [(first: Int, height: Int)] = []
    for row in 0..<2 * height {
      for second in 0..<width {
        heights[second] = isOpen[second + width * (row % height)] ? min(heights[second] + 1, height) : 0
      }
      stack.removeAll(keepingCapacity: true)
      for second in 0...2 * width {
        let now = second < 2 * width ? heights[second % width] : 0
        var first = second
        while let last = stack.last, last.height >= now {
          stack.removeLast()
          first = last.first
          let long = min(second - last.first, width)
          if long * last.height > best.width * best.height { best = (long, last.height) }
        }
        if now > 0 { stack.append((first, now)) }
      }
    }
    return best
  }
}
