import BerthSearch
import CBerth

/// Which pods to move where, so that whole GPUs or whole nodes become free, as a problem for `LocalSearch`: items are pods
/// that may move, bins are nodes with GPUs. Every move is made in the engine, inside of a scope that is taken back, so
/// that what is allowed is what the engine allows.
struct Defragmentation: AssignmentProblem {
  private let engine: Engine
  private let goal: UInt32
  private let pods: [berth_pod_id]
  private let classes: [UInt32]
  /// Node indices.
  private let nodes: [UInt32]
  private let binOf: [UInt32: Int]
  private let homes: [Int]
  private var bins: [Int]
  private(set) var objective = 0
  private let start: UndoLog.Mark
  /// Moves since the start, which can be taken back from the last to the first.
  private var made: [(item: Int, from: Int, mark: UndoLog.Mark, objective: Int)] = []
  private let inspectors: Inspectors

  /// One for each class; looking changes what it remembers.
  private final class Inspectors {
    var list: [UInt32: Inspector] = [:]
  }

  /// Above anything that finer merits can add up to on two nodes.
  private static let whole = 1 << 30
  /// A pod that is elsewhere than it was: less than what a tenth of a GPU more in use beside it is worth.
  private static let moveCost = 40

  /// A change for the worse by a whole GPU or node.
  static func losesWhole(_ change: Int) -> Bool { change > whole / 2 }

  /// `movable`: pods that hold GPUs of nodes that are there.
  init(_ engine: Engine, goal: UInt32, movable: [berth_pod_id]) {
    self.engine = engine
    self.goal = goal
    pods = movable
    classes = movable.map { engine.pods.podClass(UInt32(truncatingIfNeeded: $0)) }
    nodes = (0..<UInt32(engine.cluster.devices.nodeLimit)).filter { engine.cluster.devices.of($0) != nil }
    let binOf = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($0.element, $0.offset) })
    self.binOf = binOf
    homes = movable.map { binOf[engine.pods.live(UInt32(truncatingIfNeeded: $0))!.node]! }
    bins = homes
    start = engine.mark
    inspectors = Inspectors()
    for podClass in Set(classes) { inspectors.list[podClass] = engine.inspector(podClass) }
    objective = -nodes.reduce(0) { $0 + merit(cell($1)) }
  }

  var itemCount: Int { pods.count }
  var binCount: Int { nodes.count }

  func bin(of item: Int) -> Int { bins[item] }

  /// Pods that are elsewhere than they were.
  var moved: [Int] { bins.indices.filter { bins[$0] != homes[$0] } }

  func pod(_ item: Int) -> berth_pod_id { pods[item] }
  func node(_ bin: Int) -> berth_node_id { engine.cluster.nodes.id(nodes[bin]) }
  func home(_ item: Int) -> Int { homes[item] }

  // MARK: Merits

  private func cell(_ node: UInt32) -> NodeDevices { engine.cluster.devices.of(node)!.pointee }

  /// What a node is worth to the goal: what is wholly free, and the more the fuller what is not. Squares prefer a full
  /// GPU beside an empty one to two that are half full, which is the slope that leads to whole ones.
  private func merit(_ devices: NodeDevices) -> Int {
    let machine = engine.cluster.devices.machine(devices.machine)!
    var (used, squares) = (0, 0)
    for gpu in 0..<machine.gpuCount {
      let taken = (1000 - Int(devices.milli[gpu])) / 10
      used += taken
      squares += taken * taken
    }
    if goal == UInt32(BERTH_DEFRAGMENT_GPUS) { return devices.idle.nonzeroBitCount * Self.whole + squares }
    return (devices.idle == machine.all ? Self.whole : 0) + used * used
  }

  private func penalty(_ item: Int, at bin: Int) -> Int { bin == homes[item] ? 0 : Self.moveCost }

  // MARK: Changes

  func change(moving item: Int, to bin: Int) -> Int? {
    let from = bins[item]
    guard bin != from, let claim = claim(of: item, on: bin) else { return nil }
    var (left, joined) = (cell(nodes[from]), cell(nodes[bin]))
    let before = merit(left) + merit(joined)
    left.give(
      engine.cluster.devices.claim(UInt32(truncatingIfNeeded: pods[item])),
      engine.cluster.devices.machine(left.machine)!)
    joined.take(claim, engine.cluster.devices.machine(joined.machine)!)
    return before - merit(left) - merit(joined) + penalty(item, at: bin) - penalty(item, at: from)
  }

  /// What a pod would get on a node; nil: it may not go there.
  private func claim(of item: Int, on bin: Int) -> DeviceClaim? {
    let podClass = classes[item]
    let slot = engine.cluster.nodes.slots[Int(nodes[bin])]
    guard (try? engine.undoLog.check(4)) != nil else { return nil }
    // what other pods say may depend on where this one is: only the move itself tells
    if engine.planner.asked[podClass]?.constraints != nil {
      guard allowsMove(item, to: bin) else { return nil }
    } else {
      guard inspectors.list[podClass]!.look(slot, engine.cluster.rows.row(slot)).reason == 0,
        engine.cluster.canCount(slot, engine.workload.classes.requests(podClass))
      else { return nil }
    }
    return engine.devices(for: podClass, seeing: engine.cluster.rows.row(slot))
  }

  private func allowsMove(_ item: Int, to bin: Int) -> Bool {
    let mark = engine.mark
    let isAllowed = (try? engine.moveOne(pods[item], to: node(bin), &inspectors.list)) != nil
    engine.undoLog.rollBack(to: mark, in: engine)
    return isAllowed
  }

  /// Pods cannot change places at once.
  func change(swapping first: Int, with second: Int) -> Int? { nil }
  mutating func swap(_ first: Int, with second: Int) { preconditionFailure("pods do not change places at once") }

  mutating func move(_ item: Int, to bin: Int) {
    if let last = made.last, last.item == item, last.from == bin {
      made.removeLast()
      engine.undoLog.rollBack(to: last.mark, in: engine)
      objective = last.objective
      bins[item] = bin
      return
    }
    guard let change = change(moving: item, to: bin) else { return }
    let mark = engine.mark
    guard (try? engine.moveOne(pods[item], to: node(bin), &inspectors.list)) != nil else {
      engine.undoLog.rollBack(to: mark, in: engine)
      return
    }
    made.append((item, bins[item], mark, objective))
    objective += change
    bins[item] = bin
  }

  /// From the start anew, whatever can go when its turn comes.
  mutating func restore(_ wanted: [Int]) {
    while let last = made.popLast() {
      bins[last.item] = last.from
      objective = last.objective
    }
    engine.undoLog.rollBack(to: start, in: engine)
    _ = MoveOrder(&self, to: wanted)
  }

  // MARK: Suggestions

  /// A pod that shares its place with few, to a node that is used and has room: the others seldom pay.
  func suggestion(using random: inout SearchRandom, plan: inout [Move]) -> Change {
    var item = random.below(itemCount)
    for _ in 0..<3 {
      let other = random.below(itemCount)
      if crowd(other) < crowd(item) { item = other }
    }
    var bin = random.below(binCount)
    for _ in 0..<7 {
      let other = random.below(binCount)
      if tightness(item, other) > tightness(item, bin) { bin = other }
    }
    return .move(item, to: bin)
  }

  /// What is in use where a pod is.
  private func crowd(_ item: Int) -> Int {
    let devices = cell(nodes[bins[item]])
    let claim = engine.cluster.devices.claim(UInt32(truncatingIfNeeded: pods[item]))
    if goal == UInt32(BERTH_DEFRAGMENT_GPUS) && claim.kind != .whole { return 1000 - Int(devices.milli[claim.gpu]) }
    return engine.cluster.devices.machine(devices.machine)!.gpuCount * 1000 - Int(devices.freeMilli)
  }

  /// How little a node has free; -1 if the pod's part is not there.
  private func tightness(_ item: Int, _ bin: Int) -> Int {
    guard bin != bins[item] else { return -1 }
    let free = Int(cell(nodes[bin]).freeMilli)
    let claim = engine.cluster.devices.claim(UInt32(truncatingIfNeeded: pods[item]))
    return free < claim.gpus.nonzeroBitCount * Int(claim.milli) ? -1 : 16_000 - free
  }
}
