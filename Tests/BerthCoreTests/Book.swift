import BerthOracle
import CBerth

/// What is known of the engines: the oracle, and the ids that the engines gave to what is in it. A value, so that a
/// statement can go back to it and a fork start from it.
struct Book {
  var oracle: Oracle
  var resourceIds: [String: UInt32] = [:]
  var domainIds: [Int: UInt32] = [0: UInt32(BERTH_ROOT_DOMAIN)]
  var labelSetIds: [[String: String]: UInt32] = [[:]: UInt32(BERTH_EMPTY_SET)]
  var taintSetIds: [[Taint]: UInt32] = [[]: UInt32(BERTH_EMPTY_SET)]
  var imageSetIds: [[String: Int64]: UInt32] = [[:]: UInt32(BERTH_EMPTY_SET)]
  /// By what they say, in an order of their own.
  var selectorIds: [LabelSelector: UInt32] = [:]
  var profileIds: [String: UInt32] = [:]
  var classIds: [PodSpec: UInt32] = [:]
  var machineIds: [Machine: UInt32] = [:]
  /// Of GPUs: those that machines have, and those that were told by themselves.
  var models: Set<String> = []
  /// What the open statements did and readers are to be told when they are committed.
  var pendingEvents: [EventReference.Event] = []
  private(set) var nodeIds: [Int: UInt64] = [:]
  private(set) var nodesById: [UInt64: Int] = [:]
  private(set) var podIds: [Int: UInt64] = [:]
  private(set) var goneNodes: [UInt64] = []
  private(set) var gonePods: [UInt64] = []
  private(set) var reservationIds: [Int: UInt64] = [:]
  private(set) var goneReservations: [UInt64] = []
  private var lastReservation: UInt64?
  private var nodesEver: Set<UInt64> = []
  private var podsEver: Set<UInt64> = []

  init(_ oracle: Oracle) { self.oracle = oracle }

  mutating func record(node: Int, id: UInt64) throws {
    if !nodesEver.insert(id).inserted { throw Mismatch("node id \(id) was given out twice") }
    nodeIds[node] = id
    nodesById[id] = node
    oracle.numberNode(node, UInt64(UInt32(truncatingIfNeeded: id)))
  }

  mutating func forget(node: Int) {
    let id = nodeIds.removeValue(forKey: node)!
    nodesById[id] = nil
    goneNodes.append(id)
  }

  mutating func record(pod: Int, id: UInt64) throws {
    if id == UInt64.max { throw Mismatch("a pod without an id") }
    if !podsEver.insert(id).inserted { throw Mismatch("pod id \(id) was given out twice") }
    podIds[pod] = id
  }

  mutating func record(reservation: Int, id: UInt64) throws {
    // ids rise, so none was given out before
    if let last = lastReservation, id >> 24 <= last >> 24 { throw Mismatch("reservation id \(id) after \(last)") }
    lastReservation = id
    reservationIds[reservation] = id
  }

  /// Of those that the oracle knows no more.
  mutating func forgetEndedReservations() {
    for (reservation, id) in reservationIds.sorted(by: { $0.key < $1.key })
    where oracle.reservations[reservation] == nil {
      reservationIds[reservation] = nil
      goneReservations.append(id)
    }
  }

  mutating func forget(pod: Int) { gonePods.append(podIds.removeValue(forKey: pod)!) }
}
