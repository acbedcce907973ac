import BerthCore
import CBerth
import Foundation
import Glibc

/// A folder for the files of one test, gone when the test is.
final class Folder {
  let path: String
  private var made = 0

  init() {
    // in memory where that can be had: these tests wait for the disk thousands of times
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path
    path = "\(parent)/berth-test-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path that no file has.
  func file(_ name: String = "file") -> String {
    made += 1
    return "\(path)/\(name)-\(made)"
  }

  func write(_ bytes: [UInt8]) -> String {
    let path = file()
    // plainly: Foundation waits for the disk
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
    _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    return path
  }

  func read(_ path: String) -> [UInt8] { FileManager.default.contents(atPath: path).map { Array($0) } ?? [] }

  var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
}

extension Engine {
  static func options(level: UInt32 = 0) -> berth_engine_options {
    var options = berth_engine_options()
    options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
    options.cpu_level = level
    return options
  }

  /// What a process that starts now would get.
  static func recovered(
    snapshot: String? = nil, journal: String? = nil, level: UInt32 = 0
  ) throws(EngineError) -> (engine: Engine, recovery: berth_recovery) {
    let scratch = Scratch()
    return try recover(
      snapshot: snapshot.map { scratch.text($0) }, journal: journal.map { scratch.text($0) },
      options: options(level: level))
  }

  /// The engine that a snapshot of this one makes.
  func reread(_ folder: Folder) throws(EngineError) -> Engine {
    let path = folder.file("snapshot")
    try writeSnapshot(path)
    defer { unlink(path) }
    let engine = try Self.recovered(snapshot: path, level: info().cpu_level).engine
    try engine.validate()
    guard engine.digest() == digest() else {
      throw EngineError(UInt32(BERTH_CORRUPT), "the engine that was read back has another digest")
    }
    return engine
  }
}
