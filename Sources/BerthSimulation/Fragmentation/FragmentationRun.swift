import BerthCore
import CBerth

/// One experiment of the FGD paper: pods arrive, are placed or refused, and stay.
public struct FragmentationRun {
  public struct Outcome: Sendable {
    public let workload: String
    public let policy: FragmentationPolicy
    public let seed: Int
    /// After every arrival.
    let course: FragmentationCourse
    /// Everything but the reading of files.
    public let seconds: Double
    public let arrived: Int
    public let placed: Int
  }

  private let workload: FragmentationWorkload
  private let engine: Engine
  private let profile: berth_profile_id
  private let cpu: berth_resource_id
  private let memory: berth_resource_id
  private var classes: [OpenbTrace.Demand: berth_class_id] = [:]

  public static func run(
    _ workload: FragmentationWorkload, _ policy: FragmentationPolicy, seed: Int
  ) throws(EngineError) -> Outcome {
    let start = MonotonicClock.now()
    let (arrivals, order) = try workload.orders(of: seed)
    var run = try FragmentationRun(workload, policy)
    let nodes = try run.addNodes(order)
    let (course, placed) = try run.place(arrivals, nodes)
    return Outcome(
      workload: workload.name, policy: policy, seed: seed, course: course,
      seconds: Double(MonotonicClock.now() - start) / 1e9, arrived: arrivals.count, placed: placed)
  }

  private init(_ workload: FragmentationWorkload, _ policy: FragmentationPolicy) throws(EngineError) {
    self.workload = workload
    engine = try Engine.make()
    cpu = try engine.addResource("cpu", kind: UInt32(BERTH_RESOURCE_CPU))
    memory = try engine.addResource("memory", kind: UInt32(BERTH_RESOURCE_MEMORY))
    let gpu = try engine.addResource("gpu", kind: UInt32(BERTH_RESOURCE_GPU))
    profile = try policy.addProfile(to: engine, cpu: cpu, gpu: gpu)
  }

  /// The engine prefers the node that came first among equals.
  private func addNodes(_ order: [Int]) throws(EngineError) -> [berth_node_id] {
    let nodes = order.map { workload.trace.nodes[$0] }
    let ids = try engine.addNodes(
      [berth_node](repeating: berth_node(), count: nodes.count), resources: [cpu, memory],
      allocatable: nodes.flatMap { [$0.cpuMilli, $0.memoryMiB] }, names: nodes.map(\.name))
    struct Kind: Hashable {
      var model: String
      var count: Int
    }
    var machines: [Kind: berth_machine_id] = [:]
    var numbers: [berth_machine_id] = []
    for node in nodes {
      let kind = Kind(model: node.model, count: Int(node.gpuMilli / 1000))
      if machines[kind] == nil {
        machines[kind] =
          kind.count == 0
          ? UInt32(BERTH_NO_MACHINE) : try engine.internCountedGPUs(model: kind.model, count: kind.count)
      }
      numbers.append(machines[kind]!)
    }
    try engine.setMachines(ids, numbers)
    // pods may ask for models that no node has
    for model in Set(workload.trace.pods.flatMap(\.models) + workload.typical.flatMap(\.models)).sorted() {
      try engine.setModel(model)
    }
    try engine.setTypicalPods(workload.typical, total: workload.trace.pods.count)
    return ids
  }

  private mutating func place(
    _ arrivals: [Int], _ nodes: [berth_node_id]
  ) throws(EngineError) -> (FragmentationCourse, placed: Int) {
    var fragments: [berth_node_id: Double] = [:]
    var fragmented = 0.0
    for node in nodes {
      let milli = try engine.fragmentation(of: node)
      fragments[node] = milli
      fragmented += milli
    }
    var course = FragmentationCourse(capacity: workload.capacity, fragmented: fragmented)
    var placed = 0
    for arrival in arrivals {
      let demand = workload.trace.pods[arrival]
      let placement = try engine.placeOne(try classID(demand))
      let isPlaced = placement.outcome == UInt32(BERTH_PLACED)
      if isPlaced {
        placed += 1
        let milli = try engine.fragmentation(of: placement.node)
        fragmented += milli - fragments.updateValue(milli, forKey: placement.node)!
      }
      course.add(arrived: demand.gpuMilli, used: isPlaced ? demand.gpuMilli : 0, fragmented: fragmented)
    }
    return (course, placed)
  }

  private mutating func classID(_ demand: OpenbTrace.Demand) throws(EngineError) -> berth_class_id {
    if let known = classes[demand] { return known }
    let asked = [Quantity(cpu, demand.cpuMilli), Quantity(memory, demand.memoryMiB)]
    var spec = PodSpec(profile: profile, requests: asked.filter { $0.value > 0 })
    if demand.gpuMilli > 0 {
      let count = max(1, Int(demand.gpuMilli / 1000))
      spec.devices = DeviceSpec(gpus: count, milli: Int(demand.gpuMilli) / count, models: demand.models)
    }
    let id = try engine.internClass(spec)
    classes[demand] = id
    return id
  }
}
