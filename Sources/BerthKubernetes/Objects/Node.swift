import CBerth

struct Taint: Hashable, Sendable {
  var key: String
  var value: String
  var effect: Effect
}

enum Effect: String, Sendable {
  case noSchedule = "NoSchedule"
  case preferNoSchedule = "PreferNoSchedule"
  case noExecute = "NoExecute"
}

struct NodeImage: Hashable, Sendable {
  var name: String
  var sizeBytes: Int64
}

struct Node: Sendable {
  var name: String
  var labels: [Label]
  var taints: [Taint]
  var isCordoned: Bool
  /// By name, in the engine's units: cpu in thousandths, everything else in whole units.
  var allocatable: [Amount]
  var images: [NodeImage]
  var annotations: [String: String] = [:]
  /// Nil: none that are placed one by one.
  var gpus: NodeGPUs?

  func label(_ key: String) -> String? { labels.first { $0.key == key }?.value }
}

/// A quantity of a resource in the engine's units.
struct Amount: Hashable, Sendable {
  var resource: String
  var value: Int64
}

extension ObjectReader {
  func node(_ fields: Fields) -> Node {
    let metadata = metadata(in: fields)
    if metadata.name.isEmpty { fail("metadata.name", "is required") }
    var node = Node(
      name: metadata.name, labels: metadata.labels, taints: [], isCordoned: false, allocatable: [], images: [],
      annotations: metadata.annotations)
    self.fields("spec", in: fields) { fields in
      node.isCordoned = flag("unschedulable", in: fields)
      node.taints = taints(in: fields)
    }
    self.fields("status", in: fields) { fields in
      let quantities = quantities("allocatable", in: fields)
      self.fields("allocatable", in: fields) { _ in
        node.allocatable = Resources.amounts(quantities, self)
      }
      node.images = images(in: fields)
    }
    node.gpus = gpus(node, fields)
    return node
  }

  private func taints(in fields: Fields) -> [Taint] {
    var seen: Set<String> = []
    return list("taints", in: fields) { fields in
      guard let key = requiredText("key", in: fields), let name = requiredText("effect", in: fields) else { return nil }
      guard let effect = Effect(rawValue: name) else {
        fail("effect", "'\(name)' is no taint effect: NoSchedule, PreferNoSchedule or NoExecute")
        return nil
      }
      if let wrong = LabelSyntax.wrongKey(key) { fail("key", wrong) }
      let value = text("value", in: fields) ?? ""
      if let wrong = LabelSyntax.wrongValue(value) { fail("value", wrong) }
      guard seen.insert("\(key)\u{0}\(name)").inserted else {
        fail("there is a taint of this key and effect already")
        return nil
      }
      return Taint(key: key, value: value, effect: effect)
    }
  }

  /// Every name of an image is an image of its own. A name that comes twice counts once, with its first size.
  private func images(in fields: Fields) -> [NodeImage] {
    var seen: Set<String> = []
    return list("images", in: fields) { fields -> [NodeImage] in
      let size = integer("sizeBytes", in: fields) ?? 0
      let limit = Int64(BERTH_MAX_QUANTITY)
      if !(0...limit).contains(size) { fail("sizeBytes", "must be between 0 and \(limit)") }
      return texts("names", in: fields).filter { !$0.isEmpty && seen.insert($0).inserted }
        .map { NodeImage(name: $0, sizeBytes: size) }
    }.flatMap { $0 }
  }
}
