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
      what runs already). Namespaces, Services and PriorityClasses of both files count, and so do ResourceSlices, \
      DeviceClasses and claims: pods that ask for GPUs get certain ones (docs/gpus-in-kubernetes.md). What is read and \
      not honoured yet is reported: volumes, pod groups, disruption budgets. Pending pods of the cluster's file are not \
      placed. Ties go to the first node by region and zone, then in the file's order; kube-scheduler draws lots.

      Mistakes are named with object and field, and nothing is placed (exit code 2); --lenient places what is sound.

      Examples:
        kubectl get nodes,pods,namespaces,services -A -o json > cluster.json
        berth place --cluster cluster.json --pods web.yaml
        berth place --cluster cluster.json --pods web.yaml --explain web-1
        berth place --cluster docs/examples/gpus.yaml --pods docs/examples/gpu-pods.yaml --output manifests
        kubectl get pods -A -o json --field-selector status.phase=Pending |
          berth place --cluster cluster.json --pods - --json
      """)

  @OptionGroup var input: ManifestOptions

  @Option(
    help: ArgumentHelp("Manifests of what is to be placed, YAML or JSON; - is standard input.", valueName: "file"))
  var pods: String

  @Option(help: ArgumentHelp("Show every score of the best nodes for this pod, at its turn.", valueName: "pod"))
  var explain: String?

  enum Output: String, ExpressibleByArgument, CaseIterable {
    case table, manifests
  }

  @Option(
    help: ArgumentHelp(
      "table, or manifests: YAML of each placed pod's node, and of the annotations and claims that say its devices; "
        + "pods that fit nowhere are named on standard error."))
  var output = Output.table

  func validate() throws {
    if input.json && output == .manifests { throw ValidationError("--json and --output manifests: one of them.") }
    if explain != nil && output == .manifests {
      throw ValidationError("--explain and --output manifests: one of them.")
    }
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
    switch output {
    case .manifests:
      Terminal.printResult(try run.manifests())
      for refusal in run.refusals { Terminal.printError("fits nowhere: \(refusal)") }
    case .table: Terminal.printResult(input.json ? json(run) : table(run))
    }
  }

  // MARK: Table

  private func table(_ run: PlacementRun) -> String {
    let refusals = run.refusals
    let hasDevices = run.decisions.contains { $0.devices != nil }
    var pods = Table(
      "\(Figures.grouped(run.decisions.count)) pods on \(Figures.grouped(run.nodeCount)) nodes with "
        + "\(Figures.grouped(run.runningCount)) running pods",
      head: ["pod", "node", "score"] + (hasDevices ? ["GPUs"] : []), figuresFrom: 2)
    for decision in run.decisions {
      let score = decision.node == nil ? "" : Figures.grouped(decision.score)
      pods.add(cells: [decision.pod, decision.node ?? "-", score] + (hasDevices ? [devices(decision)] : []))
    }
    var parts = [pods.text, ManifestOptions.table(run.zones)]
    if !refusals.isEmpty { parts.append((["\nfit nowhere"] + refusals.map { "  \($0)" }).joined(separator: "\n")) }
    if let explanation = run.explanation { parts.append(table(explanation)) }
    return parts.joined(separator: "\n")
  }

  /// "0,1", "2: 50 %, 8192 MiB", "3: 1g.10gb".
  private func devices(_ decision: PlacementRun.Decision) -> String {
    guard let devices = decision.devices else { return "" }
    var parts: [String] = devices.migProfile.map { [$0] } ?? []
    if (1..<1000).contains(devices.shareMilli) {
      parts.append("\(Figures.decimal(Double(devices.shareMilli) / 10, devices.shareMilli % 10 == 0 ? 0 : 1)) %")
    }
    if devices.shareMilli < 1000 && devices.memoryMiB > 0 { parts.append("\(devices.memoryMiB) MiB") }
    return devices.visibleDevices + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", "))
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
    if let devices = decision.devices { members.append(("devices", json(devices))) }
    if !decision.allocations.isEmpty { members.append(("claims", .list(decision.allocations.map(json)))) }
    return .object(members)
  }

  private func json(_ allocation: ClaimAllocation) -> JSONValue {
    let results = allocation.results.map { result in
      JSONValue.object([
        ("request", .text(result.request)), ("driver", .text(result.driver)), ("pool", .text(result.pool)),
        ("device", .text(result.device)),
      ])
    }
    return .object([("claim", .text(allocation.claim)), ("results", .list(results))])
  }

  private func json(_ devices: DeviceAssignment) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("gpus", .list(devices.gpus.map { .count($0) })), ("visible_devices", .text(devices.visibleDevices)),
      ("share_milli", .count(devices.shareMilli)), ("memory_mib", .count(devices.memoryMiB)),
    ]
    if let profile = devices.migProfile {
      members += [("mig_profile", .text(profile)), ("mig_slices", .list(devices.migSlices.map { .count($0) }))]
    }
    if !devices.nics.isEmpty { members.append(("nics", .list(devices.nics.map { .count($0) }))) }
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
