import CBerth
import CKernels

/// Scores a class's nodes in slot columns: with the kernel where it knows all terms, from their rows elsewhere. Scores are
/// of the terms that depend on a node's quantities alone, moved so that the least possible one is 1.
final class SlotScorer {
  private let cluster: Cluster
  private let search: Search
  private let columns: SlotColumns
  private let profile: Profile
  /// With a copy of the class's requests.
  private let question: Question
  /// nil: the class is not about devices.
  private let devices: DeviceQuestion?
  private let deviceScorer: DeviceScorer
  private let kernel:
    @convention(c) (UnsafeRawPointer?, UnsafePointer<bk_slot_query>?, UInt64, UnsafeMutablePointer<UInt32>?) -> UInt64
  let query: UnsafeMutablePointer<bk_slot_query>
  /// The kernel knows all terms.
  private let isVector: Bool
  /// A single score costs far more than the kernel's.
  var isDear: Bool { devices != nil || !isVector }
  /// Added to a score to make a key's.
  let offset: Int64
  /// Of the nodes that were scored last.
  let scores: UnsafeMutablePointer<UInt32>

  /// Keys hold so much.
  private static let largestScore: Int64 = 1 << 26 - 2

  /// The resources that a class's kernel query looks at, and those of them that decide scores.
  static func resources(
    _ requests: UnsafeBufferPointer<Request>, _ profile: Profile, _ table: ResourceTable
  ) -> (all: [UInt32], scored: [UInt32]) {
    var scored = Set<UInt32>()
    for term in profile.terms where isKnown(term) {
      for entry in term.effectiveResources(table) {
        let isAsked = requests.contains { $0.resource == entry.resource }
        if isAsked || !table.isExtended(entry.resource) { scored.insert(entry.resource) }
      }
    }
    let asked = requests.filter { $0.kind != .charged }.map(\.resource)
    return (scored.union(asked).sorted(), scored.sorted())
  }

  private static func isKnown(_ term: Profile.Term) -> Bool {
    term.isKind(BERTH_TERM_LEAST_ALLOCATED) || term.isKind(BERTH_TERM_MOST_ALLOCATED)
      || term.isKind(BERTH_TERM_BALANCED_ALLOCATION)
  }

  /// nil: scores of the profile do not fit into keys.
  init?(
    _ question: Question, _ asked: AskedClass, cluster: Cluster, search: Search, deviceScorer: DeviceScorer,
    columns: SlotColumns
  ) {
    let profile = asked.profile
    guard asked.devices?.isStable ?? true, let range = Self.range(profile, cluster.resources),
      range.upperBound + (asked.devices?.range.upperBound ?? 0) - range.lowerBound < Self.largestScore
    else { return nil }
    devices = asked.devices
    self.deviceScorer = deviceScorer
    self.cluster = cluster
    self.search = search
    self.columns = columns
    self.profile = profile
    let requests = UnsafeMutableBufferPointer<Request>.allocate(capacity: question.requests.count)
    _ = requests.initialize(from: question.requests)
    var own = question
    own.requests = UnsafeBufferPointer(requests)
    self.question = own
    offset = 1 - range.lowerBound
    kernel = search.kernels.slot_scores
    query = .allocate(capacity: 1)
    query.initialize(to: bk_slot_query())
    query.pointee.offset = Int32(offset)
    scores = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 64).bindMemory(to: UInt32.self, capacity: 64)
    scores.initialize(repeating: 0, count: 64)
    for request in question.requests where request.kind == .held {
      bk_slot_query_add_fit(query, UInt32(columns.column(of: request.resource)!), Double(request.value))
    }
    // a LIMIT is a limit only where a node has it, which the rows tell
    var isVector = !question.requests.contains { $0.kind == .limited }
    for term in profile.terms where isVector { isVector = Self.add(term, question, cluster.resources, columns, query) }
    self.isVector = isVector
  }

  deinit {
    question.requests.deallocate()
    query.deallocate()
    scores.deallocate()
  }

  /// Of the sum of all terms that depend on quantities; nil: without bounds that a key can hold.
  private static func range(_ profile: Profile, _ table: ResourceTable) -> ClosedRange<Int64>? {
    var (low, high): (Int64, Int64) = (0, 0)
    for term in profile.terms {
      switch Int(term.kind) {
      case BERTH_TERM_LEAST_ALLOCATED, BERTH_TERM_MOST_ALLOCATED, BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO,
        BERTH_TERM_BALANCED_ALLOCATION:
        high += 100 * term.weight
      case BERTH_TERM_BINPACK: high += Int64(term.effectiveResources(table).count) << 20 * term.weight
      case BERTH_TERM_SPREAD: low -= Int64(term.effectiveResources(table).count) << 20 * term.weight
      case BERTH_TERM_NODE_AFFINITY, BERTH_TERM_TAINT_TOLERATION, BERTH_TERM_IMAGE_LOCALITY,
        BERTH_TERM_POD_TOPOLOGY_SPREAD, BERTH_TERM_INTER_POD_AFFINITY, BERTH_TERM_GPU_LINKS...BERTH_TERM_GPU_BERTH:
        break
      default: return nil
      }
      guard high - low < largestScore else { return nil }
    }
    return low...high
  }

  private static func add(
    _ term: Profile.Term, _ question: Question, _ table: ResourceTable, _ columns: SlotColumns,
    _ query: UnsafeMutablePointer<bk_slot_query>
  ) -> Bool {
    func request(_ resource: UInt32) -> Double {
      Double(question.requests.first { $0.resource == resource && $0.kind != .charged }?.value ?? 0)
    }
    switch Int(term.kind) {
    case BERTH_TERM_NODE_AFFINITY, BERTH_TERM_TAINT_TOLERATION, BERTH_TERM_IMAGE_LOCALITY,
      BERTH_TERM_POD_TOPOLOGY_SPREAD, BERTH_TERM_INTER_POD_AFFINITY, BERTH_TERM_GPU_LINKS...BERTH_TERM_GPU_BERTH:
      return true
    default: break
    }
    guard isKnown(term), query.pointee.term_count < UInt32(BK_SLOT_TERMS), term.weight < 1 << 20 else { return false }
    let isBalance = term.isKind(BERTH_TERM_BALANCED_ALLOCATION)
    // extended resources count only where the pod requests them
    var resources = term.effectiveResources(table).filter { !table.isExtended($0.resource) || request($0.resource) > 0 }
    if isBalance && !resources.contains(where: { request($0.resource) > 0 }) { return true }
    if isBalance { resources = resources.map { ($0.resource, 1, 0) } }
    guard isBalance ? resources.count == 2 : resources.count <= Int(BK_SLOT_TERM_COLUMNS) else { return false }
    guard !resources.isEmpty else { return true }
    var record = bk_slot_term()
    record.kind = UInt32(
      isBalance ? BK_SLOT_BALANCE : term.isKind(BERTH_TERM_LEAST_ALLOCATED) ? BK_SLOT_FREE : BK_SLOT_USED)
    record.weight = Int32(term.weight)
    record.scale = 100
    let weights = resources.reduce(0) { $0 + $1.weight }
    guard weights * 100 < 1 << 30 else { return false }
    record.divisor = Int32(weights)
    for (resource, weight, _) in resources {
      bk_slot_term_add(&record, UInt32(columns.column(of: resource)!), Int32(weight), request(resource))
    }
    bk_slot_query_add_term(query, record)
    return true
  }

  /// Fills `scores` for some live lanes of a group: key scores, 0 where the class does not fit.
  @inline(__always)
  func score(_ label: Int, _ lanes: UInt64) {
    let group = columns.groups[label]
    guard lanes != 0, let block = group.block else {
      scores.update(repeating: 0, count: 64)
      return
    }
    var open = group.odd & lanes
    if isVector { open |= kernel(block, query, lanes & ~group.odd, scores) } else { open = lanes }
    while open != 0 {
      let lane = open.trailingZeroBitCount
      open &= open - 1
      scores[lane] = scoreResources(UInt32(label) << 6 | UInt32(lane))
    }
    if !isVector { for lane in 0..<64 where lanes >> UInt64(lane) & 1 == 0 { scores[lane] = 0 } }
    guard let devices else { return }
    var rest = lanes
    while rest != 0 {
      let lane = rest.trailingZeroBitCount
      rest &= rest - 1
      scores[lane] = addDevices(devices, scores[lane], UInt32(label) << 6 | UInt32(lane))
    }
  }

  /// Adds what the terms of devices say of a node to its score; 0 where the devices are not there, or it did not fit.
  private func addDevices(_ devices: DeviceQuestion, _ score: UInt32, _ slot: UInt32) -> UInt32 {
    guard score > 0 else { return 0 }
    let row = cluster.rows.row(slot)
    let verdict = deviceScorer.evaluate(devices, node: row.node, cpu: cluster.freeCPU(row))
    return verdict.map { score + UInt32($0.score) } ?? 0
  }

  /// One live node.
  @inline(__always)
  func scoreOne(_ label: Int, _ lane: Int) -> UInt32 {
    score(label, 1 << UInt64(lane))
    return scores[lane]
  }

  /// One node, from its row.
  func scoreRow(_ slot: UInt32) -> UInt32 {
    let score = scoreResources(slot)
    return devices.map { addDevices($0, score, slot) } ?? score
  }

  /// The same without what devices say.
  @inline(never)
  private func scoreResources(_ slot: UInt32) -> UInt32 {
    let row = cluster.rows.row(slot)
    let tree = cluster.tree(of: row)
    let capacity = cluster.capacities(row)
    guard let mask = search.spread(question.requests, over: tree),
      search.place(row, capacity, search.request, UnsafePointer(tree.state))
    else { return 0 }
    let plan = tree.plan(question, profile, cluster.resources, UnsafePointer(search.request), mask)
    let load = Load(
      capacity: capacity, request: UnsafePointer(search.request), before: UnsafePointer(search.before))
    var score = offset
    for term in plan.pointee.terms { score += term.weight * term.value(load, search.after) }
    return UInt32(score)
  }
}
