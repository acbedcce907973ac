import BerthCore
import BerthOracle
import CBerth
import Testing

/// Names are bytes, as in Kubernetes: texts that look alike and mean the same to Unicode are still two.
/// The oracle compares Swift's strings, which does not tell them apart, so what is expected stands here.
struct TextTests {
  private let composed = "caf\u{E9}"
  private let decomposed = "cafe\u{301}"

  @Test func namesThatUnicodeCallsEqualAreTwo() throws {
    let twin = try Twin(levelKeys: ["zone"], seed: 0)
    let scratch = Scratch()
    let (one, other) = (scratch.text(composed), scratch.text(decomposed))
    for (_, engine) in twin.engines {
      _ = try engine.addResource(name: one, kind: UInt32(BERTH_RESOURCE_CPU))
      _ = try engine.addResource(name: other, kind: UInt32(BERTH_RESOURCE_OTHER))
      let zone = try engine.addDomain(parent: 0, name: one)
      _ = try engine.addDomain(parent: 0, name: other)
      let labels = try [one, other].map { value in
        try engine.internLabelSet(scratch.buffer([berth_label(key: scratch.text("dish"), value: value)]))
      }
      #expect(labels[0] != labels[1])
      _ = try engine.internLabelSet(scratch.labels([(composed, "x"), (decomposed, "x")]))
      let taints = try [one, other].map { key in
        try engine.internTaintSet(scratch.buffer([berth_taint(key: key, value: nil, effect: 1, reserved: 0)]))
      }
      #expect(taints[0] != taints[1])

      var ids: [UInt64] = [0, 0]
      var batch = berth_node_batch()
      batch.struct_size = UInt32(MemoryLayout<berth_node_batch>.size)
      batch.count = 2
      batch.names = scratch.texts([composed, decomposed])
      batch.nodes = UnsafePointer(
        scratch.array(
          (0..<2).map {
            berth_node(
              domain: zone, labels: labels[$0], taints: taints[$0], flags: 0, tie_key: 0, images: 0, price: 0)
          }))
      try engine.addNodes(batch, ids: &ids)
      #expect(try engine.findNode(name: one) == ids[0])
      #expect(try engine.findNode(name: other) == ids[1])
      try expectChoices(engine, scratch, ids)
      try engine.validate()
    }
  }

  /// The second node alone is tolerated, and selected by label, field and hostname.
  private func expectChoices(_ engine: Engine, _ scratch: Scratch, _ ids: [UInt64]) throws {
    let terms = scratch.terms([Term(.binpack)], resource: { _ in 0 })
    let profile = try engine.addProfile(name: scratch.text("p"), terms: terms)
    var random = Random(seed: 1)
    let everything = Toleration(op: .exists)
    var selected = PodSpec(profile: "p")
    selected.tolerations = [everything]
    selected.nodeSelector = ["dish": decomposed]
    var tolerant = PodSpec(profile: "p")
    tolerant.tolerations = [Toleration(key: decomposed, op: .exists)]
    var named = PodSpec(profile: "p")
    named.tolerations = [everything]
    named.requiredTerms = [
      SelectorTerm([Requirement(key: "metadata.name", op: .in, values: [decomposed], isField: true)])
    ]
    var hosted = PodSpec(profile: "p")
    hosted.tolerations = [everything]
    hosted.nodeSelector = ["kubernetes.io/hostname": decomposed]
    for pod in [selected, tolerant, named, hosted] {
      let spec = scratch.spec(pod, profile: profile, resource: { _ in 0 }, selector: { _ in 0 }, random: &random)
      let podClass = try engine.internClass(spec)
      var candidates = [berth_candidate](repeating: berth_candidate(), count: 2)
      let count = try engine.readCandidates(of: podClass, count: 2, into: &candidates, termScores: nil)
      #expect(count == 1 && candidates[0].node == ids[1], "\(pod)")
    }
  }
}
