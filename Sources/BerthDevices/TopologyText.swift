/// Why a text is not what `nvidia-smi topo -m` prints: where, what was expected there, and what was found.
public struct TopologyTextError: Error, Hashable, Sendable, CustomStringConvertible {
  /// From 1; 0: not the text is at fault, but the model or memory given beside it.
  public let line: Int
  /// In bytes, from 1.
  public let column: Int
  public let expected: String
  public let found: String

  public var description: String {
    line == 0
      ? "expected \(expected), found \(found)"
      : "line \(line), column \(column): expected \(expected), found \(found)"
  }
}

/// Reads what `nvidia-smi topo -m` prints.
///
/// A header names GPUs and NICs (NIC0 ..., or mlx5_0 ... of older drivers), and may go on with "CPU Affinity", "NUMA
/// Affinity" and "GPU NUMA ID". A row of link classes for each device follows, then legends, of which "NIC0: mlx5_0" is
/// read. Lines before the header, blank lines, tabs or blanks, and escape sequences do not matter.
///
/// What the text does not say is derived:
/// - NVSwitch: the text calls a switched pair NV#, too. Where the lanes of a GPU to all its peers add up to more than
///   the GPU has (`GPUModel.nvLinkLanes`; 18 for unknown models), they are the same lanes, and the pairs are switched.
/// - NUMA nodes of GPUs: the column, else one for each distinct CPU affinity, else one for each group that paths better
///   than SYS hold together. Of NICs: that of the first GPU with a better path than SYS, else one of their own.
/// - PCIe switches: devices that PIX or PXB connects, directly or by others, have one number.
/// - More than 16 NICs are virtual functions as a rule: then those with equal links to all GPUs and PIX between each
///   other become one NIC with so many functions.
public struct TopologyText {
  /// Longer texts are refused: BERTH_MAX_TOPOLOGY_BYTES of berth.h.
  public static let maxBytes = 1 << 16

  /// The machine of a text. Models are not in it: all GPUs have the one given; `memoryMiB` 0: that of the model, which
  /// `GPUModel.all` must have then.
  public static func machine(
    from text: String, model: String, memoryMiB: UInt32 = 0
  ) throws(TopologyTextError) -> Machine {
    try machine(from: text.utf8, model: model, memoryMiB: memoryMiB)
  }

  /// The same for bytes, of which every sequence is allowed.
  public static func machine(
    from text: some Collection<UInt8>, model: String, memoryMiB: UInt32 = 0
  ) throws(TopologyTextError) -> Machine {
    let known = GPUModel.named(model)
    guard !model.isEmpty, let memory = memoryMiB > 0 ? memoryMiB : known?.memoryMiB else {
      throw TopologyTextError(
        line: 0, column: 0, expected: "a known GPU model, or its memory", found: "\"\(model)\"")
    }
    guard text.count <= maxBytes else {
      throw TopologyTextError(
        line: 1, column: 1, expected: "at most \(maxBytes) bytes", found: "\(text.count)")
    }
    var reader = TopologyText(TopologyTextLines(text))
    try reader.readHeader()
    try reader.readRows()
    reader.readLegend()
    return try reader.machine(model: model, memoryMiB: memory, lanes: known?.nvLinkLanes)
  }

  enum Affinity { case cpu, numa, gpuNuma }

  struct Device {
    var name: String
    var place: (line: Int, column: Int)
    /// Place among the GPUs or NICs.
    var index: Int
    var isGPU: Bool
    /// Links to all devices in the order of the header; empty until the row is read.
    var links: [LinkClass] = []
    var cpuAffinity: String?
    var numaNode: Int?
  }

  private let text: TopologyTextLines
  private var nextLine = 0
  private var affinities: [Affinity] = []
  private(set) var devices: [Device] = []

  private init(_ text: TopologyTextLines) { self.text = text }

  private static let linkNames = "X, SYS, NODE, PHB, PXB, PIX or NV1...NV\(LinkClass.maxLanes)"

  private func fail(
    _ line: TopologyTextLines.Line, _ word: Int, expected: String
  ) -> TopologyTextError {
    word < line.words.count
      ? TopologyTextError(
        line: line.number, column: line.words[word].column, expected: expected, found: line.words[word].quoted)
      : TopologyTextError(line: line.number, column: line.endColumn, expected: expected, found: "the end of the line")
  }

  private func failAtEnd(expected: String) -> TopologyTextError {
    TopologyTextError(line: text.lastLine, column: 1, expected: expected, found: "the end of the text")
  }

  // MARK: Header

  private mutating func readHeader() throws(TopologyTextError) {
    while nextLine < text.lines.count, !text.lines[nextLine].words[0].isText("GPU0") { nextLine += 1 }
    guard nextLine < text.lines.count else { throw failAtEnd(expected: "a header that begins with GPU0") }
    let line = text.lines[nextLine]
    nextLine += 1
    var word = 0
    while word < line.words.count, !Self.beginsAffinity(line.words[word]) {
      try readDevice(line, word)
      word += 1
    }
    while word < line.words.count { try readAffinity(line, &word) }
  }

  private static func beginsAffinity(_ word: TopologyTextLines.Word) -> Bool {
    word.isText("CPU") || word.isText("NUMA") || word.isText("GPU")
  }

  private mutating func readDevice(_ line: TopologyTextLines.Line, _ word: Int) throws(TopologyTextError) {
    let gpus = devices.count { $0.isGPU }
    let name = line.words[word]
    var device = Device(name: name.string, place: (line.number, name.column), index: 0, isGPU: false)
    if let number = name.number(after: "GPU") {
      guard gpus < Machine.maxGPUs else { throw fail(line, word, expected: "at most \(Machine.maxGPUs) GPUs") }
      guard number == gpus else { throw fail(line, word, expected: "GPU\(gpus)") }
      device.isGPU = true
    } else {
      guard name.isDeviceName, LinkClass(text: name.bytes) == nil else {
        throw fail(line, word, expected: "GPU\(gpus), the name of a NIC, or CPU Affinity")
      }
      guard devices.count - gpus < 256 else { throw fail(line, word, expected: "at most 256 NICs") }
      guard !devices.contains(where: { $0.name == device.name }) else {
        throw fail(line, word, expected: "a device that the header does not have yet")
      }
    }
    device.index = device.isGPU ? gpus : devices.count - gpus
    devices.append(device)
  }

  private mutating func readAffinity(
    _ line: TopologyTextLines.Line, _ word: inout Int
  ) throws(TopologyTextError) {
    func skip(_ text: StaticString) {
      if word < line.words.count, line.words[word].isText(text) { word += 1 }
    }
    let first = line.words[word]
    guard Self.beginsAffinity(first) else {
      throw fail(line, word, expected: "CPU Affinity, NUMA Affinity or GPU NUMA ID")
    }
    word += 1
    if first.isText("GPU") {
      skip("NUMA")
      skip("ID")
      affinities.append(.gpuNuma)
    } else {
      skip("Affinity")
      affinities.append(first.isText("CPU") ? .cpu : .numa)
    }
  }

  // MARK: Rows

  private mutating func readRows() throws(TopologyTextError) {
    for index in devices.indices {
      guard nextLine < text.lines.count else { throw failAtEnd(expected: "the row of \(devices[index].name)") }
      try readRow(index, text.lines[nextLine])
      nextLine += 1
    }
    if nextLine < text.lines.count, text.lines[nextLine].words[0].number(after: "GPU") != nil {
      throw fail(text.lines[nextLine], 0, expected: "the end of the rows, as the header has no such GPU")
    }
  }

  private mutating func readRow(_ row: Int, _ line: TopologyTextLines.Line) throws(TopologyTextError) {
    let name = devices[row].name
    guard line.words[0].string == name else { throw fail(line, 0, expected: "the row of \(name)") }
    for column in devices.indices {
      let pair = "\(name) and \(devices[column].name)"
      guard column + 1 < line.words.count, let link = LinkClass(text: line.words[column + 1].bytes) else {
        throw fail(line, column + 1, expected: "the link between \(pair): \(Self.linkNames)")
      }
      guard (row == column) == (link == .itself) else {
        let expected = row == column ? "X, as \(name) is itself" : "a link between \(pair), not X"
        throw fail(line, column + 1, expected: expected)
      }
      guard link.isPCIe || link == .itself || devices[row].isGPU && devices[column].isGPU else {
        throw fail(line, column + 1, expected: "a path over PCIe between \(pair)")
      }
      if column < row, devices[column].links[row] != link {
        let mirrored = devices[column].links[row]
        throw fail(
          line, column + 1, expected: "\(mirrored) between \(pair), as in the row of \(devices[column].name)")
      }
      devices[row].links.append(link)
    }
    // more words than the header has columns: a device is missing there, and the rest would be taken for affinities
    let most = devices.count + 1 + affinities.count
    guard line.words.count <= most else { throw fail(line, most, expected: "the end of the line") }
    guard devices[row].isGPU else { return }
    for (offset, affinity) in affinities.enumerated() where devices.count + 1 + offset < line.words.count {
      let word = devices.count + 1 + offset
      if affinity == .cpu { devices[row].cpuAffinity = line.words[word].string }
      if affinity == .numa { devices[row].numaNode = try readNode(line, word, of: name) }
    }
  }

  /// The first node of a list ("1", "0-1", "0,2"); nil for N/A.
  private func readNode(
    _ line: TopologyTextLines.Line, _ word: Int, of device: String
  ) throws(TopologyTextError) -> Int? {
    if line.words[word].isText("N/A") { return nil }
    let first = line.words[word].bytes.prefix { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ",") }
    let number = TopologyTextLines.Word(bytes: Array(first), column: 0)
    guard let node = number.number(after: ""), node < Machine.maxNUMANodes else {
      throw fail(line, word, expected: "the NUMA node of \(device), 0..<\(Machine.maxNUMANodes), or N/A")
    }
    return node
  }

  /// "NIC0: mlx5_0" gives a name; anything else is skipped.
  private mutating func readLegend() {
    for line in text.lines[nextLine...] where line.words.count >= 2 && line.words[0].bytes.last == UInt8(ascii: ":") {
      let key = String(decoding: line.words[0].bytes.dropLast(), as: UTF8.self)
      guard line.words[1].isDeviceName, let index = devices.firstIndex(where: { !$0.isGPU && $0.name == key }),
        key.hasPrefix("NIC")
      else { continue }
      devices[index].name = line.words[1].string
    }
  }
}
