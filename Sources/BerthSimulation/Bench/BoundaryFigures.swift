/// Times of one case, of every slice of every play: what the programs needed for the same placements, one directly after
/// the other.
public struct BoundaryTimes: Sendable {
  /// Nanoseconds per placement, [language][play][slice]; Swift's come first.
  private var samples: [[[Double]]]

  public init(languages: Int) { samples = Array(repeating: [], count: languages) }

  public mutating func add(_ play: [[Double]]) {
    for language in samples.indices { samples[language].append(play[language]) }
  }

  /// The mean over slices, each with its median over plays.
  func nanoseconds(_ language: Int) -> Double {
    let plays = samples[language]
    let slices = (plays.first?.indices ?? 0..<0).map { slice in Latencies(plays.map { $0[slice] }).percentile(50) }
    return Latencies(slices).mean
  }

  /// The median over all pairs of what a language needed over what `other` needed for the same slice in the same play:
  /// both had the same neighbours on the machine.
  func median(_ language: Int, _ other: BoundaryTimes, _ compare: (Double, Double) -> Double) -> Double {
    let pairs = zip(samples[language].joined(), other.samples[0].joined())
    return Latencies(pairs.map { compare($0, $1) }).percentile(50)
  }
}

/// What crossing the boundary costs.
public struct BoundaryFigures: Sendable {
  public struct Language: Sendable {
    public let name: String
    public let batched: Double
    public let batchedOverheadPercent: Double
    public let single: Double
    public let singleOverheadPercent: Double
    /// A call of one pod on the single node, less a pod of a batch as Swift places it there.
    public let call: Double
    public let callWithDecision: Double
  }

  public let languages: [Language]

  /// Times of the cluster and of the single node, with many pods in a call and with one.
  public init(
    _ names: [String], clusterBatched: BoundaryTimes, clusterSingle: BoundaryTimes, nodeBatched: BoundaryTimes,
    nodeSingle: BoundaryTimes
  ) {
    func overhead(_ ours: Double, _ swift: Double) -> Double { (ours / swift - 1) * 100 }
    languages = names.indices.map { index in
      Language(
        name: names[index],
        batched: clusterBatched.nanoseconds(index),
        batchedOverheadPercent: clusterBatched.median(index, clusterBatched, overhead),
        single: clusterSingle.nanoseconds(index),
        singleOverheadPercent: clusterSingle.median(index, clusterSingle, overhead),
        call: nodeSingle.median(index, nodeBatched, -),
        callWithDecision: nodeSingle.nanoseconds(index))
    }
  }

  /// The languages, by name.
  public var json: JSONValue {
    .object(
      languages.map { language in
        (
          language.name,
          .object([
            ("ns_per_placement_batched", .number(language.batched.significant(5))),
            ("overhead_percent_batched", .number(language.batchedOverheadPercent.significant(3))),
            ("ns_per_placement_single", .number(language.single.significant(5))),
            ("overhead_percent_single", .number(language.singleOverheadPercent.significant(3))),
            ("ns_per_call_single", .number(language.call.significant(4))),
            ("ns_per_call_single_with_decision", .number(language.callWithDecision.significant(4))),
          ])
        )
      })
  }
}
