import CBerth
import Glibc

private nonisolated(unsafe) let version: UnsafePointer<CChar> = UnsafePointer(strdup(BERTH_VERSION)!)

@_cdecl("berth_abi_version")
public func abiVersion() -> UInt32 { UInt32(BERTH_ABI_VERSION) }

@_cdecl("berth_version")
public func libraryVersion() -> UnsafePointer<CChar>? { version }
