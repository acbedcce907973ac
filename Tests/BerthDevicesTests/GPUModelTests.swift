import BerthDevices
import Testing

@Suite struct GPUModelTests {
  @Test func namesAreUnique() {
    var seen: Set<String> = []
    for model in GPUModel.all {
      for name in [model.name] + model.aliases { #expect(seen.insert(name.lowercased()).inserted, "\(name)") }
      #expect(GPUModel.named(model.name) == model)
      for alias in model.aliases { #expect(GPUModel.named(alias) == model) }
    }
  }

  /// As `nvidia-smi -L` and the label nvidia.com/gpu.product have them.
  @Test(arguments: [
    ("NVIDIA A100-SXM4-40GB", "A100-SXM4-40GB"), ("NVIDIA-A100-SXM4-80GB", "A100-SXM4-80GB"),
    ("NVIDIA A100 80GB PCIe", "A100-PCIE-80GB"), ("NVIDIA-A100-80GB-PCIe", "A100-PCIE-80GB"),
    ("NVIDIA A100-PCIE-40GB", "A100-PCIE-40GB"), ("NVIDIA H100 80GB HBM3", "H100-SXM5-80GB"),
    ("NVIDIA H100 PCIe", "H100-PCIE-80GB"), ("NVIDIA H100 NVL", "H100-NVL"), ("NVIDIA H200", "H200-SXM5-141GB"),
    ("NVIDIA H200 NVL", "H200-NVL"), ("NVIDIA B200", "B200"), ("NVIDIA GB200", "GB200"), ("NVIDIA H20", "H20"),
    ("NVIDIA H800", "H800-SXM5-80GB"), ("NVIDIA A30", "A30"), ("NVIDIA A10G", "A10"), ("NVIDIA L40S", "L40S"),
    ("Tesla T4", "T4"), ("Tesla-V100-SXM2-16GB", "V100-SXM2-16GB"), ("Tesla P100-SXM2-16GB", "P100-SXM2-16GB"),
    ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX-PRO-6000-Blackwell-Server-Edition"),
    ("nvidia_a40", "A40"), ("Tesla-T4-SHARED", "T4"), ("NVIDIA-A100-SXM4-40GB-SHARED", "A100-SXM4-40GB"),
    ("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", "A100-SXM4-40GB"),
    ("NVIDIA-H100-80GB-HBM3-MIG-3g.40gb-SHARED", "H100-SXM5-80GB"),
  ])
  func namesOfToolsAndLabelsAreKnown(name: String, model: String) {
    #expect(GPUModel.named(name)?.name == model)
  }

  @Test(arguments: ["", " ", "NVIDIA", "A100", "H100", "V100", "A100-SXM4", "MI300X", "SHARED", "MIG-1g.5gb", "GPU0"])
  func namesThatDoNotTellTheModelAreUnknown(name: String) {
    #expect(GPUModel.named(name) == nil)
  }

  /// Bandwidth of the data sheets in GB/s, both directions, over that of a lane: 40 (P100), 50 since.
  @Test(arguments: [
    ("P100-SXM2-16GB", 160, 40), ("V100-SXM2-32GB", 300, 50), ("A100-SXM4-80GB", 600, 50), ("A100-PCIE-80GB", 600, 50),
    ("A800-SXM4-80GB", 400, 50), ("A30", 200, 50), ("H100-SXM5-80GB", 900, 50), ("H100-NVL", 600, 50),
    ("H800-SXM5-80GB", 400, 50), ("H200-SXM5-141GB", 900, 50), ("B200", 1_800, 100), ("GB200", 1_800, 100),
    ("L40S", 0, 50), ("T4", 0, 50),
  ])
  func lanesAreThoseOfTheDataSheets(name: String, bandwidth: Int, lane: Int) {
    #expect(GPUModel.named(name)?.nvLinkLanes == bandwidth / lane)
  }

  /// The nominal gigabytes, within what ECC and the driver take, and what mebibytes count more.
  @Test func memoryIsAboutTheNominalOne() throws {
    for model in GPUModel.all {
      guard let mig = model.mig else { continue }
      let nominal = Double(mig.profiles[0].memoryGB)
      let gibibytes = Double(model.memoryMiB) / 1_024
      #expect(abs(gibibytes - nominal) < 2, "\(model.name)")
      // each profile has about its share, as its name says
      for profile in mig.profiles {
        let share = nominal * Double(profile.memorySlices) / Double(mig.profiles[0].memorySlices)
        #expect(abs(Double(profile.memoryGB) - share) <= 1, "\(model.name), \(profile.name)")
      }
    }
  }
}
