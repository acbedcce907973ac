import CBerth

@_cdecl("berth_status_name")
public func statusName(_ status: berth_status) -> UnsafePointer<CChar>? {
  UnsafeRawPointer(name(of: status).utf8Start).assumingMemoryBound(to: CChar.self)
}

private func name(of status: berth_status) -> StaticString {
  switch Int(status) {
  case Int(BERTH_OK): "BERTH_OK"
  case Int(BERTH_NULL_POINTER): "BERTH_NULL_POINTER"
  case Int(BERTH_BAD_STRUCT): "BERTH_BAD_STRUCT"
  case Int(BERTH_BAD_ARGUMENT): "BERTH_BAD_ARGUMENT"
  case Int(BERTH_BAD_QUANTITY): "BERTH_BAD_QUANTITY"
  case Int(BERTH_BAD_NUMBER): "BERTH_BAD_NUMBER"
  case Int(BERTH_BAD_TEXT): "BERTH_BAD_TEXT"
  case Int(BERTH_BAD_ENGINE): "BERTH_BAD_ENGINE"
  case Int(BERTH_UNKNOWN_ID): "BERTH_UNKNOWN_ID"
  case Int(BERTH_STALE_ID): "BERTH_STALE_ID"
  case Int(BERTH_DUPLICATE): "BERTH_DUPLICATE"
  case Int(BERTH_WRONG_STATE): "BERTH_WRONG_STATE"
  case Int(BERTH_BUSY): "BERTH_BUSY"
  case Int(BERTH_SEALED): "BERTH_SEALED"
  case Int(BERTH_NO_ROOM): "BERTH_NO_ROOM"
  case Int(BERTH_BAD_CALLBACK): "BERTH_BAD_CALLBACK"
  case Int(BERTH_LIMIT): "BERTH_LIMIT"
  case Int(BERTH_OUT_OF_MEMORY): "BERTH_OUT_OF_MEMORY"
  case Int(BERTH_IO): "BERTH_IO"
  case Int(BERTH_CORRUPT): "BERTH_CORRUPT"
  case Int(BERTH_BAD_FILE): "BERTH_BAD_FILE"
  default: "BERTH_UNKNOWN_STATUS"
  }
}
