import ArgumentParser
import BerthKubernetes
import BerthSimulation

struct PlaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "place",
    abstract: "What would happen? Place pods on a cluster as it is now.",
    discussion: """
      Reads a cluster and manifests of pods, and places them one after the other as kube-scheduler v1.36 with its \
      default profile would, over all nodes: every filter and score of pods, nodes and their labels. Nothing is changed \
      anywhere. For a pod that fits nowhere it prints kube-scheduler's line.

      --pods takes Pods and what makes them: Deployment, StatefulSet, DaemonSet, Job, ReplicaSet (all replicas, beside \
      what runs already). Namespaces, Services and PriorityClasses of both files count. What is read and not honoured \
      yet is reported: volumes, resource claims, pod groups, disruption budgets. Pending pods of the cluster's file are \
      not placed. Ties go to the first node by region and zone, then in the file's order; kube-scheduler draws lots.

      Mistakes are named with object and field, and nothing is placed (exit code 2); --lenient places what is sound.

      Examples:
        kubectl get nodes,pods,namespaces,services -A -o json > cluster.json
        berth place --cluster cluster.json --pods web.yaml
        berth place --cluster cluster.json --pods web.yaml --explain web-1
        kubectl get pods -A -o json --field-selector status.phase=Pending |
          berth place --cluster cluster.json --pods - --json
      """)

  @OptionGroup var input: ManifestOptions

  @Option(
    help: ArgumentHelp("Manifests of what is to be placed, YAML or JSON; - is standard input.", valueName: "file"))
  var pods: String

  @Option(help: ArgumentHelp("Show every score of the best nodes for this pod, at its turn.", valueName: "pod"))
  var explain: String?

  func validate() throws {
    if input.cluster == "-" && pods == "-" { throw ValidationError("Only one file can be standard input.") }
  }

  func run() throws {
    let run = try PlacementRun(
      cluster: input.readCluster(), wanted: ManifestFile(pods, isDump: false).read(), isLenient: input.lenient)
    ManifestOptions.tell(run.notes, run.problems)
    let explained = try explain.map { name in
      guard let pod = run.find(name) else {
        throw ValidationError("--explain: '\(name)' is not the name of one pod that is to be placed.")
      }
      return pod
    }
    var bar = ProgressBar("placing")
    try run.run(explaining: explained) { done, total in bar.update(done, of: total) }
    Terminal.printResult(input.json ? json(run) : table(run))
  }

  // MARK: Table

  private func table(_ run: PlacementRun) -> String {
    let refused = run.decisions.filter { $0.node == nil }
    var pods = Table(
      "\(Figures.grouped(run.decisions.count)) pods on \(Figures.grouped(run.nodeCount)) nodes with "
        + "\(Figures.grouped(run.runningCount)) running pods", head: ["pod", "node", "score"], figuresFrom: 2)
    for decision in run.decisions {
      pods.add(decision.pod, decision.node ?? "-", decision.node == nil ? "" : Figures.grouped(decision.score))
    }
    var parts = [pods.text, ManifestOptions.table(run.zones)]
    if !refused.isEmpty { parts.append(messages(refused)) }
    if let explanation = run.explanation { parts.append(table(explanation)) }
    return parts.joined(separator: "\n")
  }

  /// Pods with the same message in a row share a line.
  private func messages(_ refused: [PlacementRun.Decision]) -> String {
    var lines = ["\nfit nowhere"]
    var index = 0
    while index < refused.count {
      let first = refused[index]
      let same = refused[index...].prefix { $0.message == first.message }.count
      lines.append("  \(first.pod)\(same > 1 ? " and \(same - 1) more" : ""): \(first.message ?? "")")
      index += same
    }
    return lines.joined(separator: "\n")
  }

  private func table(_ explanation: PlacementRun.Explanation) -> String {
    let title =
      "\n\(explanation.pod): the best of \(Figures.grouped(explanation.feasible)) nodes where it fits, "
      + "each plugin's score x weight"
    var table = Table(title, head: ["node", "total"] + explanation.plugins.map { Self.shortNames[$0] ?? $0 })
    for node in explanation.nodes {
      table.add(cells: [node.name, Figures.grouped(node.total)] + node.scores.map { Figures.grouped($0) })
    }
    return table.text
  }

  private static let shortNames = [
    "TaintToleration": "taints", "NodeAffinity": "affinity", "NodeResourcesFit": "fit", "PodTopologySpread": "spread",
    "InterPodAffinity": "pods", "NodeResourcesBalancedAllocation": "balance", "ImageLocality": "images",
  ]

  // MARK: JSON

  private func json(_ run: PlacementRun) -> String {
    let placed = run.decisions.count { $0.node != nil }
    var members: [(String, JSONValue)] = [
      ("nodes", .count(run.nodeCount)), ("running", .count(run.runningCount)), ("pods", .count(run.decisions.count)),
      ("placed", .count(placed)), ("refused", .count(run.decisions.count - placed)),
      ("placements", .list(run.decisions.map(json))), ("zones", ManifestOptions.json(run.zones)),
    ]
    if let explanation = run.explanation { members.append(("explanation", json(explanation))) }
    return JSONValue.object(members + ManifestOptions.json(run.notes, run.problems)).line
  }

  private func json(_ decision: PlacementRun.Decision) -> JSONValue {
    var members: [(String, JSONValue)] = [("pod", .text(decision.pod))]
    if let node = decision.node { members += [("node", .text(node)), ("score", .count(decision.score))] }
    if let message = decision.message { members.append(("message", .text(message))) }
    return .object(members)
  }

  private func json(_ explanation: PlacementRun.Explanation) -> JSONValue {
    let nodes = explanation.nodes.map { node in
      JSONValue.object([
        ("node", .text(node.name)), ("total", .count(node.total)),
        ("scores", .object(zip(explanation.plugins, node.scores).map { ($0, .count($1)) })),
      ])
    }
    return .object([
      ("pod", .text(explanation.pod)), ("feasible", .count(explanation.feasible)), ("nodes", .list(nodes)),
    ])
  }
}
