/// How nodes are connected within, beside the tree of domains.
public enum Shape: Sendable, Equatable {
  case tree
  /// Slurm's topology/block: the levels are block sizes in nodes, widest first as the levels are.
  case blocks(sizes: [Int])
  /// Slurm's topology/ring: each domain is a ring.
  case rings([Ring])
  /// Slurm's topology/torus3d: each domain is a torus.
  case toruses([Torus])

  func inconsistency(nodeCount: Int, domainCount: Int) -> String? {
    switch self {
    case .tree, .blocks: return nil
    case .rings(let rings):
      return rings.contains { ring in
        !(0..<domainCount).contains(ring.domain) || ring.nodes.contains { !(0..<nodeCount).contains($0) }
      } ? "a ring of nodes that are not there" : nil
    case .toruses(let toruses):
      return toruses.contains { torus in
        torus.cells.count != torus.size.volume
          || torus.cells.contains { cell in cell.map { !(0..<nodeCount).contains($0) } ?? false }
      } ? "a torus of nodes that are not there" : nil
    }
  }
}

/// Nodes in a circle: jobs get neighbours, over the end to the start, too.
public struct Ring: Sendable, Equatable {
  /// Index into the topology's domains.
  public var domain: Int
  /// Indices into the topology's nodes, by their position in the ring.
  public var nodes: [Int]

  /// As many as Slurm allows in one ring (man topology.conf).
  public static let mostNodes = 16
}

/// A cell's coordinates in a torus, or the extent of a box of cells.
public struct Coordinates: Sendable, Hashable {
  public var x: Int
  public var y: Int
  public var z: Int

  public init(x: Int, y: Int, z: Int) {
    self.x = x
    self.y = y
    self.z = z
  }

  public var volume: Int { x * y * z }
}

/// A three-dimensional torus and the boxes that jobs may get in it.
public struct Torus: Sendable, Equatable {
  /// Index into the topology's domains.
  public var domain: Int
  public var size: Coordinates
  /// Index into the topology's nodes at each cell, x fastest, then y; nil where no node is.
  public var cells: [Int?]
  public var placements: [Placement]

  public struct Placement: Sendable, Equatable {
    public var size: Coordinates
    public var anchorSeed: Coordinates
    public var anchorSpacing: Coordinates
  }

  public func index(of cell: Coordinates) -> Int { cell.x + size.x * (cell.y + size.y * cell.z) }

  /// Where boxes of a placement may begin: from the seed in steps of the spacing, around the torus until the seed comes
  /// again (topology.yaml(5), anchor_seed and anchor_spacing).
  public func anchors(of placement: Placement) -> [Coordinates] {
    func positions(_ seed: Int, _ step: Int, _ size: Int) -> [Int] {
      var result = [seed]
      var next = (seed + step) % size
      while next != seed {
        result.append(next)
        next = (next + step) % size
      }
      return result
    }
    let (seed, step) = (placement.anchorSeed, placement.anchorSpacing)
    return positions(seed.x, step.x, size.x).flatMap { x in
      positions(seed.y, step.y, size.y).flatMap { y in
        positions(seed.z, step.z, size.z).map { Coordinates(x: x, y: y, z: $0) }
      }
    }
  }

  /// The cells of a box, which may reach around the torus; x fastest.
  public func cells(of placement: Placement, at anchor: Coordinates) -> [Int] {
    (0..<placement.size.z).flatMap { z in
      (0..<placement.size.y).flatMap { y in
        (0..<placement.size.x).map { x in
          index(
            of: Coordinates(
              x: (anchor.x + x) % size.x, y: (anchor.y + y) % size.y, z: (anchor.z + z) % size.z))
        }
      }
    }
  }
}
