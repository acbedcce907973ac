import BerthOracle

struct KubernetesPod: Decodable {
  struct Resources: Decodable { var requests: [String: String]? }
  struct Port: Decodable {
    var hostPort: Int?
    var hostIP: String?
    var `protocol`: String?
  }
  struct Container: Decodable {
    var image: String
    var resources: Resources?
    var restartPolicy: String?
    var ports: [Port]?

    /// As an init container: it goes on beside the others.
    var isSidecar: Bool { restartPolicy == "Always" }
  }
  struct NodeTerm: Decodable {
    var matchExpressions: [KubernetesExpression]?
    var matchFields: [KubernetesExpression]?

    func selectorTerm(weight: Int64 = 0) -> SelectorTerm {
      let fields = (matchFields ?? []).map { $0.requirement(isField: true) }
      return SelectorTerm((matchExpressions ?? []).map { $0.requirement() } + fields, weight: weight)
    }
  }
  struct Preferred: Decodable {
    var weight: Int64
    var preference: NodeTerm
  }
  struct Required: Decodable { var nodeSelectorTerms: [NodeTerm] }
  struct NodeAffinity: Decodable {
    var requiredDuringSchedulingIgnoredDuringExecution: Required?
    var preferredDuringSchedulingIgnoredDuringExecution: [Preferred]?
  }
  struct PodTerm: Decodable {
    var topologyKey: String
    var labelSelector: KubernetesLabelSelector?
    var namespaces: [String]?
    var namespaceSelector: KubernetesLabelSelector?
    var matchLabelKeys: [String]?
    var mismatchLabelKeys: [String]?

    func term(_ kind: PodAffinityTerm.Kind, weight: Int64 = 0) -> PodAffinityTerm {
      var term = PodAffinityTerm(kind, topologyKey, labelSelector?.selector, weight: weight)
      term.namespaces = namespaces ?? []
      term.namespaceSelector = namespaceSelector?.selector
      term.matchLabelKeys = matchLabelKeys ?? []
      term.mismatchLabelKeys = mismatchLabelKeys ?? []
      return term
    }
  }
  struct WeightedPodTerm: Decodable {
    var weight: Int64
    var podAffinityTerm: PodTerm
  }
  struct PodAffinity: Decodable {
    var requiredDuringSchedulingIgnoredDuringExecution: [PodTerm]?
    var preferredDuringSchedulingIgnoredDuringExecution: [WeightedPodTerm]?

    func terms(_ required: PodAffinityTerm.Kind, _ preferred: PodAffinityTerm.Kind) -> [PodAffinityTerm] {
      (requiredDuringSchedulingIgnoredDuringExecution ?? []).map { $0.term(required) }
        + (preferredDuringSchedulingIgnoredDuringExecution ?? []).map {
          $0.podAffinityTerm.term(preferred, weight: $0.weight)
        }
    }
  }
  struct Affinity: Decodable {
    var nodeAffinity: NodeAffinity?
    var podAffinity: PodAffinity?
    var podAntiAffinity: PodAffinity?
  }
  struct Toleration: Decodable {
    var key: String?
    var `operator`: String?
    var value: String?
    var effect: String?
  }
  struct Spread: Decodable {
    var topologyKey: String
    var whenUnsatisfiable: String
    var maxSkew: Int64
    var minDomains: Int64?
    var labelSelector: KubernetesLabelSelector?
    var matchLabelKeys: [String]?
    var nodeAffinityPolicy: String?
    var nodeTaintsPolicy: String?

    var constraint: SpreadConstraint {
      let policies: [String: SpreadConstraint.Policy] = ["Honor": .honor, "Ignore": .ignore]
      var constraint = SpreadConstraint(
        topologyKey, labelSelector?.selector, maxSkew: maxSkew, isRequired: whenUnsatisfiable == "DoNotSchedule")
      constraint.minDomains = minDomains
      constraint.affinityPolicy = nodeAffinityPolicy.map { policies[$0]! }
      constraint.taintsPolicy = nodeTaintsPolicy.map { policies[$0]! }
      constraint.matchLabelKeys = matchLabelKeys ?? []
      return constraint
    }
  }
  struct Spec: Decodable {
    var nodeName: String?
    var containers: [Container]
    var initContainers: [Container]?
    var overhead: [String: String]?
    var resources: Resources?
    var nodeSelector: [String: String]?
    var affinity: Affinity?
    var tolerations: [Toleration]?
    var topologySpreadConstraints: [Spread]?
  }

  var metadata: KubernetesMetadata
  var spec: Spec

  var namespace: String { metadata.namespace ?? "default" }

  /// `defaultSelector`: of the services and controllers that the pod belongs to.
  func podSpec(profile: String, defaultSelector: LabelSelector) -> PodSpec {
    var pod = PodSpec(profile: profile)
    pod.namespace = namespace
    pod.labels = metadata.labels ?? [:]
    pod.requests = requests
    pod.scored = scored
    pod.nodeSelector = spec.nodeSelector ?? [:]
    let affinity = spec.affinity?.nodeAffinity
    pod.requiredTerms =
      (affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).map { $0.selectorTerm() }
    pod.preferredTerms =
      (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map {
        $0.preference.selectorTerm(weight: $0.weight)
      }
    pod.tolerations = (spec.tolerations ?? []).map(toleration)
    let containers = (spec.initContainers ?? []) + spec.containers
    pod.images = containers.map(\.image)
    pod.hostPorts = ((spec.initContainers ?? []).filter(\.isSidecar) + spec.containers).flatMap(hostPorts)
    pod.affinityTerms =
      (spec.affinity?.podAffinity?.terms(.requiredAffinity, .preferredAffinity) ?? [])
      + (spec.affinity?.podAntiAffinity?.terms(.requiredAntiAffinity, .preferredAntiAffinity) ?? [])
    pod.spreadConstraints = (spec.topologySpreadConstraints ?? []).map(\.constraint)
    if pod.spreadConstraints.isEmpty && !defaultSelector.isEmpty {
      // kube-scheduler's own defaults
      pod.spreadsByDefault = true
      pod.spreadConstraints = [
        SpreadConstraint("kubernetes.io/hostname", defaultSelector, maxSkew: 3, isRequired: false),
        SpreadConstraint("topology.kubernetes.io/zone", defaultSelector, maxSkew: 5, isRequired: false),
      ]
    }
    return pod
  }

  private func toleration(_ toleration: Toleration) -> BerthOracle.Toleration {
    let operators: [String: BerthOracle.Toleration.Operator] = [
      "Exists": .exists, "Equal": .equal, "Gt": .gt, "Lt": .lt,
    ]
    return BerthOracle.Toleration(
      key: toleration.key ?? "", op: operators[toleration.operator ?? "Equal"]!, value: toleration.value ?? "",
      effect: effect(toleration.effect ?? ""))
  }

  private func hostPorts(_ container: Container) -> [HostPort] {
    let transports: [String: HostPort.Transport] = ["TCP": .tcp, "UDP": .udp, "SCTP": .sctp]
    return (container.ports ?? []).compactMap { port in
      guard let number = port.hostPort, number > 0 else { return nil }
      let address = port.hostIP ?? ""
      return HostPort(
        number, transports[port.protocol ?? "TCP"]!, address: address.isEmpty ? HostPort.everyAddress : address)
    }
  }
}
