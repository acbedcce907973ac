import BerthDevices
import Testing

/// Each refusal says which device, what was expected of it, and what was found.
@Suite struct MachineErrorTests {
  private static let gpu = Machine.GPU(model: "L40S", memoryMiB: 46_068)

  private func gpus(_ count: Int) -> [Machine.GPU] { Array(repeating: Self.gpu, count: count) }

  private func links(_ count: Int, _ link: LinkClass = .sameNode) -> [LinkClass] {
    (0..<count * count).map { $0 / max(count, 1) == $0 % max(count, 1) ? .itself : link }
  }

  private func expectRefusal(
    _ message: String, gpus: [Machine.GPU], nics: [Machine.NIC] = [], links: [LinkClass], nicLinks: [LinkClass]? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(sourceLocation: sourceLocation) {
      try Machine(gpus: gpus, nics: nics, links: links, nicLinks: nicLinks)
    } throws: { error in
      "\(error)" == message
    }
  }

  @Test func wrongCountsAreRefused() {
    expectRefusal("machine: expected 1...16 GPUs, found 0", gpus: [], links: [])
    expectRefusal("machine: expected 1...16 GPUs, found 17", gpus: gpus(17), links: links(17))
    expectRefusal(
      "machine: expected 4 x 4 = 16 links between GPUs, found 15", gpus: gpus(4), links: links(4).dropLast())
    expectRefusal("machine: expected 4 x 4 = 16 links between GPUs, found 0", gpus: gpus(4), links: [])
    expectRefusal("machine: expected 1 x 1 = 1 links between GPUs, found 4", gpus: gpus(1), links: links(2))
    let nics = (0..<17).map { Machine.NIC(name: "mlx5_\($0)") }
    expectRefusal("machine: expected at most 16 NICs, found 17", gpus: gpus(1), nics: nics, links: links(1))
    expectRefusal(
      "machine: expected 2 x 3 = 6 links between GPUs and NICs, found 5", gpus: gpus(2), nics: Array(nics.prefix(3)),
      links: links(2), nicLinks: Array(repeating: .singleSwitch, count: 5))
    expectRefusal(
      "machine: expected 2 x 0 = 0 links between GPUs and NICs, found 1", gpus: gpus(2), links: links(2),
      nicLinks: [.singleSwitch])
  }

  @Test func matricesMustBeSymmetric() {
    for (row, column) in [(0, 1), (2, 5), (6, 7)] {
      var wrong = links(8)
      wrong[column * 8 + row] = .nvLink(lanes: 4)
      expectRefusal(
        "GPU\(column)-GPU\(row): expected NODE as in the other direction, found NV4", gpus: gpus(8), links: wrong)
    }
  }

  @Test func linksMustBeOfAKnownClass() {
    var diagonal = links(4)
    diagonal[2 * 4 + 2] = .singleSwitch
    expectRefusal("GPU2: expected X on the diagonal, found PIX", gpus: gpus(4), links: diagonal)
    for value: UInt8 in [0, 6, 16, 65, 255] {
      var unknown = links(4)
      (unknown[1 * 4 + 3], unknown[3 * 4 + 1]) = (LinkClass(rawValue: value), LinkClass(rawValue: value))
      expectRefusal("GPU1-GPU3: expected a link class (1...5, 17...64), found \(value)", gpus: gpus(4), links: unknown)
    }
    let nics = [Machine.NIC(name: "a"), Machine.NIC(name: "b")]
    for link in [LinkClass.itself, .nvLink(lanes: 1), .nvSwitch, LinkClass(rawValue: 6)] {
      expectRefusal(
        "GPU1-NIC0: expected a PCIe link class (1...5), found \(link.rawValue)", gpus: gpus(2), nics: nics,
        links: links(2), nicLinks: [.singleSwitch, .sameNode, link, .sameNode])
    }
  }

  @Test func devicesMustBeComplete() {
    var wrong = gpus(3)
    wrong[1].model = ""
    expectRefusal("GPU1: expected the name of a model, found an empty name", gpus: wrong, links: links(3))
    wrong = gpus(3)
    wrong[2].memoryMiB = 0
    expectRefusal("GPU2: expected memory of at least 1 MiB, found 0", gpus: wrong, links: links(3))
    wrong = gpus(3)
    wrong[0].numaNode = 64
    expectRefusal("GPU0: expected a NUMA node in 0..<64, found 64", gpus: wrong, links: links(3))
    let nics = [Machine.NIC(name: "a"), Machine.NIC(name: "b", numaNode: 255)]
    expectRefusal("NIC1: expected a NUMA node in 0..<64, found 255", gpus: gpus(3), nics: nics, links: links(3))
  }

  @Test func largestMachineIsAccepted() throws {
    let nics = (0..<16).map { Machine.NIC(name: "mlx5_\($0)", numaNode: 63, pcieSwitch: 254) }
    let machine = try Machine(gpus: gpus(16), nics: nics, links: links(16, .nvSwitch))
    #expect(machine.links.count == 256 && machine.nicLinks.count == 256)
    #expect(machine.nicLinks.allSatisfy { $0 == .crossSocket })
  }

  @Test func nicLinksFollowFromSwitchesAndNodes() throws {
    let gpus = [
      Machine.GPU(model: "L4", memoryMiB: 1, numaNode: 0, pcieSwitch: 3),
      Machine.GPU(model: "L4", memoryMiB: 1, numaNode: 1, pcieSwitch: Machine.noSwitch),
    ]
    let nics = [
      Machine.NIC(name: "a", numaNode: 0, pcieSwitch: 3), Machine.NIC(name: "b", numaNode: 1),
      Machine.NIC(name: "c", numaNode: 2),
    ]
    let machine = try Machine(gpus: gpus, nics: nics, links: links(2))
    #expect(
      machine.nicLinks == [.singleSwitch, .crossSocket, .crossSocket, .crossSocket, .sameNode, .crossSocket])
    #expect(machine.nicLink(gpu: 1, nic: 1) == .sameNode)
  }

  /// Random values in every place: a machine or a refusal, never a crash; what is accepted can be used.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func anyMachineIsMadeOrRefused(seed: UInt64) {
    var random = Random(seed: seed)
    let count = Int.random(in: 0...18, using: &random)
    let nicCount = Int.random(in: 0...3, using: &random)
    var links = links(count, LinkClass(rawValue: UInt8.random(in: 1...5, using: &random)))
    for _ in 0..<Int.random(in: 0...2, using: &random) where count > 0 {
      links[Int.random(in: 0..<links.count, using: &random)] = LinkClass(rawValue: .random(in: 0...80, using: &random))
    }
    let nics = (0..<nicCount).map { _ in
      Machine.NIC(
        name: "", numaNode: .random(in: 0...64, using: &random), pcieSwitch: .random(in: 0...2, using: &random))
    }
    guard let machine = try? Machine(gpus: gpus(count), nics: nics, links: links) else { return }
    let tables = SubsetTables(machine.structure, demands: [.best, LinkDemand(nics: 16, requiresNICs: true)])
    for size in 1...count {
      #expect(tables.choose(free: .max, count: size, demandIndex: 0).mask.nonzeroBitCount == size)
    }
  }
}
