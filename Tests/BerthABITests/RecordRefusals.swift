import CBerth
import Foundation
import Testing

@testable import Berth

/// A path that no file has.
private func path(_ name: String = "file") -> UnsafePointer<CChar> {
  c(FileManager.default.temporaryDirectory.appendingPathComponent("berth-\(UUID().uuidString)-\(name)").path)
}

private func file(_ bytes: [UInt8]) -> UnsafePointer<CChar> {
  let path = path()
  FileManager.default.createFile(atPath: String(cString: path), contents: Data(bytes))
  return path
}

private func bytes(_ path: UnsafePointer<CChar>) -> [UInt8] {
  FileManager.default.contents(atPath: String(cString: path)).map { Array($0) } ?? []
}

@Suite struct RecordRefusals {
  @Test(arguments: snapshots + journals + statements)
  func refusedCallSaysWhyAndChangesNothing(_ refusal: Refusal) { refusal.check() }

  static func open(_ host: Host, _ flags: UInt32, size: Int = MemoryLayout<berth_journal_options>.size) -> berth_status
  {
    let options = list([berth_journal_options(struct_size: UInt32(size), flags: flags)])
    return berth_journal_open(host.engine, path(), options)
  }

  static let snapshots: [Refusal] = [
    Refusal("snapshot: null path", BERTH_NULL_POINTER, "path") { berth_snapshot_write($0.engine, nil) },
    Refusal("snapshot: empty path", BERTH_IO, "opened") { berth_snapshot_write($0.engine, "/nowhere/x") },
    Refusal("snapshot: a folder", BERTH_IO, "replaced") { berth_snapshot_write($0.engine, "/tmp") },
    Refusal("digest: null result", BERTH_NULL_POINTER, "digest_out") { berth_engine_digest($0.engine, nil) },
  ]

  static let journals: [Refusal] = [
    Refusal("journal: null path", BERTH_NULL_POINTER, "path") { berth_journal_open($0.engine, nil, nil) },
    Refusal("journal: no such folder", BERTH_IO, "/nowhere") { berth_journal_open($0.engine, "/nowhere/x", nil) },
    Refusal("journal: a folder", BERTH_IO, "/tmp") { berth_journal_open($0.engine, "/tmp", nil) },
    Refusal("journal: unknown flag", BERTH_BAD_ARGUMENT, "flags 4") { open($0, 4) },
    Refusal("journal: buffered and synced", BERTH_BAD_ARGUMENT, "both") { open($0, 3) },
    Refusal("journal: another size", BERTH_BAD_STRUCT, "berth_journal_options_init") { open($0, 0, size: 4) },
    Refusal("journal: an empty file", BERTH_BAD_FILE, "offset 0") { berth_journal_open($0.engine, file([]), nil) },
    Refusal("journal: a foreign file", BERTH_BAD_FILE, "offset 0") {
      berth_journal_open($0.engine, file(Array("#!/bin/sh\n".utf8)), nil)
    },
    Refusal("journal: a snapshot", BERTH_BAD_FILE, "offset 0") { host in
      let path = path()
      host.must(berth_snapshot_write(host.engine, path))
      return berth_journal_open(host.engine, path, nil)
    },
    Refusal("journal: of another ABI", BERTH_BAD_FILE, "offset") { host in
      // the number is summed, so a changed one is an altered file; JournalTests has one with the right sum
      let path = path()
      host.must(berth_journal_open(host.engine, path, nil))
      host.must(berth_journal_close(host.engine))
      var altered = bytes(path)
      altered[12] += 1
      return berth_journal_open(host.engine, file(altered), nil)
    },
    Refusal("journal: of another engine", BERTH_WRONG_STATE, "recover") { host in
      let path = path()
      let other = Host()
      other.must(berth_journal_open(other.engine, path, nil))
      other.must(berth_pods_release(other.engine, [other.bound], 1))
      other.must(berth_journal_close(other.engine))
      return berth_journal_open(host.engine, path, nil)
    },
    Refusal("journal: in use", BERTH_IO, "in use") { host in
      let path = path()
      let other = Host()
      other.must(berth_journal_open(other.engine, path, nil))
      let status = berth_journal_open(host.engine, path, nil)
      withExtendedLifetime(other) {}
      return status
    },
    Refusal("journal: open already", BERTH_WRONG_STATE, "already") { host in
      host.must(berth_journal_open(host.engine, path(), nil))
      return berth_journal_open(host.engine, path(), nil)
    },
    Refusal("journal: sync without", BERTH_WRONG_STATE, "no journal") { berth_journal_sync($0.engine) },
    Refusal("journal: close without", BERTH_WRONG_STATE, "no journal") { berth_journal_close($0.engine) },
    Refusal("journal: a call that is refused with one open", BERTH_UNKNOWN_ID, "class 99") { host in
      host.must(berth_journal_open(host.engine, path(), nil))
      return berth_pods_place(host.engine, [0, 99], 2, 0, host.out(berth_placement.self))
    },
  ]

  static let statements: [Refusal] = [
    Refusal("journal: open in a statement", BERTH_WRONG_STATE, "statement") { host in
      inStatement(host) { berth_journal_open(host.engine, path(), nil) }
    },
    Refusal("journal: close in a statement", BERTH_WRONG_STATE, "statement") { host in
      host.must(berth_journal_open(host.engine, path(), nil))
      return inStatement(host) { berth_journal_close(host.engine) }
    },
    Refusal("snapshot: in a statement", BERTH_WRONG_STATE, "statement") { host in
      inStatement(host) { berth_snapshot_write(host.engine, path()) }
    },
  ]

  /// The sentence that is looked for is that of the last refused call: closing the statement is none.
  private static func inStatement(_ host: Host, _ call: () -> berth_status) -> berth_status {
    var statement: berth_statement_id = 0
    host.must(berth_statement_begin(host.engine, &statement))
    let status = call()
    host.must(berth_statement_discard(host.engine, statement))
    return status
  }
}

/// What makes engines of files: there is no engine yet, so the thread keeps the sentence.
@Suite struct RecoverTests {
  struct Attempt {
    let what: String
    let status: Int
    let word: String
    let call: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<berth_recovery>) -> berth_status
  }

  private func options(_ change: (inout berth_engine_options) -> Void = { _ in }) -> UnsafePointer<berth_engine_options>
  {
    var options = berth_engine_options()
    berth_engine_options_init(&options)
    change(&options)
    return list([options])
  }

  @Test func refusals() {
    let host = Host()
    let (snapshot, journal) = (path("snapshot"), path("journal"))
    host.must(berth_snapshot_write(host.engine, snapshot))
    host.must(berth_journal_open(host.engine, journal, nil))
    let zone = list([Optional(c("topology.kubernetes.io/zone"))])
    let rack = list([Optional(c("rack"))])
    let attempts = [
      Attempt(what: "neither", status: BERTH_BAD_ARGUMENT, word: "neither") { out, _ in
        berth_engine_recover(nil, nil, nil, nil, out)
      },
      Attempt(what: "null result", status: BERTH_NULL_POINTER, word: "engine_out") { _, _ in
        berth_engine_recover(snapshot, nil, nil, nil, nil)
      },
      Attempt(what: "null path", status: BERTH_NULL_POINTER, word: "path") { out, _ in
        berth_snapshot_read(nil, nil, out)
      },
      Attempt(what: "no file", status: BERTH_IO, word: "/nowhere") { out, _ in
        berth_snapshot_read("/nowhere", nil, out)
      },
      Attempt(what: "no journal", status: BERTH_IO, word: "/nowhere") { out, _ in
        berth_engine_recover(snapshot, "/nowhere", nil, nil, out)
      },
      Attempt(what: "struct_size", status: BERTH_BAD_STRUCT, word: "sizeof(berth_recovery)") { out, found in
        found.pointee.struct_size = 4
        return berth_engine_recover(snapshot, journal, nil, found, out)
      },
      Attempt(what: "options' struct_size", status: BERTH_BAD_STRUCT, word: "berth_engine_options_init") { out, _ in
        berth_snapshot_read(snapshot, self.options { $0.struct_size = 0 }, out)
      },
      Attempt(what: "an unknown allocator", status: BERTH_BAD_ARGUMENT, word: "allocator") { out, _ in
        berth_snapshot_read(snapshot, self.options { $0.allocator = 9 }, out)
      },
      Attempt(what: "other levels", status: BERTH_BAD_ARGUMENT, word: "levels") { out, _ in
        berth_snapshot_read(snapshot, self.options { ($0.level_count, $0.level_keys) = (1, rack) }, out)
      },
      Attempt(what: "another tie rule", status: BERTH_BAD_ARGUMENT, word: "tie rule") { out, _ in
        berth_snapshot_read(
          snapshot,
          self.options { ($0.tie_rule, $0.level_count, $0.level_keys) = (UInt32(BERTH_TIE_KEY), 1, zone) }, out)
      },
      Attempt(what: "a journal that needs its snapshot", status: BERTH_BAD_FILE, word: "snapshot") { out, _ in
        berth_engine_recover(nil, journal, nil, nil, out)
      },
      Attempt(what: "a journal for a snapshot", status: BERTH_BAD_FILE, word: "offset 0") { out, _ in
        berth_snapshot_read(journal, nil, out)
      },
    ]
    for attempt in attempts {
      var engine = OpaquePointer(bitPattern: 7)
      var found = berth_recovery()
      found.struct_size = UInt32(MemoryLayout<berth_recovery>.size)
      let status = attempt.call(&engine, &found)
      #expect(status == berth_status(attempt.status), "\(attempt.what): \(statusName(status)), \(lastError(nil))")
      #expect(lastError(nil).contains(attempt.word), "\(attempt.what): \(lastError(nil))")
      #expect(engine == OpaquePointer(bitPattern: 7) && found.replayed == 0, "\(attempt.what)")
    }
  }

  @Test func recoveredEnginesAreTheSame() {
    let host = Host()
    let (snapshot, journal) = (path("snapshot"), path("journal"))
    host.must(berth_snapshot_write(host.engine, snapshot))
    var options = berth_journal_options()
    berth_journal_options_init(&options)
    options.flags = UInt32(BERTH_JOURNAL_SYNCED)
    host.must(berth_journal_open(host.engine, journal, &options))
    host.must(berth_pods_release(host.engine, [host.assumed], 1))
    host.must(berth_journal_sync(host.engine))
    var found = berth_recovery()
    found.struct_size = UInt32(MemoryLayout<berth_recovery>.size)
    var engine: OpaquePointer?
    #expect(berth_engine_recover(snapshot, journal, nil, &found, &engine) == ok, "\(lastError(nil))")
    #expect(found.replayed == 1 && found.skipped == 0 && found.discarded == 0 && found.torn_bytes == 0)
    #expect(Int(found.end_offset) == bytes(journal).count)
    var (ours, theirs): (UInt64, UInt64) = (0, 1)
    #expect(berth_engine_digest(host.engine, &ours) == ok && berth_engine_digest(engine, &theirs) == ok)
    #expect(ours == theirs)
    #expect(berth_engine_validate(engine) == ok)
    // a fork has the state, and no journal
    var fork: OpaquePointer?
    #expect(berth_engine_fork(host.engine, &fork) == ok)
    #expect(berth_engine_digest(fork, &theirs) == ok && ours == theirs)
    #expect(berth_journal_close(fork) == berth_status(BERTH_WRONG_STATE))
    for handle in [engine, fork] { #expect(berth_engine_destroy(handle) == ok) }
  }
}
