import BerthRanks

/// Nodes of eight GPUs that a job got on a cluster in use: some on each leaf, unequal numbers of leaves to a spine and
/// of spines to a superpod, and pods that came to their nodes in no order.
public struct RankAllocation: Sendable {
  public static let gpusPerNode = 8

  /// A GPU's full rate within its node (NVLink) and on its leaf (400 Gbit/s a GPU); the spine, the superpod and the core
  /// carry half, a quarter and an eighth of that for each, because they are shared.
  public static let links = [
    Link(bytesPerSecond: 6_250_000_000, latencyNanoseconds: 12_000),
    Link(bytesPerSecond: 12_500_000_000, latencyNanoseconds: 9000),
    Link(bytesPerSecond: 25_000_000_000, latencyNanoseconds: 6000),
    Link(bytesPerSecond: 50_000_000_000, latencyNanoseconds: 3000),
    Link(bytesPerSecond: 450_000_000_000, latencyNanoseconds: 1000),
  ]

  /// Superpod, spine, leaf and number of each node, in the order of the pods.
  public let paths: [[UInt32]]

  public init(gpus: Int, seed: UInt64) {
    var random = SeededRandom(seed: seed, stream: UInt64(gpus))
    var paths: [[UInt32]] = []
    var (superpod, spine, leaf, host): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    let nodes = gpus / Self.gpusPerNode
    // A small job is scattered, too.
    let mostOnLeaf = min(16, max(2, nodes / 8))
    while paths.count < nodes {
      for _ in 0..<Int.random(in: 1...8, using: &random) where paths.count < nodes {
        for _ in 0..<Int.random(in: 2...8, using: &random) where paths.count < nodes {
          // Of a leaf's 16 hosts some are others'; hosts are numbered as they stand.
          var free = Int.random(in: 1...mostOnLeaf, using: &random)
          for slot in 0..<16 where free > 0 && paths.count < nodes {
            guard Int.random(in: 0..<16 - slot, using: &random) < free else { continue }
            free -= 1
            paths.append([superpod, spine, leaf, host + UInt32(slot)])
          }
          host += 16
          leaf += 1
        }
        spine += 1
      }
      superpod += 1
    }
    paths.shuffle(using: &random)
    self.paths = paths
  }

  /// Rank 8 i + j on GPU j of pod i's node.
  public func network() throws(RankError) -> Network {
    var domains: [UInt32] = []
    domains.reserveCapacity(paths.count * Self.gpusPerNode * 4)
    for path in paths {
      for _ in 0..<Self.gpusPerNode { domains += path }
    }
    return try Network(domains: domains, levels: 4, links: Self.links)
  }

  /// The place of each rank where pods are ranked by their nodes' names: "host-10" comes before "host-2".
  public var nameOrder: [UInt32] { order { "host-\($0[3])" } }

  /// The place of each rank where pods are ranked by the names of their domains, level by level, as Kueue's
  /// topology-aware scheduling does.
  public var treeOrder: [UInt32] {
    order { "superpod-\($0[0])/spine-\($0[1])/leaf-\($0[2])/host-\($0[3])" }
  }

  private func order(_ name: ([UInt32]) -> String) -> [UInt32] {
    let names = paths.map(name)
    return paths.indices.sorted { names[$0].utf8.lexicographicallyPrecedes(names[$1].utf8) }.flatMap { pod in
      (0..<Self.gpusPerNode).map { UInt32(pod * Self.gpusPerNode + $0) }
    }
  }
}
