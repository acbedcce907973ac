import BerthDevices
import Testing

/// What the rule means on machines that people know, and the edges of the interface.
@Suite struct SubsetTablesTests {
  @Test func flatMachinesGiveTheLowestIdleGPUs() throws {
    for count in 1...16 {
      let tables = SubsetTables(try StandardMachine.machine(named: "flat-\(count)").structure, demands: [.none, .best])
      var random = Random(seed: UInt64(count))
      for _ in 0..<100 {
        let free = UInt16.random(in: 0...UInt16.max, using: &random)
        let idle = BruteForce.members(free).filter { $0 < count }
        for size in 1...count {
          let choice = tables.choose(free: free, count: size, demandIndex: size % 2)
          #expect(choice.isPossible == (size <= idle.count))
          if choice.isPossible { #expect(BruteForce.members(choice.mask) == Array(idle.prefix(size))) }
        }
      }
    }
  }

  @Test func wholeCellsAreKept() throws {
    let tables = SubsetTables(try StandardMachine.machine(named: "dgx-a100-80gb").structure, demands: [.none, .best])
    // the broken pair before a whole one, the broken half before the whole one
    #expect(tables.choose(free: 0b1111_1110, count: 1, demandIndex: 1).mask == 0b0000_0010)
    #expect(tables.choose(free: 0b1111_1000, count: 1, demandIndex: 1).mask == 0b0000_1000)
    #expect(tables.choose(free: 0b1111_1100, count: 2, demandIndex: 1).mask == 0b0000_1100)
    #expect(tables.choose(free: 0b1111_0100, count: 1, demandIndex: 1) == Choice(mask: 4, quality: 100, remainder: 100))
    // value of the whole: 16 + 2 * 4 + 4 * 1 = 28; the first GPU breaks 16 + 4 + 1
    #expect(tables.choose(free: 0xFF, count: 1, demandIndex: 1) == Choice(mask: 1, quality: 100, remainder: 25))
    #expect(tables.choose(free: 0xFF, count: 8, demandIndex: 1) == Choice(mask: 0xFF, quality: 100, remainder: 0))
  }

  @Test func linksComeBeforeTheRemainderOnlyIfPreferred() throws {
    let tables = SubsetTables(try StandardMachine.machine(named: "nvlink-pairs-8").structure, demands: [.none, .best])
    // GPUs 1 and 3 have lost their partners; 4 and 5 are a pair
    #expect(tables.choose(free: 0b0011_1010, count: 2, demandIndex: 0).mask == 0b0000_1010)
    #expect(tables.choose(free: 0b0011_1010, count: 2, demandIndex: 1).mask == 0b0011_0000)
  }

  @Test func nearestNICsAreChosen() throws {
    let tables = SubsetTables(try StandardMachine.machine(named: "dgx-a100-80gb").structure)
    #expect(tables.chooseNICs(gpus: 0b0011, count: 2) == 0b0011)
    #expect(tables.chooseNICs(gpus: 0b1100, count: 2) == 0b1100)
    #expect(tables.chooseNICs(gpus: 0b1100, count: 3) == 0b1101)
    #expect(tables.chooseNICs(gpus: 0b1100, count: 2, freeNICs: 0b1111_0111) == 0b0101)
    #expect(tables.chooseNICs(gpus: 0b1, count: 16) == 0xFF)
    #expect(tables.chooseNICs(gpus: 0b1, count: 1, freeNICs: 0) == 0)
  }

  @Test func edgesOfTheQuestionAreAnswered() throws {
    for name in ["dgx-h100", "dgx-2"] {
      let tables = SubsetTables(try StandardMachine.machine(named: name).structure, demands: [.none])
      #expect(tables.choose(free: 0, count: 0, demandIndex: 0) == .nothing)
      #expect(tables.choose(free: .max, count: 0, demandIndex: 0, freeNICs: 0) == .nothing)
      for count in [-1, Int.min, 17, Int.max] {
        #expect(!tables.choose(free: .max, count: count, demandIndex: 0).isPossible)
        #expect(!tables.choose(free: .max, count: count, demandIndex: 0, freeNICs: 0).isPossible)
      }
      #expect(!tables.choose(free: 0, count: 1, demandIndex: 0).isPossible)
    }
  }

  @Test func demandsAreRegisteredOnceAndWithinTheLimit() throws {
    let tables = SubsetTables(try StandardMachine.machine(named: "flat-2").structure)
    #expect(tables.register(.none) == 0)
    #expect(tables.register(.best) == 1)
    #expect(tables.register(.none) == 0)
    #expect(tables.register(LinkDemand(required: LinkClass(rawValue: 9))) == nil)
    #expect(tables.register(LinkDemand(nics: 17)) == nil)
    var registered: [LinkDemand] = [.none, .best]
    for lanes in 1...LinkClass.maxLanes {
      for nics: UInt8 in 0...16 where registered.count < SubsetTables.maxDemands {
        registered.append(LinkDemand(required: .nvLink(lanes: lanes), nics: nics))
        #expect(tables.register(registered[registered.count - 1]) == registered.count - 1)
      }
    }
    #expect(registered.count == SubsetTables.maxDemands && tables.registeredDemands == registered)
    #expect(tables.register(LinkDemand(required: .nvSwitch)) == nil)
    #expect(tables.register(registered[200]) == 200)
    // 2 sizes x 4 masks x 4 bytes a demand, and what there is of facts
    #expect(tables.bytes >= 256 * 32 && tables.bytes < 256 * 32 + 4_096)
  }

  @Test(arguments: ["dgx-h100", "dgx-2"])
  func othersChooseWhileDemandsAreRegistered(name: String) async throws {
    let tables = SubsetTables(try StandardMachine.machine(named: name).structure, demands: [.best])
    let expected = tables.choose(free: 0b0110_1101, count: 2, demandIndex: 0)
    await withTaskGroup(of: Bool.self) { group in
      group.addTask { demands.allSatisfy { tables.register($0) != nil } }
      for _ in 0..<2 {
        group.addTask {
          (0..<2_000).allSatisfy { _ in tables.choose(free: 0b0110_1101, count: 2, demandIndex: 0) == expected }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test func manyThreadsShareOneCache() async throws {
    let machine = try StandardMachine.machine(named: "dgx-2")
    let tables = SubsetTables(machine.structure, demands: demands)
    let states = (0..<400).map { seed in
      var random = Random(seed: UInt64(seed % 200))
      return (UInt16.random(in: 0...UInt16.max, using: &random), Int.random(in: 1...16, using: &random))
    }
    let answers = await withTaskGroup(of: [Choice].self) { group in
      for _ in 0..<4 {
        group.addTask { states.map { tables.choose(free: $0.0, count: $0.1, demandIndex: 1) } }
      }
      return await group.reduce(into: [[Choice]]()) { $0.append($1) }
    }
    #expect(answers.count == 4 && answers.allSatisfy { $0 == answers[0] })
  }
}
