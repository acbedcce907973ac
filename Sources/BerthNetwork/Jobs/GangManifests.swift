import BerthKubernetes

/// Gangs of manifests: objects that make pods, and objects that say which pods belong together.
///
/// A pod group has the pods that name it. Pods that name none are a gang by themselves: all of a Job, a JobSet and so on,
/// as Kueue takes them.
struct GangManifests {
  let file: String
  private let objects: [ManifestObject]
  var problems: [Problem] {
    get { found.problems }
    nonmutating set { found.problems = newValue }
  }

  /// Mistakes are found while the rest is looked at: they are kept apart.
  private final class Found {
    var problems: [Problem] = []
  }

  private let found = Found()
  private var members: [PodMembers] = []
  private var claimed: Set<Int> = []
  private var priorities: [String: Int32] = [:]
  private var others: [String: Int] = [:]

  init(_ objects: [ManifestObject], file: String) {
    self.objects = objects
    self.file = file
  }

  mutating func jobs() -> [GangJob] {
    var groups: [ManifestObject] = []
    for object in objects {
      if PodSource.isOne(object) {
        members += read(object) { PodSource(object, $0).members() }
      } else if object.kind == "PriorityClass" {
        let value = read(object) { $0.priorityClassValue(object.fields) }
        priorities[value.name] = value.value
      } else if ["PodGroup", "Workload"].contains(object.kind) || object.group == "batch.volcano.sh" {
        groups.append(object)
      } else {
        others[object.kind.isEmpty ? "without a kind" : object.kind, default: 0] += 1
      }
    }
    guard problems.isEmpty else { return [] }
    var jobs = groupJobs(groups)
    jobs += looseJobs()
    if jobs.isEmpty && problems.isEmpty {
      let found = others.keys.sorted().joined(separator: ", ")
      problems.append(
        Problem(
          file, "",
          "has no job\(found.isEmpty ? "" : ", but objects \(found)"): a job of our own with roles, a Job, JobSet, PodGroup, "
            + "Workload or pods are expected"))
    }
    if !jobs.isEmpty {
      let without = others.filter { !["Node", "Namespace", "Service", "ConfigMap"].contains($0.key) }
      for kind in without.keys.sorted() { jobs[0].notes.append("\(without[kind] ?? 0) x \(kind): not read") }
    }
    return jobs
  }

  /// Reads an object and takes over what is wrong with it.
  func read<T>(_ object: ManifestObject, _ body: (ObjectReader) -> T) -> T {
    let reader = object.reader
    let result = body(reader)
    problems += reader.problems
    return result
  }

  // MARK: Groups

  private mutating func groupJobs(_ groups: [ManifestObject]) -> [GangJob] {
    var jobs: [GangJob] = []
    var koordinator: [ManifestObject] = []
    var upstream: [ManifestObject] = []
    for object in groups {
      switch (object.kind, object.group) {
      case ("Job", "batch.volcano.sh"): jobs += volcanoJob(object).map { [$0] } ?? []
      case ("PodGroup", "scheduling.volcano.sh"): jobs += volcanoGroup(object).map { [$0] } ?? []
      case ("PodGroup", "scheduling.run.ai"): jobs += kaiGroup(object).map { [$0] } ?? []
      case ("PodGroup", "scheduling.x-k8s.io"), ("PodGroup", "scheduling.sigs.k8s.io"): koordinator.append(object)
      case ("PodGroup", "scheduling.k8s.io"), ("Workload", "scheduling.k8s.io"): upstream.append(object)
      default:
        problems.append(
          Problem(object.title, "apiVersion", "the group '\(object.group)' is none whose \(object.kind) is known here"))
      }
    }
    return jobs + koordinatorGroups(koordinator) + upstreamGroups(upstream)
  }

  /// The members that the body recognises, from now on claimed.
  mutating func claim(_ isOne: (PodMembers) -> Bool) -> [PodMembers] {
    var found: [PodMembers] = []
    for (index, member) in members.enumerated() where !claimed.contains(index) && isOne(member) {
      claimed.insert(index)
      found.append(member)
    }
    return found
  }

  /// Gangs of pods that no object groups, but that say a name; the others are their object's gang.
  private mutating func looseJobs() -> [GangJob] {
    var jobs: [GangJob] = []
    for index in members.indices where !claimed.contains(index) {
      let member = members[index]
      if let key = KoordinatorWords.gangName(member.words) {
        let group = claim {
          KoordinatorWords.gangName($0.words) == key && $0.object.namespace == member.object.namespace
        }
        jobs += koordinatorGang(key, group).map { [$0] } ?? []
      } else if let name = member.words.labels[KueueWords.podGroup], member.object.kind == "Pod" {
        let group = claim {
          $0.words.labels[KueueWords.podGroup] == name && $0.object.namespace == member.object.namespace
        }
        jobs += kueuePodGroup(name, group).map { [$0] } ?? []
      } else {
        let object = member.object
        let group = claim { $0.object.place == object.place && $0.object.title == object.title }
        jobs += objectJob(object, group).map { [$0] } ?? []
      }
    }
    return jobs
  }

  // MARK: Jobs of members

  private mutating func objectJob(_ object: ManifestObject, _ members: [PodMembers]) -> GangJob? {
    var members = members
    var words = object.kind == "Pod" ? GangWords() : read(object) { $0.words(object.fields) }
    let least = words.annotation(KueueWords.minParallelism)
    if let least {
      guard let number = Int(least), number >= 1, number <= members[0].count, members.count == 1 else {
        problems.append(
          Problem(
            object.title, "metadata.annotations[\(KueueWords.minParallelism)]",
            "'\(least)' is no number of pods from 1 to \(members[0].count)"))
        return nil
      }
      members[0].least = number
    }
    let exclusive = words.annotation("alpha.jobset.sigs.k8s.io/exclusive-topology")
    var job = job(object.name, members, object: object)
    if let exclusive {
      for (index, member) in members.enumerated() where job.roles[index].slices.isEmpty && job.roles[index].max > 0 {
        job.roles[index].slices = [GangJob.Slice(level: exclusive, size: member.count / member.jobs)]
      }
      job.notes.append("exclusive-topology: each child job shares a domain, but not that no other job is in it")
    }
    KAIWords.apply(&words, to: &job, object)
    job.minMember = max(1, job.leastMemberCount)
    job.notes += words.left.map { "\(object.title): \($0) is not expressed" }
    return job
  }

  /// Roles for members, with what their own words say. `minMember` is that of all.
  mutating func job(_ name: String, _ members: [PodMembers], object: ManifestObject) -> GangJob {
    var job = GangJob(name: name, minMember: 1, roles: [])
    var groupNames: [String: [Int]] = [:]
    for member in members {
      var member = member
      let roleName = member.role.isEmpty ? member.object.name : member.role
      var role = GangJob.Role(
        name: job.roles.contains { $0.name == roleName } ? "\(roleName)-\(job.roles.count)" : roleName,
        min: member.least ?? member.count, max: member.count, requests: member.demand.requests, gpus: member.demand.gpus
      )
      let place = member.role.isEmpty ? member.object.title : "\(member.object.title), \(member.role)"
      if member.count == 0 {
        job.notes.append("\(place): no pods, left out")
        continue
      }
      var kueue = KueueWords(place: place)
      kueue.apply(&member.words, to: &role)
      problems += kueue.problems
      if let group = kueue.group { groupNames[group, default: []].append(job.roles.count) }
      var kai = KAIWords(place: place)
      kai.applySegments(&member.words, to: &role)
      problems += kai.problems
      setPriority(member.demand, place, &job)
      job.notes += member.demand.unread.map { "\(place): \($0) is not expressed" }
      job.notes += member.words.left.filter { !KoordinatorWords.isKnown($0) }.map { "\(place): \($0) is not expressed" }
      job.roles.append(role)
    }
    for name in groupNames.keys.sorted() { groupRoles(name, groupNames[name] ?? [], &job) }
    job.minMember = max(1, job.leastMemberCount)
    return job
  }

  /// Kueue's groups are of two pod sets that say the same of their topology: it is said of the two together.
  private mutating func groupRoles(_ name: String, _ roles: [Int], _ job: inout GangJob) {
    let closeness = job.roles[roles[0]].closeness
    guard roles.count == 2, roles.allSatisfy({ job.roles[$0].closeness == closeness }) else {
      problems.append(
        Problem(
          "job \(job.name)", "\(KueueWords.groupName) '\(name)'",
          "is of \(roles.count) pod sets: exactly two with the same required or preferred topology are expected"))
      return
    }
    for role in roles { job.roles[role].closeness = GangJob.Closeness() }
    job.groups.append(GangJob.RoleGroup(name: name, roles: roles, closeness: closeness))
  }

  mutating func setPriority(_ demand: PodDemand, _ place: String, _ job: inout GangJob) {
    if let own = demand.priority {
      job.priority = max(job.priority, own)
    } else if let name = demand.priorityClassName {
      setPriority(className: name, place, &job)
    }
  }

  mutating func setPriority(className name: String, _ place: String, _ job: inout GangJob) {
    let known = ["system-node-critical": Int32(2_000_001_000), "system-cluster-critical": 2_000_000_000]
    if let value = priorities[name] ?? known[name] {
      job.priority = max(job.priority, value)
    } else {
      let note = "\(place): the PriorityClass '\(name)' is in no file, so its priority counts as \(job.priority)"
      if !job.notes.contains(note) { job.notes.append(note) }
    }
  }
}
