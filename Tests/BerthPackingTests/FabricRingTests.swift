import BerthPacking
import Testing

@Suite struct FabricRingTests {
  /// Every arc, judged from scratch: the run that it is cut from is walked in both directions.
  private static func best(_ isFree: [Bool], _ scores: [Int64], _ count: Int) -> [Int]? {
    let places = isFree.count
    var best: (run: Int, sum: Int64, arc: [Int])?
    for first in 0..<places where count <= places {
      let arc = (0..<count).map { (first + $0) % places }
      if arc.contains(where: { !isFree[$0] }) { continue }
      var before = 0
      while before < places - count && isFree[(first - before - 1 + places) % places] { before += 1 }
      var after = 0
      while after < places - count && isFree[(first + count + after) % places] { after += 1 }
      let wholeRing = !isFree.contains(false)
      if !wholeRing && before > 0 && after > 0 { continue }
      let run = wholeRing ? places : before + count + after
      let sum = arc.reduce(0) { $0 + scores[$1] }
      if let best, (best.run, -best.sum, best.arc[0]) < (run, -sum, first) { continue }
      best = (run, sum, arc)
    }
    return best?.arc
  }

  /// All rings of up to ten places, all masks, all lengths, with equal scores and with unequal ones.
  @Test(arguments: 1...10)
  func agreesWithEnumeration(places: Int) {
    var random = TestRandom(state: UInt64(places))
    for mask in 0..<1 << places {
      let isFree = (0..<places).map { mask >> $0 & 1 == 1 }
      for scores in [isFree.map { _ in 0 }, isFree.map { _ in Int64.random(in: -2...2, using: &random) }] {
        let ring = FabricRing(isFree: isFree, scores: scores)
        var longest = 0
        for count in 1...places + 1 {
          let expected = Self.best(isFree, scores, count)
          #expect(ring.arc(of: count) == expected)
          if expected != nil { longest = count }
        }
        #expect(ring.longestArc == longest)
      }
    }
  }

  @Test func anEmptyRingHasNoArc() {
    let ring = FabricRing(isFree: [], scores: [])
    #expect(ring.arc(of: 1) == nil && ring.longestArc == 0)
  }

  /// A ring of 16 hosts, as Slurm's topology/ring has them: jobs take consecutive hosts, across the end as well.
  @Test func hostsOfASlurmRingAreConsecutive() {
    var isFree = [Bool](repeating: true, count: 16)
    let scores = [Int64](repeating: 0, count: 16)
    func take(_ count: Int) -> [Int]? {
      let arc = FabricRing(isFree: isFree, scores: scores).arc(of: count)
      for place in arc ?? [] { isFree[place] = false }
      return arc
    }
    #expect(take(4) == [0, 1, 2, 3])
    #expect(take(8) == [4, 5, 6, 7, 8, 9, 10, 11])
    for place in [0, 1] { isFree[place] = true }
    // 12...15 and 0, 1 are one run across the end.
    #expect(take(6) == [12, 13, 14, 15, 0, 1])
    #expect(take(1) == nil)
  }

  @Test func theShorterRunIsUsedUpFirst() {
    let isFree = "##..#....#......".map { $0 == "." }
    let ring = FabricRing(isFree: isFree, scores: isFree.map { _ in 0 })
    #expect(ring.arc(of: 2) == [2, 3])
    #expect(ring.arc(of: 3) == [5, 6, 7])
    #expect(ring.arc(of: 5) == [10, 11, 12, 13, 14])
    #expect(ring.longestArc == 6)
    var scores = isFree.map { _ in Int64(0) }
    scores[8] = 1
    #expect(FabricRing(isFree: isFree, scores: scores).arc(of: 3) == [6, 7, 8])
  }
}
