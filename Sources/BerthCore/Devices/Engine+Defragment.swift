import BerthSearch
import CBerth

extension Engine {
  /// Plans migrations; `migrations` has room for `most_moves`.
  public func defragment(
    _ options: berth_defragment_options, into migrations: UnsafeMutablePointer<berth_migration>
  ) throws(EngineError) -> berth_defragment_report {
    guard options.goal <= UInt32(BERTH_DEFRAGMENT_NODES) else {
      throw refuse(BERTH_BAD_ARGUMENT, "goal \(options.goal) is unknown: use BERTH_DEFRAGMENT_*")
    }
    guard options.reserved == 0 else { throw refuse(BERTH_BAD_STRUCT, "berth_defragment_options.reserved must be 0") }
    guard options.most_moves >= 1, options.most_moves <= UInt32(BERTH_MAX_MIGRATIONS) else {
      throw refuse(BERTH_BAD_ARGUMENT, "most_moves \(options.most_moves) is outside 1...\(BERTH_MAX_MIGRATIONS)")
    }
    guard options.iterations <= UInt64(BERTH_MAX_ITERATIONS) else {
      throw refuse(BERTH_LIMIT, "iterations \(options.iterations): at most \(BERTH_MAX_ITERATIONS)")
    }
    let movable = try movablePods(options)
    var report = berth_defragment_report()
    report.struct_size = UInt32(MemoryLayout<berth_defragment_report>.size)
    (report.free_gpus_before, report.free_nodes_before) = freeDevices()
    (report.free_gpus_after, report.free_nodes_after) = (report.free_gpus_before, report.free_nodes_before)
    guard !movable.isEmpty else { return report }
    prepareAll(movable)
    takingBack {
      let plan = findPlan(options, movable)
      let after = freeDevices()
      let gain =
        options.goal == UInt32(BERTH_DEFRAGMENT_GPUS)
        ? after.gpus > report.free_gpus_before : after.nodes > report.free_nodes_before
      guard gain else { return }
      (report.free_gpus_after, report.free_nodes_after) = after
      report.moves = UInt32(plan.count)
      for (index, migration) in plan.enumerated() { migrations[index] = migration }
    }
    return report
  }

  private func movablePods(_ options: berth_defragment_options) throws(EngineError) -> [berth_pod_id] {
    guard let start = options.movable else {
      var all: [berth_pod_id] = []
      pods.visitWithIDs { id, pod in
        if !pod.isTerminating, let held = claimOfLive(UInt32(truncatingIfNeeded: id)), held.claim.gpus != 0 {
          all.append(id)
        }
      }
      return all
    }
    let ids = UnsafeBufferPointer(start: start, count: options.movable_count)
    try check(ids, wanted: nil, "moved")
    for (index, id) in ids.enumerated() {
      guard let held = claimOfLive(UInt32(truncatingIfNeeded: id)), held.claim.gpus != 0 else {
        throw refuse(BERTH_WRONG_STATE, "entry \(index): pod \(id) holds no GPU")
      }
    }
    return Array(ids)
  }

  private func prepareAll(_ ids: [berth_pod_id]) {
    let classes = Set(ids.map { pods.podClass(UInt32(truncatingIfNeeded: $0)) }).sorted()
    classes.withUnsafeBufferPointer { prepare($0) }
  }

  /// Searches, and leaves the engine where the plan leads.
  private func findPlan(_ options: berth_defragment_options, _ movable: [berth_pod_id]) -> [berth_migration] {
    let start = mark
    var problem = Defragmentation(self, goal: options.goal, movable: movable)
    var search = LocalSearch.Options()
    search.seed = options.seed
    search.iterations = Int(options.iterations)
    search.budget = Int(options.most_moves)
    // the first assignment is good as it is, and few pods may move: no heat that would scatter them
    search.rounds = [
      LocalSearch.Round(share: 0.5, heat: 0), LocalSearch.Round(share: 0.3, heat: 0.05),
      LocalSearch.Round(share: 0.2, heat: 0),
    ]
    _ = LocalSearch.run(&problem, search)
    var target = (0..<problem.itemCount).map { problem.bin(of: $0) }
    dropIdle(&problem, &target)
    // the plan is what was carried out, move by move, from where the cluster is
    undoLog.rollBack(to: start, in: self)
    var anew = Defragmentation(self, goal: options.goal, movable: movable)
    let order = MoveOrder(&anew, to: target)
    return order.moves.prefix(Int(options.most_moves)).map {
      berth_migration(
        pod: anew.pod($0.item), from_node: anew.node(anew.home($0.item)), to_node: anew.node($0.bin))
    }
  }

  /// Leaves pods at home whose moves free nothing.
  private func dropIdle(_ problem: inout Defragmentation, _ target: inout [Int]) {
    for item in problem.moved {
      guard let change = problem.change(moving: item, to: problem.home(item)), !Defragmentation.losesWhole(change)
      else { continue }
      problem.move(item, to: problem.home(item))
      target[item] = problem.bin(of: item)
    }
  }

  /// Wholly free and healthy GPUs, and nodes that have no others.
  private func freeDevices() -> (gpus: UInt64, nodes: UInt64) {
    var (gpus, nodes): (UInt64, UInt64) = (0, 0)
    for node in 0..<UInt32(cluster.devices.nodeLimit) {
      guard let cell = cluster.devices.of(node) else { continue }
      let machine = cluster.devices.machine(cell.pointee.machine)!
      gpus += UInt64(cell.pointee.idle.nonzeroBitCount)
      if cell.pointee.idle == machine.all { nodes += 1 }
    }
    return (gpus, nodes)
  }
}
