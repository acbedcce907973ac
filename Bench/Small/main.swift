import BenchCases
import BerthSimulation
import CBerth
import Glibc

// berth-bench: the small sizes of the benchmarks, for tests and gates.
//   berth-bench list                      a case per line: its name, and whether its measured part may allocate
//   berth-bench run NAME CPU_LEVEL        one step of that case; a line of JSON with checksum and counters

/// What one step did to the engine's counters. Those that say how much there is are left out.
func differences(_ before: berth_engine_info, _ after: berth_engine_info) -> [(String, UInt64)] {
  let counters: [(String, KeyPath<berth_engine_info, UInt64>)] = [
    ("decisions", \.decisions), ("tree_queries", \.tree_queries), ("scan_queries", \.scan_queries),
    ("row_queries", \.row_queries), ("leaves_opened", \.leaves_opened), ("inners_opened", \.inners_opened),
    ("exact_scores", \.exact_scores), ("scan_fallbacks", \.scan_fallbacks), ("node_changes", \.node_changes),
    ("leaf_splits", \.leaf_splits), ("leaf_merges", \.leaf_merges), ("slot_moves", \.slot_moves),
    ("allocations", \.allocations), ("slot_queries", \.slot_queries), ("slot_builds", \.slot_builds),
    ("slot_changes_read", \.slot_changes_read), ("slot_groups_scored", \.slot_groups_scored),
    ("domain_counts_built", \.domain_counts_built),
  ]
  return counters.map { ($0.0, after[keyPath: $0.1] - before[keyPath: $0.1]) }
}

func run(_ name: String, _ cpuLevel: CPULevel) throws -> JSONValue {
  guard let found = BenchCase.all.first(where: { $0.name == name }) else { throw Usage(reason: "no case '\(name)'") }
  let prepared = try found.prepared(.small, cpuLevel: cpuLevel)
  if !found.allocates {
    // The first use of a class builds its plan, and tables grow to what a step needs; after that nothing may.
    try prepared.step()
    try prepared.reset()
  }
  let before = try prepared.info()
  try measuredStep(prepared)
  let after = try prepared.info()
  return .object([
    ("case", .text(name)), ("cpu_level", .text(after.cpuLevelName)), ("operations", .count(prepared.operations)),
    ("checksum", .text(prepared.checksum.text)),
    ("counters", .object(differences(before, after).map { ($0.0, .count($0.1)) })),
  ])
}

struct Usage: Error { let reason: String }

do {
  let arguments = CommandLine.arguments.dropFirst()
  switch (arguments.first, arguments.count) {
  case ("list", 1):
    for benchCase in BenchCase.all { print(benchCase.name, benchCase.allocates ? "allocates" : "allocates-nothing") }
  case ("run", 3):
    guard let cpuLevel = CPULevel.allCases.first(where: { $0.rawValue == arguments.last }) else {
      throw Usage(reason: "no CPU level '\(arguments.last ?? "")'")
    }
    print(try run(arguments[arguments.startIndex + 1], cpuLevel).line)
  default: throw Usage(reason: "list, or run NAME CPU_LEVEL")
  }
} catch {
  var message = "berth-bench: \((error as? Usage)?.reason ?? "\(error)")\n"
  message.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  exit(1)
}
