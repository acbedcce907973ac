import CBerth
import CKernels

// The best nodes: for every part what whole domains say, for every plane its best node, and the normalised scores of
// these, which are exact because every plane's extremes are.

extension SlotIndex {
  /// A plane with nodes that fit, and what its nodes get beside their own scores.
  private struct Head {
    let plane: Int
    var raw: SoftScale.Raw
    var constant: Int64
  }

  /// What is known of a part while a pod is placed.
  private struct PartState {
    var isAllowed = false
    /// Has a part in soft topology spread.
    var takesPart = true
    var preference: Int64 = 0
  }

  /// Offers the best nodes to the search; returns what the normalised scores were scaled by.
  func query(_ search: Search, wanted: Int) -> (SoftScale, SpreadWeights) {
    let states = parts.parts.indices.map(state)
    var heads: [Head] = []
    for index in 0..<planeCount where states[planes[index].part].isAllowed {
      settle(index)
      if planes[index].tree.root > 0 {
        let part = parts.parts[planes[index].part]
        let raw = SoftScale.Raw(affinity: part.affinity, taints: part.taints)
        heads.append(Head(plane: index, raw: raw, constant: 0))
      }
    }
    let (scale, weights) = weigh(&heads, states)
    if wanted == 1 { offerBest(heads, search) } else { offerMany(heads, search) }
    return (scale, weights)
  }

  // MARK: Parts

  /// What whole domains say of a part.
  private func state(_ index: Int) -> PartState {
    var state = PartState()
    guard let constraints = asked.constraints else {
      state.isAllowed = true
      return state
    }
    let part = parts.parts[index]
    state.isAllowed = admits(part, constraints)
    guard state.isAllowed else { return state }
    if constraints.requiresAllKeys {
      state.takesPart = constraints.softSpread.allSatisfy {
        value(of: $0.key, part).map { $0 != TopologyKeys.none } ?? !part.lacksHostname
      }
    }
    for term in constraints.preferred {
      guard let value = value(of: term.key, part), value != TopologyKeys.none else { continue }
      state.preference += term.weight * cluster.constraints.counts[term.count][value]
    }
    return state
  }

  /// A part's value of a key; nil for keys that pools do not decide.
  @inline(__always)
  private func value(of key: Int, _ part: SlotParts.Part) -> Int32? {
    parts.keys.firstIndex(of: key).map { part.values[$0] }
  }

  private func isHostname(_ key: Int) -> Bool {
    key != DomainCount.Identity.eachNode && cluster.constraints.topology.keys[key].source == .node
  }

  private func admits(_ part: SlotParts.Part, _ constraints: ClassConstraints) -> Bool {
    let state = cluster.constraints
    if part.lacksHostname {
      // required there: no node of the part has it
      if constraints.hardSpread.contains(where: { isHostname($0.key) }) { return false }
      if constraints.affinity.contains(where: { isHostname($0.key) }) { return false }
    }
    for spread in constraints.hardSpread {
      guard let value = value(of: spread.key, part) else { continue }
      if value == TopologyKeys.none { return false }
      let count = state.counts[spread.count]
      if count[value] + spread.selfMatch - ClassConstraints.minimum(spread, count) > spread.maxSkew { return false }
    }
    for keyed in constraints.affinity {
      guard let value = value(of: keyed.key, part) else { continue }
      if value == TopologyKeys.none { return false }
      if state.counts[keyed.count][value] == 0 && !constraints.isFirst(state) { return false }
    }
    for list in [constraints.ownAnti, constraints.existingAnti] {
      for keyed in list {
        guard let value = value(of: keyed.key, part), value != TopologyKeys.none else { continue }
        if state.counts[keyed.count][value] > 0 { return false }
      }
    }
    return true
  }

  // MARK: Normalised scores

  private func weigh(_ heads: inout [Head], _ states: [PartState]) -> (SoftScale, SpreadWeights) {
    var scale = SoftScale(asked.profile)
    var weights = SpreadWeights()
    let isSpread = asked.isSpread
    if isSpread { weights.set(sizes(heads, states)) }
    for index in heads.indices {
      let plane = planes[heads[index].plane]
      let state = states[plane.part]
      let local = locals.map { $0.locals[plane.local] }
      heads[index].raw.pods = state.preference + (local?.preference ?? 0)
      if isSpread && state.takesPart {
        heads[index].raw.spread = rawSpread(parts.parts[plane.part], local, weights)
      }
      scale.include(heads[index].raw)
    }
    for index in heads.indices {
      let image = asked.profile.imageWeight * parts.parts[planes[heads[index].plane].part].image
      heads[index].constant = scale.total(heads[index].raw, isSpread: isSpread) + image - scorer.offset
    }
    return (scale, weights)
  }

  /// How many domains of each soft spread constraint have feasible nodes.
  private func sizes(_ heads: [Head], _ states: [PartState]) -> [Int] {
    let constraints = asked.constraints.unsafelyUnwrapped
    return constraints.softSpread.map { spread in
      if spread.isHostname {
        var nodes: Int64 = 0
        for (part, count) in fitCount.enumerated() where states[part].isAllowed && states[part].takesPart {
          nodes += count
        }
        return Int(nodes)
      }
      var values = Set<Int32>()
      for head in heads where states[planes[head.plane].part].takesPart {
        values.insert(value(of: spread.key, parts.parts[planes[head.plane].part])!)
      }
      return values.count
    }
  }

  private func rawSpread(
    _ part: SlotParts.Part, _ local: SlotLocals.Local?, _ weights: SpreadWeights
  ) -> Int64 {
    let constraints = asked.constraints.unsafelyUnwrapped
    var place = 0
    return weights.raw(constraints.softSpread) { index in
      let spread = constraints.softSpread[index]
      if spread.isHostname {
        place += 1
        return part.lacksHostname ? -1 : local.unsafelyUnwrapped.counts[place - 1]
      }
      let value = value(of: spread.key, part)!
      return value == TopologyKeys.none ? -1 : cluster.constraints.counts[spread.count][value]
    }
  }

  // MARK: Nodes

  private func offerBest(_ heads: [Head], _ search: Search) {
    var best = Int64.min
    for head in heads { best = max(best, head.constant + Int64(planes[head.plane].tree.root)) }
    for head in heads where head.constant + Int64(planes[head.plane].tree.root) == best {
      let group = planes[head.plane].tree.first(open: open)
      let lane = 63 - planes[head.plane].tree.key(group) & 63
      search.offerRow(Found(score: best, tie: 0, slot: UInt32(group) << 6 | lane))
    }
  }

  /// Opens groups, the most promising first, and hides each until the end.
  private func offerMany(_ heads: [Head], _ search: Search) {
    var hidden: [(plane: Int, group: Int, key: UInt32)] = []
    while true {
      var best: (head: Int, bound: Int64)?
      for (index, head) in heads.enumerated() {
        settle(head.plane)
        let root = planes[head.plane].tree.root
        guard root > 0 else { continue }
        let bound = head.constant + Int64(root)
        if search.worst.exists {
          if bound < search.worst.score { continue }
          let first = UInt32(planes[head.plane].tree.first(open: open)) << 6
          if bound == search.worst.score && first > search.worst.slot { continue }
        }
        if best == nil || bound > best!.bound { best = (index, bound) }
      }
      guard let best else { break }
      let plane = heads[best.head].plane
      let group = planes[plane].tree.first(open: open)
      scorer.score(group, lanes(group, of: planes[plane]))
      groupsScored += 1
      for lane in 0..<64 where scorer.scores[lane] > 0 {
        let score = heads[best.head].constant + Int64(scorer.scores[lane])
        search.offerRow(Found(score: score, tie: 0, slot: UInt32(group) << 6 | UInt32(lane)))
      }
      hidden.append((plane, group, planes[plane].tree.key(group)))
      planes[plane].tree.set(group, 0, open: open)
    }
    for (plane, group, key) in hidden { planes[plane].tree.set(group, key, open: open) }
  }
}
