import CBerth
import Glibc

/// A file of the operating system. What goes wrong with it is BERTH_IO with the system's words.
final class File {
  let path: String
  private let descriptor: Int32

  private init(_ path: UnsafePointer<CChar>, _ flags: Int32) throws(EngineError) {
    self.path = String(cString: path)
    // without O_NONBLOCK a pipe of that name would wait for its other end
    descriptor = Glibc.open(path, flags | O_CLOEXEC | O_NONBLOCK, 0o666)
    guard descriptor >= 0 else { throw Self.failure("opened", self.path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("read") }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw refuse(BERTH_IO, "\(self.path) is not a regular file")
    }
  }

  deinit { close(descriptor) }

  static func reading(_ path: UnsafePointer<CChar>) throws(EngineError) -> File { try File(path, O_RDONLY) }
  static func changing(_ path: UnsafePointer<CChar>) throws(EngineError) -> File { try File(path, O_RDWR) }

  static func exists(_ path: UnsafePointer<CChar>) -> Bool { access(path, F_OK) == 0 }

  /// A new file beside `path`, to be given that name when it is complete. Its own name is not taken yet: two writers
  /// never share one, and what a crash leaves behind is in nobody's way.
  static func temporary(beside path: UnsafePointer<CChar>) throws(EngineError) -> File {
    let stem = "\(String(cString: path)).tmp-\(getpid())-"
    for number in 0..<10_000 {
      do throws(EngineError) {
        return try File("\(stem)\(number)", O_RDWR | O_CREAT | O_EXCL)
      } catch {
        guard errno == EEXIST else { throw error }
      }
    }
    throw refuse(BERTH_IO, "\(stem)* are all taken: remove what crashes left behind")
  }

  // MARK: Contents

  func size() throws(EngineError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure("read") }
    return Int(status.st_size)
  }

  /// Exactly the bytes wanted, which were there when the size was read.
  func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(EngineError) {
    var done = 0
    while done < buffer.count {
      let part = pread(
        descriptor, buffer.baseAddress.unsafelyUnwrapped + done, buffer.count - done, off_t(offset + done))
      if part < 0 && errno == EINTR { continue }
      guard part >= 0 else { throw failure("read") }
      guard part > 0 else { throw refuse(BERTH_IO, "\(path) was cut short while it was read") }
      done += part
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(EngineError) {
    var done = 0
    while done < bytes.count {
      let part = pwrite(
        descriptor, bytes.baseAddress.unsafelyUnwrapped + done, bytes.count - done, off_t(offset + done))
      if part < 0 && errno == EINTR { continue }
      guard part > 0 else { throw failure("written") }
      done += part
    }
  }

  func truncate(to size: Int) throws(EngineError) {
    while ftruncate(descriptor, off_t(size)) != 0 {
      guard errno == EINTR else { throw failure("cut") }
    }
  }

  /// Contents and size are on the disk afterwards.
  func sync() throws(EngineError) {
    while fdatasync(descriptor) != 0 {
      guard errno == EINTR else { throw failure("synchronised") }
    }
  }

  /// Nobody else may change it while this file is open; the system lets go when the process ends, however it ends.
  func lock() throws(EngineError) {
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw errno == EWOULDBLOCK
        ? refuse(BERTH_IO, "\(path) is in use: another engine or process has it open") : failure("locked")
    }
  }

  // MARK: Names

  /// Takes the name, in place of a file that has it. After a crash either that or this file is there, whole.
  func rename(to name: UnsafePointer<CChar>) throws(EngineError) {
    guard Glibc.rename(path, name) == 0 else { throw Self.failure("replaced", String(cString: name)) }
    try Self.syncFolder(of: name)
  }

  /// Takes the name unless a file has it.
  func link(to name: UnsafePointer<CChar>) throws(EngineError) {
    guard Glibc.link(path, name) == 0 else { throw Self.failure("created", String(cString: name)) }
    unlink(path)
    try Self.syncFolder(of: name)
  }

  /// Gives up a temporary file.
  func discard() { unlink(path) }

  private static func syncFolder(of path: UnsafePointer<CChar>) throws(EngineError) {
    let text = String(cString: path)
    let slash = text.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { $0 == text.startIndex ? "/" : String(text[..<$0]) } ?? "."
    let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("opened", folder) }
    defer { close(descriptor) }
    // some file systems know no such thing as synchronising a folder
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("synchronised", folder) }
  }

  // MARK: Errors

  private func failure(_ what: String) -> EngineError { Self.failure(what, path) }

  private static func failure(_ what: String, _ path: String) -> EngineError {
    refuse(BERTH_IO, "\(path) cannot be \(what): \(String(cString: strerror(errno)))")
  }
}
