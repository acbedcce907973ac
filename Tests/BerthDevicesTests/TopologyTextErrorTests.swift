import BerthDevices
import Testing

/// Each refusal names the line, the place in it, the device or field, and what was expected there.
@Suite struct TopologyTextErrorTests {
  private static let text = """
    GPU0 GPU1 GPU2 NIC0 | CPU Affinity | NUMA Affinity
    GPU0 X NV4 SYS PIX 0-31 0
    GPU1 NV4 X SYS NODE 0-31 0
    GPU2 SYS SYS X SYS 32-63 1
    NIC0 PIX NODE SYS X
    """.replacing("|", with: " ")

  struct Mangled: Sendable, CustomTestStringConvertible {
    let what: String
    let with: String
    let message: String

    init(_ what: String, with: String, _ message: String) {
      self.what = what
      self.with = with
      self.message = message
    }

    var testDescription: String { "\"\(what)\" as \"\(with)\"" }
  }

  private static let links = "X, SYS, NODE, PHB, PXB, PIX or NV1...NV47"

  static let mangled = [
    // header
    // without the header, the first row is taken for it
    Mangled(
      "GPU0 GPU1 GPU2", with: "GPUs",
      "line 2, column 6: expected GPU1, the name of a NIC, or CPU Affinity, found \"X\""),
    Mangled("GPU1 GPU2", with: "GPU2 GPU1", "line 1, column 6: expected GPU1, found \"GPU2\""),
    Mangled("GPU1 GPU2", with: "GPU1 GPU1", "line 1, column 11: expected GPU2, found \"GPU1\""),
    Mangled(
      "GPU2 NIC0", with: "GPU2 #1",
      "line 1, column 16: expected GPU3, the name of a NIC, or CPU Affinity, found \"#1\""),
    Mangled(
      "GPU2 NIC0", with: "GPU2 NIC0 NIC0",
      "line 1, column 21: expected a device that the header does not have yet, found \"NIC0\""),
    Mangled(
      "GPU2 NIC0", with: "GPU2 SYS",
      "line 1, column 16: expected GPU3, the name of a NIC, or CPU Affinity, found \"SYS\""),
    Mangled(
      "NUMA Affinity", with: "NUMA Affinity GPU NUMA ID mlx5_0",
      "line 1, column 64: expected CPU Affinity, NUMA Affinity or GPU NUMA ID, found \"mlx5_0\""),
    // rows
    Mangled("GPU1 NV4 X", with: "GPU2 NV4 X", "line 3, column 1: expected the row of GPU1, found \"GPU2\""),
    Mangled("\nGPU1 NV4 X SYS NODE 0-31 0", with: "", "line 3, column 1: expected the row of GPU1, found \"GPU2\""),
    Mangled("\nNIC0 PIX NODE SYS X", with: "", "line 4, column 1: expected the row of NIC0, found the end of the text"),
    Mangled("NIC0 PIX NODE SYS X", with: "Legend:", "line 5, column 1: expected the row of NIC0, found \"Legend:\""),
    Mangled(
      "NODE SYS X", with: "NODE SYS X\nGPU3 SYS SYS SYS SYS",
      "line 6, column 1: expected the end of the rows, as the header has no such GPU, found \"GPU3\""),
    // cells
    Mangled(
      "SYS PIX 0-31", with: "SYS PIY 0-31",
      "line 2, column 16: expected the link between GPU0 and NIC0: \(links), found \"PIY\""),
    Mangled(
      "GPU2 SYS SYS X SYS 32-63 1", with: "GPU2 SYS",
      "line 4, column 9: expected the link between GPU2 and GPU1: \(links), found the end of the line"),
    Mangled(
      "X NV4 SYS", with: "X NV0 SYS",
      "line 2, column 8: expected the link between GPU0 and GPU1: \(links), found \"NV0\""),
    Mangled(
      "X NV4 SYS", with: "X NV48 SYS",
      "line 2, column 8: expected the link between GPU0 and GPU1: \(links), found \"NV48\""),
    Mangled(
      "X NV4 SYS", with: "X \u{7} SYS",
      "line 2, column 8: expected the link between GPU0 and GPU1: \(links), found \"?\""),
    Mangled("GPU0 X NV4", with: "GPU0 PIX NV4", "line 2, column 6: expected X, as GPU0 is itself, found \"PIX\""),
    Mangled(
      "GPU0 X NV4", with: "GPU0 X X", "line 2, column 8: expected a link between GPU0 and GPU1, not X, found \"X\""),
    Mangled(
      "GPU1 NV4 X", with: "GPU1 NV3 X",
      "line 3, column 6: expected NV4 between GPU1 and GPU0, as in the row of GPU0, found \"NV3\""),
    Mangled(
      "NIC0 PIX NODE", with: "NIC0 PIX PHB",
      "line 5, column 10: expected NODE between NIC0 and GPU1, as in the row of GPU1, found \"PHB\""),
    Mangled(
      "SYS PIX 0-31", with: "SYS NV2 0-31",
      "line 2, column 16: expected a path over PCIe between GPU0 and NIC0, found \"NV2\""),
    // affinities
    Mangled(
      "32-63 1", with: "32-63 64", "line 4, column 26: expected the NUMA node of GPU2, 0..<64, or N/A, found \"64\""),
    Mangled(
      "32-63 1", with: "32-63 -1", "line 4, column 26: expected the NUMA node of GPU2, 0..<64, or N/A, found \"-1\""),
    Mangled(
      "32-63 1", with: "32-63 one", "line 4, column 26: expected the NUMA node of GPU2, 0..<64, or N/A, found \"one\""),
    Mangled("32-63 1", with: "32-63 1 N/A", "line 4, column 28: expected the end of the line, found \"N/A\""),
    Mangled(
      "SYS X SYS 32-63 1", with: "SYS X SYS SYS 32-63 1", "line 4, column 30: expected the end of the line, found \"1\""
    ),
  ]

  @Test func textItselfIsRead() throws {
    let machine = try TopologyText.machine(from: Self.text, model: "A40")
    #expect(machine.gpus.count == 3 && machine.nics.count == 1 && machine.link(0, 1) == .nvLink(lanes: 4))
  }

  @Test(arguments: mangled)
  func mistakesAreNamed(mangled: Mangled) throws {
    try #require(Self.text.ranges(of: mangled.what).count == 1)
    expectRefusal(mangled.message, of: Self.text.replacing(mangled.what, with: mangled.with))
  }

  private func expectRefusal(
    _ message: String, of text: String, model: String = "A40", sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(sourceLocation: sourceLocation) {
      try TopologyText.machine(from: text, model: model)
    } throws: { error in
      "\(error)" == message
    }
  }

  @Test func emptyAndForeignTextsAreRefused() {
    let wanted = "expected a header that begins with GPU0, found the end of the text"
    expectRefusal("line 1, column 1: \(wanted)", of: "")
    expectRefusal("line 4, column 1: \(wanted)", of: "\n \t\n\r\n\u{1B}[0m")
    expectRefusal("line 2, column 1: \(wanted)", of: "nvidia-smi: command not found\n")
    // the row of GPU0 without a header
    expectRefusal(
      "line 1, column 6: expected GPU1, the name of a NIC, or CPU Affinity, found \"X\"", of: "GPU0 X NV4\nGPU1 NV4 X\n"
    )
  }

  @Test func argumentsAreChecked() {
    let text = Self.text
    expectRefusal("expected a known GPU model, or its memory, found \"\"", of: text, model: "")
    expectRefusal("expected a known GPU model, or its memory, found \"Z9\"", of: text, model: "Z9")
    let long = String(repeating: " ", count: TopologyText.maxBytes + 1)
    expectRefusal("line 1, column 1: expected at most 65536 bytes, found 65537", of: long)
  }

  @Test func tooManyDevicesAreRefused() {
    func header(gpus: Int, nics: Int) -> String {
      ((0..<gpus).map { "GPU\($0)" } + (0..<nics).map { "NIC\($0)" }).joined(separator: " ")
    }
    expectRefusal("line 1, column 87: expected at most 16 GPUs, found \"GPU16\"", of: header(gpus: 17, nics: 0))
    expectRefusal("line 1, column 1688: expected at most 256 NICs, found \"NIC256\"", of: header(gpus: 1, nics: 257))
    // 17 NICs that cannot be functions of one card, as nothing connects them
    let names = (0..<17).map { "NIC\($0)" }
    var text = "GPU0 \(names.joined(separator: " "))\nGPU0 X\(String(repeating: " SYS", count: 17))\n"
    for nic in 0..<17 {
      text += "NIC\(nic) SYS " + (0..<17).map { $0 == nic ? "X" : "SYS" }.joined(separator: " ") + "\n"
    }
    expectRefusal("line 1, column 92: expected at most 16 NICs that differ in their links, found \"NIC16\"", of: text)
  }

  /// Bytes, words and lines changed at random: a machine or a refusal that has a place in the text, never a crash.
  @Test(arguments: 0..<(isLongRun ? 20_000 : 600) as Range<UInt64>)
  func mutationsNeverCrash(seed: UInt64) {
    var random = Random(seed: seed)
    let example = TopologyExample.all.randomElement(using: &random)!
    var bytes = Array(example.printed(TopologyExample.Shape.allCases.randomElement(using: &random)!).utf8)
    for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes, using: &random) }
    do {
      let machine = try TopologyText.machine(from: bytes, model: example.model)
      #expect((1...16).contains(machine.gpus.count) && machine.nics.count <= 16)
      if seed % 8 == 0 {
        let tables = SubsetTables(machine.structure, demands: [LinkDemand(preference: .bestLinks, nics: 1)])
        #expect(tables.choose(free: .max, count: 1, demandIndex: 0).isPossible)
      }
    } catch {
      #expect(error.line >= 1 && error.line <= bytes.count { $0 == 10 } + 1, "seed \(seed)")
      #expect(error.column >= 1 && error.column <= bytes.count + 1, "seed \(seed)")
      #expect(!error.expected.isEmpty && !error.found.isEmpty && "\(error)".utf8.count < 300, "seed \(seed)")
    }
  }

  private func mutate(_ bytes: inout [UInt8], using random: inout Random) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: 0..<bytes.count, using: &random)
    let other = Int.random(in: 0..<bytes.count, using: &random)
    // runs are short, so that most of the text stays as it is
    let run = min(place, other)..<min(max(place, other) + 1, min(place, other) + 40)
    switch Int.random(in: 0..<9, using: &random) {
    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[place] = Array("GPUNIXVSYB0123456789 \t\n\u{1B}[m-,/".utf8).randomElement(using: &random)!
    case 2: bytes.remove(at: place)
    case 3: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
    case 4: bytes.swapAt(place, other)
    case 5: bytes.removeSubrange(run)
    case 6: bytes.insert(contentsOf: bytes[run], at: place)
    case 7: bytes.removeSubrange(place...)
    default:
      var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
      lines.swapAt(Int.random(in: 0..<lines.count, using: &random), Int.random(in: 0..<lines.count, using: &random))
      bytes = Array(lines.joined(separator: [10]))
    }
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func noiseNeverCrashes(seed: UInt64) {
    var random = Random(seed: seed)
    var bytes = (0..<Int.random(in: 0...4_000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
    if seed % 2 == 0 { bytes = Array("GPU0 ".utf8) + bytes }
    #expect((try? TopologyText.machine(from: bytes, model: "L4"))?.gpus.count ?? 1 == 1)
  }
}
