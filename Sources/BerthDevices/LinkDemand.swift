/// What a pod asks of the links of its devices.
public struct LinkDemand: Hashable, Sendable {
  public enum Preference: UInt8, Hashable, Sendable {
    /// Any set that satisfies what is required is as good as any other: what remains decides.
    case none
    /// Better links first; what remains decides between equal ones.
    case bestLinks
  }

  /// The class that the link of every pair of the set must have at least; `.itself`: none is required. A single GPU has
  /// no pairs and satisfies any. `.nvLink(lanes: 1)`: NVLink or NVSwitch; `.singleSwitch`: one PCIe switch or better;
  /// `.sameNode`: one NUMA node or better.
  public var required: LinkClass
  public var preference: Preference
  /// NICs that the pod wants, 0...`Machine.maxNICs`.
  public var nics: UInt8
  /// Whether each of these must share a PCIe switch with a GPU of the set: its path to the nearest GPU passes no host
  /// bridge (PIX or PXB). If not, nearer ones are preferred.
  public var requiresNICs: Bool

  public init(
    required: LinkClass = .itself, preference: Preference = .none, nics: UInt8 = 0, requiresNICs: Bool = false
  ) {
    self.required = required
    self.preference = preference
    self.nics = nics
    self.requiresNICs = requiresNICs
  }

  public static let none = LinkDemand()
  public static let best = LinkDemand(preference: .bestLinks)

  /// The least class of a path that passes no host bridge.
  public static let sharedSwitch = LinkClass.multipleSwitches

  /// Whether its fields are within their ranges.
  public var isValid: Bool { (required == .itself || required.isKnown) && nics <= Machine.maxNICs }
}

/// A chosen set of GPUs, in 4 bytes.
public struct Choice: Hashable, Sendable {
  /// Bit i: GPU i.
  public let mask: UInt16
  /// 0...100: see `SubsetTables`.
  public let quality: UInt8
  /// 0...100, 255 if no set satisfies the demand: see `SubsetTables`.
  public let remainder: UInt8

  @inlinable @inline(__always)
  public init(mask: UInt16, quality: UInt8, remainder: UInt8) {
    self.mask = mask
    self.quality = quality
    self.remainder = remainder
  }

  @inlinable @inline(__always)
  public var isPossible: Bool { remainder != .max }

  /// No set satisfies the demand.
  public static var impossible: Choice {
    @inlinable @inline(__always) get { Choice(mask: 0, quality: 0, remainder: .max) }
  }

  /// The choice of no GPU at all.
  public static var nothing: Choice {
    @inlinable @inline(__always) get { Choice(mask: 0, quality: 100, remainder: 100) }
  }

  @inlinable @inline(__always)
  init(bits: UInt32) {
    self.init(
      mask: UInt16(truncatingIfNeeded: bits), quality: UInt8(truncatingIfNeeded: bits &>> 16),
      remainder: UInt8(truncatingIfNeeded: bits &>> 24))
  }

  @inlinable @inline(__always)
  var bits: UInt32 { UInt32(mask) | UInt32(quality) &<< 16 | UInt32(remainder) &<< 24 }
}
