import BerthCore
import Foundation
import Testing

/// Seeds of the random tests and how a failure is replayed.
///   BERTH_FUZZ_SEEDS=N   runs seeds 0..<N of every random test instead of a few
///   BERTH_FUZZ_FIRST=F   begins with seed F: F..<F+N
///   BERTH_FUZZ_ONLY=S    runs seed S alone
///   BERTH_FUZZ_TRACE=1   prints every command before it runs, for a crash
enum Fuzz {
  private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

  static let traces = number("BERTH_FUZZ_TRACE") == 1

  static func seeds(_ usual: Int) -> [Int] {
    if let only = number("BERTH_FUZZ_ONLY") { return [only] }
    let first = number("BERTH_FUZZ_FIRST") ?? 0
    return Array(first..<first + (number("BERTH_FUZZ_SEEDS") ?? usual))
  }

  /// Runs `body` on a twin; a disagreement is recorded with the line that replays it.
  static func run(_ test: String, seed: Int, _ twin: @autoclosure () throws -> Twin, _ body: (Twin) throws -> Void) {
    let replay =
      "BERTH_FUZZ_ONLY=\(seed) BERTH_BUILD=levels swift test -c release -Xswiftc -enable-testing --filter \(test)"
    do {
      let twin = try twin()
      do {
        try body(twin)
        try twin.readBack()
      } catch {
        Issue.record("\(error)\nlast commands:\n  \(twin.recentCommands)\nreplay: \(replay)")
      }
    } catch {
      Issue.record("\(error)\nreplay: \(replay)")
    }
  }
}
