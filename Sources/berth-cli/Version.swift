import CBerth
import CJemalloc

/// What `berth --version` prints.
enum Version {
  /// Asking jemalloc itself also keeps it linked: the engine looks for it in the process it runs in.
  static var text: String { "berth \(BERTH_VERSION) (jemalloc \(jemalloc))" }

  private static var jemalloc: String {
    var version: UnsafePointer<CChar>?
    var size = MemoryLayout.size(ofValue: version)
    guard mallctl("version", &version, &size, nil, 0) == 0, let version else { return "of unknown version" }
    return String(cString: version)
  }
}
