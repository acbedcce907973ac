/// Measured usage: reports, and the resources that follow from them, each time anew from the definitions of berth.h.

public struct LoadSpec: Sendable {
  public enum Prediction: CaseIterable, Sendable { case usage, max, request, peak }

  public enum Kind: Sendable {
    case usage(of: String, percent: Int64, standard: Int64, settle: Int64)
    /// Of a usage resource.
    case limit(of: String, threshold: Int64, refusesExpired: Bool)
    case spare(of: String, Prediction, margin: Int64, most: Int64, halfLife: Int64, settle: Int64)
  }

  public var name: String
  public var kind: Kind
  /// nil: never; limits have that of their usage resource.
  public var expiry: Int64?

  public init(_ name: String, _ kind: Kind, expiry: Int64? = nil) {
    self.name = name
    self.kind = kind
    self.expiry = expiry
  }
}

public struct Load: Sendable {
  public struct Report: Sendable {
    public var measuredAt: Int64
    public var usage: [String: Int64]
    /// What it says of pods that were there when it came; nil: it lists none.
    public var pods: [Int: [String: Int64]]?
    /// The listed ones that are not best-effort.
    var guaranteed: Set<Int> = []
    /// By spare resource.
    var peaks: [String: Int64] = [:]

    public init(measuredAt: Int64, usage: [String: Int64], pods: [Int: [String: Int64]]?) {
      self.measuredAt = measuredAt
      self.usage = usage
      self.pods = pods
    }
  }

  /// In the order of declaration.
  public internal(set) var specs: [LoadSpec] = []
  /// By node.
  public internal(set) var reports: [Int: Report] = [:]
  /// Pods of reports that were moved away: nobody's number any more.
  var strangers = 0
  /// By node: what ran there untold when it came.
  var untold: [Int: [String: Int64]] = [:]

  public func spec(_ name: String) -> LoadSpec? { specs.first { $0.name == name } }

  /// What is measured, in the order in which it is first named.
  public var measured: [String] {
    var names: [String] = []
    for spec in specs { if let name = measured(spec), !names.contains(name) { names.append(name) } }
    return names
  }

  /// The measured resource that a load resource is of.
  func measured(_ spec: LoadSpec) -> String? {
    switch spec.kind {
    case .usage(let name, _, _, _), .spare(let name, _, _, _, _, _): return name
    case .limit(let usage, _, _): return measured(self.spec(usage)!)
    }
  }

  func isUsage(_ name: String) -> Bool { if case .usage = spec(name)?.kind { true } else { false } }
  func isLimit(_ name: String) -> Bool { if case .limit = spec(name)?.kind { true } else { false } }
  func isSpare(_ name: String) -> Bool { if case .spare = spec(name)?.kind { true } else { false } }

  /// What a pod holds on its node.
  public func held(_ requests: [String: Int64]) -> [String: Int64] {
    requests.filter { !isUsage($0.key) && !isLimit($0.key) }
  }

  func isBestEffort(_ pod: PodSpec) -> Bool { pod.requests.contains { $0.value > 0 && isSpare($0.key) } }
}

extension Oracle {
  // MARK: Pods

  /// What a pod is estimated to use.
  func estimate(_ usage: LoadSpec, _ pod: PodSpec) -> Int64 {
    guard case .usage(var name, let percent, let standard, _) = usage.kind else { preconditionFailure() }
    if let said = pod.requests[usage.name] { return said }
    if load.isBestEffort(pod),
      let spare = load.specs.first(where: { load.isSpare($0.name) && load.measured($0) == name })
    {
      name = spare.name
    }
    let request = pod.requests[name] ?? 0
    if request == 0 { return standard }
    let share = (Double(request) * Double(percent) / 100).rounded(.toNearestOrAwayFromZero)
    return max(1, min(Int64(share), 1 << 50))
  }

  /// A pod with what it asks of load resources among its requests.
  func asking(_ pod: PodSpec) -> PodSpec {
    var asking = pod
    asking.requests = load.held(pod.requests)
    for spec in load.specs {
      switch spec.kind {
      case .usage: asking.requests[spec.name] = estimate(spec, pod)
      case .limit(let usage, _, _):
        if pod.requests[spec.name] == nil { asking.requests[spec.name] = estimate(load.spec(usage)!, pod) }
      case .spare: break
      }
    }
    return asking
  }

  // MARK: Nodes

  private func isFresh(_ report: Load.Report?, _ spec: LoadSpec) -> Bool {
    guard let report else { return false }
    return spec.expiry.map { now - report.measuredAt < $0 } ?? true
  }

  /// What the report says of a pod: nil, nothing.
  private func said(of pod: Int, _ name: String, _ report: Load.Report?) -> Int64? { report?.pods?[pod]?[name] }

  /// Whether the report cannot have counted a pod in.
  private func isUnseen(_ pod: Int, _ report: Load.Report?, settle: Int64) -> Bool {
    guard let report else { return true }
    if let list = report.pods, list[pod] == nil { return true }
    return pods[pod]!.assignedAt > report.measuredAt - settle
  }

  /// What a node uses with what its pending pods will add.
  func inUse(_ usage: LoadSpec, on node: Int) -> Int64 {
    guard case .usage(let name, _, _, let settle) = usage.kind, let report = load.reports[node] else {
      preconditionFailure()
    }
    var sum = Int128(report.usage[name]!)
    for pod in nodes[node]!.pods where isUnseen(pod, report, settle: settle) {
      sum += Int128(max(0, estimate(usage, pods[pod]!.spec) - (said(of: pod, name, report) ?? 0)))
    }
    return Int64(min(sum, 1 << 61))
  }

  /// The largest amount in use that rounds to at most the threshold.
  func passing(_ threshold: Int64, of allocatable: Int64) -> Int64 {
    var low: Int64 = 0
    var high = 3 * allocatable
    while low < high {
      let middle = (low + high + 1) / 2
      let percent = (Double(middle) / Double(allocatable) * 100).rounded(.toNearestOrAwayFromZero)
      if Int64(percent) <= threshold { low = middle } else { high = middle - 1 }
    }
    return low
  }

  private func share(_ percent: Int64, of allocatable: Int64) -> Int64 {
    Int64(Double(allocatable) * (Double(percent) / 100))
  }

  /// What the node itself uses, beside the pods that are listed.
  private func system(_ name: String, _ report: Load.Report) -> Int128 {
    max(0, (report.pods ?? [:]).values.reduce(Int128(report.usage[name]!)) { $0 - Int128($1[name]!) })
  }

  /// What guaranteed pods are predicted to use of a node.
  private func prediction(_ spare: LoadSpec, on node: Int) -> Int128 {
    guard case .spare(let name, let kind, _, _, _, let settle) = spare.kind else { preconditionFailure() }
    let report = load.reports[node]!
    var sum: Int128 = 0
    switch kind {
    case .request: sum = Int128(load.untold[node]?[name] ?? 0)
    case .peak: sum = Int128(report.peaks[spare.name]!)
    case .usage, .max:
      sum = system(name, report)
      for pod in report.guaranteed where !nodes[node]!.pods.contains(pod) { sum += Int128(report.pods![pod]![name]!) }
    }
    for pod in nodes[node]!.pods where !load.isBestEffort(pods[pod]!.spec) {
      let request = pods[pod]!.spec.requests[name] ?? 0
      if kind == .request {
        sum += Int128(request)
      } else if let usage = said(of: pod, name, report) {
        if kind != .peak { sum += Int128(kind == .max ? max(usage, request) : usage) }
      } else if isUnseen(pod, report, settle: settle) {
        sum += Int128(request)
      }
    }
    return sum
  }

  private func spare(_ spare: LoadSpec, on node: Int) -> Int64 {
    guard case .spare(let name, _, let margin, let most, _, _) = spare.kind else { preconditionFailure() }
    guard isFresh(load.reports[node], spare) else { return 0 }
    let allocatable = nodes[node]!.spec.allocatable[name] ?? 0
    let left = Int128(allocatable - share(margin, of: allocatable)) - prediction(spare, on: node)
    return Int64(max(0, min(left, Int128(share(most, of: allocatable)))))
  }

  /// Capacities with those of load resources.
  public func withLoad(_ allocatable: [String: Int64]) -> [String: Int64] {
    var result = allocatable
    for spec in load.specs {
      let measured = allocatable[load.measured(spec)!] ?? 0
      if measured == 0 { continue }
      if case .limit(_, let threshold, _) = spec.kind {
        result[spec.name] = max(measured, passing(threshold, of: measured))
      } else {
        result[spec.name] = measured
      }
    }
    return result
  }

  /// A node with what it has, and what is in use, of load resources.
  public func node(_ id: Int) -> Node {
    var node = nodes[id]!
    if load.specs.isEmpty { return node }
    node.spec.allocatable = withLoad(node.spec.allocatable)
    let report = load.reports[id]
    for spec in load.specs {
      guard let capacity = node.spec.allocatable[spec.name] else { continue }
      switch spec.kind {
      case .usage: node.used[spec.name] = isFresh(report, spec) ? inUse(spec, on: id) : capacity
      case .limit(let usage, let threshold, let refusesExpired):
        let usage = load.spec(usage)!
        let measured = node.spec.allocatable[load.measured(usage)!]!
        if isFresh(report, usage) {
          node.used[spec.name] = capacity - passing(threshold, of: measured) + inUse(usage, on: id)
        } else {
          node.used[spec.name] = report != nil && refusesExpired ? capacity : 0
        }
      case .spare: node.used[spec.name, default: 0] += capacity - spare(spec, on: id)
      }
    }
    return node
  }

  /// What is read of a node's load.
  public func loadValue(_ name: String, on node: Int) -> Int64 {
    let report = load.reports[node]
    guard let spec = load.spec(name) else { return report?.usage[name] ?? -1 }
    switch spec.kind {
    case .usage: return isFresh(report, spec) ? inUse(spec, on: node) : -1
    case .limit(let usage, _, _): return loadValue(usage, on: node)
    case .spare: return isFresh(report, spec) ? spare(spec, on: node) : -1
    }
  }

  // MARK: Commands

  public mutating func addLoadResource(_ spec: LoadSpec) {
    addResource(spec.name, .other)
    load.specs.append(spec)
  }

  public mutating func takeReport(_ report: Load.Report, on node: Int) {
    let last = load.reports[node]
    if let last, report.measuredAt < last.measuredAt { return }
    var report = report
    report.pods = report.pods?.filter { pods[$0.key] != nil }
    for pod in (report.pods ?? [:]).keys where !load.isBestEffort(pods[pod]!.spec) { report.guaranteed.insert(pod) }
    for spec in load.specs {
      guard case .spare(let name, .peak, _, _, let halfLife, _) = spec.kind else { continue }
      let listed = report.guaranteed.reduce(Int128(0)) { $0 + Int128(report.pods![$1]![name]!) }
      var peak = Int64(min(system(name, report) + listed, 1 << 61))
      if let last {
        let time = report.measuredAt - last.measuredAt
        let halved = time / halfLife > 62 ? 0 : last.peaks[spec.name]! >> (time / halfLife)
        let lost = Int128(halved) * Int128(time % halfLife) / (2 * Int128(halfLife))
        peak = max(peak, halved - Int64(lost))
      }
      report.peaks[spec.name] = peak
    }
    load.reports[node] = report
  }

  public mutating func forgetReport(of node: Int) { load.reports[node] = nil }

  public mutating func setAssigned(_ pod: Int, at time: Int64) {
    if pods[pod]!.node != nil { pods[pod]!.assignedAt = time }
  }
}
