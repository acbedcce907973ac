import BerthCore
import BerthOracle
import CBerth
import Testing

/// Re-ranking shows a pod the nodes on which something is its own.
struct ReservationRerankTests {
  private final class Seen {
    var candidates: [[UInt64]] = []
    var free: [[Int64]] = []
  }

  @Test func candidatesAreTheNodesWithReservations() throws {
    let twin = try Twin(seed: 1)
    try twin.addResource("cpu", .cpu)
    try twin.addProfile("packing", [Term(.binpack)])
    let nodes = try twin.addNodes(
      (0..<4).map { _ in
        var spec = NodeSpec(domain: 0)
        spec.allocatable = ["cpu": 8]
        return Twin.NewNode(spec: spec)
      })
    for node in [nodes[1], nodes[3]] {
      try twin.reserve([
        Oracle.WantedReservation(owner: Oracle.Owner(.pod, 5), expiry: nil, scope: .node(node, ["cpu": 6]))
      ])
    }
    var pod = PodSpec(profile: "packing")
    pod.requests = ["cpu": 4]
    let podClass = try twin.podClass(pod)
    var owner = Oracle.Identity()
    owner.pod = 5
    for (_, engine) in twin.engines {
      let seen = Seen()
      var features = [berth_feature(kind: UInt32(BERTH_FEATURE_FREE), argument: twin.resource("cpu"))]
      var options = berth_rerank_options()
      options.struct_size = UInt32(MemoryLayout<berth_rerank_options>.size)
      options.candidate_limit = 3
      options.batch_limit = 2
      options.feature_count = 1
      options.context = Unmanaged.passUnretained(seen).toOpaque()
      options.callback = { context, batch, order in
        let seen = Unmanaged<Seen>.fromOpaque(context!).takeUnretainedValue()
        let batch = batch!.pointee
        for pod in 0..<batch.pod_count {
          let cells = pod * 3..<pod * 3 + Int(batch.candidate_counts[pod])
          seen.candidates.append(cells.map { batch.candidates[$0].node })
          seen.free.append(cells.map { batch.features[$0] })
          // the worst one first
          for place in 0..<cells.count { order![pod * 3 + place] = Int32(cells.count - 1 - place) }
        }
        return 0
      }
      let placed = try features.withUnsafeMutableBufferPointer { list throws(EngineError) in
        options.features = UnsafePointer(list.baseAddress)
        try engine.setRerank(options)
        return try Twin.placed([podClass, podClass, podClass], as: [owner, owner, owner], dryRun: false, engine)
      }
      let ids = nodes.map { twin.nodeIds[$0]! }
      // both of the first batch see both reservations; the second one finds the first one's node still wide enough
      #expect(seen.candidates == [[ids[1], ids[3]], [ids[1], ids[3]], [ids[1]]])
      #expect(seen.free == [[8, 8], [8, 8], [8]])
      #expect(placed.map(\.node) == [ids[3], ids[3], ids[1]])
      try engine.validate()
    }
  }
}
