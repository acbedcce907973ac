import BerthKubernetes

/// The `torus3d` part of `topology.yaml`: nodes as one list or by regions, x varying fastest, and the boxes that jobs may
/// get (man topology.yaml, "Torus3d definitions").
struct SlurmTorusReader {
  private let reader: ObjectReader

  init(_ reader: ObjectReader) { self.reader = reader }

  func toruses(_ fields: Fields) -> [SlurmTorus] {
    reader.allow(["toruses"], in: fields)
    let found = reader.list("toruses", in: fields) { torus($0) }
    if found.isEmpty { reader.fail("toruses", "must list at least one torus") }
    return found
  }

  private func torus(_ fields: Fields) -> SlurmTorus? {
    reader.allow(["name", "dims", "nodes", "regions", "placements"], in: fields)
    let before = reader.problems.count
    let name = reader.requiredText("name", in: fields)
    guard let size = coordinates("dims", fields, from: 1) else {
      if reader.problems.count == before { reader.fail("dims", "is required") }
      return nil
    }
    var torus = SlurmTorus(name: name ?? "", size: size, cells: [], placements: [], line: reader.line)
    torus.cells = [String?](repeating: nil, count: size.volume)
    let hasNodes = reader.has("nodes", in: fields)
    if hasNodes == reader.has("regions", in: fields) {
      reader.fail("must have either nodes or regions, not \(hasNodes ? "both" : "neither")")
    } else if hasNodes {
      let nodes = SlurmYAML.hosts("nodes", fields, reader)
      if nodes.count == size.volume {
        torus.cells = nodes
      } else {
        reader.fail(
          "nodes",
          "are \(nodes.count), and \(size.x) x \(size.y) x \(size.z) = \(size.volume) are expected: use regions "
            + "where cells are empty")
      }
    } else {
      _ = reader.list("regions", in: fields) { region -> Bool? in
        fill(&torus, region)
        return nil
      }
    }
    torus.placements = reader.list("placements", in: fields) { placement($0, in: size) }
    return reader.problems.count == before ? torus : nil
  }

  private func fill(_ torus: inout SlurmTorus, _ fields: Fields) {
    reader.allow(["anchor", "dims", "nodes"], in: fields)
    guard let size = coordinates("dims", fields, from: 1) else { return reader.fail("dims", "is required") }
    let anchor = coordinates("anchor", fields, from: 0) ?? Coordinates(x: 0, y: 0, z: 0)
    let whole = torus.size
    guard anchor.x + size.x <= whole.x, anchor.y + size.y <= whole.y, anchor.z + size.z <= whole.z else {
      return reader.fail("dims", "reach out of the torus, and regions do not wrap around: split the region")
    }
    let nodes = SlurmYAML.hosts("nodes", fields, reader)
    guard nodes.count == size.volume else {
      return reader.fail("nodes", "are \(nodes.count), and the region's dims make \(size.volume)")
    }
    var next = 0
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x {
          let cell = anchor.x + x + whole.x * (anchor.y + y + whole.y * (anchor.z + z))
          if let other = torus.cells[cell] {
            return reader.fail("nodes", "put '\(nodes[next])' where '\(other)' is: regions must not overlap")
          }
          torus.cells[cell] = nodes[next]
          next += 1
        }
      }
    }
  }

  private func placement(_ fields: Fields, in torus: Coordinates) -> Torus.Placement? {
    reader.allow(["dims", "anchor_seed", "anchor_spacing"], in: fields)
    let before = reader.problems.count
    guard let size = coordinates("dims", fields, from: 1) else {
      if reader.problems.count == before { reader.fail("dims", "is required") }
      return nil
    }
    let seed = coordinates("anchor_seed", fields, from: 0) ?? Coordinates(x: 0, y: 0, z: 0)
    // Slurm takes a 0, or a spacing left out, for the placement's own extent.
    var step = coordinates("anchor_spacing", fields, from: 0) ?? size
    step = Coordinates(
      x: step.x == 0 ? size.x : step.x, y: step.y == 0 ? size.y : step.y, z: step.z == 0 ? size.z : step.z)
    if size.x > torus.x || size.y > torus.y || size.z > torus.z {
      reader.fail("dims", "are larger than the torus, \(torus.x) x \(torus.y) x \(torus.z)")
    }
    if step.x > torus.x || step.y > torus.y || step.z > torus.z {
      reader.fail("anchor_spacing", "is larger than the torus")
    }
    if seed.x >= torus.x || seed.y >= torus.y || seed.z >= torus.z {
      reader.fail("anchor_seed", "lies outside of the torus: coordinates begin with 0")
    }
    guard reader.problems.count == before else { return nil }
    return Torus.Placement(size: size, anchorSeed: seed, anchorSpacing: step)
  }

  /// Nil where it is missing or wrong. What is missing of x, y and z is the lowest value there may be.
  private func coordinates(_ key: String, _ fields: Fields, from lowest: Int64) -> Coordinates? {
    reader.fields(key, in: fields) { inner -> Coordinates? in
      reader.allow(["x", "y", "z"], in: inner)
      let before = reader.problems.count
      let values = ["x", "y", "z"].map { axis -> Int in
        if lowest > 0 && !reader.has(axis, in: inner) { reader.fail(axis, "is required") }
        let value = reader.integer(axis, in: inner) ?? lowest
        if !(lowest...1024).contains(value) { reader.fail(axis, "must be from \(lowest) to 1024") }
        return Int(max(lowest, min(value, 1024)))
      }
      let result = Coordinates(x: values[0], y: values[1], z: values[2])
      if result.volume > Hostlist.mostHosts {
        reader.fail("make \(result.volume) cells: at most \(Hostlist.mostHosts)")
      }
      return reader.problems.count == before ? result : nil
    } ?? nil
  }
}
