import BerthKubernetes

/// A role of a job in words of our own.
struct RoleReader {
  let reader: ObjectReader

  func role(_ fields: Fields) -> GangJob.Role? {
    reader.allow(
      ["name", "replicas", "min", "max", "requests", "gpus", "required", "preferred", "slices", "spread"], in: fields)
    let before = reader.problems.count
    let name = reader.requiredText("name", in: fields) ?? ""
    let range = 1...GangJob.mostMembers
    let replicas = reader.number("replicas", in: fields, range)
    let max = reader.number("max", in: fields, range)
    if replicas != nil && max != nil { reader.fail("max", "is beside replicas: they are the same, leave one out") }
    if !reader.has("replicas", in: fields) && !reader.has("max", in: fields) {
      reader.fail("replicas", "is required, or max")
    }
    let most = replicas ?? max ?? 1
    let least = reader.number("min", in: fields, 0...GangJob.mostMembers)
    if let least, reader.problems.count == before, least > most {
      reader.fail("min", "\(least) is more than the role has, \(most)")
    }
    var role = GangJob.Role(name: name, min: Swift.min(least ?? most, most), max: most)
    role.requests = reader.amounts("requests", in: fields)
    role.gpus = gpus(fields, role.requests)
    role.closeness = GangJob.Closeness(required: level("required", fields), preferred: level("preferred", fields))
    role.slices = reader.list("slices", in: fields) { slice($0) }
    reader.fields("spread", in: fields) { spread in
      reader.allow(["level", "maxPerDomain"], in: spread)
      guard let level = reader.requiredText("level", in: spread) else { return }
      if !reader.has("maxPerDomain", in: spread) { reader.fail("maxPerDomain", "is required") }
      guard let most = reader.number("maxPerDomain", in: spread, range) else { return }
      role.spread = GangJob.Spread(level: level, maxPerDomain: most)
    }
    return role
  }

  private func level(_ key: String, _ fields: Fields) -> String? {
    reader.has(key, in: fields) ? reader.requiredText(key, in: fields) : nil
  }

  /// Those of the requests, if nothing else is said; the two must agree.
  private func gpus(_ fields: Fields, _ requests: [String: Int64]) -> Int {
    let requested = Int(clamping: requests["nvidia.com/gpu"] ?? 0)
    guard let own = reader.number("gpus", in: fields, 0...1024) else {
      if requested > 1024 { reader.fail("requests", member: "nvidia.com/gpu", "is more than 1024") }
      return Swift.min(requested, 1024)
    }
    if requested != 0 && requested != own {
      reader.fail("gpus", "\(own) contradicts the \(requested) of nvidia.com/gpu in requests: leave one out")
    }
    return own
  }

  private func slice(_ fields: Fields) -> GangJob.Slice? {
    reader.allow(["level", "size", "preferred"], in: fields)
    guard let level = reader.requiredText("level", in: fields) else { return nil }
    if !reader.has("size", in: fields) { reader.fail("size", "is required") }
    guard let size = reader.number("size", in: fields, 1...GangJob.mostMembers) else { return nil }
    return GangJob.Slice(level: level, size: size, isRequired: !reader.flag("preferred", in: fields))
  }
}
