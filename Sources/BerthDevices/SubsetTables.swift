import Synchronization

/// Which of a machine's idle GPUs a pod should get: one look-up for any state of the machine.
///
/// Of all sets of the wanted size among the free GPUs, the best one is, in this order:
/// 1. one that satisfies what the demand requires: every pair linked by the required class or a better one; the wanted
///    NICs each below a PCIe switch of a GPU of the set;
/// 2. if the demand prefers better links: the highest least class of a pair, then the highest sum of the pairs' weights
///    (`LinkClass.weight`); if it wants NICs, in either way: the highest sum of `LinkClass.nicQuality` over the nearest
///    of these, 0 for each that is missing;
/// 3. the most valuable remainder: `LinkStructure.value(ofFree:)` of the free GPUs without the set;
/// 4. the lowest GPUs: the set whose sorted list of indices comes first.
///
/// Quality, 0...100: `LinkClass.quality` of the set's worst pair, 100 for a single GPU; absolute, so that machines can
/// be compared. If NICs are wanted, (3 * links + NICs) / 4, rounded down, with the mean `nicQuality` of the wanted ones.
/// It is given without preference, too.
///
/// Remainder, 0...100: 100 less the share of the wholly idle machine's value that taking the set breaks. 100: nothing
/// that was whole breaks. It compares machines as it compares sets: who wants one GPU does better where a pair is broken
/// already.
///
/// Up to 8 GPUs, the answers to a demand fill a table when it is registered: 2^n masks x n sizes x 4 bytes, 8 KiB for 8
/// GPUs. For 9 to 16 GPUs they are found when first asked for and kept in a cache of 2^15 entries (256 KiB for all
/// demands together; an entry gives way to a newer one in its place). Beside it are 6 bytes for each mask: 1.5 KiB for
/// 8 GPUs, 384 KiB for 16.
///
/// Any number of threads may choose at once. `register` is for one thread at a time; others may go on choosing with
/// demands that they know already. Nothing allocates but `init` and `register`.
public final class SubsetTables: @unchecked Sendable {
  /// Demands that one machine can tell apart.
  public static let maxDemands = 256
  /// Up to so many GPUs, tables are filled in advance.
  public static let maxEagerGPUs = 8
  static let cacheBits = 15

  public let structure: LinkStructure
  @usableFromInline let gpuCount: Int
  @usableFromInline let allGPUs: UInt16
  let facts: SubsetFacts
  /// Relaxed, as whoever knows an index has it from `register`, after whose writes the index came.
  @usableFromInline let demandCount = Atomic<Int>(0)
  private let demands: UnsafeMutablePointer<LinkDemand>
  /// By demand, then [size - 1][free mask].
  @usableFromInline let tables: UnsafeMutablePointer<UnsafeMutablePointer<Choice>>
  /// free << 48 | (size - 1) << 44 | demand << 32 | choice; 0 is empty, as nothing is sought among no free GPUs.
  private let cache: UnsafeMutablePointer<Atomic<UInt64>>?

  public init(_ structure: LinkStructure, demands wanted: [LinkDemand] = []) {
    self.structure = structure
    gpuCount = structure.gpuCount
    facts = SubsetFacts(structure)
    allGPUs = facts.allGPUs
    demands = .allocate(capacity: Self.maxDemands)
    tables = .allocate(capacity: Self.maxDemands)
    if gpuCount > Self.maxEagerGPUs {
      let words = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: 1 << Self.cacheBits)
      for index in 0..<1 << Self.cacheBits { (words + index).initialize(to: Atomic(0)) }
      cache = words
    } else {
      cache = nil
    }
    for demand in wanted { _ = register(demand) }
  }

  deinit {
    if let cache {
      cache.deinitialize(count: 1 << Self.cacheBits)
      cache.deallocate()
    } else {
      for index in 0..<demandCount.load(ordering: .relaxed) { tables[index].deallocate() }
    }
    facts.deallocate()
    demands.deallocate()
    tables.deallocate()
  }

  /// The index of a demand, new or known: 0, 1, ... in the order of first registration, so that machines which are told
  /// the same demands in the same order agree on them. Nil when the demand is not valid or there are `maxDemands`.
  public func register(_ demand: LinkDemand) -> Int? {
    let next = demandCount.load(ordering: .relaxed)
    for index in 0..<next where demands[index] == demand { return index }
    guard demand.isValid && next < Self.maxDemands else { return nil }
    (demands + next).initialize(to: demand)
    if cache == nil { (tables + next).initialize(to: filledTable(for: demand)) }
    demandCount.store(next + 1, ordering: .releasing)
    return next
  }

  public var registeredDemands: [LinkDemand] { (0..<demandCount.load(ordering: .acquiring)).map { demands[$0] } }

  /// What the tables hold, without the object itself.
  public var bytes: Int {
    let answers =
      cache == nil ? demandCount.load(ordering: .acquiring) * gpuCount << (gpuCount + 2) : 8 << Self.cacheBits
    return answers + facts.bytes + Self.maxDemands * (MemoryLayout<LinkDemand>.stride + 8)
  }

  /// The best `count` of the free GPUs. No GPU is always possible; more than are free never is. Bits of `free` beyond the
  /// machine's GPUs are ignored. All NICs count as free.
  @inlinable @inline(__always)
  public func choose(free: UInt16, count: Int, demandIndex: Int) -> Choice {
    precondition(UInt(bitPattern: demandIndex) < UInt(bitPattern: demandCount.load(ordering: .relaxed)))
    guard UInt(bitPattern: count &- 1) < UInt(bitPattern: gpuCount) else { return count == 0 ? .nothing : .impossible }
    let idle = free & allGPUs
    if gpuCount <= Self.maxEagerGPUs { return tables[demandIndex][(count &- 1) &<< gpuCount | Int(idle)] }
    return remembered(idle, count, demandIndex)
  }

  /// The same when only some NICs are free (bit i: NIC i). By table if all are, or the demand wants none; else by
  /// looking at each set: at most 70 of 8 GPUs, 12,870 of 16.
  public func choose(free: UInt16, count: Int, demandIndex: Int, freeNICs: UInt16) -> Choice {
    precondition(UInt(bitPattern: demandIndex) < UInt(bitPattern: demandCount.load(ordering: .relaxed)))
    if demands[demandIndex].nics == 0 || facts.allNICs & ~freeNICs == 0 {
      return choose(free: free, count: count, demandIndex: demandIndex)
    }
    if count == 0 { return .nothing }
    return facts.search(
      free: free & allGPUs, count: count, demand: demands[demandIndex], freeNICs: freeNICs & facts.allNICs)
  }

  /// The nearest `count` free NICs of a set of GPUs, lowest index first among equally near ones; fewer bits when there
  /// are no more.
  public func chooseNICs(gpus: UInt16, count: Int, freeNICs: UInt16 = .max) -> UInt16 {
    facts.nearestNICs(of: gpus & allGPUs, count: count, free: freeNICs & facts.allNICs).mask
  }

  /// Of GPUs on which a part is wanted and which are equal otherwise: the one whose breaking leaves the most valuable
  /// remainder of the idle GPUs, then the lowest. A candidate that is not idle breaks nothing.
  /// The choice has one GPU, and is impossible when there is no candidate.
  public func shareGPU(candidates: UInt16, idle: UInt16) -> Choice {
    let idle = idle & allGPUs
    var rest = candidates & allGPUs
    var best: UInt16 = 0
    var bestValue: UInt16 = 0
    while rest != 0 {
      let gpu = rest & (~rest &+ 1)
      rest &= rest - 1
      let value = facts.values[Int(idle & ~gpu)]
      if best == 0 || value > bestValue { (best, bestValue) = (gpu, value) }
    }
    guard best != 0 else { return .impossible }
    return Choice(mask: best, quality: 100, remainder: facts.remainder(of: idle, without: best))
  }
}

extension SubsetTables {
  private func filledTable(for demand: LinkDemand) -> UnsafeMutablePointer<Choice> {
    let masks = 1 << gpuCount
    let table = UnsafeMutablePointer<Choice>.allocate(capacity: masks * gpuCount)
    for count in 1...gpuCount {
      for free in 0..<masks {
        (table + (count - 1) * masks + free).initialize(
          to: facts.search(free: UInt16(free), count: count, demand: demand, freeNICs: facts.allNICs))
      }
    }
    return table
  }

  /// From the cache, or found and put there. A word holds question and answer, so that threads need no order.
  @usableFromInline @inline(never)
  func remembered(_ idle: UInt16, _ count: Int, _ demandIndex: Int) -> Choice {
    guard let cache, idle != 0 else { return .impossible }
    let question = UInt32(idle) << 16 | UInt32(count - 1) << 12 | UInt32(demandIndex)
    // Fibonacci hashing, 2^32 over the golden ratio; the parentheses matter, as a shift binds tighter than a product
    let word = cache + Int((question &* 2_654_435_769) >> UInt32(32 - Self.cacheBits))
    let known = word.pointee.load(ordering: .relaxed)
    if UInt32(known >> 32) == question { return Choice(bits: UInt32(truncatingIfNeeded: known)) }
    let choice = facts.search(free: idle, count: count, demand: demands[demandIndex], freeNICs: facts.allNICs)
    word.pointee.store(UInt64(question) << 32 | UInt64(choice.bits), ordering: .relaxed)
    return choice
  }
}
