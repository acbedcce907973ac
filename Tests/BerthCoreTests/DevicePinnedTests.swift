import BerthCore
import BerthOracle
import CBerth
import Testing

/// Small exact cases of what devices once got wrong.
struct DevicePinnedTests {
  private static func machine(_ gpus: Int, model: String = "T4", memory: Int = 16_384) -> Machine {
    let links = (0..<gpus).map { row in (0..<gpus).map { $0 == row ? Link.none : Link.system } }
    return Machine(gpus: (0..<gpus).map { _ in Machine.GPU(model, memory: memory) }, links: links)
  }

  /// A node of one machine, and pods that are scored by one term.
  private static func run(_ test: String, _ term: TermKind, _ machine: Machine, _ body: (Twin, Int) throws -> Void) {
    Fuzz.run(test, seed: 0, try Twin(seed: 0)) { twin in
      try twin.addResource("cpu", .cpu)
      try twin.addProfile("alone", [Term(term)])
      var spec = NodeSpec(domain: 0)
      spec.allocatable = ["cpu": 1_000_000]
      let node = try twin.addNodes([Twin.NewNode(spec: spec)])[0]
      try twin.setMachines([(node, try twin.intern(.custom(machine)))])
      try body(twin, node)
    }
  }

  private static func pod(_ kind: DeviceDemand.Kind) -> PodSpec {
    var pod = PodSpec(profile: "alone")
    pod.requests = ["cpu": 100]
    pod.devices = DeviceDemand(kind)
    return pod
  }

  /// So many sizes that the search for prices is given up: a GPU is worth no more than one all the same, and a score stays
  /// in its range.
  @Test func manySizesHavePricesThatAddUpToAGPU() {
    Self.run("manySizesHavePricesThatAddUpToAGPU", .gpuBerth, Self.machine(16)) { twin, _ in
      try twin.setTypicalPods((1...1000).map { TypicalPod(cpu: 0, gpus: 1, milli: $0, weight: 1) }, total: 1000)
      try twin.place([Self.pod(.whole(16)), Self.pod(.share(milli: 333)), Self.pod(.whole(8))], dryRun: false)
    }
  }

  /// Machines' tables have room for 256 demands about links: those of calls that were taken back are not among them.
  @Test func demandsThatWereTakenBackTakeNoRoom() {
    Self.run("demandsThatWereTakenBackTakeNoRoom", .gpuLinks, Self.machine(4)) { twin, node in
      for round in 0..<300 {
        var pod = Self.pod(.whole(2))
        pod.devices!.linkRequired = [1, 2, 3, 4, 5, Link.nvSwitch][round % 6]
        pod.devices!.nics = round / 6 % 17
        pod.devices!.prefersLinks = round / 102 % 2 == 1
        pod.devices!.nicsBySwitch = round / 204 % 2 == 1 && pod.devices!.nics > 0
        try twin.begin()
        try twin.check(pod, on: [node])
        try twin.discard()
      }
      try twin.place([Self.pod(.whole(2))], dryRun: false)
    }
  }

  /// Shares of memory alone are bounded by memory only.
  @Test func moreSharesThanSixteenBitsCount() {
    let machine = Self.machine(1, memory: Int(BERTH_MAX_GPU_MEMORY_MIB))
    Self.run("moreSharesThanSixteenBitsCount", .gpuPacking, machine) { twin, _ in
      var pod = Self.pod(.share(milli: 0))
      pod.requests = [:]
      pod.devices!.memory = 1
      let podClass = try twin.podClass(pod)
      for (_, engine) in twin.engines {
        let statement = try engine.beginStatement()
        let classes = [UInt32](repeating: podClass, count: 1 << 16 + 1)
        let placed = try Twin.placed(classes, dryRun: false, engine)
        #expect(placed.allSatisfy { $0.outcome == UInt32(BERTH_PLACED) })
        try engine.validate()
        try engine.discard(statement)
      }
    }
  }

  /// Names are bytes: what looks alike is not the same.
  @Test func modelsThatLookAlikeAreTwo() throws {
    let twin = try Twin(seed: 0)
    let scratch = Scratch()
    let names = ["\u{E9}", "e\u{301}"]
    #expect(names[0] == names[1], "to Swift they are equal")
    for (_, engine) in twin.engines {
      let ids = try names.map {
        try engine.internMachine(scratch.machine(Self.machine(1, model: $0), derivesNICLinks: true))
      }
      #expect(ids[0] != ids[1])
    }
  }
}
