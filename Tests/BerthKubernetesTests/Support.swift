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

/// SplitMix64.
struct Numbers {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// A text with some bytes removed, changed or swapped.
func mangled(_ text: String, seed: Int) -> String {
  var generator = Numbers(seed: UInt64(seed))
  var bytes = Array(text.utf8)
  for _ in 0..<(1 + seed % 5) {
    let index = Int(generator.next() % UInt64(bytes.count))
    switch generator.next() % 3 {
    case 0: bytes.remove(at: index)
    case 1: bytes[index] = UInt8(32 + generator.next() % 95)
    default: bytes.swapAt(index, Int(generator.next() % UInt64(bytes.count)))
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
