/// What typical pods need of one GPU, each (milli, GPUs that are allowed) once, and what a node has of it.
final class TypicalNeeds {
  private struct Need: Hashable {
    var milli: UInt16
    var allowed: UInt16
  }
  /// GPUs that have so much free, and what they have free together.
  struct Found {
    var count: Int32 = 0
    var free: Int32 = 0
  }
  private let isUniform: Bool
  /// Descending by milli.
  private let needs: UnsafeMutableBufferPointer<Need>
  let found: UnsafeMutablePointer<Found>
  /// By kind of typical pods: the place of its need; -1: no GPU is allowed, -2: it asks for none.
  let places: [Int32]

  init(_ machine: MachineEntry, _ typical: TypicalPods) {
    let isUniform = machine.isUniform
    func need(_ kind: TypicalPods.Kind) -> Need {
      let allowed = machine.gpus(of: kind.models)
      return Need(milli: kind.milli, allowed: isUniform && allowed != 0 ? .max : allowed)
    }
    let distinct = Set(typical.kinds.filter { $0.count > 0 }.map(need)).filter { $0.allowed != 0 }
      .sorted { ($0.milli, $0.allowed) > ($1.milli, $1.allowed) }
    needs = .allocate(capacity: distinct.count)
    _ = needs.initialize(from: distinct)
    found = .allocate(capacity: distinct.count)
    found.initialize(repeating: Found(), count: distinct.count)
    places = typical.kinds.map { $0.count == 0 ? -2 : Int32(distinct.firstIndex(of: need($0)) ?? -1) }
    self.isUniform = isUniform
  }

  deinit {
    needs.deallocate()
    found.deallocate()
  }

  func isAllowed(_ gpu: Int, at place: Int) -> Bool { needs[place].allowed >> UInt16(gpu) & 1 != 0 }

  /// Fills `found` for a node's free milli, which are sorted where all GPUs are of one model.
  @inline(__always)
  func look(at milli: SIMD16<UInt16>) {
    guard isUniform else { return lookByGPU(milli) }
    withUnsafeBytes(of: milli) { bytes in
      let cells = bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: UInt16.self)
      // both are descending
      var (gpu, free): (Int, Int32) = (0, 0)
      for place in needs.indices {
        let wanted = needs[place].milli
        while gpu < 16 && cells[gpu] >= wanted {
          free += Int32(cells[gpu])
          gpu += 1
        }
        found[place] = Found(count: Int32(gpu), free: free)
      }
    }
  }

  private func lookByGPU(_ milli: SIMD16<UInt16>) {
    for place in needs.indices {
      let need = needs[place]
      var there = Found()
      for gpu in 0..<16 where need.allowed >> UInt16(gpu) & 1 != 0 && milli[gpu] >= need.milli {
        there.count += 1
        there.free += Int32(milli[gpu])
      }
      found[place] = there
    }
  }
}
