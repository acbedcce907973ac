/// The pods that a workload's controller would make.
extension Workload {
  /// Who owns the pods, and whom that owner selects: kube-scheduler's default constraints spread over these.
  var podOwner: (owner: Owner, selector: LabelSelector)? {
    switch kind {
    case .deployment:
      let hash = Requirement(key: Self.hashKey, op: .in, values: [templateHash])
      let own = selector?.requirements ?? []
      return (Owner(kind: "ReplicaSet", name: "\(metadata.name)-\(templateHash)"), LabelSelector(own + [hash]))
    case .replicaSet, .statefulSet:
      return (Owner(kind: kind.rawValue, name: metadata.name), selector ?? LabelSelector())
    case .daemonSet, .job: return nil
    }
  }

  /// Pods are numbered, where Kubernetes draws letters.
  var pods: [Pod] {
    let base = kind == .deployment ? "\(metadata.name)-\(templateHash)" : metadata.name
    return (0..<replicas).map { index in
      var pod = template
      pod.metadata.name = "\(base)-\(index)"
      pod.metadata.owner = podOwner?.owner ?? Owner(kind: kind.rawValue, name: metadata.name)
      for label in labels(index) { pod.metadata.set(label) }
      return pod
    }
  }

  /// What the controller adds to the template's labels.
  private func labels(_ index: Int) -> [Label] {
    switch kind {
    case .deployment: return [Label(key: Self.hashKey, value: templateHash)]
    case .replicaSet, .daemonSet: return []
    case .statefulSet:
      return [
        Label(key: "apps.kubernetes.io/pod-index", value: "\(index)"),
        Label(key: "controller-revision-hash", value: "\(metadata.name)-\(templateHash)"),
        Label(key: "statefulset.kubernetes.io/pod-name", value: "\(metadata.name)-\(index)"),
      ]
    case .job:
      let names = ["batch.kubernetes.io/job-name", "job-name"].map { Label(key: $0, value: metadata.name) }
      return isIndexed
        ? names + [Label(key: "batch.kubernetes.io/job-completion-index", value: "\(index)")] : names
    }
  }

  private static let hashKey = "pod-template-hash"

  // MARK: DaemonSet

  /// A DaemonSet's pods tolerate what befalls nodes.
  static let daemonTolerations: [Toleration] =
    ["not-ready", "unreachable"].map { .exists("node.kubernetes.io/\($0)", .noExecute) }
    + ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"].map {
      .exists("node.kubernetes.io/\($0)", .noSchedule)
    }

  /// The template as the DaemonSet's controller looks at nodes with it: it wants a pod wherever affinity and taints let
  /// one be, with room or without.
  var daemonProbe: Pod {
    var pod = template
    pod.metadata.name = metadata.name
    pod.tolerations += Self.daemonTolerations
    pod.requests = PodRequests(held: [], countedCPU: 0, countedMemory: 0, scoredCPU: 0, scoredMemory: 0)
    pod.devices = nil
    pod.claims = []
    pod.affinity.pods = []
    pod.spread = []
    pod.hostPorts = []
    pod.images = []
    return pod
  }

  /// The pod for one node: bound to it by an affinity to its name.
  func daemon(for node: String) -> Pod {
    var pod = template
    pod.metadata.name = "\(metadata.name)-\(node)"
    pod.metadata.owner = Owner(kind: kind.rawValue, name: metadata.name)
    pod.tolerations += Self.daemonTolerations
    let name = Requirement(key: "metadata.name", op: .in, values: [node], isField: true)
    let terms = pod.affinity.node.required ?? [NodeSelectorTerm(requirements: [])]
    pod.affinity.node.required = terms.map {
      NodeSelectorTerm(requirements: $0.requirements.filter { !$0.isField } + [name])
    }
    return pod
  }
}

extension Metadata {
  mutating func set(_ label: Label) {
    labels.removeAll { $0.key == label.key }
    labels.append(label)
    labels.sort()
  }
}
