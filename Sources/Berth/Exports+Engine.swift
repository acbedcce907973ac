import BerthCore
import CBerth

@_cdecl("berth_engine_options_init")
public func engineOptionsInit(_ options: UnsafeMutablePointer<berth_engine_options>?) {
  var fresh = berth_engine_options()
  fresh.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
  options?.pointee = fresh
}

@_cdecl("berth_engine_create")
public func engineCreate(
  _ options: UnsafePointer<berth_engine_options>?, _ engineOut: UnsafeMutablePointer<OpaquePointer?>?
) -> berth_status {
  create(engineOut) { () throws(EngineError) in try Engine(options: checked(options)) }
}

/// The host's options, or the defaults.
func checked(_ options: UnsafePointer<berth_engine_options>?) throws(EngineError) -> berth_engine_options {
  guard let options else {
    var fresh = berth_engine_options()
    engineOptionsInit(&fresh)
    return fresh
  }
  try checkStructSize(
    options.pointee.struct_size, of: berth_engine_options.self, initialiser: "call berth_engine_options_init first")
  return options.pointee
}

/// Hands an engine that `make` makes to the caller; the thread keeps the sentence if it cannot.
func create(
  _ engineOut: UnsafeMutablePointer<OpaquePointer?>?, _ make: () throws(EngineError) -> Engine
) -> berth_status {
  do throws(EngineError) {
    let out = try required(engineOut, "engine_out")
    out.pointee = try EngineTable.add(make())
    return berth_status(BERTH_OK)
  } catch {
    ThreadError.set(error.message)
    return error.status
  }
}

@_cdecl("berth_engine_destroy")
public func engineDestroy(_ engine: OpaquePointer?) -> berth_status { EngineTable.remove(engine) }

@_cdecl("berth_engine_last_error")
public func engineLastError(
  _ engine: OpaquePointer?, _ text: UnsafeMutablePointer<CChar>?, _ capacity: UInt,
  _ lengthOut: UnsafeMutablePointer<UInt>?
) -> berth_status {
  guard text != nil || capacity == 0 else { return berth_status(BERTH_NULL_POINTER) }
  let copy = { (sentence: String) in
    copyText(sentence, into: UnsafeMutableBufferPointer(start: text, count: clamped(capacity)))
    lengthOut?.pointee = UInt(sentence.utf8.count)
  }
  guard let engine else {
    copy(ThreadError.text)
    return berth_status(BERTH_OK)
  }
  return EngineTable.readLastError(engine, copy)
}

/// Copies what fits, whole characters only, and the zero.
func copyText(_ sentence: String, into text: UnsafeMutableBufferPointer<CChar>) {
  guard !text.isEmpty else { return }
  let bytes = sentence.utf8
  var length = min(bytes.count, text.count - 1)
  if length < bytes.count {
    while length > 0, bytes[bytes.index(bytes.startIndex, offsetBy: length)] & 0xC0 == 0x80 { length -= 1 }
  }
  for (i, byte) in bytes.prefix(length).enumerated() { text[i] = CChar(bitPattern: byte) }
  text[length] = 0
}

@_cdecl("berth_engine_read_info")
public func engineReadInfo(
  _ engine: OpaquePointer?, _ infoOut: UnsafeMutablePointer<berth_engine_info>?
) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in
    let out = try required(infoOut, "info_out")
    let size = out.pointee.struct_size
    try checkStructSize(size, of: berth_engine_info.self, initialiser: "set it to sizeof(berth_engine_info)")
    var info = engine.info()
    info.struct_size = size
    out.pointee = info
  }
}

@_cdecl("berth_engine_set_path")
public func engineSetPath(_ engine: OpaquePointer?, _ path: UInt32) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.setPath(path) }
}

@_cdecl("berth_engine_validate")
public func engineValidate(_ engine: OpaquePointer?) -> berth_status {
  EngineTable.withEngine(engine) { engine throws(EngineError) in try engine.validate() }
}
