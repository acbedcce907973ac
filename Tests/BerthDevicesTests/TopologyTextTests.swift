import BerthDevices
import Testing

@Suite struct TopologyTextTests {
  private func machine(_ example: TopologyExample, _ shape: TopologyExample.Shape = .tabs) throws -> Machine {
    try TopologyText.machine(from: example.printed(shape), model: example.model)
  }

  @Test(arguments: TopologyExample.all.indices)
  func shapeOfTheTextDoesNotMatter(index: Int) throws {
    let example = TopologyExample.all[index]
    let plain = try machine(example)
    for shape in TopologyExample.Shape.allCases {
      var other = try machine(example, shape)
      if shape == .prompt || shape == .bare {
        // these have no legend, so that the NICs keep the header's names
        #expect(other.nics.count == plain.nics.count)
        let nics = zip(other.nics, plain.nics).map { other, plain in
          Machine.NIC(name: plain.name, numaNode: other.numaNode, pcieSwitch: other.pcieSwitch)
        }
        other = try Machine(gpus: other.gpus, nics: nics, links: other.links, nicLinks: other.nicLinks)
      }
      #expect(other == plain, "\(example.name), \(shape)")
    }
    #expect(try TopologyText.machine(from: Array(example.printed(.tabs).utf8), model: example.model) == plain)
  }

  /// Of `nvidia-smi` (underline), `tput sgr0`, pagers (erase to the end of the line) and coloured reports.
  @Test(arguments: [
    "\u{1B}[4m", "\u{1B}[0m", "\u{1B}(B\u{1B}[m", "\u{1B}[K", "\u{1B}[1;31m", "\u{1B}[38;5;196m", "\u{1B}7",
  ])
  func escapeSequencesDoNotMatter(sequence: String) throws {
    let example = TopologyExample.bridgedPairs
    let text = example.printed(.tabs).replacing("GPU", with: "\(sequence)GPU").replacing("\n", with: "\(sequence)\n")
    #expect(try TopologyText.machine(from: text, model: example.model) == machine(example))
  }

  @Test func dgxA100IsSwitchedWithTwoNICsForTwoGPUs() throws {
    let machine = try machine(.dgxA100)
    expectSwitched(machine, count: 8)
    #expect(machine.gpus.map(\.numaNode) == [3, 3, 1, 1, 7, 7, 5, 5])
    #expect(machine.gpus.map(\.pcieSwitch) == [0, 0, 1, 1, 2, 2, 3, 3])
    #expect(machine.nics.map(\.pcieSwitch) == [0, 0, 1, 1, 4, 4, 2, 2, 3, 3, 5, 5])
    #expect(machine.nics.map(\.name) == (0..<12).map { "mlx5_\($0)" })
    // storage NICs have a better path to no GPU, hence a node to themselves
    #expect(machine.nics.map(\.numaNode) == [3, 3, 1, 1, 0, 0, 7, 7, 5, 5, 2, 2])
    #expect(machine.nicLink(gpu: 5, nic: 7) == .multipleSwitches && machine.nicLink(gpu: 5, nic: 8) == .crossSocket)
    #expect(machine.gpus.allSatisfy { $0.memoryMiB == 40_960 && $0.isMIGCapable })
  }

  @Test func hgxH100HasANICBesideEachGPU() throws {
    let machine = try machine(.hgxH100)
    expectSwitched(machine, count: 8)
    #expect(machine.gpus.map(\.numaNode) == [0, 0, 0, 0, 1, 1, 1, 1])
    #expect(machine.gpus.map(\.pcieSwitch) == [0, 1, 2, 3, 4, 5, 6, 7])
    #expect(machine.nics.map(\.pcieSwitch) == [0, 1, 2, 3, 4, 5, 6, 7, Machine.noSwitch])
    #expect(machine.nics.map(\.numaNode) == [0, 0, 0, 0, 1, 1, 1, 1, 0])
  }

  @Test func pcieServerOfAnOldDriverIsRead() throws {
    let machine = try machine(.pcie8)
    #expect(machine.gpus.map(\.numaNode) == [0, 0, 0, 0, 1, 1, 1, 1])
    // PXB holds the first four together; PHB does not, as data passes by the CPU
    #expect(machine.gpus.map(\.pcieSwitch) == [0, 0, 0, 0, 1, 1, 2, 2])
    #expect(machine.nics.map(\.pcieSwitch) == [0, Machine.noSwitch])
    #expect(machine.nics.map(\.name) == ["mlx5_0", "mlx5_1"])
    #expect(machine.nics.map(\.numaNode) == [0, 1])
    #expect(machine.link(0, 1) == .singleSwitch && machine.link(1, 2) == .multipleSwitches)
    #expect(
      machine.link(3, 4) == .crossSocket && machine.link(5, 6) == .hostBridge && machine.link(6, 7) == .singleSwitch)
  }

  @Test func bridgesAreNotTakenForSwitches() throws {
    let pairs = try machine(.bridgedPairs)
    #expect(pairs.link(0, 1) == .nvLink(lanes: 12) && pairs.link(2, 3) == .nvLink(lanes: 12))
    #expect(pairs.link(1, 2) == .crossSocket)
    #expect(pairs.gpus.allSatisfy { $0.pcieSwitch == Machine.noSwitch })
    #expect(pairs.nicLink(gpu: 2, nic: 1) == .hostBridge)
    let four = try machine(.hgxH100Four)
    #expect(Set(four.links) == [.itself, .nvLink(lanes: 6)])
    #expect(four.gpus.map(\.numaNode) == [3, 1, 7, 5] && four.nics.map(\.numaNode) == [3, 1, 7, 5])
  }

  @Test func trayOfARackIsSwitched() throws {
    let machine = try machine(.gb200)
    expectSwitched(machine, count: 4)
    #expect(machine.gpus.map(\.numaNode) == [0, 0, 1, 1] && machine.nics.map(\.numaNode) == [0, 0, 1, 1])
    #expect(!machine.nvSwitchSpansHosts)
  }

  @Test func nodesOfAVirtualMachineFollowFromPaths() throws {
    #expect(try machine(.virtualMachine).gpus.map(\.numaNode) == [0, 0])
    let text = "GPU0 GPU1 GPU2\nGPU0 X SYS NODE\nGPU1 SYS X SYS\nGPU2 NODE SYS X\n"
    #expect(try TopologyText.machine(from: text, model: "L4").gpus.map(\.numaNode) == [0, 1, 0])
    let switched = "GPU0 GPU1 GPU2\nGPU0 X NV18 NV18\nGPU1 NV18 X NV18\nGPU2 NV18 NV18 X\n"
    #expect(try TopologyText.machine(from: switched, model: "B200").gpus.map(\.numaNode) == [0, 0, 0])
  }

  @Test func modelDecidesWhatIsSwitched() throws {
    let text = "GPU0 GPU1 GPU2\nGPU0 X NV6 NV6\nGPU1 NV6 X NV6\nGPU2 NV6 NV6 X\n"
    // 12 lanes to two peers: more than the 6 of a V100, all of an A100's, within the 18 that others are taken to have
    #expect(try TopologyText.machine(from: text, model: "V100-SXM3-32GB").link(0, 1) == .nvSwitch)
    #expect(try TopologyText.machine(from: text, model: "A100-SXM4-80GB").link(0, 1) == .nvLink(lanes: 6))
    #expect(try TopologyText.machine(from: text, model: "X1", memoryMiB: 7).link(0, 1) == .nvLink(lanes: 6))
  }

  @Test func memoryIsThatOfTheModelOrTheCaller() throws {
    let text = TopologyExample.virtualMachine.printed(.tabs)
    #expect(try TopologyText.machine(from: text, model: "L40S").gpus[0].memoryMiB == 46_068)
    #expect(try TopologyText.machine(from: text, model: "L40S", memoryMiB: 45_000).gpus[1].memoryMiB == 45_000)
    #expect(try TopologyText.machine(from: text, model: "X1", memoryMiB: 9).gpus[0].model == "X1")
  }

  /// 2 cards with 12 functions each: 24 NICs are two, if they cannot be told apart by their links.
  @Test func virtualFunctionsOfACardAreOneNIC() throws {
    let nics = (0..<24).map { "NIC\($0)" }
    func link(_ nic: Int, _ gpu: Int) -> String { nic / 12 == gpu ? "PIX" : "SYS" }
    var text = "GPU0 GPU1 \(nics.joined(separator: " "))\n"
    for gpu in 0..<2 {
      let row = ["GPU\(gpu)"] + (0..<2).map { $0 == gpu ? "X" : "SYS" } + (0..<24).map { link($0, gpu) }
      text += row.joined(separator: " ") + "\n"
    }
    for nic in 0..<24 {
      let others = (0..<24).map { $0 == nic ? "X" : $0 / 12 == nic / 12 ? "PIX" : "SYS" }
      text += (["NIC\(nic)"] + (0..<2).map { link(nic, $0) } + others).joined(separator: " ") + "\n"
    }
    let machine = try TopologyText.machine(from: text, model: "H100-SXM5-80GB")
    #expect(machine.nics.map(\.virtualFunctions) == [12, 12])
    #expect(machine.nics.map(\.name) == ["NIC0", "NIC12"] && machine.nics.map(\.pcieSwitch) == [0, 1])
    #expect(machine.nicLinks == [.singleSwitch, .crossSocket, .crossSocket, .singleSwitch])
  }

  private func expectSwitched(_ machine: Machine, count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(machine.gpus.count == count, sourceLocation: sourceLocation)
    for left in 0..<count {
      for right in 0..<count where left != right {
        #expect(machine.link(left, right) == .nvSwitch, sourceLocation: sourceLocation)
      }
    }
  }
}

/// A machine, printed like the tool does, is read back.
@Suite struct TopologyRoundTripTests {
  /// A switched pair has all the GPU's lanes; NICs are told from each other by switch and node.
  private func text(of machine: Machine) -> String {
    let lanes = GPUModel.named(machine.gpus[0].model)?.nvLinkLanes ?? 18
    let places =
      machine.gpus.map { ($0.numaNode, $0.pcieSwitch) } + machine.nics.map { ($0.numaNode, $0.pcieSwitch) }
    let count = machine.gpus.count
    let names = machine.gpus.indices.map { "GPU\($0)" } + machine.nics.indices.map { "NIC\($0)" }
    var text = "\t\(names.joined(separator: "\t"))\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\n"
    for row in names.indices {
      let cells = names.indices.map { column -> String in
        if row == column { return " X " }
        if row < count && column < count {
          let link = machine.link(row, column)
          return link == .nvSwitch ? "NV\(lanes)" : "\(link)"
        }
        if row < count { return "\(machine.nicLink(gpu: row, nic: column - count))" }
        if column < count { return "\(machine.nicLink(gpu: column, nic: row - count))" }
        let isShared = places[row].1 == places[column].1 && places[row].1 != Machine.noSwitch
        return isShared ? "PIX" : places[row].0 == places[column].0 ? "NODE" : "SYS"
      }
      let affinity = row < count ? "\t0-31\t\(machine.gpus[row].numaNode)\t\tN/A" : ""
      text += "\(names[row])\t\(cells.joined(separator: "\t"))\(affinity)\n"
    }
    return text + "\nNIC Legend:\n\n" + machine.nics.enumerated().map { "  NIC\($0): \($1.name)\n" }.joined()
  }

  @Test(arguments: StandardMachine.all.map(\.name))
  func standardMachinesAreReadBack(name: String) throws {
    let machine = try StandardMachine.machine(named: name)
    let read = try TopologyText.machine(from: text(of: machine), model: machine.gpus[0].model)
    #expect(read.links == machine.links && read.nicLinks == machine.nicLinks)
    #expect(read.gpus.map(\.numaNode) == machine.gpus.map(\.numaNode))
    #expect(read.gpus.map(\.memoryMiB) == machine.gpus.map(\.memoryMiB))
    #expect(read.nics.map(\.name) == machine.nics.map(\.name))
    #expect(read.nics.map(\.numaNode) == machine.nics.map(\.numaNode))
    // NVLink hides which GPUs share a switch, unless a NIC is below it, too
    for left in machine.gpus.indices {
      for nic in machine.nics.indices where machine.gpus[left].pcieSwitch == machine.nics[nic].pcieSwitch {
        #expect(read.gpus[left].pcieSwitch == read.nics[nic].pcieSwitch)
      }
    }
    #expect(try TopologyText.machine(from: text(of: read), model: machine.gpus[0].model) == read)
  }
}
