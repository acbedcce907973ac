import CBerth
import Testing

@testable import Berth

let ok = berth_status(BERTH_OK)

/// A C string for the rest of the process: tests put it into records.
func c(_ text: String) -> UnsafePointer<CChar> { c(bytes: Array(text.utf8)) }

func c(bytes: [UInt8]) -> UnsafePointer<CChar> {
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
  for (i, byte) in bytes.enumerated() { copy[i] = CChar(bitPattern: byte) }
  copy[bytes.count] = 0
  return UnsafePointer(copy)
}

/// An array of the caller for the rest of the process.
func list<T>(_ elements: [T]) -> UnsafePointer<T> {
  let copy = UnsafeMutablePointer<T>.allocate(capacity: max(elements.count, 1))
  copy.initialize(from: elements, count: elements.count)
  return UnsafePointer(copy)
}

func lastError(_ engine: OpaquePointer?) -> String {
  var text = [CChar](repeating: 1, count: 4096)
  var length = 0
  guard berth_engine_last_error(engine, &text, text.count, &length) == ok else { return "" }
  return String(decoding: text.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A host with a small cluster, seen through the C functions only: two zones, three resources, six nodes with labels
/// and a taint, two profiles, three classes, and pods in every state.
final class Host {
  var engine: OpaquePointer?
  var cpu: berth_resource_id = 0
  var memory: berth_resource_id = 0
  var gpu: berth_resource_id = 0
  /// What cpu is measured to be used, its limit, and what is spare of it; only in a host with load.
  var usage: berth_resource_id = 0
  var limit: berth_resource_id = 0
  var spare: berth_resource_id = 0
  /// What counts but refuses nothing, pods of app "web", and a node's images; only in a host with constraints.
  var counted: berth_resource_id = 0
  var selector: berth_selector_id = 0
  var images: berth_image_set_id = 0
  var zones: [berth_domain_id] = []
  var labels: berth_label_set_id = 0
  var taints: berth_taint_set_id = 0
  var nodes = [berth_node_id](repeating: 0, count: 6)
  var goneNode: berth_node_id = 0
  var profiles: [berth_profile_id] = []
  var classes: [berth_class_id] = []
  var assumed: berth_pod_id = 0
  var bound: berth_pod_id = 0
  var gonePod: berth_pod_id = 0

  /// Where results go that must not be written: bytes of `poison` before and after a refused call.
  let results: UnsafeMutableRawPointer
  static let resultBytes = 4096
  static let poison: UInt8 = 0xA5

  /// The digest that a refused call must leave as it is.
  private(set) var moment: UInt64 = 0

  init(hasLoad: Bool = false, hasConstraints: Bool = false) {
    results = UnsafeMutableRawPointer.allocate(byteCount: Host.resultBytes, alignment: 16)
    poisonResults()
    var options = berth_engine_options()
    berth_engine_options_init(&options)
    options.level_count = 1
    options.level_keys = list([c("topology.kubernetes.io/zone")])
    must(berth_engine_create(&options, &engine))
    must(berth_resource_add(engine, "cpu", UInt32(BERTH_RESOURCE_CPU), &cpu))
    must(berth_resource_add(engine, "memory", UInt32(BERTH_RESOURCE_MEMORY), &memory))
    must(berth_resource_add(engine, "nvidia.com/gpu", UInt32(BERTH_RESOURCE_GPU), &gpu))
    if hasLoad { addLoad() }
    if hasConstraints {
      must(berth_resource_add(engine, "cpu counted", UInt32(BERTH_RESOURCE_COUNTED), &counted))
    }
    zones = ["a", "b"].map { name in
      var zone: berth_domain_id = 0
      must(berth_domain_add(engine, UInt32(BERTH_ROOT_DOMAIN), name, &zone))
      return zone
    }
    must(berth_label_set_intern(engine, [berth_label(key: c("disk"), value: c("ssd"))], 1, &labels))
    let taint = berth_taint(
      key: c("dedicated"), value: nil, effect: UInt32(BERTH_EFFECT_PREFER_NO_SCHEDULE), reserved: 0)
    must(berth_taint_set_intern(engine, [taint], 1, &taints))
    addNodes()
    addClasses()
    if hasConstraints { addConstraints() }
    runPods()
    keepMoment()
  }

  deinit {
    _ = berth_engine_destroy(engine)
    results.deallocate()
  }

  func must(_ status: berth_status, _ at: SourceLocation = #_sourceLocation) {
    #expect(status == ok, "\(String(cString: berth_status_name(status))): \(lastError(engine))", sourceLocation: at)
  }

  /// What comes before the call that is looked at.
  func keepMoment() { moment = digest() }

  func digest() -> UInt64 {
    var digest: UInt64 = 0
    must(berth_engine_digest(engine, &digest))
    return digest
  }

  /// More resource names, of no kind.
  func addResources(_ count: Int) -> [berth_resource_id] {
    let ids = (0..<count).map { i in
      var id: berth_resource_id = 0
      must(berth_resource_add(engine, "extra-\(i)", 0, &id))
      return id
    }
    keepMoment()
    return ids
  }

  // MARK: Records

  func row(_ zone: Int = 0, labels: UInt32 = 0, taints: UInt32 = 0) -> berth_node {
    berth_node(domain: zones[zone], labels: labels, taints: taints, flags: 0, tie_key: 0, images: 0, price: 0)
  }

  /// A correct batch of `rows` with cpu and memory; cases spoil one thing of it.
  func batch(_ rows: [berth_node], names: [String?]? = nil) -> berth_node_batch {
    var batch = berth_node_batch()
    berth_node_batch_init(&batch)
    batch.count = rows.count
    batch.nodes = list(rows)
    batch.resource_count = 2
    batch.resources = list([cpu, memory])
    batch.allocatable = list(rows.indices.flatMap { [8000 + 1000 * Int64($0 % 2), 32768] })
    if let names { batch.names = list(names.map { $0.map { c($0) } }) }
    return batch
  }

  /// A correct spec that asks for cpu and memory.
  func spec(cpu millicores: Int64 = 1000, profile: Int = 0) -> berth_pod_spec {
    var spec = berth_pod_spec()
    berth_pod_spec_init(&spec)
    spec.profile = profiles[profile]
    spec.request_count = 2
    spec.requests = list([
      berth_quantity(resource: cpu, reserved: 0, value: millicores),
      berth_quantity(resource: memory, reserved: 0, value: 2048),
    ])
    return spec
  }

  func term(_ kind: Int, weight: Double = 1) -> berth_term {
    berth_term(
      kind: UInt32(kind), resource_count: 0, point_count: 0, hard_pod_affinity_weight: 0, flags: 0, weight: weight,
      resources: nil, points: nil)
  }

  /// A correct load resource; cases spoil one thing of it.
  func loadSpec(_ kind: Int, of resource: berth_resource_id) -> berth_load_spec {
    var spec = berth_load_spec()
    berth_load_spec_init(&spec)
    spec.kind = UInt32(kind)
    spec.resource = resource
    return spec
  }

  func report(_ node: Int, pods: UInt32 = 0) -> berth_load_report {
    berth_load_report(
      node: nodes[node], measured_at_ms: 0, flags: pods == 0 ? 0 : UInt32(BERTH_LOAD_LISTS_PODS), pod_count: pods)
  }

  /// A correct batch of reports of cpu.
  func loadBatch(_ reports: [berth_load_report], pods: [UInt64] = []) -> berth_load_batch {
    var batch = berth_load_batch()
    berth_load_batch_init(&batch)
    batch.count = reports.count
    batch.reports = list(reports)
    batch.resource_count = 1
    batch.resources = list([cpu])
    batch.usage = list(reports.map { _ in 3000 })
    batch.pod_count = pods.count
    batch.pods = list(pods)
    batch.pod_usage = list(pods.map { _ in 100 })
    return batch
  }

  // MARK: The cluster

  private func addLoad() {
    var spec = loadSpec(BERTH_LOAD_USAGE, of: cpu)
    must(berth_load_resource_add(engine, "cpu usage", &spec, &usage))
    spec = loadSpec(BERTH_LOAD_LIMIT, of: usage)
    must(berth_load_resource_add(engine, "cpu limit", &spec, &limit))
    spec = loadSpec(BERTH_LOAD_SPARE, of: cpu)
    must(berth_load_resource_add(engine, "spare cpu", &spec, &spare))
  }

  private func addNodes() {
    let rows = (0..<6).map { row($0 / 3, labels: $0 % 2 == 0 ? labels : 0, taints: $0 == 5 ? taints : 0) }
    var batch = batch(rows, names: ["n0", "n1", nil, "n3", "n4", nil])
    must(berth_nodes_add(engine, &batch, &nodes))
    var extra = self.batch([row()], names: ["gone"])
    must(berth_nodes_add(engine, &extra, &goneNode))
    must(berth_nodes_remove(engine, &goneNode, 1))
  }

  private func addClasses() {
    for (name, terms) in [
      ("packing", [term(Int(BERTH_TERM_BINPACK))]),
      ("kube", [term(Int(BERTH_TERM_LEAST_ALLOCATED)), term(Int(BERTH_TERM_BALANCED_ALLOCATION))]),
    ] {
      var profile: berth_profile_id = 0
      must(berth_profile_add(engine, name, terms, terms.count, &profile))
      profiles.append(profile)
    }
    var selective = spec(cpu: 500)
    selective.node_selector_count = 1
    selective.node_selector = list([berth_label(key: c("disk"), value: c("ssd"))])
    for var spec in [spec(), spec(cpu: 1500, profile: 1), selective] {
      var id: berth_class_id = 0
      must(berth_class_intern(engine, &spec, &id))
      classes.append(id)
    }
  }

  private func runPods() {
    var placements = [berth_placement](repeating: berth_placement(), count: 4)
    must(berth_pods_place(engine, [classes[0], classes[1], classes[2], classes[0]], 4, 0, &placements))
    assumed = placements[0].pod
    gonePod = placements[1].pod
    must(berth_pods_confirm(engine, [placements[2].pod], 1))
    bound = placements[2].pod
    must(berth_pods_release(engine, &gonePod, 1))
  }

  // MARK: Results and state

  func poisonResults() { results.initializeMemory(as: UInt8.self, repeating: Host.poison, count: Host.resultBytes) }

  func resultsAreUntouched() -> Bool {
    UnsafeRawBufferPointer(start: results, count: Host.resultBytes).dropFirst(4).allSatisfy { $0 == Host.poison }
  }

  /// A place for results.
  func out<T>(_ type: T.Type, at offset: Int = 16) -> UnsafeMutablePointer<T> {
    (results + offset).assumingMemoryBound(to: type)
  }

  /// A place for a struct whose first four bytes the caller sets to its size.
  func sized<T>(_ type: T.Type, _ size: Int) -> UnsafeMutablePointer<T> {
    results.storeBytes(of: UInt32(size), as: UInt32.self)
    return results.assumingMemoryBound(to: type)
  }

  /// Everything a caller can see of the state, and the next decision of every class.
  func state() -> [String] {
    var seen: [String] = []
    var info = berth_engine_info()
    info.struct_size = UInt32(MemoryLayout<berth_engine_info>.size)
    must(berth_engine_read_info(engine, &info))
    seen.append("nodes \(info.nodes) pods \(info.pods) classes \(info.classes)")
    var ids = [berth_node_id](repeating: 0, count: 16)
    var count = 0
    must(berth_nodes_list(engine, 0, 16, &ids, &count))
    var states = [berth_node_state](repeating: berth_node_state(), count: count)
    var allocatable = [Int64](repeating: 0, count: 3 * count)
    var requested = allocatable
    must(
      berth_nodes_read(engine, ids, count, [cpu, memory, gpu], 3, &states, &allocatable, &requested))
    seen += states.map { "\($0)" }
    seen.append("\(allocatable) \(requested)")
    var pods = [berth_pod_state](repeating: berth_pod_state(), count: 2)
    must(berth_pods_read(engine, [assumed, bound], 2, &pods))
    seen += pods.map { "\($0)" }
    if usage != 0 {
      var loads = [berth_load_state](repeating: berth_load_state(), count: count)
      var values = [Int64](repeating: 0, count: 4 * count)
      must(berth_load_read(engine, ids, count, [cpu, usage, limit, spare], 4, &loads, &values))
      seen += loads.map { "\($0)" } + ["\(values)"]
    }
    for podClass in classes {
      var message = [CChar](repeating: 0, count: 512)
      must(berth_class_message(engine, podClass, &message, message.count, nil))
      seen.append(String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    let asked = classes + classes.reversed() + classes
    var placements = [berth_placement](repeating: berth_placement(), count: asked.count)
    must(berth_pods_place(engine, asked, asked.count, UInt32(BERTH_PLACE_DRY_RUN), &placements))
    return seen + placements.map { "\($0)" }
  }
}
