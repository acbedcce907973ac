import CBerth

// What must hold of counts by domain and of slot indexes, computed the slow way.

extension Engine {
  /// Every count is what a look at all pods and nodes gives, and every node's chain has its pods.
  func checkConstraints() throws(EngineError) {
    let state = cluster.constraints
    guard state.isOn else { return }
    state.refreshPlaces(cluster.catalog)
    var pods: [[(traits: UInt32, isTerminating: Bool)]] = Array(repeating: [], count: cluster.nodes.indexCount)
    self.pods.visit { pod in
      guard cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration) != nil else { return }
      pods[Int(pod.node)].append((workload.classes.records[Int(pod.podClass)].traits, pod.isTerminating))
    }
    var places: [ConstraintState.Place] = []
    cluster.rows.visit { slot, _ in places.append(cluster.place(slot)) }
    for place in places {
      let expected = pods[Int(place.node)].map { $0.traits << 1 | ($0.isTerminating ? 1 : 0) }.sorted()
      guard state.chain(of: place.node).sorted() == expected else {
        throw refuse(BERTH_CORRUPT, "the chain of node \(place.node) has other pods than are on it")
      }
    }
    for count in 0..<state.countCount {
      if let broken = state.difference(count, places, pods, cluster.catalog) {
        throw refuse(BERTH_CORRUPT, "count \(count) of pods by domain: \(broken)")
      }
    }
  }
}

extension ConstraintState {
  /// Traits and mark of every pod in a node's chain.
  func chain(of node: UInt32) -> [UInt32] {
    var list: [UInt32] = []
    if Int(node) < pods.nodeCount { pods.visit(node) { list.append($1 << 1 | ($2 ? 1 : 0)) } }
    return list
  }

  /// What is wrong with a count; nil: nothing.
  fileprivate func difference(
    _ count: Int, _ places: [Place], _ pods: [[(traits: UInt32, isTerminating: Bool)]], _ catalog: NodeCatalog
  ) -> String? {
    var sums: [Int32: Int64] = [:]
    var members: [Int32: Int] = [:]
    for place in places {
      let value = value(count, at: place, catalog)
      guard value != TopologyKeys.none else { continue }
      members[value, default: 0] += 1
      for pod in pods[Int(place.node)] where !(pod.isTerminating && counts[count].isOfSpread) {
        sums[value, default: 0] += Int64(multiplicity(count, pod.traits))
      }
    }
    for value in members.keys.sorted() where counts[count][value] != sums[value] ?? 0 {
      return "\(counts[count][value]) in domain \(value), \(sums[value] ?? 0) are there"
    }
    let total = sums.values.reduce(0, +)
    guard counts[count].total == total else { return "\(counts[count].total) in all, \(total) are there" }
    guard counts[count].isOfSpread else { return nil }
    let fewest = members.keys.map { sums[$0] ?? 0 }.min() ?? 0
    guard counts[count].domains == Int64(members.count) else {
      return "\(counts[count].domains) domains, \(members.count) are there"
    }
    return Int64(counts[count].minimum) == fewest
      ? nil : "fewest pods in a domain are \(counts[count].minimum), \(fewest) are there"
  }
}

extension SlotIndexes {
  /// What is wrong with an index that is up to date; nil: nothing.
  func difference() -> String? {
    for podClass in indexes.keys.sorted() {
      let index = indexes[podClass]!
      guard index.isKept, index.catchUp() else { continue }
      if let broken = index.difference() { return "slot index of class \(podClass): \(broken)" }
    }
    return nil
  }
}

extension SlotIndex {
  /// Whether the class still asks what it was built for, so that it may be asked at all.
  fileprivate var isKept: Bool { epoch == constraints.epoch }

  fileprivate func difference() -> String? {
    var fitting: [Int64] = []
    for label in 0..<min(groupCount, columns.count) {
      var best: [Int: UInt32] = [:]
      var fits: UInt64 = 0
      for lane in 0..<64 where columns.groups[label].live >> UInt64(lane) & 1 != 0 {
        let part = part(label, lane)
        guard part >= 0 else { continue }
        let slot = UInt32(label) << 6 | UInt32(lane)
        let local = locals == nil ? 0 : exceptionalLocal(slot)
        guard local == self.local(label, lane) else { return "slot \(slot) is marked as it is not" }
        guard local >= 0 else { continue }
        let score = scorer.scoreRow(slot)
        guard score == scorer.scoreOne(label, lane) else { return "slot \(slot) scores otherwise by its row" }
        guard score > 0 else { continue }
        fits |= 1 << UInt64(lane)
        if edges?.isOpen(label) ?? true {
          while fitting.count <= part { fitting.append(0) }
          fitting[part] += 1
        }
        let plane = existingPlane(part, local)
        guard plane >= 0 else { return "slot \(slot) fits, and its plane is missing" }
        best[plane] = max(best[plane] ?? 0, score << 6 | UInt32(63 - lane))
      }
      for plane in 0..<planeCount {
        let (key, expected) = (planes[plane].tree.key(label), best[plane] ?? 0)
        guard planes[plane].tree.isStale(label) ? key >= expected : key == expected else {
          return "group \(label) of plane \(plane) has key \(key), should have \(expected)"
        }
      }
      if let own = self.fits, own[label] != fits { return "group \(label) has other nodes that fit than it says" }
    }
    guard fits != nil else { return nil }
    for part in 0..<max(fitting.count, fitCount.count) {
      let (own, expected) = (part < fitCount.count ? fitCount[part] : 0, part < fitting.count ? fitting[part] : 0)
      if own != expected { return "\(own) nodes of part \(part) fit, \(expected) do" }
    }
    return nil
  }
}
