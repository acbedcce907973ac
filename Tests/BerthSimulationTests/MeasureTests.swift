import Testing

@testable import BerthSimulation

@Suite struct MeasureTests {
  /// Computed apart, with a generator written in Python.
  @Test func randomNumbersAreTheOnesTheSeedGivesEverywhere() {
    var random = SeededRandom(seed: 1, stream: 2)
    #expect(
      (0..<4).map { _ in random.next() } == [
        9_579_208_193_359_609_190, 5_115_929_806_209_566_993, 9_400_772_252_435_387_239,
        11_348_209_657_754_131_067,
      ])
    var again = SeededRandom(seed: 1, stream: 2)
    var other = SeededRandom(seed: 1, stream: 3)
    #expect(again.next() != other.next())
  }

  @Test func numbersBelowABoundReachEveryValueAndNoOther() {
    var random = SeededRandom(seed: 7)
    var seen = [Int](repeating: 0, count: 5)
    for _ in 0..<1000 { seen[random.below(5)] += 1 }
    #expect(seen.allSatisfy { $0 > 100 })
    #expect((0..<100).allSatisfy { _ in random.below(1) == 0 })
  }

  @Test func shufflingKeepsEveryElement() {
    var random = SeededRandom(seed: 3)
    var elements = Array(0..<100)
    random.shuffle(&elements)
    #expect(elements != Array(0..<100))
    #expect(elements.sorted() == Array(0..<100))
  }

  @Test func percentilesAreNearestRanks() {
    let latencies = Latencies([40, 10, 30, 20, 50])
    #expect(latencies.percentile(0) == 10)
    #expect(latencies.percentile(20) == 10)
    #expect(latencies.percentile(21) == 20)
    #expect(latencies.percentile(50) == 30)
    #expect(latencies.percentile(99) == 50)
    #expect(latencies.percentile(100) == 50)
    #expect(Latencies([]).percentile(50) == 0)
  }

  /// Computed apart, in Python.
  @Test func checksumIsFNV1aOverLittleEndianNumbers() {
    var checksum = Checksum()
    #expect(checksum.text == "cbf29ce484222325")
    for number in [0, -1, 65536] as [Int32] { checksum.add(number) }
    #expect(checksum.text == "322d90bc0c8b5e88")
  }

  @Test func significantDigitsRoundOnEitherSideOfThePoint() {
    #expect(1234.567.significant(3) == 1230)
    #expect(0.0012345.significant(2) == 0.0012)
    #expect((-98765.0).significant(1) == -100_000)
    #expect(0.0.significant(3) == 0)
  }

  @Test func aLineOfJSONKeepsOrderAndQuotesWhatItMust() {
    let value = JSONValue.object([
      ("b", .list([.integer(-1), .unsigned(.max), .number(0.5), .boolean(true)])), ("a", .text("\"\\\n\u{1}é")),
      ("n", .number(.nan)),
    ])
    #expect(
      value.line == #"{"b": [-1, 18446744073709551615, 0.5, true], "a": "\"\\\n\u0001é", "n": null}"#)
  }
}
