/// The change log: which slots changed, in order. The state tree is current after every change and does not read it;
/// it is what per-class indexes in slot order will catch up from. Until one exists, only the length is kept.
struct ChangeLog {
  private(set) var length: UInt64 = 0

  @inline(__always)
  mutating func append(_ slot: UInt32) { length += 1 }
}
