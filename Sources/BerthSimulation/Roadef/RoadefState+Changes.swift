import BerthSearch

extension RoadefState: AssignmentProblem {
  var itemCount: Int { tables.processCount }
  var binCount: Int { tables.machineCount }

  @inline(__always)
  func bin(of process: Int) -> Int { machines[process] }

  @inline(__always)
  func change(moving process: Int, to machine: Int) -> Int? {
    let old = machines[process]
    let service = tables.service[process]
    if machine == old || running.contains(service, on: machine) { return nil }
    if !fits(process, on: machine, removing: tables.noProcess) { return nil }
    if !keepsSpread(service, from: old, to: machine) { return nil }
    if !keepsDependencies(service, tables.noService, between: old, and: machine) { return nil }
    return cost(of: old, adding: tables.noProcess, removing: process) - costs[old]
      + cost(of: machine, adding: process, removing: tables.noProcess) - costs[machine]
      + moveCostChange(process, to: machine)
      + serviceMoveChange(service, leaving(process, to: machine), tables.noService, 0)
  }

  @inline(__always)
  func change(swapping first: Int, with second: Int) -> Int? {
    let (here, there) = (machines[first], machines[second])
    if here == there { return nil }
    let (service, other) = (tables.service[first], tables.service[second])
    // Processes of one service leave its places as they were.
    if service != other {
      if running.contains(service, on: there) || running.contains(other, on: here) { return nil }
    }
    if !fits(first, on: there, removing: second) || !fits(second, on: here, removing: first) { return nil }
    if service != other {
      if !keepsSpread(service, from: here, to: there) || !keepsSpread(other, from: there, to: here) { return nil }
      if !keepsDependencies(service, other, between: here, and: there) { return nil }
    }
    return cost(of: here, adding: second, removing: first) - costs[here]
      + cost(of: there, adding: first, removing: second) - costs[there]
      + moveCostChange(first, to: there) + moveCostChange(second, to: here)
      + serviceMoveChange(service, leaving(first, to: there), other, leaving(second, to: here))
  }

  mutating func move(_ process: Int, to machine: Int) {
    let old = machines[process]
    relocate(process, to: machine)
    setCosts(old, machine)
  }

  mutating func swap(_ first: Int, with second: Int) {
    let (here, there) = (machines[first], machines[second])
    exchange(first, second)
    setCosts(here, there)
  }

  mutating func restore(_ bins: [Int]) { setMachines(bins) }
}

/// Rules and costs that join machines.
extension RoadefState {
  @inline(__always)
  private func keepsSpread(_ service: Int, from old: Int, to new: Int) -> Bool {
    let base = service * tables.locationCount
    let (left, reached) = (base + tables.location[old], base + tables.location[new])
    if left == reached { return true }
    let change: Int32 = (inLocation[reached] == 0 ? 1 : 0) - (inLocation[left] == 1 ? 1 : 0)
    return change >= 0 || spread[service] + change >= tables.minimumSpread[service]
  }

  /// After a process of `service` has gone from `here` to `there` and one of `other`, or `noService`, the other way.
  @inline(__always)
  private func keepsDependencies(_ service: Int, _ other: Int, between here: Int, and there: Int) -> Bool {
    let (left, reached) = (tables.neighbourhood[here], tables.neighbourhood[there])
    if left == reached { return true }
    return keepsDependencies(service, from: left, to: reached, against: other)
      && (other == tables.noService || keepsDependencies(other, from: reached, to: left, against: service))
  }

  /// A process of `service` goes from one neighbourhood to another, one of `other` comes the opposite way.
  @inline(__always)
  private func keepsDependencies(_ service: Int, from left: Int, to reached: Int, against other: Int) -> Bool {
    let count = tables.neighbourhoodCount
    let finds = tables.dependencies.allSatisfy(in: service) { needed in
      inNeighbourhood[needed * count + reached] > (needed == other ? 1 : 0)
    }
    // Where the service still runs, nothing that depends on it misses it.
    if !finds || inNeighbourhood[service * count + left] > 1 { return finds }
    return tables.dependents.allSatisfy(in: service) { needing in
      needing != other && inNeighbourhood[needing * count + left] == 0
    }
  }

  @inline(__always)
  private func moveCostChange(_ process: Int, to machine: Int) -> Int {
    let first = initial[process]
    return tables.moveCost(process, from: first, to: machine)
      - tables.moveCost(process, from: first, to: machines[process])
  }

  /// 1 if the process leaves its first machine with this move, -1 if it comes back.
  @inline(__always)
  private func leaving(_ process: Int, to machine: Int) -> Int {
    (machine == initial[process] ? 0 : 1) - (machines[process] == initial[process] ? 0 : 1)
  }

  @inline(__always)
  private func serviceMoveChange(_ service: Int, _ change: Int, _ other: Int, _ otherChange: Int) -> Int {
    let largest = movedOfService.largest(after: service, change, and: other, otherChange)
    return tables.serviceMoveWeight * (largest - movedOfService.largest)
  }
}
