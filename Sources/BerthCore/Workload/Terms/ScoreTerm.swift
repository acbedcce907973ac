import CBerth
import CKernels

/// A score term compiled for one list of resources (a tree's dims): what `berth_term` says, in the tree's words.
///
/// Every term is a function of what stays free after placing, `after[dim]` = max(0, allocatable - used - request), with
/// the capacity and the request of each dim. It must be monotone or give sound bounds over a box of such states:
/// that is all the state tree asks of a term. Adding one means one file with `value` and `extremes`, optionally `bound`
/// and `addExact` for the vector kernels, and a line in each switch of `TermSwitch.swift`.
struct CompiledTerm {
  struct Entry {
    var dim: Int
    var weight: Int64
    var scale: Int64
    /// An extended resource counts only for pods that request it (Kubernetes' rule for NodeResourcesFit).
    var isExtended: Bool
    /// Need not be free, so what is free before placing may be less than the request.
    var isUnchecked: Bool
  }
  var kind: UInt32
  var weight: Int64
  /// Owned by the tree that compiled the term; plain buffers, since arrays would be retained on the hot path.
  var entries: UnsafeBufferPointer<Entry>
  /// Sum of all weights of the term, of resources that nodes lack, too.
  var totalWeight: Int64
  /// RequestedToCapacityRatio: utilisation in percent and score 0...100.
  var points: UnsafeBufferPointer<Point>
}

struct Point {
  var utilization: Int64
  var score: Int64
}

/// A class on nodes of equal resources: capacity and request per dim.
struct Load {
  var capacity: UnsafePointer<Int64>
  var request: UnsafePointer<Int64>
  /// What is free before placing, at least 0; of single nodes only.
  var before: UnsafePointer<Int64>
}

/// A box of states: for every dim the least and the most that stays free after placing, both at least 0.
struct Box {
  var low: UnsafePointer<Int64>
  var high: UnsafePointer<Int64>
}

/// What a term adds to a vector bound: a linear form in the free fractions after placing.
struct LinearForm {
  /// Per dim: coefficient of (free after placing / capacity).
  var coefficient: UnsafeMutablePointer<Double>
  /// The same of (free after placing / largest capacity of the tree): for terms whose scale is not the node's capacity.
  var fixed: UnsafeMutablePointer<Double>
  var constant = 0.0
  /// What rounding inside the term can add to the linear form.
  var slack = 0.0
  /// BalancedAllocation over exactly two dims: weight of (|t - delta| - |t|); see `BalancedAllocation`.
  var balance: (i: Int, j: Int, weight: Double)?

  /// `scratch` has room for 2 x `dims` coefficients.
  init(dims: Int, scratch: UnsafeMutablePointer<Double>) {
    coefficient = scratch
    fixed = scratch + dims
    scratch.update(repeating: 0, count: 2 * dims)
  }
}

/// The exact vector form of a plan while terms are added to it.
struct ExactForm {
  let plan: UnsafeMutablePointer<bk_plan>
  let tree: StateTree
  /// Bound of the sum of all absolute values so far.
  var magnitude: Int64 = 0
  /// The kernels keep the delta of one BalancedAllocation.
  var hasBalance = false

  /// Opens a term of at most `largest` in absolute value; false if there is no room.
  mutating func begin(_ kind: Int, weight: Int64, largest: Int64) -> Bool {
    guard plan.pointee.exact_count < UInt32(BK_EXACT_TERMS), largest < 1 << 30, abs(weight) < 1 << 24 else {
      return false
    }
    magnitude += abs(weight) * largest
    guard magnitude < 1 << 30 else { return false }
    bk_plan_add_exact(plan, UInt32(kind), Int32(weight))
    return true
  }

  func add(_ dim: Int, weight: Int64, scale: Double) {
    let capacity = Int32(tree.capacityHigh[dim] >> Int64(tree.shifts[dim]))
    bk_plan_add_exact_dim(plan, UInt32(dim), Int32(weight), capacity, scale)
  }
}

extension CompiledTerm {
  var hasUnchecked: Bool { entries.contains { $0.isUnchecked } }

  /// Whether an entry counts for this load: the node has the resource, and the pod asks for it where that matters.
  @inline(__always)
  func counts(_ entry: Entry, _ load: Load) -> Bool {
    load.capacity[entry.dim] != 0 && !(entry.isExtended && load.request[entry.dim] == 0)
  }
}
