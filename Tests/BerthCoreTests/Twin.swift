import BerthCore
import BerthOracle
import CBerth

/// What the engine and the oracle disagree about.
struct Mismatch: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Engines, one for each CPU level of this machine, and the oracle. Every command goes to all of them, and everything
/// they answer is compared: among the engines, ids included, and with the oracle.
final class Twin {
  static let paths = [BERTH_PATH_AUTO, BERTH_PATH_TREE, BERTH_PATH_SCAN, BERTH_PATH_ROWS].map { UInt32($0) }

  let engines: [(level: UInt32, engine: Engine)]
  let oracle: Oracle
  var random: Random
  private(set) var resourceIds: [String: UInt32] = [:]
  private(set) var domainIds: [Int: UInt32] = [0: UInt32(BERTH_ROOT_DOMAIN)]
  private(set) var labelSetIds: [[String: String]: UInt32] = [[:]: UInt32(BERTH_EMPTY_SET)]
  private(set) var taintSetIds: [[Taint]: UInt32] = [[]: UInt32(BERTH_EMPTY_SET)]
  private(set) var profileIds: [String: UInt32] = [:]
  private(set) var classIds: [PodSpec: UInt32] = [:]
  private(set) var nodeIds: [Int: UInt64] = [:]
  private(set) var nodesById: [UInt64: Int] = [:]
  private(set) var podIds: [Int: UInt64] = [:]
  private(set) var goneNodes: [UInt64] = []
  private var nodesEver: Set<UInt64> = []
  private(set) var gonePods: [UInt64] = []
  private var log: [String] = []

  init(levelKeys: [String] = [], tiesByKey: Bool = false, allocator: Int = BERTH_ALLOCATOR_AUTO, seed: Int) throws {
    oracle = Oracle(levelKeys: levelKeys, tiesByKey: tiesByKey)
    random = Random(seed: seed)
    var engines: [(UInt32, Engine)] = []
    for level in [BERTH_CPU_SCALAR, BERTH_CPU_BASELINE, BERTH_CPU_V3, BERTH_CPU_V4] {
      let scratch = Scratch()
      var options = berth_engine_options()
      options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
      options.allocator = UInt32(allocator)
      options.cpu_level = UInt32(level)
      options.tie_rule = UInt32(tiesByKey ? BERTH_TIE_KEY : BERTH_TIE_TOPOLOGY)
      options.level_count = UInt32(levelKeys.count)
      options.level_keys = scratch.texts(levelKeys)
      // A level that this CPU lacks is refused; plain loops run everywhere.
      if let engine = try? Engine(options: options) { engines.append((UInt32(level), engine)) }
    }
    if engines.first?.0 != UInt32(BERTH_CPU_SCALAR) { throw Mismatch("no engine at the scalar level") }
    self.engines = engines
  }

  /// Forks of all engines, and a copy of the oracle.
  init(forking other: Twin, seed: Int) {
    other.note("fork with seed \(seed)")
    engines = other.engines.map { ($0.level, $0.engine.fork()) }
    oracle = Oracle(copying: other.oracle)
    random = Random(seed: seed)
    resourceIds = other.resourceIds
    domainIds = other.domainIds
    labelSetIds = other.labelSetIds
    taintSetIds = other.taintSetIds
    profileIds = other.profileIds
    classIds = other.classIds
    nodeIds = other.nodeIds
    nodesById = other.nodesById
    podIds = other.podIds
    goneNodes = other.goneNodes
    nodesEver = other.nodesEver
    gonePods = other.gonePods
    log = other.log
  }

  /// The last commands, oldest first, for the report of a mismatch.
  var recentCommands: String { log.suffix(12).joined(separator: "\n  ") }

  func note(_ command: String) {
    log.append(command)
    if Fuzz.traces { print("command \(log.count): \(command)") }
  }

  /// Makes a call on every engine: the same answer from all of them.
  @discardableResult
  func all<R: Equatable>(_ what: String, _ call: (Engine) throws(EngineError) -> R) throws -> R {
    var first: R?
    for (level, engine) in engines {
      do {
        let result = try call(engine)
        if let first, first != result {
          throw Mismatch("\(what): CPU level \(level) answers \(result), the scalar level \(first)")
        }
        first = result
      } catch let error as EngineError {
        throw Mismatch("\(what): refused with status \(error.status): \(error.message)")
      }
    }
    return first!
  }

  /// The same for a call that answers nothing.
  func onAll(_ what: String, _ call: (Engine) throws(EngineError) -> Void) throws {
    try all(what) { engine throws(EngineError) in
      try call(engine)
      return true
    }
  }

  /// Makes a call that every engine must refuse with one of the statuses, with a sentence, and stay sound.
  func refused(_ what: String, _ statuses: Int..., call: (Engine) throws(EngineError) -> Void) throws {
    try refused(what, anyOf: statuses, call: call)
  }

  func refused(_ what: String, anyOf statuses: [Int], call: (Engine) throws(EngineError) -> Void) throws {
    note("refused: \(what)")
    var complaint: String?
    for (level, engine) in engines {
      do {
        try call(engine)
        complaint = complaint ?? "\(what): not refused at CPU level \(level)"
      } catch {
        if !statuses.contains(Int(error.status)) {
          complaint = complaint ?? "\(what): status \(error.status) (\(error.message)), expected one of \(statuses)"
        }
        if error.message.isEmpty { complaint = complaint ?? "\(what): no message" }
      }
    }
    if let complaint { throw Mismatch(complaint) }
    try validate()
  }

  func check(_ agrees: Bool, _ what: @autoclosure () -> String) throws {
    if !agrees { throw Mismatch(what()) }
  }

  func validate() throws { try onAll("validate") { engine throws(EngineError) in try engine.validate() } }

  func setPath(_ path: UInt32) throws {
    try onAll("set path \(path)") { engine throws(EngineError) in try engine.setPath(path) }
  }

  // MARK: Names to ids

  func resource(_ name: String) -> UInt32 { resourceIds[name]! }

  func addResource(_ name: String, _ kind: ResourceKind) throws {
    note("add resource \(name) \(kind)")
    let scratch = Scratch()
    resourceIds[name] = try all("add resource \(name)") { engine throws(EngineError) in
      try engine.addResource(name: scratch.text(name), kind: code(kind))
    }
    oracle.addResource(name, kind)
  }

  @discardableResult func addDomain(parent: Int, name: String) throws -> Int {
    note("add domain \(name) below \(parent)")
    let scratch = Scratch()
    let id = try all("add domain \(name)") { engine throws(EngineError) in
      try engine.addDomain(parent: domainIds[parent]!, name: scratch.text(name))
    }
    let domain = oracle.addDomain(parent: parent, name: name)
    domainIds[domain] = id
    return domain
  }

  func labelSet(_ labels: [String: String]) throws -> UInt32 {
    let scratch = Scratch()
    let list = scratch.labels(random.shuffled(labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    let id = try all("intern labels \(labels)") { engine throws(EngineError) in try engine.internLabelSet(list) }
    if let known = labelSetIds[labels] { try check(known == id, "labels \(labels) have ids \(known) and \(id)") }
    labelSetIds[labels] = id
    return id
  }

  func taintSet(_ taints: [Taint]) throws -> UInt32 {
    let scratch = Scratch()
    let list = scratch.taints(taints)
    let id = try all("intern taints \(taints)") { engine throws(EngineError) in try engine.internTaintSet(list) }
    if let known = taintSetIds[taints] { try check(known == id, "taints \(taints) have ids \(known) and \(id)") }
    taintSetIds[taints] = id
    return id
  }

  func addProfile(_ name: String, _ terms: [Term]) throws {
    note("add profile \(name): \(terms)")
    let scratch = Scratch()
    let list = scratch.terms(terms, resource: resource)
    profileIds[name] = try all("add profile \(name) \(terms)") { engine throws(EngineError) in
      try engine.addProfile(name: scratch.text(name), terms: list)
    }
    oracle.addProfile(name, terms)
  }

  func podClass(_ pod: PodSpec) throws -> UInt32 {
    let scratch = Scratch()
    let spec = scratch.spec(pod, profile: profileIds[pod.profile]!, resource: resource, random: &random)
    let id = try all("intern class \(pod)") { engine throws(EngineError) in try engine.internClass(spec) }
    if let known = classIds[pod] { try check(known == id, "class \(pod) has ids \(known) and \(id)") }
    if classIds[pod] == nil { note("class \(id): \(pod)") }
    classIds[pod] = id
    return id
  }

  // MARK: What the commands record

  func record(node: Int, id: UInt64) throws {
    try check(nodesEver.insert(id).inserted, "node id \(id) was given out twice")
    nodeIds[node] = id
    nodesById[id] = node
  }

  func forget(node: Int) {
    let id = nodeIds.removeValue(forKey: node)!
    nodesById[id] = nil
    goneNodes.append(id)
  }

  func record(pod: Int, id: UInt64) throws {
    try check(id != UInt64.max, "a pod without an id")
    podIds[pod] = id
  }

  func forget(pod: Int) { gonePods.append(podIds.removeValue(forKey: pod)!) }
}
