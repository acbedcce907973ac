import BerthCore
import CBerth

@_cdecl("berth_status_name")
public func statusName(_ status: berth_status) -> UnsafePointer<CChar>? {
  let known = StatusNames.all.first { $0.status == status }
  return UnsafeRawPointer((known?.name ?? "BERTH_UNKNOWN_STATUS").utf8Start).assumingMemoryBound(to: CChar.self)
}
