import BerthSearch

/// Changes that could pay in this problem.
extension RoadefState {
  /// Of 128 changes 32 are moves anywhere and 16 moves to the machine where a process began, which transient use always
  /// leaves room for; 16 push processes out of the way; 28 and 8 put a process in another's place, which goes to where
  /// it began, or anywhere; 28 are swaps. Found by trying on the instances a1 of the challenge.
  @inline(__always)
  func suggestion(using random: inout SearchRandom, plan: inout [Move]) -> Change {
    let kind = random.next() & 127
    let process = random.below(tables.processCount)
    if kind < 32 { return .move(process, to: random.below(tables.machineCount)) }
    if kind < 48 { return .move(process, to: initial[process]) }
    if kind < 64 {
      push(process, to: random.below(tables.machineCount), &random, &plan)
      return .plan
    }
    let other = random.below(tables.processCount)
    if kind < 92 { return .swap(process, with: other) }
    displace(
      other, to: kind < 120 ? initial[other] : random.below(tables.machineCount), for: process, plan: &plan)
    return .plan
  }

  /// The most processes that make room for one. More seldom find places of their own.
  private static var pushLimit: Int { 6 }

  /// Plans to bring a process to a machine after those have left that stand in its way: one of the same service, and
  /// as many as it takes for the capacities to hold. An empty plan if that cannot be.
  @inline(never)
  private func push(_ process: Int, to machine: Int, _ random: inout SearchRandom, _ plan: inout [Move]) {
    plan.removeAll(keepingCapacity: true)
    let others = residents[machine]
    let service = tables.service[process]
    if machines[process] == machine { return }
    if running.contains(service, on: machine) {
      guard let sibling = others.first(where: { tables.service[Int($0)] == service }) else { return }
      send(Int(sibling), &random, &plan)
      if plan.isEmpty { return }
    }
    var place = others.isEmpty ? 0 : random.below(others.count)
    var rest = others.count
    while let resource = missing(process, machine, plan) {
      if rest == 0 || plan.count == Self.pushLimit {
        plan.removeAll(keepingCapacity: true)
        return
      }
      let other = Int(others[place])
      place = place + 1 == others.count ? 0 : place + 1
      rest -= 1
      // What leaves the machine where it began frees nothing of a transient resource.
      let keeps = tables.isTransient[resource] && initial[other] == machine
      if keeps || tables.requirement(other, resource) == 0 || plan.contains(where: { $0.item == other }) { continue }
      send(other, &random, &plan)
    }
    plan.append(Move(process, to: machine))
  }

  /// Plans to move a process to where it began or to one of a few machines drawn, if it may go there.
  private func send(_ process: Int, _ random: inout SearchRandom, _ plan: inout [Move]) {
    var machine = initial[process]
    if random.next() & 1 != 0 { machine = random.below(tables.machineCount) }
    for _ in 0..<5 {
      if change(moving: process, to: machine) != nil { return plan.append(Move(process, to: machine)) }
      machine = random.below(tables.machineCount)
    }
  }

  /// The first resource of which a machine has too little for a process after the plan; nil if it has enough of all.
  private func missing(_ process: Int, _ machine: Int, _ plan: [Move]) -> Int? {
    for resource in 0..<tables.resourceCount {
      let index = machine * tables.resourceCount + resource
      let isTransient = tables.isTransient[resource]
      var free = tables.capacities[index] - occupied[index]
      if !(isTransient && initial[process] == machine) { free -= tables.requirement(process, resource) }
      // All moves of the plan leave this machine.
      for move in plan where !(isTransient && initial[move.item] == machine) {
        free += tables.requirement(move.item, resource)
      }
      if free < 0 { return resource }
    }
    return nil
  }
}
