import Foundation

/// Replays files of recorded decisions and counts where the engine agrees.
public struct GoldenRun {
  public struct Suite: Sendable {
    public var name: String
    public var cases = 0
    public var equal = 0
    public var unequal = 0
    public var skipped = 0
    public var firstDifference: String?
  }

  /// In the order in which they were met first.
  public private(set) var suites: [Suite] = []

  public init() {}

  /// One file: a case in each line, packed with gzip or plain. `progress` is told of lines.
  public mutating func replay(_ path: String, progress: (Int, Int) -> Void = { _, _ in }) throws {
    let data: Data
    do throws(Problem) { data = try InputFile.read(path) } catch { throw BadInput(problems: [error]) }
    let lines = data.split(separator: UInt8(ascii: "\n"))
    for (index, line) in lines.enumerated() {
      let value: Value
      do {
        value = Value(decoded: try JSONSerialization.jsonObject(with: Data(line)))
      } catch {
        throw BadInput(problems: [Problem("\(path), line \(index + 1)", "", "is no JSON")])
      }
      guard case .object(let fields) = value, fields.text("suite") != nil, case .integer? = fields["case"] else {
        throw BadInput(problems: [
          Problem("\(path), line \(index + 1)", "", "is no recorded case: it has no suite and case")
        ])
      }
      count(GoldenCase(fields))
      progress(index + 1, lines.count)
    }
  }

  private mutating func count(_ golden: GoldenCase) {
    let index = suites.firstIndex { $0.name == golden.suite } ?? suites.endIndex
    if index == suites.endIndex { suites.append(Suite(name: golden.suite)) }
    suites[index].cases += 1
    if golden.isPreemption {
      suites[index].skipped += 1
    } else if let difference = Self.difference(golden) {
      suites[index].unequal += 1
      suites[index].firstDifference = suites[index].firstDifference ?? "case \(golden.number): \(difference)"
    } else {
      suites[index].equal += 1
    }
  }

  private static func difference(_ golden: GoldenCase) -> String? {
    if let problem = golden.problems.first { return problem.description }
    do {
      return try GoldenReplay(golden).firstDifference()
    } catch {
      return "the engine refuses: \(error)"
    }
  }
}
