/// The offers of classes that come in gangs: made when a class first does, forgotten when memory is short. They are
/// caches: a fork begins without any.
final class OfferTables {
  private let cluster: Cluster
  private let deviceScorer: DeviceScorer
  let order = DomainOrder()
  let pool = OfferMemoryPool()
  private var tables: [UInt32: Offers] = [:]
  private var clock: UInt64 = 0
  private(set) var builds: UInt64 = 0

  init(cluster: Cluster, deviceScorer: DeviceScorer) {
    self.cluster = cluster
    self.deviceScorer = deviceScorer
  }

  var count: Int { tables.count }
  var bytes: Int { order.bytes + pool.bytes + tables.values.reduce(0) { $0 + $1.bytes } }

  /// What all of them may take: a class takes 2 bytes a node and more for its domains.
  private var mostBytes: Int { (32 << 20) + cluster.nodes.count * 64 }

  /// The class's offers as they are now. `version` rises with what the class asks of devices and other pods.
  func offers(_ workload: Workload, _ podClass: UInt32, _ version: UInt64, _ asked: () -> AskedClass) -> Offers {
    clock += 1
    order.refresh(cluster)
    if let table = tables[podClass], table.version == version, table.catchUp() {
      table.lastUse = clock
      return table
    }
    return make(workload, podClass, version, asked)
  }

  @inline(never)
  private func make(
    _ workload: Workload, _ podClass: UInt32, _ version: UInt64, _ asked: () -> AskedClass
  ) -> Offers {
    tables[podClass] = nil
    makeRoom()
    workload.classes.refresh(filter: Int(workload.classes.records[Int(podClass)].filter), cluster.catalog)
    cluster.log.keep(4096 + cluster.nodes.count / 8)
    builds += 1
    let rule = FitRule(workload, podClass, asked(), cluster, deviceScorer)
    let fresh = Offers(rule, order, pool)
    fresh.version = version
    fresh.lastUse = clock
    tables[podClass] = fresh
    return fresh
  }

  func forget(_ podClass: UInt32) { tables[podClass] = nil }

  func forgetAll() { tables = [:] }

  /// Forgets those that were used longest ago, so that one more finds room.
  private func makeRoom() {
    let one = tables.values.map(\.bytes).max() ?? 0
    var sum = bytes
    guard sum + one > mostBytes else { return }
    for (podClass, table) in tables.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      if sum + one <= mostBytes { return }
      sum -= table.bytes
      tables[podClass] = nil
    }
  }
}
