import BerthMemory

// Memory, forks and snapshots of reservations.

extension Reservations {
  /// Columns exactly; the table of owners as its keys' sizes.
  var bytes: Int { storage.reduce(owners.count * 32) { $0 + $1.bytes } }

  var storage: [any SharedStorage] {
    [records, nodes] + holdings.storage + claims.storage + ownerLists.storage + nodeLists.storage + expiries.storage
  }

  func fork() -> Reservations {
    var fork = self
    fork.records = records.fork()
    fork.holdings = holdings.fork()
    fork.claims = claims.fork()
    fork.ownerLists = ownerLists.fork()
    fork.nodes = nodes.fork()
    fork.nodeLists = nodeLists.fork()
    fork.expiries = expiries.fork()
    return fork
  }

  // MARK: Snapshots

  /// Free places, the one that is taken next first.
  func visitFree(_ body: (UInt32) -> Void) {
    var place = firstFree
    while place != Place.none {
      body(place)
      place = records[Int(place)].node
    }
  }

  func left(_ place: UInt32, _ resource: UInt32) -> Int64? {
    holdings.values(records[Int(place)].holdings).first { $0.resource == resource }?.left
  }

  /// The next place, with what there is; `finishRestoring` puts it into its lists.
  mutating func restore(_ place: UInt32, _ record: Record, _ list: [Holding]) {
    var record = record
    record.holdings = holdings.make(list)
    records.append(record)
  }

  /// False for a place that is not free, or is so already.
  mutating func restoreFree(_ place: UInt32) -> Bool {
    guard Int(place) < records.count, !records[Int(place)].isLive, !records[Int(place)].isListed else { return false }
    change(place).pointee.isListed = true
    free(place)
    return true
  }

  mutating func finishRestoring(serial: UInt64) {
    self.serial = serial
    for place in 0..<UInt32(records.count) {
      if records[Int(place)].isLive {
        settle(place, records[Int(place)])
      } else {
        change(place).pointee.isListed = false
      }
    }
  }
}
