import CBerth

// The rules: what a pod has part in, what a report changes, and what the quantities of load resources follow from.

/// What the load of a pod is made of: its class's words.
struct PodDemand {
  let requests: UnsafeBufferPointer<Request>
  /// One of each usage resource, in their order, then limits.
  let estimates: Slice<UnsafeBufferPointer<Request>>
  let isBestEffort: Bool

  @inline(__always)
  func request(_ resource: UInt32) -> Int64 {
    for request in requests where request.resource == resource { return request.value }
    return 0
  }
  @inline(__always)
  func estimate(_ usage: Int) -> Int64 { estimates[estimates.startIndex + usage].value }
}

extension PodClasses {
  @inline(__always)
  func demand(_ podClass: UInt32) -> PodDemand {
    let requests = requests(podClass)
    return PodDemand(
      requests: requests, estimates: asks(podClass)[requests.count...],
      isBestEffort: records[Int(podClass)].isBestEffort)
  }
}

extension LoadState {
  /// What counts at most of one node's use: more than any node has, and far from what 64 bits hold.
  static let mostInUse: Int64 = 1 << 61

  // MARK: Pods

  /// Adds (sign 1) or takes back (-1) what a pod has part in of its node's sums.
  func count(_ pod: UInt32, _ demand: PodDemand, on node: UInt32, sign: Int128) {
    let report = reports[Int(node)]
    for index in 0..<specs.usages.count {
      let usage = specs.usages[index]
      guard isPending(pod, report, settle: usage.settle) else { continue }
      let measured = max(0, self.usage(ofPod: pod, usage.measured))
      let share = max(0, demand.estimate(index) - measured)
      add(sign * Int128(share), to: node, layout.pending(index))
    }
    guard !demand.isBestEffort else { return }
    for index in 0..<specs.spares.count {
      add(sign * Int128(guaranteed(pod, demand, specs.spares[index], report)), to: node, layout.guaranteed(index))
    }
  }

  /// Koordinator's rule of when a pod is estimated: no usage is collected of it, or it came too late to be measured.
  @inline(__always)
  private func isPending(_ pod: UInt32, _ report: Report, settle: Int64) -> Bool {
    if !report.exists || (report.listsPods && !isListed(pod)) { return true }
    return pods[Int(pod)].assignedAt > report.measuredAt - settle
  }

  private func guaranteed(_ pod: UInt32, _ demand: PodDemand, _ spare: LoadSpecs.Spare, _ report: Report) -> Int64 {
    let request = demand.request(specs.measured[spare.measured])
    if spare.prediction == .request { return request }
    guard isListed(pod) else {
      let isUnknown = report.listsPods || isPending(pod, report, settle: spare.settle)
      return isUnknown ? request : 0
    }
    let usage = self.usage(ofPod: pod, spare.measured)
    switch spare.prediction {
    case .usage, .request: return usage
    case .max: return max(usage, request)
    case .peak: return 0  // in the peak
    }
  }

  /// A pod comes to a node.
  @inline(__always)
  func join(_ pod: UInt32, _ demand: PodDemand, on node: UInt32, at time: Int64) {
    link(pod, to: node, assignedAt: time)
    count(pod, demand, on: node, sign: 1)
  }

  /// Takes back `join`.
  func unjoin(_ pod: UInt32, _ demand: PodDemand, on node: UInt32) {
    count(pod, demand, on: node, sign: -1)
    unlink(pod, from: node)
  }

  /// A pod leaves; what the report says of a guaranteed one goes on counting.
  func leave(_ pod: UInt32, _ demand: PodDemand, on node: UInt32) {
    unjoin(pod, demand, on: node)
    keepUsage(ofPod: pod, demand, on: node, sign: 1)
  }

  /// Takes back `leave`.
  func rejoin(_ record: PodRecord, _ demand: PodDemand, on node: UInt32) {
    relink(record, to: node)
    keepUsage(ofPod: record.pod, demand, on: node, sign: -1)
    count(record.pod, demand, on: node, sign: 1)
  }

  private func keepUsage(ofPod pod: UInt32, _ demand: PodDemand, on node: UInt32, sign: Int128) {
    guard !demand.isBestEffort, isListed(pod) else { return }
    for measured in 0..<layout.measured {
      add(sign * Int128(usage(ofPod: pod, measured)), to: node, layout.background(measured))
    }
  }

  // MARK: Reports

  /// Takes a report in: `usage` of the node, by measured resource; the node's pods have what is said of them.
  func take(_ report: Report, _ usage: [Int64], on node: UInt32, demand: (UInt32) -> PodDemand) {
    let last = reports[Int(node)]
    var listed = [Int128](repeating: 0, count: layout.measured)
    var guaranteed = listed
    forEachPod(on: node) { pod in
      guard isListed(pod) else { return }
      let isGuaranteed = !demand(pod).isBestEffort
      for measured in 0..<layout.measured {
        let used = Int128(self.usage(ofPod: pod, measured))
        listed[measured] += used
        if isGuaranteed { guaranteed[measured] += used }
      }
    }
    setReport(node, report)
    for measured in 0..<layout.measured {
      setAmount(node, layout.usage(measured), usage[measured])
      setSum(node, layout.background(measured), max(0, Int128(usage[measured]) - listed[measured]))
    }
    for (index, spare) in specs.spares.enumerated() where spare.prediction == .peak {
      let own = sum(node, layout.background(spare.measured)) + guaranteed[spare.measured]
      var peak = Int64(min(own, Int128(Self.mostInUse)))
      if last.exists {
        let past = amount(node, layout.past(index))
        peak = max(peak, Self.decayed(past, by: report.measuredAt - last.measuredAt, halfLife: spare.halfLife))
      }
      setAmount(node, layout.past(index), peak)
    }
    recount(node, demand: demand)
  }

  /// What is left of a peak after a while: half of it per half-life, in a straight line between.
  static func decayed(_ peak: Int64, by time: Int64, halfLife: Int64) -> Int64 {
    let halved = peak >> min(time / halfLife, 63)
    let product = halved.multipliedFullWidth(by: time % halfLife)
    return halved - (2 * halfLife).dividingFullWidth(product).quotient
  }

  /// Sums over a node's pods anew.
  func recount(_ node: UInt32, demand: (UInt32) -> PodDemand) {
    for index in 0..<specs.usages.count { setSum(node, layout.pending(index), 0) }
    for index in 0..<specs.spares.count { setSum(node, layout.guaranteed(index), 0) }
    forEachPod(on: node) { count($0, demand($0), on: node, sign: 1) }
  }

  /// When the node next changes because its report expires; `Int64.max`: never.
  func nextExpiry(_ node: UInt32, after now: Int64) -> Int64 {
    let report = reports[Int(node)]
    var next = Int64.max
    guard report.exists else { return next }
    func look(_ expiry: Int64) {
      guard expiry != BERTH_NEVER else { return }
      let (time, overflows) = report.measuredAt.addingReportingOverflow(expiry)
      if !overflows && time > now { next = min(next, time) }
    }
    for usage in specs.usages { look(usage.expiry) }
    for spare in specs.spares { look(spare.expiry) }
    return next
  }

  // MARK: Quantities

  /// What is in use with what pending pods are estimated to add.
  @inline(__always)
  func inUse(_ usage: Int, on node: UInt32) -> Int64 {
    let measured = amount(node, layout.usage(specs.usages[usage].measured))
    return Int64(min(Int128(measured) + sum(node, layout.pending(usage)), Int128(Self.mostInUse)))
  }

  /// What of a spare resource's allocatable best-effort pods may not use.
  func withheld(_ index: Int, on node: UInt32, of allocatable: Int64, at now: Int64) -> Int64 {
    let spare = specs.spares[index]
    guard reports[Int(node)].isFresh(spare.expiry, at: now) else { return allocatable }
    var prediction = sum(node, layout.guaranteed(index))
    switch spare.prediction {
    case .usage, .max: prediction += sum(node, layout.background(spare.measured))
    case .request, .peak: prediction += Int128(amount(node, layout.past(index)))
    }
    let kept = prediction + Int128(LoadSpecs.share(spare.marginPercent, of: allocatable))
    let beyond = Int128(allocatable - LoadSpecs.share(spare.mostPercent, of: allocatable))
    return Int64(min(max(kept, beyond), Int128(allocatable)))
  }

  /// What a node uses of the load resources that it has as dims; of a spare resource (`spare` >= 0) what is withheld.
  @inline(__always)
  private func forEachQuantity(
    _ node: UInt32, _ shape: UInt32, _ shapes: ShapeTable, at now: Int64,
    _ body: (_ dim: Int, _ quantity: Int64, _ spare: Int) -> Void
  ) {
    let report = reports[Int(node)]
    for index in 0..<specs.usages.count {
      let dim = shapes.dim(of: specs.usages[index].resource, in: shape)
      guard dim >= 0 else { continue }
      let isFresh = report.isFresh(specs.usages[index].expiry, at: now)
      body(dim, isFresh ? inUse(index, on: node) : shapes.capacities(shape)[dim], -1)
    }
    for index in 0..<specs.limits.count {
      let limit = specs.limits[index]
      let dim = shapes.dim(of: limit.resource, in: shape)
      guard dim >= 0 else { continue }
      if report.isFresh(specs.usages[limit.usage].expiry, at: now) {
        body(dim, amount(node, layout.reserve(index)) + inUse(limit.usage, on: node), -1)
      } else {
        body(dim, report.exists && limit.refusesExpired ? shapes.capacities(shape)[dim] : 0, -1)
      }
    }
    for index in 0..<specs.spares.count {
      let dim = shapes.dim(of: specs.spares[index].resource, in: shape)
      guard dim >= 0 else { continue }
      body(dim, withheld(index, on: node, of: shapes.capacities(shape)[dim], at: now), index)
    }
  }

  /// Writes what a node uses of load resources into its row; the caller sees to its place in its tree.
  @inline(__always)
  func write(_ node: UInt32, into row: MutableRow, _ shapes: ShapeTable, at now: Int64) {
    forEachQuantity(node, row.shape, shapes, at: now) { dim, quantity, spare in
      if spare < 0 {
        row.used[dim] = quantity
      } else {
        row.used[dim] += quantity - amount(node, layout.withheld(spare))
        setAmount(node, layout.withheld(spare), quantity)
      }
    }
  }

  /// Whether a row says what follows; `requested` is what best-effort pods hold of each spare resource, which may be
  /// in use beside what is withheld. Remembers what is withheld.
  func adopt(_ node: UInt32, _ row: Row, requested: [Int64], _ shapes: ShapeTable, at now: Int64) -> Bool {
    var agrees = true
    forEachQuantity(node, row.shape, shapes, at: now) { dim, quantity, spare in
      if spare < 0 {
        agrees = agrees && row.used[dim] == quantity
      } else {
        agrees = agrees && row.used[dim] - quantity >= requested[spare]
        setAmount(node, layout.withheld(spare), quantity)
      }
    }
    return agrees
  }

  /// What follows from a node's capacities alone. `list` has spare resources wholly withheld, beside their requests.
  func setCapacities(_ node: UInt32, _ list: ResourceList) {
    for (index, limit) in specs.limits.enumerated() {
      let allocatable = list.capacity(of: specs.measured[specs.usages[limit.usage].measured])
      let passing = allocatable > 0 ? LoadSpecs.largestPassing(limit.threshold, of: allocatable) : 0
      setAmount(node, layout.reserve(index), list.capacity(of: limit.resource) - passing)
    }
    for (index, spare) in specs.spares.enumerated() {
      setAmount(node, layout.withheld(index), list.capacity(of: spare.resource))
    }
  }
}
