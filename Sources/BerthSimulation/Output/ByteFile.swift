import CZlib

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file could not be read or written: which, and what the operating system says.
public struct FileError: Error, CustomStringConvertible {
  public let description: String

  init(_ doing: String, _ path: String, reason: String) {
    description = "\(path): cannot \(doing): \(reason)"
  }

  init(_ doing: String, _ path: String, code: Int32 = errno) {
    description = "\(path): cannot \(doing): \(String(cString: strerror(code)))"
  }
}

/// Whole files, without Foundation.
public enum ByteFile {
  public static func read(_ path: String) throws(FileError) -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw FileError("open", path) }
    defer { fclose(file) }
    var bytes = [UInt8]()
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, file)
      bytes.append(contentsOf: chunk[..<count])
      if count < chunk.count { break }
    }
    if ferror(file) != 0 { throw FileError("read", path) }
    return bytes
  }

  /// The same of a file that may be gzip's, unpacked.
  public static func readUnpacked(_ path: String) throws(FileError) -> [UInt8] {
    guard let file = gzopen(path, "rb") else { throw FileError("open", path) }
    var bytes = [UInt8]()
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = gzread(file, &chunk, UInt32(chunk.count))
      guard count > 0 else { break }
      bytes.append(contentsOf: chunk[..<Int(count)])
    }
    // a member that ends early or is altered shows at the end only
    var status: Int32 = 0
    gzerror(file, &status)
    let closed = gzclose(file)
    guard status == Z_OK, closed == Z_OK else { throw FileError("unpack", path, reason: "it ends early or is altered") }
    return bytes
  }

  /// Writes the parts one after the other; a file of that name is replaced.
  public static func write(_ path: String, parts: [UnsafeRawBufferPointer]) throws(FileError) {
    guard let file = fopen(path, "wb") else { throw FileError("create", path) }
    var complete = true
    for part in parts where !part.isEmpty {
      complete = complete && fwrite(part.baseAddress, 1, part.count, file) == part.count
    }
    let code = errno
    // A full disk may only show when the last buffer is flushed.
    if fclose(file) != 0 || !complete { throw FileError("write", path, code: complete ? errno : code) }
  }

  public static func write(_ path: String, text: String) throws(FileError) {
    var refused: FileError?
    Array(text.utf8).withUnsafeBytes { bytes in
      do throws(FileError) { try write(path, parts: [bytes]) } catch { refused = error }
    }
    if let refused { throw refused }
  }

  /// The names in a directory, but for those that begin with a dot, in no order.
  public static func list(_ path: String) throws(FileError) -> [String] {
    guard let directory = opendir(path) else { throw FileError("list", path) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }

  /// Makes a directory unless it is there.
  public static func makeDirectory(_ path: String) throws(FileError) {
    if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    throw FileError("make the directory", path)
  }
}
