@testable import BerthSimulation

/// The most GPUs that can be in use after a few pods have arrived: tries every node and GPU for every pod, where a pod
/// that fits somewhere is placed. Nothing here knows the engine or the bound.
struct BestPlacement {
  struct Node: Hashable {
    var cpuMilli: Int64
    var memoryMiB: Int64
    var model: String
    /// Free thousandths of each GPU, sorted: GPUs are alike.
    var free: [Int64]

    /// Every way to put a pod here.
    func after(_ pod: OpenbTrace.Demand) -> [Node] {
      guard pod.cpuMilli <= cpuMilli, pod.memoryMiB <= memoryMiB else { return [] }
      var left = self
      left.cpuMilli -= pod.cpuMilli
      left.memoryMiB -= pod.memoryMiB
      if pod.gpuMilli == 0 { return [left] }
      guard pod.models.isEmpty || pod.models.contains(model) else { return [] }
      if pod.gpuMilli >= 1000 {
        let count = Int(pod.gpuMilli / 1000)
        let whole = free.indices.filter { free[$0] == 1000 }
        guard whole.count >= count else { return [] }
        for gpu in whole.prefix(count) { left.free[gpu] = 0 }
        left.free.sort()
        return [left]
      }
      return Set(free).filter { $0 >= pod.gpuMilli }.map { piece in
        var node = left
        node.free[free.firstIndex(of: piece)!] -= pod.gpuMilli
        node.free.sort()
        return node
      }
    }
  }

  /// In thousandths of a GPU, when all pods have arrived.
  static func milli(_ nodes: [OpenbTrace.Node], _ pods: [OpenbTrace.Demand]) -> Int64 {
    // nodes that are alike may change places, so states are sets of nodes in any order
    var states: [[Node]: Int64] = [
      sorted(
        nodes.map {
          Node(
            cpuMilli: $0.cpuMilli, memoryMiB: $0.memoryMiB, model: $0.model,
            free: [Int64](repeating: 1000, count: Int($0.gpuMilli / 1000)))
        }): 0
    ]
    for pod in pods {
      var next: [[Node]: Int64] = [:]
      for (state, used) in states {
        var fits = false
        for (place, node) in state.enumerated() {
          for after in node.after(pod) {
            fits = true
            var state = state
            state[place] = after
            next[sorted(state), default: 0] = max(next[sorted(state)] ?? 0, used + pod.gpuMilli)
          }
        }
        if !fits { next[state] = max(next[state] ?? 0, used) }
      }
      states = next
    }
    return states.values.max() ?? 0
  }

  private static func sorted(_ nodes: [Node]) -> [Node] {
    func key(_ node: Node) -> [Int64] { [node.cpuMilli, node.memoryMiB] + node.free }
    return nodes.sorted { a, b in
      a.model != b.model ? a.model < b.model : key(a).lexicographicallyPrecedes(key(b))
    }
  }
}
