import CBerth

/// How many pods of a class a node takes, one after the other. What other pods say is seen as it is now: members of one
/// gang that have a say in where others go are found out when they are placed.
final class FitRule {
  /// A request on a dim of a tree.
  private struct Need {
    var dim: Int32
    var value: Int64
  }
  static let most = Int(UInt16.max)

  let podClass: UInt32
  let asked: AskedClass
  /// Resources, and filters that pools decide, are all there is: state trees can tell.
  let isPlain: Bool
  /// Nothing but nodes' own quantities, pools and devices decides, and the change log tells of all of these.
  let isStable: Bool
  /// Members may have a say in where others go.
  let isInterdependent: Bool
  let cluster: Cluster
  private let deviceScorer: DeviceScorer
  let requests: [Request]
  let pools: PoolMask
  /// By tree: where its needs begin in `needs`, and how many; -1: no node of it fits.
  private var first: [Int32] = []
  private var counts: [Int32] = []
  private var needs: [Need] = []
  /// One pod of the class keeps others of it off its node: host ports, anti-affinity by hostname.
  private let isAlone: Bool

  init(_ workload: Workload, _ podClass: UInt32, _ asked: AskedClass, _ cluster: Cluster, _ deviceScorer: DeviceScorer)
  {
    self.podClass = podClass
    self.asked = asked
    self.cluster = cluster
    self.deviceScorer = deviceScorer
    requests = workload.classes.asks(podClass).filter { $0.kind.isChecked }
    pools = asked.filter.mask(asked.filter.all, cluster.catalog)
    let asksDevices = asked.devices.map { $0.demand.kind != .none } ?? false
    isPlain = !asked.filter.needsRows && !(asked.constraints?.hasHard ?? false) && !asksDevices
    isStable = !(asked.constraints?.hasHard ?? false) && !asked.filter.needsRows
    // what pods of other classes said of it is no matter between members, and would depend on who has ever come
    let saysSo = cluster.constraints.decidesOnOthers(workload.classes.records[Int(podClass)].traits)
    isInterdependent = saysSo || requests.contains { $0.kind == .limited }
    isAlone = asked.constraints.map { cluster.constraints.keepsOthersOff($0.traits) } ?? false
    cluster.constraints.refreshPlaces(cluster.catalog)
  }

  /// Prepares trees that came since.
  func refresh() {
    let forest = cluster.forest
    while first.count < forest.count {
      let tree = forest.states[first.count]
      first.append(Int32(needs.count))
      var does = true
      for request in requests {
        let dim = tree.pointee.dim(of: request.resource)
        if dim >= 0 {
          needs.append(Need(dim: Int32(dim), value: request.value))
        } else if request.kind == .held {
          does = false
        }
      }
      counts.append(does ? Int32(needs.count) - first[counts.count] : -1)
    }
  }

  @inline(__always)
  func isAllowed(_ pool: UInt16) -> Bool {
    guard let words = pools.words else { return pools.allowsAll }
    return words[Int(pool >> 6)] >> UInt64(pool & 63) & 1 != 0
  }

  /// How many pods the node at a slot takes now.
  @inline(__always)
  func fit(_ slot: UInt32, _ row: Row) -> Int {
    if !asked.filter.needsRows && !isAllowed(row.pool) { return 0 }
    let tree = Int(cluster.shapes.trees[Int(row.shape)])
    let count = Int(counts[tree])
    if count < 0 { return 0 }
    let capacities = cluster.capacities(row)
    let used = row.used
    var fit = Int64(Self.most)
    needs.withUnsafeBufferPointer { needs in
      for index in Int(first[tree])..<(Int(first[tree]) + count) {
        let dim = Int(needs[index].dim)
        let free = capacities[dim] - used[dim]
        let value = needs[index].value
        if free < value {
          fit = 0
          return
        }
        // a division only where it lowers the number
        if value > 0 && (value >= 1 << 46 || free < value &* fit) { fit = min(fit, free / value) }
      }
    }
    return isPlain || fit == 0 ? Int(fit) : special(slot, row, Int(fit))
  }

  @inline(never)
  private func special(_ slot: UInt32, _ row: Row, _ most: Int) -> Int {
    let pool = Int(row.pool)
    let place = ConstraintState.Place(pool: pool, leaf: cluster.rows.domain(of: slot), node: row.node)
    if asked.filter.needsRows {
      let value = { (requirement: Requirement) in
        self.cluster.catalog.nodeValue(pool: pool, leaf: place.leaf, node: row.node, requirement)
      }
      if cluster.catalog.refusal(asked.filter.placeability, pool: pool, value) != nil { return 0 }
    }
    var most = most
    if let constraints = asked.constraints, constraints.hasHard {
      if constraints.refusesPorts(place, cluster.constraints) { return 0 }
      if constraints.refusal(place, cluster.constraints, cluster.catalog) != 0 { return 0 }
      if isAlone { most = 1 }
    }
    guard let devices = asked.devices, devices.demand.kind != .none else { return most }
    return deviceScorer.count(devices, node: row.node, cpu: cluster.freeCPU(row), atMost: most)
  }
}

extension DeviceScorer {
  /// How many pods get their devices on a node, one after the other.
  func count(_ question: DeviceQuestion, node: UInt32, cpu: Int64, atMost most: Int) -> Int {
    guard let cell = cluster.devices.of(node), cell.pointee.machine != 0 else { return 0 }
    var state = cell.pointee
    let machine = cluster.devices.machines[Int(state.machine) - 1]
    var count = 0
    var cpu = cpu
    while count < most, let verdict = choose(question, state, machine, cpu: max(0, cpu), node: node) {
      state.take(verdict.claim, machine)
      cpu -= question.cpuRequest
      count += 1
    }
    return count
  }
}

extension ConstraintState {
  /// Whether pods of these traits say where others may go, beyond the node that they are on.
  func decidesOnOthers(_ id: UInt32) -> Bool {
    let pod = traits[Int(id)]
    return pod.spread.contains(where: \.isHard) || !pod.terms(BERTH_POD_AFFINITY_REQUIRED).isEmpty
      || !pod.terms(BERTH_POD_ANTI_AFFINITY_REQUIRED).isEmpty
  }

  /// Whether two pods of these traits cannot share a node.
  func keepsOthersOff(_ id: UInt32) -> Bool {
    let pod = traits[Int(id)]
    return !pod.hostPorts.isEmpty
      || pod.terms(BERTH_POD_ANTI_AFFINITY_REQUIRED).contains {
        $0.topologyKey == Label.hostname && matcher($0, pod).matches(pod)
      }
  }
}
