import BerthSimulation
import Foundation

/// Programs that play one case against each other, slice by slice: each places the same pods, then it is the next one's
/// turn, in another order every time. What else runs on the machine disturbs all of them alike.
struct BoundaryContest {
  /// At least: a slice is made of whole calls. Long enough that what another one left in the caches does not count.
  static let podsPerSlice = 10_000

  let boundaryCase: BoundaryCase
  let languages: [String]
  let programs: String
  let pods: Int
  private(set) var times: [Int: BoundaryTimes] = [:]
  private(set) var digest = ""
  private(set) var placed = 0
  private(set) var allocator = ""
  private(set) var cpuLevel = ""

  init(_ boundaryCase: BoundaryCase, languages: [String], programs: String, pods: Int) {
    self.boundaryCase = boundaryCase
    self.languages = languages
    self.programs = programs
    self.pods = pods
  }

  /// Starts the programs anew, and plays with each number of pods per call in turns: once to warm up, then `repeats`
  /// times.
  mutating func playRound(repeats: Int, podsPerCall sizes: [Int], onPlay: () -> Void) throws {
    let players = try languages.map { try BoundaryProgram($0, in: programs, boundaryCase) }
    defer { BoundaryProgram.end(players) }
    allocator = players[0].allocator
    cpuLevel = players[0].cpuLevel
    for player in players where (player.allocator, player.cpuLevel) != (allocator, cpuLevel) {
      throw BoundaryFailure(
        "\(player.language) runs with \(player.allocator) and CPU level \(player.cpuLevel), Swift with \(allocator) "
          + "and \(cpuLevel): these cannot be compared")
    }
    for turn in 0...repeats {
      for size in sizes {
        let play = try play(players, podsPerCall: size, turn)
        if turn > 0 { times[size, default: BoundaryTimes(languages: players.count)].add(play) }
        for player in players { try compare(player.release(), of: player, podsPerCall: size) }
        onPlay()
      }
    }
  }

  /// Nanoseconds per placement, [language][slice].
  private func play(_ players: [BoundaryProgram], podsPerCall: Int, _ turn: Int) throws -> [[Double]] {
    var play = [[Double]](repeating: [], count: players.count)
    let slice = (Self.podsPerSlice + podsPerCall - 1) / podsPerCall * podsPerCall
    for (number, first) in stride(from: 0, to: pods, by: slice).enumerated() {
      for step in players.indices {
        let place = (number + step) % players.count
        let index = (turn + number / players.count) % 2 == 0 ? place : players.count - 1 - place
        play[index].append(
          try players[index].place(first..<min(first + slice, pods), podsPerCall: podsPerCall))
      }
    }
    return play
  }

  private mutating func compare(
    _ decided: (digest: String, placed: Int), of player: BoundaryProgram, podsPerCall: Int
  ) throws {
    if digest.isEmpty { (digest, placed) = decided }
    guard decided == (digest, placed) else {
      throw BoundaryFailure(
        "\(player.language) decided otherwise with \(podsPerCall) pods per call: \(decided.placed) placed, digest "
          + "\(decided.digest); Swift \(placed) and \(digest)")
    }
  }
}
