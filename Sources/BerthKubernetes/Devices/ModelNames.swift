/// Names of GPU models as people write them: "A100" for "NVIDIA-A100-SXM4-80GB".
enum ModelNames {
  /// Lower case words, without the maker's name and brand.
  static func words(_ name: String) -> [Substring] {
    name.lowercased().split { $0 == " " || $0 == "-" || $0 == "_" }.filter { $0 != "nvidia" && $0 != "tesla" }
  }

  /// Every word of what is asked for is one of the model's, and the first word is the model's first.
  static func matches(_ asked: String, _ model: String) -> Bool {
    let (asked, model) = (words(asked), words(model))
    return !asked.isEmpty && asked.first == model.first && asked.allSatisfy(model.contains)
  }
}
