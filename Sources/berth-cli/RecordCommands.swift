import ArgumentParser
import BerthCore
import BerthSimulation
import CBerth

struct SnapshotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot",
    abstract: "Look into snapshots: files with the whole state of an engine.",
    discussion: """
      Examples:
        berth snapshot show cluster.berth
        berth snapshot show cluster.berth --json
      """,
    subcommands: [Show.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a snapshot to the last byte, and say what is in it.",
      discussion: """
        Sums are compared section by section, then an engine is made of the file and checks itself. A file that is cut \
        or altered is refused with the offset.

        Examples:
          berth snapshot show cluster.berth
        """)

    @Argument(help: ArgumentHelp("The snapshot.", valueName: "file"))
    var file: String

    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() throws {
      let summary = try SnapshotSummary(path: file)
      let (engine, _) = try Engine.recover(snapshot: file, journal: nil, options: .defaults)
      try engine.validate()
      let info = engine.info()
      Terminal.printResult(json ? line(summary, engine, info) : table(summary, engine, info))
    }

    private func line(_ summary: SnapshotSummary, _ engine: Engine, _ info: berth_engine_info) -> String {
      JSONValue.object([
        ("file", .text(file)), ("bytes", .count(summary.fileBytes)), ("digest", .text(hexadecimal(summary.digest))),
        ("time_ms", .integer(engine.now)), ("nodes", .count(info.nodes)), ("pods", .count(info.pods)),
        ("classes", .count(info.classes)), ("shapes", .count(info.shapes)),
        (
          "sections",
          .list(
            summary.sections.map {
              .object([("name", .text($0.name)), ("offset", .count($0.offset)), ("bytes", .count($0.bytes))])
            })
        ),
      ]).line
    }

    private func table(_ summary: SnapshotSummary, _ engine: Engine, _ info: berth_engine_info) -> String {
      var state = Table("snapshot: \(file)")
      state.add("file", Figures.bytes(summary.fileBytes))
      state.add("digest", hexadecimal(summary.digest))
      state.add("time", "\(Figures.grouped(engine.now)) ms")
      state.add("nodes", Figures.grouped(info.nodes))
      state.add("pods", Figures.grouped(info.pods))
      state.add("pod classes", Figures.grouped(info.classes))
      state.add("shapes", Figures.grouped(info.shapes))
      var sections = Table("\nsections", head: ["", "offset", "bytes"])
      for section in summary.sections {
        sections.add(section.name, Figures.grouped(section.offset), Figures.grouped(section.bytes))
      }
      return state.text + "\n" + sections.text
    }
  }
}

struct JournalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal",
    abstract: "Look into journals, and replay them.",
    discussion: """
      Examples:
        berth journal show calls.berth
        berth journal replay calls.berth --snapshot cluster.berth
      """,
    subcommands: [Show.self, Replay.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check a journal's sums, and say which calls are in it.",
      discussion: """
        A journal that ends in the middle of a record is what a crash leaves: it counts up to there. One that is \
        altered is refused with the offset.

        Examples:
          berth journal show calls.berth
          berth journal show calls.berth --records
        """)

    @Argument(help: ArgumentHelp("The journal.", valueName: "file"))
    var file: String

    @Flag(help: "List every record: offset, bytes, call.")
    var records = false

    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() throws {
      var list = Table("records", head: ["offset", "bytes", "call"], figuresFrom: 3)
      var entries: [JSONValue] = []
      let summary = try JournalSummary(path: file) { entry in
        guard records else { return }
        if json {
          entries.append(
            .object([("offset", .count(entry.offset)), ("bytes", .count(entry.bytes)), ("call", .text(entry.name))]))
        } else {
          list.add(String(entry.offset), String(entry.bytes), entry.name)
        }
      }
      Terminal.printResult(json ? line(summary, entries) : table(summary) + (records ? "\n\n" + list.text : ""))
    }

    private func line(_ summary: JournalSummary, _ entries: [JSONValue]) -> String {
      JSONValue.object(
        [
          ("file", .text(file)), ("bytes", .count(summary.fileBytes)), ("end_offset", .count(summary.endOffset)),
          ("torn_bytes", .count(summary.tornBytes)), ("base_digest", .text(hexadecimal(summary.digest))),
          ("levels", .list(summary.levels.map { .text($0) })),
          ("open_statements", .count(summary.openStatements)), ("calls", .count(summary.calls)),
          ("counts", .object(summary.counts.map { ($0.name, .count($0.calls)) })),
        ] + (records ? [("records", .list(entries))] : [])
      ).line
    }

    private func table(_ summary: JournalSummary) -> String {
      var state = Table("journal: \(file)")
      state.add("file", Figures.bytes(summary.fileBytes))
      state.add("begins from", hexadecimal(summary.digest))
      state.add("ends at", Figures.grouped(summary.endOffset))
      state.add("torn bytes", Figures.grouped(summary.tornBytes))
      state.add("open statements", Figures.grouped(summary.openStatements))
      var calls = Table("\ncalls", head: ["", "calls"])
      for (name, count) in summary.counts { calls.add(name, Figures.grouped(count)) }
      calls.add("all", Figures.grouped(summary.calls))
      return state.text + "\n" + calls.text
    }
  }

  struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make every call of a journal again, and compare every answer.",
      discussion: """
        Without --snapshot the journal must begin with an empty engine. The engine checks itself at the end.

        Examples:
          berth journal replay calls.berth
          berth journal replay calls.berth --snapshot cluster.berth --json
        """)

    @Argument(help: ArgumentHelp("The journal.", valueName: "file"))
    var file: String

    @Option(help: ArgumentHelp("A snapshot that the journal goes on from.", valueName: "file"))
    var snapshot: String?

    @Option(help: "Kernels to decide with: auto, scalar, baseline, v3 or v4. All decide alike.")
    var cpuLevel = CPULevel.auto

    @Flag(help: "Print one line of JSON.")
    var json = false

    func run() throws {
      var options = berth_engine_options.defaults
      options.cpu_level = cpuLevel.code
      let began = MonotonicClock.now()
      let (engine, recovery) =
        if let snapshot {
          try Engine.recover(snapshot: snapshot, journal: file, options: options)
        } else {
          try Engine.recover(snapshot: nil, journal: file, options: options)
        }
      let nanoseconds = Double(MonotonicClock.now() - began)
      try engine.validate()
      Terminal.printResult(
        json ? line(engine, recovery, nanoseconds) : table(engine, recovery, nanoseconds))
    }

    private func line(_ engine: Engine, _ recovery: berth_recovery, _ nanoseconds: Double) -> String {
      let info = engine.info()
      return JSONValue.object([
        ("file", .text(file)), ("replayed", .count(recovery.replayed)), ("skipped", .count(recovery.skipped)),
        ("discarded_statements", .count(recovery.discarded)), ("end_offset", .count(recovery.end_offset)),
        ("torn_bytes", .count(recovery.torn_bytes)), ("digest", .text(hexadecimal(engine.digest()))),
        ("nodes", .count(info.nodes)), ("pods", .count(info.pods)), ("cpu_level", .text(info.cpuLevelName)),
        ("seconds", .number((nanoseconds / 1e9).significant(4))),
      ]).line
    }

    private func table(_ engine: Engine, _ recovery: berth_recovery, _ nanoseconds: Double) -> String {
      let info = engine.info()
      var table = Table("replay: \(file)")
      table.add("calls made again", Figures.grouped(recovery.replayed))
      table.add("calls of the snapshot", Figures.grouped(recovery.skipped))
      table.add("statements discarded", Figures.grouped(recovery.discarded))
      table.add("ends at", Figures.grouped(recovery.end_offset))
      table.add("torn bytes", Figures.grouped(recovery.torn_bytes))
      table.add("digest", hexadecimal(engine.digest()))
      table.add("nodes", Figures.grouped(info.nodes))
      table.add("pods", Figures.grouped(info.pods))
      table.add("took", Figures.duration(nanoseconds: nanoseconds))
      return table.text
    }
  }
}

extension berth_engine_options {
  fileprivate static var defaults: berth_engine_options {
    var options = berth_engine_options()
    options.struct_size = UInt32(MemoryLayout<berth_engine_options>.size)
    return options
  }
}

private func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
