import BerthKubernetes
import Foundation
import Testing

@testable import BerthNetwork

/// Files with bytes removed, changed, swapped, cut or doubled: read or refused in words, never more than that.
struct MangledTests {
  @Test(arguments: TopologyExamples.all.indices)
  func mangledTopologiesAreReadOrRefused(example: Int) throws {
    for seed in 0..<rounds {
      let text = mangled(TopologyExamples.all[example], seed: seed)
      do {
        let found = try TopologyFile(labelKeys: seed % 2 == 0 ? [] : ["zone", "rack"]).read(text: text, file: "file")
        #expect(found.inconsistency == nil, "seed \(seed)")
      } catch {
        check(error, seed)
      }
    }
  }

  @Test(arguments: JobExamples.all.indices)
  func mangledJobsAreReadOrRefused(example: Int) throws {
    let network = try topology("node,zone,block,rack\na,z,b,r\n")
    for seed in 0..<rounds {
      let text = mangled(JobExamples.all[example], seed: seed)
      do {
        for job in try JobFile.read(text: text, file: "file") {
          #expect(job.memberCount >= job.minMember && job.minMember > 0, "seed \(seed)")
          _ = job.problems(in: network)
        }
      } catch {
        check(error, seed)
      }
    }
  }

  /// BERTH_FUZZ_SEEDS asks for more.
  private var rounds: Int { ProcessInfo.processInfo.environment["BERTH_FUZZ_SEEDS"].flatMap { Int($0) } ?? 300 }

  private func check(_ error: BadInput, _ seed: Int) {
    #expect(!error.problems.isEmpty && error.problems.allSatisfy { !$0.message.isEmpty }, "seed \(seed)")
  }

  private func mangled(_ text: String, seed: Int) -> String {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
    func next(_ bound: Int) -> Int {
      state = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9 &+ 0x94D0_49BB_1331_11EB
      return Int((state >> 33) % UInt64(max(1, bound)))
    }
    var bytes = Array(text.utf8)
    let tokens = [
      "-1", "99999999999999999999", "[", "]", "{", "0", "nan", ",", "\n", "null", "\u{0}", "[0-70000]", "\t",
    ]
    for _ in 0..<(1 + seed % 6) {
      let index = next(bytes.count)
      switch next(7) {
      case 0: bytes.remove(at: index)
      case 1: bytes[index] = UInt8(32 + next(95))
      case 2: bytes.swapAt(index, next(bytes.count))
      case 3: bytes.insert(contentsOf: tokens[next(tokens.count)].utf8, at: index)
      case 4: bytes.removeSubrange(index..<min(bytes.count, index + next(20)))
      case 5: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + next(40))], at: next(bytes.count))
      default:
        let digits = bytes.indices.filter { (48...57).contains(bytes[$0]) }
        if !digits.isEmpty { bytes[digits[next(digits.count)]] = UInt8(48 + next(10)) }
      }
      if bytes.isEmpty { bytes = [32] }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
