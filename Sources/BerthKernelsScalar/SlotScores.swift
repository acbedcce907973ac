import CKernels

/// The reference: lane by lane, with the same steps as the vector twin.
func slotScores(
  _ block: UnsafeRawPointer, _ query: UnsafePointer<bk_slot_query>, _ lanes: UInt64,
  _ scores: UnsafeMutablePointer<UInt32>
) -> UInt64 {
  func cells(_ column: UInt32, _ part: Int) -> UnsafePointer<Double> {
    (block + Int(BK_SLOT_COLUMNS) + Int(column) * Int(BK_SLOT_COLUMN) + part).assumingMemoryBound(to: Double.self)
  }
  let columns = bk_slot_query_column(query)!
  let requests = bk_slot_query_request(query)!
  var unsure: UInt64 = 0
  for lane in 0..<64 {
    scores[lane] = 0
    guard lanes >> UInt64(lane) & 1 != 0 else { continue }
    let fits = (0..<Int(query.pointee.fit_count)).allSatisfy { cells(columns[$0], 0)[lane] >= requests[$0] }
    guard fits else { continue }
    var sum = query.pointee.offset
    for index in 0..<Int(query.pointee.term_count) {
      let term = bk_slot_query_terms(query)! + index
      let own = bk_slot_term_column(term)!
      let wanted = bk_slot_term_request(term)!
      func free(_ place: Int, _ request: Double) -> Double { max(0, cells(own[place], 0)[lane] - request) }
      func inverse(_ place: Int) -> Double { cells(own[place], Int(BK_SLOT_INVERSE))[lane] }
      if term.pointee.kind == UInt32(BK_SLOT_BALANCE) {
        let before = abs(free(0, 0) * inverse(0) - free(1, 0) * inverse(1))
        let after = abs(free(0, wanted[0]) * inverse(0) - free(1, wanted[1]) * inverse(1))
        let (without, with) = (100 - before * 50, 100 - after * 50)
        let (low, lowWith) = (Int32(without - 1e-9), Int32(with - 1e-9))
        if low != Int32(without + 1e-9) || lowWith != Int32(with + 1e-9) { unsure |= 1 << UInt64(lane) }
        sum += ((lowWith - low + 50) >> 1 + 50) * term.pointee.weight
        continue
      }
      var shares: Int32 = 0
      for place in 0..<Int(term.pointee.count) {
        let product = free(place, wanted[place]) * term.pointee.scale * inverse(place)
        let share =
          term.pointee.kind == UInt32(BK_SLOT_USED)
          ? Int32(term.pointee.scale) - Int32(product + (1 - 0.5 * inverse(place)))
          : Int32(product + 0.5 * inverse(place))
        shares += share * bk_slot_term_weight(term)![place]
      }
      if term.pointee.divisor != 1 { shares = Int32((Double(shares) + 0.5) * (1 / Double(term.pointee.divisor))) }
      sum += shares * term.pointee.weight
    }
    scores[lane] = UInt32(bitPattern: sum)
  }
  return unsure
}
