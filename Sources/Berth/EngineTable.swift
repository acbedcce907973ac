import BerthCore
import CBerth
import Glibc
import Synchronization

/// What the boundary keeps of one engine beside the engine itself.
final class EngineRecord {
  let engine: Engine
  var lastError = ""

  init(_ engine: Engine) { self.engine = engine }
}

/// One place of the table. `state` is generation << 2 | live | busy, so that a single compare-and-exchange tells
/// whether a handle is alive and lets its thread in.
struct EngineSlot: ~Copyable {
  let state: Atomic<UInt64>
  var record: Unmanaged<EngineRecord>?
}

/// The engines of this process. A handle is a token, never an address:
///
///     0xBE47 (16 bits) | generation (32 bits) | index of the slot (16 bits)
///
/// The tag makes it a non-canonical address on x86-64 and arm64: no real pointer looks like a handle, and a host that
/// follows one by mistake faults at once. The generation grows with every engine that used the slot, so that the
/// handle of a destroyed engine is never alive again.
enum EngineTable {
  private static let tag: UInt64 = 0xBE47
  private static let live: UInt64 = 1
  private static let busy: UInt64 = 2
  private static let lastGeneration = UInt64(UInt32.max)
  private static let capacity = Int(BERTH_MAX_ENGINES)

  /// Zero bytes are a slot that was never used: calloc gives pages which cost nothing until then.
  private nonisolated(unsafe) static let slots: UnsafeMutablePointer<EngineSlot> = {
    guard let memory = calloc(capacity, MemoryLayout<EngineSlot>.stride) else {
      fatalError("berth: no address space for the table of engines")
    }
    return memory.bindMemory(to: EngineSlot.self, capacity: capacity)
  }()

  private struct FreeSlots {
    var neverUsed = 0
    var returned: [Int] = []
  }
  private nonisolated(unsafe) static var free = FreeSlots()
  private nonisolated(unsafe) static let lock: UnsafeMutablePointer<pthread_mutex_t> = {
    let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    lock.initialize(to: pthread_mutex_t())
    pthread_mutex_init(lock, nil)
    return lock
  }()

  /// A pthread mutex, since ThreadSanitizer does not see how Synchronization's Mutex is handed over.
  private static func withFreeSlots<Result>(_ body: (inout FreeSlots) -> Result) -> Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body(&free)
  }

  // MARK: Life

  /// Gives the engine a slot and a handle.
  static func add(_ engine: Engine) throws(EngineError) -> OpaquePointer {
    let index: Int? = withFreeSlots { free in
      if let index = free.returned.popLast() { return index }
      guard free.neverUsed < capacity else { return nil }
      free.neverUsed += 1
      return free.neverUsed - 1
    }
    guard let index else {
      throw EngineError(
        UInt32(BERTH_LIMIT), "\(BERTH_MAX_ENGINES) engines live in this process already: destroy some")
    }
    let slot = slots + index
    let generation = (slot.pointee.state.load(ordering: .relaxed) >> 2) + 1
    slot.pointee.record = Unmanaged.passRetained(EngineRecord(engine))
    slot.pointee.state.store(generation << 2 | live, ordering: .releasing)
    return OpaquePointer(bitPattern: UInt(tag << 48 | generation << 16 | UInt64(index))).unsafelyUnwrapped
  }

  /// Ends the engine's life. Its slot goes back, unless its generations are used up.
  static func remove(_ handle: OpaquePointer?) -> berth_status {
    let (entry, refusal) = enter(handle)
    guard let entry else { return refuse(refusal) }
    entry.slot.pointee.record.take()?.release()  // the last reference: the engine frees its arena in one go
    let generation = entry.open >> 2
    entry.slot.pointee.state.store(generation << 2, ordering: .releasing)
    if generation < lastGeneration {
      withFreeSlots { $0.returned.append(entry.slot - slots) }
    }
    return berth_status(BERTH_OK)
  }

  // MARK: Calls

  /// Runs `body` as the only call inside the engine. A refusal's sentence stays with the engine; a caller that was
  /// not let in finds it with its thread, for the engine may be in use or may not exist.
  @inline(__always)
  static func withRecord(
    _ handle: OpaquePointer?, _ body: (EngineRecord) throws(EngineError) -> Void
  ) -> berth_status {
    let (entry, refusal) = enter(handle)
    guard let entry else { return refuse(refusal) }
    defer { entry.slot.pointee.state.store(entry.open, ordering: .releasing) }
    return entry.slot.pointee.record.unsafelyUnwrapped._withUnsafeGuaranteedRef { record in
      do throws(EngineError) {
        try body(record)
        return berth_status(BERTH_OK)
      } catch {
        record.lastError = error.message
        record.engine.countRefusal(error.status)
        return error.status
      }
    }
  }

  @inline(__always)
  static func withEngine(
    _ handle: OpaquePointer?, _ body: (Engine) throws(EngineError) -> Void
  ) -> berth_status {
    withRecord(handle) { record throws(EngineError) in try body(record.engine) }
  }

  /// Reads the engine's last sentence. Being refused here replaces no sentence: the caller is looking for one.
  static func readLastError(_ handle: OpaquePointer?, _ body: (String) -> Void) -> berth_status {
    let (entry, refusal) = enter(handle)
    guard let entry else { return refusal }
    defer { entry.slot.pointee.state.store(entry.open, ordering: .releasing) }
    entry.slot.pointee.record.unsafelyUnwrapped._withUnsafeGuaranteedRef { body($0.lastError) }
    return berth_status(BERTH_OK)
  }

  // MARK: Entry

  private struct Entry {
    let slot: UnsafeMutablePointer<EngineSlot>
    let open: UInt64  // the state to go back to
  }

  @inline(__always)
  private static func enter(_ handle: OpaquePointer?) -> (Entry?, berth_status) {
    let bits = UInt64(UInt(bitPattern: handle))
    guard bits >> 48 == tag else { return (nil, berth_status(BERTH_BAD_ENGINE)) }
    let slot = slots + Int(truncatingIfNeeded: bits & 0xFFFF)
    let open = (bits >> 16 & lastGeneration) << 2 | live
    let (entered, found) = slot.pointee.state.compareExchange(
      expected: open, desired: open | busy, successOrdering: .acquiring, failureOrdering: .relaxed)
    if entered { return (Entry(slot: slot, open: open), berth_status(BERTH_OK)) }
    return (nil, berth_status(found == open | busy ? BERTH_BUSY : BERTH_BAD_ENGINE))
  }

  @inline(never)
  private static func refuse(_ status: berth_status) -> berth_status {
    ThreadError.set(
      status == berth_status(BERTH_BUSY)
        ? "another thread is inside a call on this engine: let one thread call at a time, or use an engine for each"
        : "this is no live engine: pass what berth_engine_create gave and berth_engine_destroy has not taken back")
    return status
  }
}
