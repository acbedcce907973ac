/// The machine that the rows describe: see `TopologyText` for what is derived.
extension TopologyText {
  func machine(model: String, memoryMiB: UInt32, lanes: Int?) throws(TopologyTextError) -> Machine {
    let gpus = devices.indices.filter { devices[$0].isGPU }
    let nics = try foldedNICs(gpus)
    let links = gpuLinks(gpus, lanes: lanes.map { $0 > 0 ? $0 : 18 } ?? 18)
    let switches = switchNumbers(gpus + nics.map(\.device))
    let nodes = gpuNodes(gpus)
    let nicNodes = nicNodes(nics.map(\.device), gpus, nodes)
    do {
      return try Machine(
        gpus: gpus.enumerated().map { offset, device in
          Machine.GPU(
            model: model, memoryMiB: memoryMiB, numaNode: UInt8(nodes[offset]), pcieSwitch: switches[device])
        },
        nics: nics.enumerated().map { offset, nic in
          Machine.NIC(
            name: devices[nic.device].name, numaNode: UInt8(nicNodes[offset]), pcieSwitch: switches[nic.device],
            virtualFunctions: UInt16(nic.functions))
        },
        links: links,
        nicLinks: gpus.flatMap { gpu in nics.map { devices[gpu].links[$0.device] } })
    } catch {
      throw TopologyTextError(line: 1, column: 1, expected: error.expected, found: "\(error.found) (\(error.device))")
    }
  }

  private func gpuLinks(_ gpus: [Int], lanes: Int) -> [LinkClass] {
    let isSwitched = gpus.map { gpu in gpus.reduce(0) { $0 + devices[gpu].links[$1].lanes } > lanes }
    var links: [LinkClass] = []
    for (row, left) in gpus.enumerated() {
      for (column, right) in gpus.enumerated() {
        let link = devices[left].links[right]
        links.append(link.lanes > 0 && isSwitched[row] && isSwitched[column] ? .nvSwitch : link)
      }
    }
    return links
  }

  /// Indices of NICs among the devices, with their virtual functions; folded when there are too many.
  private func foldedNICs(_ gpus: [Int]) throws(TopologyTextError) -> [(device: Int, functions: Int)] {
    let all = devices.indices.filter { !devices[$0].isGPU }
    guard all.count > Machine.maxNICs else { return all.map { ($0, 0) } }
    var folded: [(device: Int, functions: Int)] = []
    for nic in all {
      let same = folded.firstIndex { other in
        devices[nic].links[other.device] == .singleSwitch
          && gpus.allSatisfy { devices[nic].links[$0] == devices[other.device].links[$0] }
      }
      if let same {
        folded[same].functions += 1
      } else {
        guard folded.count < Machine.maxNICs else {
          throw TopologyTextError(
            line: devices[nic].place.line, column: devices[nic].place.column,
            expected: "at most \(Machine.maxNICs) NICs that differ in their links", found: "\"\(devices[nic].name)\"")
        }
        folded.append((nic, 1))
      }
    }
    return folded
  }

  /// Numbers for the groups of at least two devices that links of a class or better over PCIe hold together, in the
  /// order of their first device; nil for devices by themselves. By device.
  private func groups(_ members: [Int], least: LinkClass) -> [Int?] {
    var group = [Int?](repeating: nil, count: devices.count)
    var next = 0
    for first in members where group[first] == nil {
      var found = [first]
      var done = 0
      group[first] = next
      while done < found.count {
        let device = found[done]
        done += 1
        for other in members where group[other] == nil {
          let link = devices[device].links[other]
          if link.isPCIe && link >= least {
            group[other] = next
            found.append(other)
          }
        }
      }
      if found.count == 1 { group[first] = nil } else { next += 1 }
    }
    return group
  }

  /// By device.
  private func switchNumbers(_ members: [Int]) -> [UInt8] {
    groups(members, least: .multipleSwitches).map { $0.map { UInt8($0) } ?? Machine.noSwitch }
  }

  /// By GPU.
  private func gpuNodes(_ gpus: [Int]) -> [Int] {
    let columns = gpus.compactMap { devices[$0].numaNode }
    if columns.count == gpus.count { return columns }
    let affinities = gpus.compactMap { devices[$0].cpuAffinity }
    if affinities.count == gpus.count, !affinities.contains("N/A") {
      var distinct: [String] = []
      for affinity in affinities where !distinct.contains(affinity) { distinct.append(affinity) }
      return affinities.map { distinct.firstIndex(of: $0) ?? 0 }
    }
    let grouped = groups(Array(devices.indices), least: .sameNode)
    let knowsPaths = gpus.contains { gpu in devices[gpu].links.contains { $0.isPCIe } }
    guard knowsPaths else { return gpus.map { _ in 0 } }
    // by first appearance; a GPU by itself has a node of its own
    var distinct: [Int?] = []
    return gpus.map { gpu in
      if let group = grouped[gpu], let known = distinct.firstIndex(of: group) { return known }
      distinct.append(grouped[gpu])
      return distinct.count - 1
    }
  }

  /// By NIC.
  private func nicNodes(_ nics: [Int], _ gpus: [Int], _ gpuNodes: [Int]) -> [Int] {
    var nodes = nics.map { nic in
      gpus.indices.first { devices[nic].links[gpus[$0]] > .crossSocket }.map { gpuNodes[$0] }
    }
    var next = 0
    for index in nics.indices where nodes[index] == nil {
      while gpuNodes.contains(next) || nodes.contains(next) { next += 1 }
      for other in nics.indices where nodes[other] == nil {
        if other == index || devices[nics[index]].links[nics[other]] > .crossSocket { nodes[other] = next }
      }
    }
    return nodes.map { $0 ?? 0 }
  }
}
