/// A decision of the engine that the rules do not give.
public struct PlaceMismatch: Error, CustomStringConvertible {
  public let description: String
}

/// The decisions that are compared with `ReferenceCluster`, and the state of that cluster.
struct PlaceChecks {
  /// Arrivals to check, ascending.
  let positions: [Int]
  var reference: ReferenceCluster
  private(set) var agreed = 0
  private var nextCheck = 0
  /// Arrivals and departures that `reference` has seen.
  private var seenArrivals = 0
  private var seenDepartures = 0
  private let placeCase: PlaceCase

  init(_ placeCase: PlaceCase, profile: ProfileChoice, count: Int) {
    self.placeCase = placeCase
    let (allocatable, requested) = placeCase.columns(0..<placeCase.nodes.count)
    reference = ReferenceCluster(
      profile: profile, width: PlaceCase.width, allocatable: allocatable, used: requested)
    positions = Self.draw(min(count, placeCase.arrivals.count), of: placeCase.arrivals.count, seed: placeCase.seed)
  }

  /// Distinct positions, each set of that size equally likely (Floyd's sampling).
  private static func draw(_ count: Int, of total: Int, seed: UInt64) -> [Int] {
    var random = SeededRandom(seed: seed, stream: PlaceCase.Stream.checks.rawValue)
    var chosen = Set<Int>()
    for last in total - count..<total {
      let pick = random.below(last + 1)
      chosen.insert(chosen.contains(pick) ? last : pick)
    }
    return chosen.sorted()
  }

  /// The next arrival to check; Int.max when all are done.
  var next: Int { nextCheck < positions.count ? positions[nextCheck] : Int.max }

  /// Brings the reference to the moment before arrival `next`, and decides there.
  mutating func decide(
    decisions: (Int) -> Int32, departures: [PlaceBench.Departure]
  ) -> ReferenceCluster.Decision? {
    while seenArrivals < next {
      let node = Int(decisions(seenArrivals))
      if node >= 0 { reference.change(node, by: request(seenArrivals), sign: 1) }
      seenArrivals += 1
    }
    while seenDepartures < departures.count {
      let pod = Int(departures[seenDepartures].pod)
      reference.change(Int(decisions(pod)), by: request(pod), sign: -1)
      seenDepartures += 1
    }
    return reference.decide(request(next))
  }

  /// Compares the engine's decision on arrival `next` with the expected one.
  mutating func compare(
    _ expected: ReferenceCluster.Decision?, with found: ReferenceCluster.Decision?
  ) throws(PlaceMismatch) {
    guard expected == found else {
      func tell(_ decision: ReferenceCluster.Decision?) -> String {
        decision.map { "node \($0.node) with score \($0.score)" } ?? "no node"
      }
      throw PlaceMismatch(
        description: """
          wrong decision on pod \(next) (class \(placeCase.arrivals[next]), request \(request(next)), \
          seed \(placeCase.seed), profile \(reference.profile.rawValue)): the engine chose \(tell(found)), \
          the rules give \(tell(expected))
          """)
    }
    agreed += 1
    nextCheck += 1
  }

  private func request(_ arrival: Int) -> [Int64] { Array(placeCase.request(Int(placeCase.arrivals[arrival]))) }
}
