import CKernels

/// Berth's own terms at full resolution: the sum over resources of floor(2^20 x used / capacity) after placing, to be
/// maximised (`binpack`) or minimised (`spread`). A resource that the node lacks counts 0; used counts up to capacity.
enum NativePacking {
  @inline(__always)
  static func sum(_ term: CompiledTerm, _ load: Load, _ after: UnsafePointer<Int64>) -> Int64 {
    var sum: Int64 = 0
    for entry in term.entries {
      let capacity = load.capacity[entry.dim]
      if capacity == 0 { continue }
      let used = capacity - after[entry.dim]
      // used < 2^50, so used << 20 needs 128 bits only beyond 2^43
      if used < 1 << 43 {
        sum += (used << 20) / capacity
      } else {
        let wide = used.multipliedFullWidth(by: 1 << 20)
        sum += capacity.dividingFullWidth(wide).quotient
      }
    }
    return sum
  }

  static func addExact(_ term: CompiledTerm, _ load: Load, _ form: inout ExactForm, sign: Int64) -> Bool {
    let largest = Int64(max(1, term.entries.count)) << 20
    guard form.begin(Int(BK_EXACT_USED), weight: sign * term.weight, largest: largest) else { return false }
    for entry in term.entries where load.capacity[entry.dim] != 0 {
      form.add(entry.dim, weight: 1, scale: 1_048_576)
    }
    return true
  }

  static func bound(_ term: CompiledTerm, _ load: Load, _ form: inout LinearForm, pack: Bool) {
    let unit = 1_048_576 * Double(term.weight)
    for entry in term.entries where load.capacity[entry.dim] != 0 {
      form.coefficient[entry.dim] += pack ? -unit : unit
      form.constant += pack ? unit : -unit
      if !pack { form.slack += Double(term.weight) }
    }
  }
}
