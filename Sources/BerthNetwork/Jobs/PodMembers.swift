import BerthKubernetes

/// Pods of one template that a manifest makes, and everything that may say which gang they are of.
struct PodMembers {
  var object: ManifestObject
  /// Of the object: "worker" of a JobSet's replicated job.
  var role: String
  var count: Int
  /// Kueue's partial admission.
  var least: Int?
  /// Into how many child jobs the pods are cut, in their order.
  var jobs = 1
  var demand: PodDemand
  var words: GangWords
  /// PodGroup of Kubernetes' own.
  var podGroup: String?
}

/// Labels and annotations, of which those that are understood are taken out: what is left of the words of schedulers is
/// noted.
struct GangWords {
  var labels: [String: String] = [:]
  var annotations: [String: String] = [:]

  mutating func annotation(_ key: String) -> String? { annotations.removeValue(forKey: key) }
  mutating func label(_ key: String) -> String? { labels.removeValue(forKey: key) }

  private static let prefixes = [
    "kueue.x-k8s.io/", "gang.scheduling.koordinator.sh/", "scheduling.koordinator.sh/", "kai.scheduler/", "volcano.sh/",
    "scheduling.volcano.sh/", "alpha.jobset.sigs.k8s.io/", "pod-group.scheduling.sigs.k8s.io",
  ]

  /// What was not understood.
  var left: [String] {
    (Array(labels.keys) + annotations.keys).filter { key in Self.prefixes.contains(where: key.hasPrefix) }.sorted()
  }
}

extension ObjectReader {
  /// Labels and annotations of `metadata`.
  func words(_ fields: Fields) -> GangWords {
    self.fields("metadata", in: fields) { metadata in
      GangWords(labels: textMap("labels", in: metadata), annotations: textMap("annotations", in: metadata))
    } ?? GangWords()
  }
}

/// Objects of Kubernetes that make pods: all that are read, by kind and group.
struct PodSource {
  private let object: ManifestObject
  private let reader: ObjectReader

  static func isOne(_ object: ManifestObject) -> Bool {
    switch (object.kind, object.group) {
    case ("Job", "batch"), ("Job", ""), ("Pod", ""), ("PodTemplate", ""), ("JobSet", "jobset.x-k8s.io"), ("JobSet", ""):
      true
    case ("Deployment", "apps"), ("StatefulSet", "apps"), ("ReplicaSet", "apps"): true
    default: false
    }
  }

  init(_ object: ManifestObject, _ reader: ObjectReader) {
    self.object = object
    self.reader = reader
  }

  func members() -> [PodMembers] {
    let fields = object.fields
    if object.name.isEmpty { reader.fail("metadata.name", "is required") }
    switch object.kind {
    case "Pod": return [member("", fields, count: 1)]
    case "PodTemplate":
      return template(in: fields).map { [member("", $0, count: 1)] } ?? []
    case "JobSet":
      return reader.fields("spec", in: fields) { spec in
        reader.list("replicatedJobs", in: spec) { replicatedJob($0) }
      } ?? []
    default:
      if !reader.has("spec", in: fields) { reader.fail("spec", "is required") }
      return reader.fields("spec", in: fields) { spec -> [PodMembers] in
        let count = object.kind == "Job" ? parallelism(spec) : reader.number("replicas", in: spec, Self.counts) ?? 1
        return template(in: spec) { member("", $0, count: count) }.map { [$0] } ?? []
      } ?? []
    }
  }

  private static let counts = 0...GangJob.mostMembers

  private func parallelism(_ spec: Fields) -> Int {
    let parallelism = reader.number("parallelism", in: spec, Self.counts) ?? 1
    return min(parallelism, reader.number("completions", in: spec, Self.counts) ?? parallelism)
  }

  /// replicas child jobs of spec.template.spec.parallelism pods each.
  private func replicatedJob(_ fields: Fields) -> PodMembers? {
    let name = reader.requiredText("name", in: fields) ?? ""
    let replicas = reader.number("replicas", in: fields, Self.counts) ?? 1
    let result = template(in: fields) { job -> PodMembers? in
      reader.fields("spec", in: job) { spec -> PodMembers? in
        let parallelism = parallelism(spec)
        let (count, overflow) = replicas.multipliedReportingOverflow(by: parallelism)
        guard !overflow, count <= GangJob.mostMembers else {
          reader.fail(
            "parallelism", "\(parallelism) times \(replicas) replicas are more than \(GangJob.mostMembers) pods")
          return nil
        }
        return template(in: spec) { pods in
          var member = member(name, pods, count: count)
          member.jobs = max(1, replicas)
          // What is said of the child job is said of its pods, unless they say it themselves.
          member.words.annotations.merge(reader.words(job).annotations) { own, _ in own }
          return member
        }
      } ?? nil
    }
    return result ?? nil
  }

  private func template<T>(in fields: Fields, _ body: (Fields) -> T) -> T? {
    if !reader.has("template", in: fields) { reader.fail("template", "is required") }
    return reader.fields("template", in: fields, body)
  }

  private func template(in fields: Fields) -> Fields? { template(in: fields) { $0 } }

  private func member(_ role: String, _ template: Fields, count: Int) -> PodMembers {
    let demand = reader.podDemand(template)
    var member = PodMembers(
      object: object, role: role, count: count, demand: demand, words: reader.words(template))
    reader.fields("spec", in: template) { spec in
      reader.fields("schedulingGroup", in: spec) { member.podGroup = reader.text("podGroupName", in: $0) }
      reader.fields("workloadRef", in: spec) { reference in
        let name = reader.text("name", in: reference) ?? ""
        member.podGroup = "\(name)/\(reader.text("podGroup", in: reference) ?? "")"
      }
    }
    return member
  }
}
