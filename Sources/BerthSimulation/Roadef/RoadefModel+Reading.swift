extension RoadefModel {
  /// How much a file may hold: the limits of the challenge's subject (services: as many as processes).
  enum Limits {
    static let machines = 5_000
    static let resources = 20
    static let processes = 50_000
    static let services = 50_000
    static let places = 1_000
    static let dependencies = 5_000
    static let balances = 10
    /// Quantities, costs and weights: 31 bits.
    static let number = Int(Int32.max)
  }

  /// Reads a model file. Throws `RoadefError` with file, line and column, or `FileError`.
  public init(path: String) throws { try self.init(file: path, bytes: try ByteFile.read(path)) }

  /// The file holds, each record on a line of its own: resources, machines, services, processes, balance costs (two
  /// lines each), the three weights of moving. Before each list stands its length.
  init(file: String, bytes: [UInt8]) throws(RoadefError) {
    var lines = RoadefLines(file: file, bytes: bytes)
    resources = try Self.list(&lines, "resource", 1...Limits.resources, Self.resource)
    let resourceCount = resources.count
    machines = try Self.list(&lines, "machine", 1...Limits.machines) { lines, name, count throws(RoadefError) in
      try Self.machine(&lines, name, resources: resourceCount, machines: count)
    }
    services = try Self.list(&lines, "service", 0...Limits.services, Self.service)
    let serviceCount = services.count
    processes = try Self.list(&lines, "process", 0...Limits.processes) { lines, name, _ throws(RoadefError) in
      try Self.process(&lines, name, resources: resourceCount, services: serviceCount)
    }
    balances = try Self.list(&lines, "balance cost", 0...Limits.balances) { lines, name, _ throws(RoadefError) in
      try Self.balance(&lines, name, resources: resourceCount)
    }
    processMoveWeight = try lines.number("weight of process moves", in: 0...Limits.number)
    serviceMoveWeight = try lines.number("weight of service moves", in: 0...Limits.number)
    machineMoveWeight = try lines.number("weight of machine moves", in: 0...Limits.number)
    try lines.endFile("after the weights of moving")
    guard largestObjective < 0x1p62 else {
      throw lines.error("numbers: expected an objective that stays below 2^62 wherever processes run, found larger")
    }
  }

  /// No assignment and no change between two costs more. In floating point, because it may exceed 64 bits.
  private var largestObjective: Double {
    var total = 0.0
    for (index, resource) in resources.enumerated() {
      // What a machine uses twice while processes move stays below this, too.
      total += 2 * Double(resource.loadWeight + 1) * processes.reduce(0) { $0 + Double($1.requirements[index]) }
    }
    for balance in balances {
      let free = machines.reduce(0) { $0 + Double($1.capacities[balance.first]) }
      total += Double(balance.weight + 1) * Double(balance.target + 1) * free
    }
    let farthest = machines.reduce(0) { max($0, Double($1.moveCosts.max() ?? 0)) }
    total += Double(machineMoveWeight) * farthest * Double(processes.count)
    total += Double(processMoveWeight) * processes.reduce(0) { $0 + Double($1.moveCost) }
    return total + Double(serviceMoveWeight) * Double(processes.count)
  }
}

/// Records, in the order of the file.
extension RoadefModel {
  /// A list's length on a line of its own, then its records. The reader of a record is given its name and the length.
  private static func list<Element>(
    _ lines: inout RoadefLines, _ name: String, _ range: ClosedRange<Int>,
    _ read: (inout RoadefLines, String, Int) throws(RoadefError) -> Element
  ) throws(RoadefError) -> [Element] {
    let count = try lines.number("number of records \"\(name)\"", in: range)
    try lines.endLine("number of records \"\(name)\"")
    var elements: [Element] = []
    for index in 0..<count {
      let name = "\(name) \(index)"
      elements.append(try read(&lines, name, count))
      try lines.endLine(name)
    }
    return elements
  }

  private static func resource(
    _ lines: inout RoadefLines, _ name: String, _ count: Int
  ) throws(RoadefError) -> Resource {
    Resource(
      isTransient: try lines.number("\(name), transient", in: 0...1) == 1,
      loadWeight: try lines.number("\(name), weight of load cost", in: 0...Limits.number))
  }

  private static func machine(
    _ lines: inout RoadefLines, _ name: String, resources: Int, machines: Int
  ) throws(RoadefError) -> Machine {
    Machine(
      neighbourhood: try lines.number("\(name), neighbourhood", in: 0...Limits.places - 1),
      location: try lines.number("\(name), location", in: 0...Limits.places - 1),
      capacities: try numbers(&lines, "\(name), capacity", resources),
      safetyCapacities: try numbers(&lines, "\(name), safety capacity", resources),
      moveCosts: try numbers(&lines, "\(name), move cost", machines).map(Int32.init))
  }

  private static func service(
    _ lines: inout RoadefLines, _ name: String, _ count: Int
  ) throws(RoadefError) -> Service {
    let minimumSpread = try lines.number("\(name), least spread", in: 0...Limits.places)
    let length = try lines.number("\(name), number of dependencies", in: 0...Limits.dependencies)
    var dependencies: [Int] = []
    for _ in 0..<length { dependencies.append(try lines.number("\(name), dependency", in: 0...count - 1)) }
    return Service(minimumSpread: minimumSpread, dependencies: dependencies)
  }

  private static func process(
    _ lines: inout RoadefLines, _ name: String, resources: Int, services: Int
  ) throws(RoadefError) -> Process {
    guard services > 0 else { throw lines.error("\(name), service: expected no process where no service is") }
    return Process(
      service: try lines.number("\(name), service", in: 0...services - 1),
      requirements: try numbers(&lines, "\(name), requirement", resources),
      moveCost: try lines.number("\(name), move cost", in: 0...Limits.number))
  }

  /// Two lines: the resources and the target; the weight.
  private static func balance(
    _ lines: inout RoadefLines, _ name: String, resources: Int
  ) throws(RoadefError) -> Balance {
    let first = try lines.number("\(name), first resource", in: 0...resources - 1)
    let second = try lines.number("\(name), second resource", in: 0...resources - 1)
    let target = try lines.number("\(name), target", in: 0...Limits.number)
    try lines.endLine("\(name), after the target")
    let weight = try lines.number("\(name), weight", in: 0...Limits.number)
    return Balance(first: first, second: second, target: target, weight: weight)
  }

  private static func numbers(
    _ lines: inout RoadefLines, _ name: @autoclosure () -> String, _ count: Int
  ) throws(RoadefError) -> [Int] {
    var numbers: [Int] = []
    for index in 0..<count {
      numbers.append(try lines.number("\(name()) \(index)", in: 0...Limits.number))
    }
    return numbers
  }
}
