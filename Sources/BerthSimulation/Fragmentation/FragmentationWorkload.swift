import BerthCore
import CBerth

/// A workload of the FGD experiments (USENIX ATC 2023): the cluster, the list of pods, what of it arrives in which order,
/// and which node wins ties.
public struct FragmentationWorkload: Sendable {
  public let name: String
  public let trace: OpenbTrace
  /// The kinds of pods that make up 95 % of the list.
  public let typical: [TypicalPod]
  /// Ascending.
  public let seeds: [Int]
  /// By seed: positions in `trace.pods`, one after the other.
  let arrivals: [Int: [Int]]
  /// By seed: positions in `trace.nodes`, the one that wins ties first.
  let nodeOrders: [Int: [Int]]

  /// Whole GPUs in thousandths.
  public var capacity: Int64 { trace.nodes.reduce(0) { $0 + $1.gpuMilli } }

  init(named name: String, trace: OpenbTrace, arrivals: [Int: [Int]], nodeOrders: [Int: [Int]]) {
    self.name = name
    self.trace = trace
    typical = trace.typicalPods()
    self.arrivals = arrivals
    self.nodeOrders = nodeOrders
    seeds = arrivals.keys.filter { nodeOrders[$0] != nil }.sorted()
  }

  /// Positions of the pods that arrive, and of the nodes.
  func orders(of seed: Int) throws(EngineError) -> (arrivals: [Int], nodes: [Int]) {
    guard let order = arrivals[seed], let nodes = nodeOrders[seed] else {
      let known = seeds.map(String.init).joined(separator: ", ")
      throw EngineError(
        UInt32(BERTH_BAD_ARGUMENT), "workload \(name) has no arrivals for seed \(seed), but for \(known)")
    }
    return (order, nodes)
  }

  /// Names of the workloads that have arrivals in the reference folder, sorted. Throws `FileError`.
  public static func names(in reference: String) throws -> [String] {
    try ByteFile.list("\(reference)/arrivals").compactMap { file in
      guard file.hasPrefix(prefix), file.hasSuffix(suffix) else { return nil }
      return String(file.dropFirst(prefix.count).dropLast(suffix.count))
    }.sorted()
  }

  private static let prefix = "openb_pod_list_"
  private static let suffix = ".csv.gz"

  /// Reads a workload of the trace's folder and its arrivals from the reference's. Throws `FileError` or `CSVError` with
  /// file and line.
  public init(named name: String, trace folder: String, reference: String) throws {
    let nodesPath = "\(folder)/openb_node_list_gpu_node.csv"
    let podsPath = "\(folder)/\(Self.prefix)\(name).csv"
    let trace = try OpenbTrace(
      nodesPath: nodesPath, podsPath: podsPath, maximumGPUs: Int64(BERTH_MAX_GPUS_PER_NODE))
    // every figure is a part of all GPUs
    guard trace.nodes.contains(where: { $0.gpuMilli > 0 }) else {
      throw CSVError(
        file: nodesPath, line: 1, column: 1,
        message: "gpu: expected a node with GPUs, found none on \(trace.nodes.count) nodes")
    }
    let arrivals = try Self.orders(
      "\(reference)/arrivals/\(Self.prefix)\(name)\(Self.suffix)", Self.prefix + name, of: trace.podNames, "pod")
    let nodeOrders = try Self.orders(
      "\(reference)/node_order/\(Self.prefix)\(name)\(Self.suffix)", Self.prefix + name, of: trace.nodes.map(\.name),
      "node", eachOnce: true)
    self.init(named: name, trace: trace, arrivals: arrivals, nodeOrders: nodeOrders)
    guard typical.count <= Int(BERTH_MAX_TYPICAL_PODS) else {
      throw CSVError(
        file: podsPath, line: 1, column: 1,
        message: "expected at most \(BERTH_MAX_TYPICAL_PODS) kinds of pods (cpu_milli, num_gpu, gpu_milli, gpu_spec) "
          + "that make up 95 % of all, found \(typical.count)")
    }
  }

  /// Lines `workload,seed,numbers with spaces between`: positions of the names that end in these numbers, by seed.
  /// `eachOnce`: a line has all of them, none twice.
  private static func orders(
    _ path: String, _ workload: String, of names: [String], _ what: String, eachOnce: Bool = false
  ) throws -> [Int: [Int]] {
    var positions: [Substring: Int] = [:]
    for (position, name) in names.enumerated() {
      positions[name.split(separator: "-").last ?? ""] = position
    }
    var parser = CSVParser(file: path, bytes: try ByteFile.readUnpacked(path))
    var orders: [Int: [Int]] = [:]
    while let fields = try parser.nextRecord() {
      func error(_ field: Int, _ message: String) -> CSVError {
        let place = fields[min(field, fields.count - 1)]
        return CSVError(file: path, line: place.line, column: place.column, message: message)
      }
      guard fields.count == 3 else { throw error(0, "expected workload,seed,\(what)s, found \(fields.count) fields") }
      guard fields[0].text == workload else {
        throw error(0, "expected the workload \(workload), found \"\(fields[0].text)\"")
      }
      guard let seed = Int(fields[1].text), orders[seed] == nil else {
        throw error(1, "expected a seed that no line had before, found \"\(fields[1].text)\"")
      }
      var order: [Int] = []
      for number in fields[2].text.split(separator: " ") {
        guard let position = positions[number] else {
          throw error(2, "expected numbers of \(what)s in the trace, found \"\(number)\"")
        }
        order.append(position)
      }
      if eachOnce && order.sorted() != Array(names.indices) {
        throw error(2, "expected each of \(names.count) \(what)s once, found \(order.count) numbers")
      }
      orders[seed] = order
    }
    return orders
  }
}

extension OpenbTrace {
  /// The authors' target workload: kinds of pods by how often they occur, as many as make up 95 % of all pods (GetTypicalPods
  /// in the simulator's pkg/utils/frag.go).
  func typicalPods() -> [TypicalPod] {
    struct Kind: Hashable {
      var cpuMilli: Int64
      var milli: Int64
      var gpus: Int64
      var spec: String
    }
    var counts: [Kind: Int] = [:]
    for (index, pod) in pods.enumerated() {
      let gpus = pod.gpuMilli < 1000 ? (pod.gpuMilli > 0 ? 1 : 0) : pod.gpuMilli / 1000
      counts[
        Kind(cpuMilli: pod.cpuMilli, milli: gpus > 0 ? pod.gpuMilli / gpus : 0, gpus: gpus, spec: podSpecs[index]),
        default: 0] += 1
    }
    let sorted = counts.sorted { a, b in
      if a.value != b.value { return a.value > b.value }
      if a.key.cpuMilli != b.key.cpuMilli { return a.key.cpuMilli > b.key.cpuMilli }
      if a.key.milli != b.key.milli { return a.key.milli > b.key.milli }
      if a.key.gpus != b.key.gpus { return a.key.gpus > b.key.gpus }
      return Array(b.key.spec.utf8).lexicographicallyPrecedes(Array(a.key.spec.utf8))
    }
    var typical: [TypicalPod] = []
    var covered = 0
    for (kind, count) in sorted where covered * 100 < pods.count * 95 {
      covered += count
      typical.append(
        TypicalPod(
          cpuMilli: kind.cpuMilli, gpus: Int(kind.gpus), milli: Int(kind.milli),
          models: kind.spec.split(separator: "|").map(String.init), weight: count))
    }
    return typical
  }
}
