import Foundation

@testable import BerthSimulation

/// Random instances, small enough to go through all assignments, and with every rule and cost at work.
struct RoadefCase {
  var model: RoadefModel
  var initial: RoadefAssignment
  var random: SeededRandom

  /// The first assignment is drawn; what rules it breaks is put right by capacities, spread and dependencies to suit.
  init(seed: UInt64, processes: Int = 5, machines: Int = 3, services: Int = 3) {
    var random = SeededRandom(seed: seed)
    let resources = 1 + random.below(3)
    model = RoadefModel(
      resources: (0..<resources).map { _ in .init(isTransient: random.below(2) == 0, loadWeight: random.below(4)) },
      machines: [], services: [], processes: [], balances: [],
      processMoveWeight: random.below(3), serviceMoveWeight: random.below(5), machineMoveWeight: random.below(3))
    model.machines = (0..<machines).map { machine in
      RoadefModel.Machine(
        neighbourhood: 3 + 4 * random.below(2), location: 2 * random.below(3), capacities: [], safetyCapacities: [],
        moveCosts: (0..<machines).map { $0 == machine ? 0 : Int32(random.below(5)) })
    }
    var taken = Set<[Int]>()
    var places: [Int] = []
    while places.count < processes {
      let place = [random.below(services), random.below(machines)]
      // A service runs at most once on a machine.
      if !taken.insert(place).inserted { continue }
      places.append(place[1])
      model.processes.append(
        .init(
          service: place[0], requirements: (0..<resources).map { _ in random.below(6) }, moveCost: random.below(4)))
    }
    initial = RoadefAssignment(machines: places)
    self.random = random
    setCapacities()
    setServices(services)
    for _ in 0..<self.random.below(3) {
      model.balances.append(
        .init(
          first: self.random.below(resources), second: self.random.below(resources), target: self.random.below(3),
          weight: self.random.below(4)))
    }
  }

  private mutating func setCapacities() {
    for machine in model.machines.indices {
      for resource in model.resources.indices {
        var used = 0
        for (process, place) in zip(model.processes, initial.machines) where place == machine {
          used += process.requirements[resource]
        }
        let capacity = used + random.below(9)
        model.machines[machine].capacities.append(capacity)
        model.machines[machine].safetyCapacities.append(random.below(capacity + 1))
      }
    }
  }

  private mutating func setServices(_ count: Int) {
    func places(_ service: Int, _ place: (RoadefModel.Machine) -> Int) -> Set<Int> {
      let own = zip(model.processes, initial.machines).filter { $0.0.service == service }
      return Set(own.map { place(model.machines[$0.1]) })
    }
    for service in 0..<count {
      let spread = places(service) { $0.location }.count
      let reached = places(service) { $0.neighbourhood }
      // A service may name itself and another twice: it changes nothing.
      let dependencies = (0..<count).filter { places($0) { $0.neighbourhood }.isSuperset(of: reached) }
      var chosen: [Int] = []
      for other in dependencies where random.below(2) == 0 {
        chosen += random.below(4) == 0 ? [other, other] : [other]
      }
      model.services.append(.init(minimumSpread: random.below(spread + 1), dependencies: chosen))
    }
  }

  var state: RoadefState {
    RoadefState(RoadefTables(model), initial: initial.machines, assignment: initial.machines)
  }

  func isValid(_ machines: [Int]) -> Bool {
    RoadefChecker.brokenRule(model, initial: initial, assignment: RoadefAssignment(machines: machines)) == nil
  }

  func objective(_ machines: [Int]) -> Int {
    RoadefChecker.objective(model, initial: initial, assignment: RoadefAssignment(machines: machines))
  }

  /// All assignments, allowed or not.
  func forEachAssignment(_ body: ([Int]) -> Void) {
    var machines = [Int](repeating: 0, count: model.processes.count)
    while true {
      body(machines)
      guard let digit = machines.indices.first(where: { machines[$0] + 1 < model.machines.count }) else { return }
      machines[digit] += 1
      for lower in 0..<digit { machines[lower] = 0 }
    }
  }

  /// The instance in the format of the challenge.
  var text: String {
    func line(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: " ") + "\n" }
    var text = line([model.resources.count])
    for resource in model.resources { text += line([resource.isTransient ? 1 : 0, resource.loadWeight]) }
    text += line([model.machines.count])
    for machine in model.machines {
      text += line(
        [machine.neighbourhood, machine.location] + machine.capacities + machine.safetyCapacities
          + machine.moveCosts.map(Int.init))
    }
    text += line([model.services.count])
    for service in model.services {
      text += line([service.minimumSpread, service.dependencies.count] + service.dependencies)
    }
    text += line([model.processes.count])
    for process in model.processes { text += line([process.service] + process.requirements + [process.moveCost]) }
    text += line([model.balances.count])
    for balance in model.balances {
      text += line([balance.first, balance.second, balance.target]) + line([balance.weight])
    }
    return text + line([model.processMoveWeight, model.serviceMoveWeight, model.machineMoveWeight])
  }

  /// The folder of the challenge's instances: below $BERTH_SHARED, or below `shared` beside the project.
  static var folder: String? {
    let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["BERTH_SHARED"].map { URL(filePath: $0) }
      ?? project.deletingLastPathComponent().appending(path: "shared")
    let folder = shared.appending(path: "data/roadef-2012").path
    return FileManager.default.fileExists(atPath: folder + "/model_a1_1.txt") ? folder : nil
  }
}
