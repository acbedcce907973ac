import BerthDevices
import Foundation
import Testing

/// Longer runs are asked for by BERTH_LONG=1.
let isLongRun = ProcessInfo.processInfo.environment["BERTH_LONG"] == "1"

/// SplitMix64.
struct Random: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

extension Machine {
  /// Any links, nodes, switches and NICs.
  static func madeUp(gpus count: Int, using random: inout Random) throws -> Machine {
    let classes: [LinkClass] = [
      .crossSocket, .sameNode, .singleSwitch, .nvLink(lanes: 2), .nvLink(lanes: 4), .nvSwitch,
    ]
    let kinds = Int.random(in: 1...classes.count, using: &random)
    var links = [LinkClass](repeating: .itself, count: count * count)
    for row in 0..<count {
      for column in 0..<row {
        let link = classes[Int.random(in: 0..<kinds, using: &random)]
        links[row * count + column] = link
        links[column * count + row] = link
      }
    }
    let nics = Int.random(in: 0...5, using: &random)
    let nicLinks = (0..<count * nics).map { _ in LinkClass(rawValue: UInt8.random(in: 1...5, using: &random)) }
    return try Machine(
      gpus: (0..<count).map { _ in
        Machine.GPU(
          model: "T4", memoryMiB: 1, numaNode: UInt8.random(in: 0...2, using: &random),
          pcieSwitch: UInt8.random(in: 0...3, using: &random))
      },
      nics: (0..<nics).map { Machine.NIC(name: "nic\($0)") }, links: links, nicLinks: nicLinks)
  }
}

/// Each kind of demand: every class required, with and without preference; NICs wanted or required, one, some, too many.
let demands: [LinkDemand] = {
  let classes: [LinkClass] = [
    .itself, .crossSocket, .sameNode, .hostBridge, .multipleSwitches, .singleSwitch, .nvLink(lanes: 1),
    .nvLink(lanes: 2), .nvLink(lanes: 4), .nvLink(lanes: 12), .nvLink(lanes: 13), .nvSwitch,
  ]
  let wanted: [(nics: UInt8, isRequired: Bool)] = [
    (0, false), (1, false), (1, true), (2, false), (2, true), (4, true), (8, true), (16, false),
  ]
  return classes.flatMap { required in
    [LinkDemand.Preference.none, .bestLinks].flatMap { preference in
      wanted.map {
        LinkDemand(required: required, preference: preference, nics: $0.nics, requiresNICs: $0.isRequired)
      }
    }
  }
}()

let smallMachines = StandardMachine.all.filter { (try? $0.machine())?.gpus.count ?? 0 <= 8 }.map(\.name)
let largeMachines = StandardMachine.all.map(\.name).filter { !smallMachines.contains($0) }
