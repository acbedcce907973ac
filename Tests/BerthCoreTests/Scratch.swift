import BerthOracle
import CBerth

/// C strings and arrays that live until the call they were made for is over.
final class Scratch {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { for block in blocks { block.deallocate() } }

  func array<T>(_ values: [T]) -> UnsafeMutablePointer<T> {
    let pointer = UnsafeMutablePointer<T>.allocate(capacity: max(values.count, 1))
    pointer.initialize(from: values, count: values.count)
    blocks.append(UnsafeMutableRawPointer(pointer))
    return pointer
  }

  func buffer<T>(_ values: [T]) -> UnsafeBufferPointer<T> {
    UnsafeBufferPointer(start: array(values), count: values.count)
  }

  /// Room for a call's results.
  func room<T>(_ value: T, count: Int) -> UnsafeMutableBufferPointer<T> {
    UnsafeMutableBufferPointer(start: array([T](repeating: value, count: count)), count: count)
  }

  func text(_ text: String) -> UnsafePointer<CChar> { UnsafePointer(array(Array(text.utf8CString))) }

  func texts(_ texts: [String?]) -> UnsafePointer<UnsafePointer<CChar>?> {
    UnsafePointer(array(texts.map { $0.map { self.text($0) } }))
  }

  func labels(_ labels: [(key: String, value: String)]) -> UnsafeBufferPointer<berth_label> {
    buffer(labels.map { berth_label(key: text($0.key), value: text($0.value)) })
  }

  func taints(_ taints: [Taint]) -> UnsafeBufferPointer<berth_taint> {
    buffer(
      taints.map {
        // An empty value may be said in two ways; both are used.
        let value = $0.value.isEmpty && $0.effect == .noExecute ? nil : text($0.value)
        return berth_taint(key: text($0.key), value: value, effect: code($0.effect), reserved: 0)
      })
  }

  func terms(_ terms: [Term], resource: (String) -> UInt32) -> UnsafeBufferPointer<berth_term> {
    buffer(
      terms.map { term in
        let resources = term.resources.map {
          berth_term_resource(resource: resource($0.name), weight: UInt32($0.weight), scale: $0.scale)
        }
        let points = term.points.map {
          berth_shape_point(utilization_percent: UInt32($0.utilization), score: UInt32($0.score))
        }
        return berth_term(
          kind: code(term.kind), resource_count: UInt32(resources.count), point_count: UInt32(points.count),
          hard_pod_affinity_weight: UInt16(term.hardWeight),
          flags: UInt16(term.ignoresExistingPreferences ? BERTH_TERM_IGNORE_EXISTING_PREFERENCES : 0),
          weight: Double(term.weight), resources: resources.isEmpty ? nil : array(resources),
          points: points.isEmpty ? nil : array(points))
      })
  }

  /// Lists are written in an order drawn from `random`: equal specs are one class in whatever order.
  func spec(
    _ pod: PodSpec, profile: UInt32, resource: (String) -> UInt32, selector: (LabelSelector?) -> UInt32,
    random: inout Random
  ) -> berth_pod_spec {
    var spec = berth_pod_spec()
    spec.struct_size = UInt32(MemoryLayout<berth_pod_spec>.size)
    spec.priority = pod.priority
    spec.profile = profile
    let requests = random.shuffled(pod.requests.sorted { $0.key < $1.key }).map {
      berth_quantity(resource: resource($0.key), reserved: 0, value: $0.value)
    }
    spec.requests = UnsafePointer(array(requests))
    spec.request_count = UInt32(requests.count)
    let nodeSelector = labels(random.shuffled(pod.nodeSelector.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    spec.node_selector = nodeSelector.baseAddress
    spec.node_selector_count = UInt32(nodeSelector.count)
    spec.required_terms = selectorTerms(random.shuffled(pod.requiredTerms), &random)
    spec.required_term_count = UInt32(pod.requiredTerms.count)
    spec.preferred_terms = selectorTerms(random.shuffled(pod.preferredTerms), &random)
    spec.preferred_term_count = UInt32(pod.preferredTerms.count)
    let tolerations = random.shuffled(pod.tolerations).map {
      berth_toleration(
        key: $0.key.isEmpty && random.chance(0.5) ? nil : text($0.key),
        value: $0.value.isEmpty && random.chance(0.5) ? nil : text($0.value),
        op: code($0.op),
        effect: $0.effect.map { code($0) } ?? UInt32(BERTH_EFFECT_ANY))
    }
    spec.tolerations = UnsafePointer(array(tolerations))
    spec.toleration_count = UInt32(tolerations.count)
    fillIn(&spec, pod, resource: resource, selector: selector, random: &random)
    return spec
  }

  private func selectorTerms(_ terms: [SelectorTerm], _ random: inout Random) -> UnsafePointer<berth_selector_term> {
    var list: [berth_selector_term] = []
    for term in terms {
      let requirements = requirements(term.requirements, &random)
      list.append(
        berth_selector_term(
          requirements: requirements.baseAddress, requirement_count: UInt32(requirements.count),
          weight: UInt32(term.weight)))
    }
    return UnsafePointer(array(list))
  }

  func requirements(_ list: [Requirement], _ random: inout Random) -> UnsafeBufferPointer<berth_requirement> {
    var requirements: [berth_requirement] = []
    for requirement in random.shuffled(list) {
      let values = random.shuffled(requirement.values)
      requirements.append(
        berth_requirement(
          key: text(requirement.key), op: code(requirement.op), value_count: UInt32(values.count),
          values: texts(values), is_field: requirement.isField ? 1 : 0, reserved: 0))
    }
    return buffer(requirements)
  }
}

func code(_ effect: Effect) -> UInt32 {
  switch effect {
  case .noSchedule: UInt32(BERTH_EFFECT_NO_SCHEDULE)
  case .preferNoSchedule: UInt32(BERTH_EFFECT_PREFER_NO_SCHEDULE)
  case .noExecute: UInt32(BERTH_EFFECT_NO_EXECUTE)
  }
}

func code(_ op: Requirement.Operator) -> UInt32 {
  switch op {
  case .in: UInt32(BERTH_OP_IN)
  case .notIn: UInt32(BERTH_OP_NOT_IN)
  case .exists: UInt32(BERTH_OP_EXISTS)
  case .doesNotExist: UInt32(BERTH_OP_DOES_NOT_EXIST)
  case .gt: UInt32(BERTH_OP_GT)
  case .lt: UInt32(BERTH_OP_LT)
  }
}

func code(_ kind: ResourceKind) -> UInt32 {
  switch kind {
  case .other: UInt32(BERTH_RESOURCE_OTHER)
  case .cpu: UInt32(BERTH_RESOURCE_CPU)
  case .memory: UInt32(BERTH_RESOURCE_MEMORY)
  case .gpu: UInt32(BERTH_RESOURCE_GPU)
  case .ephemeralStorage: UInt32(BERTH_RESOURCE_EPHEMERAL_STORAGE)
  case .pods: UInt32(BERTH_RESOURCE_PODS)
  case .counted: UInt32(BERTH_RESOURCE_COUNTED)
  case .ignored: UInt32(BERTH_RESOURCE_IGNORED)
  }
}

func code(_ kind: TermKind) -> UInt32 {
  switch kind {
  case .leastAllocated: UInt32(BERTH_TERM_LEAST_ALLOCATED)
  case .mostAllocated: UInt32(BERTH_TERM_MOST_ALLOCATED)
  case .requestedToCapacityRatio: UInt32(BERTH_TERM_REQUESTED_TO_CAPACITY_RATIO)
  case .balancedAllocation: UInt32(BERTH_TERM_BALANCED_ALLOCATION)
  case .nodeAffinity: UInt32(BERTH_TERM_NODE_AFFINITY)
  case .taintToleration: UInt32(BERTH_TERM_TAINT_TOLERATION)
  case .binpack: UInt32(BERTH_TERM_BINPACK)
  case .spread: UInt32(BERTH_TERM_SPREAD)
  case .price: UInt32(BERTH_TERM_PRICE)
  case .dotProduct: UInt32(BERTH_TERM_DOT_PRODUCT)
  case .bestFit: UInt32(BERTH_TERM_BEST_FIT)
  case .imageLocality: UInt32(BERTH_TERM_IMAGE_LOCALITY)
  case .podTopologySpread: UInt32(BERTH_TERM_POD_TOPOLOGY_SPREAD)
  case .interPodAffinity: UInt32(BERTH_TERM_INTER_POD_AFFINITY)
  case .gpuLinks: UInt32(BERTH_TERM_GPU_LINKS)
  case .gpuRemainder: UInt32(BERTH_TERM_GPU_REMAINDER)
  case .gpuModel: UInt32(BERTH_TERM_GPU_MODEL)
  case .gpuRandom: UInt32(BERTH_TERM_GPU_RANDOM)
  case .gpuBestFit: UInt32(BERTH_TERM_GPU_BEST_FIT)
  case .gpuDotProduct: UInt32(BERTH_TERM_GPU_DOT_PRODUCT)
  case .gpuPacking: UInt32(BERTH_TERM_GPU_PACKING)
  case .gpuClustering: UInt32(BERTH_TERM_GPU_CLUSTERING)
  case .gpuFGD: UInt32(BERTH_TERM_GPU_FGD)
  case .gpuBerth: UInt32(BERTH_TERM_GPU_BERTH)
  }
}
