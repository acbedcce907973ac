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
    /// What it asks of load resources follows its requests.
    var askCount: UInt16
    var isBestEffort: Bool
  }
  private struct Key: Hashable {
    var requests: [UInt64]
    var profile: UInt32
    var filter: UInt32
    var priority: Int32
  }

  private(set) var records: PagedColumn<PodClass>
  private var requests: PagedColumn<Request>  // those of a class stand in one page
  private var ids: [Key: UInt32] = [:]
  private(set) var filters: [Filter] = []
  private var filterIDs: [Placeability: UInt32] = [:]

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

  /// The class's id, and what it takes to take it back if it is a new one; nil when there are too many. `list` ascending
  /// by resource, without zeros. `asks`: what it asks of load resources beside.
  mutating func intern(
    _ list: [Request], asks: [Request], isBestEffort: Bool, profile: UInt32, priority: Int32, placeability: Placeability
  ) -> (id: UInt32, made: Made?)? {
    let filter = filterIDs[placeability] ?? UInt32(filters.count)
    let key = Key(
      requests: (list + asks).flatMap { [UInt64($0.resource), UInt64($0.value)] }, profile: profile, filter: filter,
      priority: priority)
    if let id = ids[key] { return (id, nil) }
    guard count < Int(BERTH_MAX_CLASSES) else { return nil }
    let made = Made(filter: filter == UInt32(filters.count))
    if made.filter {
      filters.append(Filter(placeability))
      filterIDs[placeability] = filter
    }
    let id = UInt32(records.count)
    let first = (list + asks).withUnsafeBufferPointer { requests.append(contentsOf: $0) }
    records.append(
      PodClass(
        firstRequest: UInt32(first), requestCount: UInt32(list.count), profile: profile, filter: filter,
        priority: priority, askCount: UInt16(asks.count), isBestEffort: isBestEffort))
    ids[key] = id
    return (id, made)
  }

  /// Takes back the last class.
  mutating func removeLast(_ made: Made) {
    let record = records[records.count - 1]
    let key = Key(
      requests: asks(UInt32(records.count - 1)).flatMap { [UInt64($0.resource), UInt64($0.value)] },
      profile: record.profile, filter: record.filter, priority: record.priority)
    ids[key] = nil
    requests.removeLast(Int(record.requestCount) + Int(record.askCount))
    records.removeLast()
    if made.filter { filterIDs[filters.removeLast().placeability] = nil }
  }

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
