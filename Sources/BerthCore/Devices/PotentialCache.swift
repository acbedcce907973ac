/// What a state of a node is worth to the typical pods, for policies that score the change of it. `machine` stands for all
/// machines that look alike to typical pods (`MachineEntry.ground`).
protocol Potential: AnyObject {
  init(_ machine: MachineEntry, _ typical: TypicalPods)
  /// Equal for cpu amounts that make no difference.
  func state(cpu: Int64) -> Int64
  /// `milli`: free, of GPUs that are healthy, 0 else; descending where all GPUs are of one model.
  func value(_ milli: SIMD16<UInt16>, cpu: Int64) -> Double
}

/// Potentials of states of nodes. Direct-mapped: a state gives way to another in its place, and answers never depend on
/// what is there.
///
/// What a state is worth does not depend on which GPU has how much, where all are of one model: such states are looked
/// up sorted, whatever machine they are of.
final class PotentialCache<P: Potential> {
  private struct Entry {
    var milli: SIMD16<UInt16>
    var cpu: Int64
    var value: Double
    /// 0: empty, as no ground is 0.
    var ground: UInt32
  }
  private static var bits: Int { 18 }
  /// States that nodes are in, and states that they may come to: the latter are many more, and must not drive out the
  /// former, which every class asks for. Nothing until somebody asks: forks make caches that they may never need.
  private var standing: UnsafeMutablePointer<Entry>?
  private var possible: UnsafeMutablePointer<Entry>?
  private var potentials: [UInt32: P] = [:]
  private var last: P?
  private var lastGround: UInt32 = 0
  private(set) var misses: UInt64 = 0

  deinit {
    standing?.deallocate()
    possible?.deallocate()
  }

  func clear() {
    standing?.deallocate()
    possible?.deallocate()
    (standing, possible) = (nil, nil)
    potentials = [:]
    (last, lastGround) = (nil, 0)
  }

  /// Of a state that a node is in.
  @inline(__always)
  func now(_ milli: SIMD16<UInt16>, cpu: Int64, _ machine: MachineEntry, _ typical: TypicalPods) -> Double {
    let entries = standing ?? Self.makeEntries()
    standing = entries
    return value(milli, cpu: cpu, machine, typical, entries)
  }

  /// Of a state that a node would come to.
  @inline(__always)
  func then(_ milli: SIMD16<UInt16>, cpu: Int64, _ machine: MachineEntry, _ typical: TypicalPods) -> Double {
    let entries = possible ?? Self.makeEntries()
    possible = entries
    return value(milli, cpu: cpu, machine, typical, entries)
  }

  @inline(__always)
  private func value(
    _ milli: SIMD16<UInt16>, cpu: Int64, _ machine: MachineEntry, _ typical: TypicalPods,
    _ entries: UnsafeMutablePointer<Entry>
  ) -> Double {
    if lastGround != machine.ground { find(machine, typical) }
    let potential = last.unsafelyUnwrapped
    let milli = machine.isUniform ? milli.sortedDescending(machine.gpuCount) : milli
    let state = potential.state(cpu: cpu)
    let entry = entries + Self.place(milli, UInt64(bitPattern: state), machine.ground)
    if entry.pointee.cpu == state && entry.pointee.ground == machine.ground && entry.pointee.milli == milli {
      return entry.pointee.value
    }
    misses += 1
    let value = potential.value(milli, cpu: cpu)
    entry.pointee = Entry(milli: milli, cpu: state, value: value, ground: machine.ground)
    return value
  }

  @inline(__always)
  private static func place(_ milli: SIMD16<UInt16>, _ state: UInt64, _ ground: UInt32) -> Int {
    let words = unsafeBitCast(milli, to: SIMD4<UInt64>.self)
    var hash = (state ^ UInt64(ground) << 32) &* 0x9E37_79B9_7F4A_7C15
    for lane in 0..<4 { hash = (hash ^ words[lane]) &* 0xFF51_AFD7_ED55_8CCD ^ hash >> 29 }
    return Int(truncatingIfNeeded: (hash ^ hash >> 32) & (1 << UInt64(bits) - 1))
  }

  @inline(never)
  private static func makeEntries() -> UnsafeMutablePointer<Entry> {
    let fresh = UnsafeMutablePointer<Entry>.allocate(capacity: 1 << bits)
    fresh.initialize(repeating: Entry(milli: .zero, cpu: 0, value: 0, ground: 0), count: 1 << bits)
    return fresh
  }

  @inline(never)
  private func find(_ machine: MachineEntry, _ typical: TypicalPods) {
    let potential = potentials[machine.ground] ?? P(machine, typical)
    potentials[machine.ground] = potential
    (last, lastGround) = (potential, machine.ground)
  }
}

extension SIMD16<UInt16> {
  /// The first `count` lanes in descending order; the others are 0 and stay where they are.
  @inline(__always)
  func sortedDescending(_ count: Int) -> SIMD16<UInt16> {
    var lanes = self
    withUnsafeMutableBytes(of: &lanes) { bytes in
      let cells = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt16.self)
      var place = 1
      while place < count {
        let value = cells[place]
        var hole = place
        while hole > 0 && cells[hole - 1] < value {
          cells[hole] = cells[hole - 1]
          hole -= 1
        }
        cells[hole] = value
        place += 1
      }
    }
    return lanes
  }
}
