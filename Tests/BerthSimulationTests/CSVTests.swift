import Testing

@testable import BerthSimulation

@Suite struct CSVTests {
  private func table(_ text: String, _ required: [String] = ["a", "b"]) throws -> CSVTable {
    try CSVTable(file: "t.csv", bytes: Array(text.utf8), required: required)
  }

  private func expectError(
    _ text: String, at line: Int, _ column: Int, _ part: String, location: SourceLocation = #_sourceLocation
  ) {
    do {
      _ = try table(text)
      Issue.record("expected an error in \(text.debugDescription)", sourceLocation: location)
    } catch let error as CSVError {
      #expect(error.file == "t.csv", sourceLocation: location)
      #expect([error.line, error.column] == [line, column], "\(error)", sourceLocation: location)
      #expect(error.message.contains(part), "\(error)", sourceLocation: location)
      #expect(error.description.hasPrefix("t.csv:\(line):\(column): "), sourceLocation: location)
    } catch {
      Issue.record("\(error)", sourceLocation: location)
    }
  }

  @Test func columnsAreFoundByNameInAnyOrder() throws {
    let table = try table("b,x,a\n1,2,3\r\n4,5,6\n")
    #expect(table.records.map { $0.text("a") } == ["3", "6"])
    #expect(table.records.map { $0.text("b") } == ["1", "4"])
    #expect(table.records.map { $0.text("none") } == ["", ""])
  }

  @Test func quotedFieldsMayHoldCommasQuotesAndLineBreaks() throws {
    let table = try table("a,b\n\"x,\"\"y\"\"\nz\",\"\"\n2,3\n")
    #expect(table.records.map { $0.text("a") } == ["x,\"y\"\nz", "2"])
    #expect(table.records[1].line == 4)
  }

  @Test func aByteOrderMarkIsNoPartOfTheFirstName() throws {
    #expect(try table("\u{FEFF}a,b\n1,2\n").records[0].text("a") == "1")
  }

  @Test func everyErrorNamesItsPlace() {
    expectError("", at: 1, 1, "the file is empty")
    expectError("a,b", at: 1, 4, "expected a line break")
    expectError("a,b\n", at: 2, 1, "at least one record")
    expectError("a,a\n1,2\n", at: 1, 3, "found \"a\" again")
    expectError("a,c\n1,2\n", at: 1, 1, "expected a column \"b\", found a,c")
    expectError("a,b\n1\n", at: 2, 1, "expected 2 fields, found 1")
    expectError("a,b\n1,2\n1,2,3\n", at: 3, 5, "expected 2 fields, found 3")
    expectError("a,b\n\n", at: 2, 1, "expected 2 fields, found an empty line")
    expectError("a,b\n1,2\n3,4", at: 3, 4, "cut off")
    expectError("a,b\n1,\"2\n3,4\n", at: 2, 3, "expected a closing quote")
    expectError("a,b\n1,\"2\"x\n", at: 2, 6, "after the closing quote")
    expectError("a,b\n1,2\"\n", at: 2, 4, "expected no quote")
    expectError("a,b\n1,2\r3\n", at: 2, 4, "expected a line feed")
    expectError("a,b\n1,\0\n", at: 2, 3, "zero byte")
  }

  @Test func columnsCountCharactersNotBytes() {
    expectError("a,b\nüä€,2\"\n", at: 2, 6, "expected no quote")
  }

  @Test func textThatIsNotUTF8IsRefused() {
    #expect(
      throws: CSVError(file: "t.csv", line: 2, column: 3, message: "expected UTF-8 text")
    ) {
      try CSVTable(file: "t.csv", bytes: Array("a,b\n1,".utf8) + [0xFF, 0x0A], required: ["a"])
    }
  }

  @Test func everyPrefixOfAFileIsRefusedOrEndsBetweenRecords() throws {
    let whole = Array("a,b\r\n1,\"2\"\r\n3,\"x,\"\"y\"\r\n".utf8)
    for length in 0..<whole.count {
      let prefix = Array(whole[..<length])
      let text = String(decoding: prefix, as: UTF8.self)
      // After the names at least one record must follow.
      let isWhole = text.hasSuffix("\r\n") && text.count > "a,b".count + 1
      if isWhole {
        #expect(try CSVTable(file: "t", bytes: prefix, required: ["a"]).records.count == 1)
      } else {
        #expect(throws: CSVError.self, "\(text.debugDescription)") {
          try CSVTable(file: "t", bytes: prefix, required: ["a"])
        }
      }
    }
  }
}
