import CBerth

/// For whom capacity is held.
struct ReservationOwner: Hashable {
  /// BERTH_OWNER_*, which are numbered in the order in which a pod takes.
  var kind: UInt32
  var id: UInt64
}

/// As what a pod presents itself to reservations.
struct PodOwners {
  let podClass: UInt32
  let identity: berth_pod_identity

  @inline(__always)
  func contains(_ owner: ReservationOwner) -> Bool {
    switch Int(owner.kind) {
    case BERTH_OWNER_POD: owner.id == identity.pod
    case BERTH_OWNER_GANG: owner.id == identity.gang
    case BERTH_OWNER_CLASS: owner.id == UInt64(podClass)
    default: owner.id == identity.queue
    }
  }

  @inline(__always)
  func visit(_ body: (ReservationOwner) -> Void) {
    if identity.pod != 0 { body(ReservationOwner(kind: UInt32(BERTH_OWNER_POD), id: identity.pod)) }
    if identity.gang != 0 { body(ReservationOwner(kind: UInt32(BERTH_OWNER_GANG), id: identity.gang)) }
    body(ReservationOwner(kind: UInt32(BERTH_OWNER_CLASS), id: UInt64(podClass)))
    if identity.queue != 0 { body(ReservationOwner(kind: UInt32(BERTH_OWNER_QUEUE), id: identity.queue)) }
  }
}

/// The pods of one call: their classes, and as what they present themselves.
struct AskedPods {
  let classes: UnsafeBufferPointer<berth_class_id>
  /// nil: as their classes only.
  var identities: UnsafePointer<berth_pod_identity>?

  var count: Int { classes.count }

  @inline(__always)
  func owners(_ index: Int) -> PodOwners {
    PodOwners(podClass: classes[index], identity: identities.map { $0[index] } ?? berth_pod_identity())
  }
}
