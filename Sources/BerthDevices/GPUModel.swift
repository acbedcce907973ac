/// Public facts of a GPU model.
public struct GPUModel: Hashable, Sendable {
  /// Without maker, e.g. A100-SXM4-40GB.
  public let name: String
  /// Other names of it, in the spelling of `normalized`.
  public let aliases: [String]
  /// `memory.total` of a current `nvidia-smi`; drivers and ECC shift it by some MiB.
  public let memoryMiB: UInt32
  /// NVLink lanes of the GPU, as `nvidia-smi nvlink -s` counts them; 0: it has none.
  public let nvLinkLanes: Int
  /// Into what it can be partitioned; nil: it cannot.
  public let mig: MIGSupport?

  /// The model of a name, in any case, with or without "NVIDIA" or "Tesla", with blanks or dashes; nil when unknown.
  /// The label `nvidia.com/gpu.product` is understood, too: it ends in SHARED where time is sliced, and in MIG and a
  /// profile where all GPUs are cut alike.
  public static func named(_ name: String) -> GPUModel? { byName[normalized(name)] }

  /// Lower case, words joined by dashes, without the maker's name and brand, and without how the GPU is shared.
  static func normalized(_ name: String) -> String {
    let words = name.lowercased().split { $0 == " " || $0 == "-" || $0 == "_" }
    return words.prefix { $0 != "mig" && $0 != "shared" }.filter { $0 != "nvidia" && $0 != "tesla" }
      .joined(separator: "-")
  }

  private static let byName: [String: GPUModel] = {
    var result: [String: GPUModel] = [:]
    for model in all {
      for name in [normalized(model.name)] + model.aliases { result[name] = model }
    }
    return result
  }()

  private init(
    _ name: String, _ memoryMiB: UInt32, lanes: Int = 0, _ mig: MIGGeometry? = nil, gigabytes: [Int] = [],
    aliases: [String] = []
  ) {
    self.name = name
    self.aliases = aliases
    self.memoryMiB = memoryMiB
    nvLinkLanes = lanes
    self.mig = mig.map { MIGSupport($0, gigabytes: gigabytes) }
  }

  /// A model that need not be in the table, and cannot be partitioned.
  init(name: String, memoryMiB: UInt32, nvLinkLanes: Int) {
    self.init(name, memoryMiB, lanes: nvLinkLanes)
  }

  /// Sources: NVIDIA's data sheets (NVLink bandwidth / bandwidth of a lane), the MIG User Guide ("Supported GPUs",
  /// "Supported MIG Profiles"), and `nvidia-smi` as printed in public reports (memory).
  public static let all: [GPUModel] = [
    // Pascal to Turing: no partitions.
    GPUModel("P100-SXM2-16GB", 16_384, lanes: 4),
    GPUModel("V100-SXM2-16GB", 16_384, lanes: 6),
    GPUModel("V100-SXM2-32GB", 32_768, lanes: 6),
    GPUModel("V100-SXM3-32GB", 32_768, lanes: 6),
    GPUModel("V100-PCIE-16GB", 16_384),
    GPUModel("V100-PCIE-32GB", 32_768),
    GPUModel("T4", 15_360),
    // Ampere.
    GPUModel("A100-SXM4-40GB", 40_960, lanes: 12, .sevenSlices, gigabytes: a100of40),
    GPUModel("A100-SXM4-80GB", 81_920, lanes: 12, .sevenSlices, gigabytes: of80),
    GPUModel("A100-PCIE-40GB", 40_960, lanes: 12, .sevenSlices, gigabytes: a100of40),
    GPUModel("A100-PCIE-80GB", 81_920, lanes: 12, .sevenSlices, gigabytes: of80, aliases: ["a100-80gb-pcie"]),
    GPUModel("A800-SXM4-80GB", 81_920, lanes: 8, .sevenSlices, gigabytes: of80),
    GPUModel("A30", 24_576, lanes: 4, .fourSlices, gigabytes: [24, 12, 6]),
    GPUModel("A10", 23_028, aliases: ["a10g"]),
    GPUModel("A40", 46_068, lanes: 4),
    // Ada.
    GPUModel("L4", 23_034),
    GPUModel("L40", 46_068),
    GPUModel("L40S", 46_068),
    // Hopper.
    GPUModel("H100-SXM5-80GB", 81_559, lanes: 18, .sevenSlices, gigabytes: of80, aliases: ["h100-80gb-hbm3"]),
    GPUModel("H100-PCIE-80GB", 81_559, lanes: 12, .sevenSlices, gigabytes: of80, aliases: ["h100-pcie"]),
    GPUModel("H100-NVL", 95_830, lanes: 12, .sevenSlices, gigabytes: [94, 47, 47, 24, 24, 12]),
    GPUModel("H800-SXM5-80GB", 81_559, lanes: 8, .sevenSlices, gigabytes: of80, aliases: ["h800"]),
    GPUModel("H20", 97_871, lanes: 18, .sevenSlices, gigabytes: [96, 48, 48, 24, 24, 12]),
    GPUModel("H200-SXM5-141GB", 143_771, lanes: 18, .sevenSlices, gigabytes: h200, aliases: ["h200"]),
    GPUModel("H200-NVL", 143_771, lanes: 18, .sevenSlices, gigabytes: h200),
    // Blackwell.
    GPUModel("B200", 183_359, lanes: 18, .sevenSlices, gigabytes: [180, 90, 90, 45, 45, 23]),
    GPUModel("GB200", 189_471, lanes: 18, .sevenSlices, gigabytes: [186, 93, 93, 47, 47, 23]),
    GPUModel(
      "RTX-PRO-6000-Blackwell-Server-Edition", 97_887, .fourSlices, gigabytes: [96, 48, 24],
      aliases: ["rtx-pro-6000"]),
  ]

  private static let a100of40 = [40, 20, 20, 10, 10, 5]
  private static let of80 = [80, 40, 40, 20, 20, 10]
  private static let h200 = [141, 71, 71, 35, 35, 18]
}
