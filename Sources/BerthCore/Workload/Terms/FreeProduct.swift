/// Dot product (demand against what is free before placing; Panigrahy et al. 2011, as in FGD's baseline) and best fit
/// (what is left after placing), scaled per resource, in float64 from left to right. Less is better, so both are
/// negative.
enum FreeProduct {
  @inline(__always)
  private static func ratio(_ quantity: Int64, _ scale: Int64) -> Double {
    min(1, Double(quantity) / Double(scale))
  }

  @inline(__always)
  static func value(_ term: CompiledTerm, _ load: Load, _ after: UnsafePointer<Int64>, dot: Bool) -> Int64 {
    value(term, load, after, dot: dot) { load.before[$0] }
  }

  @inline(__always)
  private static func value(
    _ term: CompiledTerm, _ load: Load, _ after: UnsafePointer<Int64>, dot: Bool, before: (Int) -> Int64
  ) -> Int64 {
    var sum = 0.0
    for entry in term.entries where load.capacity[entry.dim] != 0 {
      if dot {
        let before = ratio(before(entry.dim), entry.scale)
        sum += Double(entry.weight) * before * ratio(load.request[entry.dim], entry.scale)
      } else {
        sum += Double(entry.weight) * ratio(after[entry.dim], entry.scale)
      }
    }
    return -Int64((sum / Double(term.totalWeight) * 1_048_576).rounded(.down))
  }

  /// Less free scores more.
  @inline(__always)
  static func extremes(_ term: CompiledTerm, _ load: Load, _ box: Box, dot: Bool) -> (low: Int64, high: Int64) {
    // of what need not be free, nothing is known of what there was before
    if dot && term.hasUnchecked { return (-1_048_576, 0) }
    return (
      value(term, load, box.high, dot: dot) { box.high[$0] + load.request[$0] },
      value(term, load, box.low, dot: dot) { box.low[$0] + load.request[$0] }
    )
  }

  /// The ratios are capped at 1, which a linear form from above cannot follow beyond the cap: where a capacity exceeds
  /// its scale, the resource is left out, which only raises the bound.
  static func bound(_ term: CompiledTerm, _ load: Load, _ form: inout LinearForm, dot: Bool) {
    let unit = 1_048_576 * Double(term.weight) / Double(term.totalWeight)
    for entry in term.entries {
      let capacity = load.capacity[entry.dim]
      if capacity == 0 || capacity > entry.scale || (dot && entry.isUnchecked) { continue }
      var share = unit * Double(entry.weight) * Double(capacity) / Double(entry.scale)
      if dot {
        let demand = ratio(load.request[entry.dim], entry.scale)
        share *= demand
        form.constant -= unit * Double(entry.weight) * ratio(load.request[entry.dim], entry.scale) * demand
      }
      form.fixed[entry.dim] -= share
    }
    form.slack += Double(term.weight)
  }
}
