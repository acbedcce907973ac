import BerthKubernetes

/// Topologies whose levels are labels of nodes: Kueue's and KAI's `Topology`, Koordinator's `ClusterNetworkTopology`,
/// or keys that the caller names.
struct LabelledNodes {
  /// A level and the label keys of which the first that a node has names its domain.
  struct Level {
    var level: NetworkTopology.Level
    var keys: [String]
  }

  static func topology(
    levels: [Level], facts: [NodeFacts], skipsUnlabelled: Bool, source: String
  ) throws(BadInput) -> NetworkTopology {
    guard !facts.isEmpty else {
      throw BadInput(problems: [
        Problem(source, "", "needs the nodes: give a file of Node objects beside it (kubectl get nodes -o json)")
      ])
    }
    guard (1...TopologyBuilder.mostLevels).contains(levels.count) else {
      throw BadInput(problems: [
        Problem(source, "", "has \(levels.count) levels: 1 to \(TopologyBuilder.mostLevels) are held")
      ])
    }
    let keys = levels.flatMap(\.keys)
    guard facts.contains(where: { node in keys.contains { node.labels[$0] != nil } }) else {
      let missing = keys.joined(separator: ", ")
      throw BadInput(problems: [Problem(source, "", "no node has any of the labels \(missing): check the keys")])
    }
    var builder = TopologyBuilder(levels.map(\.level))
    var skipped = 0
    var incomplete = 0
    var problems: [Problem] = []
    for node in facts {
      // An empty value names no domain: it could not be told from a label that is missing.
      let path = levels.map { level in level.keys.lazy.compactMap { node.labels[$0] }.first { !$0.isEmpty } }
      if skipsUnlabelled && path.contains(where: { $0 == nil }) {
        skipped += 1
        continue
      }
      if path.contains(where: { $0 == nil }) { incomplete += 1 }
      if builder.add(node, path: path) == nil {
        problems.append(Problem("Node \(node.name)", "", "is there twice: leave one file out"))
      }
    }
    guard problems.isEmpty else { throw BadInput(problems: problems) }
    if skipped > 0 { builder.note("\(skipped) nodes lack a level's label and take no part, as in Kueue") }
    if incomplete > 0 {
      builder.note("\(incomplete) nodes lack a level's label: each is alone there, in a domain without a name")
    }
    if builder.topology.nodes.isEmpty {
      throw BadInput(problems: [Problem(source, "", "no node has all of the labels \(keys.joined(separator: ", "))")])
    }
    return builder.topology
  }

  /// Kueue's (kueue.x-k8s.io) and KAI's (kai.scheduler) `Topology`: spec.levels[].nodeLabel, widest first. Kueue takes no
  /// node that lacks one of the labels.
  static func kueue(_ object: ManifestObject) throws(BadInput) -> [Level] {
    let reader = object.reader
    var keys: [String] = []
    reader.fields("spec", in: object.fields) { spec in
      reader.allow(["levels"], in: spec)
      keys = reader.list("levels", in: spec) { level in
        reader.allow(["nodeLabel"], in: level)
        guard let key = reader.requiredText("nodeLabel", in: level) else { return nil }
        if let wrong = LabelSyntax.wrongKey(key) { reader.fail("nodeLabel", wrong) }
        return key
      }
      if keys.isEmpty { reader.fail("levels", "must list at least one level") }
    }
    if !reader.has("spec", in: object.fields) { reader.fail("spec", "is required") }
    for (index, key) in keys.enumerated() {
      if keys[..<index].contains(key) { reader.fail("spec.levels[\(index)].nodeLabel", "is there already") }
      if key == hostname && index < keys.count - 1 {
        reader.fail("spec.levels[\(index)].nodeLabel", "can only be the last level")
      }
    }
    return try levels(keys.map { Level(level: NetworkTopology.Level($0), keys: [$0]) }, reader)
  }

  /// Koordinator's `ClusterNetworkTopology` (scheduling.koordinator.sh/v1alpha1): layers by name, each with its parent
  /// and the label keys any of which names it. The words `hierarchy`, `layerName` and a single key are those of its design
  /// document, `networkTopologySpec`, `topologyLayer` and a list those of the API.
  static func koordinator(_ object: ManifestObject) throws(BadInput) -> [Level] {
    let reader = object.reader
    var layers: [(name: String, parent: String?, keys: [String])] = []
    if !reader.has("spec", in: object.fields) { reader.fail("spec", "is required") }
    reader.fields("spec", in: object.fields) { spec in
      reader.allow(["networkTopologySpec", "hierarchy"], in: spec)
      let key = reader.has("hierarchy", in: spec) ? "hierarchy" : "networkTopologySpec"
      layers = reader.list(key, in: spec) { layer in
        reader.allow(["topologyLayer", "layerName", "parentTopologyLayer", "labelKey"], in: layer)
        let nameKey = reader.has("layerName", in: layer) ? "layerName" : "topologyLayer"
        guard let name = reader.requiredText(nameKey, in: layer) else { return nil }
        var keys: [String]
        if case .text(let single)? = layer["labelKey"] {
          keys = [single]
        } else {
          keys = reader.texts("labelKey", in: layer)
        }
        keys.removeAll(where: \.isEmpty)
        return (name, reader.text("parentTopologyLayer", in: layer).flatMap { $0.isEmpty ? nil : $0 }, keys)
      }
      if layers.isEmpty { reader.fail(key, "must list at least one layer") }
      for (index, layer) in layers.enumerated() {
        if layers[..<index].contains(where: { $0.name == layer.name }) {
          reader.fail(key, index: index, "layer '\(layer.name)' is there already")
        }
      }
    }
    guard reader.problems.isEmpty else { throw BadInput(problems: reader.problems) }
    return try levels(chain(layers, reader), reader)
  }

  private static let hostname = "kubernetes.io/hostname"
  private static let clusterLayer = "ClusterTopologyLayer"
  private static let nodeLayers = ["NodeTopologyLayer", "nodeLayer"]

  /// From the layer below the cluster, or below none, down. Layers are a chain: a tree of layers is none of levels.
  private static func chain(
    _ layers: [(name: String, parent: String?, keys: [String])], _ reader: ObjectReader
  ) -> [Level] {
    var result: [Level] = []
    var seen: Set<String> = []
    var parent: String?
    while true {
      let next = layers.filter { layer in
        if layer.name == clusterLayer { return false }
        let above = layer.parent == clusterLayer ? nil : layer.parent
        return above == parent
      }
      guard let layer = next.first else { break }
      if next.count > 1 {
        let names = next.map(\.name).joined(separator: " and ")
        reader.fail("spec", "the layers \(names) have the same parent, \(parent ?? "none"): a chain is expected")
        return []
      }
      if !seen.insert(layer.name).inserted { break }
      parent = layer.name
      if nodeLayers.contains(layer.name) { continue }
      if layer.keys.isEmpty { reader.fail("spec", "layer '\(layer.name)' needs a labelKey") }
      result.append(Level(level: NetworkTopology.Level(layer.name, aliases: layer.keys), keys: layer.keys))
    }
    let left = layers.filter { $0.name != clusterLayer && !seen.contains($0.name) }
    if let first = left.first {
      let known = layers.contains { $0.name == first.parent }
      let parent = first.parent ?? "none"
      reader.fail(
        "spec",
        known
          ? "layer '\(first.name)' leads to no top layer: its parents, from '\(parent)' on, are a cycle"
          : "layer '\(first.name)' has the parent '\(parent)', which is no layer: define it, or correct the name")
    }
    return result
  }

  /// What is a node's own name is no level: there is one for nodes in every topology.
  private static func levels(_ all: [Level], _ reader: ObjectReader) throws(BadInput) -> [Level] {
    guard reader.problems.isEmpty else { throw BadInput(problems: reader.problems) }
    return all.count > 1 && all[all.count - 1].keys == [hostname] ? all.dropLast() : all
  }
}
