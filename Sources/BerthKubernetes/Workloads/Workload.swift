/// A controller that makes pods of a template.
struct Workload: Sendable {
  enum Kind: String, Sendable {
    case deployment = "Deployment"
    case replicaSet = "ReplicaSet"
    case statefulSet = "StatefulSet"
    case daemonSet = "DaemonSet"
    case job = "Job"
  }

  var kind: Kind
  var metadata: Metadata
  /// How many pods run at once; of a DaemonSet, the nodes decide.
  var replicas: Int
  /// Completion indexes tell an indexed Job's pods apart.
  var isIndexed: Bool
  var selector: LabelSelector?
  var template: Pod
  /// Tells templates apart, as pod-template-hash does. Kubernetes makes it in another way, so that the value differs.
  var templateHash: String

  var title: String { "\(kind.rawValue) \(metadata.path)" }

  /// More pods than these are a slip of the finger.
  static let mostReplicas = 1_000_000
}

extension ObjectReader {
  /// Nil where it has no template.
  func workload(_ kind: Workload.Kind, _ fields: Fields) -> Workload? {
    let metadata = metadata(in: fields)
    if metadata.name.isEmpty { fail("metadata.name", "is required") }
    if !has("spec", in: fields) { fail("spec", "is required") }
    return self.fields("spec", in: fields) { fields -> Workload? in
      let selector = kind == .job ? nil : labelSelector("selector", in: fields)
      if kind != .job && selector == nil { fail("selector", "is required") }
      let replicas = replicas(kind, in: fields)
      let isIndexed = kind == .job && text("completionMode", in: fields) == "Indexed"
      if !has("template", in: fields) { fail("template", "is required") }
      return self.fields("template", in: fields) { template in
        var pod = podTemplate(template)
        pod.metadata = self.metadata(in: template)
        pod.metadata.namespace = metadata.namespace
        if let selector, !selector.matches(pod.metadata.labels) {
          fail("metadata.labels", "are not selected by spec.selector")
        }
        return Workload(
          kind: kind, metadata: metadata, replicas: replicas, isIndexed: isIndexed, selector: selector, template: pod,
          templateHash: TemplateHash.text(of: template))
      }
    } ?? nil
  }

  /// A Job runs at most as many pods at once as it has completions to come.
  private func replicas(_ kind: Workload.Kind, in fields: Fields) -> Int {
    switch kind {
    case .daemonSet: return 0
    case .job:
      let parallelism = count("parallelism", in: fields) ?? 1
      let completions = count("completions", in: fields) ?? parallelism
      return flag("suspend", in: fields) ? 0 : min(parallelism, completions)
    case .deployment, .replicaSet, .statefulSet: return count("replicas", in: fields) ?? 1
    }
  }

  private func count(_ key: String, in fields: Fields) -> Int? {
    guard let number = integer(key, in: fields) else { return nil }
    if number < 0 { fail(key, "must not be negative") }
    if number > Workload.mostReplicas { fail(key, "is more pods than are placed at once (\(Workload.mostReplicas))") }
    return Int(max(0, min(number, Int64(Workload.mostReplicas))))
  }
}

extension LabelSelector {
  func matches(_ labels: [Label]) -> Bool {
    requirements.allSatisfy { requirement in
      let value = labels.first { $0.key == requirement.key }?.value
      return switch requirement.op {
      case .in: value.map(requirement.values.contains) ?? false
      case .notIn: !(value.map(requirement.values.contains) ?? false)
      case .exists: value != nil
      case .doesNotExist: value == nil
      case .greater, .less: false
      }
    }
  }
}
