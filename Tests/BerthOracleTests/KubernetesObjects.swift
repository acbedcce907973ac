import BerthOracle
import Foundation

/// The parts of Kubernetes' objects that the golden vectors of the modelled plugins need.
struct KubernetesNode: Decodable {
  struct Metadata: Decodable {
    var name: String
    var labels: [String: String]?
  }
  struct Taint: Decodable {
    var key: String
    var value: String?
    var effect: String
  }
  struct Spec: Decodable {
    var taints: [Taint]?
    var unschedulable: Bool?
  }
  struct Status: Decodable { var allocatable: [String: String]? }

  var metadata: Metadata
  var spec: Spec?
  var status: Status?

  var nodeSpec: NodeSpec {
    var node = NodeSpec(domain: 0)
    node.labels = metadata.labels ?? [:]
    node.taints = (spec?.taints ?? []).map {
      BerthOracle.Taint(key: $0.key, value: $0.value ?? "", effect: effect($0.effect)!)
    }
    node.cordoned = spec?.unschedulable ?? false
    node.allocatable = quantities(status?.allocatable ?? [:])
    return node
  }
}

struct KubernetesPod: Decodable {
  struct Resources: Decodable { var requests: [String: String]? }
  struct Container: Decodable {
    var resources: Resources?
    var restartPolicy: String?
  }
  struct Expression: Decodable {
    var key: String
    var `operator`: String
    var values: [String]?
  }
  struct Term: Decodable {
    var matchExpressions: [Expression]?
    var matchFields: [Expression]?
  }
  struct Preferred: Decodable {
    var weight: Int64
    var preference: Term
  }
  struct Required: Decodable { var nodeSelectorTerms: [Term] }
  struct NodeAffinity: Decodable {
    var requiredDuringSchedulingIgnoredDuringExecution: Required?
    var preferredDuringSchedulingIgnoredDuringExecution: [Preferred]?
  }
  struct Affinity: Decodable { var nodeAffinity: NodeAffinity? }
  struct Toleration: Decodable {
    var key: String?
    var `operator`: String?
    var value: String?
    var effect: String?
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
  }

  var spec: Spec

  /// The pod without requests, which differ by what they are wanted for.
  var podSpec: PodSpec {
    var pod = PodSpec(profile: "golden")
    pod.nodeSelector = spec.nodeSelector ?? [:]
    let affinity = spec.affinity?.nodeAffinity
    pod.requiredTerms =
      (affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).map { selectorTerm($0) }
    pod.preferredTerms =
      (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map {
        selectorTerm($0.preference, weight: $0.weight)
      }
    pod.tolerations = (spec.tolerations ?? []).map {
      BerthOracle.Toleration(
        key: $0.key ?? "", op: $0.operator == "Exists" ? .exists : .equal, value: $0.value ?? "",
        effect: effect($0.effect ?? ""))
    }
    return pod
  }

  /// What the pod takes from a node. `defaults` stands in for what a container leaves out; `podLevel` says whether
  /// spec.resources overrides the containers' sum.
  func requests(defaults: [String: Int64] = [:], podLevel: Bool = true) -> [String: Int64] {
    func requests(of container: Container) -> [String: Int64] {
      quantities(container.resources?.requests ?? [:]).merging(defaults) { own, _ in own }
    }
    var sum: [String: Int64] = [:]
    for container in spec.containers { sum.merge(requests(of: container), uniquingKeysWith: +) }
    // Init containers run one after the other beside the sidecars that started before them.
    var sidecars: [String: Int64] = [:]
    var peak: [String: Int64] = [:]
    for container in spec.initContainers ?? [] {
      if container.restartPolicy == "Always" {
        sidecars.merge(requests(of: container), uniquingKeysWith: +)
        sum.merge(requests(of: container), uniquingKeysWith: +)
        peak.merge(sidecars, uniquingKeysWith: max)
      } else {
        peak.merge(requests(of: container).merging(sidecars, uniquingKeysWith: +), uniquingKeysWith: max)
      }
    }
    sum.merge(peak, uniquingKeysWith: max)
    if podLevel {
      for (name, value) in quantities(spec.resources?.requests ?? [:]) { sum[name] = value }
    }
    sum.merge(quantities(spec.overhead ?? [:]), uniquingKeysWith: +)
    sum["pods"] = 1
    return sum
  }

  /// What kube-scheduler counts for scoring by allocation: cpu and memory are never nothing. `incoming`: the pod being
  /// placed, whose pod-level resources its scorer does not know.
  func scoringRequests(incoming: Bool) -> [String: Int64] {
    var defaults: [String: Int64] = ["cpu": 100, "memory": 200 << 20]
    let podLevel = !incoming && spec.resources?.requests != nil
    if podLevel {
      let known = requests()
      defaults = defaults.filter { (known[$0.key] ?? 0) == 0 }
    }
    return requests(defaults: defaults, podLevel: podLevel)
  }
}

private func selectorTerm(_ term: KubernetesPod.Term, weight: Int64 = 0) -> SelectorTerm {
  func requirement(_ expression: KubernetesPod.Expression, _ isField: Bool) -> Requirement {
    let operators: [String: Requirement.Operator] = [
      "In": .in, "NotIn": .notIn, "Exists": .exists, "DoesNotExist": .doesNotExist, "Gt": .gt, "Lt": .lt,
    ]
    return Requirement(
      key: expression.key, op: operators[expression.operator]!, values: expression.values ?? [], isField: isField)
  }
  let expressions = (term.matchExpressions ?? []).map { requirement($0, false) }
  return SelectorTerm(expressions + (term.matchFields ?? []).map { requirement($0, true) }, weight: weight)
}

private func effect(_ name: String) -> Effect? {
  ["NoSchedule": .noSchedule, "PreferNoSchedule": .preferNoSchedule, "NoExecute": .noExecute][name]
}

private func quantities(_ list: [String: String]) -> [String: Int64] {
  Dictionary(uniqueKeysWithValues: list.map { ($0.key, quantity($0.value, milli: $0.key == "cpu")) })
}

/// A Kubernetes quantity as a whole number of units or thousandths, rounded up.
func quantity(_ text: String, milli: Bool) -> Int64 {
  let digits = text.prefix { $0.isNumber || $0 == "." }
  let suffixes: [String: (numerator: Int64, denominator: Int64)] = [
    "": (1, 1), "m": (1, 1000), "k": (1000, 1), "M": (1_000_000, 1), "G": (1_000_000_000, 1),
    "Ki": (1 << 10, 1), "Mi": (1 << 20, 1), "Gi": (1 << 30, 1), "Ti": (1 << 40, 1),
  ]
  guard var (numerator, denominator) = suffixes[String(text.dropFirst(digits.count))] else {
    fatalError("unknown quantity \(text)")
  }
  let parts = digits.split(separator: ".")
  if parts.count > 1 { for _ in parts[1] { denominator *= 10 } }
  if milli { numerator *= 1000 }
  return (Int64(parts.joined())! * numerator + denominator - 1) / denominator
}
