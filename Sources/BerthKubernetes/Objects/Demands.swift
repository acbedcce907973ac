/// What a node is and has, for those who read more of a cluster than placing pods needs.
package struct NodeFacts: Sendable {
  package var name: String
  package var labels: [String: String]
  /// By name: cpu in thousandths, everything else in whole units.
  package var allocatable: [String: Int64]
  /// Nil: nothing says how many.
  package var gpus: Int?
  package var isCordoned: Bool

  /// By default a node of which nothing else is known.
  package init(
    name: String, labels: [String: String] = [:], allocatable: [String: Int64] = [:], gpus: Int? = nil,
    isCordoned: Bool = false
  ) {
    self.name = name
    self.labels = labels
    self.allocatable = allocatable
    self.gpus = gpus
    self.isCordoned = isCordoned
  }
}

/// What each pod of a template asks for.
package struct PodDemand: Sendable {
  /// By name: cpu in thousandths, everything else in whole units; init containers and overhead counted in.
  package var requests: [String: Int64]
  /// Whole GPUs; of a share of a GPU, 0.
  package var gpus: Int
  package var priority: Int32?
  package var priorityClassName: String?
  /// What the pod says of where it may be, and what is not carried on with its demand.
  package var unread: [String]
}

extension ObjectReader {
  package func nodeFacts(_ fields: Fields) -> NodeFacts {
    let node = node(fields)
    return NodeFacts(
      name: node.name, labels: Dictionary(node.labels.map { ($0.key, $0.value) }) { first, _ in first },
      allocatable: Dictionary(node.allocatable.map { ($0.resource, $0.value) }) { first, _ in first },
      gpus: node.gpus?.kind.count, isCordoned: node.isCordoned)
  }

  /// Of an object with `metadata` and `spec`: a pod or a template.
  package func podDemand(_ fields: Fields) -> PodDemand {
    let pod = podTemplate(fields)
    let spec = fields.object("spec") ?? Fields()
    var unread: [String] = []
    if !pod.nodeSelector.isEmpty { unread.append("spec.nodeSelector") }
    for key in ["affinity", "tolerations", "topologySpreadConstraints", "resourceClaims", "nodeName"]
    where spec[key] != nil {
      unread.append("spec.\(key)")
    }
    let shares = pod.devices.map { $0.kind != .whole } ?? false
    if shares { unread.append("shares of a GPU") }
    return PodDemand(
      requests: Dictionary(pod.requests.held.map { ($0.resource, $0.value) }) { first, _ in first },
      gpus: shares ? 0 : pod.devices?.gpuCount ?? 0, priority: spec["priority"] == nil ? nil : pod.priority,
      priorityClassName: pod.priorityClassName, unread: unread)
  }

  /// Amounts by name, as an object's `requests` has them: cpu in thousandths, everything else in whole units.
  package func amounts(_ key: String, in fields: Fields) -> [String: Int64] {
    let quantities = quantities(key, in: fields)
    var result: [String: Int64] = [:]
    self.fields(key, in: fields) { _ in
      result = Dictionary(Resources.amounts(quantities, self).map { ($0.resource, $0.value) }) { first, _ in first }
      for name in quantities.keys.sorted() where result[name] == nil {
        fail(member: name, "is no resource that is counted: cpu, memory, pods, or a name with a domain before a '/'")
      }
    }
    return result
  }

  /// Labels, or annotations, as texts by key: their values are anything.
  package func textMap(_ key: String, in fields: Fields) -> [String: String] {
    let read = members(key, in: fields) { name, fields in text(member: name, in: fields) }
    return Dictionary(read.map { ($0.name, $0.value) }) { first, _ in first }
  }

  /// Whether labels are selected; nil where the selector is missing, which selects nothing.
  package func labelTest(_ key: String, in fields: Fields) -> (@Sendable ([String: String]) -> Bool)? {
    guard let selector = labelSelector(key, in: fields) else { return nil }
    return { labels in selector.matches(labels.map { Label(key: $0.key, value: $0.value) }) }
  }

  /// The value of a PriorityClass.
  package func priorityClassValue(_ fields: Fields) -> (name: String, value: Int32) {
    let found = priorityClass(fields)
    return (found.name, found.value)
  }
}
