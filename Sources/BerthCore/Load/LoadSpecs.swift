import CBerth

/// The load resources of an engine as they were declared: resources whose quantities the engine derives from measured
/// usage. See the section "Load" of `include/berth.h` for what they mean.
struct LoadSpecs {
  struct Usage {
    var resource: UInt32
    /// Which of the measured resources.
    var measured: Int
    var estimatePercent: Int64
    var defaultEstimate: Int64
    var settle: Int64
    var expiry: Int64
  }
  struct Limit {
    var resource: UInt32
    /// Which of the usage resources.
    var usage: Int
    var threshold: Int64
    var refusesExpired: Bool
  }
  struct Spare {
    var resource: UInt32
    var measured: Int
    var prediction: Prediction
    var marginPercent: Int64
    var mostPercent: Int64
    var halfLife: Int64
    var settle: Int64
    var expiry: Int64
  }
  enum Prediction: UInt32 {
    case usage = 1
    case max, request, peak
  }

  /// Ids of the measured resources, in the order in which they were first named.
  private(set) var measured: [UInt32] = []
  private(set) var usages: [Usage] = []
  private(set) var limits: [Limit] = []
  private(set) var spares: [Spare] = []
  /// In the order of declaration, to take the last one back.
  private var order: [(kind: Int, isFirst: Bool)] = []

  var isEmpty: Bool { order.isEmpty }
  var count: Int { order.count }

  /// The number of a measured resource; a new one gets the next.
  private mutating func number(_ resource: UInt32) -> (number: Int, isFirst: Bool) {
    if let known = measured.firstIndex(of: resource) { return (known, false) }
    measured.append(resource)
    return (measured.count - 1, true)
  }

  mutating func addUsage(_ resource: UInt32, of measured: UInt32, _ record: berth_load_spec) {
    let (number, isFirst) = number(measured)
    usages.append(
      Usage(
        resource: resource, measured: number, estimatePercent: Int64(record.estimate_percent),
        defaultEstimate: record.default_estimate, settle: record.settle_ms, expiry: record.expiry_ms))
    order.append((BERTH_LOAD_USAGE, isFirst))
  }

  mutating func addLimit(_ resource: UInt32, of usage: Int, _ record: berth_load_spec) {
    limits.append(
      Limit(
        resource: resource, usage: usage, threshold: Int64(record.threshold_percent),
        refusesExpired: record.refuse_expired == 1))
    order.append((BERTH_LOAD_LIMIT, false))
  }

  mutating func addSpare(_ resource: UInt32, of measured: UInt32, _ record: berth_load_spec, _ prediction: Prediction) {
    let (number, isFirst) = number(measured)
    spares.append(
      Spare(
        resource: resource, measured: number, prediction: prediction, marginPercent: Int64(record.margin_percent),
        mostPercent: Int64(record.most_percent), halfLife: record.half_life_ms, settle: record.settle_ms,
        expiry: record.expiry_ms))
    order.append((BERTH_LOAD_SPARE, isFirst))
  }

  mutating func removeLast() {
    let (kind, isFirst) = order.removeLast()
    switch kind {
    case BERTH_LOAD_USAGE: usages.removeLast()
    case BERTH_LOAD_LIMIT: limits.removeLast()
    default: spares.removeLast()
    }
    if isFirst { measured.removeLast() }
  }

  func usage(_ resource: UInt32) -> Int? { usages.firstIndex { $0.resource == resource } }
  func limit(_ resource: UInt32) -> Int? { limits.firstIndex { $0.resource == resource } }
  func spare(_ resource: UInt32) -> Int? { spares.firstIndex { $0.resource == resource } }

  func isLoad(_ resource: UInt32) -> Bool {
    usage(resource) != nil || limit(resource) != nil || spare(resource) != nil
  }

  /// The declaration of a load resource; nil if it is none.
  func record(of resource: UInt32) -> berth_load_spec? {
    var record = berth_load_spec()
    record.struct_size = UInt32(MemoryLayout<berth_load_spec>.size)
    if let usage = usages.first(where: { $0.resource == resource }) {
      record.kind = UInt32(BERTH_LOAD_USAGE)
      record.resource = measured[usage.measured]
      record.estimate_percent = UInt32(usage.estimatePercent)
      record.default_estimate = usage.defaultEstimate
      (record.settle_ms, record.expiry_ms) = (usage.settle, usage.expiry)
    } else if let limit = limits.first(where: { $0.resource == resource }) {
      record.kind = UInt32(BERTH_LOAD_LIMIT)
      record.resource = usages[limit.usage].resource
      record.threshold_percent = UInt32(limit.threshold)
      record.refuse_expired = limit.refusesExpired ? 1 : 0
    } else if let spare = spares.first(where: { $0.resource == resource }) {
      record.kind = UInt32(BERTH_LOAD_SPARE)
      record.resource = measured[spare.measured]
      record.prediction = spare.prediction.rawValue
      (record.margin_percent, record.most_percent) = (UInt32(spare.marginPercent), UInt32(spare.mostPercent))
      record.half_life_ms = spare.halfLife
      (record.settle_ms, record.expiry_ms) = (spare.settle, spare.expiry)
    } else {
      return nil
    }
    return record
  }

  /// What a class's asks say of load resources beside what follows from its requests.
  func said(_ asks: UnsafeBufferPointer<Request>) -> [Request] {
    let estimates = asks.filter { $0.kind == .scored && usage($0.resource) != nil }
    return estimates
      + limits.filter { limit in !asks.contains { $0.resource == limit.resource } }
      .map { Request(resource: $0.resource, value: 0, kind: .limited) }
  }

  // MARK: Classes

  /// A class that requests a spare resource is best-effort. `requests` without zeros.
  func isBestEffort(_ requests: [Request]) -> Bool {
    requests.contains { spare($0.resource) != nil }
  }

  /// What a class asks of load resources, beside its requests: an estimate of each usage resource in their order, then
  /// the same of the limits that it is held to. `said`: what its spec says of load resources itself.
  func asks(_ requests: [Request], said: [Request]) -> [Request] {
    let isBestEffort = isBestEffort(requests)
    var estimates: [Int64] = []
    for usage in usages {
      let own = said.first { $0.resource == usage.resource }?.value
      estimates.append(own ?? estimate(usage, requests, isBestEffort))
    }
    var list = zip(usages, estimates).map { Request(resource: $0.resource, value: $1, kind: .scored) }
    for limit in limits where !said.contains(where: { $0.resource == limit.resource }) {
      list.append(Request(resource: limit.resource, value: estimates[limit.usage], kind: .limited))
    }
    return list
  }

  /// Koordinator's estimatedUsedByResource, its float64 steps included; the request is its limit as well.
  private func estimate(_ usage: Usage, _ requests: [Request], _ isBestEffort: Bool) -> Int64 {
    var resource = measured[usage.measured]
    if isBestEffort, let spare = spares.first(where: { $0.measured == usage.measured }) { resource = spare.resource }
    guard let request = requests.first(where: { $0.resource == resource })?.value else { return usage.defaultEstimate }
    let scaled = (Double(request) * Double(usage.estimatePercent) / 100).rounded(.toNearestOrAwayFromZero)
    return min(max(1, Int64(scaled)), Int64(BERTH_MAX_QUANTITY))
  }

  // MARK: Nodes

  /// The largest amount in use that passes a threshold: round(in use / allocatable x 100) <= threshold in Koordinator's
  /// float64 steps (filterNodeUsage). Each of them is monotone, and together they are off by less than one unit.
  static func largestPassing(_ threshold: Int64, of allocatable: Int64) -> Int64 {
    func passes(_ inUse: Int64) -> Bool {
      (Double(inUse) / Double(allocatable) * 100).rounded(.toNearestOrAwayFromZero) <= Double(threshold)
    }
    // the real number's border is (threshold + 1/2) / 100
    var border = Int64(Double(allocatable) * Double(2 * threshold + 1) / 200)
    while passes(border + 1) { border += 1 }
    while !passes(border) { border -= 1 }
    return border
  }

  /// No limit's allocatable is larger than so many times what it limits.
  static let mostOfLimit: Int64 = 2

  /// Koordinator's MultiplyQuant: a percentage, rounded down after its float64 steps.
  static func share(_ percent: Int64, of allocatable: Int64) -> Int64 {
    Int64(Double(allocatable) * (Double(percent) / 100))
  }

  /// Gives a node the load resources that belong to what it has, as they are while it has not reported. `list` has none
  /// of them yet, but for spare resources in use.
  func extend(_ list: inout ResourceList) {
    for usage in usages {
      let allocatable = list.capacity(of: measured[usage.measured])
      if allocatable > 0 { list.add(usage.resource, capacity: allocatable, used: allocatable) }
    }
    for limit in limits {
      let allocatable = list.capacity(of: measured[usages[limit.usage].measured])
      guard allocatable > 0 else { continue }
      let passing = Self.largestPassing(limit.threshold, of: allocatable)
      list.add(limit.resource, capacity: max(allocatable, passing), used: 0)
    }
    for spare in spares {
      let allocatable = list.capacity(of: measured[spare.measured])
      if allocatable > 0 { list.add(spare.resource, capacity: allocatable, used: allocatable) }
    }
  }

  /// How many load resources a node gets by having a resource.
  func count(on resource: UInt32) -> Int {
    guard let number = measured.firstIndex(of: resource) else { return 0 }
    return usages.count { $0.measured == number } + spares.count { $0.measured == number }
      + limits.count { usages[$0.usage].measured == number }
  }
}
