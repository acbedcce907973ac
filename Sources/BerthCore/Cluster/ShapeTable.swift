import BerthMemory
import CBerth

/// Shapes: distinct (capacities, price) of nodes, interned. A shape lists the resources it has, ascending by id: these
/// are its dims. A resource whose capacity is 0 is listed only where something uses it all the same (over-commit).
final class ShapeTable {
  static let maxDims = Int(BERTH_MAX_RESOURCES_PER_NODE)

  private(set) var dims: PagedColumn<UInt8>
  private(set) var prices: PagedColumn<Int64>
  /// Nodes of the shape; at 0 the id is free again.
  private(set) var population: PagedColumn<UInt32>
  /// The state tree that holds the shape's nodes.
  var trees: PagedColumn<UInt32>
  private var resourceCells: PagedColumn<UInt32>
  private var capacityCells: PagedColumn<Int64>
  private var buckets: PagedColumn<UInt32>  // id + 1, 0: empty
  private var freeIDs: PagedColumn<UInt32>
  private(set) var live = 0

  init(in arena: Arena) {
    dims = PagedColumn(in: arena)
    prices = PagedColumn(in: arena)
    population = PagedColumn(in: arena)
    trees = PagedColumn(in: arena)
    resourceCells = PagedColumn(in: arena)
    capacityCells = PagedColumn(in: arena)
    buckets = PagedColumn(in: arena)
    freeIDs = PagedColumn(in: arena)
  }

  init(forking other: ShapeTable) {
    dims = other.dims.fork()
    prices = other.prices.fork()
    population = other.population.fork()
    trees = other.trees.fork()
    resourceCells = other.resourceCells.fork()
    capacityCells = other.capacityCells.fork()
    buckets = other.buckets.fork()
    freeIDs = other.freeIDs.fork()
    live = other.live
  }

  var storage: [any SharedStorage] {
    [dims, prices, population, trees, resourceCells, capacityCells, buckets, freeIDs]
  }

  var count: Int { dims.count }
  var bytes: Int { storage.reduce(0) { $0 + $1.bytes } }

  @inline(__always)
  func capacities(_ shape: UInt32) -> UnsafePointer<Int64> { capacityCells.pointer(Int(shape) * Self.maxDims) }
  @inline(__always)
  func resources(_ shape: UInt32) -> UnsafePointer<UInt32> { resourceCells.pointer(Int(shape) * Self.maxDims) }

  @inline(__always)
  func price(_ shape: UInt32) -> Int64 { prices[Int(shape)] }

  /// The dim of a resource in a shape; -1: it has none.
  @inline(__always)
  func dim(of resource: UInt32, in shape: UInt32) -> Int {
    let cells = resources(shape)
    for dim in 0..<Int(dims[Int(shape)]) where cells[dim] == resource { return dim }
    return -1
  }

  private static func hash(
    _ resources: UnsafePointer<UInt32>, _ capacities: UnsafePointer<Int64>, _ dims: Int, _ price: Int64
  ) -> UInt64 {
    var hash = UInt64(bitPattern: price) &* 0x9E37_79B9_7F4A_7C15
    for dim in 0..<dims {
      hash = (hash ^ UInt64(resources[dim])) &* 0xBF58_476D_1CE4_E5B9
      hash ^= hash >> 29
      hash = (hash ^ UInt64(bitPattern: capacities[dim])) &* 0x94D0_49BB_1331_11EB
      hash ^= hash >> 32
    }
    return hash
  }

  private func isEqual(
    _ shape: Int, _ resources: UnsafePointer<UInt32>, _ capacities: UnsafePointer<Int64>, _ count: Int, _ price: Int64
  ) -> Bool {
    guard Int(dims[shape]) == count, prices[shape] == price else { return false }
    for dim in 0..<count {
      let cell = shape * Self.maxDims + dim
      if resourceCells[cell] != resources[dim] || capacityCells[cell] != capacities[dim] { return false }
    }
    return true
  }

  /// The shape's id, old or new, with one more node in it; `isNew` when it needs a tree.
  func intern(
    _ resources: UnsafePointer<UInt32>, _ capacities: UnsafePointer<Int64>, dims dimCount: Int, price: Int64
  ) -> (id: UInt32, isNew: Bool) {
    if (live + 1) * 2 > buckets.count { rehash(max(64, buckets.count * 2)) }
    let mask = buckets.count - 1
    var bucket = Int(truncatingIfNeeded: Self.hash(resources, capacities, dimCount, price)) & mask
    while buckets[bucket] != 0 {
      let shape = Int(buckets[bucket]) - 1
      if isEqual(shape, resources, capacities, dimCount, price) {
        population[shape] += 1
        return (UInt32(shape), false)
      }
      bucket = (bucket + 1) & mask
    }
    let shape: Int
    if freeIDs.count > 0 {
      shape = Int(freeIDs.removeLast())
    } else {
      shape = dims.count
      dims.append(0)
      prices.append(0)
      population.append(0)
      trees.append(0)
      resourceCells.grow(to: resourceCells.count + Self.maxDims)
      capacityCells.grow(to: capacityCells.count + Self.maxDims)
    }
    dims[shape] = UInt8(dimCount)
    prices[shape] = price
    population[shape] = 1
    for dim in 0..<dimCount {
      resourceCells[shape * Self.maxDims + dim] = resources[dim]
      capacityCells[shape * Self.maxDims + dim] = capacities[dim]
    }
    buckets[bucket] = UInt32(shape) + 1
    live += 1
    return (UInt32(shape), true)
  }

  /// One node more of a shape that has some.
  @inline(__always)
  func join(_ id: UInt32) { population[Int(id)] += 1 }

  /// One node fewer; true when the shape has none left and its id is free.
  func leave(_ id: UInt32) -> Bool {
    let shape = Int(id)
    population[shape] -= 1
    guard population[shape] == 0 else { return false }
    removeFromBuckets(shape)
    freeIDs.append(id)
    live -= 1
    return true
  }

  private func home(_ shape: Int) -> Int {
    Int(
      truncatingIfNeeded: Self.hash(
        resources(UInt32(shape)), capacities(UInt32(shape)), Int(dims[shape]), prices[shape])) & (buckets.count - 1)
  }

  private func removeFromBuckets(_ shape: Int) {
    let mask = buckets.count - 1
    var hole = home(shape)
    while buckets[hole] != UInt32(shape) + 1 { hole = (hole + 1) & mask }
    // close the gap: move back whatever probed over the hole
    var next = (hole + 1) & mask
    while buckets[next] != 0 {
      let wanted = home(Int(buckets[next]) - 1)
      if (next - wanted) & mask >= (next - hole) & mask {
        buckets[hole] = buckets[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    buckets[hole] = 0
  }

  private func rehash(_ size: Int) {
    buckets.clear()
    buckets.grow(to: size, exact: true)
    for shape in 0..<dims.count where population[shape] > 0 {
      var bucket = home(shape)
      while buckets[bucket] != 0 { bucket = (bucket + 1) & (size - 1) }
      buckets[bucket] = UInt32(shape) + 1
    }
  }
}
