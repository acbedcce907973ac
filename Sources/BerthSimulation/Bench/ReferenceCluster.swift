/// The rules of placement once more, straight from their definitions, over plain arrays: what `--verify` compares with.
///
/// It shares no code with the engine and keeps its own account of what is used. Ties go to the first node.
struct ReferenceCluster {
  let profile: ProfileChoice
  let width: Int
  let allocatable: [Int64]
  var used: [Int64]

  struct Decision: Equatable {
    var node: Int
    var score: Int64
  }

  init(profile: ProfileChoice, width: Int, allocatable: [Int64], used: [Int64]) {
    precondition(allocatable.count == used.count && allocatable.count % width == 0, "one row per node")
    self.profile = profile
    self.width = width
    self.allocatable = allocatable
    self.used = used
  }

  /// The node with the highest score among those where the request fits; nil when there is none.
  func decide(_ request: [Int64]) -> Decision? {
    var best: Decision?
    for node in 0..<allocatable.count / width where fits(request, node) {
      let score = score(request, node)
      if best == nil || score > best!.score { best = Decision(node: node, score: score) }
    }
    return best
  }

  /// Adds (sign 1) or takes away (sign -1) a pod's request.
  mutating func change(_ node: Int, by request: [Int64], sign: Int64) {
    for resource in 0..<width { used[node * width + resource] += sign * request[resource] }
  }

  private func fits(_ request: [Int64], _ node: Int) -> Bool {
    for resource in 0..<width where request[resource] > 0 {
      if request[resource] > allocatable[node * width + resource] - used[node * width + resource] { return false }
    }
    return true
  }

  private func score(_ request: [Int64], _ node: Int) -> Int64 {
    switch profile {
    case .binpack: fullness(request, node)
    case .spread: -fullness(request, node)
    case .kube: leastAllocated(request, node) + balancedAllocation(request, node)
    }
  }

  /// Sum over all resources of floor(2^20 x used / allocatable) after placing.
  private func fullness(_ request: [Int64], _ node: Int) -> Int64 {
    var sum: Int64 = 0
    for resource in 0..<width {
      let capacity = allocatable[node * width + resource]
      if capacity == 0 { continue }
      let after = min(used[node * width + resource] + request[resource], capacity)
      sum += (after << 20) / capacity
    }
    return sum
  }

  /// Over cpu and memory, which every node of the case has: the mean of the free percentages, in integers.
  private func leastAllocated(_ request: [Int64], _ node: Int) -> Int64 {
    var sum: Int64 = 0
    for resource in 0..<2 {
      let capacity = allocatable[node * width + resource]
      let after = used[node * width + resource] + request[resource]
      sum += after > capacity ? 0 : (capacity - after) * 100 / capacity
    }
    return sum / 2
  }

  /// Over cpu and memory: how much nearer to each other the two used fractions come, around 50.
  private func balancedAllocation(_ request: [Int64], _ node: Int) -> Int64 {
    let after = balance(node, cpu: request[0], memory: request[1])
    let before = balance(node, cpu: 0, memory: 0)
    return 50 + (50 + after - before) / 2
  }

  private func balance(_ node: Int, cpu: Int64, memory: Int64) -> Int64 {
    let first = fraction(used[node * width] + cpu, of: allocatable[node * width])
    let second = fraction(used[node * width + 1] + memory, of: allocatable[node * width + 1])
    let deviation = abs((first - second) / 2)
    return Int64((1 - deviation) * 100)
  }

  private func fraction(_ part: Int64, of whole: Int64) -> Double { min(1, Double(part) / Double(whole)) }
}
