import Foundation

/// Reads a file of manifests: JSON as kubectl prints it, one object or many, or YAML. A dump of a large cluster is cut
/// into its items first; several threads then decode of each item what is wanted.
public struct ManifestFile: Sendable {
  /// What an object goes through when it is created is done to what is yet to be created, and changes nothing of what
  /// the API server printed.
  let path: String
  /// Whether only what placing needs is decoded: of what the API server printed, which has no misspelt fields.
  let isDump: Bool

  public init(_ path: String, isDump: Bool) {
    self.path = path
    self.isDump = isDump
  }

  /// `progress` is told how many bytes of how many are done.
  public func read(progress: (Int, Int) -> Void = { _, _ in }) -> Manifests {
    var manifests = Manifests()
    do throws(Problem) {
      let data = try InputFile.read(path)
      let first = data.first { $0 > UInt8(ascii: " ") }
      if first == nil { throw Problem(path, "", "is empty") }
      if first == UInt8(ascii: "{") {
        try readJSON(data, &manifests, progress)
      } else {
        guard let text = String(data: data, encoding: .utf8) else { throw Problem(path, "", "is no UTF-8 text") }
        for (index, document) in try YAMLDocuments.read(text, file: path).enumerated() {
          manifests.read(document, place: "\(path), document \(index + 1)", fillsDefaults: true)
        }
        progress(data.count, data.count)
      }
    } catch {
      manifests.problems.append(error)
    }
    return manifests
  }

  // MARK: JSON

  struct Item {
    var range: Range<Int>
    var listKind: String
  }

  private func readJSON(_ data: Data, _ manifests: inout Manifests, _ progress: (Int, Int) -> Void) throws(Problem) {
    do {
      try data.withUnsafeBytes { raw in
        let bytes = raw.bindMemory(to: UInt8.self)
        let items = try Self.items(bytes)
        let threads = max(1, min(ProcessInfo.processInfo.activeProcessorCount, 4))
        // Enough for each thread to be busy between two drawings of the bar.
        let perThread = 256
        for start in stride(from: 0, to: items.count, by: threads * perThread) {
          let wave = items[start..<min(items.count, start + threads * perThread)]
          for part in readInParallel(wave, bytes, threads) { manifests.append(part) }
          progress(wave.last?.range.upperBound ?? 0, bytes.count)
        }
        progress(bytes.count, bytes.count)
      }
    } catch let error as JSONScanner.SyntaxError {
      let (line, column) = Self.place(data, error.offset)
      throw Problem(path, "", "line \(line), column \(column): \(error.message)")
    } catch {
      throw Problem(path, "", "\(error)")
    }
  }

  private func readInParallel(
    _ items: ArraySlice<Item>, _ bytes: UnsafeBufferPointer<UInt8>, _ threads: Int
  ) -> [Manifests] {
    let parts = [Manifests](unsafeUninitializedCapacity: threads) { parts, count in
      // Each thread has its own element and shares the rest for reading.
      nonisolated(unsafe) let parts = parts
      nonisolated(unsafe) let bytes = bytes
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        let from = items.startIndex + items.count * thread / threads
        let to = items.startIndex + items.count * (thread + 1) / threads
        var part = Manifests()
        for item in items[from..<to] { read(item, bytes, &part) }
        (parts.baseAddress! + thread).initialize(to: part)
      }
      count = threads
    }
    return parts
  }

  private func read(_ item: Item, _ bytes: UnsafeBufferPointer<UInt8>, _ manifests: inout Manifests) {
    var place: String { "\(path), line \(Self.place(bytes, item.range.lowerBound).line)" }
    do {
      var text: [UInt8] = []
      var scanner = JSONScanner(UnsafeBufferPointer(rebasing: bytes[item.range]))
      let projection = isDump ? Projection.of(kind: try Self.kind(scanner) ?? item.listKind) : .whole
      try projection.copy(&scanner, to: &text)
      let value = Value(decoded: try JSONSerialization.jsonObject(with: Data(text)))
      manifests.read(value, place: place, listKind: item.listKind, fillsDefaults: true)
    } catch let error as JSONScanner.SyntaxError {
      manifests.problems.append(Problem(place, "", error.message))
    } catch {
      let detail = (error as NSError).userInfo["NSDebugDescription"].map { "\($0)" } ?? "\(error)"
      manifests.problems.append(Problem(place, "", "is no JSON: \(detail)"))
    }
  }

  /// Where the objects of a text are: documents one behind the other, and the items of those that are lists.
  static func items(_ bytes: UnsafeBufferPointer<UInt8>) throws -> [Item] {
    var scanner = JSONScanner(bytes)
    var items: [Item] = []
    while true {
      scanner.skipBlanks()
      if scanner.isAtEnd { return items }
      let start = scanner.offset
      var kind = ""
      var elements: [Range<Int>] = []
      var isList = false
      try scanner.eachMember { key, scanner in
        let name = scanner.plainText(key)
        if name == "items", try scanner.peek() == UInt8(ascii: "[") {
          isList = true
          try scanner.eachElement { elements.append(try $0.skipValue()) }
        } else {
          let value = try scanner.skipValue()
          if name == "kind" { kind = scanner.plainText(value.dropFirst().dropLast()) ?? "" }
        }
      }
      if isList && kind.hasSuffix("List") {
        items += elements.map { Item(range: $0, listKind: String(kind.dropLast(4))) }
      } else {
        items.append(Item(range: start..<scanner.offset, listKind: ""))
      }
    }
  }

  /// The item's own kind, which kubectl prints among the first members.
  static func kind(_ scanner: JSONScanner) throws -> String? {
    struct Found: Error { var kind: String? }
    var scanner = scanner
    guard try scanner.peek() == UInt8(ascii: "{") else { return nil }
    do {
      try scanner.eachMember { key, scanner in
        let value = try scanner.skipValue()
        if scanner.plainText(key) == "kind" { throw Found(kind: scanner.plainText(value.dropFirst().dropLast())) }
      }
    } catch let found as Found {
      return found.kind
    }
    return nil
  }

  /// Line and column of an offset, both from 1.
  static func place(_ bytes: some Collection<UInt8>, _ offset: Int) -> (line: Int, column: Int) {
    let before = bytes.prefix(offset)
    let line = before.reduce(1) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count
    return (line, column + 1)
  }
}
