import CBerth

// berth_pods_place, berth_pods_bind, berth_pods_confirm, berth_pods_forget, berth_pods_release

struct PodsPlace: Call {
  static let kind = CallKind.podsPlace
  fileprivate(set) var asked: AskedPods
  let flags: UInt32
  private(set) var placements: UnsafeMutablePointer<berth_placement>
  /// Re-ranked: the record says what came of it, since the host's callback cannot be asked again.
  let hostDecides: Bool
  /// What the host decided when the call was made, in one that was read back.
  private var decided: UnsafePointer<berth_placement>?
  /// Placed pods, in the order in which the host's decisions placed them.
  private let turns: Turns?

  private final class Turns {
    var list: [UInt32] = []
  }

  private var classes: UnsafeBufferPointer<berth_class_id> { asked.classes }

  var results: UnsafeMutableRawBufferPointer {
    get {
      UnsafeMutableRawBufferPointer(start: placements, count: classes.count * MemoryLayout<berth_placement>.stride)
    }
    set {
      placements = newValue.baseAddress.unsafelyUnwrapped.bindMemory(to: berth_placement.self, capacity: classes.count)
    }
  }

  init(
    asked: AskedPods, flags: UInt32, placements: UnsafeMutablePointer<berth_placement>, hostDecides: Bool
  ) {
    self.asked = asked
    self.flags = flags
    self.placements = placements
    self.hostDecides = hostDecides
    turns = hostDecides ? Turns() : nil
  }

  func apply(to engine: Engine) throws(EngineError) {
    if let decided {
      try engine.applyDecided(asked, decided, turns: turns?.list ?? [], into: placements)
    } else {
      try engine.applyPlace(asked, flags: flags, into: placements)
      if let turns, let reranker = engine.reranker { turns.list = reranker.turns }
    }
  }

  func write(to record: inout RecordWriter) {
    record.put(flags)
    record.put(hostDecides)
    record.put(classes)
    guard hostDecides else { return }
    for index in 0..<classes.count {
      record.put(placements[index].outcome)
      record.put(placements[index].node)
      record.put(placements[index].score)
    }
    for turn in turns?.list ?? [] { record.put(turn) }
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let flags = try record.take(UInt32.self)
    let hostDecides = try record.takeFlag("whether the host decided")
    let classes: UnsafeBufferPointer<berth_class_id> = try scratch.array(&record, "classes")
    var call = Self(
      asked: AskedPods(classes: classes, identities: nil), flags: flags,
      placements: scratch.allocate(berth_placement.self, classes.count), hostDecides: hostDecides)
    guard hostDecides else { return call }
    let decided = scratch.allocate(berth_placement.self, classes.count)
    for index in 0..<classes.count {
      let outcome = try record.take(UInt32(BERTH_PLACED)...UInt32(BERTH_REFUSED), "an outcome")
      (decided + index).initialize(
        to: berth_placement(
          pod: 0, node: try record.take(), score: try record.take(), pod_class: classes[index], outcome: outcome))
    }
    call.decided = UnsafePointer(decided)
    try call.readTurns(&record, decided)
    return call
  }

  /// Every pod that was placed has one turn.
  private func readTurns(
    _ record: inout RecordReader, _ decided: UnsafeMutablePointer<berth_placement>
  ) throws(EngineError) {
    var waiting = (0..<classes.count).map { Int(decided[$0].outcome) == BERTH_PLACED }
    for _ in 0..<waiting.count(where: { $0 }) {
      let turn = try record.take(UInt32.self)
      guard Int(turn) < waiting.count, waiting[Int(turn)] else {
        throw record.bad("entry \(turn) was not placed, or has two turns")
      }
      waiting[Int(turn)] = false
      turns?.list.append(turn)
    }
  }

  /// The nodes, for those who read a journal, and the sum of everything.
  func write(_ answer: Void, to record: inout RecordWriter) {
    for index in 0..<classes.count { record.put(placements[index].node) }
    let start = record.count
    record.reserve(classes.count * MemoryLayout<berth_placement>.size)
    for index in 0..<classes.count {
      let placement = placements[index]
      record.putReserved(placement.pod)
      record.putReserved(placement.node)
      record.putReserved(placement.score)
      record.putReserved(placement.pod_class)
      record.putReserved(placement.outcome)
    }
    record.putSum(from: start)
  }

  static func difference(_ recorded: inout RecordReader, _ now: inout RecordReader) throws(EngineError) -> String {
    for entry in 0..<max(0, recorded.remaining / 8 - 1) {
      let (theirs, ours) = (try recorded.take(UInt64.self), try now.take(UInt64.self))
      if theirs != ours { return "entry \(entry) was placed on \(node(theirs)), and goes to \(node(ours)) here" }
    }
    return "the nodes are the same, pods or scores are others"
  }

  private static func node(_ id: UInt64) -> String { id == .max ? "no node" : "node \(id)" }
}

struct PodsBind: Call {
  static let kind = CallKind.podsBind
  fileprivate(set) var asked: AskedPods
  let nodes: UnsafePointer<berth_node_id>
  private(set) var pods: UnsafeMutablePointer<berth_pod_id>
  private var classes: UnsafeBufferPointer<berth_class_id> { asked.classes }

  var results: UnsafeMutableRawBufferPointer {
    get { UnsafeMutableRawBufferPointer(start: pods, count: classes.count * MemoryLayout<berth_pod_id>.stride) }
    set { pods = newValue.baseAddress.unsafelyUnwrapped.bindMemory(to: berth_pod_id.self, capacity: classes.count) }
  }

  init(
    asked: AskedPods, nodes: UnsafePointer<berth_node_id>, pods: UnsafeMutablePointer<berth_pod_id>
  ) {
    self.asked = asked
    self.nodes = nodes
    self.pods = pods
  }

  func apply(to engine: Engine) throws(EngineError) { try engine.applyBind(asked, nodes: nodes, pods: pods) }

  func write(to record: inout RecordWriter) {
    record.put(classes)
    record.putAll(UnsafeBufferPointer(start: nodes, count: classes.count))
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    let classes: UnsafeBufferPointer<berth_class_id> = try scratch.array(&record, "classes")
    return Self(
      asked: AskedPods(classes: classes, identities: nil), nodes: try scratch.values(&record, classes.count),
      pods: scratch.allocate(berth_pod_id.self, classes.count))
  }

  func write(_ answer: Void, to record: inout RecordWriter) {
    record.putSum(UnsafeBufferPointer(start: pods, count: classes.count))
  }
}

// berth_pods_place_as, berth_pods_bind_as: the same with identities behind the rest

struct PodsPlaceAs: Call {
  static let kind = CallKind.podsPlaceAs
  private var place: PodsPlace

  var results: UnsafeMutableRawBufferPointer {
    get { place.results }
    set { place.results = newValue }
  }

  init(
    asked: AskedPods, flags: UInt32, placements: UnsafeMutablePointer<berth_placement>, hostDecides: Bool
  ) {
    place = PodsPlace(asked: asked, flags: flags, placements: placements, hostDecides: hostDecides)
  }

  private init(_ place: PodsPlace) { self.place = place }

  func apply(to engine: Engine) throws(EngineError) { try place.apply(to: engine) }

  func write(to record: inout RecordWriter) {
    place.write(to: &record)
    record.putIdentities(place.asked)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    var place = try PodsPlace.read(&record, scratch)
    place.asked.identities = try scratch.identities(&record, place.asked.count)
    return Self(place)
  }

  func write(_ answer: Void, to record: inout RecordWriter) { place.write(answer, to: &record) }

  static func difference(_ recorded: inout RecordReader, _ now: inout RecordReader) throws(EngineError) -> String {
    try PodsPlace.difference(&recorded, &now)
  }
}

struct PodsBindAs: Call {
  static let kind = CallKind.podsBindAs
  private var bind: PodsBind

  var results: UnsafeMutableRawBufferPointer {
    get { bind.results }
    set { bind.results = newValue }
  }

  init(asked: AskedPods, nodes: UnsafePointer<berth_node_id>, pods: UnsafeMutablePointer<berth_pod_id>) {
    bind = PodsBind(asked: asked, nodes: nodes, pods: pods)
  }

  private init(_ bind: PodsBind) { self.bind = bind }

  func apply(to engine: Engine) throws(EngineError) { try bind.apply(to: engine) }

  func write(to record: inout RecordWriter) {
    bind.write(to: &record)
    record.putIdentities(bind.asked)
  }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    var bind = try PodsBind.read(&record, scratch)
    bind.asked.identities = try scratch.identities(&record, bind.asked.count)
    return Self(bind)
  }

  func write(_ answer: Void, to record: inout RecordWriter) { bind.write(answer, to: &record) }
}

extension RecordWriter {
  fileprivate mutating func putIdentities(_ asked: AskedPods) {
    for identity in UnsafeBufferPointer(start: asked.identities, count: asked.count) {
      put(identity.pod)
      put(identity.gang)
      put(identity.queue)
    }
  }
}

extension CallScratch {
  fileprivate func identities(
    _ record: inout RecordReader, _ count: Int
  ) throws(EngineError) -> UnsafePointer<berth_pod_identity> {
    try record.need(count * 24)
    let list = allocate(berth_pod_identity.self, count)
    for index in 0..<count {
      (list + index).initialize(
        to: berth_pod_identity(pod: record.takeAhead(), gang: record.takeAhead(), queue: record.takeAhead()))
    }
    return UnsafePointer(list)
  }
}

struct PodsConfirm: Call {
  static let kind = CallKind.podsConfirm
  let pods: UnsafeBufferPointer<berth_pod_id>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyConfirm(pods) }

  func write(to record: inout RecordWriter) { record.put(pods) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(pods: try scratch.array(&record, "pods"))
  }
}

struct PodsForget: Call {
  static let kind = CallKind.podsForget
  let pods: UnsafeBufferPointer<berth_pod_id>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyForget(pods) }

  func write(to record: inout RecordWriter) { record.put(pods) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(pods: try scratch.array(&record, "pods"))
  }
}

struct PodsRelease: Call {
  static let kind = CallKind.podsRelease
  let pods: UnsafeBufferPointer<berth_pod_id>

  func apply(to engine: Engine) throws(EngineError) { try engine.applyRelease(pods) }

  func write(to record: inout RecordWriter) { record.put(pods) }

  static func read(_ record: inout RecordReader, _ scratch: CallScratch) throws(EngineError) -> Self {
    Self(pods: try scratch.array(&record, "pods"))
  }
}
