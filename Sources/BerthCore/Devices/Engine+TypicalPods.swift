import CBerth

// What fragmentation is measured by.

extension Engine {
  func applySetTypicalPods(
    _ records: UnsafeBufferPointer<berth_typical_pod>, total: UInt64
  ) throws(EngineError) {
    guard records.count <= Int(BERTH_MAX_TYPICAL_PODS) else {
      throw refuse(BERTH_LIMIT, "\(records.count) kinds of typical pods: at most \(BERTH_MAX_TYPICAL_PODS)")
    }
    var kinds: [TypicalPods.Kind] = []
    var weight: UInt64 = 0
    for (index, record) in records.enumerated() {
      let kind = try readTypical(record, "typical pod \(index)")
      weight += UInt64(kind.weight)
      guard weight <= UInt64(TypicalPods.most) else {
        throw refuse(BERTH_LIMIT, "typical pod \(index): the weights add up to more than 2^24")
      }
      kinds.append(kind)
    }
    guard total == 0 || (total >= weight && total <= UInt64(TypicalPods.most)) else {
      throw refuse(BERTH_BAD_ARGUMENT, "total \(total) is outside \(weight), the sum of the weights, ... 2^24")
    }
    setTypical(
      TypicalPods(kinds, total: Int64(total), fleet: cluster.devices.fleet, machines: cluster.devices.machines))
  }

  /// Typical pods of a snapshot, told when the nodes were others.
  func restoreTypicalPods(fleet: [TypicalPods.Fleet]) {
    let told = cluster.devices.typical
    setTypical(TypicalPods(told.kinds, total: told.total, fleet: fleet, machines: cluster.devices.machines))
  }

  private func setTypical(_ pods: TypicalPods) {
    let before = cluster.devices.setTypical(pods)
    planner.deviceScorer.forgetPotentials()
    planner.slotIndexes.forgetAll()
    planner.offerTables.forgetAll()
    undoLog.note { $0.setTypical(before) }
  }

  private func readTypical(_ record: berth_typical_pod, _ what: String) throws(EngineError) -> TypicalPods.Kind {
    try Quantity.check(record.cpu, "\(what): cpu")
    guard record.gpu_count <= UInt32(BERTH_MAX_GPUS_PER_NODE) else {
      throw refuse(BERTH_LIMIT, "\(what): gpu_count \(record.gpu_count): at most \(BERTH_MAX_GPUS_PER_NODE)")
    }
    guard (record.gpu_count == 0) == (record.share_milli == 0), record.share_milli <= 1000 else {
      throw refuse(
        BERTH_BAD_ARGUMENT,
        "\(what): share_milli \(record.share_milli) of each of \(record.gpu_count) GPUs is outside 1...1000 (0 of none)"
      )
    }
    guard record.gpu_count <= 1 || record.share_milli == 1000 else {
      throw refuse(
        BERTH_BAD_ARGUMENT, "\(what): share_milli \(record.share_milli) with gpu_count \(record.gpu_count): use 1000")
    }
    guard record.weight >= 1, record.weight <= 1 << 20 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): weight \(record.weight) is outside 1...2^20")
    }
    let models = try cluster.devices.models(in: record.models, "\(what): models")
    guard models.isEmpty || record.gpu_count > 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "\(what): models of no GPU")
    }
    return TypicalPods.Kind(
      cpu: record.cpu, count: Int(record.gpu_count), milli: UInt16(record.share_milli), weight: Int64(record.weight),
      models: models)
  }
}
