import BerthKubernetes

@testable import BerthNetwork

/// Two spines of two racks of four nodes.
let gangRacks = "node,spine,rack,gpus\n" + (0..<16).map { "n\($0),s\($0 / 8),r\($0 / 4),8\n" }.joined()

func gangRun(
  _ topology: String, _ job: String, lost: [String] = [], _ file: TopologyFile = TopologyFile(),
  _ change: (inout GangOptions) -> Void = { _ in }
) throws -> GangRun {
  var options = GangOptions()
  change(&options)
  let run = try GangRun(
    try file.read(text: topology, file: "topology"), try JobFile.read(text: job, file: "job"), options)
  try run.run()
  if !lost.isEmpty { try run.lose(lost) }
  return run
}

func gangJob(_ count: Int, _ gpus: Int = 8, _ more: String = "") -> String {
  "{name: j, roles: [{name: w, replicas: \(count), gpus: \(gpus)\(more)}]}"
}
