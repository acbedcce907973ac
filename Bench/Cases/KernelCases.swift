import BerthSimulation
import CBerth
import CKernels
import CPlatform

extension BenchCase {
  static let kernelCases: [BenchCase] = [
    kernel("inner_bounds") { $0.innerBounds($1) },
    kernel("leaf_bounds") { $0.leafBounds($1) },
    kernel("pick") { $0.pick($1) },
    kernel("leaf_exact") { $0.leafExact($1) },
    kernel("summarize_leaf") { $0.summarizeLeaf($1) },
    kernel("summarize_inner") { $0.summarizeInner($1) },
    kernel("rank") { $0.rank($1) },
  ]

  private static func kernel(
    _ name: String, _ call: @escaping @Sendable (KernelBlocks, Int) -> Void
  ) -> BenchCase {
    BenchCase(name: "kernel.\(name)", allocates: false) { size, cpuLevel in
      KernelRun(try KernelBlocks(blocks: size == .small ? 256 : 1024, cpuLevel: cpuLevel), call)
    }
  }
}

/// One kernel over many blocks, as a search meets them: one block a call.
final class KernelRun: BenchRun {
  private let blocks: KernelBlocks
  private let call: @Sendable (KernelBlocks, Int) -> Void

  init(_ blocks: KernelBlocks, _ call: @escaping @Sendable (KernelBlocks, Int) -> Void) {
    self.blocks = blocks
    self.call = call
  }

  var operations: Int { blocks.count }

  func step() {
    for block in 0..<blocks.count { call(blocks, block) }
  }

  func reset() {}

  var checksum: Checksum { blocks.checksum }

  /// There is no engine here, so nothing counts but the level.
  func info() -> berth_engine_info {
    var info = berth_engine_info()
    info.cpu_level = blocks.cpuLevel
    return info
  }
}
