/// The case of `berth bench place`: a cluster that is partly full, random classes, random arrivals.
///
/// Everything is drawn from `seed`, each part from a stream of its own, before anything is timed. A node is kept as
/// four bytes and expanded when it is added, so that ten million of them leave room for the engine.
public struct PlaceCase: Sendable {
  public static let resourceNames = ["cpu", "memory", "nvidia.com/gpu"]
  /// cpu in millicores, memory in MiB, GPUs.
  public static let shapes: [[Int64]] = [
    [64_000, 262_144, 0], [96_000, 393_216, 8], [128_000, 786_432, 8], [104_000, 524_288, 4], [32_000, 131_072, 2],
  ]
  static let width = 3

  public struct Node: Sendable {
    /// Index into `shapes`.
    public var shape: UInt8
    public var freeGPUs: UInt8
    /// In 1/1200 of both cpu and memory, 0 to 999.
    public var filled: UInt16
  }

  /// Streams of the seed.
  enum Stream: UInt64 {
    case nodes = 1
    case classes = 2
    case arrivals = 3
    case departures = 4
    case checks = 5
    case newClasses = 6
  }

  public let seed: UInt64
  public let nodes: [Node]
  /// Requests, [class][resource]. Classes that ask for the same differ in priority, so that there are as many as asked.
  public let classes: [Int64]
  /// The class of each pod, in order of arrival.
  public let arrivals: [UInt32]
  /// For each pod, what happens after it is placed: `noDeparture`, or which running pod leaves, as a fraction of
  /// their number in 1/2^32. Empty without churn.
  public let departures: [UInt64]
  public static let noDeparture = UInt64.max

  public var classCount: Int { classes.count / Self.width }

  public init(nodes: Int, classes: Int, pods: Int, churn: Double, seed: UInt64) {
    self.seed = seed
    self.nodes = Self.drawNodes(nodes, seed)
    var random = SeededRandom(seed: seed, stream: Stream.classes.rawValue)
    var requests = [Int64]()
    requests.reserveCapacity(classes * Self.width)
    for _ in 0..<classes { requests += Self.drawRequest(&random) }
    self.classes = requests
    random = SeededRandom(seed: seed, stream: Stream.arrivals.rawValue)
    arrivals = (0..<pods).map { _ in UInt32(random.below(classes)) }
    random = SeededRandom(seed: seed, stream: Stream.departures.rawValue)
    departures =
      churn == 0
      ? []
      : (0..<pods).map { _ in
        let leaves = random.fraction() < churn
        let pick = random.next() >> 32
        return leaves ? pick : Self.noDeparture
      }
  }

  /// Shapes in equal shares (they differ by one node at most) in random order.
  private static func drawNodes(_ count: Int, _ seed: UInt64) -> [Node] {
    var random = SeededRandom(seed: seed, stream: Stream.nodes.rawValue)
    var nodes = (0..<count).map { Node(shape: UInt8($0 % shapes.count), freeGPUs: 0, filled: 0) }
    random.shuffle(&nodes)
    for index in nodes.indices {
      nodes[index].filled = UInt16(random.below(1000))
      let gpus = Int(shapes[Int(nodes[index].shape)][2])
      if gpus > 0 { nodes[index].freeGPUs = UInt8(random.below(gpus + 1)) }
    }
    return nodes
  }

  /// cpu 1 to 16 cores, memory 1 to 16 times 4 GiB, and in one of three cases 1, 2, 4 or 8 GPUs.
  static func drawRequest(_ random: inout SeededRandom) -> [Int64] {
    let cpu = Int64(1 + random.below(16)) * 1000
    let memory = Int64(1 + random.below(16)) * 4096
    let gpus = random.below(3) == 0 ? Int64(1) << Int64(random.below(4)) : 0
    return [cpu, memory, gpus]
  }

  public func request(_ podClass: Int) -> ArraySlice<Int64> {
    classes[podClass * Self.width..<(podClass + 1) * Self.width]
  }

  public func allocatable(_ node: Int) -> [Int64] { Self.shapes[Int(nodes[node].shape)] }

  /// What runs on a node from the start. Free cpu and memory are rounded down.
  public func requested(_ node: Int) -> [Int64] {
    let node = nodes[node]
    let shape = Self.shapes[Int(node.shape)]
    let free = Int64(1200 - Int(node.filled))
    return [
      shape[0] - shape[0] * free / 1200, shape[1] - shape[1] * free / 1200, shape[2] - Int64(node.freeGPUs),
    ]
  }
}
