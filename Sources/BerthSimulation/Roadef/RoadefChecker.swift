/// The subject's rules and costs, word for word and without any memory: slow, and apart from what the search keeps.
///
/// Every result of a search is checked with it, and so is the assignment that a search begins with.
public enum RoadefChecker {
  /// The first rule that the assignment breaks, as a sentence; nil if it obeys all.
  public static func brokenRule(
    _ model: RoadefModel, initial: RoadefAssignment, assignment: RoadefAssignment
  ) -> String? {
    let machines = assignment.machines
    precondition(machines.count == model.processes.count, "an assignment has one machine for each process")
    return brokenCapacity(model, initial.machines, machines) ?? brokenConflict(model, machines)
      ?? brokenSpread(model, machines) ?? brokenDependency(model, machines)
  }

  /// Load, balance and moving, each with its weights.
  public static func objective(
    _ model: RoadefModel, initial: RoadefAssignment, assignment: RoadefAssignment
  ) -> Int {
    let machines = assignment.machines
    let use = usage(model, machines)
    return loadCost(model, use) + balanceCost(model, use) + moveCost(model, initial.machines, machines)
  }

  private static func usage(_ model: RoadefModel, _ machines: [Int]) -> [[Int]] {
    var use = model.machines.map { _ in model.resources.map { _ in 0 } }
    for (process, machine) in zip(model.processes, machines) {
      for resource in model.resources.indices { use[machine][resource] += process.requirements[resource] }
    }
    return use
  }

  /// Capacity, and transient use: what left a machine still takes its transient resources there.
  private static func brokenCapacity(_ model: RoadefModel, _ initial: [Int], _ machines: [Int]) -> String? {
    var use = usage(model, machines)
    for (index, process) in model.processes.enumerated() where initial[index] != machines[index] {
      for (resource, kind) in model.resources.enumerated() where kind.isTransient {
        use[initial[index]][resource] += process.requirements[resource]
      }
    }
    for (index, machine) in model.machines.enumerated() {
      for resource in model.resources.indices where use[index][resource] > machine.capacities[resource] {
        return "machine \(index) has \(machine.capacities[resource]) of resource \(resource), "
          + "its processes take \(use[index][resource])"
      }
    }
    return nil
  }

  /// Processes of one service run on distinct machines.
  private static func brokenConflict(_ model: RoadefModel, _ machines: [Int]) -> String? {
    var seen: [[Int]: Int] = [:]
    for (index, process) in model.processes.enumerated() {
      if let other = seen.updateValue(index, forKey: [process.service, machines[index]]) {
        return "processes \(other) and \(index) of service \(process.service) both run on machine \(machines[index])"
      }
    }
    return nil
  }

  /// A service's processes run in at least so many locations.
  private static func brokenSpread(_ model: RoadefModel, _ machines: [Int]) -> String? {
    let locations = places(model, machines) { $0.location }
    for (index, service) in model.services.enumerated() where locations[index].count < service.minimumSpread {
      return "service \(index) runs in \(locations[index].count) locations, it needs \(service.minimumSpread)"
    }
    return nil
  }

  /// In each neighbourhood where a service runs, all that it depends on run, too.
  private static func brokenDependency(_ model: RoadefModel, _ machines: [Int]) -> String? {
    let neighbourhoods = places(model, machines) { $0.neighbourhood }
    for (index, service) in model.services.enumerated() {
      for other in service.dependencies {
        if let missing = neighbourhoods[index].subtracting(neighbourhoods[other]).min() {
          return "service \(index) runs in neighbourhood \(missing), service \(other), on which it depends, does not"
        }
      }
    }
    return nil
  }

  private static func places(
    _ model: RoadefModel, _ machines: [Int], _ place: (RoadefModel.Machine) -> Int
  ) -> [Set<Int>] {
    var places = model.services.map { _ in Set<Int>() }
    for (process, machine) in zip(model.processes, machines) {
      places[process.service].insert(place(model.machines[machine]))
    }
    return places
  }

  private static func loadCost(_ model: RoadefModel, _ use: [[Int]]) -> Int {
    var cost = 0
    for (resource, kind) in model.resources.enumerated() {
      for (machine, used) in zip(model.machines, use) {
        cost += kind.loadWeight * max(0, used[resource] - machine.safetyCapacities[resource])
      }
    }
    return cost
  }

  private static func balanceCost(_ model: RoadefModel, _ use: [[Int]]) -> Int {
    var cost = 0
    for balance in model.balances {
      for (machine, used) in zip(model.machines, use) {
        let first = machine.capacities[balance.first] - used[balance.first]
        let second = machine.capacities[balance.second] - used[balance.second]
        cost += balance.weight * max(0, balance.target * first - second)
      }
    }
    return cost
  }

  /// What moving costs: by process, by the service of which most processes moved, and by pair of machines.
  private static func moveCost(_ model: RoadefModel, _ initial: [Int], _ machines: [Int]) -> Int {
    var processCost = 0
    var machineCost = 0
    var moved = model.services.map { _ in 0 }
    for (index, process) in model.processes.enumerated() {
      let (from, to) = (initial[index], machines[index])
      machineCost += Int(model.machines[from].moveCosts[to])
      if from == to { continue }
      processCost += process.moveCost
      moved[process.service] += 1
    }
    return model.processMoveWeight * processCost + model.serviceMoveWeight * (moved.max() ?? 0)
      + model.machineMoveWeight * machineCost
  }
}
