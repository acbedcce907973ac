/// Which members of a gang stay when it is to be smaller.
extension Oracle {
  /// The least that `keep` of the pods come to, by the aims of placing: an offer is the members that run there. Also
  /// what those that `staying` names come to. Those whose node was removed run nowhere, and go first.
  public func shrunk(_ members: [Int], keep: Int, staying: Set<Int>) -> (best: GangMeasure, theirs: GangMeasure)? {
    let homes = Dictionary(grouping: members) { pods[$0]!.node }
    let here = members.filter { pods[$0]!.node != nil }
    let stay = min(keep, here.count)
    guard stay > 0 else { return nil }
    let role = GangSpec.Role(pods[here[0]]!.spec, stay)
    let plain = gangProblem(GangSpec([role]), on: topologyOrder().filter { homes[$0] != nil }, isLarge: true)
    func counts(_ chosen: [Int]) -> [Int] {
      plain.nodes.map { node in chosen.count { pods[$0]!.node == node } }
    }
    let problem = GangProblem(
      spec: plain.spec, nodes: plain.nodes, runs: plain.runs, numbers: plain.numbers,
      isAllowed: plain.isAllowed, mixes: counts(here).map { count in (0...count).map { [$0] } },
      running: plain.running,
      scores: plain.scores.map { $0.map { _ in 0 } })
    let theirs = counts(here.filter(staying.contains)).map { [$0] }
    return (problem.optimum()!.measure, problem.measure(theirs))
  }
}
