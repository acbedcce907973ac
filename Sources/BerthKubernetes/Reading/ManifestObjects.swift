import Foundation

/// An object of a file of manifests that is yet to be read, and where it stands.
package struct ManifestObject: Sendable {
  /// Empty where it says none.
  package var kind: String
  /// The part of apiVersion before the slash; empty for Kubernetes' own first group.
  package var group: String
  package var name: String
  package var namespace: String
  package var fields: Fields
  /// "nodes.json, line 12".
  package var place: String

  /// "Node n1 (nodes.yaml)": what a mistake in it is told of.
  package var title: String { name.isEmpty ? "\(kind) (\(place))" : "\(kind) \(name) (\(place))" }

  package var reader: ObjectReader { ObjectReader(object: title, root: fields) }
}

extension ManifestFile {
  /// A file's objects one by one, lists opened, for those who read kinds that placing pods does not. Of nodes in JSON
  /// only what placing needs is decoded: most of what kubectl prints of a node is not.
  /// `asYAML`: JSON, too, is read as the YAML that it nearly is, which knows the lines of an object's fields.
  package static func objects(
    _ data: Data, path: String, asYAML: Bool = false
  ) throws(Problem) -> [ManifestObject] {
    guard data.contains(where: { $0 > UInt8(ascii: " ") }) else { throw Problem(path, "", "is empty") }
    var result: [ManifestObject] = []
    if !asYAML, data.first(where: { $0 > UInt8(ascii: " ") }) == UInt8(ascii: "{") {
      for (value, place, listKind) in try values(data, path) {
        try append(value, place: place, listKind: listKind, to: &result)
      }
      return result
    }
    guard let text = String(data: data, encoding: .utf8) else { throw Problem(path, "", "is no UTF-8 text") }
    for value in try YAMLDocuments.read(text, file: path) {
      try append(value, place: path, listKind: "", to: &result)
    }
    return result
  }

  private static func append(
    _ value: Value, place: String, listKind: String, to result: inout [ManifestObject]
  ) throws(Problem) {
    if case .null = value { return }
    guard case .object(let fields) = value else {
      throw Problem(place, "", "is no object: an object with apiVersion and kind is expected")
    }
    let kind = fields.text("kind") ?? listKind
    if kind.hasSuffix("List"), case .list(let items)? = fields["items"] {
      for item in items { try append(item, place: place, listKind: String(kind.dropLast(4)), to: &result) }
      return
    }
    let version = (fields.text("apiVersion") ?? "").split(separator: "/", omittingEmptySubsequences: false)
    let metadata = fields.object("metadata") ?? Fields()
    result.append(
      ManifestObject(
        kind: kind, group: version.count == 2 ? String(version[0]) : "",
        name: metadata.text("name") ?? metadata.text("generateName") ?? "",
        namespace: metadata.text("namespace") ?? "default", fields: fields, place: place))
  }

  private static func values(
    _ data: Data, _ path: String
  ) throws(Problem) -> [(value: Value, place: String, listKind: String)] {
    do {
      return try data.withUnsafeBytes { raw in
        let bytes = raw.bindMemory(to: UInt8.self)
        // Lines are counted on: from the start for each item they would cost the square of the file.
        var (line, counted) = (1, 0)
        return try items(bytes).map { item in
          line += bytes[counted..<item.range.lowerBound].reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
          counted = item.range.lowerBound
          var text: [UInt8] = []
          var scanner = JSONScanner(UnsafeBufferPointer(rebasing: bytes[item.range]))
          let kind = try kind(scanner) ?? item.listKind
          try (kind == "Node" ? Projection.of(kind: kind) : .whole).copy(&scanner, to: &text)
          let decoded = try JSONSerialization.jsonObject(with: Data(text))
          return (Value(decoded: decoded), "\(path), line \(line)", item.listKind)
        }
      }
    } catch let error as JSONScanner.SyntaxError {
      let (line, column) = place(data, error.offset)
      throw Problem(path, "", "line \(line), column \(column): \(error.message)")
    } catch {
      let detail = (error as NSError).userInfo["NSDebugDescription"].map { "\($0)" } ?? "\(error)"
      throw Problem(path, "", "is no JSON: \(detail)")
    }
  }
}
