import BerthCore
import CBerth

/// The engine of a `PlaceCase`: nodes without names, labels and topology, added in the order of the case.
public struct PlaceCluster {
  public let engine: Engine
  public let resources: [berth_resource_id]
  public let profile: berth_profile_id
  let nodeIndex: NodeIndex
  /// Engine class of each class of the case.
  public let classes: [berth_class_id]
  /// Creating the engine, adding the nodes, interning the classes; drawing and expanding the case is not in it.
  let buildSeconds: Double
  private let nodeCount: Int

  /// Nodes per call: large enough for bulk loading, small enough for ten million nodes in little memory.
  private static let batch = 1 << 20

  public init(
    _ placeCase: PlaceCase, profile choice: ProfileChoice, cpuLevel: CPULevel,
    allocator: UInt32 = UInt32(BERTH_ALLOCATOR_AUTO)
  ) throws(EngineError) {
    var start = MonotonicClock.now()
    engine = try Engine.make(cpuLevel: cpuLevel, allocator: allocator)
    let names = PlaceCase.resourceNames
    let cpu = try engine.addResource(names[0], kind: UInt32(BERTH_RESOURCE_CPU))
    let memory = try engine.addResource(names[1], kind: UInt32(BERTH_RESOURCE_MEMORY))
    let gpu = try engine.addResource(names[2], kind: UInt32(BERTH_RESOURCE_GPU))
    resources = [cpu, memory, gpu]
    profile = try choice.add(to: engine, cpu: cpu, memory: memory)
    var nanoseconds = MonotonicClock.now() - start

    var ids = [berth_node_id]()
    ids.reserveCapacity(placeCase.nodes.count)
    for first in stride(from: 0, to: placeCase.nodes.count, by: Self.batch) {
      let range = first..<min(first + Self.batch, placeCase.nodes.count)
      let records = [berth_node](repeating: berth_node(), count: range.count)
      let (allocatable, requested) = placeCase.columns(range)
      start = MonotonicClock.now()
      ids += try engine.addNodes(
        records, resources: resources, allocatable: allocatable, requested: requested)
      nanoseconds += MonotonicClock.now() - start
    }

    start = MonotonicClock.now()
    var classes = [berth_class_id]()
    classes.reserveCapacity(placeCase.classCount)
    for index in 0..<placeCase.classCount {
      let spec = Self.spec(placeCase.request(index), resources, profile, priority: Int32(index))
      classes.append(try engine.internClass(spec))
    }
    nanoseconds += MonotonicClock.now() - start
    buildSeconds = Double(nanoseconds) / 1e9
    self.classes = classes
    nodeIndex = NodeIndex(ids)
    nodeCount = ids.count
  }

  /// Nodes in the order of the case.
  public var nodes: [berth_node_id] { nodeIndex.ids }

  public static func spec(
    _ request: ArraySlice<Int64>, _ resources: [berth_resource_id], _ profile: berth_profile_id, priority: Int32
  ) -> PodSpec {
    let requests = zip(resources, request).compactMap { $1 > 0 ? Quantity($0, $1) : nil }
    return PodSpec(profile: profile, requests: requests, priority: priority)
  }

  /// How long a spec that the engine has never seen takes until its first decision is there: the intern and a dry run.
  func measureNewClasses(seed: UInt64) throws(EngineError) -> Latencies {
    var random = SeededRandom(seed: seed, stream: PlaceCase.Stream.newClasses.rawValue)
    let overhead = MonotonicClock.measureOverhead()
    var samples = [Double]()
    for index in 0..<PlaceBench.extraClasses {
      var request = PlaceCase.drawRequest(&random)
      // Cpu that no class of the case asks for: it is never a whole number of cores there.
      request[0] -= Int64(1 + index % 999)
      let spec = Self.spec(request[...], resources, profile, priority: -1 - Int32(index))
      let start = MonotonicClock.now()
      let podClass = try engine.internClass(spec)
      _ = try engine.placeOne(podClass, dryRun: true)
      samples.append(Double(MonotonicClock.now() - start) - overhead)
    }
    return Latencies(samples)
  }

  /// Nanoseconds per node of decisions by scanning all leaves: what the state tree saves. Leaves the path forced.
  func measureFullScan() throws(EngineError) -> Double {
    try engine.setPath(SearchPath.scan.code)
    let scans = max(4, min(256, 20_000_000 / max(nodeCount, 1)))
    let start = MonotonicClock.now()
    for index in 0..<scans { _ = try engine.placeOne(classes[index % classes.count], dryRun: true) }
    return Double(MonotonicClock.now() - start) / Double(scans) / Double(max(nodeCount, 1))
  }
}

extension PlaceCase {
  /// The rows of these nodes: allocatable and requested.
  public func columns(_ range: Range<Int>) -> (allocatable: [Int64], requested: [Int64]) {
    var allocatable = [Int64]()
    var requested = [Int64]()
    allocatable.reserveCapacity(range.count * Self.width)
    requested.reserveCapacity(range.count * Self.width)
    for node in range {
      allocatable += self.allocatable(node)
      requested += self.requested(node)
    }
    return (allocatable, requested)
  }
}
