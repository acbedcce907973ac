/// Berth's own potential (docs/decisions/0009): what a node's free pieces of GPUs can still be sold for, in millionths of
/// a GPU. For each GPU H + 6 Z: H is the use that random arrivals will make of the piece, Z what it is worth at the shadow
/// prices of the typical mix.
final class Usefulness: Potential {
  /// At which the future ends, against arrivals that come at a rate of about 1.
  private static let endRate = 0.15
  /// Of Z against H.
  private static let priceWeight: Int64 = 6

  private struct Kind {
    var cpu: Int64
    var cpuWide: Double
    var milliWide: Double
    var rate: Double
    var count: Int32
    var need: Int32
    var size: Int32
  }
  /// With GPUs that some GPU of the ground may be, by size; of one size in the order in which they were told.
  private let kinds: UnsafeMutableBufferPointer<Kind>
  private let needs: TypicalNeeds
  private let unit: Int
  private let sizes: [Int]
  private let prices: [Int64]
  /// GPUs of each model; all of one where the ground is uniform.
  private let groups: [UInt16]
  private struct Active {
    var size: Int
    var wide: Double
    var rate: Double
    var price: Int64
  }
  /// Sizes that come at all, ascending.
  private let active: UnsafeMutablePointer<Active>
  /// By free units of a piece.
  private let uses: UnsafeMutablePointer<Double>
  private let values: UnsafeMutablePointer<Int64>

  init(_ machine: MachineEntry, _ typical: TypicalPods) {
    let needs = TypicalNeeds(machine, typical)
    self.needs = needs
    (unit, sizes, prices) = (typical.unit, typical.sizes, typical.prices)
    let own = typical.kinds.indices.filter { needs.places[$0] >= 0 }
      .sorted { (typical.kinds[$0].milli, $0) < (typical.kinds[$1].milli, $1) }
    kinds = .allocate(capacity: own.count)
    for (place, index) in own.enumerated() {
      let kind = typical.kinds[index]
      kinds.initializeElement(
        at: place,
        to: Kind(
          cpu: kind.cpu, cpuWide: Double(kind.cpu), milliWide: Double(kind.milli), rate: typical.rates[index],
          count: Int32(kind.count), need: needs.places[index],
          size: Int32(typical.sizes.firstIndex(of: Int(kind.milli) / typical.unit)!)))
    }
    if machine.isUniform {
      groups = [.max]
    } else {
      groups = Set(machine.models).sorted().map { machine.gpus(of: [$0]) }
    }
    active = .allocate(capacity: sizes.count)
    uses = .allocate(capacity: 1000 / unit + 1)
    values = .allocate(capacity: 1000 / unit + 1)
  }

  deinit {
    kinds.deallocate()
    active.deallocate()
    uses.deallocate()
    values.deallocate()
  }

  @inline(__always)
  func state(cpu: Int64) -> Int64 { cpu }

  func value(_ milli: SIMD16<UInt16>, cpu: Int64) -> Double {
    needs.look(at: milli)
    var total: Int64 = 0
    for group in groups { total += value(of: group, milli, cpu: cpu) }
    // whole, and far below 2^53
    return Double(total)
  }

  private func value(of group: UInt16, _ milli: SIMD16<UInt16>, cpu: Int64) -> Int64 {
    var most: UInt16 = 0
    for gpu in 0..<16 where group >> UInt16(gpu) & 1 != 0 { most = max(most, milli[gpu]) }
    guard Int(most) >= unit else { return 0 }
    let count = findActive(group, cpu: cpu)
    fill(upTo: Int(most) / unit, count)
    var total: Int64 = 0
    for gpu in 0..<16 where group >> UInt16(gpu) & 1 != 0 {
      let piece = Int(milli[gpu]) / unit
      total += Int64((uses[piece] * Double(unit * 1000)).rounded(.down)) + Self.priceWeight * values[piece]
    }
    return total
  }

  /// How often each size comes to the group's GPUs, if the node can take it now; returns how many sizes do.
  private func findActive(_ group: UInt16, cpu: Int64) -> Int {
    let gpu = group.trailingZeroBitCount
    let wide = Double(cpu)
    var count = 0
    var place = 0
    while place < kinds.count {
      let size = kinds[place].size
      var rate = 0.0
      while place < kinds.count && kinds[place].size == size {
        let kind = kinds[place]
        place += 1
        let there = needs.found[Int(kind.need)]
        guard cpu >= kind.cpu, there.count >= kind.count, needs.isAllowed(gpu, at: Int(kind.need)) else { continue }
        // cpu at hand against the cpu that pods of this kind would need to fill all that fits them
        let share = wide * kind.milliWide / (kind.cpuWide * Double(there.free))
        // no number where neither has any
        rate += share < 1 ? kind.rate * share : kind.rate
      }
      guard rate > 0 else { continue }
      active[count] = Active(
        size: sizes[Int(size)], wide: Double(sizes[Int(size)]), rate: rate, price: prices[Int(size)])
      count += 1
    }
    return count
  }

  /// Pieces up to a size: the expected use of each until the future ends, where whoever fits takes a part, and the best
  /// price for which it can be cut up.
  private func fill(upTo top: Int, _ count: Int) {
    uses[0] = 0
    values[0] = 0
    var fitting = 0
    var all = Self.endRate
    for piece in stride(from: 1, through: top, by: 1) {
      while fitting < count && active[fitting].size <= piece {
        all += active[fitting].rate
        fitting += 1
      }
      var sum = 0.0
      var best: Int64 = 0
      for index in 0..<fitting {
        let rest = piece - active[index].size
        sum += active[index].rate * (active[index].wide + uses[rest])
        best = max(best, values[rest] + active[index].price)
      }
      uses[piece] = sum / all
      values[piece] = best
    }
  }
}
