/// One recorded decision of a real kube-scheduler, or a sequence of them.
struct GoldenCase {
  struct Rejection: Equatable {
    var plugin: String
    var code: String
    /// Sorted.
    var reasons: [String]
  }

  var suite: String
  var number: Int64
  var nodes: [Node]
  var pods: [Pod]
  var namespaces: [Namespace]
  var surroundings: Surroundings
  var profile = SchedulerProfile()
  /// The pod to schedule; nil in a sequence.
  var pod: Pod?
  var feasible: [String]
  var rejected: [String: Rejection]
  /// Plugin, node, normalised score x weight.
  var scores: [String: [String: Int64]]
  var total: [String: Int64]
  var best: [String]
  /// Pods scheduled one after the other, and where each went; "" where it fitted nowhere.
  var sequence: [Pod]
  var assignments: [String]
  var isPreemption: Bool
  /// What is wrong with the case itself.
  var problems: [Problem]

  var title: String { "\(suite) case \(number)" }

  /// Objects come as the scheduler saw them: the API server's defaults, where they count, are in them.
  init(_ fields: Fields) {
    suite = fields.text("suite") ?? ""
    let reader = ObjectReader(object: "\(suite) case", fillsDefaults: false)
    number = reader.integer("case", in: fields) ?? -1
    reader.object = "\(suite) case \(number)"
    nodes = reader.list("nodes", in: fields) { reader.node($0) }
    pods = reader.list("pods", in: fields) { reader.pod($0) }
    namespaces = reader.list("namespaces", in: fields) { reader.namespace($0) }
    surroundings = Self.surroundings(fields, reader)
    pod = reader.fields("pod", in: fields) { reader.pod($0) }
    feasible = reader.texts("feasible", in: fields)
    rejected = Self.map("rejected", in: fields, reader) { name, members in
      reader.fields(name, in: members) { fields in
        Rejection(
          plugin: reader.text("plugin", in: fields) ?? "", code: reader.text("code", in: fields) ?? "",
          reasons: reader.texts("reasons", in: fields).sorted())
      }
    }
    scores = Self.map("scores", in: fields, reader) { plugin, members in
      Self.map(plugin, in: members, reader) { reader.integer($0, in: $1) }
    }
    total = Self.map("total", in: fields, reader) { reader.integer($0, in: $1) }
    best = reader.texts("best", in: fields)
    sequence = reader.list("sequence", in: fields) { reader.pod($0) }
    assignments = []
    if case .list(let list)? = fields["assignments"] {
      assignments = list.map { if case .text(let name) = $0 { name } else { "" } }
    }
    isPreemption = reader.has("preemption", in: fields)
    var profile = SchedulerProfile()
    reader.fields("profile", in: fields) { profile.configure($0, reader) }
    self.profile = profile
    problems = reader.problems
  }

  private static func surroundings(_ fields: Fields, _ reader: ObjectReader) -> Surroundings {
    var manifests = Manifests()
    manifests.services = reader.list("services", in: fields) { reader.service($0) }
    var surroundings = Surroundings(manifests)
    // Their templates are empty, so they are no workloads to be read.
    for (key, kind) in [("replicasets", "ReplicaSet"), ("statefulsets", "StatefulSet")] {
      _ = reader.list(key, in: fields) { fields -> Bool? in
        let metadata = reader.metadata(in: fields)
        let selector = reader.fields("spec", in: fields) { reader.labelSelector("selector", in: $0) } ?? nil
        if let selector {
          surroundings.add(selector, of: Owner(kind: kind, name: metadata.name), in: metadata.namespace)
        }
        return nil
      }
    }
    return surroundings
  }

  private static func map<T>(
    _ key: String, in fields: Fields, _ reader: ObjectReader, _ body: (String, Fields) -> T?
  ) -> [String: T] {
    Dictionary(uniqueKeysWithValues: reader.members(key, in: fields, body).map { ($0.name, $0.value) })
  }
}
