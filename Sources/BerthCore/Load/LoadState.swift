import BerthMemory
import CBerth

/// What is known of measured usage: the last report of each node, and what of it concerns which pod. All of it belongs
/// to node and pod indices, never to slots. Empty, and never looked at, while no load resource is declared.
///
/// The quantities of load resources on a node (in its row) are functions of this state and of the time, see
/// `Engine.setLoad`. The sums below change with pods; everything else changes with reports alone.
struct LoadState {
  /// The last report of a node.
  struct Report {
    /// -1: none.
    var measuredAt: Int64 = -1
    var flags: UInt32 = 0
    var reserved: UInt32 = 0
    var exists: Bool { measuredAt >= 0 }
    var listsPods: Bool { flags & UInt32(BERTH_LOAD_LISTS_PODS) != 0 }

    /// Koordinator's isNodeMetricExpired.
    @inline(__always)
    func isFresh(_ expiry: Int64, at now: Int64) -> Bool {
      exists && (expiry == BERTH_NEVER || now - measuredAt < expiry)
    }
  }
  /// A pod on its node, in the node's chain. Links are pod index + 1, 0: none.
  struct Pod {
    var assignedAt: Int64
    var next: UInt32
    var previous: UInt32
  }

  var specs = LoadSpecs()
  private(set) var isOn = false
  private(set) var reports: PagedColumn<Report>
  /// By node: the first pod of its chain, as a link.
  private(set) var firstPods: PagedColumn<UInt32>
  /// [node][amount]: see `Amounts`.
  private(set) var amounts: PagedColumn<Int64>
  /// [node][sum]: sums over pods, which 64 bits need not hold; see `Sums`.
  private(set) var sums: PagedColumn<Int128>
  private(set) var pods: PagedColumn<Pod>
  /// [pod][measured]: what the report says of a pod; -1: nothing.
  private(set) var podUsage: PagedColumn<Int64>
  var deadlines: Deadlines
  private(set) var layout = Layout()

  /// Where what stands in a node's rows of `amounts` and `sums`.
  struct Layout {
    fileprivate(set) var measured = 0
    fileprivate(set) var amountCount = 0
    fileprivate(set) var sumCount = 0
    fileprivate var limits = 0
    fileprivate var spares = 0
    fileprivate var usages = 0

    init() {}
    init(_ specs: LoadSpecs) {
      measured = specs.measured.count
      limits = specs.limits.count
      spares = specs.spares.count
      usages = specs.usages.count
      amountCount = measured + limits + 2 * spares
      sumCount = usages + spares + measured
    }
    /// What the report says the node uses.
    @inline(__always) func usage(_ measured: Int) -> Int { measured }
    /// What a limit's allocatable exceeds the largest amount in use by that passes.
    @inline(__always) func reserve(_ limit: Int) -> Int { measured + limit }
    /// What of a spare resource's use on the node is not best-effort pods' requests.
    @inline(__always) func withheld(_ spare: Int) -> Int { measured + limits + spare }
    /// PEAK: the peak of what was measured; REQUEST: what runs on the node untold.
    @inline(__always) func past(_ spare: Int) -> Int { measured + limits + spares + spare }

    /// What a node's pending pods are estimated to add.
    @inline(__always) func pending(_ usage: Int) -> Int { usage }
    /// What a node's guaranteed pods are predicted to use.
    @inline(__always) func guaranteed(_ spare: Int) -> Int { usages + spare }
    /// What the report says is used by none of the node's listed pods, or by guaranteed ones that have left.
    @inline(__always) func background(_ measured: Int) -> Int { usages + spares + measured }
  }

  init(in arena: Arena) {
    reports = PagedColumn(in: arena)
    firstPods = PagedColumn(in: arena)
    amounts = PagedColumn(in: arena)
    sums = PagedColumn(in: arena)
    pods = PagedColumn(in: arena)
    podUsage = PagedColumn(in: arena)
    deadlines = Deadlines(in: arena)
  }

  func fork() -> LoadState {
    var fork = self
    fork.reports = reports.fork()
    fork.firstPods = firstPods.fork()
    fork.amounts = amounts.fork()
    fork.sums = sums.fork()
    fork.pods = pods.fork()
    fork.podUsage = podUsage.fork()
    fork.deadlines = deadlines.fork()
    return fork
  }

  var storage: [any SharedStorage] {
    [reports, firstPods, amounts, sums, pods, podUsage] + deadlines.storage
  }

  /// After a load resource was declared, or that was taken back; there are no nodes then.
  mutating func specsChanged() {
    isOn = !specs.isEmpty
    layout = Layout(specs)
    reports.clear()
    firstPods.clear()
    amounts.clear()
    sums.clear()
    pods.clear()
    podUsage.clear()
    deadlines.clear()
  }

  // MARK: Nodes

  /// Room for node indices below `count`; new ones are as `clear` leaves them.
  mutating func reserveNodes(_ count: Int) {
    let old = reports.count
    guard count > old else { return }
    reports.grow(to: count)
    firstPods.grow(to: count)
    amounts.grow(to: count * layout.amountCount)
    sums.grow(to: count * layout.sumCount)
    deadlines.reserveNodes(count)
    for node in old..<count { reports[node] = Report() }
  }

  @inline(__always) func amount(_ node: UInt32, _ place: Int) -> Int64 {
    amounts[Int(node) * layout.amountCount + place]
  }
  @inline(__always) func setAmount(_ node: UInt32, _ place: Int, _ value: Int64) {
    amounts[Int(node) * layout.amountCount + place] = value
  }
  @inline(__always) func sum(_ node: UInt32, _ place: Int) -> Int128 { sums[Int(node) * layout.sumCount + place] }
  @inline(__always) func setSum(_ node: UInt32, _ place: Int, _ value: Int128) {
    sums[Int(node) * layout.sumCount + place] = value
  }
  @inline(__always) func add(_ value: Int128, to node: UInt32, _ place: Int) {
    sums[Int(node) * layout.sumCount + place] += value
  }
  func setReport(_ node: UInt32, _ report: Report) { reports[Int(node)] = report }

  /// All that is kept of a node, apart from its pods.
  struct NodeRecord {
    fileprivate var report: Report
    fileprivate var amounts: [Int64]
    fileprivate var sums: [Int128]
  }

  func record(of node: UInt32) -> NodeRecord {
    NodeRecord(
      report: reports[Int(node)], amounts: (0..<layout.amountCount).map { amount(node, $0) },
      sums: (0..<layout.sumCount).map { sum(node, $0) })
  }

  /// What is withheld goes with the node's row: it is restored only if that is.
  func restore(_ node: UInt32, _ record: NodeRecord, withRow: Bool) {
    reports[Int(node)] = record.report
    let withheld = layout.withheld(0)..<layout.withheld(specs.spares.count)
    for (place, value) in record.amounts.enumerated() where withRow || !withheld.contains(place) {
      setAmount(node, place, value)
    }
    for (place, value) in record.sums.enumerated() { setSum(node, place, value) }
  }

  /// As if the node had never been there.
  func clear(_ node: UInt32) {
    reports[Int(node)] = Report()
    for place in 0..<layout.amountCount { setAmount(node, place, 0) }
    for place in 0..<layout.sumCount { setSum(node, place, 0) }
  }

  /// As if the node had never reported.
  func forget(_ node: UInt32) {
    reports[Int(node)] = Report()
    forgetPods(on: node)
    for measured in 0..<layout.measured {
      setAmount(node, layout.usage(measured), 0)
      setSum(node, layout.background(measured), 0)
    }
    for (index, spare) in specs.spares.enumerated() where spare.prediction == .peak {
      setAmount(node, layout.past(index), 0)
    }
  }

  /// As if no report had said anything of a node's pods.
  func forgetPods(on node: UInt32) {
    forEachPod(on: node) { pod in
      for measured in 0..<layout.measured { setUsage(ofPod: pod, measured, -1) }
    }
  }

  // MARK: Pods

  mutating func reservePods(_ count: Int) {
    guard count > pods.count else { return }
    pods.grow(to: count)
    podUsage.grow(to: count * layout.measured)
  }

  @inline(__always) func usage(ofPod pod: UInt32, _ measured: Int) -> Int64 {
    podUsage[Int(pod) * layout.measured + measured]
  }
  @inline(__always) func setUsage(ofPod pod: UInt32, _ measured: Int, _ value: Int64) {
    podUsage[Int(pod) * layout.measured + measured] = value
  }
  /// Whether the report says something of a pod.
  @inline(__always) func isListed(_ pod: UInt32) -> Bool { usage(ofPod: pod, 0) >= 0 }

  func setAssigned(_ pod: UInt32, at time: Int64) {
    pods.ownedPointer(Int(pod)).pointee.assignedAt = time
  }

  /// Puts a pod of which no report says anything into its node's chain.
  @inline(__always)
  func link(_ pod: UInt32, to node: UInt32, assignedAt: Int64) {
    let first = firstPods[Int(node)]
    pods[Int(pod)] = Pod(assignedAt: assignedAt, next: first, previous: 0)
    if first != 0 { setPrevious(first - 1, pod + 1) }
    firstPods[Int(node)] = pod + 1
    for measured in 0..<layout.measured { setUsage(ofPod: pod, measured, -1) }
  }

  @inline(__always)
  func unlink(_ pod: UInt32, from node: UInt32) {
    let cell = pods[Int(pod)]
    if cell.previous == 0 { firstPods[Int(node)] = cell.next } else { setNext(cell.previous - 1, cell.next) }
    if cell.next != 0 { setPrevious(cell.next - 1, cell.previous) }
  }

  @inline(__always) private func setNext(_ pod: UInt32, _ link: UInt32) {
    pods.ownedPointer(Int(pod)).pointee.next = link
  }
  @inline(__always) private func setPrevious(_ pod: UInt32, _ link: UInt32) {
    pods.ownedPointer(Int(pod)).pointee.previous = link
  }

  /// What is kept of a pod, apart from its place in the chain.
  struct PodRecord {
    let pod: UInt32
    fileprivate let assignedAt: Int64
    fileprivate let usage: [Int64]
  }

  func podRecord(_ pod: UInt32) -> PodRecord {
    PodRecord(
      pod: pod, assignedAt: pods[Int(pod)].assignedAt, usage: (0..<layout.measured).map { usage(ofPod: pod, $0) })
  }

  /// Links a pod again, with what was known of it.
  func relink(_ record: PodRecord, to node: UInt32) {
    link(record.pod, to: node, assignedAt: record.assignedAt)
    setUsage(record)
  }

  func setUsage(_ record: PodRecord) {
    for (measured, value) in record.usage.enumerated() { setUsage(ofPod: record.pod, measured, value) }
  }

  /// The pods of a node, in no particular order.
  @inline(__always)
  func forEachPod(on node: UInt32, _ body: (UInt32) -> Void) {
    var link = firstPods[Int(node)]
    while link != 0 {
      let next = pods[Int(link - 1)].next
      body(link - 1)
      link = next
    }
  }
}
