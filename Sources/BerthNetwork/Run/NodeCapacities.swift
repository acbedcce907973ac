import CBerth

/// What nodes have of the resources that jobs ask for: as the files say, else the caller's defaults.
struct NodeCapacities {
  /// Nodes without GPUs are filled in eighths.
  static let partsWithoutGPUs = 8

  /// cpu, memory, GPUs, then whatever else is asked for.
  let names: [String]
  let gpuResource: String
  /// [node][resource].
  private(set) var rows: [Int64] = []
  private(set) var gpus: [Int] = []
  private(set) var notes: [String] = []

  init(_ topology: NetworkTopology, _ jobs: [GangJob], _ options: GangOptions, gpuResource: String) {
    self.gpuResource = gpuResource
    let asked = Set(jobs.flatMap { $0.roles.flatMap(\.requests.keys) })
    let usual = ["cpu", "memory", gpuResource]
    let hasPods = topology.nodes.contains { $0.allocatable["pods"] != nil }
    names = usual + (hasPods ? ["pods"] : []) + asked.subtracting(usual + ["pods"]).sorted()
    var (silent, silentOfGPUs) = (0, 0)
    var missing: [String: Int] = [:]
    for node in topology.nodes {
      let said = node.allocatable
      if said["cpu"] == nil || said["memory"] == nil { silent += 1 }
      let isSilentOfGPUs = node.gpus == nil && said.isEmpty
      if isSilentOfGPUs { silentOfGPUs += 1 }
      let count = said[gpuResource].map { Int(clamping: $0) } ?? node.gpus ?? (isSilentOfGPUs ? options.gpusPerNode : 0)
      gpus.append(count)
      for name in names {
        switch name {
        case "cpu": rows.append(Self.bounded(said[name] ?? options.cpuMilli))
        case "memory": rows.append(Self.bounded(said[name] ?? options.memoryBytes))
        case gpuResource: rows.append(Int64(count))
        // kubelet's default
        case "pods": rows.append(said[name] ?? 110)
        default:
          rows.append(Self.bounded(said[name] ?? 0))
          if said[name] == nil { missing[name, default: 0] += 1 }
        }
      }
    }
    if silent > 0 {
      let memory = GangFigures.bytes(options.memoryBytes)
      notes.append(
        "cpu and memory of \(silent) nodes are not said: \(GangFigures.cores(options.cpuMilli)) cores and \(memory) "
          + "are taken (--cpu-per-node, --memory-per-node)")
    }
    if silentOfGPUs > 0, jobs.contains(where: { $0.roles.contains { $0.gpus > 0 } }) {
      notes.append(
        "GPUs of \(silentOfGPUs) nodes are not said: \(options.gpusPerNode) are taken (--gpus-per-node)")
    }
    for (name, count) in missing.sorted(by: { $0.key < $1.key }) {
      notes.append("nothing says how much \(name) \(count) nodes have: they are taken to have none")
    }
  }

  /// What is in use where so many parts of each node are.
  func requested(_ used: [Int], of parts: [Int]) -> [Int64] {
    var result = rows
    for node in parts.indices {
      for (column, name) in names.enumerated() {
        let place = node * names.count + column
        if name == gpuResource {
          result[place] = min(rows[place], Int64(used[node]))
        } else if name == "pods" {
          result[place] = 0
        } else {
          result[place] = rows[place] / Int64(parts[node]) * Int64(used[node])
        }
      }
    }
    return result
  }

  private static func bounded(_ value: Int64) -> Int64 { min(value, Int64(BERTH_MAX_QUANTITY)) }
}
