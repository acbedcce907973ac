import BerthKubernetes

/// What is taken where files are silent, and what is in use before any gang comes.
public struct GangOptions: Sendable {
  /// Of nodes of which nothing says it: a host of eight GPUs as clouds rent them.
  public var cpuMilli: Int64 = 192_000
  public var memoryBytes: Int64 = 2 << 40
  public var gpusPerNode = 8
  public var busy: Busy?
  public var seed: UInt64 = 1
  /// Whether a job's parallelism may choose nodes, beside what the job says.
  public var triesMultiples = true
  /// Exchanges of ranks that are weighed.
  public var iterations = 20_000

  public init() {}

  /// Kubernetes' quantities: "192", "2Ti".
  public mutating func setNode(cpu: String?, memory: String?) throws(BadInput) {
    if let cpu { cpuMilli = try Self.amount(cpu, "--cpu-per-node", "cores, like 192", 1000) }
    if let memory { memoryBytes = try Self.amount(memory, "--memory-per-node", "memory, like 2Ti", 1) }
  }

  private static func amount(
    _ text: String, _ option: String, _ expected: String, _ factor: Double
  ) throws(BadInput) -> Int64 {
    guard let value = Measures.bytes(text), (1...1e15).contains(value * factor) else {
      throw BadInput(problems: [Problem(option, "", "'\(text)' is no amount of \(expected)")])
    }
    return Int64(value * factor)
  }
}

/// Figures in notes.
enum GangFigures {
  static func cores(_ milli: Int64) -> String {
    milli % 1000 == 0 ? "\(milli / 1000)" : "\(Double(milli) / 1000)"
  }

  /// "2 TiB", "1.5 GiB".
  static func bytes(_ count: Int64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var (value, unit) = (Double(count), 0)
    while value >= 1024 && unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return value == value.rounded() ? "\(Int(value)) \(units[unit])" : "\((value * 10).rounded() / 10) \(units[unit])"
  }
}
