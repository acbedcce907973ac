import BerthMemory
import CBerth
import CKernels
import CPlatform

/// The façade of the core: one method for every call of `include/berth.h`, which documents them.
/// Methods validate their input, throw before they change anything, and leave handles and threads to the boundary.
///
/// - `Engine+Calls.swift`: the calls that change something, all of them
/// - `Engine+Vocabulary.swift`: resources, domains, label sets, taint sets, profiles, classes
/// - `Engine+Classes.swift`, `Engine+Constraints.swift`: pod classes, and what their constraints are made of
/// - `Engine+Nodes.swift`: nodes
/// - `Engine+Pods.swift`: placing, binding, leaving
/// - `Engine+Rerank.swift`: placing with a say of the host
/// - `Engine+Answers.swift`: candidates and explanations
/// - `Reserve/Engine+Reservations.swift`: reservations
/// - `Devices/Engine+Devices.swift`, `Devices/Engine+Claims.swift`: machines, and the devices that pods hold
/// - `Commit/Statements.swift`: statements and the caller's time
/// - `Observe/Engine+Events.swift`, `Observe/Engine+Metrics.swift`: events, counters, histograms
/// - `Engine+Forks.swift`: forks
public final class Engine {
  let arena: Arena
  let cluster: Cluster
  let workload: Workload
  var pods: PodTable
  let planner: Planner
  let cpuLevel: UInt32
  private let kernels: UnsafeMutablePointer<bk_table>
  let undoLog: UndoLog
  /// What is known of the engine's journal; nil without one.
  var recorder: Recorder?
  var statements = Statements()
  var reranker: Reranker?
  var reservations: Reservations
  let own = OwnRows()
  /// What time it is by the caller's clock, in milliseconds.
  public internal(set) var now: Int64 = 0
  var events: EventLog
  var counters = Counters()
  var latencies = DecisionLatencies()
  let modelTexts = ModelTexts()

  public init(options: berth_engine_options) throws(EngineError) {
    let levelKeys = try Self.levelKeys(options)
    guard options.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "berth_engine_options.reserved must be 0") }
    guard options.tie_rule <= UInt32(BERTH_TIE_KEY) else {
      throw refuse(BERTH_BAD_ARGUMENT, "tie rule \(options.tie_rule) is unknown: use BERTH_TIE_*")
    }
    guard options.allocator <= UInt32(BERTH_ALLOCATOR_MMAP) else {
      throw refuse(BERTH_BAD_ARGUMENT, "allocator \(options.allocator) is unknown: use BERTH_ALLOCATOR_*")
    }
    cpuLevel = try Self.level(options.cpu_level)
    guard let arena = Arena(backend: Int32(options.allocator)) else {
      throw refuse(BERTH_OUT_OF_MEMORY, "jemalloc is neither in this process nor can it be loaded: use AUTO or MMAP")
    }
    self.arena = arena
    kernels = .allocate(capacity: 1)
    kernels.initialize(to: bk_table())
    switch Int(cpuLevel) {
    case BERTH_CPU_SCALAR: bk_fill_table_scalar(kernels)
    case BERTH_CPU_V4: bk_fill_table_v4(kernels)
    case BERTH_CPU_V3: bk_fill_table_v3(kernels)
    default: bk_fill_table_baseline(kernels)
    }
    cluster = Cluster(
      arena: arena, levelKeys: levelKeys, kernels: UnsafePointer(kernels),
      hasTie: Int(options.tie_rule) == BERTH_TIE_KEY)
    undoLog = cluster.undoLog
    workload = Workload(in: arena)
    pods = PodTable(in: arena)
    reservations = Reservations(in: arena)
    planner = Planner(cluster: cluster)
    events = EventLog(in: arena)
  }

  /// See `fork`. Whatever an engine holds is forked here, or begins anew.
  init(forking parent: Engine) {
    arena = parent.arena
    arena.join()
    cpuLevel = parent.cpuLevel
    kernels = .allocate(capacity: 1)
    kernels.initialize(to: parent.kernels.pointee)
    cluster = Cluster(forking: parent.cluster, kernels: UnsafePointer(kernels))
    undoLog = cluster.undoLog
    // ids of statements that are open here are known to be closed there
    statements = Statements(after: parent.statements.lastStatement, parent.statements.lastCheckpoint)
    workload = Workload(forking: parent.workload)
    pods = parent.pods.fork()
    reservations = parent.reservations.fork()
    planner = Planner(cluster: cluster)
    planner.path = parent.planner.path
    now = parent.now
    events = EventLog(in: arena)
  }

  /// The arena frees what is left when the last engine of the family goes.
  deinit {
    if arena.engines > 1 {
      for part in storage { part.giveBack() }
      events.free()
    }
    arena.leave()
    counters.free()
    latencies.free()
    kernels.deallocate()
  }

  private static func level(_ wanted: UInt32) throws(EngineError) -> UInt32 {
    guard wanted <= UInt32(BERTH_CPU_V4) else {
      throw refuse(BERTH_BAD_ARGUMENT, "CPU level \(wanted) is unknown: use BERTH_CPU_*")
    }
    let own = UInt32(bp_cpu_level())
    if Int(wanted) == BERTH_CPU_AUTO { return own }
    guard wanted <= own || Int(wanted) == BERTH_CPU_SCALAR else {
      throw refuse(BERTH_BAD_ARGUMENT, "this CPU has level \(own), not \(wanted)")
    }
    return wanted
  }

  private static func levelKeys(_ options: berth_engine_options) throws(EngineError) -> [Name] {
    guard options.level_count <= BERTH_MAX_LEVELS else {
      throw refuse(BERTH_LIMIT, "\(options.level_count) topology levels: at most \(BERTH_MAX_LEVELS)")
    }
    guard options.level_count > 0 else { return [] }
    guard let keys = options.level_keys else { throw refuse(BERTH_NULL_POINTER, "level_keys is null") }
    var result: [Name] = []
    for index in 0..<Int(options.level_count) {
      let key = try Text.read(keys[index], "level key \(index)")
      guard !result.contains(key) else { throw refuse(BERTH_DUPLICATE, "level key \"\(key)\" occurs twice") }
      guard key != Label.hostname else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(Label.hostname) is answered from the node's name: it is no level")
      }
      result.append(key)
    }
    return result
  }

  func applySetPath(_ path: UInt32) throws(EngineError) {
    guard path <= UInt32(BERTH_PATH_SLOTS) else {
      throw refuse(BERTH_BAD_ARGUMENT, "path \(path) is unknown: use BERTH_PATH_*")
    }
    let before = planner.path
    undoLog.note { $0.planner.path = before }
    planner.path = path
  }

  public func info() -> berth_engine_info {
    var info = berth_engine_info()
    info.struct_size = UInt32(MemoryLayout<berth_engine_info>.size)
    info.allocator = UInt32(arena.backend)
    info.cpu_level = cpuLevel
    info.shapes = UInt32(cluster.shapes.live)
    info.trees = UInt32(cluster.forest.trees.count { $0.count > 0 })
    info.pools = UInt32(cluster.catalog.pools.live)
    info.nodes = UInt64(cluster.nodes.count)
    info.pods = UInt64(pods.count)
    info.classes = UInt64(workload.classes.count)
    let statistics = arena.statistics()
    info.bytes_allocated = statistics.allocated
    info.bytes_mapped = statistics.mapped
    info.allocations = statistics.allocations
    info.node_bytes = UInt64(
      cluster.rows.bytes + cluster.nodes.bytes + cluster.catalog.names.bytes + cluster.shapes.bytes)
    info.index_bytes = UInt64(cluster.forest.bytes)
    info.class_bytes = UInt64(workload.classes.bytes + cluster.catalog.labels.bytes)
    info.pod_bytes = UInt64(pods.bytes)
    info.decisions = counters.decided
    let counters = planner.search.counters
    info.tree_queries = counters.treeQueries
    info.scan_queries = counters.scanQueries
    info.row_queries = counters.rowQueries
    info.leaves_opened = counters.leavesOpened
    info.inners_opened = counters.innersOpened
    info.exact_scores = counters.exactScores
    info.scan_fallbacks = counters.scanFallbacks
    info.node_changes = cluster.log.length
    info.leaf_splits = cluster.forest.splits
    info.leaf_merges = cluster.forest.merges
    info.slot_moves = cluster.slotMoves
    info.family_engines = UInt64(arena.engines)
    info.owned_bytes = UInt64(storage.reduce(0) { $0 + $1.ownBytes })
    info.reservations = UInt64(reservations.count)
    info.reservation_bytes = UInt64(reservations.bytes)
    info.constraint_bytes = UInt64(cluster.constraints.bytes)
    info.slot_queries = counters.slotQueries
    info.slot_indexes = UInt64(planner.slotIndexes.count)
    info.slot_index_bytes = UInt64(planner.slotIndexes.bytes)
    info.slot_builds = planner.slotIndexes.builds
    info.slot_changes_read = planner.slotIndexes.entriesRead
    info.slot_groups_scored = planner.slotIndexes.groupsScored
    info.machines = UInt64(cluster.devices.machines.count)
    info.device_bytes = UInt64(cluster.devices.bytes)
    info.potential_misses = planner.deviceScorer.potentialMisses
    info.domain_counts_built = cluster.constraints.countsBuilt
    return info
  }
}
