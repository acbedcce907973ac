import BerthMemory
import CBerth

extension Engine {
  /// An independent engine that is what this one is now. The two share every page that neither has written to since:
  /// what is copied here are tables of pages, a few words for each tree, and references to what is on the heap.
  public func fork() -> Engine {
    counters.forks += 1
    return Engine(forking: self)
  }

  /// Everything that holds memory of the arena.
  var storage: [any SharedStorage] { cluster.storage + workload.classes.storage + pods.storage + reservations.storage }

  /// What this engine takes for its own is its own, what it reaches is held; alone, it holds all that there is.
  func checkOwnership() throws(EngineError) {
    let isAlone = arena.engines == 1
    var held = 0
    for part in storage {
      guard let count = part.countHeld(alone: isAlone) else {
        throw refuse(BERTH_CORRUPT, "a block of a \(type(of: part)) is freed, or owned and shared at once")
      }
      held += count
    }
    let blocks = arena.statistics().blocks
    guard isAlone ? blocks == held : blocks >= held else {
      throw refuse(BERTH_CORRUPT, "\(blocks) blocks are in use, this engine holds \(held)")
    }
  }
}
