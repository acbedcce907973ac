import CBerth
import CKernels

/// The part of a plan that a search reads: plain memory, since references would be counted on the hot path.
struct PlanState {
  let kernel: UnsafePointer<bk_plan>
  let terms: UnsafeBufferPointer<CompiledTerm>
  /// The exact kernel gives the total of the terms.
  let isExact: Bool
  /// The exact terms at a box's corners bound it closer than the linear form; native sums have the mix for that.
  let isTight: Bool
  let priceWeight: Int64
  /// Bounds within this distance of the best score are worth an exact look at the box before it is opened.
  let window: Int64
}

/// A profile compiled for one tree: the terms over the tree's dims, and their bound for the vector kernels.
final class Plan {
  let terms: UnsafeMutableBufferPointer<CompiledTerm>
  let kernel: UnsafeMutablePointer<bk_plan>
  /// What searching reads, in a place of its own.
  let state: UnsafeMutablePointer<PlanState>

  init(profile: Profile, tree: StateTree, resources: ResourceTable, request: UnsafePointer<Int64>) {
    terms = .allocate(capacity: profile.terms.count)
    for (index, term) in profile.terms.enumerated() {
      (terms.baseAddress! + index).initialize(to: CompiledTerm(term, tree: tree, resources: resources))
    }
    kernel = .allocate(capacity: 1)
    kernel.initialize(to: bk_plan())
    let isExact = tree.isUniform && Plan.addExact(terms, tree, request, kernel)
    let magnitude = Plan.bound(terms, tree, request, kernel, isNative: profile.isNative)
    // Without an exact form the vector bound may be far off, and a look at the box is cheaper than opening it.
    let window = isExact ? Int64(magnitude * 1e-6) + 4 : .max
    state = .allocate(capacity: 1)
    state.initialize(
      to: PlanState(
        kernel: UnsafePointer(kernel), terms: UnsafeBufferPointer(terms), isExact: isExact,
        isTight: isExact && !profile.isNative,
        priceWeight: profile.priceWeight, window: window))
  }

  deinit {
    for term in terms { term.deallocate() }
    terms.deallocate()
    kernel.deallocate()
    state.deallocate()
  }

  /// Fills in the exact form; false if a term has none or the total could leave 32 bits.
  private static func addExact(
    _ terms: UnsafeMutableBufferPointer<CompiledTerm>, _ tree: StateTree, _ request: UnsafePointer<Int64>,
    _ plan: UnsafeMutablePointer<bk_plan>
  ) -> Bool {
    let load = Load(capacity: UnsafePointer(tree.capacityHigh), request: request, before: request)
    var form = ExactForm(plan: plan, tree: tree)
    for term in terms where !term.addExact(load, &form) {
      plan.pointee.exact_count = 0
      return false
    }
    if form.magnitude >= 1 << 30 || plan.pointee.exact_count == 0 { plan.pointee.exact_count = 0 }
    return plan.pointee.exact_count > 0
  }

  /// Fills in the vector bound; returns the size of the numbers in it, for slack.
  private static func bound(
    _ terms: UnsafeMutableBufferPointer<CompiledTerm>, _ tree: StateTree, _ request: UnsafePointer<Int64>,
    _ plan: UnsafeMutablePointer<bk_plan>, isNative: Bool
  ) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * Int(BK_DIMS)) { scratch in
      var form = LinearForm(dims: tree.dims, scratch: scratch.baseAddress!)
      let load = Load(capacity: UnsafePointer(tree.capacityHigh), request: request, before: request)
      for term in terms { term.bound(load, &form) }
      if tree.isUniform {
        for dim in 0..<tree.dims { form.coefficient[dim] += form.fixed[dim] }
        form.fixed.update(repeating: 0, count: tree.dims)
      }
      if let balance = form.balance {
        // Where more free is never worse, the box's best corner bounds both parts at once: see BalancedAllocation.
        let steep = 2 * balance.weight
        let isSteep = form.coefficient[balance.i] >= steep && form.coefficient[balance.j] >= steep
        plan.pointee.balance = tree.isUniform && isSteep ? 1 : 2
        plan.pointee.balance_i = UInt32(balance.i)
        plan.pointee.balance_j = UInt32(balance.j)
        plan.pointee.balance_least_i = Float(1 / unit(tree, balance.i, high: true))
        plan.pointee.balance_least_j = Float(1 / unit(tree, balance.j, high: true))
        plan.pointee.balance_most_i = Float(1 / unit(tree, balance.i, high: false))
        plan.pointee.balance_most_j = Float(1 / unit(tree, balance.j, high: false))
        plan.pointee.balance_weight = Float(balance.weight)
      }
      var magnitude = abs(form.constant) + (form.balance.map { 8 * $0.weight } ?? 0)
      for dim in 0..<tree.dims {
        // each part by the end of the capacities that keeps it sound; the sign of the whole picks the end of the box
        let (own, fixed) = (form.coefficient[dim], form.fixed[dim])
        let slope = own / unit(tree, dim, high: own < 0) + fixed / unit(tree, dim, high: true)
        if slope != 0 { bk_plan_add_linear(plan, UInt32(dim), Float(slope)) }
        magnitude += 2 * (abs(own) + abs(fixed))
      }
      // each of at most 20 float32 steps may be off by 2^-24 of the largest number
      let slack = form.slack + 24 * magnitude / 16_777_216 + 0.001
      plan.pointee.constant = Float(form.constant + slack)
      if tree.isUniform {
        addMix(form, tree, plan, slack, isNative: isNative)
      }
      return magnitude
    }
  }

  private static func unit(_ tree: StateTree, _ dim: Int, high: Bool) -> Double {
    let capacity = high ? tree.capacityHigh[dim] : tree.capacityLow[dim]
    return Double(max(1, capacity)) / Double(Int64(1) << Int64(tree.shifts[dim]))
  }

  /// The mix (free fractions summed) bounds what cpu and memory, of equal weight, can add together; dims whose
  /// coefficient differs are set right one by one.
  private static func addMix(
    _ form: LinearForm, _ tree: StateTree, _ plan: UnsafeMutablePointer<bk_plan>, _ slack: Double, isNative: Bool
  ) {
    let (cpu, memory) = (tree.shape.cpu, tree.shape.memory)
    guard cpu >= 0, memory >= 0, form.coefficient[cpu] == form.coefficient[memory], form.coefficient[cpu] != 0 else {
      return
    }
    let base = form.coefficient[cpu]
    let mixed = [cpu, memory, tree.shape.gpu]
    for dim in 0..<tree.dims {
      let rest = form.coefficient[dim] - (mixed.contains(dim) ? base : 0)
      if rest != 0 { bk_plan_add_fix(plan, UInt32(dim), Float(rest / unit(tree, dim, high: true))) }
    }
    let coefficient = base / 1_048_576
    plan.pointee.mix_coefficient = Float(coefficient)
    // A native sum of weight 1 over the mix's own dims is that mix up to rounding, which `request_mix` takes to the
    // sound side; all numbers are whole and below 2^24, so float32 is exact. Otherwise: ceilings, and float32's slack.
    let isExact =
      isNative && plan.pointee.exact_count > 0 && abs(coefficient) == 1 && plan.pointee.fix_count == 0
      && tree.isLossless
    let rounding = isExact ? 0 : slack + 2 * Double(tree.layout.pointee.mix_count) * abs(coefficient)
    let balance = plan.pointee.balance != 0 ? 75 * (form.balance?.weight ?? 0) / 25 : 0
    plan.pointee.mix_constant = Float(form.constant - balance + rounding)
  }
}

/// A tree's compiled profiles.
struct PlanCache {
  /// By profile id: plans of profiles whose bounds are the same for all pods.
  private var plain: [Int: Plan] = [:]
  /// By profile id and what else the bounds depend on; `mostSpecial` at the most.
  private var special: [UInt64: Plan] = [:]

  private static let mostSpecial = 1024

  private static func key(_ question: Question, _ profile: Profile, _ mask: UInt32) -> UInt64 {
    UInt64(question.profile) << 32 | UInt64(profile.boundsNeedRequests ? question.podClass : mask)
  }

  /// Every other one goes, and is compiled again where it is still used.
  private mutating func forgetHalf() {
    var keep = false
    special = special.filter { _ in
      keep.toggle()
      return keep
    }
  }

  func special(_ question: Question, _ profile: Profile, _ mask: UInt32) -> Plan? {
    special[Self.key(question, profile, mask)]
  }

  mutating func add(_ plan: Plan, _ question: Question, _ profile: Profile, _ mask: UInt32) {
    if profile.boundsArePlain {
      plain[question.profile] = plan
    } else {
      if special.count >= Self.mostSpecial { forgetHalf() }
      special[Self.key(question, profile, mask)] = plan
    }
  }
}

extension StateTree {
  /// The profile compiled for this tree and a class's requests (in dims; `mask` says which).
  func plan(
    _ question: Question, _ profile: Profile, _ resources: ResourceTable, _ request: UnsafePointer<Int64>,
    _ mask: UInt32
  ) -> UnsafePointer<PlanState> {
    if profile.boundsArePlain, let plan = state.pointee.plan(of: question.profile) { return plan }
    if let plan = plans.special(question, profile, mask) { return UnsafePointer(plan.state) }
    let plan = Plan(profile: profile, tree: self, resources: resources, request: request)
    plans.add(plan, question, profile, mask)
    if profile.boundsArePlain { state.pointee.setPlan(UnsafePointer(plan.state), of: question.profile) }
    return UnsafePointer(plan.state)
  }

  /// Forgets all plans: capacities or resources are not what they were.
  func forgetPlans() {
    plans = PlanCache()
    state.pointee.forgetPlans()
  }
}

extension CompiledTerm {
  init(_ term: Profile.Term, tree: StateTree, resources table: ResourceTable) {
    kind = term.kind
    weight = term.weight
    var list: [Entry] = []
    totalWeight = 0
    for (resource, weight, scale) in term.effectiveResources(table) {
      totalWeight += weight
      let dim = tree.dim(of: resource)
      if dim >= 0 {
        let kubernetes = !term.isKind(BERTH_TERM_BINPACK) && !term.isKind(BERTH_TERM_SPREAD)
        list.append(
          Entry(
            dim: dim, weight: weight, scale: scale, isExtended: kubernetes && table.isExtended(resource),
            isUnchecked: table.isUsage(resource) || table.isCounted(resource)))
      }
    }
    entries = Self.copy(list)
    points = Self.copy(term.points)
  }

  func deallocate() {
    entries.deallocate()
    points.deallocate()
  }

  private static func copy<Value>(_ array: [Value]) -> UnsafeBufferPointer<Value> {
    let buffer = UnsafeMutableBufferPointer<Value>.allocate(capacity: array.count)
    _ = buffer.initialize(from: array)
    return UnsafeBufferPointer(buffer)
  }
}
