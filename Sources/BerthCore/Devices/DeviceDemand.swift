import BerthDevices
import CBerth

/// The devices that a pod class asks for, checked; see berth_device_demand.
struct DeviceDemand: Hashable {
  enum Kind: UInt8 {
    case none = 0
    case whole, share, slice, instance, nics
  }
  var kind = Kind.none
  var count = 0
  /// Of each GPU.
  var milli: UInt16 = 0
  /// In MiB. Whole GPUs: at least; shares: taken.
  var memory: UInt32 = 0
  var linkRequired: UInt8 = 0
  var prefersLinks = false
  var nics = 0
  var nicsBySwitch = false
  /// Ids of models, ascending; empty: any.
  var models: [UInt32] = []
  /// The name of a MIG profile.
  var profile: Name?

  static let none = DeviceDemand()

  /// What tables of machines are made for.
  var links: LinkDemand {
    LinkDemand(
      required: LinkClass(rawValue: linkRequired), preference: prefersLinks ? .bestLinks : .none, nics: UInt8(nics),
      requiresNICs: nicsBySwitch)
  }
}

extension Devices {
  /// What a record says; nil: nothing.
  func read(_ record: berth_device_demand) throws(EngineError) -> DeviceDemand {
    let known = BERTH_DEVICES_PREFER_LINKS | BERTH_DEVICES_TIME_SLICE | BERTH_DEVICES_NICS_BY_SWITCH
    guard record.flags & ~UInt32(known) == 0 else {
      throw refuse(BERTH_BAD_ARGUMENT, "devices: flags \(record.flags): use BERTH_DEVICES_*")
    }
    func has(_ flag: Int) -> Bool { record.flags & UInt32(flag) != 0 }
    var demand = DeviceDemand()
    demand.models = try models(in: record.models, "devices: models")
    demand.nics = Int(record.nic_count)
    demand.nicsBySwitch = has(BERTH_DEVICES_NICS_BY_SWITCH)
    demand.prefersLinks = has(BERTH_DEVICES_PREFER_LINKS)
    guard record.nic_count <= UInt32(BERTH_MAX_NICS_PER_NODE), record.gpu_count <= UInt32(BERTH_MAX_GPUS_PER_NODE)
    else {
      throw refuse(
        BERTH_LIMIT,
        "devices: \(record.gpu_count) GPUs and \(record.nic_count) NICs: at most \(BERTH_MAX_GPUS_PER_NODE) and "
          + "\(BERTH_MAX_NICS_PER_NODE)")
    }
    guard record.share_milli <= 1000 else {
      throw refuse(BERTH_BAD_ARGUMENT, "devices: share_milli \(record.share_milli) is outside 0...1000 of a GPU")
    }
    guard record.memory_mib <= UInt32(BERTH_MAX_GPU_MEMORY_MIB) else {
      throw refuse(BERTH_LIMIT, "devices: memory_mib \(record.memory_mib): at most \(BERTH_MAX_GPU_MEMORY_MIB)")
    }
    guard record.link_required <= UInt32(UInt8.max), MachineEntry.isLink(UInt8(record.link_required)) else {
      throw refuse(BERTH_BAD_ARGUMENT, "devices: link_required \(record.link_required) is unknown: use BERTH_LINK_*")
    }
    demand.linkRequired = UInt8(record.link_required)
    demand.memory = record.memory_mib
    try readKind(record, isSlice: has(BERTH_DEVICES_TIME_SLICE), &demand)
    return demand
  }

  private func readKind(
    _ record: berth_device_demand, isSlice: Bool, _ demand: inout DeviceDemand
  ) throws(EngineError) {
    func needs(_ condition: Bool, _ what: String) throws(EngineError) {
      if !condition { throw refuse(BERTH_BAD_ARGUMENT, "devices: \(what)") }
    }
    let profile = try Text.readOptional(record.mig_profile, "devices: mig_profile")
    demand.count = Int(record.gpu_count)
    if record.gpu_count == 0 {
      try needs(
        record.share_milli == 0 && record.memory_mib == 0 && record.link_required == 0 && !isSlice && profile.isEmpty
          && demand.models.isEmpty && !demand.prefersLinks && !demand.nicsBySwitch,
        "without GPUs (gpu_count 0) only NICs can be asked for")
      demand.kind = record.nic_count == 0 ? .none : .nics
    } else if !profile.isEmpty {
      try needs(
        record.gpu_count == 1 && record.share_milli == 0 && record.memory_mib == 0 && !isSlice,
        "a MIG instance is asked for with gpu_count 1, share_milli 0 and memory_mib 0")
      try needs(MachineEntry.isProfile(profile.description), "MIG profile \"\(profile)\" is unknown")
      (demand.kind, demand.profile) = (.instance, profile)
    } else if isSlice {
      try needs(
        record.gpu_count == 1 && record.share_milli == 0 && record.memory_mib == 0,
        "a time slice is asked for with gpu_count 1, share_milli 0 and memory_mib 0")
      demand.kind = .slice
    } else if record.share_milli == 1000 {
      demand.kind = .whole
      demand.milli = 1000
    } else {
      try needs(
        record.gpu_count == 1,
        "share_milli \(record.share_milli) with gpu_count \(record.gpu_count): a share is of one GPU; 1000 is whole")
      try needs(record.share_milli > 0 || record.memory_mib > 0, "a share of nothing: set share_milli or memory_mib")
      demand.kind = .share
      demand.milli = UInt16(record.share_milli)
    }
    try needs(
      demand.kind == .whole || (record.link_required == 0 && !demand.prefersLinks),
      "links are between whole GPUs: link_required and PREFER_LINKS need share_milli 1000")
  }

  /// "G2|V100M32" as ids, ascending.
  func models(in text: UnsafePointer<CChar>?, _ what: String) throws(EngineError) -> [UInt32] {
    let text = try Text.readOptional(text, what)
    guard !text.isEmpty else { return [] }
    var ids = Set<UInt32>()
    for part in text.bytes.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false) {
      let name = Name(Array(part))
      guard let id = modelNames.id(of: name) else {
        throw refuse(
          BERTH_UNKNOWN_ID, "\(what): GPU model \"\(name)\" is unknown: no machine and no berth_gpu_model_set said it")
      }
      ids.insert(UInt32(id))
    }
    return ids.sorted()
  }
}
