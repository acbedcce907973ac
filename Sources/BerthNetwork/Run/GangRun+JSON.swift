import BerthSimulation

extension GangRun {
  /// Everything, in one value.
  public var json: JSONValue {
    let gpus = gpuCounts
    let levels = topology.levels.enumerated().map { index, level in
      JSONValue.object([("level", .text(level.name)), ("domains", .count(topology.domains(atLevel: index).count))])
    }
    return .object([
      ("nodes", .count(nodeCount)), ("gpus", .count(gpus.all)), ("gpus_in_use", .count(gpus.inUse)),
      ("levels", .list(levels)), ("placed", .count(outcomes.count { $0.isRunning })),
      ("refused", .count(outcomes.count { !$0.isRunning })), ("jobs", .list(outcomes.map(json))),
      ("notes", texts(notes)),
    ])
  }

  private func texts(_ texts: [String]) -> JSONValue { .list(texts.map { .text($0) }) }

  private func json(_ outcome: GangOutcome) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("job", .text(outcome.job.name)), ("placed", .boolean(outcome.isPlaced)), ("message", .text(outcome.message)),
      ("proven", .boolean(outcome.limits.isEmpty)), ("limits", texts(outcome.limits)),
    ]
    if outcome.isPlaced {
      members += [
        ("common_level", .text(outcome.commonLevel)), ("common_domain", .text(outcome.commonDomain)),
        ("levels", .list(outcome.levels.map(json))), ("score", .integer(outcome.score)),
        ("score_bound", .integer(outcome.scoreBound)),
      ]
      if let met = outcome.preferredMet { members.append(("preferred_met", .boolean(met))) }
      members.append(("members", .list(outcome.members.map { json($0, outcome.job) })))
    }
    members.append(("choices", .list(outcome.choices.map(json))))
    if let ranks = outcome.ranks { members.append(("ranks", json(ranks))) }
    if let failure = outcome.failure { members.append(("failure", json(failure, outcome.job))) }
    return .object(members + [("notes", texts(outcome.notes + (outcome.ranks?.notes ?? [])))])
  }

  private func json(_ level: GangOutcome.Level) -> JSONValue {
    .object([
      ("level", .text(level.name)), ("opened", .count(level.opened)),
      ("bound", level.bound.map { .count($0) } ?? .null), ("left_over", level.leftOver.map { .count($0) } ?? .null),
    ])
  }

  private func json(_ member: GangOutcome.Member, _ job: GangJob) -> JSONValue {
    .object([
      ("role", .text(job.roles[member.role].name)), ("index", .count(member.index)),
      ("node", .text(topology.nodes[member.node].name)), ("domain", .text(path(ofNode: member.node))),
      ("gpus", .list(member.gpus.map { .count($0) })), ("ranks", .list(member.ranks.map { .count($0) })),
    ])
  }

  private func json(_ choice: GangOutcome.Choice) -> JSONValue {
    .object([
      ("way", .text(choice.words)), ("placed", .boolean(choice.isPlaced)),
      ("cost_ps", choice.cost.map { .integer($0) } ?? .null), ("chosen", .boolean(choice.isChosen)),
    ])
  }

  private func json(_ ranks: RankOutcome) -> JSONValue {
    let links = ranks.links.map { link in
      JSONValue.object([
        ("link", .text(link.name)), ("bytes_per_second", .integer(link.bytesPerSecond)),
        ("latency_ns", .integer(link.latencyNanoseconds)), ("source", .text(link.source)),
        ("bytes_before", .integer(link.bytesBefore)), ("bytes", .integer(link.bytes)),
      ])
    }
    return .object([
      ("count", .count(ranks.places.count)), ("cost_before_ps", .integer(ranks.costBefore)),
      ("cost_ps", .integer(ranks.cost)), ("lower_bound_ps", .integer(ranks.lowerBound)),
      ("exact", .boolean(ranks.isExact)), ("moved", .list(ranks.movedRanks.map { .count($0) })),
      ("links", .list(links)),
    ])
  }

  private func json(_ failure: GangFailure, _ job: GangJob) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("lost_nodes", texts(failure.lostNodes)), ("lost_members", .list(failure.lostMembers.map { json($0, job) })),
      ("replaced", .boolean(failure.isReplaced)), ("message", .text(failure.message)),
      ("replacements", .list(failure.replacements.map { json($0, job) })),
      ("members", .list(failure.members.map { json($0, job) })),
    ]
    if let ranks = failure.ranks { members.append(("ranks", json(ranks))) }
    return .object(members + [("notes", texts(failure.notes + (failure.ranks?.notes ?? [])))])
  }
}
