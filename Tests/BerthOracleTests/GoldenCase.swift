import BerthOracle
import Foundation
import Testing

/// One case of the golden vectors.
struct GoldenCase: Decodable {
  struct Rejection: Decodable {
    var plugin: String
    var code: String
    var reasons: [String]
  }
  struct ResourceWeight: Decodable {
    var name: String
    var weight: Int64?
  }
  struct Point: Decodable {
    var utilization: Int64
    var score: Int64
  }
  struct Ratio: Decodable { var shape: [Point] }
  struct Strategy: Decodable {
    var type: String
    var resources: [ResourceWeight]?
    var requestedToCapacityRatio: Ratio?
  }
  struct Arguments: Decodable {
    var ignoredResources: [String]?
    var ignoredResourceGroups: [String]?
    var scoringStrategy: Strategy?
    var resources: [ResourceWeight]?
    var hardPodAffinityWeight: Int64?
    var ignorePreferredTermsOfExistingPods: Bool?
  }
  struct PluginConfig: Decodable {
    var name: String
    var args: Arguments
  }
  struct Profile: Decodable { var pluginConfig: [PluginConfig] }

  var suite: String
  var `case`: Int
  var nodes: [KubernetesNode]
  var pods: [KubernetesPod]
  var namespaces: [KubernetesNamespace]?
  var services: [KubernetesService]?
  var replicasets: [KubernetesReplicaSet]?
  var profile: Profile?
  /// One pod, and what was decided for it ...
  var pod: KubernetesPod?
  var feasible: [String]?
  var rejected: [String: Rejection]?
  var scores: [String: [String: Int64]]?
  var total: [String: Int64]?
  var best: [String]?
  /// ... or several, one after the other, and their nodes.
  var sequence: [KubernetesPod]?
  var assignments: [String?]?

  func arguments(_ plugin: String) -> Arguments? { profile?.pluginConfig.first { $0.name == plugin }?.args }
}

enum GoldenVectors {
  static var folder: URL? {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["BERTH_SHARED"].map { URL(filePath: $0) }
      ?? repository.deletingLastPathComponent().appending(path: "shared")
    let folder = shared.appending(path: "golden/kube")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
  }

  static func read(_ suite: String) throws -> [GoldenCase] {
    let file = try #require(folder).appending(path: "\(suite).jsonl.gz")
    let gunzip = Process()
    let output = Pipe()
    gunzip.executableURL = URL(filePath: "/usr/bin/env")
    gunzip.arguments = ["gunzip", "--stdout", file.path]
    gunzip.standardOutput = output
    try gunzip.run()
    let text = try #require(try output.fileHandleForReading.readToEnd())
    gunzip.waitUntilExit()
    try #require(gunzip.terminationStatus == 0, "gunzip \(file.path)")
    return try text.split(separator: UInt8(ascii: "\n")).map { try JSONDecoder().decode(GoldenCase.self, from: $0) }
  }
}
