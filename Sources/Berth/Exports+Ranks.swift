import BerthCore
import BerthRanks
import CBerth

// Calls without an engine: a refusal's sentence is kept for the thread.

private func withoutEngine(_ body: () throws(EngineError) -> Void) -> berth_status {
  do {
    try body()
    return berth_status(BERTH_OK)
  } catch {
    ThreadError.set(error.message)
    return error.status
  }
}

/// What the module refuses, in the words of the boundary.
private func checked<Result>(_ body: () throws(RankError) -> Result) throws(EngineError) -> Result {
  do {
    return try body()
  } catch {
    let status =
      switch error.kind {
      case .wrongCount, .badValue, .unknown: BERTH_BAD_ARGUMENT
      case .duplicate: BERTH_DUPLICATE
      case .limit: BERTH_LIMIT
      }
    throw EngineError(UInt32(status), error.description)
  }
}

private func checkReserved(_ value: UInt32, _ what: String) throws(EngineError) {
  guard value == 0 else { throw EngineError(UInt32(BERTH_BAD_STRUCT), "\(what).reserved is \(value): must be 0") }
}

@_cdecl("berth_rank_network_init")
public func rankNetworkInit(_ network: UnsafeMutablePointer<berth_rank_network>?) {
  var fresh = berth_rank_network()
  fresh.struct_size = UInt32(MemoryLayout<berth_rank_network>.size)
  network?.pointee = fresh
}

@_cdecl("berth_rank_job_init")
public func rankJobInit(_ job: UnsafeMutablePointer<berth_rank_job>?) {
  var fresh = berth_rank_job()
  fresh.struct_size = UInt32(MemoryLayout<berth_rank_job>.size)
  job?.pointee = fresh
}

@_cdecl("berth_rank_options_init")
public func rankOptionsInit(_ options: UnsafeMutablePointer<berth_rank_options>?) {
  let usual = RankOptions()
  var fresh = berth_rank_options()
  fresh.struct_size = UInt32(MemoryLayout<berth_rank_options>.size)
  fresh.iterations = UInt32(usual.iterations)
  fresh.exhaustive_ranks = UInt32(usual.exhaustiveRanks)
  options?.pointee = fresh
}

private func links(_ pointer: UnsafePointer<berth_rank_link>?, levels: UInt32) throws(EngineError) -> [Link] {
  guard (1...UInt32(BERTH_MAX_LEVELS)).contains(levels) else {
    throw EngineError(UInt32(BERTH_BAD_ARGUMENT), "level_count is \(levels): 1...\(BERTH_MAX_LEVELS)")
  }
  return try array(pointer, UInt(levels) + 1, "links").map {
    Link(bytesPerSecond: $0.bytes_per_second, latencyNanoseconds: $0.latency_ns)
  }
}

private func read(_ pointer: UnsafePointer<berth_rank_network>?) throws(EngineError) -> Network {
  let network = try required(pointer, "network").pointee
  try checkStructSize(
    network.struct_size, of: berth_rank_network.self, initialiser: "call berth_rank_network_init first")
  try checkReserved(network.reserved, "network")
  let links = try links(network.links, levels: network.level_count)
  guard network.place_count <= UInt32(BERTH_MAX_RANKS) else {
    throw EngineError(UInt32(BERTH_LIMIT), "\(network.place_count) places: at most \(BERTH_MAX_RANKS)")
  }
  let domains = Array(
    try array(network.domains, UInt(network.place_count) * UInt(network.level_count), "network->domains"))
  return try checked { () throws(RankError) in
    try Network(domains: domains, levels: Int(network.level_count), links: links)
  }
}

private func read(_ pointer: UnsafePointer<berth_rank_job>?) throws(EngineError) -> Job {
  let job = try required(pointer, "job").pointee
  try checkStructSize(job.struct_size, of: berth_rank_job.self, initialiser: "call berth_rank_job_init first")
  try checkReserved(job.reserved, "job")
  let dimensions = try array(
    job.dimensions, UInt(job.dimension_count), "job->dimensions", atMost: UInt32(BERTH_MAX_RANK_DIMENSIONS)
  ).map { Int($0) }
  let given = try array(
    job.collectives, UInt(job.collective_count), "job->collectives", atMost: UInt32(BERTH_MAX_COLLECTIVES))
  let flows = try array(
    job.flows, UInt(clamping: job.flow_count), "job->flows", atMost: UInt32(BERTH_MAX_FLOWS)
  ).map { Flow(from: Int($0.from), to: Int($0.to), bytes: $0.bytes, messages: $0.messages) }
  if !flows.isEmpty {
    guard given.isEmpty, dimensions.count == 1 else {
      throw EngineError(UInt32(BERTH_BAD_ARGUMENT), "flows come with one dimension and without collectives")
    }
    return try checked { () throws(RankError) in try Job(ranks: dimensions[0], flows: flows) }
  }
  var collectives: [Collective] = []
  for (index, collective) in given.enumerated() {
    guard let kind = Collective.Kind(rawValue: Int(collective.kind)) else {
      throw EngineError(UInt32(BERTH_BAD_ARGUMENT), "collective \(index): kind \(collective.kind) is unknown")
    }
    collectives.append(
      Collective(kind, dimensions: collective.dimensions, bytes: collective.bytes, times: collective.times))
  }
  return try checked { () throws(RankError) in try Job(dimensions: dimensions, collectives: collectives) }
}

private func read(_ pointer: UnsafePointer<berth_rank_options>?) throws(EngineError) -> RankOptions {
  var result = RankOptions()
  guard let options = pointer?.pointee else { return result }
  try checkStructSize(
    options.struct_size, of: berth_rank_options.self, initialiser: "call berth_rank_options_init first")
  try checkReserved(options.reserved, "options")
  guard options.iterations <= UInt32(BERTH_MAX_ITERATIONS) else {
    throw EngineError(
      UInt32(BERTH_LIMIT), "iterations is \(options.iterations): at most \(BERTH_MAX_ITERATIONS)")
  }
  result.iterations = Int(options.iterations)
  result.exhaustiveRanks = Int(options.exhaustive_ranks)
  return result
}

private func checkReport(_ report: UnsafeMutablePointer<berth_rank_report>?) throws(EngineError) {
  guard let report else { return }
  try checkStructSize(
    report.pointee.struct_size, of: berth_rank_report.self, initialiser: "set it to sizeof(berth_rank_report)")
}

/// An array of a job's ranks.
private func ranks(
  _ pointer: UnsafePointer<UInt32>?, _ count: Int, _ name: StaticString
) throws(EngineError) -> [UInt32] {
  Array(UnsafeBufferPointer(start: try required(pointer, name), count: count))
}

private func write(
  _ assignment: RankAssignment, _ places: UnsafeMutablePointer<UInt32>,
  _ report: UnsafeMutablePointer<berth_rank_report>?
) {
  for (rank, place) in assignment.placeOfRank.enumerated() { places[rank] = place }
  guard let report else { return }
  var fresh = berth_rank_report()
  fresh.struct_size = UInt32(MemoryLayout<berth_rank_report>.size)
  fresh.is_exact = assignment.isExact ? 1 : 0
  fresh.cost_before_ps = assignment.costBefore
  fresh.cost_ps = assignment.cost
  fresh.lower_bound_ps = assignment.lowerBound
  fresh.iterations = UInt64(assignment.iterations)
  withUnsafeMutableBytes(of: &fresh.bytes_before) { assignment.bytesBefore.withUnsafeBytes($0.copyMemory) }
  withUnsafeMutableBytes(of: &fresh.bytes) { assignment.bytes.withUnsafeBytes($0.copyMemory) }
  report.pointee = fresh
}

@_cdecl("berth_ranks_assign")
public func ranksAssign(
  _ network: UnsafePointer<berth_rank_network>?, _ job: UnsafePointer<berth_rank_job>?,
  _ order: UnsafePointer<UInt32>?, _ options: UnsafePointer<berth_rank_options>?,
  _ placesOut: UnsafeMutablePointer<UInt32>?, _ reportOut: UnsafeMutablePointer<berth_rank_report>?
) -> berth_status {
  withoutEngine { () throws(EngineError) in
    let (network, job, options) = (try read(network), try read(job), try read(options))
    let out = try required(placesOut, "place_of_rank_out")
    try checkReport(reportOut)
    let given = order == nil ? nil : try ranks(order, job.rankCount, "order")
    let assignment = try checked { () throws(RankError) in
      try Ranks.assign(job, on: network, order: given, options: options)
    }
    write(assignment, out, reportOut)
  }
}

@_cdecl("berth_ranks_replace")
public func ranksReplace(
  _ network: UnsafePointer<berth_rank_network>?, _ job: UnsafePointer<berth_rank_job>?,
  _ places: UnsafePointer<UInt32>?, _ lost: UnsafePointer<UInt32>?, _ lostCount: UInt,
  _ replacements: UnsafePointer<UInt32>?, _ replacementCount: UInt, _ options: UnsafePointer<berth_rank_options>?,
  _ placesOut: UnsafeMutablePointer<UInt32>?, _ reportOut: UnsafeMutablePointer<berth_rank_report>?
) -> berth_status {
  withoutEngine { () throws(EngineError) in
    let (network, job, options) = (try read(network), try read(job), try read(options))
    let old = try ranks(places, job.rankCount, "place_of_rank")
    let lost = try array(lost, lostCount, "lost", atMost: UInt32(BERTH_MAX_RANKS)).map { Int($0) }
    let new = Array(try array(replacements, replacementCount, "replacements", atMost: UInt32(BERTH_MAX_RANKS)))
    let out = try required(placesOut, "place_of_rank_out")
    try checkReport(reportOut)
    let assignment = try checked { () throws(RankError) in
      try Ranks.replace(job, on: network, placeOfRank: old, lost: lost, replacements: new, options: options)
    }
    write(assignment, out, reportOut)
  }
}

@_cdecl("berth_ranks_cost")
public func ranksCost(
  _ network: UnsafePointer<berth_rank_network>?, _ job: UnsafePointer<berth_rank_job>?,
  _ places: UnsafePointer<UInt32>?, _ costOut: UnsafeMutablePointer<Int64>?, _ bytesOut: UnsafeMutablePointer<Int64>?
) -> berth_status {
  withoutEngine { () throws(EngineError) in
    let (network, job) = (try read(network), try read(job))
    let places = try ranks(places, job.rankCount, "place_of_rank")
    let out = try required(costOut, "cost_ps_out")
    let cost = try checked { () throws(RankError) in try Ranks.cost(of: places, job, on: network) }
    out.pointee = cost.picoseconds
    if let bytesOut {
      for (level, bytes) in cost.bytes.enumerated() { bytesOut[level] = bytes }
    }
  }
}

@_cdecl("berth_rank_multiples")
public func rankMultiples(
  _ job: UnsafePointer<berth_rank_job>?, _ podSize: UInt32, _ linksIn: UnsafePointer<berth_rank_link>?,
  _ domainPods: UnsafePointer<UInt32>?, _ levels: UInt32, _ multiplesOut: UnsafeMutablePointer<berth_rank_multiple>?,
  _ countOut: UnsafeMutablePointer<UInt32>?
) -> berth_status {
  withoutEngine { () throws(EngineError) in
    let job = try read(job)
    let links = try links(linksIn, levels: levels)
    let out = try required(multiplesOut, "multiples_out")
    let count = try required(countOut, "count_out")
    let sizes = domainPods.map { UnsafeBufferPointer(start: $0, count: Int(levels)).map { Int($0) } } ?? []
    let found = try checked { () throws(RankError) in
      try Ranks.multiples(of: job, podSize: Int(podSize), links: links, domainPods: sizes)
    }
    for (index, multiple) in found.enumerated() {
      out[index] = berth_rank_multiple(
        pods: UInt32(multiple.pods), ranks: UInt32(multiple.ranks), dimensions: multiple.dimensions,
        level: multiple.level.map { UInt32($0) } ?? .max)
    }
    count.pointee = UInt32(found.count)
  }
}
