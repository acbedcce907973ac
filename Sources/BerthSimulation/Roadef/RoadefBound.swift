extension RoadefModel {
  /// No assignment costs less: load and balance cost if one machine had the capacities of all of them.
  ///
  /// Both costs are convex in a machine's use, so that spreading the whole use over machines never makes their sum
  /// less than the cost of the sums. Moving costs nothing at best.
  public var lowerBound: Int {
    let used = resources.indices.map { resource in processes.reduce(0) { $0 + $1.requirements[resource] } }
    let free = resources.indices.map { resource in
      machines.reduce(0) { $0 + $1.capacities[resource] } - used[resource]
    }
    var bound = 0
    for (index, resource) in resources.enumerated() {
      let safe = machines.reduce(0) { $0 + $1.safetyCapacities[index] }
      bound += resource.loadWeight * max(0, used[index] - safe)
    }
    for balance in balances {
      bound += balance.weight * max(0, balance.target * free[balance.first] - free[balance.second])
    }
    return bound
  }
}
