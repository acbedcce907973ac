/// Names of models as C texts, which live as long as the engine that gave them out.
final class ModelTexts {
  private var texts: [Name: UnsafeMutablePointer<CChar>] = [:]

  deinit { for text in texts.values { text.deallocate() } }

  func text(of name: Name) -> UnsafePointer<CChar> {
    if let text = texts[name] { return UnsafePointer(text) }
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: name.bytes.count + 1)
    for (index, byte) in name.bytes.enumerated() { (text + index).initialize(to: CChar(bitPattern: byte)) }
    (text + name.bytes.count).initialize(to: 0)
    texts[name] = text
    return UnsafePointer(text)
  }
}
