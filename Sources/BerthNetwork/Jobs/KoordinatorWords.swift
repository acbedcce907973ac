import BerthKubernetes

/// Koordinator's words for gangs (apis/extension/coscheduling.go, network_topology.go).
enum KoordinatorWords {
  static let prefix = "gang.scheduling.koordinator.sh/"
  static let name = prefix + "name"
  static let least = prefix + "min-available"
  static let total = prefix + "total-number"
  static let groups = prefix + "groups"
  static let mode = prefix + "mode"
  static let topology = prefix + "network-topology-spec"
  /// As the design document of 2025-06-11 has it.
  static let topologyDraft = prefix + "networkTopologyAware"
  static let labels = [
    "pod-group.scheduling.sigs.k8s.io", "scheduling.x-k8s.io/pod-group", "pod-group.scheduling.sigs.k8s.io/name",
  ]

  static func groupLabel(_ words: GangWords) -> String? { labels.lazy.compactMap { words.labels[$0] }.first }

  /// By label or annotation, in that order.
  static func gangName(_ words: GangWords) -> String? { groupLabel(words) ?? words.annotations[name] }

  /// Those that are read of every gang, or say nothing of where pods go.
  static func isKnown(_ key: String) -> Bool {
    labels.contains(key) || [name, least, total, groups, topology, topologyDraft].contains(key)
      || key == prefix + "network-topology-index"
  }
}

extension GangManifests {
  /// PodGroups of scheduler-plugins and Koordinator. Those that list one another in `groups` are one gang.
  mutating func koordinatorGroups(_ objects: [ManifestObject]) -> [GangJob] {
    struct Part {
      var object: ManifestObject
      var job: GangJob
      var partners: [String]
      var spec: (text: String, object: ManifestObject)?
    }
    var parts: [Part] = []
    for object in objects {
      let own = claim {
        KoordinatorWords.groupLabel($0.words) == object.name && $0.object.namespace == object.namespace
      }
      var words = GangWords()
      var least: Int?
      read(object) { reader in
        words = reader.words(object.fields)
        reader.fields("spec", in: object.fields) { spec in
          reader.allow(["minMember", "scheduleTimeoutSeconds", "minResources"], in: spec)
          least = reader.number("minMember", in: spec, 1...GangJob.mostMembers)
        }
      }
      var job = gang(object.name, own, least: least, object: object)
      if object.fields.object("spec")?["minResources"] != nil {
        job.notes.append("\(object.title): spec.minResources is not expressed: the roles' requests are")
      }
      if object.fields.object("spec")?["scheduleTimeoutSeconds"] != nil {
        job.notes.append("\(object.title): spec.scheduleTimeoutSeconds is not expressed")
      }
      let partners = partners(&words, object)
      let spec = words.annotation(KoordinatorWords.topology) ?? words.annotation(KoordinatorWords.topologyDraft)
      job.notes += words.left.map { "\(object.title): \($0) is not expressed" }
      parts.append(Part(object: object, job: job, partners: partners, spec: spec.map { ($0, object) }))
    }
    var jobs: [GangJob] = []
    var done: Set<Int> = []
    for index in parts.indices where !done.contains(index) {
      let names = Set(parts[index].partners)
      let group = parts.indices.filter { other in
        other == index
          || (!done.contains(other) && names.contains("\(parts[other].object.namespace)/\(parts[other].object.name)"))
      }
      done.formUnion(group)
      let missing = names.filter { name in
        !parts.contains { "\($0.object.namespace)/\($0.object.name)" == name }
      }
      var job = parts[group[0]].job
      for name in missing.sorted() {
        job.notes.append("\(parts[index].object.title): the gang '\(name)' of its group is in no file")
      }
      for other in group.dropFirst() { merge(parts[other].job, into: &job) }
      for spec in group.compactMap({ parts[$0].spec }).prefix(1) {
        applyTopology(spec.text, to: &job, spec.object.title)
      }
      jobs.append(job)
    }
    return jobs
  }

  /// Pods that say their gang's name and numbers themselves.
  mutating func koordinatorGang(_ name: String, _ members: [PodMembers]) -> GangJob? {
    let object = members[0].object
    var words = members[0].words
    func number(_ key: String) -> Int? {
      guard let text = words.annotation(key) else { return nil }
      if let value = Int(text), (1...GangJob.mostMembers).contains(value) { return value }
      problems.append(Problem(object.title, "metadata.annotations[\(key)]", "'\(text)' is no whole number from 1"))
      return nil
    }
    let least = number(KoordinatorWords.least)
    let total = number(KoordinatorWords.total)
    var job = gang(name, members, least: least, total: total, object: object)
    if let total, total != job.memberCount {
      problems.append(
        Problem(
          object.title, "metadata.annotations[\(KoordinatorWords.total)]",
          "is \(total), and the file has \(job.memberCount) pods of the gang"))
    }
    if let spec = words.annotation(KoordinatorWords.topology) ?? words.annotation(KoordinatorWords.topologyDraft) {
      applyTopology(spec, to: &job, object.title)
    }
    if words.annotations[KoordinatorWords.groups] != nil {
      job.notes.append("\(object.title): \(KoordinatorWords.groups) is read of PodGroups only")
    }
    return job
  }

  /// Members alike are one role, of `total` pods if all are alike. Without members there is a role of as many pods as the group wants, of which nothing
  /// else is known.
  mutating func gang(
    _ name: String, _ members: [PodMembers], least: Int?, total: Int? = nil, object: ManifestObject
  ) -> GangJob {
    var merged: [PodMembers] = []
    for member in members {
      if member.object.kind == "Pod",
        let same = merged.firstIndex(where: { $0.object.kind == "Pod" && alike($0, member) })
      {
        merged[same].count += member.count
      } else {
        merged.append(member)
      }
    }
    let found = merged.reduce(0) { $0 + $1.count }
    if let total, merged.count == 1, total > found { merged[0].count = total }
    var job = job(name, merged, object: object)
    if job.memberCount > found {
      job.notes.append(
        "\(object.title): \(found) of \(job.memberCount) pods are in the file; the others are taken for alike")
    }
    if job.roles.isEmpty {
      let count = least ?? 1
      job.roles = [GangJob.Role(name: name, min: count, max: count)]
      job.notes.append("\(object.title): no pods of it are in the file, so nothing says what they ask for")
    } else if let least, least < job.memberCount {
      if job.roles.count == 1 {
        job.roles[0].min = least
      } else {
        for index in job.roles.indices { job.roles[index].min = 0 }
      }
    }
    job.minMember = least ?? job.memberCount
    if let least, least > job.memberCount {
      problems.append(
        Problem(
          object.title, "minMember",
          "is \(least), and the file has \(job.memberCount) pods of it: add them, or lower it"))
    }
    return job
  }

  private mutating func merge(_ other: GangJob, into job: inout GangJob) {
    for role in other.roles {
      var role = role
      if job.roles.contains(where: { $0.name == role.name }) { role.name += "-\(job.roles.count)" }
      job.roles.append(role)
    }
    job.groups += other.groups.map { group in
      var group = group
      group.roles = group.roles.map { $0 + job.roles.count - other.roles.count }
      return group
    }
    job.minMember += other.minMember
    job.priority = max(job.priority, other.priority)
    job.notes += other.notes
  }

  private mutating func partners(_ words: inout GangWords, _ object: ManifestObject) -> [String] {
    guard let text = words.annotation(KoordinatorWords.groups) else { return [] }
    if case .list(let entries)? = JSONText.value(text) {
      let names = entries.compactMap { entry -> String? in if case .text(let name) = entry { name } else { nil } }
      if names.count == entries.count { return names }
    }
    problems.append(
      Problem(
        object.title, "metadata.annotations[\(KoordinatorWords.groups)]",
        "must be a JSON array of names like \"default/gang-a\""))
    return []
  }

  /// `gatherStrategy`: the narrowest layer that must gather is required, the narrowest that is preferred is what is tried
  /// first; a multiple of pods at a layer is a slice there.
  private mutating func applyTopology(_ text: String, to job: inout GangJob, _ title: String) {
    let path = "metadata.annotations[\(KoordinatorWords.topology)]"
    func fail(_ message: String) { problems.append(Problem(title, path, message)) }
    guard case .object(let fields)? = JSONText.value(text), case .list(let rules)? = fields["gatherStrategy"] else {
      return fail("must be a JSON object with a list gatherStrategy")
    }
    var slices: [GangJob.Slice] = []
    for (index, rule) in rules.enumerated() {
      guard case .object(let rule) = rule, let layer = rule.text("layer"), !layer.isEmpty else {
        return fail("gatherStrategy[\(index)] needs a layer")
      }
      switch rule.text("strategy") {
      // Rules are written from wide to narrow: the last of a kind is the narrowest.
      case "MustGather"?: job.closeness.required = layer
      case "PreferGather"?: job.closeness.preferred = layer
      default: return fail("gatherStrategy[\(index)].strategy must be MustGather or PreferGather")
      }
      guard let multiple = rule["podCountMultiple"] else { continue }
      guard case .integer(let size) = multiple, (0...Int64(GangJob.mostMembers)).contains(size) else {
        return fail("gatherStrategy[\(index)].podCountMultiple must be a number of pods")
      }
      if size > 1 { slices.append(GangJob.Slice(level: layer, size: Int(size))) }
    }
    guard !slices.isEmpty else { return }
    for index in job.roles.indices { job.roles[index].slices = slices }
    if job.roles.count > 1 {
      job.notes.append(
        "\(title): podCountMultiple counts all pods of the gang; here each role's are counted for itself")
    }
  }
}
