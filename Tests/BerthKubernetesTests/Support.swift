import Foundation
import Testing

@testable import BerthKubernetes

/// What a manifest in YAML says, and what is wrong with it.
func manifests(_ yaml: String, fillsDefaults: Bool = true) throws -> Manifests {
  var manifests = Manifests()
  for (index, document) in try YAMLDocuments.read(yaml, file: "file").enumerated() {
    manifests.read(document, place: "document \(index + 1)", fillsDefaults: fillsDefaults)
  }
  return manifests
}

/// A pod whose spec goes on with these lines, each indented by two blanks.
func podYAML(_ lines: String, containers: String = "[{name: main, image: web}]") -> String {
  """
  apiVersion: v1
  kind: Pod
  metadata: {name: web-1, labels: {app: web}}
  spec:
    containers: \(containers)
  \(lines.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
  """
}

/// What is wrong with such a pod, in words.
func mistakes(_ lines: String, containers: String = "[{name: main, image: web}]") throws -> [String] {
  try manifests(podYAML(lines, containers: containers)).problems.map(\.description)
}

/// A file with this text, for as long as the test runs.
struct ScratchFile: ~Copyable {
  let path: String

  init(_ text: String) throws {
    path = FileManager.default.temporaryDirectory.appending(path: "berth-\(UUID().uuidString).json").path
    try text.write(toFile: path, atomically: false, encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
