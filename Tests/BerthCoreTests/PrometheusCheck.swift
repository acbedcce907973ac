import BerthCore
import CBerth
import Foundation

/// A strict reader of the Prometheus text format 0.0.4, for the engine's text: families with HELP, TYPE and all their
/// samples together, no sample twice, histograms that add up.
struct PrometheusCheck {
  struct Family {
    var kind = ""
    var samples: [(name: String, labels: [String: String], value: String)] = []
  }

  let engine: Engine
  private(set) var families: [String: Family] = [:]

  init(_ engine: Engine) throws {
    self.engine = engine
    try parse(engine.metricsText())
  }

  private func fail(_ line: Substring, _ why: String) -> Mismatch { Mismatch("\(why): \(line)") }

  private mutating func parse(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Mismatch("the last line has no end") }
    var helped: String?
    var current = ""
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      if let match = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)/) {
        guard helped == nil, families[String(match.1)] == nil else { throw fail(line, "a second HELP") }
        helped = String(match.1)
      } else if let match = line.wholeMatch(of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/) {
        guard helped == String(match.1) else { throw fail(line, "TYPE without its HELP before it") }
        (helped, current) = (nil, String(match.1))
        families[current] = Family(kind: String(match.2))
      } else if let match = line.wholeMatch(of: /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([0-9.]+)/) {
        guard helped == nil, !current.isEmpty else { throw fail(line, "a sample without its family") }
        try add(line, String(match.1), try labels(line, match.2 ?? ""), String(match.3), to: current)
      } else {
        throw fail(line, "no line of the format")
      }
    }
  }

  private func labels(_ line: Substring, _ text: Substring) throws -> [String: String] {
    var labels: [String: String] = [:]
    for pair in text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let match = pair.wholeMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="([^"\\]*)"/) else {
        throw fail(line, "bad label")
      }
      guard labels.updateValue(String(match.2), forKey: String(match.1)) == nil else { throw fail(line, "label twice") }
    }
    return labels
  }

  private mutating func add(
    _ line: Substring, _ name: String, _ labels: [String: String], _ value: String, to family: String
  ) throws {
    let kind = families[family]!.kind
    let suffixes = kind == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
    guard suffixes.contains(where: { family + $0 == name }) else { throw fail(line, "not of the family \(family)") }
    guard kind != "counter" || name.hasSuffix("_total") else { throw fail(line, "a counter's name ends in _total") }
    guard kind == "counter" || !name.hasSuffix("_total") else { throw fail(line, "only counters end in _total") }
    guard Double(value) != nil else { throw fail(line, "no number") }
    guard !families[family]!.samples.contains(where: { $0.name == name && $0.labels == labels }) else {
      throw fail(line, "a sample twice")
    }
    families[family]!.samples.append((name, labels, value))
  }

  private func value(_ name: String, _ labels: [String: String]) throws -> UInt64 {
    for family in families.values {
      for sample in family.samples where sample.name == name && sample.labels == labels {
        guard let value = UInt64(sample.value) else { throw Mismatch("\(name) is \(sample.value)") }
        return value
      }
    }
    throw Mismatch("there is no sample \(name) \(labels)")
  }

  private func check(_ name: String, _ expected: UInt64) throws { try check(name, [:], expected) }

  private func check(_ name: String, _ labels: [String: String], _ expected: UInt64) throws {
    let found = try value(name, labels)
    if found != expected { throw Mismatch("\(name) \(labels) is \(found), not \(expected)") }
  }

  /// The text against what the other calls say.
  func run() throws {
    let info = engine.info()
    let metrics = engine.metrics()
    try check("berth_nodes", info.nodes)
    try check("berth_pods", info.pods)
    try check("berth_state_bytes", ["part": "index"], info.index_bytes)
    try check("berth_placements_total", ["outcome": "placed"], metrics.placed)
    try check("berth_placements_total", ["outcome": "no_fit"], metrics.no_fit)
    try check("berth_queries_total", ["path": "tree"], info.tree_queries)
    try check("berth_blocks_opened_total", ["block": "leaf"], info.leaves_opened)
    try check("berth_statements_total", ["state": "discarded"], metrics.statements_discarded)
    try check("berth_changes_undone_total", metrics.changes_undone)
    try check("berth_events_total", metrics.events_written)
    try check("berth_events_lost_total", metrics.events_lost)
    try check("berth_refusals_total", ["status": "BERTH_LIMIT"], 0)
    let kinds = ["tree", "scan", "rows", "reserved", "reranked", "slots"]
    for (number, kind) in kinds.enumerated() { try checkHistogram(kind, engine.histogram(of: UInt32(number))) }
  }

  private func checkHistogram(_ kind: String, _ histogram: berth_histogram) throws {
    let name = "berth_decision_duration_seconds"
    let samples = families[name]!.samples.filter { $0.labels["kind"] == kind }
    if histogram.count == 0 {
      if !samples.isEmpty { throw Mismatch("\(kind) decided nothing and has samples") }
      return
    }
    let buckets = samples.filter { $0.name == "\(name)_bucket" }
    let counts = withUnsafeBytes(of: histogram.counts) { Array($0.bindMemory(to: UInt64.self)) }
    let bounds = withUnsafeBytes(of: histogram.upper_ns) { Array($0.bindMemory(to: UInt64.self)) }
    guard buckets.count == counts.count else { throw Mismatch("\(buckets.count) buckets") }
    var sum: UInt64 = 0
    for (index, bucket) in buckets.enumerated() {
      sum += counts[index]
      let le = bucket.labels["le"]!
      let isBound =
        index == counts.count - 1
        ? le == "+Inf" : Decimal(string: le)! * 1_000_000_000 == Decimal(string: "\(bounds[index])")!
      guard isBound, bucket.value == "\(sum)" else { throw Mismatch("bucket \(index) of \(kind): \(bucket)") }
    }
    try check("\(name)_count", ["kind": kind], histogram.count)
    let told = samples.first { $0.name == "\(name)_sum" }!.value
    guard Decimal(string: told)! * 1_000_000_000 == Decimal(string: "\(histogram.sum_ns)")! else {
      throw Mismatch("the sum of \(kind) is \(told) s, not \(histogram.sum_ns) ns")
    }
  }
}
