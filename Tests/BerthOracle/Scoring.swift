/// The score terms, one function each. Kubernetes' own as kube-scheduler v1.36 computes them, quirks included.

/// floor(factor x part / whole) for 0 <= part, 0 < whole, though the product may need 128 bits.
func scaled(_ part: Int64, by factor: Int64, over whole: Int64) -> Int64 {
  let product = part.multipliedFullWidth(by: factor)
  return whole.dividingFullWidth(product).quotient
}

/// A pod on a node as the terms see it.
struct Placing {
  let pod: PodSpec
  let node: Oracle.Node

  func capacity(_ name: String) -> Int64 { node.spec.allocatable[name] ?? 0 }
  func request(_ name: String) -> Int64 { pod.scored[name] ?? pod.requests[name] ?? 0 }
  func usedBefore(_ name: String) -> Int64 { node.used[name] ?? 0 }
  func usedAfter(_ name: String) -> Int64 { usedBefore(name) + request(name) }
}

extension Oracle {
  func resources(of term: Term) -> [TermResource] {
    if !term.resources.isEmpty { return term.resources }
    let wanted: [ResourceKind] =
      term.kind == .binpack || term.kind == .spread ? [.cpu, .memory, .gpu] : [.cpu, .memory]
    return wanted.flatMap { kind in resources.filter { kinds[$0] == kind }.map { TermResource($0) } }
  }

  /// Kubernetes' scorers leave out what the node lacks, and extended resources that the pod does not ask for.
  func counted(_ term: Term, _ placing: Placing) -> [TermResource] {
    resources(of: term).filter { resource in
      let kind = kinds[resource.name]!
      let extended = [.gpu, .other, .ignored].contains(kind) && !load.isUsage(resource.name)
      return placing.capacity(resource.name) > 0 && !(extended && placing.request(resource.name) == 0)
    }
  }

  /// Weighted mean of a score per resource, in integer division.
  func allocationMean(_ term: Term, _ placing: Placing, _ score: (_ used: Int64, _ capacity: Int64) -> Int64) -> Int64 {
    var sum: Int64 = 0
    var weights: Int64 = 0
    for resource in counted(term, placing) {
      sum += score(placing.usedAfter(resource.name), placing.capacity(resource.name)) * resource.weight
      weights += resource.weight
    }
    return weights == 0 ? 0 : sum / weights
  }

  func leastAllocated(_ term: Term, _ placing: Placing) -> Int64 {
    allocationMean(term, placing) { used, capacity in used > capacity ? 0 : (capacity - used) * 100 / capacity }
  }

  func mostAllocated(_ term: Term, _ placing: Placing) -> Int64 {
    allocationMean(term, placing) { used, capacity in min(used, capacity) * 100 / capacity }
  }

  func requestedToCapacityRatio(_ term: Term, _ placing: Placing) -> Int64 {
    var sum: Int64 = 0
    var weights: Int64 = 0
    for resource in counted(term, placing) {
      let used = placing.usedAfter(resource.name)
      let capacity = placing.capacity(resource.name)
      let score = brokenLine(term.points, at: used > capacity ? 100 : used * 100 / capacity)
      if score > 0 {
        sum += score * resource.weight
        weights += resource.weight
      }
    }
    return weights == 0 ? 0 : Int64((Double(sum) / Double(weights)).rounded(.toNearestOrAwayFromZero))
  }

  /// Points give 0...10, the line 0...100; division truncates towards zero, also on falling pieces.
  func brokenLine(_ points: [ShapePoint], at utilization: Int64) -> Int64 {
    guard let next = points.firstIndex(where: { utilization <= $0.utilization }) else { return points.last!.score * 10 }
    if next == 0 { return points[0].score * 10 }
    let (from, to) = (points[next - 1], points[next])
    return from.score * 10
      + (to.score - from.score) * 10 * (utilization - from.utilization) / (to.utilization - from.utilization)
  }

  func balancedAllocation(_ term: Term, _ placing: Placing) -> Int64 {
    if resources(of: term).allSatisfy({ placing.request($0.name) == 0 }) { return 0 }
    let counted = counted(term, placing)
    let with = balance(counted.map { (placing.usedAfter($0.name), placing.capacity($0.name)) })
    let without = balance(counted.map { (placing.usedBefore($0.name), placing.capacity($0.name)) })
    return 50 + (50 + with - without) / 2
  }

  /// 100 where all resources are used to the same fraction, less the more the fractions deviate.
  func balance(_ pairs: [(used: Int64, capacity: Int64)]) -> Int64 {
    let fractions = pairs.map { min(Double($0.used) / Double($0.capacity), 1) }
    var deviation = 0.0
    if fractions.count == 2 {
      deviation = abs((fractions[0] - fractions[1]) / 2)
    } else if fractions.count > 2 {
      let mean = fractions.reduce(0, +) / Double(fractions.count)
      let squares = fractions.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      deviation = (squares / Double(fractions.count)).squareRoot()
    }
    return Int64((1 - deviation) * 100)
  }

  /// Sum of the used parts of 2^20, of what the node has.
  func packing(_ term: Term, _ placing: Placing) -> Int64 {
    resources(of: term).reduce(0) { sum, resource in
      let capacity = placing.capacity(resource.name)
      return capacity == 0
        ? sum : sum + scaled(min(placing.usedAfter(resource.name), capacity), by: 1 << 20, over: capacity)
    }
  }

  func dotProduct(_ term: Term, _ placing: Placing) -> Int64 {
    meanOfRatios(term) { resource in
      let free = max(0, placing.capacity(resource.name) - placing.usedBefore(resource.name))
      return Double(resource.weight) * ratio(free, resource) * ratio(placing.request(resource.name), resource)
    }
  }

  func bestFit(_ term: Term, _ placing: Placing) -> Int64 {
    meanOfRatios(term) { resource in
      let free = max(0, placing.capacity(resource.name) - placing.usedAfter(resource.name))
      return Double(resource.weight) * ratio(free, resource)
    }
  }

  /// At most 1, so that no total leaves 64 bits.
  func ratio(_ quantity: Int64, _ resource: TermResource) -> Double {
    min(Double(quantity) / Double(resource.scale), 1)
  }

  /// - floor(2^20 x sum of the products / sum of the weights) in float64, from the first resource to the last.
  func meanOfRatios(_ term: Term, _ product: (TermResource) -> Double) -> Int64 {
    var sum = 0.0
    var weights = 0.0
    for resource in term.resources {
      sum = sum + product(resource)
      weights = weights + Double(resource.weight)
    }
    return -Int64((1_048_576 * (sum / weights)).rounded(.down))
  }

  /// What a node has of the pod's images, each counted by the share of the nodes that have it.
  func imageLocality(_ images: [(name: String, share: Double)], _ node: Node) -> Int64 {
    let (least, most) = (Int64(23 << 20), Int64(1000 << 20) * Int64(images.count))
    var sum: Int64 = 0
    for image in images {
      guard let size = node.spec.images[image.name] else { continue }
      // beyond the most nothing counts, and no sum leaves 64 bits
      sum = min(most, sum + Int64(Double(size) * image.share))
    }
    return sum < least ? 0 : 100 * (sum - least) / (most - least)
  }

  /// The pod's images by their full names.
  func images(_ pod: PodSpec) -> [(name: String, share: Double)] {
    pod.images.map { image in
      let file = image[(image.lastIndex(of: "/") ?? image.startIndex)...]
      let name = file.contains(":") ? image : image + ":latest"
      let count = nodes.values.filter { $0.spec.images[name] != nil }.count
      return (name, Double(count) / Double(nodes.count))
    }
  }

  /// A term that looks at one node alone; the two that are normalised over all feasible nodes give their raw value.
  func rawScore(_ term: Term, _ placing: Placing) -> Int64 {
    switch term.kind {
    case .leastAllocated: return leastAllocated(term, placing)
    case .mostAllocated: return mostAllocated(term, placing)
    case .requestedToCapacityRatio: return requestedToCapacityRatio(term, placing)
    case .balancedAllocation: return balancedAllocation(term, placing)
    case .nodeAffinity: return preferredWeight(placing.pod, placing.node)
    case .taintToleration: return intolerableTaints(placing.pod, placing.node)
    case .binpack: return packing(term, placing)
    case .spread: return -packing(term, placing)
    case .price: return -placing.node.spec.price
    case .dotProduct: return dotProduct(term, placing)
    case .bestFit: return bestFit(term, placing)
    case .imageLocality, .podTopologySpread, .interPodAffinity: preconditionFailure("looks at the whole cluster")
    case .gpuLinks, .gpuRemainder, .gpuModel, .gpuRandom, .gpuBestFit, .gpuDotProduct, .gpuPacking, .gpuClustering,
      .gpuFGD, .gpuBerth:
      return deviceScore(term, placing)
    }
  }

  /// One value for each of the nodes, which are all the feasible ones; not yet weighted.
  public func scores(_ term: Term, _ pod: PodSpec, on feasible: [Int]) -> [Int64] {
    switch term.kind {
    case .podTopologySpread: return spreadScores(pod, on: feasible)
    case .interPodAffinity: return affinityScores(term, pod, on: feasible)
    case .imageLocality:
      let images = images(pod)
      return feasible.map { imageLocality(images, nodes[$0]!) }
    default: break
    }
    let pod = asking(pod)
    let raw = feasible.map { rawScore(term, Placing(pod: pod, node: node($0))) }
    let highest = raw.max() ?? 0
    switch term.kind {
    case .nodeAffinity: return raw.map { highest == 0 ? 0 : 100 * $0 / highest }
    case .taintToleration: return raw.map { highest == 0 ? 100 : 100 - 100 * $0 / highest }
    default: return raw
    }
  }
}
