import BerthKubernetes

extension GangJob {
  /// What this job cannot mean in a topology: levels that are not there, or that contradict one another. Levels beyond
  /// those of the job's own words are none of its mistakes.
  public func problems(in topology: NetworkTopology) -> [Problem] {
    var check = LevelCheck(job: self, topology: topology)
    check.run()
    return check.problems
  }
}

private struct LevelCheck {
  typealias Level = NetworkTopology.LevelReference

  let job: GangJob
  let topology: NetworkTopology
  var problems: [Problem] = []

  private mutating func fail(_ path: String, _ message: String) {
    problems.append(Problem("job \(job.name)", path, message))
  }

  private mutating func level(_ name: String?, _ path: String) -> Level? {
    guard let name else { return nil }
    if let found = topology.level(named: name) { return found }
    let known = topology.levels.map(\.name).joined(separator: ", ")
    fail(path, "'\(name)' is no level of this topology: \(known) or \(NetworkTopology.nodeLevelNames[0]) are")
    return nil
  }

  mutating func run() {
    let gang = closeness(job.closeness, "")
    var required: [Level?] = []
    for (index, role) in job.roles.enumerated() {
      let path = "roles[\(index)]."
      let own = closeness(role.closeness, path)
      // The narrowest that binds all of the role's pods.
      let binding = [gang, own].compactMap(\.self).max()
      required.append(binding)
      slices(role, binding, path)
      spread(role, binding, path)
    }
    for (index, group) in job.groups.enumerated() { _ = closeness(group.closeness, "groups[\(index)].") }
    for (index, separation) in job.separations.enumerated() {
      guard let level = level(separation.level, "separate[\(index)].level") else { continue }
      if level == .cluster {
        fail(
          "separate[\(index)].level", "'\(separation.level)' is the whole network: no two roles could be apart in it")
      }
      let groups = job.groups.filter { Set($0.roles).intersection(separation.roles).count > 1 }
      let together = [gang] + groups.map { $0.closeness.required.flatMap(topology.level(named:)) }
      if let near = together.compactMap(\.self).max(), near >= level {
        fail(
          "separate[\(index)].level",
          "'\(separation.level)' contradicts what is required: the roles must share one domain that is as narrow or "
            + "narrower; separate them at a narrower level")
      }
    }
    for (index, link) in job.links.enumerated() { _ = level(link.level, "links[\(index)].level") }
  }

  /// The required level. A wish is for something narrower than what must be.
  private mutating func closeness(_ closeness: GangJob.Closeness, _ path: String) -> Level? {
    let required = level(closeness.required, path + "required")
    if let preferred = level(closeness.preferred, path + "preferred"), let required, preferred < required {
      fail(
        path + "preferred",
        "'\(closeness.preferred ?? "")' is wider than what is required, '\(closeness.required ?? "")': a narrower level "
          + "is expected, or none")
    }
    return required
  }

  private mutating func slices(_ role: GangJob.Role, _ binding: Level?, _ path: String) {
    var around: (level: Level, name: String)?
    for (index, slice) in role.slices.enumerated() {
      guard let own = level(slice.level, "\(path)slices[\(index)].level") else { return }
      if let around, own <= around.level {
        fail(
          "\(path)slices[\(index)].level",
          "'\(slice.level)' is not narrower than '\(around.name)', the level of the slice around it")
      }
      if index == 0, let binding, own < binding {
        fail(
          "\(path)slices[\(index)].level",
          "'\(slice.level)' is wider than what is required of all pods: slices go within, at a narrower level")
      }
      around = (own, slice.level)
    }
  }

  private mutating func spread(_ role: GangJob.Role, _ binding: Level?, _ path: String) {
    guard let spread = role.spread, let own = level(spread.level, path + "spread.level") else { return }
    if let binding, binding >= own, role.min > spread.maxPerDomain {
      fail(
        path + "spread",
        "contradicts what is required: \(role.min) pods share a domain of '\(spread.level)', and at most "
          + "\(spread.maxPerDomain) may")
    }
    for (index, slice) in role.slices.enumerated() where slice.isRequired && slice.size > spread.maxPerDomain {
      if let level = topology.level(named: slice.level), level >= own {
        fail(
          path + "spread", "contradicts slices[\(index)]: its \(slice.size) pods share a domain of '\(spread.level)'")
      }
    }
  }
}
