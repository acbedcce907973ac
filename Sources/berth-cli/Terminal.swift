#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Standard output is for results, standard error for everything else.
enum Terminal {
  static let errorIsTerminal = isatty(STDERR_FILENO) == 1

  static func printResult(_ text: String) { put(text + "\n", to: STDOUT_FILENO) }

  static func printError(_ text: String) { put(text + "\n", to: STDERR_FILENO) }

  /// Without a line end: for a line that is written over.
  static func rewriteErrorLine(_ text: String) { put("\r\u{1B}[2K" + text, to: STDERR_FILENO) }

  private static func put(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        // A closed pipe ends the process by its signal; anything else cannot be told to anyone.
        if count <= 0 { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}
