import BerthKubernetes
import BerthSimulation

/// A table of nodes in CSV: in the first column a node's name, `ip` or `node`, then its domain of each level, widest
/// first, under the level's name. `ip,DSW,PSW,ASW` is how the Lingjun dataset of 2023 has its Clos network; a column
/// `gpus` says how many GPUs a node has. Names may come again below another parent: they are those of another domain.
enum SwitchTable {
  static let nodeColumns = ["ip", "node"]

  static func topology(
    _ bytes: [UInt8], file: String, facts: [NodeFacts]
  ) throws(BadInput) -> NetworkTopology {
    do throws(CSVError) {
      return try read(bytes, file: file, facts: Dictionary(facts.map { ($0.name, $0) }) { first, _ in first })
    } catch {
      throw BadInput(problems: [
        Problem(error.file, "", "column \(error.column): \(error.message)", line: error.line)
      ])
    }
  }

  private static func read(
    _ bytes: [UInt8], file: String, facts: [String: NodeFacts]
  ) throws(CSVError) -> NetworkTopology {
    var parser = CSVParser(file: file, bytes: bytes)
    func wrong(_ field: CSVField, _ message: String) -> CSVError {
      CSVError(file: file, line: field.line, column: field.column, message: message)
    }
    guard let head = try parser.nextRecord(), nodeColumns.contains(head[0].text) else {
      throw CSVError(
        file: file, line: 1, column: 1, message: "expected a first line like ip,DSW,PSW,ASW or node,zone,rack")
    }
    let gpuColumn = head.firstIndex { $0.text == "gpus" }
    let columns = head.indices.dropFirst().filter { $0 != gpuColumn }
    for (index, field) in head.enumerated() {
      if field.text.isEmpty || head[..<index].contains(where: { $0.text == field.text }) {
        throw wrong(field, "expected a name of its own for each column, found \"\(field.text)\"")
      }
    }
    guard (1...TopologyBuilder.mostLevels).contains(columns.count) else {
      throw wrong(head[0], "expected 1 to \(TopologyBuilder.mostLevels) columns of levels, found \(columns.count)")
    }
    var builder = TopologyBuilder(columns.map { NetworkTopology.Level(head[$0].text) })
    while let record = try parser.nextRecord() {
      let name = record[0]
      guard record.count == head.count else {
        throw wrong(record[min(head.count, record.count - 1)], "expected \(head.count) fields, found \(record.count)")
      }
      guard (1...253).contains(name.text.utf8.count) else {
        throw wrong(name, "expected a node's name of 1 to 253 bytes, found \(name.text.utf8.count)")
      }
      var node = facts[name.text] ?? NodeFacts(name: name.text)
      if let gpuColumn {
        guard let count = Int(record[gpuColumn].text), (0...1024).contains(count) else {
          throw wrong(
            record[gpuColumn], "expected a number of GPUs from 0 to 1024, found \"\(record[gpuColumn].text)\"")
        }
        node.gpus = count
      }
      let path = columns.map { record[$0].text.isEmpty ? nil : record[$0].text }
      if builder.add(node, path: path) == nil {
        throw wrong(name, "the node '\(name.text)' is there already: a node is below one switch")
      }
      if builder.topology.nodes.count > TopologyBuilder.mostNodes {
        throw wrong(name, "more than \(TopologyBuilder.mostNodes) nodes")
      }
    }
    if builder.topology.nodes.isEmpty { throw wrong(head[0], "expected at least one node below the column names") }
    return builder.topology
  }
}
