import CKernels

/// NodeResourcesFit's LeastAllocated and MostAllocated (kube-scheduler v1.36, integer arithmetic): a weighted mean of
/// 100 x free / capacity or 100 x used / capacity, each rounded down, over the resources that the node has.
enum Allocation {
  @inline(__always)
  static func value(_ term: CompiledTerm, _ load: Load, _ after: UnsafePointer<Int64>, most: Bool) -> Int64 {
    var sum: Int64 = 0
    var weights: Int64 = 0
    for entry in term.entries where term.counts(entry, load) {
      let capacity = load.capacity[entry.dim]
      let left = after[entry.dim]
      sum += (most ? capacity - left : left) * 100 / capacity * entry.weight
      weights += entry.weight
    }
    return weights == 0 ? 0 : sum / weights
  }

  static func addExact(_ term: CompiledTerm, _ load: Load, _ form: inout ExactForm, most: Bool) -> Bool {
    var weights: Int64 = 0
    for entry in term.entries where term.counts(entry, load) { weights += entry.weight }
    guard weights > 0 else { return true }  // always 0
    guard weights * 100 < 1 << 30 else { return false }
    guard form.begin(Int(most ? BK_EXACT_USED : BK_EXACT_FREE), weight: term.weight, largest: 100) else { return false }
    for entry in term.entries where term.counts(entry, load) { form.add(entry.dim, weight: entry.weight, scale: 100) }
    bk_plan_set_divisor(form.plan, Int32(weights))
    return true
  }

  static func bound(_ term: CompiledTerm, _ load: Load, _ form: inout LinearForm, most: Bool) {
    var weights: Int64 = 0
    for entry in term.entries where term.counts(entry, load) { weights += entry.weight }
    guard weights > 0 else { return }
    for entry in term.entries where term.counts(entry, load) {
      let share = 100 * Double(term.weight) * Double(entry.weight) / Double(weights)
      form.coefficient[entry.dim] += most ? -share : share
      if most { form.constant += share }
    }
  }
}
