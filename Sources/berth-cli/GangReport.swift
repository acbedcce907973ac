import BerthNetwork
import BerthSimulation

/// What came of gangs, for people.
struct GangReport {
  private let run: GangRun
  private let isStyled: Bool
  private static let mostRows = 32

  init(_ run: GangRun, isStyled: Bool) {
    self.run = run
    self.isStyled = isStyled && Terminal.resultIsTerminal
  }

  var text: String {
    var lines = [header]
    lines += run.notes.map { "  note: \($0)" }
    for outcome in run.outcomes { lines += [""] + text(outcome) }
    return lines.flatMap { Self.wrapped($0) }.joined(separator: "\n")
  }

  private var header: String {
    let levels = run.topology.levels.enumerated().map { index, level in
      "\(Figures.grouped(run.topology.domains(atLevel: index).count)) \(level.name)"
    }
    let gpus = run.gpuCounts
    return
      "\(Figures.grouped(run.nodeCount)) nodes, \(Figures.grouped(gpus.all)) GPUs, \(Figures.grouped(gpus.inUse)) of "
      + "them in use; levels: " + levels.joined(separator: ", ")
  }

  // MARK: A job

  private func text(_ outcome: GangOutcome) -> [String] {
    let word = outcome.isPlaced ? styled("placed", .green) : styled("no place", .red)
    var lines = ["\(styled(outcome.job.name, .bold)): \(word): \(outcome.message)"]
    lines += outcome.notes.map { "  note: \($0)" } + (outcome.ranks?.notes ?? []).map { "  note: \($0)" }
    guard outcome.isPlaced else { return lines }
    if outcome.preferredMet == false { lines.append("  the preferred level could not be had") }
    if let tree = outcome.tree { lines += [""] + drawing(tree) }
    lines += ["", levels(outcome)]
    if outcome.choices.count > 1 { lines += ["", choices(outcome)] }
    if let ranks = outcome.ranks { lines += ["", figures(ranks), "", table(outcome, ranks)] }
    if let failure = outcome.failure { lines += [""] + text(failure, outcome) }
    return lines
  }

  private func text(_ failure: GangFailure, _ outcome: GangOutcome) -> [String] {
    let names = failure.lostNodes.joined(separator: ", ")
    let word = failure.isReplaced ? styled("replaced", .green) : styled("no place", .red)
    let count = failure.lostMembers.count
    var lines = [
      "\(styled(outcome.job.name, .bold)) without \(names): \(count) \(count == 1 ? "pod" : "pods") \(word): "
        + failure.message
    ]
    lines += failure.notes.map { "  note: \($0)" }
    guard failure.isReplaced else { return lines }
    if let tree = failure.tree { lines += [""] + drawing(tree) }
    guard let ranks = failure.ranks else { return lines }
    if !ranks.movedRanks.isEmpty {
      var table = Table("moved ranks", head: ["pod", "node", "GPUs", "ranks"], figuresFrom: 4)
      for member in failure.replacements.prefix(Self.mostRows) {
        table.add(
          name(member, outcome.job), run.topology.nodes[member.node].name, NumberRuns.text(member.gpus),
          NumberRuns.text(member.ranks))
      }
      lines += ["", table.text]
    }
    return lines + ["", figures(ranks)]
  }

  private func drawing(_ tree: TreeDrawing.Node) -> [String] {
    TreeDrawing.lines(root: tree, width: min(Terminal.resultWidth, 120)).map { line in
      let lead = line.prefix { " │├└─".contains($0) }
      return lead.isEmpty ? line : styled(String(lead), .dim) + line.dropFirst(lead.count)
    }
  }

  private func name(_ member: GangOutcome.Member, _ job: GangJob) -> String {
    "\(job.roles[member.role].name)-\(member.index)"
  }

  // MARK: Tables

  private func levels(_ outcome: GangOutcome) -> String {
    var table = Table("domains opened", head: ["level", "opened", "no fewer than", "left over, pods"])
    for level in outcome.levels {
      table.add(
        level.name, Figures.grouped(level.opened), level.bound.map { Figures.grouped($0) } ?? "-",
        level.leftOver.map { Figures.grouped($0) } ?? "-")
    }
    return table.text
  }

  private func choices(_ outcome: GangOutcome) -> String {
    var table = Table("nodes and ranks together: the cheapest", head: ["way", "cost of the ranks", ""])
    for choice in outcome.choices {
      let cost = choice.isPlaced ? choice.cost.map { Self.time($0) } ?? "-" : "no place"
      table.add(choice.words, cost, choice.isChosen ? "taken" : "")
    }
    return table.text
  }

  /// Costs, and the bytes by link.
  private func figures(_ ranks: RankOutcome) -> String {
    let bound = Double(max(ranks.lowerBound, 1))
    let proof =
      ranks.isExact
      ? "proven, nothing is cheaper" : "at most \(Figures.decimal(Double(ranks.cost) / bound, 3)) times the best"
    let ratio = Figures.decimal(Double(ranks.costBefore) / Double(max(ranks.cost, 1)), 2)
    var table = Table(
      "traffic of a step: cost before \(Self.time(ranks.costBefore)), after \(Self.time(ranks.cost)) (before is \(ratio) "
        + "times that)\n  lower bound \(Self.time(ranks.lowerBound)): \(proof)",
      head: ["link", "before", "after", "GB/s", "latency", "said by"])
    for link in ranks.links where link.bytesBefore > 0 || link.bytes > 0 || link.name != ranks.links[0].name {
      table.add(
        link.name, Figures.bytes(link.bytesBefore), Figures.bytes(link.bytes),
        Figures.decimal(Double(link.bytesPerSecond) / 1e9, link.bytesPerSecond % 1_000_000_000 == 0 ? 0 : 2),
        Figures.duration(nanoseconds: Double(link.latencyNanoseconds)), link.source)
    }
    return table.text
  }

  private func table(_ outcome: GangOutcome, _ ranks: RankOutcome) -> String {
    var before: [Int: [Int]] = [:]
    for (rank, place) in ranks.placesBefore.enumerated() { before[place.member, default: []].append(rank) }
    let order = outcome.members.filter { !$0.ranks.isEmpty }.sorted { ($0.ranks.first ?? 0) < ($1.ranks.first ?? 0) }
    let shown = order.count > Self.mostRows ? order.prefix(Self.mostRows - 1) : order[...]
    let numbers = Dictionary(uniqueKeysWithValues: outcome.members.enumerated().map { ("\($1.role)/\($1.index)", $0) })
    var table = Table("ranks", head: ["ranks", "node", "GPUs", "domain", "before"], figuresFrom: 5)
    for member in shown {
      let number = numbers["\(member.role)/\(member.index)"] ?? 0
      table.add(
        NumberRuns.text(member.ranks), run.topology.nodes[member.node].name, NumberRuns.text(member.gpus),
        run.path(ofNode: member.node), NumberRuns.text(before[number] ?? []))
    }
    let rest = order.count - shown.count
    return table.text + (rest > 0 ? "\n  … and \(Figures.grouped(rest)) more pods: --json or --output rankfile" : "")
  }

  private static func time(_ picoseconds: Int64) -> String { Figures.duration(nanoseconds: Double(picoseconds) / 1000) }

  // MARK: Lines

  private func styled(_ text: String, _ style: Terminal.Style) -> String {
    isStyled ? Terminal.styled(text, style) : text
  }

  /// Sentences are broken at blanks; tables and trees are as wide as they are.
  private static func wrapped(_ line: String) -> [String] {
    let width = min(Terminal.resultWidth, 120)
    guard line.count > width, !line.contains("\n"), !line.contains("─") else { return [line] }
    let indent = line.hasPrefix("  ") ? "    " : "  "
    var lines: [String] = []
    var rest = line[...]
    while rest.count > width, let cut = rest.prefix(width + 1).dropFirst(8).lastIndex(of: " ") {
      lines.append(String(rest[..<cut]))
      rest = indent + rest[rest.index(after: cut)...]
    }
    return lines + [String(rest)]
  }
}
