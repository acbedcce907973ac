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

  static let resultIsTerminal = isatty(STDOUT_FILENO) == 1

  /// Columns of standard output; elsewhere than on a terminal, 120.
  static var resultWidth: Int {
    var size = winsize()
    guard resultIsTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else { return 120 }
    return Int(size.ws_col)
  }

  enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
  }

  /// As it is where people want no colour (no-color.org).
  static func styled(_ text: String, _ style: Style) -> String {
    getenv("NO_COLOR") == nil ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

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
