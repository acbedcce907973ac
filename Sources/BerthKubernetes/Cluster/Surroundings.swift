/// What stands around pods and speaks of them: services and controllers, over which kube-scheduler's default constraints
/// spread pods that have none of their own.
struct Surroundings: Sendable {
  private struct Place: Hashable {
    var namespace: String
    var owner: Owner
  }

  private var services: [String: [[Label]]] = [:]
  private var selectors: [Place: LabelSelector] = [:]

  init(_ manifests: Manifests) {
    for service in manifests.services {
      guard let selector = service.selector else { continue }
      services[service.metadata.namespace, default: []].append(selector)
    }
    for workload in manifests.workloads {
      guard let (owner, selector) = workload.podOwner else { continue }
      add(selector, of: owner, in: workload.metadata.namespace)
    }
  }

  mutating func add(_ selector: LabelSelector, of owner: Owner, in namespace: String) {
    selectors[Place(namespace: namespace, owner: owner)] = selector
  }

  /// All that the services of the pod say of it, and what its controller does; nil where nobody speaks of it.
  func defaultSelector(_ pod: Pod) -> LabelSelector? {
    var labels: [String: String] = [:]
    for selector in services[pod.metadata.namespace] ?? [] {
      guard selector.allSatisfy({ pod.metadata.label($0.key) == $0.value }) else { continue }
      for label in selector { labels[label.key] = label.value }
    }
    var selector = LabelSelector(matching: labels.map { Label(key: $0.key, value: $0.value) }.sorted())
    if let owner = pod.metadata.owner, let own = selectors[Place(namespace: pod.metadata.namespace, owner: owner)] {
      selector.requirements += own.requirements
    }
    return selector.requirements.isEmpty ? nil : selector
  }
}
