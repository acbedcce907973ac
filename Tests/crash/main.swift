import BerthCore
import BerthSimulation
import Glibc

// berth-crash: what journals are worth when processes die and disks are full.
//   berth-crash kill COUNT [SEED]      kills so many processes at random moments while they journal, and recovers
//   berth-crash full COUNT [SEED]      so many runs in which files may not grow any more
//   berth-crash child FOLDER SEED FLAGS CRASHES...      the process that is killed

func number(_ place: Int) -> UInt64? {
  place < CommandLine.arguments.count ? UInt64(CommandLine.arguments[place]) : nil
}

/// In memory where that can be had: what a killed process has written is there either way, and it is quicker.
func temporaryFolder() throws -> String {
  let parent = getenv("TMPDIR").map { String(cString: $0) } ?? (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")
  var template = Array("\(parent)/berth-crash-XXXXXX".utf8CString)
  guard let path = mkdtemp(&template) else { throw Failure(description: "no temporary folder: \(errno)") }
  return String(cString: path)
}

/// Runs of five crashes each, until there are enough.
func killMany(_ count: Int, from first: UInt64) throws {
  let folder = try temporaryFolder()
  var parent = Parent(folder: folder, seed: first)
  var seed = first
  while parent.kills < count {
    do {
      try parent.run(seed: seed, crashes: min(5, count - parent.kills))
    } catch {
      throw Failure(description: "\(error)\nreplay: berth-crash kill 5 \(seed)   (files are in \(folder))")
    }
    seed += 1
  }
  for name in ["journal", "snapshot", "reference"] { unlink("\(folder)/\(name)") }
  rmdir(folder)
  print(
    "crash: \(parent.kills) processes killed: every call that returned was recovered, and so were \(parent.inFlight) "
      + "that were inside; \(parent.torn) torn records, \(parent.discarded) open statements discarded")
}

func fillMany(_ count: Int, from first: UInt64) throws {
  let folder = try temporaryFolder()
  var refused = 0
  for seed in first..<(first + UInt64(count)) {
    do {
      refused += try FullDisk.run(folder: folder, seed: seed)
    } catch {
      throw Failure(description: "\(error)\nreplay: berth-crash full 1 \(seed)")
    }
  }
  guard refused > 0 else { throw Failure(description: "no call was refused: the limit was never met") }
  for name in ["journal", "snapshot"] { unlink("\(folder)/\(name)") }
  rmdir(folder)
  print("crash: \(refused) calls could not be recorded in \(count) runs, and left no trace")
}

do {
  switch CommandLine.arguments.dropFirst().first {
  case "kill": try killMany(Int(number(2) ?? 100), from: number(3) ?? 1)
  case "full": try fillMany(Int(number(2) ?? 10), from: number(3) ?? 1)
  case "child":
    guard CommandLine.arguments.count >= 5, let seed = number(3), let flags = number(4) else {
      throw Failure(description: "child FOLDER SEED FLAGS CRASHES...")
    }
    try Child.run(
      Case(
        folder: CommandLine.arguments[2], seed: seed, flags: UInt32(flags),
        crashes: (5..<CommandLine.arguments.count).compactMap { number($0).map { Int($0) } }))
  default: throw Failure(description: "kill COUNT [SEED], or full COUNT [SEED]")
  }
} catch {
  var message = "berth-crash: \(error)\n"
  message.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  exit(1)
}
