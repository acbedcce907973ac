import BerthKubernetes
import BerthRanks

/// A job's traffic in the words of the ranks' module.
struct RankTraffic {
  let job: BerthRanks.Job
  /// Traffic is between pods, so pods are what is numbered; else GPUs, where there are any.
  let isByPod: Bool
  private(set) var notes: [String] = []

  /// Nil with a note where the job's words and its members do not go together.
  static func of(_ job: GangJob, members: Int, units: Int, notes: inout [String]) throws(RankError) -> RankTraffic? {
    if let matrix = job.traffic {
      guard matrix.size == members else {
        notes.append("no ranks: traffic is of \(matrix.size) pods, and \(members) are placed")
        return nil
      }
      if job.parallelism != nil { notes.append("ranks follow the traffic between pods, not the parallelism") }
      return try RankTraffic(matrix)
    }
    guard let parallelism = job.parallelism else {
      return units > 0 ? try RankTraffic(ringOf: units) : nil
    }
    guard parallelism.rankCount == units else {
      notes.append("no ranks: the parallelism makes \(parallelism.rankCount ?? 0), and \(units) are placed")
      return nil
    }
    return try RankTraffic(parallelism)
  }

  private init(_ matrix: TrafficMatrix) throws(RankError) {
    isByPod = true
    var flows: [Flow] = []
    for from in 0..<matrix.size {
      for to in 0..<matrix.size where to != from && matrix[from, to] > 0 {
        flows.append(Flow(from: from, to: to, bytes: try Self.whole(matrix[from, to]), messages: 1))
      }
    }
    job = try BerthRanks.Job(ranks: matrix.size, flows: flows)
  }

  /// What every data-parallel program does at least.
  private init(ringOf units: Int) throws(RankError) {
    isByPod = false
    let bytes = Self.usualBytes(.data)
    job = try BerthRanks.Job(
      dimensions: [units], collectives: [Collective(.ringAllReduce, dimensions: 1, bytes: bytes)])
    notes = ["traffic is not said: a ring all-reduce of \(GangFigures.bytes(bytes)) over all ranks is taken"]
  }

  private init(_ parallelism: Parallelism) throws(RankError) {
    isByPod = false
    var dimensions: [Int] = []
    var masks: [Parallelism.AxisKind: UInt32] = [:]
    let experts = Self.expertParts(parallelism)
    var expertMask: UInt32 = 0
    for axis in parallelism.axes where axis.kind != .expert {
      let part = experts?[axis.kind] ?? 1
      if part > 1 { expertMask |= 1 << UInt32(dimensions.count) }
      let parts = part > 1 && part < axis.size ? [part, axis.size / part] : [axis.size]
      for size in parts {
        masks[axis.kind, default: 0] |= 1 << UInt32(dimensions.count)
        dimensions.append(size)
      }
    }
    if experts == nil {
      notes.append("experts' traffic is left out: \(parallelism.size(of: .expert)) ranks cut context and data apart")
    } else {
      masks[.expert] = expertMask
    }
    var silent: [String] = []
    var collectives: [Collective] = []
    for axis in parallelism.axes where axis.size > 1 {
      guard let mask = masks[axis.kind], mask != 0 else { continue }
      let bytes = try axis.bytes.map { value throws(RankError) in try Self.whole(value) } ?? Self.usualBytes(axis.kind)
      if axis.bytes == nil { silent.append("\(axis.kind.rawValue) \(GangFigures.bytes(bytes))") }
      collectives.append(try Self.collective(axis, bytes, mask))
    }
    if !silent.isEmpty {
      notes.append("bytes in a step are not said, taken are: \(silent.joined(separator: ", "))")
    }
    job = try BerthRanks.Job(dimensions: dimensions.isEmpty ? [1] : dimensions, collectives: collectives)
  }

  /// Experts share out the ranks of context and data, the faster of the two first: the part of each that is theirs.
  /// Nil where they would take a part that is none.
  private static func expertParts(_ parallelism: Parallelism) -> [Parallelism.AxisKind: Int]? {
    var left = parallelism.size(of: .expert)
    var parts: [Parallelism.AxisKind: Int] = [:]
    for axis in parallelism.axes where left > 1 && (axis.kind == .context || axis.kind == .data) {
      if left % axis.size == 0 {
        parts[axis.kind] = axis.size
        left /= axis.size
      } else if axis.size % left == 0 {
        parts[axis.kind] = left
        left = 1
      } else {
        return nil
      }
    }
    return left == 1 ? parts : nil
  }

  /// `bytes` are what each rank puts in.
  private static func collective(
    _ axis: Parallelism.Axis, _ bytes: Int64, _ mask: UInt32
  ) throws(RankError) -> Collective {
    switch axis.collective {
    case .allReduce: return Collective(.ringAllReduce, dimensions: mask, bytes: bytes)
    case .reduceScatter: return Collective(.ringReduceScatter, dimensions: mask, bytes: bytes)
    case .allToAll: return Collective(.allToAll, dimensions: mask, bytes: bytes)
    case .sendReceive: return Collective(.pipeline, dimensions: mask, bytes: bytes)
    case .broadcast: return Collective(.broadcast, dimensions: mask, bytes: bytes)
    case .allGather, .ring:
      // What is gathered; ring attention hands the same on, around once.
      return Collective(.ringAllGather, dimensions: mask, bytes: try whole(Double(bytes) * Double(axis.size)))
    }
  }

  /// In a step of a model of some ten billion parameters: what decides is how they compare.
  static func usualBytes(_ kind: Parallelism.AxisKind) -> Int64 {
    switch kind {
    case .tensor: 16 << 30
    case .context: 4 << 30
    case .expert: 2 << 30
    case .data: 1 << 30
    case .pipeline: 128 << 20
    }
  }

  /// Beyond what the ranks' module takes it says so itself.
  private static func whole(_ bytes: Double) throws(RankError) -> Int64 {
    bytes < 0x1p62 ? Int64(bytes.rounded()) : Int64(1) << 62
  }
}
