import BerthSearch
import Testing

@testable import BerthSimulation

@Suite struct RoadefStateTests {
  /// From every allowed assignment of a small instance: which moves and swaps are allowed, and what they cost.
  @Test(arguments: 0..<40 as Range<UInt64>)
  func allChangesFromAllAssignments(seed: UInt64) {
    let scene = RoadefCase(seed: seed, processes: 4, machines: 3, services: 2)
    var state = scene.state
    scene.forEachAssignment { machines in
      guard scene.isValid(machines) else { return }
      state.restore(machines)
      let before = scene.objective(machines)
      #expect(state.objective == before)
      for process in machines.indices {
        for machine in scene.model.machines.indices {
          var after = machines
          after[process] = machine
          let change = machine == machines[process] || !scene.isValid(after) ? nil : scene.objective(after) - before
          #expect(state.change(moving: process, to: machine) == change, "\(machines), \(process) to \(machine)")
        }
        for other in machines.indices {
          var after = machines
          after.swapAt(process, other)
          let isNone = machines[process] == machines[other] || !scene.isValid(after)
          let change = isNone ? nil : scene.objective(after) - before
          #expect(state.change(swapping: process, with: other) == change, "\(machines), \(process) with \(other)")
        }
      }
    }
  }

  /// The cases above would show nothing if nearly every change were allowed, or nearly none.
  @Test func randomInstancesHaveRoomAndRules() {
    var valid = 0
    var all = 0
    for seed in 0..<40 as Range<UInt64> {
      let scene = RoadefCase(seed: seed, processes: 4, machines: 3, services: 2)
      #expect(scene.isValid(scene.initial.machines))
      scene.forEachAssignment { machines in
        all += 1
        valid += scene.isValid(machines) ? 1 : 0
      }
    }
    #expect(valid * 50 > all && valid * 2 < all, "\(valid) of \(all) assignments are allowed")
  }

  /// Long streams of the search's own suggestions, followed wherever they are allowed: the sums kept are those that a
  /// fresh state and the checker have.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func keptSumsAreTheCheckersOnRandomStreams(seed: UInt64) {
    let scene = RoadefCase(seed: seed, processes: 30, machines: 8, services: 9)
    var state = scene.state
    var random = SearchRandom(seed: seed)
    var plan: [Move] = []
    for step in 0..<3_000 {
      let before = state.objective
      var expected = before
      switch state.suggestion(using: &random, plan: &plan) {
      case .move(let process, let machine):
        guard let change = state.change(moving: process, to: machine) else { continue }
        state.move(process, to: machine)
        expected += change
      case .swap(let first, let second):
        guard let change = state.change(swapping: first, with: second) else { continue }
        state.swap(first, with: second)
        expected += change
      case .plan:
        for move in plan {
          guard let change = state.change(moving: move.item, to: move.bin) else { break }
          state.move(move.item, to: move.bin)
          expected += change
        }
      }
      #expect(state.objective == expected, "step \(step)")
      if step % 16 == 0 {
        #expect(scene.isValid(state.machines) && scene.objective(state.machines) == state.objective, "step \(step)")
      }
    }
    var fresh = state
    fresh.rebuild()
    #expect(fresh.objective == state.objective && fresh.used == state.used && fresh.occupied == state.occupied)
    #expect(fresh.costs == state.costs && fresh.spread == state.spread)
    #expect(fresh.residents.map { $0.sorted() } == state.residents.map { $0.sorted() })
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func smallInstancesAreSolved(seed: UInt64) {
    let scene = RoadefCase(seed: seed, processes: 6, machines: 3, services: 4)
    var best = Int.max
    scene.forEachAssignment { if scene.isValid($0) { best = min(best, scene.objective($0)) } }
    var options = RoadefRun.Options()
    options.iterations = 20_000
    let (result, outcome) = RoadefRun.search(scene.model, scene.initial, options)
    #expect(outcome.objective == scene.objective(result.machines) && scene.isValid(result.machines))
    // An optimum may lie behind assignments that break a rule; the search does not cross them.
    #expect(outcome.objective == reachableBest(scene) && outcome.objective >= best)
    #expect(scene.model.lowerBound <= best)
  }

  /// The least objective that moves and swaps lead to from the first assignment, each allowed.
  private func reachableBest(_ scene: RoadefCase) -> Int {
    var seen: Set = [scene.initial.machines]
    var open = [scene.initial.machines]
    var best = Int.max
    while let machines = open.popLast() {
      best = min(best, scene.objective(machines))
      for process in machines.indices {
        for machine in scene.model.machines.indices {
          var after = machines
          after[process] = machine
          if !seen.contains(after) && scene.isValid(after) {
            seen.insert(after)
            open.append(after)
          }
        }
        for other in 0..<process {
          var after = machines
          after.swapAt(process, other)
          if !seen.contains(after) && scene.isValid(after) {
            seen.insert(after)
            open.append(after)
          }
        }
      }
    }
    return best
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func aSeedAndItsIterationsDecideTheAssignment(seed: UInt64) {
    let scene = RoadefCase(seed: seed, processes: 30, machines: 8, services: 9)
    var options = RoadefRun.Options()
    options.iterations = 10_000
    options.seed = seed
    let (first, outcome) = RoadefRun.search(scene.model, scene.initial, options)
    let (second, again) = RoadefRun.search(scene.model, scene.initial, options)
    #expect(first == second && outcome == again && outcome.iterations == 10_000)
    #expect(outcome.objective <= scene.objective(scene.initial.machines))
  }
}
