/// Published objectives, as a file of text beside the instances gives them.
///
/// Such a file names an instance and behind it two numbers: `a1_1 49528750/44306501`, the objective of the first
/// assignment and the published one. Whose it is, the file says: not all are the best known.
public enum RoadefReference {
  public static let fileName = "README.txt"

  /// What README.txt in the model's folder says of it; nil without such a file, without the instance in it, and if its
  /// objective of the first assignment is another: then it speaks of another instance.
  public static func published(beside modelPath: String, initialObjective: Int) -> Int? {
    let folder = modelPath.lastIndex(of: "/").map { String(modelPath[...$0]) } ?? ""
    guard let bytes = try? ByteFile.read(folder + fileName) else { return nil }
    return published(
      in: String(decoding: bytes, as: UTF8.self), instance: instance(modelPath), initialObjective: initialObjective)
  }

  static func published(in text: String, instance: String, initialObjective: Int) -> Int? {
    let words = text.split { $0.isWhitespace || $0 == "," || $0 == ";" }
    for (name, figures) in zip(words, words.dropFirst()) where name == instance {
      // A sentence may end behind the second number.
      let parts = figures.split(separator: "/").map { part in part.last == "." ? part.dropLast() : part }
      guard parts.count == 2, let initial = Int(parts[0]), let published = Int(parts[1]) else { continue }
      if initial == initialObjective { return published }
    }
    return nil
  }

  /// The instance's name: of `folder/model_a1_1.txt` it is `a1_1`.
  public static func instance(_ modelPath: String) -> String {
    var name = modelPath.split(separator: "/").last.map(String.init) ?? modelPath
    if name.hasPrefix("model_") { name.removeFirst("model_".count) }
    if name.hasSuffix(".txt") { name.removeLast(".txt".count) }
    return name
  }
}
