import ArgumentParser
import BerthDevices
import BerthSimulation

/// What is wrong in a file of --topology, and where.
private struct BadTopology: Error, CustomStringConvertible {
  let description: String
}

struct MachinesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "machines",
    abstract: "Show the GPU hosts that Berth knows by name, how their devices are connected, and which go together.",
    discussion: """
      A host's own description is better than a name: nvidia-smi topo -m > host.txt; berth machines --topology host.txt \
      --model H200. Links are as nvidia-smi writes them: NV# NVLink with # lanes, NVSwitch any to any, PIX one PCIe \
      switch, PXB several, PHB the host bridge, NODE within a NUMA node, SYS between them.

      Examples:
        berth machines
        berth machines dgx-a100-80gb
        berth machines pcie-8 --model L40S --busy 0,1
        berth machines --topology host.txt --model A100-SXM4-40GB --busy 2
      """)

  @Argument(
    help: ArgumentHelp("A machine of the list; without it, and without --topology: the list.", valueName: "name"))
  var name: String?

  @Option(help: ArgumentHelp("What nvidia-smi topo -m printed on a host.", valueName: "file"))
  var topology: String?

  @Option(help: "The GPUs' model, for machines that are made with any, and for --topology.")
  var model: String?

  @Option(help: ArgumentHelp("GPUs that are taken, to see which a pod would get of the others.", valueName: "i,j"))
  var busy: String?

  @Flag(help: "Print one line of JSON.")
  var json = false

  func validate() throws {
    if name != nil && topology != nil { throw ValidationError("NAME and --topology: use one of them") }
    if topology != nil && model == nil { throw ValidationError("--topology needs --model: the text does not say it") }
    if busy != nil && name == nil && topology == nil { throw ValidationError("--busy needs a machine") }
  }

  func run() throws {
    if let topology {
      let text = try ByteFile.read(topology)
      do {
        try show(topology, try TopologyText.machine(from: text, model: model ?? ""))
      } catch let error as TopologyTextError {
        // without a line, the model is wrong and not the file
        if error.line == 0 { throw ValidationError("--model: \(error)") }
        throw BadTopology(description: "\(topology): \(error)")
      }
    } else if let name {
      try show(name, try known(name))
    } else {
      list()
    }
  }

  private func known(_ name: String) throws -> Machine {
    do { return try StandardMachine.machine(named: name, model: model) } catch { throw ValidationError("\(error)") }
  }

  // MARK: The list

  private func list() {
    let machines = StandardMachine.all.compactMap { standard in
      (try? standard.machine()).map { (standard, $0) }
    }
    if json {
      let entries = machines.map { standard, machine in
        JSONValue.object([
          ("name", .text(standard.name)), ("model", .text(standard.defaultModel)),
          ("takes_model", .boolean(standard.takesModel)), ("gpus", .count(machine.gpus.count)),
          ("nics", .count(machine.nics.count)),
        ])
      }
      Terminal.printResult(JSONValue.object([("machines", .list(entries))]).line)
      return
    }
    var table = Table(
      "machines by name", head: ["name", "GPUs", "model", "links between GPUs", "NICs"], figuresFrom: 5)
    let flat = machines.filter { $0.0.name.hasPrefix("flat-") }
    func add(_ standard: StandardMachine, _ machine: Machine, name: String, gpus: String) {
      table.add(
        name, gpus, standard.takesModel ? "any (\(standard.defaultModel))" : standard.defaultModel,
        Self.links(machine), "\(machine.nics.count)")
    }
    for (standard, machine) in machines where !standard.name.hasPrefix("flat-") {
      add(standard, machine, name: standard.name, gpus: "\(machine.gpus.count)")
    }
    // they differ in nothing but the number
    if let (first, least) = flat.first, let (last, most) = flat.last {
      add(last, most, name: "\(first.name) … \(last.name)", gpus: "\(least.gpus.count) … \(most.gpus.count)")
    }
    Terminal.printResult(table.text)
  }

  /// The distinct links, the best first.
  private static func links(_ machine: Machine) -> String {
    let links = Set(machine.links).subtracting([.itself]).sorted(by: >).map(\.description)
    return links.joined(separator: ", ") + (machine.nvSwitchSpansHosts ? ", NVSwitch over hosts" : "")
  }

  // MARK: One machine

  private func show(_ title: String, _ machine: Machine) throws {
    let count = machine.gpus.count
    let taken = try busyGPUs(count)
    let free = UInt16(truncatingIfNeeded: 1 << count - 1) & ~taken
    let tables = SubsetTables(machine.structure, demands: [.best])
    let choices = (1...max(1, free.nonzeroBitCount)).filter { $0 <= free.nonzeroBitCount }.map { wanted in
      (wanted, tables.choose(free: free, count: wanted, demandIndex: 0))
    }
    if json { return Terminal.printResult(object(title, machine, choices).line) }
    let devices = (0..<count).map { "GPU\($0)" } + machine.nics.indices.map { "NIC\($0)" }
    var matrix = Table("\(title): \(count) x \(machine.gpus.first?.model ?? "no GPU")", head: [""] + devices + ["NUMA"])
    for gpu in 0..<count {
      let links = (0..<count).map { machine.link(gpu, $0).description }
      let nics = machine.nics.indices.map { machine.nicLink(gpu: gpu, nic: $0).description }
      matrix.add(cells: ["GPU\(gpu)"] + links + nics + ["\(machine.gpus[gpu].numaNode)"])
    }
    var best = Table(
      "\nwhat a pod that prefers links would get" + (taken == 0 ? "" : ", with \(busy ?? "") taken"),
      head: ["GPUs", "which", "links, 0..100", "what stays whole, 0..100"])
    for (wanted, choice) in choices {
      best.add("\(wanted)", Self.indices(choice.mask), "\(choice.quality)", "\(choice.remainder)")
    }
    Terminal.printResult(matrix.text + "\n" + best.text)
  }

  private func busyGPUs(_ count: Int) throws -> UInt16 {
    var mask: UInt16 = 0
    for part in (busy ?? "").split(separator: ",") {
      guard let gpu = Int(part), (0..<count).contains(gpu) else {
        throw ValidationError("--busy: \"\(part)\" is no GPU from 0 to \(count - 1)")
      }
      mask |= 1 << UInt16(gpu)
    }
    return mask
  }

  private static func indices(_ mask: UInt16) -> String {
    (0..<16).filter { mask >> UInt16($0) & 1 != 0 }.map(String.init).joined(separator: ",")
  }

  private func object(_ title: String, _ machine: Machine, _ choices: [(Int, Choice)]) -> JSONValue {
    let count = machine.gpus.count
    return .object([
      ("name", .text(title)), ("models", .list(machine.gpus.map { .text($0.model) })),
      ("links", .list((0..<count).map { gpu in .list((0..<count).map { .text(machine.link(gpu, $0).description) }) })),
      (
        "choices",
        .list(
          choices.map { wanted, choice in
            .object([
              ("gpus", .count(wanted)), ("indices", .text(Self.indices(choice.mask))),
              ("links", .count(choice.quality)), ("remainder", .count(choice.remainder)),
            ])
          })
      ),
    ])
  }
}
