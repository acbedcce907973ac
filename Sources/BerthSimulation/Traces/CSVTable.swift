/// A CSV file whose columns are found by the names in its first line.
struct CSVTable {
  let file: String
  private var columns: [String: Int] = [:]
  private(set) var records: [Record] = []

  /// One line of data; reads its fields by column name.
  struct Record {
    fileprivate let file: String
    fileprivate let fields: [CSVField]
    fileprivate let columns: [String: Int]
  }

  /// Reads a whole file. Columns other than `required` may be there and may lack.
  init(path: String, required: [String]) throws {
    try self.init(file: path, bytes: try ByteFile.read(path), required: required)
  }

  init(file: String, bytes: [UInt8], required: [String]) throws(CSVError) {
    self.file = file
    var parser = CSVParser(file: file, bytes: bytes)
    guard let head = try parser.nextRecord() else {
      throw CSVError(
        file: file, line: 1, column: 1,
        message: "expected a first line with the column names \(required.joined(separator: ",")), the file is empty")
    }
    for (index, name) in head.enumerated() {
      guard columns.updateValue(index, forKey: name.text) == nil else {
        throw CSVError(
          file: file, line: name.line, column: name.column,
          message: "expected each column once, found \"\(name.text)\" again")
      }
    }
    for name in required where columns[name] == nil {
      throw CSVError(
        file: file, line: 1, column: 1,
        message: "expected a column \"\(name)\", found \(head.map(\.text).joined(separator: ","))")
    }
    while let fields = try parser.nextRecord() {
      try Self.requireCount(fields, head.count, file)
      records.append(Record(file: file, fields: fields, columns: columns))
    }
    if records.isEmpty {
      throw CSVError(file: file, line: 2, column: 1, message: "expected at least one record after the column names")
    }
  }

  private static func requireCount(_ fields: [CSVField], _ count: Int, _ file: String) throws(CSVError) {
    if fields.count == count { return }
    // The place is the first field too many, or the last one there is.
    let field = fields[min(count, fields.count - 1)]
    let found = fields.count == 1 && fields[0].text.isEmpty ? "an empty line" : "\(fields.count)"
    throw CSVError(
      file: file, line: field.line, column: field.column, message: "expected \(count) fields, found \(found)")
  }
}

extension CSVTable.Record {
  /// The field's text; empty where the file has no such column.
  func text(_ name: String) -> String { columns[name].map { fields[$0].text } ?? "" }

  /// A name: neither empty nor longer than the engine takes.
  func name(_ name: String, maximumBytes: Int) throws(CSVError) -> String {
    let text = text(name)
    guard !text.isEmpty && text.utf8.count <= maximumBytes else {
      throw error(name, "expected a text of 1 to \(maximumBytes) bytes, found \(text.utf8.count)")
    }
    return text
  }

  /// A whole number within the range, decimal digits only.
  func number(_ name: String, in range: ClosedRange<Int64>) throws(CSVError) -> Int64 {
    let text = text(name)
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let value = Int64(text), range.contains(value)
    else {
      throw error(
        name, "expected a whole number from \(range.lowerBound) to \(range.upperBound), found \"\(text)\"")
    }
    return value
  }

  /// An error at the place of that column's field.
  func error(_ name: String, _ message: String) -> CSVError {
    let field = columns[name].map { fields[$0] } ?? fields[0]
    return CSVError(file: file, line: field.line, column: field.column, message: "\(name): \(message)")
  }

  var line: Int { fields[0].line }
}
