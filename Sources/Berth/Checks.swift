import BerthCore
import CBerth

// What only the boundary can check: pointers among the arguments, struct sizes, and counts that no array can have.
// What stands inside of the records is the engine's business, null pointers and reserved fields included.

/// A pointer that must not be null.
@inline(__always)
func required<T>(_ pointer: UnsafePointer<T>?, _ name: StaticString) throws(EngineError) -> UnsafePointer<T> {
  guard let pointer else { throw nullPointer("\(name)") }
  return pointer
}

@inline(__always)
func required<T>(
  _ pointer: UnsafeMutablePointer<T>?, _ name: StaticString
) throws(EngineError) -> UnsafeMutablePointer<T> {
  guard let pointer else { throw nullPointer("\(name)") }
  return pointer
}

/// An array of the caller: null only if it has no elements.
@inline(__always)
func array<T>(
  _ pointer: UnsafePointer<T>?, _ count: UInt, _ name: StaticString, atMost limit: UInt32 = BERTH_MAX_PODS
) throws(EngineError) -> UnsafeBufferPointer<T> {
  try checkArray(pointer != nil, count, name, limit)
  return UnsafeBufferPointer(start: pointer, count: Int(count))
}

/// The start of an array; where the array is empty, an address that is never used.
@inline(__always)
func start<T>(
  _ pointer: UnsafePointer<T>?, _ count: UInt, _ name: StaticString, atMost limit: UInt32 = BERTH_MAX_PODS
) throws(EngineError) -> UnsafePointer<T> {
  try checkArray(pointer != nil, count, name, limit)
  return pointer ?? UnsafePointer(bitPattern: MemoryLayout<T>.alignment).unsafelyUnwrapped
}

@inline(__always)
func start<T>(
  _ pointer: UnsafeMutablePointer<T>?, _ count: UInt, _ name: StaticString, atMost limit: UInt32 = BERTH_MAX_PODS
) throws(EngineError) -> UnsafeMutablePointer<T> {
  try checkArray(pointer != nil, count, name, limit)
  return pointer ?? UnsafeMutablePointer(bitPattern: MemoryLayout<T>.alignment).unsafelyUnwrapped
}

/// Before anything walks along an array: a count beyond the limit overruns what the caller can have put there.
@inline(__always)
private func checkArray(
  _ exists: Bool, _ count: UInt, _ name: StaticString, _ limit: UInt32
) throws(EngineError) {
  guard count <= UInt(limit) else { throw tooMany("\(name)", count, limit) }
  guard exists || count == 0 else { throw nullPointer("\(name)") }
}

/// A buffer's capacity, or a number to skip: larger than all there is means all there is.
@inline(__always)
func clamped(_ size: UInt) -> Int { Int(min(size, UInt(BERTH_MAX_PODS))) }

@inline(never)
private func tooMany(_ name: String, _ count: UInt, _ limit: UInt32) -> EngineError {
  EngineError(UInt32(BERTH_LIMIT), "\(name) has \(count) elements, the limit is \(limit)")
}

@inline(never)
private func nullPointer(_ name: String) -> EngineError {
  EngineError(UInt32(BERTH_NULL_POINTER), "\(name) is null")
}

/// A struct of this header's release: its size is known. Its owner sets it as `initialiser` says.
func checkStructSize<T>(_ found: UInt32, of type: T.Type, initialiser: StaticString) throws(EngineError) {
  let expected = MemoryLayout<T>.size
  guard found == expected else {
    throw EngineError(
      UInt32(BERTH_BAD_STRUCT),
      "\(T.self).struct_size is \(found), this library knows \(expected): \(initialiser)")
  }
}

/// A batch's size and its count, which size_t lets be larger than Int.
func check(_ batch: berth_node_batch) throws(EngineError) {
  try checkStructSize(
    batch.struct_size, of: berth_node_batch.self, initialiser: "call berth_node_batch_init first")
  _ = try array(batch.nodes, UInt(bitPattern: batch.count), "batch->nodes", atMost: BERTH_MAX_NODES)
}
