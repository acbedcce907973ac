import BerthKubernetes
import BerthSimulation

/// What of the nodes is in use before any gang comes: GPUs, and as large a share of everything else.
public enum Busy: Sendable, Equatable {
  /// From 0 to 1, of all GPUs.
  case share(Double)
  /// GPUs in use by node; all others are free.
  case listed([String: Int], file: String)

  /// "0.7", "70%", or a file of lines "node gpus-in-use".
  public static func read(_ text: String) throws(BadInput) -> Busy {
    let isPercent = text.hasSuffix("%")
    if let number = Double(isPercent ? String(text.dropLast()).trimmed : text) {
      let share = isPercent ? number / 100 : number
      guard (0...1).contains(share) else {
        throw BadInput(problems: [Problem("--busy", "", "'\(text)' is no share from 0 to 1, or from 0% to 100%")])
      }
      return .share(share)
    }
    do throws(Problem) {
      return try list(String(decoding: try InputFile.read(text), as: UTF8.self), file: text)
    } catch {
      throw BadInput(problems: [error])
    }
  }

  static func list(_ text: String, file: String) throws(Problem) -> Busy {
    var found: [String: Int] = [:]
    for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let words = raw.prefix { $0 != "#" }.split { $0 == "," || $0.isWhitespace }
      if words.isEmpty { continue }
      guard words.count == 2, let count = Int(words[1]), (0...1024).contains(count) else {
        throw Problem(file, "", "a node and a number of GPUs in use are expected, as in \"node-1 6\"", line: index + 1)
      }
      if found.updateValue(count, forKey: String(words[0])) != nil {
        throw Problem(file, "", "has the node '\(words[0])' twice", line: index + 1)
      }
    }
    return .listed(found, file: file)
  }

  /// Parts in use of each node, where node i has `parts[i]`: its GPUs, as a rule.
  func used(_ nodes: [NetworkTopology.Node], parts: [Int], seed: UInt64) throws(BadInput) -> [Int] {
    switch self {
    case .share(let share): return Self.drawn(share, parts, seed)
    case .listed(let counts, let file):
      var problems: [Problem] = []
      let places = Dictionary(nodes.enumerated().map { ($1.name, $0) }) { first, _ in first }
      var used = [Int](repeating: 0, count: nodes.count)
      for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
        guard let place = places[name] else {
          problems.append(Problem(file, "", "'\(name)' is no node of the topology"))
          continue
        }
        if count > parts[place] {
          problems.append(Problem(file, "", "'\(name)' has \(parts[place]) GPUs, and \(count) are to be in use"))
        }
        used[place] = count
      }
      guard problems.isEmpty else { throw BadInput(problems: problems) }
      return used
    }
  }

  /// Three quarters of what is in use fills nodes, the rest is parts of others: so some large gangs find room, but not
  /// everywhere.
  private static func drawn(_ share: Double, _ parts: [Int], _ seed: UInt64) -> [Int] {
    var random = SeededRandom(seed: seed, stream: 1)
    let wanted = Int((Double(parts.reduce(0, +)) * share).rounded())
    var order = Array(parts.indices)
    random.shuffle(&order)
    var used = [Int](repeating: 0, count: parts.count)
    var whole = wanted - wanted / 4
    for node in order where parts[node] <= whole {
      used[node] = parts[node]
      whole -= parts[node]
    }
    var left = wanted - used.reduce(0, +)
    for node in order where used[node] == 0 && parts[node] > 1 && left > 0 {
      used[node] = min(left, 1 + random.below(parts[node] - 1))
      left -= used[node]
    }
    for node in order where left > 0 {
      let more = min(left, parts[node] - used[node])
      used[node] += more
      left -= more
    }
    return used
  }
}
