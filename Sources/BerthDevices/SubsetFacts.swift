/// What is known of every set of a machine's GPUs before any demand: by mask, in raw memory, never written after init.
///
/// 6 bytes a mask: 1.5 KiB for 8 GPUs, 384 KiB for 16.
struct SubsetFacts {
  let gpuCount: Int
  let nicCount: Int
  /// Least class of a pair << 24 | sum of the pairs' weights; the class of a set without pairs is 255.
  /// The sum has room: 120 pairs of 4,800 are 576,000.
  let linkKeys: UnsafeMutablePointer<UInt32>
  /// Sum of the values of the cells that lie in the set.
  let values: UnsafeMutablePointer<UInt16>
  /// [gpu][class]: the NICs whose link to the GPU has that class (1...5) or a better one.
  let nicReach: UnsafeMutablePointer<UInt16>

  static let reachStride = 8
  static let noPairs: UInt8 = .max

  init(_ structure: LinkStructure) {
    gpuCount = structure.gpuCount
    nicCount = structure.nicCount
    let count = 1 << gpuCount
    linkKeys = .allocate(capacity: count)
    linkKeys.initialize(repeating: UInt32(Self.noPairs) << 24, count: count)
    values = .allocate(capacity: count)
    values.initialize(repeating: 0, count: count)
    nicReach = .allocate(capacity: gpuCount * Self.reachStride)
    nicReach.initialize(repeating: 0, count: gpuCount * Self.reachStride)
    fillLinks(structure)
    fillValues(structure)
    fillNICs(structure)
  }

  func deallocate() {
    linkKeys.deallocate()
    values.deallocate()
    nicReach.deallocate()
  }

  var allGPUs: UInt16 { UInt16(truncatingIfNeeded: 1 << gpuCount - 1) }
  var allNICs: UInt16 { UInt16(truncatingIfNeeded: 1 << nicCount - 1) }
  var bytes: Int { 6 << gpuCount + gpuCount * Self.reachStride * 2 }

  func leastClass(of mask: UInt16) -> UInt8 { UInt8(linkKeys[Int(mask)] >> 24) }

  /// A set is its lowest GPU and the rest, which is a smaller mask and known already.
  private func fillLinks(_ structure: LinkStructure) {
    for mask in 1..<1 << gpuCount {
      let rest = mask & (mask - 1)
      let row = mask.trailingZeroBitCount * gpuCount
      var least = UInt8(linkKeys[rest] >> 24)
      var sum = linkKeys[rest] & 0xFF_FFFF
      var others = rest
      while others != 0 {
        let link = structure.links[row + others.trailingZeroBitCount]
        least = min(least, link.rawValue)
        sum += UInt32(link.weight)
        others &= others - 1
      }
      linkKeys[mask] = UInt32(least) << 24 | sum
    }
  }

  /// Each cell's value at its own mask, then summed over subsets, one GPU after the other.
  private func fillValues(_ structure: LinkStructure) {
    for cell in structure.cells { values[Int(cell)] += UInt16(LinkStructure.value(ofCell: cell)) }
    for gpu in 0..<gpuCount {
      for mask in 0..<1 << gpuCount where mask >> gpu & 1 == 1 { values[mask] += values[mask ^ 1 << gpu] }
    }
  }

  private func fillNICs(_ structure: LinkStructure) {
    for gpu in 0..<gpuCount {
      for nic in 0..<nicCount {
        for least in 1...structure.nicLinks[gpu * nicCount + nic].rawValue {
          nicReach[gpu * Self.reachStride + Int(least)] |= 1 << UInt16(nic)
        }
      }
    }
  }

  /// The NICs nearest to a set of GPUs.
  struct NearNICs {
    var mask: UInt16 = 0
    /// Sum of `LinkClass.nicQuality`.
    var score = 0
    /// NICs that share a PCIe switch with a GPU of the set.
    var sharing = 0
  }

  /// The nearest `count` NICs of `free`, lowest index first among equally near ones; fewer when there are no more.
  /// How near a NIC is: the best of its links to the GPUs of the set.
  func nearestNICs(of gpus: UInt16, count: Int, free: UInt16) -> NearNICs {
    var near = NearNICs()
    var left = count
    var least = LinkClass.singleSwitch.rawValue
    while least >= 1 && left > 0 {
      var reached: UInt16 = 0
      var rest = gpus
      while rest != 0 {
        reached |= nicReach[rest.trailingZeroBitCount * Self.reachStride + Int(least)]
        rest &= rest - 1
      }
      let link = LinkClass(rawValue: least)
      var fresh = reached & free & ~near.mask
      while fresh != 0 && left > 0 {
        near.mask |= fresh & (~fresh &+ 1)
        near.score += link.nicQuality
        if link >= LinkDemand.sharedSwitch { near.sharing += 1 }
        fresh &= fresh - 1
        left -= 1
      }
      least -= 1
    }
    return near
  }
}
