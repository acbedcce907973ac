import BerthDevices
import Testing

/// Every question against `BruteForce`; where there are too many, questions drawn at random.
@Suite struct ExhaustiveTests {
  @Test(arguments: smallMachines)
  func tablesAreTheRuleForEveryStateOfSmallMachines(name: String) throws {
    try checkAll(try StandardMachine.machine(named: name), name)
  }

  @Test(arguments: 0..<(isLongRun ? 400 : 40))
  func tablesAreTheRuleForMachinesMadeUp(seed: UInt64) throws {
    var random = Random(seed: seed)
    let machine = try Machine.madeUp(gpus: Int.random(in: 1...6, using: &random), using: &random)
    try checkAll(machine, "seed \(seed)")
  }

  private func checkAll(_ machine: Machine, _ name: String) throws {
    let tables = SubsetTables(machine.structure, demands: demands)
    let brute = BruteForce(machine)
    #expect(tables.registeredDemands == demands)
    let count = machine.gpus.count
    for free in 0..<1 << count {
      #expect(machine.structure.value(ofFree: UInt16(free)) == brute.value(ofFree: free), "\(name), \(free)")
    }
    for (index, demand) in demands.enumerated() {
      let ranks = brute.ranks(demand)
      var wrong: [String] = []
      for free in 0..<1 << count {
        let expected = brute.choices(free: free, ranks: ranks)
        // bits beyond the machine's GPUs count for nothing
        let question = count < 16 && free % 3 == 0 ? UInt16(free) | 1 << UInt16(count) : UInt16(free)
        for size in 0...count {
          let choice = tables.choose(free: question, count: size, demandIndex: index)
          if choice != expected[size] { wrong.append("\(size) of \(free): \(choice), not \(expected[size])") }
        }
      }
      #expect(wrong.isEmpty, "\(name), \(demand): \(wrong.count) wrong, first \(wrong.first ?? "")")
    }
  }

  @Test(arguments: largeMachines + ["made up 11", "made up 13"])
  func tablesAreTheRuleForSomeStatesOfLargeMachines(name: String) throws {
    var random = Random(seed: 11)
    let machine =
      name.hasPrefix("made up")
      ? try Machine.madeUp(gpus: Int(name.dropFirst(8)) ?? 9, using: &random) : try StandardMachine.machine(named: name)
    let tables = SubsetTables(machine.structure, demands: demands)
    let brute = BruteForce(machine)
    let count = machine.gpus.count
    for round in 0..<(isLongRun ? 2_000 : 10) {
      let index = Int.random(in: 0..<demands.count, using: &random)
      // not more than 10 free: 1,024 sets of them; once all are
      var free = round == 0 && isLongRun ? 1 << count - 1 : Int.random(in: 0..<1 << count, using: &random)
      while free.nonzeroBitCount > 10 && round > 0 { free &= free - 1 }
      var ranks = [BruteForce.Rank?](repeating: nil, count: 1 << count)
      for set in 0..<1 << count where set & ~free == 0 { ranks[set] = brute.rank(set, demands[index], .max) }
      let expected = brute.choices(free: free, ranks: ranks)
      // the second time, the answers come from the cache
      for _ in 0..<2 {
        for size in 0...count {
          let choice = tables.choose(free: UInt16(free), count: size, demandIndex: index)
          #expect(choice == expected[size], "\(name), \(size) of \(free), \(demands[index])")
        }
      }
    }
  }

  /// So many questions on few masks that some share a place in the cache: the answer must be to the question asked.
  @Test func cacheDoesNotMixUpQuestions() throws {
    let machine = try StandardMachine.machine(named: "dgx-2")
    let tables = SubsetTables(machine.structure, demands: demands)
    let brute = BruteForce(machine)
    for free in [0b11_0111, 0b1001_0000_1100_0001, 0b1_0000_0001_1100] {
      let expected = demands.map { demand in
        var ranks = [BruteForce.Rank?](repeating: nil, count: 1 << 16)
        for set in 0...free where set & ~free == 0 { ranks[set] = brute.rank(set, demand, .max) }
        return brute.choices(free: free, ranks: ranks)
      }
      var wrong = 0
      for _ in 0..<2 {
        for index in demands.indices {
          for size in 0...16 {
            let choice = tables.choose(free: UInt16(free), count: size, demandIndex: index)
            if choice != expected[index][size] { wrong += 1 }
          }
        }
      }
      #expect(wrong == 0, "\(free)")
    }
  }

  @Test(
    .enabled(if: isLongRun, "3^16 sets for each demand"),
    arguments: [
      LinkDemand.none, .best, LinkDemand(preference: .bestLinks, nics: 2, requiresNICs: true),
      LinkDemand(required: .sameNode, nics: 4),
    ])
  func tablesAreTheRuleForEveryStateOfSixteenGPUs(demand: LinkDemand) throws {
    let machine = try StandardMachine.machine(named: "dgx-2")
    let tables = SubsetTables(machine.structure, demands: [demand])
    let brute = BruteForce(machine)
    let ranks = brute.ranks(demand)
    var wrong = 0
    for free in 0..<1 << 16 {
      let expected = brute.choices(free: free, ranks: ranks)
      for size in 0...16 where tables.choose(free: UInt16(free), count: size, demandIndex: 0) != expected[size] {
        wrong += 1
      }
    }
    #expect(wrong == 0)
  }

  @Test(arguments: ["dgx-a100-80gb", "dgx-h100", "dgx-1-v100", "pcie-8", "gb200-nvl72"])
  func takenNICsAreLeftOut(name: String) throws {
    var random = Random(seed: 5)
    let machine = try StandardMachine.machine(named: name)
    let tables = SubsetTables(machine.structure, demands: demands)
    let brute = BruteForce(machine)
    let masks = 1 << machine.gpus.count
    for round in 0..<(isLongRun ? 2_000 : 60) {
      let freeNICs = round % 8 == 0 ? 0 : UInt16.random(in: 0...UInt16.max, using: &random)
      let free = Int.random(in: 0..<masks, using: &random)
      let index = Int.random(in: 0..<demands.count, using: &random)
      let expected = brute.choices(free: free, ranks: brute.ranks(demands[index], freeNICs: freeNICs))
      for size in 0..<expected.count {
        let choice = tables.choose(free: UInt16(free), count: size, demandIndex: index, freeNICs: freeNICs)
        #expect(choice == expected[size], "\(name), \(size) of \(free), NICs \(freeNICs), \(demands[index])")
      }
    }
  }

  @Test(arguments: smallMachines)
  func nearestNICsAreTheRule(name: String) throws {
    var random = Random(seed: 6)
    let machine = try StandardMachine.machine(named: name)
    let tables = SubsetTables(machine.structure)
    let brute = BruteForce(machine)
    for gpus in 0..<1 << machine.gpus.count {
      let freeNICs = gpus % 4 == 0 ? .max : UInt16.random(in: 0...UInt16.max, using: &random)
      for wanted in 0...machine.nics.count + 1 {
        let chosen = tables.chooseNICs(gpus: UInt16(gpus), count: wanted, freeNICs: freeNICs)
        let expected = brute.nearestNICs(of: gpus, wanted: wanted, freeNICs: freeNICs)
        #expect(chosen == expected, "\(name), \(wanted) of \(freeNICs) for \(gpus)")
      }
    }
  }

  @Test(arguments: smallMachines + ["dgx-2"])
  func sharesGoToTheGPUWhoseBreakingCostsLeast(name: String) throws {
    var random = Random(seed: 3)
    let machine = try StandardMachine.machine(named: name)
    let tables = SubsetTables(machine.structure)
    let brute = BruteForce(machine)
    let masks = 1 << machine.gpus.count
    for _ in 0..<1_000 {
      let candidates = Int.random(in: 0..<masks, using: &random)
      let idle = Int.random(in: 0..<masks, using: &random)
      var best: (gpu: Int, value: Int)?
      for gpu in machine.gpus.indices where candidates >> gpu & 1 == 1 {
        let value = brute.value(ofFree: idle & ~(1 << gpu))
        if value > best?.value ?? -1 { best = (gpu, value) }
      }
      let choice = tables.shareGPU(candidates: UInt16(candidates), idle: UInt16(idle))
      guard let best else {
        #expect(choice == .impossible)
        continue
      }
      let remainder = UInt8(brute.remainder(free: idle, taken: 1 << best.gpu))
      #expect(choice == Choice(mask: 1 << UInt16(best.gpu), quality: 100, remainder: remainder))
    }
  }
}
