/// Instances of GPUs: the profiles of some models, and where an instance goes. After NVIDIA's MIG User Guide.
enum MIG {
  struct Profile {
    let name: String
    /// Memory slices, one after the other.
    let size: Int
    /// Where an instance may begin.
    let starts: [Int]

    func places(_ used: Set<Int>) -> [Set<Int>] {
      starts.map { Set($0..<$0 + size) }.filter { $0.isDisjoint(with: used) }
    }
  }

  /// Largest first.
  static func profiles(_ model: String) -> [Profile] {
    func eighths(_ names: [String]) -> [Profile] {
      [
        Profile(name: names[0], size: 8, starts: [0]), Profile(name: names[1], size: 4, starts: [0]),
        Profile(name: names[2], size: 4, starts: [0, 4]), Profile(name: names[3], size: 2, starts: [0, 2, 4]),
        Profile(name: names[4], size: 2, starts: [0, 2, 4, 6]),
        Profile(name: names[5], size: 1, starts: [0, 1, 2, 3, 4, 5, 6]),
      ]
    }
    switch model {
    case "A100-SXM4-40GB": return eighths(["7g.40gb", "4g.20gb", "3g.20gb", "2g.10gb", "1g.10gb", "1g.5gb"])
    case "A100-SXM4-80GB", "A100-PCIE-80GB", "H100-SXM5-80GB", "NVIDIA H100 80GB HBM3":
      return eighths(["7g.80gb", "4g.40gb", "3g.40gb", "2g.20gb", "1g.20gb", "1g.10gb"])
    case "H200-SXM5-141GB": return eighths(["7g.141gb", "4g.71gb", "3g.71gb", "2g.35gb", "1g.35gb", "1g.18gb"])
    case "GB200": return eighths(["7g.186gb", "4g.93gb", "3g.93gb", "2g.47gb", "1g.47gb", "1g.23gb"])
    case "A30":
      return [
        Profile(name: "4g.24gb", size: 4, starts: [0]), Profile(name: "2g.12gb", size: 2, starts: [0, 2]),
        Profile(name: "1g.6gb", size: 1, starts: [0, 1, 2, 3]),
      ]
    default: return []
    }
  }

  /// Where an instance could be.
  static func slices(_ profile: String, on model: String, used: Set<Int>) -> [Set<Int>] {
    profiles(model).first { $0.name == profile }?.places(used) ?? []
  }

  /// How many instances of each profile, the largest first, would still fit by themselves.
  static func merits(_ slices: Set<Int>, on model: String, used: Set<Int>) -> [Int] {
    profiles(model).map { $0.places(used.union(slices)).count }
  }
}
