import BerthMemory
import CBerth

// What pods' constraints on each other are made of: namespaces, selectors, images, pods that are being deleted.

extension Engine {
  func applyInternSelector(
    _ requirements: UnsafeBufferPointer<berth_requirement>
  ) throws(EngineError) -> berth_selector_id {
    guard requirements.count <= 10_000 else { throw refuse(BERTH_LIMIT, "a selector has at most 10000 requirements") }
    var list: [Requirement] = []
    for (index, record) in requirements.enumerated() {
      let what = "requirement \(index)"
      guard record.is_field == 0, record.op <= UInt32(BERTH_OP_DOES_NOT_EXIST) else {
        throw refuse(BERTH_BAD_ARGUMENT, "\(what): selectors are over labels, with In, NotIn, Exists and DoesNotExist")
      }
      list.append(try readRequirement(record, what))
    }
    guard let (id, isNew) = cluster.constraints.selectors.intern(Set(list).sorted()) else {
      throw refuse(BERTH_LIMIT, "an engine has at most \(BERTH_MAX_SELECTORS) selectors")
    }
    if isNew { undoLog.note { $0.cluster.constraints.selectors.removeLast() } }
    return id
  }

  func applySetNamespace(
    name: UnsafePointer<CChar>, labels records: UnsafeBufferPointer<berth_label>
  ) throws(EngineError) {
    let name = try Text.read(name, "namespace name")
    let labels = try ConstraintReader.labels(records)
    let namespaces = cluster.constraints.namespaces.labels
    guard namespaces[name] != nil || namespaces.count < Int(BERTH_MAX_NAMESPACES) else {
      throw refuse(BERTH_LIMIT, "an engine knows the labels of at most \(BERTH_MAX_NAMESPACES) namespaces")
    }
    if namespaces[name] != labels { setNamespace(name, labels) }
  }

  func applyRemoveNamespace(name: UnsafePointer<CChar>) throws(EngineError) {
    let name = try Text.read(name, "namespace name")
    guard cluster.constraints.namespaces.labels[name] != nil else {
      throw refuse(BERTH_UNKNOWN_ID, "namespace \"\(name)\" was not told")
    }
    setNamespace(name, nil)
  }

  private func setNamespace(_ name: Name, _ labels: [Name: Name]?) {
    let before = cluster.constraints.namespaces.set(name, labels)
    undoLog.note { $0.cluster.constraints.namespaces.set(name, before) }
  }

  func applyInternImageSet(
    _ records: UnsafeBufferPointer<berth_image>
  ) throws(EngineError) -> berth_image_set_id {
    var set: [Name: Int64] = [:]
    for (index, record) in records.enumerated() {
      let name = try Text.read(record.name, "name of image \(index)")
      try Quantity.check(record.size_bytes, "size of image \"\(name)\":")
      guard set.updateValue(record.size_bytes, forKey: name) == nil else {
        throw refuse(BERTH_DUPLICATE, "image \"\(name)\" occurs twice")
      }
    }
    let (id, isNew) = cluster.catalog.images.intern(set)
    if isNew { undoLog.note { $0.cluster.catalog.images.removeLast() } }
    return id
  }

  // MARK: Pods

  func applyTerminate(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try check(ids, wanted: nil, "terminated")
    try undoLog.check(ids.count)
    for id in ids {
      let pod = try pods.get(id)
      guard !pod.isTerminating else { continue }
      let index = UInt32(truncatingIfNeeded: id)
      setTerminating(index, true)
      undoLog.note { $0.setTerminating(index, false) }
      emit(BERTH_EVENT_POD_TERMINATING, pod: id, node: nodeID(of: pod), podClass: pod.podClass)
    }
  }

  private func setTerminating(_ index: UInt32, _ isTerminating: Bool) {
    pods.setTerminating(index, isTerminating)
    guard cluster.constraints.isOn, let pod = pods.live(index),
      let slot = cluster.nodes.slot(index: pod.node, generation: pod.nodeGeneration)
    else { return }
    let traits = workload.classes.records[Int(pod.podClass)].traits
    cluster.constraints.setTerminating(index, traits, isTerminating, at: cluster.place(slot), cluster.catalog)
    cluster.log.append(slot)
  }

  /// Counts by domain follow a pod that comes to a node.
  @inline(__always)
  func joinDomains(_ index: UInt32, _ podClass: UInt32, _ slot: UInt32, isTerminating: Bool = false) {
    let traits = workload.classes.records[Int(podClass)].traits
    cluster.constraints.podComes(
      index, traits, isTerminating: isTerminating, at: cluster.place(slot), cluster.catalog)
  }

  @inline(__always)
  func leaveDomains(_ index: UInt32, _ podClass: UInt32, _ slot: UInt32, isTerminating: Bool) {
    let traits = workload.classes.records[Int(podClass)].traits
    cluster.constraints.podGoes(
      index, traits, isTerminating: isTerminating, at: cluster.place(slot), cluster.catalog)
  }
}

extension Cluster {
  /// Where a node is, as far as counts by domain care.
  @inline(__always)
  func place(_ slot: UInt32) -> ConstraintState.Place {
    let row = rows.row(slot)
    return ConstraintState.Place(pool: Int(row.pool), leaf: rows.domain(of: slot), node: row.node)
  }
}
