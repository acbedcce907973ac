/// Slots that were looked at in one catch-up, as far as a small table remembers. Packing changes the same nodes again and
/// again, and a class that is rarely placed finds a node in the log a hundred times; what counts is what is there now, so
/// one look is enough.
final class SeenSlots {
  private static let count = 4096
  /// round << 32 | slot
  private var cells: UnsafeMutablePointer<UInt64>
  private var round: UInt64 = 0

  /// Nothing until somebody looks: forks may never.
  init() { cells = .allocate(capacity: 0) }

  deinit { cells.deallocate() }

  /// Forgets everything.
  @inline(__always)
  func begin() {
    let (next, isOver) = round.addingReportingOverflow(1 << 32)
    if round == 0 || isOver { makeCells() }
    round = isOver ? 1 << 32 : next
  }

  @inline(never)
  private func makeCells() {
    cells.deallocate()
    cells = .allocate(capacity: Self.count)
    cells.initialize(repeating: 0, count: Self.count)
  }

  /// False if the slot was seen since `begin`; true if not, or if others took its place.
  @inline(__always)
  func isNew(_ slot: UInt32) -> Bool {
    // neighbours are changed together, so they get places of their own
    let cell = cells + Int(slot & UInt32(Self.count - 1))
    if cell.pointee == round | UInt64(slot) { return false }
    cell.pointee = round | UInt64(slot)
    return true
  }
}
