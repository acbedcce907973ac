import CBerth

/// The slot indexes of an engine, by class: made when a class is first decided with one, forgotten when memory is short.
/// They are caches: a fork begins without any.
final class SlotIndexes {
  private let cluster: Cluster
  private let search: Search
  private let deviceScorer: DeviceScorer
  private let columns = SlotColumns()
  private let memory = SlotMemory()
  private(set) var indexes: [UInt32: SlotIndex] = [:]
  /// Classes that cannot have one, as long as nothing changes that decides it.
  private var refused: [UInt32: UInt64] = [:]
  private var clock: UInt64 = 0
  private(set) var builds: UInt64 = 0
  /// Of indexes that are gone.
  private var goneEntries: UInt64 = 0
  private var goneGroups: UInt64 = 0

  init(cluster: Cluster, search: Search, deviceScorer: DeviceScorer) {
    self.cluster = cluster
    self.search = search
    self.deviceScorer = deviceScorer
  }

  var count: Int { indexes.count }
  var bytes: Int { columns.bytes + indexes.values.reduce(0) { $0 + $1.bytes } + cluster.log.bytes }
  var entriesRead: UInt64 { indexes.values.reduce(goneEntries) { $0 + $1.entriesRead } }
  var groupsScored: UInt64 { indexes.values.reduce(goneGroups) { $0 + $1.groupsScored } }

  /// What all indexes may take: so much for every node, and something to begin with.
  private var mostBytes: Int { 256 << 20 + cluster.nodes.count << 10 }

  /// The class's index, up to date; nil if it cannot have one.
  @inline(__always)
  func index(_ question: Question, _ version: UInt64, _ asked: () -> AskedClass) -> SlotIndex? {
    clock += 1
    if let index = indexes[question.podClass] {
      if index.version == version && index.catchUp() {
        index.lastUse = clock
        return index
      }
      forget(question.podClass)
    }
    return make(question, version, asked())
  }

  @inline(never)
  private func make(_ question: Question, _ version: UInt64, _ asked: AskedClass) -> SlotIndex? {
    if refused[question.podClass] == version { return nil }
    guard let fresh = build(question, asked) else {
      refused[question.podClass] = version
      return nil
    }
    fresh.version = version
    fresh.lastUse = clock
    indexes[question.podClass] = fresh
    makeRoom(but: question.podClass)
    return fresh
  }

  private func build(_ question: Question, _ asked: AskedClass) -> SlotIndex? {
    cluster.log.keep(4096 + cluster.nodes.count / 8)
    let (resources, scored) = SlotScorer.resources(question.requests, asked.profile, cluster.resources)
    columns.require(resources, scored: scored)
    columns.catchUp(cluster)
    guard
      let scorer = SlotScorer(
        question, asked, cluster: cluster, search: search, deviceScorer: deviceScorer, columns: columns),
      let index = SlotIndex(asked, scorer, columns, cluster, in: memory)
    else { return nil }
    builds += 1
    return index
  }

  /// What terms stand on has changed.
  func forgetAll() {
    for podClass in indexes.keys.sorted() { forget(podClass) }
    refused = [:]
  }

  func forget(_ podClass: UInt32) {
    refused[podClass] = nil
    guard let index = indexes.removeValue(forKey: podClass) else { return }
    goneEntries += index.entriesRead
    goneGroups += index.groupsScored
  }

  /// Forgets the indexes that were not used for longest.
  private func makeRoom(but podClass: UInt32) {
    guard builds & 15 == 0 || indexes.count < 16 else { return }
    var sum = bytes
    guard sum > mostBytes else { return }
    for (other, index) in indexes.sorted(by: { $0.value.lastUse < $1.value.lastUse }) where other != podClass {
      sum -= index.bytes
      forget(other)
      if sum <= mostBytes { return }
    }
  }
}
