/// Why a network, a job or a question about ranks is refused.
public struct RankError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// A list has another length than what it belongs to.
    case wrongCount
    /// A value outside its range.
    case badValue
    /// A number that names nothing: a rank, a place, a dimension.
    case unknown
    /// Something occurs twice that may occur once.
    case duplicate
    /// More ranks, places, flows or picoseconds than are supported.
    case limit
  }

  public let kind: Kind
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

/// What the module supports; each is checked.
public enum RankLimits {
  /// Ranks of a job and places of a network.
  public static let ranks = 1 << 20
  /// Levels of domains; there is one more of links.
  public static let levels = 8
  /// Parallel dimensions of a job.
  public static let dimensions = 8
  /// Collectives of a job.
  public static let collectives = 64
  /// Flows that are kept one by one: all but those of all-to-all, which are counted.
  public static let flows = 1 << 26
  /// Bytes a second of a link: a petabyte.
  public static let bytesPerSecond: Int64 = 1_000_000_000_000_000
  /// Nanoseconds of a link: a second.
  public static let latencyNanoseconds: Int64 = 1_000_000_000
  /// Picoseconds of a whole job, if all of it went over its dearest link: 26 days.
  public static let picoseconds = Int64(1) << 61
  /// Bytes of a job in all.
  public static let bytes = Int64(1) << 61
}
