import BerthKubernetes

/// A network as files of switches have it: each names what is right below it. Becomes nodes with one switch for each
/// level, or mistakes.
struct SwitchTree {
  struct Vertex {
    var name: String
    var children: [String] = []
    var nodes: [String] = []
    /// How far above the nodes, from 0; nil: as the children are, one more than the highest of them.
    var height: Int?
    var linkSpeed: Double?
    /// How mistakes speak of it: "line 3: SwitchName=s1" has a place and a field.
    var place: (object: String, path: String, line: Int?)
  }

  /// "switch", "HyperNode".
  let noun: String
  private(set) var vertices: [Vertex] = []
  private(set) var problems: [Problem] = []
  private(set) var notes: [String] = []
  private var indices: [String: Int] = [:]
  /// Of each vertex, from the one that stands for it: several switches above the same switches count as one.
  private var representative: [Int] = []
  private var parents: [Int?] = []
  private(set) var heights: [Int] = []

  init(noun: String) { self.noun = noun }

  var levelCount: Int { (heights.max() ?? 0) + 1 }

  mutating func add(_ vertex: Vertex) {
    if let earlier = indices[vertex.name] {
      fail(vertex, "there is a \(noun) '\(vertex.name)' already (\(Self.text(vertices[earlier].place))): rename one")
      return
    }
    indices[vertex.name] = vertices.count
    vertices.append(vertex)
  }

  /// Checks everything; afterwards the tree is sound if there are no problems.
  mutating func resolve() {
    let children = vertices.map { vertex in
      vertex.children.compactMap { name -> Int? in
        if indices[name] == nil {
          fail(vertex, "has the child '\(name)', which is no \(noun) of this file: define it, or correct the name")
        }
        return indices[name]
      }
    }
    guard problems.isEmpty, let order = postorder(children) else { return }
    setHeights(order, children)
    guard problems.isEmpty else { return }
    merge(order, children)
    var owners: [String: Int] = [:]
    for (index, vertex) in vertices.enumerated() {
      for node in vertex.nodes {
        if let owner = owners.updateValue(index, forKey: node) {
          let again = owner == index ? "twice" : "and below \(noun) '\(vertices[owner].name)'"
          fail(vertex, "has the node '\(node)' \(again): a node is below one \(noun)")
        }
      }
    }
  }

  /// For each node, in the order of the vertices that have nodes: its switches from the widest level down.
  func nodePaths() -> [(node: String, path: [String?])] {
    let count = levelCount
    return vertices.enumerated().flatMap { index, vertex -> [(node: String, path: [String?])] in
      if vertex.nodes.isEmpty { return [] }
      var path = [String?](repeating: nil, count: count)
      var current: Int? = representative[index]
      while let own = current {
        path[count - 1 - heights[own]] = vertices[own].name
        current = parents[own]
      }
      return vertex.nodes.map { ($0, path) }
    }
  }

  var linkSpeeds: [String: Double] {
    Dictionary(vertices.compactMap { vertex in vertex.linkSpeed.map { (vertex.name, $0) } }) { first, _ in first }
  }

  // MARK: Steps

  private mutating func fail(_ vertex: Vertex, _ message: String) {
    problems.append(Problem(vertex.place.object, vertex.place.path, message, line: vertex.place.line))
  }

  private static func text(_ place: (object: String, path: String, line: Int?)) -> String {
    place.line.map { "line \($0)" } ?? place.object
  }

  /// Children before parents, without recursion: a file may chain as many switches as it likes. Nil: there is a cycle.
  private mutating func postorder(_ children: [[Int]]) -> [Int]? {
    enum State { case new, open, done }
    var states = [State](repeating: .new, count: vertices.count)
    var order: [Int] = []
    for start in vertices.indices where states[start] == .new {
      var stack: [(vertex: Int, next: Int)] = [(start, 0)]
      states[start] = .open
      while let (vertex, next) = stack.last {
        guard next < children[vertex].count else {
          states[vertex] = .done
          order.append(vertex)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let child = children[vertex][next]
        if states[child] == .open {
          let names = stack.map(\.vertex).drop { $0 != child }.map { vertices[$0].name }
          let cycle = (names + [vertices[child].name]).prefix(10).joined(separator: " → ")
          fail(vertices[vertex], "is part of a cycle, \(cycle): take one of these children away")
          return nil
        }
        if states[child] == .new {
          states[child] = .open
          stack.append((child, 0))
        }
      }
    }
    return order
  }

  private mutating func setHeights(_ order: [Int], _ children: [[Int]]) {
    heights = [Int](repeating: 0, count: vertices.count)
    for vertex in order {
      let below = children[vertex].map { heights[$0] }.max()
      heights[vertex] = vertices[vertex].height ?? below.map { $0 + 1 } ?? 0
      if let below, heights[vertex] <= below {
        let child = children[vertex].first { heights[$0] == below } ?? vertex
        fail(vertices[vertex], "has the child '\(vertices[child].name)', which is of no lower tier: correct one's tier")
      }
      if heights[vertex] >= TopologyBuilder.mostLevels {
        fail(vertices[vertex], "is above \(heights[vertex]) levels: at most \(TopologyBuilder.mostLevels) are held")
        return
      }
    }
  }

  /// Switches that lead to the same switches are one domain: which of them a packet takes makes no difference.
  private mutating func merge(_ order: [Int], _ children: [[Int]]) {
    representative = Array(vertices.indices)
    parents = [Int?](repeating: nil, count: vertices.count)
    var known: [[Int]: Int] = [:]
    var merged: [Int: [String]] = [:]
    for vertex in order.sorted(by: { (heights[$0], $0) < (heights[$1], $1) }) where !children[vertex].isEmpty {
      let below = Set(children[vertex].map { representative[$0] }).sorted()
      if vertices[vertex].nodes.isEmpty, let first = known[below], heights[first] == heights[vertex] {
        representative[vertex] = first
        merged[first, default: []].append(vertices[vertex].name)
        continue
      }
      if vertices[vertex].nodes.isEmpty { known[below] = vertex }
      for child in below {
        if let other = parents[child] {
          fail(
            vertices[vertex],
            "has the child '\(vertices[child].name)', which is below '\(vertices[other].name)', too, and the two lead to "
              + "different places: a tree is expected, leave the redundant one out")
          return
        }
        parents[child] = vertex
      }
    }
    for (first, others) in merged.sorted(by: { $0.key < $1.key }) {
      let more = others.count > 3 ? "\(others.prefix(3).joined(separator: ", ")) and \(others.count - 3) more" : nil
      notes.append(
        "\(vertices[first].name), \(more ?? others.joined(separator: ", ")) lead to the same children and count as one "
          + "domain, \(vertices[first].name)")
    }
  }
}
