import Testing

@testable import BerthSimulation

@Suite struct RoadefFileTests {
  /// Two resources, two machines, two services, three processes, one balance cost.
  private static let lines = [
    "2", "0 10", "1 20",
    "2", "0 0 100 50 80 40 0 1", "1 1 100 50 80 40 2 0",
    "2", "1 0", "2 1 0",
    "3", "0 10 5 1", "1 20 6 2", "1 30 7 3",
    "1", "0 1 2", "10",
    "1 10 100",
  ]

  private func model(_ lines: [String] = lines) throws(RoadefError) -> RoadefModel {
    try RoadefModel(file: "m", bytes: Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  /// The message for the model with one line, counted from 1, changed.
  private func refusal(line: Int, _ text: String) -> String {
    var lines = Self.lines
    lines[line - 1] = text
    do {
      _ = try model(lines)
      return "no error"
    } catch {
      return error.description
    }
  }

  private func refusal(assignment: String) -> String {
    do {
      _ = try RoadefAssignment(file: "a", bytes: Array(assignment.utf8), model: model())
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func everyFieldIsRead() throws {
    let model = try model()
    #expect(model.resources == [.init(isTransient: false, loadWeight: 10), .init(isTransient: true, loadWeight: 20)])
    let second = RoadefModel.Machine(
      neighbourhood: 1, location: 1, capacities: [100, 50], safetyCapacities: [80, 40], moveCosts: [2, 0])
    #expect(model.machines.count == 2 && model.machines[1] == second)
    #expect(model.services == [.init(minimumSpread: 1, dependencies: []), .init(minimumSpread: 2, dependencies: [0])])
    #expect(model.processes[2] == .init(service: 1, requirements: [30, 7], moveCost: 3))
    #expect(model.balances == [.init(first: 0, second: 1, target: 2, weight: 10)])
    #expect([model.processMoveWeight, model.serviceMoveWeight, model.machineMoveWeight] == [1, 10, 100])
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func whatIsWrittenIsRead(seed: UInt64) throws {
    let scene = RoadefCase(seed: seed)
    #expect(try RoadefModel(file: "m", bytes: Array(scene.text.utf8)) == scene.model)
    let crlf = scene.text.split(separator: "\n").joined(separator: " \r\n")
    #expect(try RoadefModel(file: "m", bytes: Array(crlf.utf8)) == scene.model)
    #expect(
      try RoadefAssignment(file: "a", bytes: Array(scene.initial.text.utf8), model: scene.model) == scene.initial)
  }

  @Test func mistakesAreNamedWithPlaceFieldAndWhatIsExpected() {
    #expect(
      refusal(line: 2, "2 10") == "m:2:1: resource 0, transient: expected a whole number from 0 to 1, found \"2\"")
    #expect(
      refusal(line: 5, "0 0 100 x 80 40 0 1")
        == "m:5:9: machine 0, capacity 1: expected a whole number from 0 to 2147483647, found \"x\"")
    #expect(
      refusal(line: 6, "1 1 100 50 80 40 2")
        == "m:6:19: machine 1, move cost 1: expected a whole number from 0 to 2147483647, found the end of the line")
    #expect(refusal(line: 6, "1 1 100 50 80 40 2 0 9").hasPrefix("m:6:22: machine 1: expected the end of the line"))
    #expect(refusal(line: 9, "2 1 2").hasPrefix("m:9:5: service 1, dependency: expected a whole number from 0 to 1"))
    #expect(refusal(line: 11, "2 10 5 1").hasPrefix("m:11:1: process 0, service: expected"))
    #expect(refusal(line: 11, "0 -1 5 1").hasPrefix("m:11:3: process 0, requirement 0: expected"))
    #expect(refusal(line: 11, "0 1.5 5 1").hasPrefix("m:11:3: process 0, requirement 0: expected"))
    #expect(refusal(line: 11, "0 2147483648 5 1").hasPrefix("m:11:3: process 0, requirement 0: expected"))
    #expect(refusal(line: 11, "0 99999999999999999999 5 1").hasPrefix("m:11:3: process 0, requirement 0: expected"))
    #expect(refusal(line: 15, "0 2 2").hasPrefix("m:15:3: balance cost 0, second resource: expected"))
    #expect(refusal(line: 17, "1 10").hasPrefix("m:17:5: weight of machine moves: expected"))
    #expect(refusal(line: 17, "1 10 100\n7").hasPrefix("m:18:1: after the weights of moving: expected the end"))
    #expect(refusal(line: 1, "0").hasPrefix("m:1:1: number of records \"resource\": expected"))
    #expect(refusal(line: 17, "1 10 100\n\n \n") == "no error")
  }

  @Test func aCutFileIsRefusedWhereverItEnds() {
    let text = Self.lines.joined(separator: "\n")
    // The last number of three digits is still one if only its end is missing.
    for length in 0..<(text.utf8.count - 2) {
      #expect(throws: RoadefError.self, "\(length) bytes") {
        try RoadefModel(file: "m", bytes: Array(text.utf8.prefix(length)))
      }
    }
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func mangledFilesAreReadOrRefused(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var bytes = Array(Self.lines.joined(separator: "\n").utf8)
    for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = Array("0149 \n-x\u{1B}".utf8)[random.below(9)] }
    do {
      let model = try RoadefModel(file: "m", bytes: bytes)
      #expect(model.processes.allSatisfy { $0.requirements.count == model.resources.count })
    } catch {
      #expect(error.line >= 1 && error.column >= 1 && !error.message.contains("\u{1B}"))
    }
  }

  @Test func costsThatDoNotFitAWordAreRefused() {
    #expect(refusal(line: 15, "0 1 2147483647").contains("no error"))
    var lines = Self.lines
    lines[4] = "0 0 2147483647 50 80 40 0 1"
    lines[14] = "0 1 2147483647"
    lines[15] = "2147483647"
    #expect(throws: RoadefError.self) { try model(lines) }
  }

  @Test func wrongAssignmentsAreRefusedWithTheirPlace() {
    #expect(refusal(assignment: "0 0 1\n") == "no error" && refusal(assignment: "0\n0\n1") == "no error")
    #expect(
      refusal(assignment: "0 2 1")
        == "a:1:3: machine of process 1: expected a whole number from 0 to 1, found \"2\"")
    #expect(
      refusal(assignment: "0 1\n")
        == "a:2:1: machine of process 2: expected a whole number from 0 to 1, found the end of the file")
    #expect(refusal(assignment: "0 0 1 1").hasPrefix("a:1:7: after the machine of the last of 3 processes: expected"))
  }

  @Test func publishedObjectivesAreThoseOfTheInstance() {
    func published(_ text: String, _ instance: String = "a1_1", _ initial: Int = 10) -> Int? {
      RoadefReference.published(in: text, instance: instance, initialObjective: initial)
    }
    #expect(published("CHECK a1_1 10/7, a1_2 20/8.") == 7)
    #expect(published("CHECK a1_1 10/7,\r\na1_2\n20/8.\n", "a1_2", 20) == 8)
    // Another first objective: another instance of that name.
    #expect(published("a1_1 11/7") == nil && published("a1_11 10/7") == nil)
    #expect(published("a1_1") == nil && published("a1_1 10") == nil && published("a1_1 10/x a1_1 10/7") == 7)
    #expect(RoadefReference.instance("/data/model_a1_1.txt") == "a1_1" && RoadefReference.instance("b_1") == "b_1")
  }
}
