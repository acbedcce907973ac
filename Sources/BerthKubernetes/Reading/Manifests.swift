/// What files of Kubernetes' objects hold, in their order, and what is wrong with them.
public struct Manifests: Sendable {
  var nodes: [Node] = []
  var pods: [Pod] = []
  var workloads: [Workload] = []
  var services: [Service] = []
  var namespaces: [Namespace] = []
  var priorityClasses: [PriorityClass] = []
  var slices: [ResourceSlice] = []
  var deviceClasses: [DeviceClass] = []
  var claims: [ResourceClaim] = []
  var claimTemplates: [ResourceClaim] = []
  /// What is read and not honoured yet, by kind.
  var unhonoured: [String: Int] = [:]
  /// Kinds that have no say in placing.
  var others: [String: Int] = [:]
  public internal(set) var problems: [Problem] = []

  mutating func append(_ other: Manifests) {
    nodes += other.nodes
    pods += other.pods
    workloads += other.workloads
    services += other.services
    namespaces += other.namespaces
    priorityClasses += other.priorityClasses
    slices += other.slices
    deviceClasses += other.deviceClasses
    claims += other.claims
    claimTemplates += other.claimTemplates
    unhonoured.merge(other.unhonoured, uniquingKeysWith: +)
    others.merge(other.others, uniquingKeysWith: +)
    problems += other.problems
  }

  /// Reads an object, or the objects of a list, into what is there already. `listKind` is that of a list whose items do
  /// not say what they are.
  mutating func read(
    _ value: Value, place: @autoclosure () -> String, listKind: String = "", fillsDefaults: Bool
  ) {
    guard case .object(let fields) = value else {
      if case .null = value { return }
      problems.append(Problem(place(), "", "is no object"))
      return
    }
    let kind = fields.text("kind") ?? listKind
    if kind.hasSuffix("List"), case .list(let items)? = fields["items"] {
      for (index, item) in items.enumerated() {
        read(
          item, place: "\(place()), items[\(index)]", listKind: String(kind.dropLast(4)), fillsDefaults: fillsDefaults)
      }
      return
    }
    guard !kind.isEmpty else {
      problems.append(Problem(place(), "kind", "is required"))
      return
    }
    guard Self.isKubernetes(kind, fields.text("apiVersion")) else {
      others["\(kind) of \(fields.text("apiVersion") ?? "")", default: 0] += 1
      return
    }
    let reader = ObjectReader(object: Self.title(kind, fields) ?? "\(kind) (\(place()))", fillsDefaults: fillsDefaults)
    add(kind, fields, reader)
    problems += reader.problems
  }

  /// Others have kinds of these names, too: Knative a Service, Volcano a Job. Without an apiVersion the name will do.
  private static func isKubernetes(_ kind: String, _ version: String?) -> Bool {
    guard let version, let groups = groups[kind] else { return true }
    let parts = version.split(separator: "/")
    return groups.contains(parts.count == 2 ? String(parts[0]) : "")
  }

  private static let groups: [String: [String]] = [
    "Node": [""], "Pod": [""], "Service": [""], "Namespace": [""], "Deployment": ["apps"], "ReplicaSet": ["apps"],
    "StatefulSet": ["apps"], "DaemonSet": ["apps"], "Job": ["batch"], "PriorityClass": ["scheduling.k8s.io"],
    "ResourceSlice": claimGroup, "DeviceClass": claimGroup, "ResourceClaim": claimGroup,
    "ResourceClaimTemplate": claimGroup, "PodGroup": ["scheduling.k8s.io", "scheduling.x-k8s.io"],
    "PodDisruptionBudget": ["policy"],
  ]

  private static let claimGroup = ["resource.k8s.io"]

  /// What is wrong with an object keeps all of it out.
  private mutating func add(_ kind: String, _ fields: Fields, _ reader: ObjectReader) {
    func sound<T>(_ value: T?) -> [T] { reader.problems.isEmpty ? value.map { [$0] } ?? [] : [] }
    switch kind {
    case "Node": nodes += sound(reader.node(fields))
    case "Pod": pods += sound(reader.pod(fields))
    case "Service": services += sound(reader.service(fields))
    case "Namespace": namespaces += sound(reader.namespace(fields))
    case "PriorityClass": priorityClasses += sound(reader.priorityClass(fields))
    case "ResourceSlice": slices += sound(reader.resourceSlice(fields))
    case "DeviceClass": deviceClasses += sound(reader.deviceClass(fields))
    case "ResourceClaim":
      let claim = reader.resourceClaim(fields, isTemplate: false)
      // What it is allocated, a running pod has, mistake or not; no other pod is placed with it.
      claims += claim?.results == nil ? sound(claim) : [claim!]
    case "ResourceClaimTemplate": claimTemplates += sound(reader.resourceClaim(fields, isTemplate: true))
    case _ where Unhonoured.objects[kind] != nil:
      _ = reader.metadata(in: fields)
      unhonoured[kind, default: 0] += 1
    default:
      if let workload = Workload.Kind(rawValue: kind) {
        workloads += sound(reader.workload(workload, fields))
      } else {
        others[kind, default: 0] += 1
      }
    }
  }

  /// "Pod default/web-1", "Node n1".
  private static func title(_ kind: String, _ fields: Fields) -> String? {
    let metadata = fields.object("metadata") ?? Fields()
    guard let name = metadata.text("name") ?? metadata.text("generateName") else { return nil }
    let isOfCluster = ["Node", "Namespace", "PriorityClass", "ResourceSlice", "DeviceClass"].contains(kind)
    return isOfCluster ? "\(kind) \(name)" : "\(kind) \(metadata.text("namespace") ?? "default")/\(name)"
  }
}
