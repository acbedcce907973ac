extension PlacementRun {
  /// What binding the placed pods would write, as YAML: of each pod its node and the annotations that say its devices.
  /// These are parts of pods, to be merged into them, and no pods to create. Pods that fit nowhere are not among them:
  /// `refusals` has these.
  public func manifests() throws -> String {
    var documents: [Value] = []
    for decision in decisions {
      guard let node = decision.node else { continue }
      let slash = decision.pod.firstIndex(of: "/")!
      var metadata: [(String, Value)] = [
        ("name", .text(String(decision.pod[decision.pod.index(after: slash)...]))),
        ("namespace", .text(String(decision.pod[..<slash]))),
      ]
      if !decision.annotations.isEmpty {
        metadata.append(("annotations", .object(decision.annotations.map { ($0.name, .text($0.value)) })))
      }
      documents.append(
        .object([
          ("apiVersion", .text("v1")), ("kind", .text("Pod")), ("metadata", .object(metadata)),
          ("spec", .object([("nodeName", .text(node))])),
        ]))
      documents += decision.allocations.map(\.manifest)
    }
    let text = documents.isEmpty ? "" : try YAMLText.of(documents)
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}
