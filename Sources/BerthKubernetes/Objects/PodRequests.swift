/// What a pod takes of a node, and what it counts as in scores.
struct PodRequests: Hashable, Sendable {
  /// Real requests, by name; with `pods`, of which every pod takes one.
  var held: [Amount]
  /// cpu and memory as kube-scheduler's NonZeroRequested has them while the pod runs, in the engine's units.
  var countedCPU: Int64
  var countedMemory: Int64
  /// The same while the pod is being placed: its scorer knows nothing of pod-level requests.
  var scoredCPU: Int64
  var scoredMemory: Int64
}

/// The parts of a pod's spec that its requests are made of.
struct RequestParts {
  var containers: [Container]
  var initContainers: [Container]
  var overhead: [String: Quantity]
  /// spec.resources.requests, as far as pods may have them.
  var podLevel: [String: Quantity]

  /// Containers run side by side; init containers one after the other, beside the sidecars that started before them.
  /// `defaults` stands in for what a container leaves out.
  func ofContainers(defaults: [String: Quantity] = [:]) -> [String: Quantity] {
    var sum: [String: Quantity] = [:]
    for container in containers { sum.add(container.requests.filling(defaults)) }
    var sidecars: [String: Quantity] = [:]
    var peak: [String: Quantity] = [:]
    for container in initContainers {
      var running = container.requests.filling(defaults)
      if container.isSidecar { sum.add(running) }
      running.add(sidecars)
      if container.isSidecar { sidecars = running }
      peak.raise(to: running)
    }
    sum.raise(to: peak)
    return sum
  }

  func total(defaults: [String: Quantity] = [:], withPodLevel: Bool = true) -> [String: Quantity] {
    var sum = ofContainers(defaults: defaults)
    if withPodLevel { sum.merge(podLevel) { _, own in own } }
    sum.add(overhead)
    return sum
  }

  func requests(_ reader: ObjectReader) -> PodRequests {
    let real = total()
    let missing = Resources.scoringDefaults.filter { podLevel.isEmpty || (real[$0.key] ?? .zero) == .zero }
    let counted = total(defaults: missing)
    let scored = total(defaults: Resources.scoringDefaults, withPodLevel: false)
    func cpu(_ list: [String: Quantity]) -> Int64 { list[Resources.cpu]?.thousandths ?? 0 }
    func memory(_ list: [String: Quantity]) -> Int64 { list[Resources.memory]?.units ?? 0 }
    var held = Resources.amounts(real, reader).filter { $0.resource != Resources.pods }
    held.append(Amount(resource: Resources.pods, value: 1))
    return PodRequests(
      held: held.filter { $0.value > 0 }, countedCPU: cpu(counted), countedMemory: memory(counted),
      scoredCPU: cpu(scored), scoredMemory: memory(scored))
  }
}

extension ObjectReader {
  /// spec.resources, with what the API server fills in: where the pod as a whole says something, it says everything that
  /// its containers say, and a limit that stands alone is a request.
  func podLevelRequests(in fields: Fields, containers: RequestParts) -> [String: Quantity] {
    self.fields("resources", in: fields) { fields in
      allow(["requests", "limits", "claims"], in: fields)
      var requests = quantities("requests", in: fields)
      let limits = quantities("limits", in: fields)
      for (key, list) in [("requests", requests), ("limits", limits)] {
        for name in list.keys.sorted() where !Resources.isPodLevel(name) {
          fail(key, member: name, "is not for pods as a whole: cpu, memory and hugepages are")
        }
      }
      guard fillsDefaults, !(requests.isEmpty && limits.isEmpty) else { return requests }
      requests = requests.filling(containers.ofContainers().filter { !Resources.isHugePage($0.key) }).filling(limits)
      return requests.filter { Resources.isPodLevel($0.key) }
    } ?? [:]
  }
}
