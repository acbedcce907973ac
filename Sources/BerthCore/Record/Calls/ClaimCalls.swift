import CBerth

// berth_pods_bind_claims, berth_claim_resize, berth_pods_move

struct PodsBindClaims: Call {
  static let kind = CallKind.podsBindClaims
  private var bind: PodsBind
  private let claims: UnsafePointer<berth_claim>

  var results: UnsafeMutableRawBufferPointer {
    get { bind.results }
    set { bind.results = newValue }
  }

  init(
    asked: AskedPods, nodes: UnsafePointer<berth_node_id>, claims: UnsafePointer<berth_claim>,
    pods: UnsafeMutablePointer<berth_pod_id>
  ) {
    self.init(PodsBind(asked: asked, nodes: nodes, pods: pods), claims)
  }

  private init(_ bind: PodsBind, _ claims: UnsafePointer<berth_claim>) {
    self.bind = bind
    self.claims = claims
  }

  func apply(to engine: Engine) throws(EngineError) {
    try engine.applyBind(bind.asked, nodes: bind.nodes, claims: claims, pods: bind.pods)
  }

  func write(to record: inout RecordWriter) {
    bind.write(to: &record)
    for claim in UnsafeBufferPointer(start: claims, count: bind.asked.count) {
      record.put(claim.gpus)
      record.put(claim.nics)
      record.put(claim.share_milli)
      record.put(claim.memory_mib)
      record.put(claim.mig_slices)
      record.put(claim.reserved)
    }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let bind = try PodsBind.read(&record, scratch)
    try record.need(bind.asked.count * MemoryLayout<berth_claim>.size)
    let claims = scratch.allocate(berth_claim.self, bind.asked.count)
    for index in 0..<bind.asked.count {
      (claims + index).initialize(
        to: berth_claim(
          gpus: record.takeAhead(), nics: record.takeAhead(), share_milli: record.takeAhead(),
          memory_mib: record.takeAhead(), mig_slices: record.takeAhead(), reserved: record.takeAhead()))
    }
    return Self(bind, UnsafePointer(claims))
  }

  func write(_ answer: Void, to record: inout RecordWriter) { bind.write(answer, to: &record) }
}

struct ClaimResize: Call {
  static let kind = CallKind.claimResize
  let pod: berth_pod_id
  let shareMilli: UInt32
  let memoryMiB: UInt32

  func apply(to engine: Engine) throws(EngineError) {
    try engine.applyResizeClaim(pod, milli: shareMilli, memory: memoryMiB)
  }

  func write(to record: inout RecordWriter) {
    record.put(pod)
    record.put(shareMilli)
    record.put(memoryMiB)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(pod: try record.take(), shareMilli: try record.take(), memoryMiB: try record.take())
  }
}

struct PodsMove: Call {
  static let kind = CallKind.podsMove
  let pods: UnsafeBufferPointer<berth_pod_id>
  let nodes: UnsafePointer<berth_node_id>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyMove(pods, to: nodes) }

  func write(to record: inout RecordWriter) {
    record.put(pods)
    record.putAll(UnsafeBufferPointer(start: nodes, count: pods.count))
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let pods: UnsafeBufferPointer<berth_pod_id> = try scratch.array(&record, "pods")
    return Self(pods: pods, nodes: try scratch.values(&record, pods.count))
  }
}
