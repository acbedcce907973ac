/// A model in flat tables, for the search: locations and neighbourhoods numbered without gaps.
struct RoadefTables {
  let machineCount: Int
  let resourceCount: Int
  let serviceCount: Int
  let processCount: Int
  let locationCount: Int
  let neighbourhoodCount: Int

  let isTransient: [Bool]
  let loadWeights: [Int]
  let balances: [RoadefModel.Balance]
  /// By machine and resource.
  let capacities: [Int]
  let safetyCapacities: [Int]
  /// By machine.
  let location: [Int]
  let neighbourhood: [Int]
  /// Of moving a process between two machines, weighted by nothing yet: from x machines + to.
  let machineMoveCosts: [Int32]
  /// By process.
  let service: [Int]
  let processMoveCosts: [Int]
  /// By process and resource; a last row of zeros stands for no process.
  let requirements: [Int]
  /// By service.
  let minimumSpread: [Int32]
  let dependencies: NumberLists
  /// Services that depend on the service.
  let dependents: NumberLists
  let processMoveWeight: Int
  let serviceMoveWeight: Int
  let machineMoveWeight: Int

  /// Stands for a process that uses nothing.
  var noProcess: Int { processCount }
  /// Stands for the service of no process.
  var noService: Int { serviceCount }

  init(_ model: RoadefModel) {
    machineCount = model.machines.count
    resourceCount = model.resources.count
    serviceCount = model.services.count
    processCount = model.processes.count
    isTransient = model.resources.map(\.isTransient)
    loadWeights = model.resources.map(\.loadWeight)
    balances = model.balances
    capacities = model.machines.flatMap(\.capacities)
    safetyCapacities = model.machines.flatMap(\.safetyCapacities)
    (location, locationCount) = Self.numbered(model.machines.map(\.location))
    (neighbourhood, neighbourhoodCount) = Self.numbered(model.machines.map(\.neighbourhood))
    machineMoveCosts = model.machines.flatMap(\.moveCosts)
    service = model.processes.map(\.service)
    processMoveCosts = model.processes.map(\.moveCost)
    requirements = model.processes.flatMap(\.requirements) + model.resources.map { _ in 0 }
    minimumSpread = model.services.map { Int32($0.minimumSpread) }
    // That a service depends on itself is always so, and a dependency that stands twice is one.
    let dependencies = model.services.enumerated().map { index, service in
      Set(service.dependencies).subtracting([index]).sorted()
    }
    var dependents = [[Int]](repeating: [], count: serviceCount)
    for (index, others) in dependencies.enumerated() {
      for other in others { dependents[other].append(index) }
    }
    self.dependencies = NumberLists(dependencies)
    self.dependents = NumberLists(dependents)
    processMoveWeight = model.processMoveWeight
    serviceMoveWeight = model.serviceMoveWeight
    machineMoveWeight = model.machineMoveWeight
  }

  @inline(__always)
  func requirement(_ process: Int, _ resource: Int) -> Int { requirements[process * resourceCount + resource] }

  /// Weighted cost of a process's own way from its first machine: what is counted by process and by pair of machines.
  @inline(__always)
  func moveCost(_ process: Int, from: Int, to: Int) -> Int {
    machineMoveWeight * Int(machineMoveCosts[from * machineCount + to])
      + (from == to ? 0 : processMoveWeight * processMoveCosts[process])
  }

  private static func numbered(_ places: [Int]) -> ([Int], Int) {
    var numbers: [Int: Int] = [:]
    let numbered = places.map { place in
      let number = numbers[place] ?? numbers.count
      numbers[place] = number
      return number
    }
    return (numbered, numbers.count)
  }
}

/// Lists of numbers, one behind the other.
struct NumberLists {
  private let starts: [Int]
  private let numbers: [Int]

  init(_ lists: [[Int]]) {
    numbers = lists.flatMap { $0 }
    var starts = [0]
    for list in lists { starts.append(starts[starts.count - 1] + list.count) }
    self.starts = starts
  }

  /// Whether all numbers of a list pass.
  @inline(__always)
  func allSatisfy(in list: Int, _ passes: (Int) -> Bool) -> Bool {
    for position in starts[list]..<starts[list + 1] where !passes(numbers[position]) { return false }
    return true
  }
}
