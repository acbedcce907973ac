import BerthKubernetes

/// What a job says that cannot be, whatever words it came in.
struct JobCheck {
  private let job: GangJob
  private(set) var problems: [Problem] = []

  /// By itself.
  static func problems(of job: GangJob) -> [Problem] {
    var check = JobCheck(job: job)
    check.counts()
    check.parallelism()
    check.names()
    return check.problems
  }

  private init(job: GangJob) { self.job = job }

  private mutating func fail(_ path: String, _ message: String) {
    problems.append(Problem("job \(job.name)", path, message))
  }

  private mutating func names() {
    var seen: Set<String> = []
    for (index, role) in job.roles.enumerated() where !seen.insert(role.name).inserted {
      fail("roles[\(index)].name", "'\(role.name)' is there already: rename one")
    }
  }

  private mutating func counts() {
    if job.roles.isEmpty { return fail("roles", "must list at least one role") }
    for (index, role) in job.roles.enumerated() {
      let path = "roles[\(index)]"
      if role.max < 1 || role.max > GangJob.mostMembers {
        fail("\(path).max", "\(role.max) pods: 1 to \(GangJob.mostMembers) are expected")
      }
      if role.min < 0 || role.min > role.max {
        fail("\(path).min", "\(role.min) is not between 0 and max, \(role.max)")
      }
      if role.gpus < 0 || role.gpus > 1024 { fail("\(path).gpus", "\(role.gpus) is not between 0 and 1024") }
      slices(role, path)
      if let spread = role.spread, spread.maxPerDomain < 1 {
        fail("\(path).spread.maxPerDomain", "\(spread.maxPerDomain) leaves no pod a place: 1 or more is expected")
      }
    }
    guard problems.isEmpty else { return }
    if job.memberCount > GangJob.mostMembers {
      return fail("roles", "have \(job.memberCount) pods: at most \(GangJob.mostMembers) are placed at once")
    }
    if job.minMember < 1 || job.minMember > job.memberCount {
      fail("minMember", "\(job.minMember) is not between 1 and the number of members, \(job.memberCount)")
    } else if job.minMember < job.leastMemberCount {
      fail("minMember", "\(job.minMember) is less than the roles' least numbers add up to, \(job.leastMemberCount)")
    }
    if let leaves = job.maxLeaves, leaves < 1 { fail("switches", "\(leaves) is not positive") }
    if let traffic = job.traffic, traffic.size != job.memberCount {
      fail("traffic", "is of \(traffic.size) members, and the roles have \(job.memberCount)")
    }
  }

  /// Each size divides the one around it and the outermost the number of pods: every number that the gang may have.
  private mutating func slices(_ role: GangJob.Role, _ path: String) {
    if role.slices.count > GangJob.mostSlices {
      fail("\(path).slices", "are \(role.slices.count): at most \(GangJob.mostSlices), one in the other, are expected")
    }
    var around = (size: role.max, noun: "the role's \(role.max) pods")
    for (index, slice) in role.slices.enumerated() {
      let own = "\(path).slices[\(index)]"
      if slice.size < 1 {
        fail("\(own).size", "\(slice.size) is not positive")
        return
      }
      if around.size > 0 && around.size % slice.size != 0 {
        fail("\(own).size", "\(slice.size) does not divide \(around.noun): \(divisors(around.size, near: slice.size))")
      }
      if index == 0 && role.min > 0 && role.min % slice.size != 0 {
        fail("\(own).size", "\(slice.size) does not divide the role's least number of pods, \(role.min)")
      }
      if role.slices[..<index].contains(where: { $0.level == slice.level }) {
        fail("\(own).level", "'\(slice.level)' is the level of a slice around it: a narrower one is expected")
      }
      around = (slice.size, "the slice around it, of \(slice.size)")
    }
  }

  private func divisors(_ number: Int, near size: Int) -> String {
    let below = (1...Swift.max(1, Swift.min(size, number))).last { number % $0 == 0 } ?? 1
    let above = (size + 1 > number ? nil : (size + 1...Swift.min(number, size + 1_000_000)).first { number % $0 == 0 })
    return above.map { "\(below) or \($0) would" } ?? "\(below) would"
  }

  /// Megatron-LM's rule: tensor x context x pipeline x data = ranks, and experts divide data x context.
  private mutating func parallelism() {
    guard problems.isEmpty, let parallelism = job.parallelism else { return }
    guard let product = parallelism.rankCount else {
      return fail("parallelism", "makes more ranks than can be counted")
    }
    if product != job.rankCount {
      let unit = job.roles.contains { $0.gpus > 0 } ? "GPUs" : "pods"
      fail("parallelism", "makes \(product) ranks, and the roles have \(job.rankCount) \(unit)")
    }
    let expert = parallelism.size(of: .expert)
    let shared = parallelism.size(of: .data) * parallelism.size(of: .context)
    if shared % expert != 0 {
      fail("parallelism.expert", "\(expert) does not divide data x context, \(shared): experts share out those ranks")
    }
  }
}
