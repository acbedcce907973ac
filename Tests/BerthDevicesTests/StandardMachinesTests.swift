import BerthDevices
import Testing

/// Facts of the makers' documents, counted on the machines: see the sources that `StandardMachines.swift` names.
@Suite struct StandardMachinesTests {
  private func machine(_ name: String, model: String? = nil) throws -> Machine {
    try StandardMachine.machine(named: name, model: model)
  }

  /// NVLink lanes of a GPU to its peers; a switched GPU counts none.
  private func lanes(_ machine: Machine, _ gpu: Int) -> Int {
    machine.gpus.indices.reduce(0) { $0 + machine.link(gpu, $1).lanes }
  }

  private func pairs(_ machine: Machine, _ link: LinkClass) -> Int { machine.links.count { $0 == link } / 2 }

  /// Of each GPU: the NICs with the best path to it.
  private func nearest(_ machine: Machine) -> [[Int]] {
    machine.gpus.indices.map { gpu in
      let links = machine.nics.indices.map { machine.nicLink(gpu: gpu, nic: $0) }
      return links.indices.filter { links[$0] == links.max() }
    }
  }

  @Test func namesAreTheseAndAllCanBeMade() throws {
    #expect(
      StandardMachine.all.map(\.name) == [
        "dgx-a100-40gb", "dgx-a100-80gb", "hgx-a100-4", "dgx-h100", "hgx-h100-8", "hgx-h200-8", "pcie-8", "pcie-4",
        "nvlink-pairs-8", "nvlink-pairs-4", "gb200-nvl72", "dgx-1-v100", "dgx-2",
      ] + (1...16).map { "flat-\($0)" })
    for standard in StandardMachine.all {
      let machine = try standard.machine()
      #expect(machine.gpus.allSatisfy { $0.model == standard.defaultModel && $0.timeSlices == 0 }, "\(standard.name)")
      #expect(Set(machine.nics.map(\.name)).count == machine.nics.count)
      #expect(machine.nvSwitchSpansHosts == (standard.name == "gb200-nvl72"))
      let known = try #require(GPUModel.named(standard.defaultModel))
      #expect(machine.gpus.allSatisfy { $0.memoryMiB == known.memoryMiB && $0.isMIGCapable == (known.mig != nil) })
      // no GPU has more lanes than its model
      for gpu in machine.gpus.indices { #expect(lanes(machine, gpu) <= known.nvLinkLanes, "\(standard.name)") }
    }
  }

  @Test(arguments: [("dgx-a100-40gb", 40_960), ("dgx-a100-80gb", 81_920)] as [(String, UInt32)])
  func dgxA100HasTwoNICsForTwoGPUs(name: String, memory: UInt32) throws {
    let machine = try machine(name)
    #expect(machine.gpus.count == 8 && machine.nics.count == 8 && pairs(machine, .nvSwitch) == 28)
    #expect(machine.gpus.map(\.memoryMiB) == Array(repeating: memory, count: 8))
    #expect(machine.gpus.map(\.numaNode) == [0, 0, 0, 0, 1, 1, 1, 1])
    #expect(machine.gpus.map(\.pcieSwitch) == [0, 0, 1, 1, 2, 2, 3, 3])
    #expect(nearest(machine) == [[0, 1], [0, 1], [2, 3], [2, 3], [4, 5], [4, 5], [6, 7], [6, 7]])
  }

  @Test func dgxH100HasANICForEachGPU() throws {
    let machine = try machine("dgx-h100")
    #expect(machine.gpus.count == 8 && machine.nics.count == 8 && pairs(machine, .nvSwitch) == 28)
    #expect(nearest(machine) == (0..<8).map { [$0] })
    #expect(machine.gpus.indices.allSatisfy { machine.nicLink(gpu: $0, nic: $0) == .singleSwitch })
    #expect(machine.gpus.map(\.numaNode) == [0, 0, 0, 0, 1, 1, 1, 1])
    #expect(machine.nics.map(\.numaNode) == [0, 0, 0, 0, 1, 1, 1, 1])
  }

  @Test(arguments: ["hgx-h100-8", "hgx-h200-8"])
  func baseboardsHaveNoNICsOfTheirOwn(name: String) throws {
    let machine = try machine(name)
    #expect(machine.gpus.count == 8 && machine.nics.isEmpty && pairs(machine, .nvSwitch) == 28)
    #expect(machine.gpus.map(\.pcieSwitch) == [0, 0, 1, 1, 2, 2, 3, 3])
  }

  /// A full mesh of four without NVSwitch: all lanes of a GPU, a third to each peer.
  @Test(arguments: [("A100-SXM4-40GB", 4), ("A100-SXM4-80GB", 4), ("H100-SXM5-80GB", 6)])
  func meshOfFourSharesTheLanes(model: String, lanes: Int) throws {
    let machine = try machine("hgx-a100-4", model: model)
    #expect(machine.gpus.count == 4 && pairs(machine, .nvLink(lanes: lanes)) == 6)
    #expect(self.lanes(machine, 0) == GPUModel.named(model)?.nvLinkLanes)
    #expect(machine.gpus.map(\.numaNode) == [0, 0, 1, 1])
  }

  @Test(arguments: [("pcie-8", 8), ("pcie-4", 4)])
  func pcieServersHaveTwoGPUsBelowEachSwitch(name: String, count: Int) throws {
    let machine = try machine(name)
    #expect(machine.gpus.count == count && pairs(machine, .singleSwitch) == count / 2)
    #expect(pairs(machine, .crossSocket) == count / 2 * count / 2)
    #expect(pairs(machine, .sameNode) == count * (count - 1) / 2 - count / 2 - count * count / 4)
    // a NIC below the first switch of each socket
    #expect(machine.nics.map(\.numaNode) == [0, 1])
    #expect(machine.nicLinks.count { $0 == .singleSwitch } == 4)
  }

  @Test(arguments: [("nvlink-pairs-8", 8), ("nvlink-pairs-4", 4)])
  func bridgesJoinNeighbours(name: String, count: Int) throws {
    for (model, lanes) in [("A100-PCIE-80GB", 12), ("H100-NVL", 12), ("A40", 4), ("A30", 4)] {
      let machine = try machine(name, model: model)
      for gpu in 0..<count {
        #expect(machine.link(gpu, gpu ^ 1) == .nvLink(lanes: lanes))
        #expect(self.lanes(machine, gpu) == lanes)
      }
    }
  }

  @Test func trayOfARackIsPartOfAWiderDomain() throws {
    let machine = try machine("gb200-nvl72")
    #expect(machine.gpus.count == 4 && machine.nics.count == 4 && pairs(machine, .nvSwitch) == 6)
    // 72 GPUs are 18 trays of 4
    #expect(machine.nvSwitchSpansHosts && 72 % machine.gpus.count == 0)
    // two Grace CPUs with two GPUs and two NICs each, no PCIe switches
    #expect(machine.gpus.map(\.numaNode) == [0, 0, 1, 1] && machine.nics.map(\.numaNode) == [0, 0, 1, 1])
    #expect(machine.gpus.allSatisfy { $0.pcieSwitch == Machine.noSwitch })
    #expect(nearest(machine) == [[0, 1], [0, 1], [2, 3], [2, 3]])
    #expect(machine.nicLink(gpu: 0, nic: 0) == .sameNode)
  }

  @Test func dgx1IsAHybridCubeMesh() throws {
    let machine = try machine("dgx-1-v100")
    #expect(machine.gpus.count == 8 && machine.nics.count == 4)
    #expect(pairs(machine, .nvLink(lanes: 2)) == 8 && pairs(machine, .nvLink(lanes: 1)) == 8)
    for gpu in 0..<8 {
      // all six lanes of a V100, to four peers: a mesh of four, and one in the other half
      #expect(lanes(machine, gpu) == 6)
      let peers = (0..<8).filter { machine.link(gpu, $0).lanes > 0 }
      #expect(peers.count == 4 && peers.count { $0 / 4 == gpu / 4 } == 3 && peers.contains(gpu ^ 4))
      // between the halves, the first two of each have double links
      #expect(machine.link(gpu, gpu ^ 4) == .nvLink(lanes: gpu % 4 < 2 ? 2 : 1))
    }
    #expect(nearest(machine) == [[0], [0], [1], [1], [2], [2], [3], [3]])
  }

  @Test func dgx2HasSixteenSwitchedGPUs() throws {
    let machine = try machine("dgx-2")
    #expect(machine.gpus.count == 16 && machine.nics.count == 8 && pairs(machine, .nvSwitch) == 120)
    #expect(nearest(machine) == (0..<16).map { [$0 / 2] })
    #expect(machine.gpus.count { $0.numaNode == 0 } == 8)
  }

  @Test func flatMachinesPromiseNothing() throws {
    for count in 1...16 {
      let machine = try machine("flat-\(count)")
      #expect(machine.gpus.count == count && machine.nics.isEmpty)
      #expect(pairs(machine, .crossSocket) == count * (count - 1) / 2)
      #expect(machine.gpus.allSatisfy { $0.numaNode == 0 && $0.pcieSwitch == Machine.noSwitch })
    }
  }

  @Test func cellsAreWhatTheDocumentsDraw() throws {
    #expect(try machine("dgx-h100").structure.cells == [0xFF, 0x0F, 0xF0])
    #expect(try machine("dgx-a100-80gb").structure.cells == [0xFF, 0x0F, 0xF0, 0x03, 0x0C, 0x30, 0xC0])
    #expect(try machine("nvlink-pairs-4").structure.cells == [0xF, 0x3, 0xC])
    #expect(try machine("gb200-nvl72").structure.cells == [0xF, 0x3, 0xC])
    #expect(try machine("flat-5").structure.cells == [0x1F])
    #expect(try machine("flat-1").structure.cells.isEmpty)
    let structure = try machine("dgx-h100").structure
    #expect(structure.value(ofFree: 0xFF) == 16 + 4 + 4 && structure.value(ofFree: 0x7F) == 4)
  }

  @Test func machinesThatDifferInNamesAloneShareAStructure() throws {
    #expect(try machine("dgx-a100-40gb").structure == machine("dgx-a100-80gb").structure)
    #expect(try machine("hgx-h100-8").structure == machine("hgx-h200-8").structure)
    #expect(try machine("hgx-h100-8").structure != machine("dgx-h100").structure)
    #expect(try machine("pcie-8", model: "T4").structure == machine("pcie-8", model: "L40S").structure)
  }

  @Test(
    arguments: [
      (
        "dgx-b9", nil, 0,
        "machine: expected one of dgx-a100-40gb, dgx-a100-80gb, hgx-a100-4, dgx-h100, hgx-h100-8, hgx-h200-8, pcie-8, "
          + "pcie-4, nvlink-pairs-8, nvlink-pairs-4, gb200-nvl72, dgx-1-v100, dgx-2, flat-1 ... flat-16, found \"dgx-b9\""
      ),
      (
        "dgx-h100", "A100-SXM4-80GB", 0,
        "machine: expected H100-SXM5-80GB, as dgx-h100 has them, found \"A100-SXM4-80GB\""
      ),
      ("dgx-h100", "Z9", 9, "machine: expected H100-SXM5-80GB, as dgx-h100 has them, found \"Z9\""),
      ("pcie-8", "Z9", 0, "machine: expected a known GPU model, or its memory, found \"Z9\""),
      ("nvlink-pairs-8", "L40S", 0, "machine: expected a GPU model with NVLink, found \"L40S\""),
      ("hgx-a100-4", "T4", 0, "machine: expected a GPU model with NVLink, found \"T4\""),
      ("pcie-4", "", 9, "GPU0: expected the name of a model, found an empty name"),
    ] as [(String, String?, UInt32, String)])
  func wrongNamesAndModelsAreRefused(name: String, model: String?, memory: UInt32, message: String) {
    #expect {
      try StandardMachine.machine(named: name, model: model, memoryMiB: memory)
    } throws: { error in
      "\(error)" == message
    }
  }

  @Test func modelsAreTakenByAnyOfTheirNames() throws {
    #expect(try machine("dgx-h100", model: "NVIDIA H100 80GB HBM3") == machine("dgx-h100"))
    let unknown = try StandardMachine.machine(named: "pcie-4", model: "Z9", memoryMiB: 5)
    #expect(unknown.gpus.allSatisfy { $0.model == "Z9" && $0.memoryMiB == 5 && !$0.isMIGCapable })
    #expect(try StandardMachine.machine(named: "dgx-2", memoryMiB: 32_480).gpus[15].memoryMiB == 32_480)
  }
}
