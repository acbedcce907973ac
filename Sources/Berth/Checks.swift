import BerthCore
import CBerth

// What only the boundary can check: pointers, struct sizes, reserved fields, and counts that no array can have.
// What values mean is the engine's business.

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

func checkStructSize<T>(_ found: UInt32, of type: T.Type, initialiser: StaticString) throws(EngineError) {
  let expected = MemoryLayout<T>.size
  guard found == expected else {
    throw EngineError(
      UInt32(BERTH_BAD_STRUCT),
      "\(T.self).struct_size is \(found), this library knows \(expected): \(initialiser)")
  }
}

private func checkReserved(_ value: UInt32, _ place: @autoclosure () -> String) throws(EngineError) {
  guard value == 0 else {
    throw EngineError(UInt32(BERTH_BAD_STRUCT), "\(place()).reserved is \(value), it must be 0")
  }
}

private func checkElement(_ exists: Bool, _ place: @autoclosure () -> String) throws(EngineError) {
  guard exists else { throw nullPointer(place()) }
}

// MARK: Records with pointers inside

func check(_ options: berth_engine_options) throws(EngineError) {
  try checkStructSize(
    options.struct_size, of: berth_engine_options.self, initialiser: "call berth_engine_options_init first")
  try checkReserved(options.reserved, "options")
  let keys = try array(options.level_keys, UInt(options.level_count), "options.level_keys", atMost: BERTH_MAX_LEVELS)
  for (i, key) in keys.enumerated() { try checkElement(key != nil, "options.level_keys[\(i)]") }
}

func check(_ labels: UnsafeBufferPointer<berth_label>, _ place: StaticString) throws(EngineError) {
  for (i, label) in labels.enumerated() {
    try checkElement(label.key != nil, "\(place)[\(i)].key")
    try checkElement(label.value != nil, "\(place)[\(i)].value")
  }
}

func check(_ taints: UnsafeBufferPointer<berth_taint>) throws(EngineError) {
  for (i, taint) in taints.enumerated() {
    try checkElement(taint.key != nil, "taints[\(i)].key")
    try checkReserved(taint.reserved, "taints[\(i)]")
  }
}

func check(_ batch: berth_node_batch) throws(EngineError) {
  try checkStructSize(
    batch.struct_size, of: berth_node_batch.self, initialiser: "call berth_node_batch_init first")
  let nodes = try array(batch.nodes, UInt(bitPattern: batch.count), "batch->nodes", atMost: BERTH_MAX_NODES)
  _ = try array(batch.resources, UInt(batch.resource_count), "batch->resources", atMost: BERTH_MAX_RESOURCES)
  if batch.resource_count > 0 { _ = try array(batch.allocatable, UInt(bitPattern: batch.count), "batch->allocatable") }
  for i in nodes.indices { try checkReserved(nodes[i].reserved, "batch->nodes[\(i)]") }
}

func check(_ terms: UnsafeBufferPointer<berth_term>) throws(EngineError) {
  for (i, term) in terms.enumerated() {
    try checkReserved(term.reserved, "terms[\(i)]")
    try checkElement(term.resources != nil || term.resource_count == 0, "terms[\(i)].resources")
    try checkElement(term.points != nil || term.point_count == 0, "terms[\(i)].points")
  }
}

func check(_ spec: berth_pod_spec) throws(EngineError) {
  try checkStructSize(spec.struct_size, of: berth_pod_spec.self, initialiser: "call berth_pod_spec_init first")
  let requests = try array(spec.requests, UInt(spec.request_count), "spec->requests")
  for (i, request) in requests.enumerated() { try checkReserved(request.reserved, "spec->requests[\(i)]") }
  try check(
    array(spec.node_selector, UInt(spec.node_selector_count), "spec->node_selector"), "spec->node_selector")
  try check(
    array(spec.required_terms, UInt(spec.required_term_count), "spec->required_terms"), "spec->required_terms")
  try check(
    array(spec.preferred_terms, UInt(spec.preferred_term_count), "spec->preferred_terms"), "spec->preferred_terms")
  _ = try array(spec.tolerations, UInt(spec.toleration_count), "spec->tolerations")
}

private func check(
  _ terms: UnsafeBufferPointer<berth_selector_term>, _ place: StaticString
) throws(EngineError) {
  for (i, term) in terms.enumerated() {
    try checkElement(
      term.requirements != nil || term.requirement_count == 0, "\(place)[\(i)].requirements")
    for j in 0..<Int(term.requirement_count) {
      try check(term.requirements[j], "\(place)[\(i)].requirements[\(j)]")
    }
  }
}

private func check(
  _ requirement: berth_requirement, _ place: @autoclosure () -> String
) throws(EngineError) {
  try checkElement(requirement.key != nil, "\(place()).key")
  try checkElement(requirement.values != nil || requirement.value_count == 0, "\(place()).values")
  for i in 0..<Int(requirement.value_count) {
    try checkElement(requirement.values[i] != nil, "\(place()).values[\(i)]")
  }
  try checkReserved(requirement.reserved, place())
}
