import CBerth
import CKernels

// The one place that knows all terms. Terms that do not depend on the state of the node (price, images, and those that
// are normalised over the feasible nodes) are constants here and added by the caller, see `Planner.swift`.

extension CompiledTerm {
  /// The term of a node, without its weight.
  @inline(__always)
  func value(_ load: Load, _ after: UnsafePointer<Int64>) -> Int64 {
    switch Int(kind) {
    case BERTH_TERM_LEAST_ALLOCATED: return Allocation.value(self, load, after, most: false)
    case BERTH_TERM_MOST_ALLOCATED: return Allocation.value(self, load, after, most: true)
    case BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO: return CapacityRatio.value(self, load, after)
    case BERTH_TERM_BALANCED_ALLOCATION: return BalancedAllocation.value(self, load, after)
    case BERTH_TERM_BINPACK: return NativePacking.sum(self, load, after)
    case BERTH_TERM_SPREAD: return -NativePacking.sum(self, load, after)
    case BERTH_TERM_DOT_PRODUCT: return FreeProduct.value(self, load, after, dot: true)
    case BERTH_TERM_BEST_FIT: return FreeProduct.value(self, load, after, dot: false)
    default: return 0
    }
  }

  /// Least and most of the term over a box, without its weight.
  @inline(__always)
  func extremes(_ load: Load, _ box: Box) -> (low: Int64, high: Int64) {
    switch Int(kind) {
    case BERTH_TERM_LEAST_ALLOCATED, BERTH_TERM_SPREAD:  // more free is better
      return (value(load, box.low), value(load, box.high))
    case BERTH_TERM_DOT_PRODUCT: return FreeProduct.extremes(self, load, box, dot: true)
    case BERTH_TERM_BEST_FIT: return FreeProduct.extremes(self, load, box, dot: false)
    case BERTH_TERM_MOST_ALLOCATED, BERTH_TERM_BINPACK:
      return (value(load, box.high), value(load, box.low))
    case BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO: return CapacityRatio.extremes(self, load, box)
    case BERTH_TERM_BALANCED_ALLOCATION: return BalancedAllocation.extremes(self, load, box)
    default: return (0, 0)
    }
  }

  /// Adds the term's exact vector form; false if it has none.
  func addExact(_ load: Load, _ form: inout ExactForm) -> Bool {
    switch Int(kind) {
    case BERTH_TERM_LEAST_ALLOCATED: return Allocation.addExact(self, load, &form, most: false)
    case BERTH_TERM_MOST_ALLOCATED: return Allocation.addExact(self, load, &form, most: true)
    case BERTH_TERM_BALANCED_ALLOCATION: return BalancedAllocation.addExact(self, load, &form)
    case BERTH_TERM_BINPACK: return NativePacking.addExact(self, load, &form, sign: 1)
    case BERTH_TERM_SPREAD: return NativePacking.addExact(self, load, &form, sign: -1)
    case BERTH_TERM_PRICE, BERTH_TERM_NODE_AFFINITY, BERTH_TERM_TAINT_TOLERATION, BERTH_TERM_IMAGE_LOCALITY,
      BERTH_TERM_POD_TOPOLOGY_SPREAD, BERTH_TERM_INTER_POD_AFFINITY, BERTH_TERM_GPU_LINKS...BERTH_TERM_GPU_BERTH:
      return true  // constants, or added by the caller
    default: return false
    }
  }

  /// Adds the term to the vector bound.
  func bound(_ load: Load, _ form: inout LinearForm) {
    switch Int(kind) {
    case BERTH_TERM_LEAST_ALLOCATED: Allocation.bound(self, load, &form, most: false)
    case BERTH_TERM_MOST_ALLOCATED: Allocation.bound(self, load, &form, most: true)
    case BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO: CapacityRatio.bound(self, &form)
    case BERTH_TERM_BALANCED_ALLOCATION: BalancedAllocation.bound(self, load, &form)
    case BERTH_TERM_BINPACK: NativePacking.bound(self, load, &form, pack: true)
    case BERTH_TERM_SPREAD: NativePacking.bound(self, load, &form, pack: false)
    case BERTH_TERM_DOT_PRODUCT: FreeProduct.bound(self, load, &form, dot: true)
    case BERTH_TERM_BEST_FIT: FreeProduct.bound(self, load, &form, dot: false)
    default: break
    }
  }
}
