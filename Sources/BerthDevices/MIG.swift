/// A size of GPU instance that a model offers.
public struct MIGProfile: Hashable, Sendable {
  /// As in the Kubernetes resource without "nvidia.com/mig-", e.g. 1g.5gb.
  public let name: String
  /// Of the 7 (on 4-slice models 4) compute slices.
  public let computeSlices: Int
  /// Of the 8 (or 4) memory slices: these are what a placement occupies, one after the other.
  public let memorySlices: Int
  /// Nominal, as in the name.
  public let memoryGB: Int
  /// Bit i: an instance may start at memory slice i.
  public let starts: UInt8

  /// The memory slices that an instance occupies which starts at slice `start`.
  @inlinable
  public func slices(from start: Int) -> UInt8 { UInt8(truncatingIfNeeded: (1 << memorySlices - 1) << start) }
}

/// How GPUs are cut: the shapes of instances, from the largest to the smallest, without their gigabytes.
///
/// Source: NVIDIA Multi-Instance GPU User Guide, "Supported MIG Profiles", and what `nvidia-smi mig -lgipp` prints on
/// A100, H100 (`{0,2,4}:2` ...) and A30. Variants with media engines (+me, +gfx) take the slices of the plain profile.
public enum MIGGeometry: Hashable, Sendable, CaseIterable {
  /// 8 memory and 7 compute slices: A100, H100, H200, B200 and their kin.
  case sevenSlices
  /// 4 memory and 4 compute slices: A30, RTX PRO 6000 Blackwell.
  case fourSlices

  struct Shape {
    let compute: Int
    let memory: Int
    let starts: UInt8
  }

  /// By memory slices, then compute slices, descending.
  var shapes: [Shape] {
    switch self {
    case .sevenSlices:
      [
        Shape(compute: 7, memory: 8, starts: 0b0000_0001),
        Shape(compute: 4, memory: 4, starts: 0b0000_0001),
        Shape(compute: 3, memory: 4, starts: 0b0001_0001),
        Shape(compute: 2, memory: 2, starts: 0b0001_0101),
        Shape(compute: 1, memory: 2, starts: 0b0101_0101),
        Shape(compute: 1, memory: 1, starts: 0b0111_1111),
      ]
    case .fourSlices:
      [
        Shape(compute: 4, memory: 4, starts: 0b0001),
        Shape(compute: 2, memory: 2, starts: 0b0101),
        Shape(compute: 1, memory: 1, starts: 0b1111),
      ]
    }
  }

  /// The memory slices there are.
  public var allSlices: UInt8 { self == .sevenSlices ? 0xFF : 0x0F }
  public var computeSlices: Int { self == .sevenSlices ? 7 : 4 }
}

/// What a model can be cut into.
public struct MIGSupport: Hashable, Sendable {
  public let geometry: MIGGeometry
  /// From the largest to the smallest; the index is what `MIGTable` takes.
  public let profiles: [MIGProfile]

  /// `gigabytes`: of the profiles in the order of the geometry's shapes.
  init(_ geometry: MIGGeometry, gigabytes: [Int]) {
    self.geometry = geometry
    profiles = zip(geometry.shapes, gigabytes).map { shape, memory in
      MIGProfile(
        name: "\(shape.compute)g.\(memory)gb", computeSlices: shape.compute, memorySlices: shape.memory,
        memoryGB: memory, starts: shape.starts)
    }
  }

  /// The index of a profile by its name; nil when the model does not offer it.
  public func index(of name: String) -> Int? { profiles.firstIndex { $0.name == name } }
}

/// Where to put the next GPU instance, by table: one load for any state of a GPU.
///
/// The rule: of the starts of the profile whose slices are free, the one after which most instances of the largest
/// profile still fit; if equal, most of the next smaller profile, and so on down to the smallest; if all are equal, the
/// lowest start. "Fit" counts starts with free slices for each profile by itself; starts of one profile do not overlap.
/// On an empty A100, 1g goes to slice 6 (which keeps 4g and all 2g) and 3g to slice 4 (which keeps 4g).
///
/// Compute slices need no count: no profile has more of them than memory slices, and what occupies the eighth memory
/// slice has one compute slice less, so instances that do not overlap never have more than seven.
public final class MIGTable: @unchecked Sendable {
  public static let noStart: UInt8 = .max
  public let geometry: MIGGeometry
  public let profileCount: Int
  /// [used][profile], one byte each: 256 x 8 = 2 KiB. Never written after init.
  @usableFromInline let starts: UnsafeMutablePointer<UInt8>

  public static let sevenSlices = MIGTable(.sevenSlices)
  public static let fourSlices = MIGTable(.fourSlices)

  public static func table(for geometry: MIGGeometry) -> MIGTable {
    geometry == .sevenSlices ? sevenSlices : fourSlices
  }

  private init(_ geometry: MIGGeometry) {
    self.geometry = geometry
    let shapes = geometry.shapes
    profileCount = shapes.count
    starts = .allocate(capacity: 256 * 8)
    starts.initialize(repeating: Self.noStart, count: 256 * 8)
    for used in 0..<256 {
      for profile in shapes.indices {
        starts[used << 3 | profile] = Self.best(shapes, profile, used: UInt8(used) & geometry.allSlices)
      }
    }
  }

  deinit { starts.deallocate() }

  /// The memory slice at which an instance of a profile should start; `noStart` when it does not fit.
  /// `used`: the occupied memory slices; bits of slices that the model does not have are ignored.
  @inlinable @inline(__always)
  public func start(profile: Int, used: UInt8) -> UInt8 {
    precondition(UInt(bitPattern: profile) < UInt(bitPattern: profileCount))
    return starts[Int(used) &<< 3 | profile]
  }

  private static func best(_ shapes: [MIGGeometry.Shape], _ profile: Int, used: UInt8) -> UInt8 {
    var best = noStart
    var bestValue: UInt64 = 0
    for start in 0..<8 where fits(shapes[profile], at: start, used: used) {
      let left = used | mask(shapes[profile], at: start)
      // one digit of 4 bits for each profile, the largest profile first; at most 7 instances fit
      var value: UInt64 = 0
      for shape in shapes {
        let fitting = (0..<8).count { fits(shape, at: $0, used: left) }
        value = value << 4 | UInt64(fitting)
      }
      if best == noStart || value > bestValue { (best, bestValue) = (UInt8(start), value) }
    }
    return best
  }

  private static func mask(_ shape: MIGGeometry.Shape, at start: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: (1 << shape.memory - 1) << start)
  }

  private static func fits(_ shape: MIGGeometry.Shape, at start: Int, used: UInt8) -> Bool {
    shape.starts >> UInt8(start) & 1 == 1 && mask(shape, at: start) & used == 0
  }
}
