import CBerth
import CKernels

// The best nodes: for every part what whole domains say, for every plane its best node, and the normalised scores of
// these, which are exact because every plane's extremes are.

/// A plane with nodes that fit, and what its nodes get beside their own scores.
struct SlotHead {
  let plane: Int
  let part: Int
  var raw: SoftScale.Raw
  var constant: Int64
}

extension SlotIndex {
  /// Offers the best nodes to the search; returns what the normalised scores were scaled by. The caller keeps the lists,
  /// so that placing allocates nothing.
  func query(
    _ search: Search, wanted: Int, _ heads: inout [SlotHead], _ weights: inout SpreadWeights
  ) -> SoftScale {
    domains.refresh()
    heads.removeAll(keepingCapacity: true)
    for index in 0..<planeCount where domains.states[planes[index].part].isAllowed {
      settle(index)
      if planes[index].tree.root > 0 {
        let part = planes[index].part
        let raw = SoftScale.Raw(affinity: parts.parts[part].affinity, taints: parts.parts[part].taints)
        heads.append(SlotHead(plane: index, part: part, raw: raw, constant: 0))
      }
    }
    let scale = weigh(&heads, &weights)
    if wanted == 1 { offerBest(heads, search) } else { offerMany(heads, search) }
    return scale
  }

  // MARK: Normalised scores

  private func weigh(_ heads: inout [SlotHead], _ weights: inout SpreadWeights) -> SoftScale {
    var scale = SoftScale(asked.profile)
    let isSpread = !domains.soft.isEmpty
    weights.set(count: domains.soft.count) { size(of: $0, heads) }
    for index in heads.indices {
      let part = heads[index].part
      let local = planes[heads[index].plane].local
      heads[index].raw.pods = domains.states[part].preference + (locals?.preference(local) ?? 0)
      if isSpread && domains.states[part].takesPart {
        heads[index].raw.spread = rawSpread(part, local, weights)
      }
      scale.include(heads[index].raw)
    }
    for index in heads.indices {
      let image = parts.hasImages ? asked.profile.imageWeight * parts.parts[heads[index].part].image : 0
      heads[index].constant = scale.total(heads[index].raw, isSpread: isSpread) + image - scorer.offset
    }
    return scale
  }

  /// How many domains of a soft spread constraint have feasible nodes.
  private func size(of constraint: Int, _ heads: [SlotHead]) -> Int {
    if domains.soft[constraint].key < 0 {
      var nodes: Int64 = 0
      for part in fitCount.indices where domains.states[part].isAllowed && domains.states[part].takesPart {
        nodes += fitCount[part]
      }
      return Int(nodes)
    }
    return domains.countValues(of: constraint) { visit in
      for head in heads where domains.states[head.part].takesPart { visit(head.part) }
    }
  }

  private func rawSpread(_ part: Int, _ local: Int, _ weights: SpreadWeights) -> Int64 {
    var place = 0
    var sum = 0.0
    for (index, spread) in domains.soft.enumerated() {
      var pods: Int64 = -1
      if spread.key < 0 {
        if !parts.parts[part].lacksHostname { pods = locals.unsafelyUnwrapped.count(local, place) }
        place += 1
      } else {
        let value = domains.value(part, spread.key)
        if value != TopologyKeys.none { pods = constraints.counts[spread.count][value] }
      }
      if pods >= 0 { sum += weights.part(index, pods: pods, maxSkew: spread.maxSkew) }
    }
    return SpreadWeights.whole(sum)
  }

  // MARK: Nodes

  private func offerBest(_ heads: [SlotHead], _ search: Search) {
    var best = Int64.min
    for head in heads { best = max(best, head.constant + Int64(planes[head.plane].tree.root)) }
    for head in heads where head.constant + Int64(planes[head.plane].tree.root) == best {
      let group = planes[head.plane].tree.first(open: open)
      let lane = 63 - planes[head.plane].tree.key(group) & 63
      search.offerRow(Found(score: best, tie: 0, slot: UInt32(group) << 6 | lane))
    }
  }

  /// Opens groups, the most promising first, and hides each until the end.
  private func offerMany(_ heads: [SlotHead], _ search: Search) {
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
      scorer.score(group, lanes(group, part: planes[plane].part, local: planes[plane].local))
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
