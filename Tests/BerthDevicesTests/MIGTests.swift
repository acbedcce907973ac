import BerthDevices
import Testing

/// What NVIDIA's Multi-Instance GPU User Guide says of a model: for each profile its name, its share of the compute and
/// memory slices, and its placements as `nvidia-smi mig -lgipp` prints them, {starts}:slices.
private struct Documented: Sendable {
  let model: String
  let profiles: [(name: String, compute: Int, placements: String)]

  /// Models of 8 memory and 7 compute slices differ in their gigabytes alone.
  init(_ model: String, ofSeven gigabytes: [Int]) {
    self.model = model
    let shapes = [
      (7, "{0}:8"), (4, "{0}:4"), (3, "{0,4}:4"), (2, "{0,2,4}:2"), (1, "{0,2,4,6}:2"), (1, "{0,1,2,3,4,5,6}:1"),
    ]
    profiles = zip(shapes, gigabytes).map { ("\($0.0)g.\($1)gb", $0.0, $0.1) }
  }

  init(_ model: String, ofFour gigabytes: [Int]) {
    self.model = model
    let shapes = [(4, "{0}:4"), (2, "{0,2}:2"), (1, "{0,1,2,3}:1")]
    profiles = zip(shapes, gigabytes).map { ("\($0.0)g.\($1)gb", $0.0, $0.1) }
  }

  /// The memory slices of each instance that there can be, by profile, as sets of their numbers.
  var placements: [[Set<Int>]] {
    profiles.map { profile in
      let halves = profile.placements.split(separator: ":")
      let size = Int(halves[1])!
      return halves[0].dropFirst().dropLast().split(separator: ",").map { Set(Int($0)!..<Int($0)! + size) }
    }
  }
}

private let documented: [Documented] = [
  Documented("A100-SXM4-40GB", ofSeven: [40, 20, 20, 10, 10, 5]),
  Documented("A100-PCIE-40GB", ofSeven: [40, 20, 20, 10, 10, 5]),
  Documented("A100-SXM4-80GB", ofSeven: [80, 40, 40, 20, 20, 10]),
  Documented("A100-PCIE-80GB", ofSeven: [80, 40, 40, 20, 20, 10]),
  Documented("A800-SXM4-80GB", ofSeven: [80, 40, 40, 20, 20, 10]),
  Documented("H100-SXM5-80GB", ofSeven: [80, 40, 40, 20, 20, 10]),
  Documented("H100-PCIE-80GB", ofSeven: [80, 40, 40, 20, 20, 10]),
  Documented("H800-SXM5-80GB", ofSeven: [80, 40, 40, 20, 20, 10]),
  Documented("H100-NVL", ofSeven: [94, 47, 47, 24, 24, 12]),
  Documented("H20", ofSeven: [96, 48, 48, 24, 24, 12]),
  Documented("H200-SXM5-141GB", ofSeven: [141, 71, 71, 35, 35, 18]),
  Documented("H200-NVL", ofSeven: [141, 71, 71, 35, 35, 18]),
  Documented("B200", ofSeven: [180, 90, 90, 45, 45, 23]),
  Documented("GB200", ofSeven: [186, 93, 93, 47, 47, 23]),
  Documented("A30", ofFour: [24, 12, 6]),
  Documented("RTX-PRO-6000-Blackwell-Server-Edition", ofFour: [96, 48, 24]),
]

@Suite struct MIGTests {
  @Test func modelsThatCanBeCutAreThoseOfTheGuide() {
    let cut = GPUModel.all.filter { $0.mig != nil }.map(\.name)
    #expect(Set(cut) == Set(documented.map(\.model)))
    #expect(cut.count == documented.count)
  }

  @Test(arguments: documented.indices)
  func profilesAreThoseOfTheGuide(index: Int) throws {
    let model = documented[index]
    let support = try #require(GPUModel.named(model.model)?.mig)
    #expect(support.profiles.map(\.name) == model.profiles.map(\.name))
    #expect(MIGTable.table(for: support.geometry).profileCount == support.profiles.count)
    for (place, profile) in support.profiles.enumerated() {
      #expect(support.index(of: profile.name) == place)
      #expect(profile.computeSlices == model.profiles[place].compute)
      #expect(profile.name == "\(profile.computeSlices)g.\(profile.memoryGB)gb")
      let starts = (0..<8).filter { profile.starts >> UInt8($0) & 1 == 1 }
      let instances = starts.map { start in Set((0..<8).filter { profile.slices(from: start) >> UInt8($0) & 1 == 1 }) }
      #expect(instances == model.placements[place], "\(model.model), \(profile.name)")
      #expect(instances.allSatisfy { $0.count == profile.memorySlices })
    }
    for name in ["", "1g", "1g.5gb+me", "2g.5gb", "8g.80gb", "1G.5GB"] { #expect(support.index(of: name) == nil) }
  }

  /// The rule, from its text: the start after which most instances of the largest profile fit, then of the next, and so
  /// on, then the lowest.
  @Test(arguments: documented.indices)
  func startsAreTheRuleForEveryStateOfEveryModel(index: Int) throws {
    let placements = documented[index].placements
    let support = try #require(GPUModel.named(documented[index].model)?.mig)
    let table = MIGTable.table(for: support.geometry)
    let slices = placements[0][0].count
    for used in 0..<256 {
      let occupied = Set((0..<slices).filter { used >> $0 & 1 == 1 })
      for profile in placements.indices {
        var best: (start: Int, fitting: [Int])?
        for instance in placements[profile] where instance.isDisjoint(with: occupied) {
          let later = occupied.union(instance)
          let fitting = placements.map { $0.count { $0.isDisjoint(with: later) } }
          if let known = best, !known.fitting.lexicographicallyPrecedes(fitting) { continue }
          best = (instance.min()!, fitting)
        }
        let expected = best.map { UInt8($0.start) } ?? MIGTable.noStart
        #expect(table.start(profile: profile, used: UInt8(used)) == expected, "profile \(profile), used \(used)")
      }
    }
  }

  /// All ways to fill a GPU, one instance after the other: no more compute slices than there are are ever given out, and
  /// each profile comes to the number of instances that the guide gives.
  @Test(arguments: documented.indices)
  func noWayToFillTakesMoreThanThereIs(index: Int) {
    let model = documented[index]
    let placements = model.placements
    let computeSlices = model.profiles[0].compute
    var seen: Set<[Set<Int>]> = []
    func fill(_ occupied: Set<Int>, _ compute: Int, _ taken: [Set<Int>]) {
      #expect(compute <= computeSlices)
      guard seen.insert(taken.sorted { $0.min()! < $1.min()! }).inserted else { return }
      for profile in placements.indices {
        for instance in placements[profile] where instance.isDisjoint(with: occupied) {
          fill(occupied.union(instance), compute + model.profiles[profile].compute, taken + [instance])
        }
      }
    }
    fill([], 0, [])
  }

  @Test(arguments: documented.indices)
  func asManyInstancesFitAsTheGuideSays(index: Int) throws {
    let model = documented[index]
    let support = try #require(GPUModel.named(model.model)?.mig)
    let table = MIGTable.table(for: support.geometry)
    let most = support.geometry == .sevenSlices ? [1, 1, 2, 3, 4, 7] : [1, 2, 4]
    for (profile, count) in zip(support.profiles.indices, most) {
      var used: UInt8 = 0
      var placed = 0
      while case let start = table.start(profile: profile, used: used), start != MIGTable.noStart {
        used |= support.profiles[profile].slices(from: Int(start))
        placed += 1
      }
      #expect(placed == count, "\(model.model), \(support.profiles[profile].name)")
    }
  }

  /// The guide's picture for A100: 19 ways to fill the GPU, without the 1g profile of double memory.
  @Test func thereAreNineteenWaysToFillAnA100() throws {
    let support = try #require(GPUModel.named("A100-SXM4-40GB")?.mig)
    let profiles = support.profiles.filter { $0.name != "1g.10gb" }
    var full: Set<[String]> = []
    func fill(_ used: UInt8, _ taken: [String]) {
      var isFull = true
      for profile in profiles {
        for start in 0..<8 where profile.starts >> UInt8(start) & 1 == 1 && profile.slices(from: start) & used == 0 {
          isFull = false
          fill(used | profile.slices(from: start), (taken + ["\(start): \(profile.name)"]).sorted())
        }
      }
      if isFull { full.insert(taken) }
    }
    fill(0, [])
    #expect(full.count == 19)
  }

  @Test func largeInstancesAreKeptPossible() throws {
    let table = MIGTable.sevenSlices
    // 1g at the end, which 4g cannot use; 3g there, too; 2g beside it
    #expect(table.start(profile: 5, used: 0) == 6)
    #expect(table.start(profile: 2, used: 0) == 4)
    #expect(table.start(profile: 3, used: 0) == 4)
    #expect(table.start(profile: 0, used: 1) == MIGTable.noStart)
    // slices that A30 does not have are ignored
    #expect(MIGTable.fourSlices.start(profile: 0, used: 0xF0) == 0)
  }
}
