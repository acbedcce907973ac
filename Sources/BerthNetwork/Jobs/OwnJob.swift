import BerthKubernetes
import Foundation

/// A job in words of our own: docs/gangs-in-files.md says which.
struct OwnJob {
  let reader: ObjectReader
  private let folder: String?

  init(_ reader: ObjectReader, folder: String?) {
    self.reader = reader
    self.folder = folder
  }

  var problems: [Problem] { reader.problems }

  /// Nil if it is wrong.
  func job(_ fields: Fields) -> GangJob? {
    reader.allow(
      [
        "name", "minMember", "priority", "runtimeSeconds", "submitSeconds", "required", "preferred", "roles", "groups",
        "separate", "slurm", "parallelism", "traffic", "links",
      ], in: fields)
    var job = GangJob(name: reader.requiredText("name", in: fields) ?? "", minMember: 0, roles: [])
    job.closeness = closeness(fields)
    job.roles = reader.list("roles", in: fields) { RoleReader(reader: reader).role($0) }
    reader.fields("slurm", in: fields) { slurm($0, &job) }
    if job.roles.isEmpty && reader.problems.isEmpty { reader.fail("roles", "must list at least one role") }
    let least = job.roles.reduce(0) { $0 + $1.min }
    job.minMember = integer("minMember", in: fields, 1...GangJob.mostMembers) ?? max(1, least)
    job.groups = reader.list("groups", in: fields) { group($0, job.roles) }
    job.separations = separations(fields, job.roles)
    let priority = reader.integer("priority", in: fields) ?? 0
    if Int32(exactly: priority) == nil { reader.fail("priority", "must be a 32-bit number") }
    job.priority = Int32(clamping: priority)
    job.runtimeSeconds = seconds("runtimeSeconds", in: fields)
    job.submitSeconds = seconds("submitSeconds", in: fields) ?? 0
    if reader.has("parallelism", in: fields) {
      job.parallelism = ParallelismReader(reader: reader, rankCount: job.rankCount).parallelism(fields)
    }
    if reader.has("traffic", in: fields) { job.traffic = traffic(fields) }
    job.links = reader.list("links", in: fields) { link($0) }
    return reader.problems.isEmpty ? job : nil
  }

  private func closeness(_ fields: Fields) -> GangJob.Closeness {
    GangJob.Closeness(required: level("required", fields), preferred: level("preferred", fields))
  }

  private func level(_ key: String, _ fields: Fields) -> String? {
    reader.has(key, in: fields) ? reader.requiredText(key, in: fields) : nil
  }

  private func integer(_ key: String, in fields: Fields, _ range: ClosedRange<Int>) -> Int? {
    reader.number(key, in: fields, range)
  }

  private func seconds(_ key: String, in fields: Fields) -> Double? {
    let value: Double
    switch fields[key] {
    case nil: return nil
    case .integer(let number)?: value = Double(number)
    case .decimal(let number)?: value = number
    default:
      reader.fail(key, "must be a number of seconds")
      return nil
    }
    if !value.isFinite || value < 0 { reader.fail(key, "must be a finite number from 0") }
    return value
  }

  /// What sbatch is asked: --nodes=n, --segment=n, --switches=n, each pod a node.
  private func slurm(_ fields: Fields, _ job: inout GangJob) {
    reader.allow(["nodes", "segment", "segmentLevel", "switches", "gpusPerNode"], in: fields)
    if !job.roles.isEmpty { reader.fail("is beside roles: one of the two is expected") }
    guard let nodes = integer("nodes", in: fields, 1...GangJob.mostMembers) else {
      if !reader.has("nodes", in: fields) { reader.fail("nodes", "is required") }
      return
    }
    var role = GangJob.Role(name: "node", min: nodes, max: nodes)
    role.gpus = integer("gpusPerNode", in: fields, 0...1024) ?? 0
    // Each pod is a whole node of its own.
    role.spread = GangJob.Spread(level: NetworkTopology.nodeLevelNames[0], maxPerDomain: 1)
    if let segment = integer("segment", in: fields, 1...GangJob.mostMembers) {
      // If all nodes fit into one segment, the option has no effect on how they are cut (topology guide, --segment).
      let size = segment >= nodes ? nodes : segment
      role.slices = [GangJob.Slice(level: level("segmentLevel", fields) ?? "block", size: size)]
    } else if reader.has("segmentLevel", in: fields) {
      reader.fail("segmentLevel", "needs a segment beside it")
    }
    job.maxLeaves = integer("switches", in: fields, 1...GangJob.mostMembers)
    job.roles = [role]
  }

  private func group(_ fields: Fields, _ roles: [GangJob.Role]) -> GangJob.RoleGroup? {
    reader.allow(["name", "roles", "required", "preferred"], in: fields)
    let found = indices("roles", fields, roles)
    let closeness = closeness(fields)
    if closeness.isEmpty { reader.fail("needs a required or a preferred level") }
    if found.isEmpty { reader.fail("roles", "must name at least one role") }
    return GangJob.RoleGroup(name: reader.text("name", in: fields) ?? "", roles: found, closeness: closeness)
  }

  /// `separate: LEVEL` for all roles, or a list of levels with roles.
  private func separations(_ fields: Fields, _ roles: [GangJob.Role]) -> [GangJob.Separation] {
    if case .text? = fields["separate"] {
      guard let level = level("separate", fields) else { return [] }
      if roles.count < 2 { reader.fail("separate", "needs at least two roles") }
      return [GangJob.Separation(level: level, roles: Array(roles.indices))]
    }
    return reader.list("separate", in: fields) { inner in
      reader.allow(["level", "roles"], in: inner)
      guard let level = reader.requiredText("level", in: inner) else { return nil }
      let own = reader.has("roles", in: inner) ? indices("roles", inner, roles) : Array(roles.indices)
      if own.count < 2 { reader.fail("roles", "must name at least two roles") }
      return GangJob.Separation(level: level, roles: own)
    }
  }

  private func indices(_ key: String, _ fields: Fields, _ roles: [GangJob.Role]) -> [Int] {
    var result: [Int] = []
    for (index, name) in reader.texts(key, in: fields).enumerated() {
      guard let role = roles.firstIndex(where: { $0.name == name }) else {
        let names = roles.map(\.name).joined(separator: ", ")
        reader.fail(key, index: index, "'\(name)' is no role: \(names) are")
        continue
      }
      if result.contains(role) {
        reader.fail(key, index: index, "'\(name)' is there twice")
      } else {
        result.append(role)
      }
    }
    return result
  }

  private func link(_ fields: Fields) -> LevelLink? {
    reader.allow(["level", "bandwidth", "latency"], in: fields)
    guard let level = reader.requiredText("level", in: fields) else { return nil }
    if !reader.has("bandwidth", in: fields) && !reader.has("latency", in: fields) {
      reader.fail("needs a bandwidth or a latency")
    }
    return LevelLink(
      level: level,
      bytesPerSecond: reader.measure("bandwidth", in: fields, "a speed like 400Gbit/s or 50GB/s", Measures.bandwidth),
      latencySeconds: reader.measure("latency", in: fields, "a time like 2us", Measures.seconds))
  }

  /// `traffic: FILE`, or a list of rows.
  private func traffic(_ fields: Fields) -> TrafficMatrix? {
    if case .list(let rows)? = fields["traffic"] { return matrix(rows) }
    guard let name = reader.requiredText("traffic", in: fields) else { return nil }
    do throws(Problem) {
      let path = name.hasPrefix("/") ? name : folder.map { "\($0)/\(name)" } ?? name
      guard let text = String(data: try InputFile.read(path), encoding: .utf8) else {
        throw Problem(path, "", "is no UTF-8 text")
      }
      return try TrafficMatrix.read(text, file: path)
    } catch {
      reader.fail("traffic", error.description)
      return nil
    }
  }

  private func matrix(_ rows: [Value]) -> TrafficMatrix? {
    guard (1...TrafficMatrix.mostMembers).contains(rows.count) else {
      reader.fail("traffic", "has \(rows.count) rows: 1 to \(TrafficMatrix.mostMembers) are expected")
      return nil
    }
    var bytes: [Double] = []
    for (index, row) in rows.enumerated() {
      guard case .list(let cells) = row, cells.count == rows.count else {
        reader.fail("traffic", index: index, "must be a list of \(rows.count) numbers, one for each row")
        return nil
      }
      for cell in cells {
        guard let value = reader.bytes(cell) else {
          reader.fail("traffic", index: index, "has something that is no finite number of bytes from 0")
          return nil
        }
        bytes.append(value)
      }
    }
    return TrafficMatrix(size: rows.count, bytes: bytes)
  }
}

extension ObjectReader {
  /// A whole number within the range; nil where it is missing or wrong.
  func number(_ key: String, in fields: Fields, _ range: ClosedRange<Int>) -> Int? {
    guard let value = integer(key, in: fields) else { return nil }
    guard let number = Int(exactly: value), range.contains(number) else {
      fail(key, "\(value) is not between \(range.lowerBound) and \(range.upperBound)")
      return nil
    }
    return number
  }

  /// A number, or a text that the body understands.
  func measure(_ key: String, in fields: Fields, _ expected: String, _ read: (String) -> Double?) -> Double? {
    let text: String
    switch fields[key] {
    case nil: return nil
    case .text(let own)?: text = own
    case .integer(let number)?: text = "\(number)"
    case .decimal(let number)?: text = "\(number)"
    default:
      fail(key, "must be \(expected)")
      return nil
    }
    if let value = read(text) { return value }
    fail(key, "'\(text)' is no \(expected.dropFirst(expected.hasPrefix("a ") ? 2 : 0))")
    return nil
  }

  func bytes(_ value: Value) -> Double? {
    switch value {
    case .integer(let number): number >= 0 ? Double(number) : nil
    case .decimal(let number): number.isFinite && number >= 0 ? number : nil
    case .text(let text): Measures.bytes(text)
    default: nil
    }
  }
}
