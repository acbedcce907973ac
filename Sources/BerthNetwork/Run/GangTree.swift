import BerthSimulation

/// The domains that a gang uses, with what they hold: its members, how many they offered before, their free GPUs and,
/// at nodes, the ranks.
struct GangTree {
  let network: NetworkEngine
  let job: GangJob
  /// By node, of the role that has most members: how many more fit now.
  let offers: [Int]
  let freeGPUs: [Int]

  init(_ network: NetworkEngine, _ job: GangJob, _ requests: [[BerthSimulation.Quantity]]) throws {
    self.network = network
    self.job = job
    let largest = job.roles.indices.max { job.roles[$0].max < job.roles[$1].max } ?? 0
    offers = try network.offers(requests[largest])
    freeGPUs = try network.freeGPUs()
  }

  private struct Sums {
    var members = 0
    var largest = 0
    var offers = 0
    var free = 0
    var gpus = 0
  }

  func drawing(_ members: [GangOutcome.Member]) -> TreeDrawing.Node {
    let topology = network.topology
    let largest = job.roles.indices.max { job.roles[$0].max < job.roles[$1].max } ?? 0
    var sums = [Sums](repeating: Sums(), count: topology.domains.count)
    var nodes: [Int: [GangOutcome.Member]] = [:]
    var top = Sums()
    func add(_ node: Int, _ body: (inout Sums) -> Void) {
      var domain: Int? = topology.nodes[node].domain
      while let current = domain {
        body(&sums[current])
        domain = topology.domains[current].parent
      }
      body(&top)
    }
    for member in members {
      nodes[member.node, default: []].append(member)
      add(member.node) {
        $0.members += 1
        $0.largest += member.role == largest ? 1 : 0
      }
    }
    for node in topology.nodes.indices {
      add(node) {
        $0.offers += offers[node]
        $0.free += freeGPUs[node]
        $0.gpus += network.gpus[node]
      }
    }
    var children = [[TreeDrawing.Node]](repeating: [], count: topology.domains.count)
    for (node, own) in nodes.sorted(by: { $0.key < $1.key }) {
      var sum = Sums(members: own.count, offers: offers[node], free: freeGPUs[node], gpus: network.gpus[node])
      sum.largest = own.count { $0.role == largest }
      children[topology.nodes[node].domain].append(
        TreeDrawing.Node(topology.nodes[node].name, notes: notes(sum) + [ranks(own)]))
    }
    var roots: [TreeDrawing.Node] = []
    for index in topology.domains.indices.reversed() where sums[index].members > 0 {
      let domain = topology.domains[index]
      let name = domain.name.isEmpty ? "(unnamed)" : domain.name
      let own = TreeDrawing.Node(
        "\(RankNetwork.short(topology.levels[domain.level].name)) \(name)", notes: notes(sums[index]),
        children: children[index])
      // They come in reverse. A domain has either domains or nodes.
      if let parent = domain.parent { children[parent].insert(own, at: 0) } else { roots.insert(own, at: 0) }
    }
    return TreeDrawing.Node("cluster", notes: notes(top), children: roots)
  }

  private func notes(_ sums: Sums) -> [String] {
    let gpus = sums.gpus > 0 ? "\(sums.free) of \(sums.gpus) GPUs free" : ""
    return ["\(sums.members) \(sums.members == 1 ? "pod" : "pods")", "of \(sums.largest + sums.offers) that fit", gpus]
  }

  private func ranks(_ members: [GangOutcome.Member]) -> String {
    let ranks = members.flatMap(\.ranks)
    var text = ranks.isEmpty ? "" : (ranks.count == 1 ? "rank " : "ranks ") + NumberRuns.text(ranks)
    if job.roles.count > 1 {
      let counts = job.roles.indices.compactMap { role -> String? in
        let count = members.count { $0.role == role }
        return count > 0 ? "\(count) \(job.roles[role].name)" : nil
      }
      text = counts.joined(separator: ", ") + (text.isEmpty ? "" : ": " + text)
    }
    return text
  }
}

/// Numbers as people write them.
public enum NumberRuns {
  /// "0-7, 16-23"; of more than four runs the first three.
  public static func text(_ numbers: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for number in numbers.sorted() {
      if let last = runs.last, last.upperBound + 1 == number {
        runs[runs.count - 1] = last.lowerBound...number
      } else {
        runs.append(number...number)
      }
    }
    let shown = runs.count > 4 ? runs.prefix(3) : runs[...]
    let text = shown.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
    return text.joined(separator: ", ") + (runs.count > 4 ? ", … \(numbers.count) in all" : "")
  }
}
