/// FGD's potential: the fragmentation of a node in milli-GPU, for every kind of typical pods the share of it among all
/// times what it cannot use of what is free.
final class Fragmentation: Potential {
  private struct Kind {
    var share: Double
    var cpu: Int64
    var count: Int32
    var need: Int32
  }
  private let kinds: UnsafeMutableBufferPointer<Kind>
  private let needs: TypicalNeeds
  private let typical: TypicalPods

  init(_ machine: MachineEntry, _ typical: TypicalPods) {
    self.typical = typical
    needs = TypicalNeeds(machine, typical)
    kinds = .allocate(capacity: typical.kinds.count)
    for (index, kind) in typical.kinds.enumerated() {
      kinds.initializeElement(
        at: index,
        to: Kind(share: typical.shares[index], cpu: kind.cpu, count: Int32(kind.count), need: needs.places[index]))
    }
  }

  deinit { kinds.deallocate() }

  @inline(__always)
  func state(cpu: Int64) -> Int64 { Int64(typical.rank(cpu: cpu)) }

  /// The sums are float64, for each reason apart and then added, as the authors' simulator adds them (pkg/utils/frag.go):
  /// a fall of nothing but rounding decides whether a score is 50 or 49.
  func value(_ milli: SIMD16<UInt16>, cpu: Int64) -> Double {
    needs.look(at: milli)
    let sum = Int32(milli.wrappedSum())
    let free = Double(sum)
    // by reason: lacks both, GPU, cpu; wants no GPU, and lacks cpu; has no access
    var lacksBoth = 0.0
    var lacksGPU = 0.0
    var lacksCPU = 0.0
    var wantsNone = 0.0
    var wantsNoneLacksCPU = 0.0
    var hasNoAccess = 0.0
    for kind in kinds {
      let hasCPU = kind.cpu <= cpu
      guard kind.need >= 0 else {
        if kind.need == -1 {
          hasNoAccess += kind.share * free
        } else if hasCPU {
          wantsNone += kind.share * free
        } else {
          wantsNoneLacksCPU += kind.share * free
        }
        continue
      }
      let there = needs.found[Int(kind.need)]
      if there.count >= kind.count {
        if hasCPU { lacksGPU += kind.share * Double(sum - there.free) } else { lacksCPU += kind.share * free }
      } else if hasCPU {
        lacksGPU += kind.share * free
      } else {
        lacksBoth += kind.share * free
      }
    }
    return lacksBoth + lacksGPU + lacksCPU + wantsNone + wantsNoneLacksCPU + hasNoAccess
  }
}
