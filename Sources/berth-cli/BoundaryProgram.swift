import ArgumentParser
import BerthSimulation
import Foundation

/// A program that plays a case of `berth bench boundary` in its language, as Bench/boundary/README.md says. It waits
/// for commands, so that several can take turns.
final class BoundaryProgram {
  let language: String
  let allocator: String
  let cpuLevel: String
  private let process = Process()
  private let commands = Pipe()
  private let answers = Pipe()

  /// Those that Bench/boundary/build.sh builds, in the order of the report.
  static let languages = ["c", "go", "python"]

  /// Which of them are in a directory.
  static func found(in directory: String) -> [String] {
    languages.filter { FileManager.default.isExecutableFile(atPath: "\(directory)/\($0)") }
  }

  /// Starts the program of a language in a directory, which is this command itself for Swift.
  init(_ language: String, in directory: String, _ boundaryCase: BoundaryCase) throws {
    let isSwift = language == "swift"
    process.executableURL = URL(fileURLWithPath: isSwift ? "/proc/self/exe" : "\(directory)/\(language)")
    process.arguments = (isSwift ? ["bench", "boundary-play"] : []) + [boundaryCase.directory]
    process.standardInput = commands
    process.standardOutput = answers
    self.language = language
    try process.run()
    let greeting = try Self.readLine(from: answers, of: language)
    let words = greeting.split(separator: " ")
    guard words.count == 3, words[0] == language else {
      throw BoundaryFailure("the program in \(language) says \"\(greeting)\" first, not what it is")
    }
    allocator = String(words[1])
    cpuLevel = String(words[2])
  }

  private func ask(_ command: String) throws -> String {
    do { try commands.fileHandleForWriting.write(contentsOf: Data((command + "\n").utf8)) } catch {
      throw BoundaryFailure("the program in \(language) has ended")
    }
    return try Self.readLine(from: answers, of: language)
  }

  /// Nanoseconds per placement.
  func place(_ range: Range<Int>, podsPerCall: Int) throws -> Double {
    let answer = try ask("place \(range.lowerBound) \(range.count) \(podsPerCall)")
    guard let nanoseconds = Double(answer) else {
      throw BoundaryFailure("the program in \(language) says \"\(answer)\", not nanoseconds")
    }
    return nanoseconds / Double(range.count)
  }

  /// Takes everything back; the digest of the decisions, and how many pods were placed.
  func release() throws -> (digest: String, placed: Int) {
    let words = try ask("release").split(separator: " ")
    guard words.count == 2, let placed = Int(words[1]) else {
      throw BoundaryFailure("the program in \(language) says \(words), not a digest and a number")
    }
    return (String(words[0]), placed)
  }

  /// Programs end with their input. All inputs end first: a program may have been given those of others.
  static func end(_ programs: [BoundaryProgram]) {
    for program in programs { try? program.commands.fileHandleForWriting.close() }
    for program in programs { program.process.waitUntilExit() }
  }

  private static func readLine(from pipe: Pipe, of language: String) throws -> String {
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      let more = pipe.fileHandleForReading.availableData
      guard !more.isEmpty else { throw BoundaryFailure("the program in \(language) ended before it answered") }
      line += more
    }
    return String(decoding: line.dropLast(), as: UTF8.self)
  }
}

/// What `berth bench boundary` runs of itself: the program in Swift.
struct BoundaryPlay: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boundary-play",
    abstract: "Play a case of `berth bench boundary` in Swift, as standard input says.", shouldDisplay: false)

  @Argument(help: "Directory of the case.")
  var directory: String

  func run() throws {
    var player = try BoundaryPlayer(BoundaryCase(directory))
    Terminal.printResult(player.greeting)
    while let command = readLine() { Terminal.printResult(try player.answer(command)) }
  }
}
