import BerthKubernetes

/// What Slurm's topology.conf or one topology of its topology.yaml says.
struct SlurmTopology {
  struct Group {
    var name: String
    var nodes: [String]
    var line: Int?
  }

  enum Kind {
    case flat
    case tree(SwitchTree)
    /// Sizes as written; empty: Slurm's own choice.
    case block(sizes: [Int], [Group])
    case ring([Group])
    case torus([SlurmTorus])
  }

  var name: String
  var kind: Kind
}

/// Slurm's `topology.conf`: lines of `Key=value` pairs (man topology.conf). Names of keys are read in any case, `#` begins
/// a comment, a `\` at the end of a line goes on with the next.
struct SlurmConf {
  private struct Pair {
    var key: String
    var value: String
  }

  let file: String
  private(set) var problems: [Problem] = []
  private var tree = SwitchTree(noun: "switch")
  private var blocks: [SlurmTopology.Group] = []
  private var rings: [SlurmTopology.Group] = []
  private var sizes: [Int]?
  /// The key that said which plugin the file is for.
  private var kind: String?

  /// Nil if there are problems.
  static func read(_ text: String, file: String) throws(BadInput) -> SlurmTopology {
    var conf = SlurmConf(file: file)
    for (line, content) in logicalLines(text) { conf.read(content, line) }
    if conf.kind == nil && conf.problems.isEmpty {
      conf.problems.append(
        Problem(file, "", "defines nothing: a line that begins with SwitchName=, BlockName= or RingName= is expected"))
    }
    guard conf.problems.isEmpty else { throw BadInput(problems: conf.problems) }
    switch conf.kind {
    case "blockname": return SlurmTopology(name: "", kind: .block(sizes: conf.sizes ?? [], conf.blocks))
    case "ringname": return SlurmTopology(name: "", kind: .ring(conf.rings))
    default: return SlurmTopology(name: "", kind: .tree(conf.tree))
    }
  }

  private init(file: String) { self.file = file }

  /// Lines without comments, continued ones joined, with the number of their first.
  private static func logicalLines(_ text: String) -> [(Int, String)] {
    var result: [(Int, String)] = []
    var open: (line: Int, text: String)?
    for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      var content = String(raw.prefix { $0 != "#" })
      let goesOn = content.hasSuffix("\\")
      if goesOn { content.removeLast() }
      let whole = (open?.text ?? "") + content
      let line = open?.line ?? index + 1
      open = goesOn ? (line, whole + " ") : nil
      if !goesOn { result.append((line, whole)) }
    }
    if let open { result.append(open) }
    return result
  }

  private mutating func fail(_ key: String, _ line: Int, _ message: String) {
    problems.append(Problem(file, key, message, line: line))
  }

  private mutating func read(_ content: String, _ line: Int) {
    guard let pairs = pairs(content, line), let first = pairs.first else { return }
    let key = first.key.lowercased()
    switch key {
    case "switchname", "blockname", "ringname":
      if first.value.isEmpty { return fail(first.key, line, "is empty: a name is expected") }
      if let kind, kind != key {
        return fail(first.key, line, "is of another plugin than the lines before: one file has one kind of topology")
      }
      kind = key
      readUnit(key, first.value, pairs.dropFirst(), line)
    case "blocksizes":
      if pairs.count > 1 { return fail(pairs[1].key, line, "stands behind BlockSizes: a line of its own is expected") }
      readSizes(first, line)
    default:
      fail(first.key, line, "unknown key: SwitchName, BlockName, BlockSizes or RingName is expected")
    }
  }

  private mutating func readUnit(_ kind: String, _ name: String, _ pairs: ArraySlice<Pair>, _ line: Int) {
    var values: [String: String] = [:]
    let allowed = kind == "switchname" ? ["nodes", "switches", "linkspeed"] : ["nodes"]
    for pair in pairs {
      let key = pair.key.lowercased()
      guard allowed.contains(key) else {
        return fail(pair.key, line, "unknown key: \(allowed.joined(separator: ", ")) are expected here")
      }
      if values.updateValue(pair.value, forKey: key) != nil { return fail(pair.key, line, "stands there twice") }
    }
    guard let nodes = hosts("Nodes", values["nodes"], line) else { return }
    switch kind {
    case "switchname":
      guard let children = hosts("Switches", values["switches"], line) else { return }
      if !nodes.isEmpty && !children.isEmpty {
        return fail("Switches", line, "'\(name)' has Nodes, too: a switch has nodes or switches")
      }
      if nodes.isEmpty && children.isEmpty {
        return fail("SwitchName", line, "'\(name)' has neither Nodes nor Switches: give it one of them")
      }
      if name.utf8.count > 64 { return fail("SwitchName", line, "is longer than 64 characters") }
      var speed: Double?
      if let text = values["linkspeed"] {
        guard let value = Double(text), value.isFinite, value > 0 else {
          return fail("LinkSpeed", line, "'\(text)' is no positive number")
        }
        speed = value
      }
      tree.add(
        SwitchTree.Vertex(
          name: name, children: children, nodes: nodes, linkSpeed: speed, place: (file, "SwitchName=\(name)", line)))
    case "blockname": blocks.append(SlurmTopology.Group(name: name, nodes: nodes, line: line))
    default: rings.append(SlurmTopology.Group(name: name, nodes: nodes, line: line))
    }
  }

  private mutating func readSizes(_ pair: Pair, _ line: Int) {
    if sizes != nil { return fail(pair.key, line, "stands there twice") }
    var found: [Int] = []
    for text in pair.value.split(separator: ",", omittingEmptySubsequences: false) {
      guard let size = Int(text), (1...TopologyBuilder.mostNodes).contains(size) else {
        return fail(pair.key, line, "'\(text)' is no number of nodes from 1 to \(TopologyBuilder.mostNodes)")
      }
      found.append(size)
    }
    sizes = found
  }

  /// Nil if the expression is wrong; none where there is none.
  private mutating func hosts(_ key: String, _ text: String?, _ line: Int) -> [String]? {
    guard let text else { return [] }
    do throws(Hostlist.Mistake) {
      return try Hostlist.expand(text)
    } catch {
      fail(key, line, error.message)
      return nil
    }
  }

  /// Words of the form key=value; a value may stand in double quotes.
  private mutating func pairs(_ content: String, _ line: Int) -> [Pair]? {
    var pairs: [Pair] = []
    var rest = content.drop { $0.isWhitespace }
    while !rest.isEmpty {
      let key = rest.prefix { $0 != "=" && !$0.isWhitespace }
      rest = rest.dropFirst(key.count)
      guard !key.isEmpty, rest.first == "=" else {
        fail("", line, "'\(key.isEmpty ? rest.prefix(20) : key.prefix(40))' is no pair: Key=value is expected")
        return nil
      }
      rest.removeFirst()
      let value: Substring
      if rest.first == "\"" {
        rest.removeFirst()
        value = rest.prefix { $0 != "\"" }
        rest = rest.dropFirst(value.count)
        guard rest.first == "\"" else {
          fail(String(key), line, "lacks the closing quote")
          return nil
        }
        rest.removeFirst()
      } else {
        value = rest.prefix { !$0.isWhitespace }
        rest = rest.dropFirst(value.count)
      }
      pairs.append(Pair(key: String(key), value: String(value)))
      rest = rest.drop { $0.isWhitespace }
    }
    return pairs
  }
}
