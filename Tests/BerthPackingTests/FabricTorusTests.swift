import BerthPacking
import Testing

/// The slow way: boxes as sets of places, neighbours by stepping.
private struct TorusOracle {
  let sizes: FabricBox
  let isFree: [Bool]
  let scores: [Int64]

  func place(_ x: Int, _ y: Int, _ z: Int) -> Int {
    (x + sizes.x) % sizes.x + sizes.x * ((y + sizes.y) % sizes.y + sizes.y * ((z + sizes.z) % sizes.z))
  }

  func neighbours(_ place: Int) -> Set<Int> {
    let (x, y, z) = (place % sizes.x, place / sizes.x % sizes.y, place / sizes.x / sizes.y)
    let all = [
      self.place(x - 1, y, z), self.place(x + 1, y, z), self.place(x, y - 1, z), self.place(x, y + 1, z),
      self.place(x, y, z - 1), self.place(x, y, z + 1),
    ]
    return Set(all).subtracting([place])
  }

  func boxPlaces(_ box: FabricBox, at anchor: Int) -> Set<Int> {
    let (x, y, z) = (anchor % sizes.x, anchor / sizes.x % sizes.y, anchor / sizes.x / sizes.y)
    var places: Set<Int> = []
    for c in 0..<box.z {
      for b in 0..<box.y {
        for a in 0..<box.x { places.insert(place(x + a, y + b, z + c)) }
      }
    }
    return places
  }

  var allBoxes: [FabricBox] {
    (1...sizes.x).flatMap { x in (1...sizes.y).flatMap { y in (1...sizes.z).map { FabricBox(x: x, y: y, z: $0) } } }
  }

  struct Choice {
    var key: [Int64]
    var places: Set<Int>
    var box: FabricBox
    var anchor: Int
    var surface: Int
    var score: Int64
  }

  func best(_ count: Int, _ declared: [FabricBox]?) -> Choice? {
    var best: Choice?
    for (order, box) in (declared ?? allBoxes).enumerated() where box.volume == count {
      if box.x > sizes.x || box.y > sizes.y || box.z > sizes.z { continue }
      for anchor in isFree.indices {
        let places = boxPlaces(box, at: anchor)
        if places.contains(where: { !isFree[$0] }) { continue }
        let around = places.reduce(into: Set<Int>()) { $0.formUnion(neighbours($1)) }.subtracting(places)
        let surface = around.count { isFree[$0] }
        let score = places.reduce(Int64(0)) { $0 + scores[$1] }
        let form = declared == nil ? box.x + box.y + box.z : order
        let key = [form, surface, Int(-score), anchor, box.x, box.y].map { Int64($0) }
        if let best, best.key.lexicographicallyPrecedes(key) || best.key == key { continue }
        best = Choice(key: key, places: places, box: box, anchor: anchor, surface: surface, score: score)
      }
    }
    return best
  }
}

@Suite struct FabricTorusTests {
  private func check(_ oracle: TorusOracle, _ count: Int, _ declared: [FabricBox]?) {
    let torus = FabricTorus(sizes: oracle.sizes, isFree: oracle.isFree, scores: oracle.scores)
    let found = torus.place(count, declared: declared)
    guard let expected = oracle.best(count, declared) else {
      #expect(found == nil)
      return
    }
    guard let found else {
      Issue.record("no box of \(count) in \(oracle)")
      return
    }
    #expect(found.box == expected.box && found.anchor == expected.anchor)
    #expect(found.openSurface == expected.surface && found.score == expected.score)
    #expect(found.places.count == count && Set(found.places) == expected.places)
    for (place, next) in zip(found.places, found.places.dropFirst()) {
      #expect(oracle.neighbours(place).contains(next))
    }
  }

  /// Sizes up to 3 x 3 x 3 and 4 x 3 x 2: masks of every density, all counts.
  @Test(arguments: 0..<120 as Range<UInt64>)
  func agreesWithEnumeration(seed: UInt64) {
    var random = TestRandom(state: seed)
    let all = (1...3).flatMap { x in (1...3).flatMap { y in (1...3).map { FabricBox(x: x, y: y, z: $0) } } }
    let more = [FabricBox(x: 4, y: 3, z: 2), FabricBox(x: 2, y: 4, z: 3), FabricBox(x: 5, y: 2, z: 2)]
    let sizes = (all + more)[Int(seed) % (all.count + more.count)]
    for density in 0...8 {
      let isFree = (0..<sizes.volume).map { _ in Int.random(in: 0..<8, using: &random) < density }
      let range: Int64 = seed % 2 == 0 ? 0 : 2
      let scores = isFree.map { _ in Int64.random(in: -range...range, using: &random) }
      let oracle = TorusOracle(sizes: sizes, isFree: isFree, scores: scores)
      var largest = 0
      for count in 1...sizes.volume + 1 {
        check(oracle, count, nil)
        let declared = oracle.allBoxes.filter { $0.volume == count }.shuffled(using: &random)
        check(oracle, count, Array(declared.prefix(2)) + [FabricBox(x: 9, y: 1, z: 1)])
        if oracle.best(count, nil) != nil { largest = count }
      }
      let torus = FabricTorus(sizes: sizes, isFree: isFree, scores: scores)
      #expect((torus.largestBox()?.volume ?? 0) == largest)
      if let box = torus.largestBox() {
        #expect(oracle.allBoxes.contains(box))
        #expect(isFree.indices.contains { oracle.boxPlaces(box, at: $0).allSatisfy { isFree[$0] } })
      }
    }
  }

  /// All masks of tori of up to 8 places.
  @Test func allMasksOfSmallTori() {
    for sizes in [FabricBox(x: 2, y: 2, z: 2), FabricBox(x: 4, y: 2, z: 1), FabricBox(x: 1, y: 3, z: 2)] {
      for mask in 0..<1 << sizes.volume {
        let isFree = (0..<sizes.volume).map { mask >> $0 & 1 == 1 }
        let oracle = TorusOracle(sizes: sizes, isFree: isFree, scores: isFree.map { _ in 0 })
        for count in 1...sizes.volume { check(oracle, count, nil) }
      }
    }
  }

  /// The torus and the placements of the tests of Slurm's topology/torus3d (26.05): 4 x 4 x 2 with 2 x 2 x 2,
  /// 2 x 2 x 1 and the whole of it; nodes in x, y, z order. Slurm anchors placements at multiples of their sizes,
  /// this search anywhere.
  @Test func placementsOfSlurmsTests() {
    let sizes = FabricBox(x: 4, y: 4, z: 2)
    let declared = [FabricBox(x: 2, y: 2, z: 2), FabricBox(x: 2, y: 2, z: 1), sizes]
    var isFree = [Bool](repeating: true, count: 32)
    func place(_ count: Int) -> FabricTorus.Placement? {
      FabricTorus(sizes: sizes, isFree: isFree, scores: isFree.map { _ in 0 }).place(count, declared: declared)
    }
    // node[1,2,5,6], and the same with node[17,18,21,22].
    #expect(place(4).map { Set($0.places) } == [0, 1, 4, 5])
    #expect(place(8).map { Set($0.places) } == [0, 1, 4, 5, 16, 17, 20, 21])
    #expect(place(32)?.box == sizes && place(32)?.openSurface == 0)
    #expect(place(3) == nil)
    // All of z = 0 is taken: no 2 x 2 x 2, though 16 nodes are idle.
    for place in 0..<16 { isFree[place] = false }
    #expect(place(8) == nil && place(4)?.anchor == 16)
    #expect(
      FabricTorus(sizes: sizes, isFree: isFree, scores: isFree.map { _ in 0 }).largestBox()
        == FabricBox(x: 4, y: 4, z: 1))
  }

  /// As Slurm's topology/torus3d: placements are declared with their dimensions, and jobs of that many nodes take
  /// one of them, as it stands.
  @Test func declaredPlacementsStandAsTheyAre() {
    let sizes = FabricBox(x: 8, y: 8, z: 16)
    var isFree = [Bool](repeating: true, count: sizes.volume)
    let scores = isFree.map { _ in Int64(0) }
    let declared = [FabricBox(x: 4, y: 4, z: 8), FabricBox(x: 8, y: 4, z: 4), FabricBox(x: 1, y: 1, z: 16)]
    for job in 0..<8 {
      let placed = FabricTorus(sizes: sizes, isFree: isFree, scores: scores).place(128, declared: declared)
      #expect(placed?.box == declared[0], "job \(job)")
      for place in placed?.places ?? [] { isFree[place] = false }
    }
    #expect(!isFree.contains(true))
    #expect(FabricTorus(sizes: sizes, isFree: isFree, scores: scores).place(16, declared: declared) == nil)
    // 8 nodes are no declared placement, though they are free.
    for place in 0..<8 { isFree[place] = true }
    let torus = FabricTorus(sizes: sizes, isFree: isFree, scores: scores)
    #expect(torus.place(8, declared: declared) == nil && torus.place(8)?.box == FabricBox(x: 8, y: 1, z: 1))
    #expect(torus.largestBox() == FabricBox(x: 8, y: 1, z: 1))
  }

  /// The second block goes next to the first: what stays free stays in one piece.
  @Test func boxesAreTakenWhereTheyLeaveTheLeastOpen() {
    let sizes = FabricBox(x: 4, y: 4, z: 4)
    var isFree = [Bool](repeating: true, count: 64)
    let scores = isFree.map { _ in Int64(0) }
    let first = FabricTorus(sizes: sizes, isFree: isFree, scores: scores).place(8)!
    #expect(first.box == FabricBox(x: 2, y: 2, z: 2) && first.openSurface == 24)
    for place in first.places { isFree[place] = false }
    let second = FabricTorus(sizes: sizes, isFree: isFree, scores: scores).place(8)!
    // Between the first and itself round the torus: both faces of one dimension are taken.
    #expect(second.openSurface == 16)
    #expect(first.places == [0, 1, 5, 4, 20, 21, 17, 16])
  }

  /// 32,768 places with holes, in both answers.
  @Test func aLargeTorusIsSearched() {
    let sizes = FabricBox(x: 64, y: 32, z: 16)
    var random = TestRandom(state: 1)
    var isFree = (0..<sizes.volume).map { _ in Int.random(in: 0..<4, using: &random) != 0 }
    for z in 4..<12 {
      for y in 20..<28 {
        for x in 30..<38 { isFree[x + 64 * (y + 32 * z)] = true }
      }
    }
    let torus = FabricTorus(sizes: sizes, isFree: isFree, scores: isFree.map { _ in 0 })
    #expect(torus.place(512)?.box == FabricBox(x: 8, y: 8, z: 8))
    #expect(torus.place(1024) == nil)
    #expect(torus.largestBox().map { $0.volume >= 512 && $0.volume < 1024 } == true)
  }
}
