import BerthSearch

/// An assignment and the sums from which a change's cost and its rules follow without looking at other processes.
///
/// A move takes time in proportion to the resources, balance costs and dependencies it touches. Tables are flat: the
/// element of machine m and resource r stands at m x resources + r.
struct RoadefState {
  let tables: RoadefTables
  /// The machine where a process began; a last element, -1, is that of no process.
  let initial: [Int]
  private(set) var machines: [Int]
  private(set) var objective = 0

  /// What the processes of a machine use, by machine and resource.
  private(set) var used: [Int] = []
  /// That, and what is still taken by processes that left: what capacity limits.
  private(set) var occupied: [Int] = []
  /// Load and balance cost, by machine.
  private(set) var costs: [Int] = []
  /// Whether a process of the service runs on the machine: one bit by machine and service.
  private(set) var running = ServiceBits(machines: 0, services: 0)
  /// Processes by service and location, and by service and neighbourhood.
  private(set) var inLocation: [Int32] = []
  private(set) var inNeighbourhood: [Int32] = []
  /// Locations where a service runs.
  private(set) var spread: [Int32] = []
  private(set) var movedOfService = MovedCounts(services: 0)

  /// Processes by machine, and where each stands in its list.
  private(set) var residents: [[Int32]] = []
  private(set) var seat: [Int32] = []

  /// `initial` and `assignment` must obey the rules.
  init(_ tables: RoadefTables, initial: [Int], assignment: [Int]) {
    self.tables = tables
    self.initial = initial + [-1]
    machines = assignment
    rebuild()
  }

  /// Everything that follows from `machines`.
  mutating func rebuild() {
    let tables = self.tables
    used = [Int](repeating: 0, count: tables.machineCount * tables.resourceCount)
    occupied = used
    running = ServiceBits(machines: tables.machineCount, services: tables.serviceCount)
    inLocation = [Int32](repeating: 0, count: tables.serviceCount * tables.locationCount)
    inNeighbourhood = [Int32](repeating: 0, count: tables.serviceCount * tables.neighbourhoodCount)
    spread = [Int32](repeating: 0, count: tables.serviceCount)
    movedOfService = MovedCounts(services: tables.serviceCount)
    objective = 0
    residents = [[Int32]](repeating: [], count: tables.machineCount)
    seat = [Int32](repeating: 0, count: machines.count)
    for process in machines.indices {
      for resource in 0..<tables.resourceCount where tables.isTransient[resource] {
        occupied[initial[process] * tables.resourceCount + resource] += tables.requirement(process, resource)
      }
      put(process, on: machines[process])
    }
    costs = (0..<tables.machineCount).map { cost(of: $0, adding: tables.noProcess, removing: tables.noProcess) }
    objective += costs.reduce(0, +)
  }

  /// Load and balance cost of a machine after one process has come and one has gone; either may be `noProcess`.
  @inline(__always)
  func cost(of machine: Int, adding added: Int, removing removed: Int) -> Int {
    let count = tables.resourceCount
    let base = machine * count
    let plus = added * count
    let minus = removed * count
    var cost = 0
    for resource in 0..<count {
      let use = used[base + resource] + tables.requirements[plus + resource] - tables.requirements[minus + resource]
      cost += tables.loadWeights[resource] * max(0, use - tables.safetyCapacities[base + resource])
    }
    for balance in tables.balances {
      let (first, second) = (balance.first, balance.second)
      let firstFree =
        tables.capacities[base + first] - used[base + first] - tables.requirements[plus + first]
        + tables.requirements[minus + first]
      let secondFree =
        tables.capacities[base + second] - used[base + second] - tables.requirements[plus + second]
        + tables.requirements[minus + second]
      cost += balance.weight * max(0, balance.target * firstFree - secondFree)
    }
    return cost
  }

  /// Whether the capacities hold after one process has come and one, or `noProcess`, has gone.
  @inline(__always)
  func fits(_ added: Int, on machine: Int, removing removed: Int) -> Bool {
    let count = tables.resourceCount
    let base = machine * count
    // A process that began here has its transient resources here already, and leaves them when it goes.
    let comesHome = initial[added] == machine
    let leavesHome = initial[removed] == machine
    for resource in 0..<count {
      let isTransient = tables.isTransient[resource]
      let plus = comesHome && isTransient ? 0 : tables.requirements[added * count + resource]
      let minus = leavesHome && isTransient ? 0 : tables.requirements[removed * count + resource]
      if occupied[base + resource] + plus - minus > tables.capacities[base + resource] { return false }
    }
    return true
  }

  /// Changes a process's machine and the sums.
  @inline(__always)
  mutating func relocate(_ process: Int, to machine: Int) {
    take(process)
    put(process, on: machine)
  }

  /// Both leave before one comes, because a service has one bit for each machine.
  @inline(__always)
  mutating func exchange(_ first: Int, _ second: Int) {
    let (here, there) = (machines[first], machines[second])
    take(first)
    take(second)
    put(first, on: there)
    put(second, on: here)
  }

  /// Brings the cost of two machines up to date, and the objective.
  @inline(__always)
  mutating func setCosts(_ here: Int, _ there: Int) {
    let before = costs[here] + costs[there]
    costs[here] = cost(of: here, adding: tables.noProcess, removing: tables.noProcess)
    costs[there] = cost(of: there, adding: tables.noProcess, removing: tables.noProcess)
    objective += costs[here] + costs[there] - before
  }

  mutating func setMachines(_ machines: [Int]) {
    self.machines = machines
    rebuild()
  }

  private mutating func put(_ process: Int, on machine: Int) {
    machines[process] = machine
    objective += count(process, on: machine, 1)
    seat[process] = Int32(truncatingIfNeeded: residents[machine].count)
    residents[machine].append(Int32(truncatingIfNeeded: process))
    let service = tables.service[process]
    running.insert(service, on: machine)
    let location = service * tables.locationCount + tables.location[machine]
    inLocation[location] += 1
    if inLocation[location] == 1 { spread[service] += 1 }
  }

  private mutating func take(_ process: Int) {
    let machine = machines[process]
    objective += count(process, on: machine, -1)
    let last = residents[machine].removeLast()
    let place = Int(seat[process])
    if Int(last) != process {
      residents[machine][place] = last
      seat[Int(last)] = Int32(truncatingIfNeeded: place)
    }
    let service = tables.service[process]
    running.remove(service, from: machine)
    let location = service * tables.locationCount + tables.location[machine]
    inLocation[location] -= 1
    if inLocation[location] == 0 { spread[service] -= 1 }
  }

  /// Adds or takes off (`sign`) a process's part of the sums; what that changes the cost of moving by.
  private mutating func count(_ process: Int, on machine: Int, _ sign: Int) -> Int {
    let resources = tables.resourceCount
    let isHome = initial[process] == machine
    for resource in 0..<resources {
      let amount = sign * tables.requirements[process * resources + resource]
      used[machine * resources + resource] += amount
      if !(isHome && tables.isTransient[resource]) { occupied[machine * resources + resource] += amount }
    }
    let service = tables.service[process]
    inNeighbourhood[service * tables.neighbourhoodCount + tables.neighbourhood[machine]] += Int32(sign)
    let largest = movedOfService.largest
    if !isHome { sign > 0 ? movedOfService.add(service) : movedOfService.remove(service) }
    return sign * tables.moveCost(process, from: initial[process], to: machine)
      + tables.serviceMoveWeight * (movedOfService.largest - largest)
  }
}
