import CBerth
import CKernels

// An index follows the change log and the changes of the counts that it watches. Entries only say where to look: what
// counts is what is there now, so looking twice does no harm.

extension SlotIndex {
  /// Brings the index up to date; false: it is to be built anew.
  func catchUp() -> Bool {
    guard isUsable else { return false }
    columns.catchUp(cluster)
    guard parts.refresh(cluster) else { return false }
    if cluster.log.lastLeaving > cursor { leaveOldPools() }
    guard followCounts() else { return false }
    if cursor < cluster.log.length {
      entriesRead += cluster.log.length - cursor
      readEntries()
      cursor = cluster.log.length
    }
    return !isBroken
  }

  /// Whether what it was built on is still there.
  private var isUsable: Bool {
    guard !isBroken, generation == cluster.log.generation, epoch == constraints.epoch,
      cluster.log.holds(from: cursor), cluster.rows.labelCount <= groupCount,
      cluster.catalog.topology.leaves.count == leafCount, cluster.catalog.topology.version == topologyVersion
    else { return false }
    // many changes cost more than a look at all nodes
    guard cluster.log.length - cursor <= UInt64(4096 + cluster.nodes.count / 8) else { return false }
    return locals?.isCurrent(constraints) ?? true
  }

  /// Takes nodes that left their slots or pools out of what they counted in. From then on pools are what they are now.
  private func leaveOldPools() {
    var left: [UInt32: UInt16] = [:]
    cluster.log.visit(from: cursor) { entry in
      // the first of them tells the pool that this index knows of
      if let pool = entry.pool, left[entry.slot] == nil { left[entry.slot] = pool }
    }
    // groups beyond came and went since this index was built
    for (slot, pool) in left where Int(slot >> 6) < groupCount { leave(slot, pool) }
  }

  private func leave(_ slot: UInt32, _ pool: UInt16) {
    let (label, bit) = (Int(slot >> 6), UInt64(1) << UInt64(slot & 63))
    if let fits, fits[label] & bit != 0 {
      let before = part(pool: Int(pool), slot)
      fits[label] &= ~bit
      if before >= 0 && (edges?.isOpen(label) ?? true) { countFits(before, -1) }
    }
    forgetLane(slot)
    if exceptions != nil { noteException(slot, isLive: columns.groups[label].live & bit != 0) }
  }

  private func noteException(_ slot: UInt32, isLive: Bool) {
    let (label, bit) = (Int(slot >> 6), UInt64(1) << UInt64(slot & 63))
    // where leaf domains have a say no node is usual, whoever comes to the slot
    let isByLeaf = !locals.unsafelyUnwrapped.leafCounts.isEmpty
    if isByLeaf || (isLive && exceptionalLocal(slot) != locals.unsafelyUnwrapped.usual) {
      exceptions.unsafelyUnwrapped[label] |= bit
    } else {
      exceptions.unsafelyUnwrapped[label] &= ~bit
    }
  }

  // MARK: Counts

  /// Reads what changed of the counts that it follows; false if some of it is gone.
  @inline(__always)
  private func followCounts() -> Bool {
    var isSame = true
    for index in watches.indices {
      if constraints.counts[watches[index].count].position != watches[index].position { isSame = false }
    }
    return (isSame && edges == nil) || followChangedCounts()
  }

  @inline(never)
  private func followChangedCounts() -> Bool {
    var changed: [(count: Int, value: Int32)] = []
    for index in watches.indices {
      let count = watches[index].count
      let end = constraints.counts[count].position
      if watches[index].position == end { continue }
      let dropped = constraints.counts[count].dropped
      guard watches[index].position >= dropped else { return false }
      let range = watches[index].position - dropped..<end - dropped
      watches[index].position = end
      for place in range {
        let value = constraints.counts[count].changed[place]
        if watches[index].isByNode { lookAgain(UInt32(bitPattern: value)) } else { changed.append((count, value)) }
      }
    }
    if let locals, !locals.leafCounts.isEmpty { lookAgainAtLeaves(of: changed, locals) }
    if let edges, let own = asked.constraints {
      edges.catchUp(own, cluster, changed: changed) { flip($0, opens: $1) }
    }
    return true
  }

  /// A node's own pods have changed.
  private func lookAgain(_ node: UInt32) {
    guard exceptions != nil, Int(node) < cluster.nodes.indexCount, cluster.nodes.isLive(node) else { return }
    lookAgain(atSlot: cluster.nodes.slots[Int(node)])
  }

  private func lookAgain(atSlot slot: UInt32) {
    guard Int(slot >> 6) < groupCount else { return }
    noteException(slot, isLive: true)
    forgetLane(slot)
    read(slot)
  }

  /// The pods of leaf domains have changed, which their nodes' own scores heed.
  private func lookAgainAtLeaves(of changed: [(count: Int, value: Int32)], _ locals: SlotLocals) {
    var changedLeaves: Set<UInt32> = []
    for (count, value) in changed where locals.leafCounts.contains(count) {
      changedLeaves.formUnion(locals.leaves.leaves(constraints.counts[count].identity.key, value))
    }
    for leaf in changedLeaves.sorted() {
      cluster.rows.visit(domain: leaf) { slot, _ in lookAgain(atSlot: slot) }
    }
  }

  /// A node may have left any plane: where it was the best, somebody is to look.
  private func forgetLane(_ slot: UInt32) {
    let (label, lane) = (Int(slot >> 6), 63 - slot & 63)
    for index in 0..<planeCount {
      let key = planes[index].tree.key(label)
      planes[index].kept?.set(label, Int(slot & 63), 0)
      if key != 0 && key & 63 == lane { planes[index].tree.markStale(label) }
    }
  }

  /// A group begins or ceases to count.
  private func flip(_ group: Int, opens: Bool) {
    let open = open.unsafelyUnwrapped
    for index in 0..<planeCount { planes[index].tree.toggled(group, opens: opens, open: open) }
    guard let fits else { return }
    var rest = fits[group]
    while rest != 0 {
      let lane = rest.trailingZeroBitCount
      rest &= rest - 1
      let part = part(group, lane)
      if part >= 0 { countFits(part, opens ? 1 : -1) }
    }
  }

  // MARK: Nodes

  /// Reads the entries of the log from `cursor` on, a few ahead of their turn to have their memory at hand.
  private func readEntries() {
    let seen = columns.seen
    seen.begin()
    let (columns, columnCount) = (columns.groups, columns.count)
    cluster.log.visitAhead(from: cursor, by: 8) { entry in
      let label = Int(entry.slot >> 6)
      if label < groupCount {
        bk_prefetch(columns + label)
        if planeCount > 0 {
          planes[0].tree.prefetchPage(label)
          planes[0].kept?.prefetchGroup(label)
        }
      }
    } near: { entry in
      let label = Int(entry.slot >> 6)
      if label < groupCount {
        if label < columnCount, let block = columns[label].block {
          parts.prefetch(pool: Int(block.assumingMemoryBound(to: UInt16.self)[Int(entry.slot & 63)]))
        }
        if planeCount > 0 {
          planes[0].tree.prefetch(label)
          planes[0].kept?.prefetch(entry.slot)
        }
      }
    } body: { entry in
      if seen.isNew(entry.slot) { read(entry.slot) }
    }
  }

  /// Looks at a slot whose node has changed.
  @inline(__always)
  private func read(_ slot: UInt32) {
    let (label, lane) = (Int(slot >> 6), Int(slot & 63))
    let bit: UInt64 = 1 << UInt64(lane)
    guard label < min(columns.count, groupCount) && columns.groups[label].live & bit != 0 else { return }
    if let edges { edges.lookAt(label, cluster) { flip($0, opens: $1) } }
    let part = part(label, lane)
    let local = part < 0 ? SlotLocals.out : local(label, lane)
    let score = local < 0 ? 0 : scorer.scoreOne(label, lane)
    if fits != nil { noteFit(label, bit, part, fits: score > 0) }
    guard local >= 0 else { return }
    let key = score == 0 ? 0 : score << 6 | UInt32(63 - lane)
    let index = key == 0 ? existingPlane(part, local) : plane(part, local)
    guard index >= 0 else { return }
    let old = planes[index].tree.key(label)
    planes[index].kept?.set(label, lane, score)
    if key > old {
      planes[index].tree.set(label, key, open: open)
    } else if old != 0 && Int(old & 63) == 63 - lane && key != old {
      if let best = planes[index].kept?.best(label) {
        planes[index].tree.set(label, best, open: open)
      } else {
        planes[index].tree.markStale(label)
      }
    }
  }

  @inline(__always)
  private func noteFit(_ label: Int, _ bit: UInt64, _ part: Int, fits now: Bool) {
    let fits = fits.unsafelyUnwrapped
    guard (fits[label] & bit != 0) != now else { return }
    fits[label] ^= bit
    if part >= 0 && (edges?.isOpen(label) ?? true) { countFits(part, now ? 1 : -1) }
  }
}
