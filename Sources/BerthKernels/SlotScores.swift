import CKernels

// Scores of nodes in slot columns, to the last bit: float64 throughout, any mix of shapes.
//
// Shares: x = free after placing is whole, x * scale is below 2^50, and v = x * scale / capacity is n + j / capacity.
// (x * scale) * (1 / capacity) in float64 is off by at most scale * 2^-52, which is less than half of 1 / capacity while
// capacity * scale is below 2^50. So adding 1 / (2 * capacity) and truncating gives floor(v), and adding
// 1 - 1 / (2 * capacity) gives ceil(v), on every CPU, with or without a fused multiply-add.
//
// BalancedAllocation is defined by float64 divisions. Multiplying by 1 / capacity instead moves a percentage by less
// than 1e-11; where both sides of 1e-9 truncate to the same number, it is the right one, and elsewhere the lane is left
// to whoever can divide.

@inline(__always)
private func cells8(_ block: Block, _ column: UInt32, _ part: Int, _ eighth: Int) -> SIMD8<Double> {
  (block + Int(BK_SLOT_COLUMNS) + Int(column) &* Int(BK_SLOT_COLUMN) + part + eighth &* 64)
    .assumingMemoryBound(to: SIMD8<Double>.self).pointee
}

@inline(__always)
private func shares8(_ block: Block, _ term: UnsafePointer<bk_slot_term>, _ eighth: Int) -> SIMD8<Int32> {
  let columns = bk_slot_term_column(term)!
  let weights = bk_slot_term_weight(term)!
  let requests = bk_slot_term_request(term)!
  let scale = term.pointee.scale
  let isUsed = term.pointee.kind == UInt32(BK_SLOT_USED)
  var sum = SIMD8<Int32>(repeating: 0)
  var index = 0
  while index < Int(term.pointee.count) {
    let inverse = cells8(block, columns[index], Int(BK_SLOT_INVERSE), eighth)
    let left = bk_max0_f64(cells8(block, columns[index], 0, eighth) - requests[index])
    let product = left * scale * inverse
    let share: SIMD8<Int32>
    if isUsed {
      share = SIMD8(repeating: Int32(scale)) &- bk_truncate(product + (1 - 0.5 * inverse))
    } else {
      share = bk_truncate(product + 0.5 * inverse)
    }
    sum = sum &+ share &* weights[index]
    index &+= 1
  }
  if term.pointee.divisor != 1 {
    sum = bk_truncate((bk_double(sum) + 0.5) * (1 / Double(term.pointee.divisor)))
  }
  return sum
}

@inline(__always)
private func balance8(
  _ block: Block, _ term: UnsafePointer<bk_slot_term>, _ eighth: Int, _ unsure: inout UInt64
) -> SIMD8<Int32> {
  let columns = bk_slot_term_column(term)!
  let requests = bk_slot_term_request(term)!
  let inverseI = cells8(block, columns[0], Int(BK_SLOT_INVERSE), eighth)
  let inverseJ = cells8(block, columns[1], Int(BK_SLOT_INVERSE), eighth)
  let freeI = cells8(block, columns[0], 0, eighth)
  let freeJ = cells8(block, columns[1], 0, eighth)
  let before = bk_abs64(bk_max0_f64(freeI) * inverseI - bk_max0_f64(freeJ) * inverseJ)
  let after = bk_abs64(
    bk_max0_f64(freeI - requests[0]) * inverseI - bk_max0_f64(freeJ - requests[1]) * inverseJ)
  let hundred = SIMD8(repeating: 100.0)
  let without = hundred - before * 50
  let with = hundred - after * 50
  let lowWithout = bk_truncate(without - 1e-9)
  let lowWith = bk_truncate(with - 1e-9)
  unsure |=
    (bk_differ_i32x8(lowWithout, bk_truncate(without + 1e-9)) | bk_differ_i32x8(lowWith, bk_truncate(with + 1e-9)))
    &<< UInt64(eighth &* 8)
  return (lowWith &- lowWithout &+ 50) &>> 1 &+ 50
}

func slotScores(
  _ block: Block, _ query: UnsafePointer<bk_slot_query>, _ lanes: UInt64, _ scores: UnsafeMutablePointer<UInt32>
) -> UInt64 {
  let fitCount = Int(query.pointee.fit_count)
  let fitColumns = bk_slot_query_column(query)!
  let fitRequests = bk_slot_query_request(query)!
  let terms = bk_slot_query_terms(query)!
  var unsure: UInt64 = 0
  var open: UInt64 = 0
  var eighth = 0
  while eighth < 8 {
    var fits = lanes &>> UInt64(eighth &* 8) & 0xFF
    var index = 0
    while index < fitCount && fits != 0 {
      fits &= bk_at_least_f64(cells8(block, fitColumns[index], 0, eighth), fitRequests[index])
      index &+= 1
    }
    var sum = SIMD8<Int32>(repeating: query.pointee.offset)
    if fits != 0 {
      index = 0
      while index < Int(query.pointee.term_count) {
        let term = terms + index
        let value =
          term.pointee.kind == UInt32(BK_SLOT_BALANCE)
          ? balance8(block, term, eighth, &unsure) : shares8(block, term, eighth)
        sum = sum &+ value &* term.pointee.weight
        index &+= 1
      }
    }
    bk_store_scores(scores + eighth &* 8, sum, fits)
    open |= fits &<< UInt64(eighth &* 8)
    eighth &+= 1
  }
  return unsure & open
}
