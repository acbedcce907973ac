import BerthOracle

/// The parts of Kubernetes' objects that kube-scheduler's default plugins look at.
struct KubernetesMetadata: Decodable {
  struct Owner: Decodable {
    var kind: String
    var name: String
    var controller: Bool?
  }

  var name: String
  var namespace: String?
  var labels: [String: String]?
  var deletionTimestamp: String?
  var ownerReferences: [Owner]?
}

struct KubernetesNode: Decodable {
  struct Taint: Decodable {
    var key: String
    var value: String?
    var effect: String
  }
  struct Spec: Decodable {
    var taints: [Taint]?
    var unschedulable: Bool?
  }
  struct Image: Decodable {
    var names: [String]
    var sizeBytes: Int64
  }
  struct Status: Decodable {
    var allocatable: [String: String]?
    var images: [Image]?
  }

  var metadata: KubernetesMetadata
  var spec: Spec?
  var status: Status?

  var nodeSpec: NodeSpec {
    var node = NodeSpec(domain: 0)
    node.labels = metadata.labels ?? [:]
    // among its labels, if it has it
    node.lacksHostname = true
    node.taints = (spec?.taints ?? []).map {
      BerthOracle.Taint(key: $0.key, value: $0.value ?? "", effect: effect($0.effect)!)
    }
    node.cordoned = spec?.unschedulable ?? false
    node.allocatable = quantities(status?.allocatable ?? [:])
    for name in KubernetesPod.unlessRequested.keys {
      node.allocatable[KubernetesPod.scored(name)] = node.allocatable[name]
    }
    for image in status?.images ?? [] { for name in image.names { node.images[name] = image.sizeBytes } }
    return node
  }
}

struct KubernetesNamespace: Decodable { var metadata: KubernetesMetadata }

struct KubernetesService: Decodable {
  struct Spec: Decodable { var selector: [String: String]? }

  var metadata: KubernetesMetadata
  var spec: Spec
}

struct KubernetesReplicaSet: Decodable {
  struct Spec: Decodable { var selector: KubernetesLabelSelector? }

  var metadata: KubernetesMetadata
  var spec: Spec
}

struct KubernetesExpression: Decodable {
  var key: String
  var `operator`: String
  var values: [String]?

  func requirement(isField: Bool = false) -> Requirement {
    let operators: [String: Requirement.Operator] = [
      "In": .in, "NotIn": .notIn, "Exists": .exists, "DoesNotExist": .doesNotExist, "Gt": .gt, "Lt": .lt,
    ]
    return Requirement(key: key, op: operators[`operator`]!, values: values ?? [], isField: isField)
  }
}

struct KubernetesLabelSelector: Decodable {
  var matchLabels: [String: String]?
  var matchExpressions: [KubernetesExpression]?

  var selector: LabelSelector { equal(matchLabels ?? [:]) + (matchExpressions ?? []).map { $0.requirement() } }
}

/// The selector of a map.
func equal(_ labels: [String: String]) -> LabelSelector {
  labels.sorted { $0.key < $1.key }.map { Requirement(key: $0.key, op: .in, values: [$0.value]) }
}

func effect(_ name: String) -> Effect? {
  ["NoSchedule": .noSchedule, "PreferNoSchedule": .preferNoSchedule, "NoExecute": .noExecute][name]
}
