import CBerth

/// A trace in the format of Alibaba's openb (cluster-trace-gpu-v2023): a list of nodes and a list of pods.
///
/// Columns are found by name; further ones (QoS class, phase, times) are not read.
public struct OpenbTrace: Sendable {
  public struct Node: Equatable, Sendable {
    public var name: String
    public var cpuMilli: Int64
    public var memoryMiB: Int64
    /// Thousandths of a GPU over all its GPUs.
    public var gpuMilli: Int64
    /// Empty without GPUs.
    public var model: String
  }

  /// What a pod asks for; equal demands are one class.
  public struct Demand: Hashable, Sendable {
    public var cpuMilli: Int64
    public var memoryMiB: Int64
    /// Thousandths of a GPU over all GPUs it asks for.
    public var gpuMilli: Int64
    /// Models that will do, sorted; empty: any.
    public var models: [String]
  }

  public let nodes: [Node]
  /// In the order of the file.
  public let pods: [Demand]
  public let podNames: [String]
  /// gpu_spec of each pod as the file has it.
  public let podSpecs: [String]

  /// Of a node or a pod: more than any host has.
  private static let maximumGPUs: Int64 = 1024

  init(nodes: [Node], pods: [Demand], podNames: [String] = [], podSpecs: [String] = []) {
    self.nodes = nodes
    self.pods = pods
    self.podNames = podNames
    self.podSpecs = podSpecs
  }

  /// Reads both files. Throws `CSVError` with file, line and column, or `FileError`.
  public init(nodesPath: String, podsPath: String) throws {
    try self.init(nodesPath: nodesPath, podsPath: podsPath, maximumGPUs: Self.maximumGPUs)
  }

  /// The same for readers that take fewer GPUs of a node or a pod.
  init(nodesPath: String, podsPath: String, maximumGPUs: Int64) throws {
    let nodes = try CSVTable(path: nodesPath, required: ["sn", "cpu_milli", "memory_mib", "gpu", "model"])
    let pods = try CSVTable(path: podsPath, required: ["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"])
    self.nodes = try Self.readNodes(nodes, maximumGPUs: maximumGPUs)
    self.pods = try Self.readPods(pods, maximumGPUs: maximumGPUs)
    podNames = pods.records.map { $0.text("name") }
    podSpecs = pods.records.map { $0.text("gpu_spec") }
  }

  static func readNodes(_ table: CSVTable, maximumGPUs: Int64 = maximumGPUs) throws(CSVError) -> [Node] {
    var lineOfName: [String: Int] = [:]
    var nodes = [Node]()
    for record in table.records {
      let name = try record.name("sn", maximumBytes: Int(BERTH_MAX_TEXT_BYTES))
      if let line = lineOfName.updateValue(record.line, forKey: name) {
        throw record.error("sn", "expected each node once, found \"\(name)\" of line \(line) again")
      }
      let gpus = try record.number("gpu", in: 0...maximumGPUs)
      let model = record.text("model")
      if gpus > 0 { _ = try record.name("model", maximumBytes: Int(BERTH_MAX_TEXT_BYTES)) }
      nodes.append(
        Node(
          name: name, cpuMilli: try record.number("cpu_milli", in: quantities),
          memoryMiB: try record.number("memory_mib", in: quantities), gpuMilli: gpus * 1000, model: model))
    }
    return nodes
  }

  static func readPods(_ table: CSVTable, maximumGPUs: Int64 = maximumGPUs) throws(CSVError) -> [Demand] {
    var lineOfName: [String: Int] = [:]
    var pods = [Demand]()
    for record in table.records {
      let name = try record.name("name", maximumBytes: Int(BERTH_MAX_TEXT_BYTES))
      if let line = lineOfName.updateValue(record.line, forKey: name) {
        throw record.error("name", "expected each pod once, found \"\(name)\" of line \(line) again")
      }
      let gpus = try record.number("num_gpu", in: 0...maximumGPUs)
      // gpu_milli is per GPU, and only a single GPU can be shared.
      let milli = try record.number("gpu_milli", in: 0...1000)
      if gpus > 1 && milli != 1000 {
        throw record.error("gpu_milli", "expected 1000 for a pod with \(gpus) GPUs, found \"\(milli)\"")
      }
      if gpus == 1 && milli == 0 {
        throw record.error("gpu_milli", "expected 1 to 1000 for a pod with a GPU, found \"0\"")
      }
      pods.append(
        Demand(
          cpuMilli: try record.number("cpu_milli", in: quantities),
          memoryMiB: try record.number("memory_mib", in: quantities), gpuMilli: gpus * milli,
          models: try models(record)))
    }
    return pods
  }

  /// `A|B`: any of these models.
  private static func models(_ record: CSVTable.Record) throws(CSVError) -> [String] {
    let text = record.text("gpu_spec")
    if text.isEmpty { return [] }
    let models = text.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    guard models.allSatisfy({ !$0.isEmpty && $0.utf8.count <= Int(BERTH_MAX_TEXT_BYTES) }) else {
      throw record.error("gpu_spec", "expected model names with a | between them, found \"\(text)\"")
    }
    return Set(models).sorted()
  }

  private static let quantities = 0...Int64(BERTH_MAX_QUANTITY)
}
