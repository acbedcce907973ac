import BerthCore
import BerthOracle
import CBerth
import Testing

/// Gangs on rings and tori: a node for each member, next to each other.
struct GangFabricTests {
  struct Fabric {
    var sizes: [Int]
    /// By place, x first; nil: none is there.
    var nodes: [Int?]
    /// Declared boxes; nil: all. Of a ring there are none.
    var boxes: [[Int]]?
    var isRing: Bool

    init(ring nodes: [Int?]) { (sizes, self.nodes, isRing) = ([nodes.count, 1, 1], nodes, true) }

    init(torus sizes: [Int], _ nodes: [Int?], boxes: [[Int]]? = nil) {
      (self.sizes, self.nodes, self.boxes, isRing) = (sizes, nodes, boxes, false)
    }

    /// All sets of so many nodes that are arcs or boxes, wherever they begin.
    func shapes(_ members: Int) -> [[Int?]] {
      var forms: [[Int]] = []
      for x in 1...sizes[0] {
        for y in 1...sizes[1] {
          for z in 1...sizes[2] where x * y * z == members && boxes?.contains([x, y, z]) ?? true {
            forms.append([x, y, z])
          }
        }
      }
      return forms.flatMap { form in
        nodes.indices.map { start in
          let corner = [start % sizes[0], start / sizes[0] % sizes[1], start / (sizes[0] * sizes[1])]
          return (0..<members).map { index in
            let step = [index % form[0], index / form[0] % form[1], index / (form[0] * form[1])]
            let at = (0..<3).map { (corner[$0] + step[$0]) % sizes[$0] }
            return nodes[at[0] + sizes[0] * (at[1] + sizes[1] * at[2])]
          }
        }
      }
    }

    /// The sum of the sides of the smallest box that a set of nodes is.
    func sides(of set: Set<Int>) -> Int {
      var least = Int.max
      for x in 1...sizes[0] {
        for y in 1...sizes[1] {
          for z in 1...sizes[2] where x * y * z == set.count && boxes?.contains([x, y, z]) ?? true {
            let shapes = Fabric(torus: sizes, nodes, boxes: [[x, y, z]]).shapes(set.count)
            if shapes.contains(where: { Set($0.compactMap { $0 }) == set }) { least = min(least, x + y + z) }
          }
        }
      }
      return least
    }

    /// Nodes next to a set of nodes.
    func neighbours(of set: Set<Int>) -> Set<Int> {
      var found: Set<Int> = []
      for (place, node) in nodes.enumerated() where node.map(set.contains) ?? false {
        for axis in 0..<3 {
          let stride = sizes[..<axis].reduce(1, *)
          let at = place / stride % sizes[axis]
          for step in [1, sizes[axis] - 1] {
            if let other = nodes[place + ((at + step) % sizes[axis] - at) * stride] { found.insert(other) }
          }
        }
      }
      return found.subtracting(set)
    }

    /// How many free nodes of a ring are in one run with a node.
    func run(around node: Int, _ free: [Int: Int64]) -> Int {
      var run: Set<Int> = [node]
      while let next = neighbours(of: run).first(where: { free[$0] != nil }) { run.insert(next) }
      return run.count
    }
  }

  /// Asks for a gang on fabrics; the nodes it gets, in topology order.
  private static func place(_ twin: Twin, _ gang: GangSpec, _ fabrics: [Fabric]) throws -> (GangAnswer, [Int]) {
    let scratch = Scratch()
    var record = try twin.record(gang, scratch)
    let records = fabrics.map { fabric in
      var record = berth_fabric()
      record.kind = UInt32(fabric.isRing ? BERTH_FABRIC_RING : BERTH_FABRIC_TORUS)
      (record.x_size, record.y_size) = (UInt32(fabric.sizes[0]), UInt32(fabric.sizes[1]))
      record.z_size = UInt32(fabric.sizes[2])
      record.nodes = UnsafePointer(scratch.array(fabric.nodes.map { $0.map { twin.nodeIds[$0]! } ?? .max }))
      if let boxes = fabric.boxes {
        record.boxes = UnsafePointer(
          scratch.array(
            boxes.map { berth_fabric_box(x: UInt32($0[0]), y: UInt32($0[1]), z: UInt32($0[2]), reserved: 0) }))
        record.box_count = boxes.count
      }
      return record
    }
    record.fabrics = UnsafePointer(scratch.array(records))
    record.fabric_count = records.count
    let capacity = gang.roles[0].most
    twin.note("place \(gang) on \(fabrics)")
    let answers = try twin.all("place on fabrics") { engine throws(EngineError) in
      let digest = engine.digest()
      let answers = try Twin.place([record], capacity: capacity, dryRun: true, engine)
      if engine.digest() != digest { throw EngineError(UInt32(BERTH_CORRUPT), "a dry run changed the digest") }
      return answers
    }
    try twin.validate()
    return (answers[0], answers[0].placements.map { twin.nodesById[$0.node]! })
  }

  /// Up to a ring of the whole, with the last next to the first; the shortest run that will do is cut from its end.
  @Test func ringsAreClosed() {
    GangTree.run("ringsAreClosed", racks: [[1, 1, 1, 1], [1, 1, 1, 1]]) { tree in
      let (twin, nodes) = (tree.twin, tree.nodes)
      let ring = Fabric(ring: nodes)
      try twin.bind([(tree.pod(), nodes[2]), (tree.pod(), nodes[5])])
      #expect(try Self.place(twin, tree.gang(2), [ring]).1 == [nodes[3], nodes[4]])
      #expect(Set(try Self.place(twin, tree.gang(4), [ring]).1) == Set([0, 1, 6, 7].map { nodes[$0] }))
      #expect(try Self.place(twin, tree.gang(5), [ring]).0.outcome == Int(BERTH_GANG_NO_FIT))
      #expect(try Self.place(twin, tree.gang(1, upTo: 6), [ring]).1.count == 4)
      // a place without a node is no neighbour
      let gap = Fabric(ring: nodes.map { $0 == nodes[7] ? nil : $0 })
      #expect(try Self.place(twin, tree.gang(3), [gap]).0.outcome == Int(BERTH_GANG_NO_FIT))
    }
  }

  /// Slurm's torus takes declared placements; sizes that match none are refused. Without a list every box will do.
  @Test func boxesOfATorus() {
    GangTree.run("boxesOfATorus", racks: [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]) { tree in
      let (twin, nodes) = (tree.twin, tree.nodes)
      let every = Fabric(torus: [4, 4, 1], nodes)
      let declared = Fabric(torus: [4, 4, 1], nodes, boxes: [[4, 1, 1], [1, 3, 1]])
      let square = try Self.place(twin, tree.gang(4), [every]).0
      #expect(square.domains == [1, 2, 4])
      #expect(try Self.place(twin, tree.gang(4), [declared]).0.domains == [1, 1, 4])
      #expect(try Self.place(twin, tree.gang(3), [declared]).0.domains == [1, 3, 3])
      #expect(try Self.place(twin, tree.gang(5), [every]).0.outcome == Int(BERTH_GANG_NO_FIT))
      #expect(try Self.place(twin, tree.gang(2), [declared]).0.outcome == Int(BERTH_GANG_NO_FIT))
      // a box across two edges
      try twin.bind([5, 6, 9, 10, 1, 8, 7, 14].map { (tree.pod(), nodes[$0]) })
      #expect(Set(try Self.place(twin, tree.gang(4), [every]).1) == Set([0, 3, 12, 15].map { nodes[$0] }))
    }
  }

  /// Small fabrics of every form, against all arcs and boxes that there are.
  @Test(arguments: Fuzz.seeds(200))
  func fabricsOfEveryForm(seed: Int) {
    let drawn = seed &* 1013 &+ 7
    Fuzz.run("fabricsOfEveryForm", seed: seed, try Twin(levelKeys: GangScene.levelKeys(seed), seed: drawn)) { twin in
      var scene = try GangScene(twin, seed: drawn, nodes: 2...12)
      for members in 1...6 {
        let drawn = scene.gang(members: members, roles: 1).roles[0]
        let least = scene.random.chance(0.7) ? members : scene.random.int(1...members)
        try Self.verify(twin, GangSpec([GangSpec.Role(drawn.pod, least, upTo: members)]), Self.fabrics(&scene))
      }
    }
  }

  private static func fabrics(_ scene: inout GangScene) -> [Fabric] {
    var nodes: [Int?] = scene.random.shuffled(scene.nodes)
    for place in nodes.indices where scene.random.chance(0.05) { nodes[place] = nil }
    if scene.random.chance(0.4) { return [Fabric(ring: nodes)] }
    if scene.random.chance(0.3) {
      let half = nodes.count / 2
      return [Fabric(ring: Array(nodes[..<half])), Fabric(ring: Array(nodes[half...]))].filter { !$0.nodes.isEmpty }
    }
    let sizes = scene.random.pick([[2, 2, 1], [3, 2, 1], [2, 2, 2], [4, 3, 1], [2, 3, 2], [1, 4, 1]])
    nodes += Array(repeating: nil, count: 12)
    let boxes = [[2, 1, 1], [2, 2, 1], [3, 1, 1], [1, 1, 1]].filter { box in
      zip(box, sizes).allSatisfy { $0 <= $1 } && scene.random.chance(0.5)
    }
    let places = Array(nodes.prefix(sizes.reduce(1, *)))
    return [Fabric(torus: sizes, places, boxes: boxes.isEmpty || scene.random.chance(0.5) ? nil : boxes)]
  }

  /// An arc or a box of free nodes; what it leaves counts before the score, and less of that is better.
  private struct Choice {
    var nodes: Set<Int>
    var order: [Int]
    var score: Int64
  }

  /// All places of so many members in a fabric; `free` has the nodes with room, and what a member scores there.
  private static func choices(_ fabric: Fabric, _ members: Int, _ free: [Int: Int64]) -> [Choice] {
    fabric.shapes(members).compactMap { shape in
      let nodes = shape.compactMap { $0 }.filter { free[$0] != nil }
      if nodes.count < members { return nil }
      let beside = fabric.neighbours(of: Set(nodes)).filter { free[$0] != nil }.count
      // an arc at the end of its run has free nodes on one side at the most
      let order =
        fabric.isRing
        ? [fabric.run(around: nodes[0], free), beside > 1 ? 1 : 0] : [fabric.sides(of: Set(nodes)), beside]
      return Choice(nodes: Set(nodes), order: order, score: nodes.reduce(0) { $0 + free[$1]! })
    }
  }

  private static func verify(_ twin: Twin, _ gang: GangSpec, _ fabrics: [Fabric]) throws {
    let problem = twin.oracle.gangProblem(gang)
    let role = gang.roles[0]
    var free: [Int: Int64] = [:]
    for (index, node) in problem.nodes.enumerated() where problem.room[0][index] > 0 {
      free[node] = problem.scores[0][index]
    }
    // the one with the fewest free nodes comes first
    let rooms = fabrics.map { fabric in fabric.nodes.count { $0.map { free[$0] != nil } ?? false } }
    let order = fabrics.indices.sorted { (rooms[$0], $0) < (rooms[$1], $1) }
    let (answer, nodes) = try place(twin, gang, fabrics)
    let told = "\(problem.told)\n\(fabrics)\nthe engine: \(answer)"
    for members in (role.least...role.most).reversed() {
      for fabric in order.map({ fabrics[$0] }) {
        let all = choices(fabric, members, free)
        guard let best = all.map(\.order).min(by: { $0.lexicographicallyPrecedes($1) }) else { continue }
        try twin.check(nodes.count == members, "\(nodes.count) of \(members) members\n\(told)")
        guard let theirs = all.first(where: { $0.nodes == Set(nodes) }) else {
          throw Mismatch("\(nodes) are no arc or box of \(fabric)\n\(told)")
        }
        try twin.check(theirs.order == best, "\(theirs.order), could be \(best)\n\(told)")
        let score = all.filter { $0.order == best }.map(\.score).max()!
        try twin.check(answer.score == score, "score \(answer.score), could be \(score)\n\(told)")
        let domains = problem.measure(try twin.placement(answer, of: problem)).domains
        return try twin.check(answer.domains == domains, "domains \(answer.domains), counted \(domains)\n\(told)")
      }
    }
    try twin.check(answer.outcome == Int(BERTH_GANG_NO_FIT), "there is no such arc or box\n\(told)")
  }
}
