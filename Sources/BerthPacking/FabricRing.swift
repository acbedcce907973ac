/// Nodes that are connected in a closed ring, and arcs of free ones in it.
public struct FabricRing: Sendable {
  /// Places of a ring or torus at the most.
  public static let placeLimit = 1 << 20
  /// Magnitude of a score at the most, so that sums of a whole fabric stay within 64 bits.
  public static let scoreLimit: Int64 = 1 << 42

  private let isFree: [Bool]
  private let scores: [Int64]

  /// [place] Place i is next to i + 1, the last one next to the first. A place without a node is not free.
  public init(isFree: [Bool], scores: [Int64]) {
    precondition(isFree.count <= Self.placeLimit, "a ring has at most 2^20 places")
    precondition(scores.count == isFree.count, "scores: [place]")
    precondition(scores.allSatisfy { $0.magnitude <= Self.scoreLimit.magnitude }, "scores: up to 2^42")
    self.isFree = isFree
    self.scores = scores
  }

  /// Consecutive free places, as many as asked, in ring order from the first one; nil if no run is long enough
  /// (`longestArc` is the proof).
  ///
  /// The arc is cut from the shortest run that is long enough, at an end of it, so that what remains is one run. Of
  /// these arcs it is the one with the highest sum of scores, and of equal ones that with the lowest first place.
  /// A ring that is free all round has no ends: any arc.
  public func arc(of count: Int) -> [Int]? {
    precondition(count > 0, "an arc has at least one place")
    let places = isFree.count
    guard let runs, let shortest = runs.lazy.map(\.count).filter({ $0 >= count }).min() else { return nil }
    // [place] Sum of the scores before it, twice round the ring.
    var sums: [Int64] = [0]
    sums.reserveCapacity(2 * places + 1)
    for place in 0..<2 * places { sums.append(sums[place] + scores[place % places]) }

    var best: (sum: Int64, first: Int)?
    func offer(_ first: Int) {
      let sum = sums[first + count] - sums[first]
      if let best, (best.sum, -best.first) >= (sum, -first) { return }
      best = (sum, first)
    }
    for run in runs where run.count == shortest {
      if run.count == places {
        for first in 0..<places { offer(first) }
      } else {
        offer(run.first)
        offer((run.first + run.count - count) % places)
      }
    }
    return best.map { best in (0..<count).map { (best.first + $0) % places } }
  }

  /// How many free places follow each other at the most.
  public var longestArc: Int { runs?.lazy.map(\.count).max() ?? 0 }

  /// The runs of free places, each as long as it can be; nil where none is free.
  private var runs: [(first: Int, count: Int)]? {
    let places = isFree.count
    guard let taken = isFree.firstIndex(of: false) else { return places == 0 ? nil : [(0, places)] }
    var runs: [(first: Int, count: Int)] = []
    var count = 0
    // Once round from a place that is not free, so that no run is cut in two.
    for step in 1...places {
      let place = (taken + step) % places
      if isFree[place] {
        count += 1
      } else if count > 0 {
        runs.append(((place - count + places) % places, count))
        count = 0
      }
    }
    return runs.isEmpty ? nil : runs
  }
}
