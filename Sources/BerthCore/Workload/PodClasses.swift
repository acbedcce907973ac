import BerthMemory
import CBerth

/// Pod classes: distinct specs, interned. What is static about a class (where it may go) is a filter, shared by all
/// classes that say the same.
struct PodClasses {
  struct PodClass {
    var firstRequest: UInt32
    var requestCount: UInt32
    var profile: UInt32
    var filter: UInt32
    var priority: Int32
    /// Its `PodTraits`; 0: plain ones.
    var traits: UInt32
    /// The images of its containers; 0: none.
    var images: UInt32
    /// Its demand for devices; 0: none.
    var devices: UInt32
    /// What it asks of load resources, and what counts in its own scores otherwise than it is held, follows its requests.
    var askCount: UInt16
    var isBestEffort: Bool
    /// Its own constraints are about other pods.
    var isConstrained: Bool
  }

  /// A class before it has an id.
  struct Spec {
    /// What the pod holds, ascending by resource, without zeros.
    var requests: [Request]
    /// What it asks beside.
    var asks: [Request]
    var isBestEffort: Bool
    var profile: UInt32
    var priority: Int32
    var placeability: Placeability
    var traits: UInt32
    var isConstrained: Bool
    /// One for each container, sorted.
    var images: [Name]
    var devices: UInt32
    /// Its profile scores devices.
    var scoresDevices: Bool
  }
  private struct Key: Hashable {
    var requests: [UInt64]
    var profile: UInt32
    var filter: UInt32
    var priority: Int32
    var traits: UInt32
    var images: UInt32
    var devices: UInt32
  }

  private(set) var records: PagedColumn<PodClass>
  private var requests: PagedColumn<Request>  // those of a class stand in one page
  private var ids: [Key: UInt32] = [:]
  private(set) var filters: [Filter] = []
  private var filterIDs: [Placeability: UInt32] = [:]
  private var imageLists = Registry<[Name]>([[]])
  /// Some class has constraints on other pods, images, or is about devices.
  private(set) var hasSpecial = false

  init(in arena: Arena) {
    records = PagedColumn(in: arena)
    requests = PagedColumn(in: arena)
  }

  /// Filters are shared, too, until one of them has to be brought up to date.
  func fork() -> PodClasses {
    var fork = self
    fork.records = records.fork()
    fork.requests = requests.fork()
    return fork
  }

  var storage: [any SharedStorage] { [records, requests] }

  /// Brings a filter up to date with the pools.
  @inline(__always)
  mutating func refresh(filter: Int, _ catalog: NodeCatalog) {
    if !filters[filter].isCurrent(catalog) { extend(filter, catalog) }
  }

  @inline(never)
  private mutating func extend(_ filter: Int, _ catalog: NodeCatalog) {
    if !isKnownUniquelyReferenced(&filters[filter]) { filters[filter] = Filter(copying: filters[filter]) }
    filters[filter].extend(catalog)
  }

  var count: Int { records.count }
  /// Columns exactly; the interning tables as their keys' sizes.
  var bytes: Int { records.bytes + requests.bytes + count * 64 + filters.reduce(0) { $0 + $1.bytes } }

  /// What came into being with a new class.
  struct Made {
    var filter: Bool
  }

  /// The class's id, and what it takes to take it back if it is a new one; nil when there are too many.
  mutating func intern(_ spec: Spec) -> (id: UInt32, made: Made?)? {
    let filter = filterIDs[spec.placeability] ?? UInt32(filters.count)
    let list = spec.requests + spec.asks
    let images = UInt32(imageLists.intern(spec.images))
    let key = Key(
      requests: Self.cells(list), profile: spec.profile, filter: filter, priority: spec.priority, traits: spec.traits,
      images: images, devices: spec.devices)
    if let id = ids[key] { return (id, nil) }
    guard count < Int(BERTH_MAX_CLASSES) else { return nil }
    let made = Made(filter: filter == UInt32(filters.count))
    if made.filter {
      filters.append(Filter(spec.placeability))
      filterIDs[spec.placeability] = filter
    }
    let id = UInt32(records.count)
    let first = list.withUnsafeBufferPointer { requests.append(contentsOf: $0) }
    records.append(
      PodClass(
        firstRequest: UInt32(first), requestCount: UInt32(spec.requests.count), profile: spec.profile, filter: filter,
        priority: spec.priority, traits: spec.traits, images: images, devices: spec.devices,
        askCount: UInt16(spec.asks.count),
        isBestEffort: spec.isBestEffort, isConstrained: spec.isConstrained))
    if spec.isConstrained || images != 0 || spec.devices != 0 || spec.scoresDevices { hasSpecial = true }
    ids[key] = id
    return (id, made)
  }

  private static func cells(_ list: some Sequence<Request>) -> [UInt64] {
    list.flatMap { [UInt64($0.resource) << 8 | UInt64($0.kind.rawValue), UInt64($0.value)] }
  }

  /// Takes back the last class.
  mutating func removeLast(_ made: Made) {
    let record = records[records.count - 1]
    let key = Key(
      requests: Self.cells(asks(UInt32(records.count - 1))), profile: record.profile, filter: record.filter,
      priority: record.priority, traits: record.traits, images: record.images, devices: record.devices)
    ids[key] = nil
    requests.removeLast(Int(record.requestCount) + Int(record.askCount))
    records.removeLast()
    if made.filter { filterIDs[filters.removeLast().placeability] = nil }
  }

  /// The images of a class's containers.
  func images(_ record: PodClass) -> [Name] { imageLists.values[Int(record.images)] }

  /// What a pod of the class holds on its node.
  @inline(__always)
  func requests(_ podClass: UInt32) -> UnsafeBufferPointer<Request> {
    let record = records[Int(podClass)]
    guard record.requestCount > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(start: requests.pointer(Int(record.firstRequest)), count: Int(record.requestCount))
  }

  /// What decides where a pod of the class goes: its requests, and what it asks of load resources behind them.
  @inline(__always)
  func asks(_ podClass: UInt32) -> UnsafeBufferPointer<Request> {
    let record = records[Int(podClass)]
    let count = Int(record.requestCount) + Int(record.askCount)
    guard count > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(start: requests.pointer(Int(record.firstRequest)), count: count)
  }
}
