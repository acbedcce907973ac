import BerthKubernetes

/// Kubernetes' own PodGroup and Workload (scheduling.k8s.io; KEP-4671, KEP-5732, KEP-5832). Each PodGroup is a gang; so is
/// each template of a Workload of which the files have no PodGroup.
extension GangManifests {
  private struct Policy {
    var least: Int?
    var level: String?
    var notes: [String] = []
  }

  mutating func upstreamGroups(_ objects: [ManifestObject]) -> [GangJob] {
    var jobs: [GangJob] = []
    var instances: Set<String> = []
    for object in objects where object.kind == "PodGroup" {
      if let job = upstreamGroup(object, &instances) { jobs.append(job) }
    }
    for object in objects where object.kind == "Workload" {
      jobs += workload(object, instances)
    }
    return jobs
  }

  private mutating func upstreamGroup(_ object: ManifestObject, _ instances: inout Set<String>) -> GangJob? {
    let members = claim { $0.podGroup == object.name && $0.object.namespace == object.namespace }
    var policy = Policy()
    var className: String?
    let before = problems.count
    read(object) { reader in
      reader.fields("spec", in: object.fields) { spec in
        policy = Self.policy(spec, reader, object.title)
        className = reader.text("priorityClassName", in: spec)
        reader.fields("podGroupTemplateRef", in: spec) { reference in
          reader.fields("workload", in: reference) { inner in
            let workload = reader.text("workloadName", in: inner) ?? ""
            let template = reader.text("podGroupTemplateName", in: inner) ?? ""
            instances.insert("\(object.namespace)/\(workload)/\(template)")
          }
        }
      }
    }
    guard problems.count == before else { return nil }
    var job = gang(object.name, members, least: policy.least, object: object)
    job.closeness.required = policy.level
    job.notes += policy.notes
    if let className { setPriority(className: className, object.title, &job) }
    return job
  }

  private mutating func workload(_ object: ManifestObject, _ instances: Set<String>) -> [GangJob] {
    var templates: [(name: String, policy: Policy)] = []
    var controller: String?
    let before = problems.count
    read(object) { reader in
      reader.fields("spec", in: object.fields) { spec in
        // podGroups is what v1alpha1 called it.
        reader.allow(["podGroupTemplates", "podGroups", "controllerRef", "priorityClassName"], in: spec)
        let key = reader.has("podGroups", in: spec) ? "podGroups" : "podGroupTemplates"
        reader.fields("controllerRef", in: spec) { controller = reader.text("name", in: $0) }
        templates = reader.list(key, in: spec) { inner in
          guard let name = reader.requiredText("name", in: inner) else { return nil }
          return (name, Self.policy(inner, reader, "\(object.title), \(name)"))
        }
        if templates.isEmpty { reader.fail(key, "must list at least one group of pods") }
      }
    }
    guard problems.count == before else { return [] }
    return templates.compactMap { template in
      if instances.contains("\(object.namespace)/\(object.name)/\(template.name)") { return nil }
      let reference = "\(object.name)/\(template.name)"
      let members = claim { member in
        member.object.namespace == object.namespace
          && (member.podGroup == reference
            || (member.podGroup == nil && templates.count == 1 && controller != nil && member.object.name == controller))
      }
      var job = gang(
        templates.count == 1 ? object.name : reference, members, least: template.policy.least, object: object)
      job.closeness.required = template.policy.level
      job.notes += template.policy.notes
      return job
    }
  }

  private static func policy(_ fields: Fields, _ reader: ObjectReader, _ title: String) -> Policy {
    var policy = Policy()
    // "policy" and "schedulingPolicy" are the names of v1alpha1 and of what came after it.
    let key = reader.has("policy", in: fields) ? "policy" : "schedulingPolicy"
    reader.fields(key, in: fields) { inner in
      reader.allow(["basic", "gang"], in: inner)
      if reader.has("gang", in: inner) == reader.has("basic", in: inner) {
        reader.fail("must be either gang or basic")
      }
      reader.fields("gang", in: inner) { gang in
        reader.allow(["minCount"], in: gang)
        if !reader.has("minCount", in: gang) { reader.fail("minCount", "is required") }
        policy.least = reader.number("minCount", in: gang, 1...GangJob.mostMembers)
      }
      if reader.has("basic", in: inner) {
        policy.least = 1
        policy.notes.append("\(title): policy basic is no gang: one pod is enough to start")
      }
    }
    if !reader.has(key, in: fields) { reader.fail(key, "is required") }
    reader.fields("schedulingConstraints", in: fields) { constraints in
      reader.allow(["topology"], in: constraints)
      let levels = reader.list("topology", in: constraints) { inner -> String? in
        reader.allow(["key"], in: inner)
        guard let level = reader.requiredText("key", in: inner) else { return nil }
        if let wrong = LabelSyntax.wrongKey(level) { reader.fail("key", wrong) }
        return level
      }
      if levels.count > 1 { reader.fail("topology", "lists \(levels.count) constraints: KEP-5732 has one") }
      policy.level = levels.first
    }
    let known = [
      "policy", "schedulingPolicy", "schedulingConstraints", "name", "podGroupTemplateRef", "priorityClassName",
    ]
    for member in fields.members.map(\.name).sorted() where !known.contains(member) {
      policy.notes.append("\(title): \(member) is not expressed")
    }
    return policy
  }
}
