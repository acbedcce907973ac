/// Which services run on which machine: one bit each, because processes of one service run on distinct machines.
struct ServiceBits {
  private var words: [UInt64]
  private let machines: Int

  init(machines: Int, services: Int) {
    self.machines = machines
    words = [UInt64](repeating: 0, count: (machines * services + 63) / 64)
  }

  @inline(__always)
  func contains(_ service: Int, on machine: Int) -> Bool {
    let bit = service * machines + machine
    return words[bit >> 6] >> UInt64(bit & 63) & 1 != 0
  }

  @inline(__always)
  mutating func insert(_ service: Int, on machine: Int) {
    let bit = service * machines + machine
    words[bit >> 6] |= 1 << UInt64(bit & 63)
  }

  @inline(__always)
  mutating func remove(_ service: Int, from machine: Int) {
    let bit = service * machines + machine
    words[bit >> 6] &= ~(1 << UInt64(bit & 63))
  }
}

/// How many processes of each service have moved, and the largest of these counts, which is what costs.
struct MovedCounts {
  private var moved: [Int32]
  /// Element k: services of which k processes have moved.
  private var services: [Int32]
  private(set) var largest = 0

  /// Services from 0; one further service, number `count`, never moves and stands for none.
  init(services count: Int) {
    moved = [Int32](repeating: 0, count: count + 1)
    services = [Int32(count + 1)]
  }

  /// The largest count after processes of two services (or of one, given twice) have moved, with the changes of their
  /// counts.
  @inline(__always)
  func largest(after first: Int, _ change: Int, and second: Int, _ otherChange: Int) -> Int {
    if change == 0 && otherChange == 0 { return largest }
    let isOne = first == second
    let floor =
      isOne
      ? Int(moved[first]) + change + otherChange
      : max(Int(moved[first]) + change, Int(moved[second]) + otherChange)
    // The other services' largest count, if it is above: the two must not be counted where they are now.
    var largest = largest
    while largest > floor {
      let level = Int32(largest)
      let own: Int32 = (moved[first] == level ? 1 : 0) + (!isOne && moved[second] == level ? 1 : 0)
      if services[largest] > own { break }
      largest -= 1
    }
    return max(largest, floor)
  }

  @inline(__always)
  mutating func add(_ service: Int) {
    let count = Int(moved[service])
    services[count] -= 1
    if count + 1 == services.count { services.append(0) }
    services[count + 1] += 1
    moved[service] += 1
    largest = max(largest, count + 1)
  }

  @inline(__always)
  mutating func remove(_ service: Int) {
    let count = Int(moved[service])
    services[count] -= 1
    services[count - 1] += 1
    moved[service] -= 1
    if count == largest && services[count] == 0 { largest -= 1 }
  }
}
