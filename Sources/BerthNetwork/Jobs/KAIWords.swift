import BerthKubernetes

/// KAI's annotations (docs/topology/README.md, docs/developer/designs/segmented-subgroups).
struct KAIWords {
  static let prefix = "kai.scheduler/"
  static let topology = prefix + "topology"
  static let required = prefix + "topology-required-placement"
  static let preferred = prefix + "topology-preferred-placement"
  static let segmentSize = prefix + "segment-size"
  static let segmentRequired = prefix + "segment-topology-required-placement"
  static let segmentPreferred = prefix + "segment-topology-preferred-placement"
  static let subGroup = prefix + "subgroup-name"
  static let podGroup = "pod-group-name"

  let place: String
  private(set) var problems: [Problem] = []

  init(place: String) { self.place = place }

  /// Of the whole workload.
  static func apply(_ words: inout GangWords, to job: inout GangJob, _ object: ManifestObject) {
    if let topology = words.annotation(topology) {
      job.notes.append("\(object.title): the topology is the one that is given, whether it is '\(topology)' or not")
    }
    if let level = words.annotation(required) { job.closeness.required = level }
    if let level = words.annotation(preferred) { job.closeness.preferred = level }
  }

  /// Of a template: segment i has the pods i x size and on, as slices have.
  mutating func applySegments(_ words: inout GangWords, to role: inout GangJob.Role) {
    _ = words.annotation(Self.topology)
    if let level = words.annotation(Self.required) { role.closeness.required = level }
    if let level = words.annotation(Self.preferred) { role.closeness.preferred = level }
    guard let text = words.annotation(Self.segmentSize) else { return }
    guard let size = Int(text), (1...GangJob.mostMembers).contains(size) else {
      problems.append(
        Problem(place, "metadata.annotations[\(Self.segmentSize)]", "'\(text)' is no number of pods from 1"))
      return
    }
    let required = words.annotation(Self.segmentRequired)
    let preferred = words.annotation(Self.segmentPreferred)
    if required == nil && preferred == nil {
      problems.append(
        Problem(
          place, "metadata.annotations[\(Self.segmentRequired)]",
          "is required beside a segment size, or the preferred one"))
      return
    }
    var slices: [GangJob.Slice] = []
    if let required { slices.append(GangJob.Slice(level: required, size: size)) }
    // A wish beside what must be is for a narrower level of the same segment.
    if let preferred, preferred != required {
      slices.append(GangJob.Slice(level: preferred, size: size, isRequired: false))
    }
    role.slices = slices
  }
}

extension GangManifests {
  private struct SubGroup {
    var name: String
    var least: Int?
    var parent: String?
    var closeness: GangJob.Closeness
  }

  /// KAI's PodGroup (scheduling.run.ai/v2alpha2): subgroups with pods are roles, those above them groups of roles.
  mutating func kaiGroup(_ object: ManifestObject) -> GangJob? {
    let members = claim {
      $0.words.annotations[KAIWords.podGroup] == object.name && $0.object.namespace == object.namespace
    }
    var subGroups: [SubGroup] = []
    var least: Int?
    var closeness = GangJob.Closeness()
    var notes: [String] = []
    var className: String?
    let before = problems.count
    read(object) { reader in
      reader.fields("spec", in: object.fields) { spec in
        least = reader.number("minMember", in: spec, 1...GangJob.mostMembers)
        closeness = kaiCloseness(spec, reader)
        className = reader.text("priorityClassName", in: spec)
        let key = reader.has("subGroups", in: spec) ? "subGroups" : "subgroups"
        subGroups = reader.list(key, in: spec) { inner in
          reader.allow(["name", "minMember", "parent", "topologyConstraint"], in: inner)
          guard let name = reader.requiredText("name", in: inner) else { return nil }
          return SubGroup(
            name: name, least: reader.number("minMember", in: inner, 1...GangJob.mostMembers),
            parent: reader.text("parent", in: inner), closeness: kaiCloseness(inner, reader))
        }
        checkParents(subGroups, key, reader)
        let known = ["minMember", "topologyConstraint", "priorityClassName", "subGroups", "subgroups"]
        for name in spec.members.map(\.name).sorted() where !known.contains(name) {
          notes.append("\(object.title): spec.\(name) is not expressed")
        }
      }
    }
    guard problems.count == before else { return nil }
    var job =
      subGroups.isEmpty
      ? gang(object.name, members, least: least, object: object)
      : kaiJob(object, subGroups, members, least: least)
    job.closeness = closeness
    if let className { setPriority(className: className, object.title, &job) }
    job.notes += notes
    return job
  }

  private func kaiCloseness(_ fields: Fields, _ reader: ObjectReader) -> GangJob.Closeness {
    var closeness = GangJob.Closeness()
    reader.fields("topologyConstraint", in: fields) { inner in
      reader.allow(["topology", "requiredTopologyLevel", "preferredTopologyLevel"], in: inner)
      closeness.required = reader.text("requiredTopologyLevel", in: inner).flatMap { $0.isEmpty ? nil : $0 }
      closeness.preferred = reader.text("preferredTopologyLevel", in: inner).flatMap { $0.isEmpty ? nil : $0 }
    }
    return closeness
  }

  private func checkParents(_ subGroups: [SubGroup], _ key: String, _ reader: ObjectReader) {
    for (index, group) in subGroups.enumerated() {
      if subGroups[..<index].contains(where: { $0.name == group.name }) {
        reader.fail("\(key)[\(index)].name", "'\(group.name)' is there already: rename one")
      }
      var seen: Set<String> = [group.name]
      var parent = group.parent
      while let name = parent {
        guard let above = subGroups.first(where: { $0.name == name }) else {
          reader.fail("\(key)[\(index)].parent", "'\(name)' is no subgroup: define it, or correct the name")
          break
        }
        if !seen.insert(name).inserted {
          reader.fail("\(key)[\(index)].parent", "leads back to '\(name)': a cycle")
          break
        }
        parent = above.parent
      }
    }
  }

  private mutating func kaiJob(
    _ object: ManifestObject, _ subGroups: [SubGroup], _ members: [PodMembers], least: Int?
  ) -> GangJob {
    var job = GangJob(name: object.name, minMember: 1, roles: [])
    var rolesOf: [String: [Int]] = [:]
    for group in subGroups where !subGroups.contains(where: { $0.parent == group.name }) {
      let own = members.filter { $0.words.labels[KAIWords.subGroup] == group.name }
      let part = gang(group.name, own, least: group.least, object: object)
      for role in part.roles {
        var role = role
        if part.roles.count == 1 { role.name = group.name }
        if part.roles.count == 1 { role.closeness = group.closeness }
        rolesOf[group.name, default: []].append(job.roles.count)
        job.roles.append(role)
      }
      if part.roles.count > 1 && !group.closeness.isEmpty {
        job.groups.append(
          GangJob.RoleGroup(name: group.name, roles: rolesOf[group.name] ?? [], closeness: group.closeness))
      }
      job.minMember += part.minMember
      job.priority = max(job.priority, part.priority)
      job.notes += part.notes
    }
    for group in subGroups where rolesOf[group.name] == nil {
      let below = subGroups.filter { isBelow($0, group, subGroups) }.flatMap { rolesOf[$0.name] ?? [] }
      if !group.closeness.isEmpty && !below.isEmpty {
        job.groups.append(GangJob.RoleGroup(name: group.name, roles: below, closeness: group.closeness))
      }
    }
    let strangers = members.filter { member in
      !subGroups.contains { $0.name == member.words.labels[KAIWords.subGroup] }
    }
    for member in strangers {
      problems.append(
        Problem(
          member.object.title, "metadata.labels[\(KAIWords.subGroup)]",
          "'\(member.words.labels[KAIWords.subGroup] ?? "")' is no subgroup of \(object.name)"))
    }
    job.minMember = max(job.minMember - 1, least ?? 1, job.leastMemberCount)
    return job
  }

  private func isBelow(_ group: SubGroup, _ top: SubGroup, _ all: [SubGroup]) -> Bool {
    var parent = group.parent
    for _ in all {
      if parent == top.name { return true }
      parent = all.first { $0.name == parent }?.parent
    }
    return false
  }
}
