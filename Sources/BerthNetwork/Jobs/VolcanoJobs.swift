import BerthKubernetes

/// Volcano's Job (batch.volcano.sh/v1alpha1) and PodGroup (scheduling.volcano.sh/v1beta1), as their CRDs and
/// docs/design/Network Topology Aware Scheduling.md have them.
extension GangManifests {
  private static let volcanoGroup = "scheduling.k8s.io/group-name"

  private static let unexpressed = [
    "queue", "plugins", "policies", "maxRetry", "ttlSecondsAfterFinished", "volumes", "runningEstimate", "dependsOn",
    "topologyPolicy", "minResources",
  ]

  mutating func volcanoJob(_ object: ManifestObject) -> GangJob? {
    var job = GangJob(name: object.name, minMember: 1, roles: [])
    var demands: [(PodDemand, String)] = []
    var className: String?
    let before = problems.count
    read(object) { reader in
      if object.name.isEmpty { reader.fail("metadata.name", "is required") }
      if !reader.has("spec", in: object.fields) { reader.fail("spec", "is required") }
      reader.fields("spec", in: object.fields) { spec in
        reader.allow(
          ["minAvailable", "minSuccess", "schedulerName", "priorityClassName", "tasks", "networkTopology"]
            + Self.unexpressed, in: spec)
        className = reader.text("priorityClassName", in: spec)
        job.closeness = Self.volcanoCloseness(spec, reader, &job.notes, object.title)
        job.roles = reader.list("tasks", in: spec) { task in
          volcanoTask(task, reader, &demands, &job.notes, object.title)
        }
        if job.roles.isEmpty { reader.fail("tasks", "must list at least one task with pods") }
        setLeast(reader.number("minAvailable", in: spec, 0...GangJob.mostMembers), &job, object.title)
        for key in Self.unexpressed where reader.has(key, in: spec) {
          job.notes.append("\(object.title): spec.\(key) is not expressed")
        }
      }
    }
    guard problems.count == before else { return nil }
    if let className {
      setPriority(className: className, object.title, &job)
    } else {
      for (demand, place) in demands { setPriority(demand, place, &job) }
    }
    return job
  }

  /// Below the sum of what its tasks want, a job's minAvailable stands alone (pkg/scheduler/api/job_info.go).
  private func setLeast(_ least: Int?, _ job: inout GangJob, _ title: String) {
    let sum = job.leastMemberCount
    job.minMember = least.flatMap { $0 == 0 ? nil : $0 } ?? max(1, sum)
    if job.minMember < sum {
      for index in job.roles.indices { job.roles[index].min = 0 }
      job.notes.append(
        "\(title): minAvailable is less than its tasks' add up to: theirs do not count then, as in Volcano")
    }
  }

  private func volcanoTask(
    _ fields: Fields, _ reader: ObjectReader, _ demands: inout [(PodDemand, String)], _ notes: inout [String],
    _ title: String
  ) -> GangJob.Role? {
    let ignored = ["policies", "maxRetry", "topologyPolicy", "dependsOn"]
    reader.allow(["name", "replicas", "minAvailable", "template", "partitionPolicy"] + ignored, in: fields)
    let name = reader.text("name", in: fields) ?? "default"
    let place = "\(title), \(name)"
    let count = reader.number("replicas", in: fields, 0...GangJob.mostMembers) ?? 1
    if !reader.has("template", in: fields) { reader.fail("template", "is required") }
    let read = reader.fields("template", in: fields) { (reader.podDemand($0), reader.words($0)) }
    guard let (demand, found) = read else { return nil }
    var words = found
    for key in ignored where reader.has(key, in: fields) { notes.append("\(place): \(key) is not expressed") }
    notes += demand.unread.map { "\(place): \($0) is not expressed" }
    if count == 0 {
      notes.append("\(place): no pods, left out")
      return nil
    }
    demands.append((demand, place))
    let least = reader.number("minAvailable", in: fields, 0...GangJob.mostMembers)
    var role = GangJob.Role(
      name: name, min: least ?? count, max: count, requests: demand.requests, gpus: demand.gpus)
    if role.min > count {
      reader.fail("minAvailable", "\(role.min) is more than the task's replicas, \(count)")
      role.min = count
    }
    reader.fields("partitionPolicy", in: fields) { partition($0, &role, reader, hasLeast: least != nil, &notes, place) }
    notes += words.left.map { "\(place): \($0) is not expressed" }
    words = GangWords()
    return role
  }

  /// Partitions are slices: totalPartitions x partitionSize pods, each partition within the tier that is allowed.
  private func partition(
    _ fields: Fields, _ role: inout GangJob.Role, _ reader: ObjectReader, hasLeast: Bool, _ notes: inout [String],
    _ place: String
  ) {
    reader.allow(["totalPartitions", "partitionSize", "minPartitions", "networkTopology"], in: fields)
    for key in ["totalPartitions", "partitionSize"] where !reader.has(key, in: fields) {
      reader.fail(key, "is required")
    }
    let range = 1...GangJob.mostMembers
    guard let total = reader.number("totalPartitions", in: fields, range),
      let size = reader.number("partitionSize", in: fields, range)
    else { return }
    guard total.multipliedReportingOverflow(by: size) == (role.max, false) else {
      return reader.fail("partitionSize", "\(size) times \(total) partitions are not the task's \(role.max) replicas")
    }
    let least = reader.number("minPartitions", in: fields, 0...total) ?? 0
    if least > 0 {
      if hasLeast && role.min != least * size {
        reader.fail("minPartitions", "\(least) of \(size) contradict the task's minAvailable, \(role.min)")
      }
      role.min = least * size
    }
    let closeness = Self.volcanoCloseness(fields, reader, &notes, place)
    if let required = closeness.required {
      role.slices = [GangJob.Slice(level: required, size: size)]
    } else if let preferred = closeness.preferred {
      role.slices = [GangJob.Slice(level: preferred, size: size, isRequired: false)]
    } else {
      notes.append("\(place): partitions without a networkTopology say nothing of where pods go")
    }
  }

  /// hard: within the tier, from the lowest up; soft: as low as can be.
  private static func volcanoCloseness(
    _ fields: Fields, _ reader: ObjectReader, _ notes: inout [String], _ title: String
  ) -> GangJob.Closeness {
    var closeness = GangJob.Closeness()
    var more: [String] = []
    reader.fields("networkTopology", in: fields) { inner in
      reader.allow(["mode", "highestTierAllowed", "highestTierName"], in: inner)
      let mode = reader.text("mode", in: inner) ?? "hard"
      if mode != "hard" && mode != "soft" { reader.fail("mode", "'\(mode)' is neither hard nor soft") }
      let tier = reader.number("highestTierAllowed", in: inner, 0...Int(Int32.max))
      let name = reader.text("highestTierName", in: inner).flatMap { $0.isEmpty ? nil : $0 }
      if tier != nil && name != nil { reader.fail("highestTierName", "must not be beside highestTierAllowed") }
      closeness.preferred = NetworkTopology.narrowestLevelName
      if mode == "hard" {
        closeness.required = name ?? tier.map { "tier-\($0)" }
        if closeness.required == nil { more.append("\(title): mode hard without a highest tier: any will do") }
      } else if tier != nil || name != nil {
        more.append("\(title): the highest tier has no say in mode soft")
      }
    }
    notes += more
    return closeness
  }

  mutating func volcanoGroup(_ object: ManifestObject) -> GangJob? {
    let members = claim {
      $0.words.annotations[Self.volcanoGroup] == object.name && $0.object.namespace == object.namespace
    }
    var least: Int?
    var closeness = GangJob.Closeness()
    var notes: [String] = []
    var className: String?
    var policies: [(test: (@Sendable ([String: String]) -> Bool)?, size: Int, closeness: GangJob.Closeness)] = []
    let before = problems.count
    read(object) { reader in
      reader.fields("spec", in: object.fields) { spec in
        let known = ["minMember", "networkTopology", "priorityClassName", "subGroupPolicy"]
        reader.allow(known + ["queue", "minTaskMember", "minResources"], in: spec)
        least = reader.number("minMember", in: spec, 0...GangJob.mostMembers).flatMap { $0 == 0 ? nil : $0 }
        closeness = Self.volcanoCloseness(spec, reader, &notes, object.title)
        className = reader.text("priorityClassName", in: spec)
        policies = reader.list("subGroupPolicy", in: spec) { inner in
          reader.allow(
            ["name", "labelSelector", "matchLabelKeys", "minSubGroups", "networkTopology", "subGroupSize"], in: inner)
          for key in ["matchLabelKeys", "minSubGroups"] where reader.has(key, in: inner) {
            notes.append("\(object.title): subGroupPolicy.\(key) is not expressed")
          }
          return (
            reader.labelTest("labelSelector", in: inner),
            reader.number("subGroupSize", in: inner, 1...GangJob.mostMembers) ?? 1,
            Self.volcanoCloseness(inner, reader, &notes, object.title)
          )
        }
        for key in ["queue", "minTaskMember", "minResources"] where reader.has(key, in: spec) {
          notes.append("\(object.title): spec.\(key) is not expressed")
        }
      }
    }
    guard problems.count == before else { return nil }
    var job = gang(object.name, members, least: least, object: object)
    job.closeness = closeness
    for policy in policies {
      guard let level = policy.closeness.required ?? policy.closeness.preferred else { continue }
      let slice = GangJob.Slice(level: level, size: policy.size, isRequired: policy.closeness.required != nil)
      for index in job.roles.indices {
        let labels = members.first { $0.object.name == job.roles[index].name }?.words.labels ?? [:]
        if policy.test?(labels) ?? true { job.roles[index].slices = [slice] }
      }
    }
    if let className { setPriority(className: className, object.title, &job) }
    job.notes += notes
    return job
  }
}
