/// A node that fits, with its total score. Better: higher score, then the tie rule's order.
struct Found {
  var score: Int64
  var tie: UInt32
  var slot: UInt32

  static let none = Found(score: .min, tie: .max, slot: .max)
  var exists: Bool { slot != .max }

  @inline(__always)
  func isBetter(than other: Found) -> Bool {
    score > other.score || (score == other.score && (tie, slot) < (other.tie, other.slot))
  }
}

struct SearchCounters {
  var treeQueries: UInt64 = 0
  var scanQueries: UInt64 = 0
  var rowQueries: UInt64 = 0
  var leavesOpened: UInt64 = 0
  var innersOpened: UInt64 = 0
  var exactScores: UInt64 = 0
  var scanFallbacks: UInt64 = 0
  var slotQueries: UInt64 = 0
}

/// What is asked of the trees: a class's requests under one profile, among the pools of one mask.
struct Question {
  var requests: UnsafeBufferPointer<Request>
  var profile: Int
  var podClass: UInt32
  var pools: PoolMask
}

struct Request {
  enum Kind: UInt8 {
    /// Must be free, and is held by the pod.
    case held
    /// Counts in scores only.
    case scored
    /// Must be free where the node has the resource.
    case limited
    /// Held by the pod and counted in scores, but need not be free.
    case counted
    /// Held by the pod, of which another amount counts in its own scores.
    case charged

    /// Whether it can refuse a node.
    var isChecked: Bool { self == .held || self == .limited }
  }
  var resource: UInt32
  var kind = Kind.held
  var value: Int64

  init(resource: UInt32, value: Int64, kind: Kind = .held) {
    self.resource = resource
    self.kind = kind
    self.value = value
  }
}
