import BerthCore
import CBerth
import Foundation

/// A folder for the files of one test, gone when the test is.
final class Folder {
  let path: String
  private var made = 0

  init() {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("berth-test-\(UUID().uuidString)").path
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
    FileManager.default.createFile(atPath: path, contents: Data(bytes))
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
