import Foundation
import Testing

@testable import BerthKubernetes

struct CELTests {
  private let device = SliceDevice(
    driver: "gpu.nvidia.com", pool: "n1", name: "gpu-0",
    attributes: [
      "gpu.nvidia.com/type": .text("gpu"), "gpu.nvidia.com/index": .number(3), "gpu.nvidia.com/ecc": .flag(true),
      "gpu.nvidia.com/driverVersion": .version(SemanticVersion("580.65.6")!),
      "resource.kubernetes.io/pcieRoot": .text("pci0000:00"),
    ], capacity: ["gpu.nvidia.com/memory": Quantity("40Gi")!], counterSet: nil, memorySlices: [], isTainted: false)

  @Test(
    arguments: [
      (#"device.driver == "gpu.nvidia.com""#, true), (#"device.driver != 'gpu.nvidia.com'"#, false),
      (#"device.attributes["gpu.nvidia.com"].type == "gpu""#, true),
      (#"device.attributes["resource.kubernetes.io"].pcieRoot == "pci0000:00""#, true),
      (#"device.attributes["gpu.nvidia.com"]["index"] < 4 && device.attributes["gpu.nvidia.com"].index >= 3"#, true),
      (#"device.attributes["gpu.nvidia.com"].index > -1 && !(device.driver == "x")"#, true),
      (#"device.attributes["gpu.nvidia.com"].ecc"#, true), (#"!device.attributes["gpu.nvidia.com"].ecc"#, false),
      (#"device.attributes["gpu.nvidia.com"].ecc == true"#, true),
      (#"device.attributes["gpu.nvidia.com"].index in [1, 3]"#, true),
      (#"device.attributes["gpu.nvidia.com"].type in ["mig"]"#, false), ("1 in []", false),
      (#"device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("40Gi")) >= 0"#, true),
      (#"device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("41Gi")) >= 0"#, false),
      (#"device.capacity["gpu.nvidia.com"].memory.isGreaterThan(quantity("39Gi"))"#, true),
      (#"device.capacity["gpu.nvidia.com"].memory == quantity("40960Mi")"#, true),
      (#"device.attributes["gpu.nvidia.com"].driverVersion.isLessThan(semver("580.65.10"))"#, true),
      (#"device.attributes["gpu.nvidia.com"].driverVersion.compareTo(semver("580.65.6")) == 0"#, true),
      // && binds more strongly than ||.
      (#"device.driver == "a" && device.driver == "b" || device.driver == "gpu.nvidia.com""#, true),
      (#"device.driver == "a" && (device.driver == "b" || device.driver == "gpu.nvidia.com")"#, false),
      // What the device lacks decides nothing, unless the other side decides alone.
      (#"device.attributes["x"].none == "a""#, false), (#"!(device.attributes["x"].none == "a")"#, false),
      (#"device.attributes["x"].none == "a" || device.driver == "gpu.nvidia.com""#, true),
      (#"device.attributes["x"].none == "a" && true"#, false),
      (#"device.attributes["gpu.nvidia.com"].index == "3""#, false),
      ("true", true), ("'true'", false), (#"'\'' == "'""#, true),
    ])
  func conditionHolds(expression: String, holds: Bool) throws {
    #expect(try CELParser.expression(expression).holds(device) == holds, "\(expression)")
  }

  @Test(
    arguments: [
      ("", "column 1: the expression ends too early"), ("device", "column 7: '.' is expected"),
      ("device.name == 'a'", "column 8: device.'name' is not supported: driver, attributes and capacity are"),
      ("device.driver.startsWith('gpu')", "column 15: 'startsWith' is not supported here"),
      ("has(device.driver)", "column 1: 'has' is not supported"),
      (
        "device.driver == 'a' ? true : false", "column 22: '?' is not supported: only comparisons, in, !, && and || are"
      ),
      ("device.driver + 'a' == 'b'", "column 15: '+' is not supported: only comparisons, in, !, && and || are"),
      ("1.5 > 1", "column 1: '1.5': only whole numbers are supported"),
      ("device.driver in device.attributes", "column 35: '[' is expected"),
      ("'a' in ['a', device.driver]", "column 14: lists are supported of literals only"),
      ("quantity('4Gx') == quantity('1')", "column 10: '4Gx' is no quantity"),
      ("semver('1.2') == semver('1.2.3')", "column 8: '1.2' is no version"),
      ("device.attributes[0].a == 1", "column 19: a domain in quotes is expected"),
      ("'a", "column 1: the text does not end"), ("(true", "column 6: ')' is expected"),
      ("true true", "column 6: 'true' is not supported"),
      ("[1].exists(x, x == 1)", "column 5: 'exists' is not supported here"),
      (#"'\x41' == 'A'"#, "column 1: this escape is not supported"),
    ])
  func whatIsNotSupportedIsNamedWithItsPlace(expression: String, message: String) {
    do throws(CELProblem) {
      _ = try CELParser.expression(expression)
      Issue.record("\(expression) was read")
    } catch {
      #expect(error.message == message, "\(expression)")
    }
  }

  @Test func deepNestingIsRefused() {
    for sign in ["(", "!", "[", "1 in [", "quantity('1').compareTo("] {
      for count in [200, 100_000] {
        #expect(throws: CELProblem.self) { try CELParser.expression(String(repeating: sign, count: count)) }
      }
    }
  }

  @Test func longExpressionsAreRefused() throws {
    func problem(_ text: String) -> String? {
      do throws(CELProblem) {
        _ = try CELParser.expression(text)
        return nil
      } catch {
        return error.message
      }
    }
    func chain(_ link: String, _ count: Int) -> String { "(1)" + String(repeating: link, count: count) }
    #expect(problem("'" + String(repeating: "a", count: 10_238) + "'") == nil)
    #expect(
      problem("'" + String(repeating: "a", count: 10_239) + "'") == "is longer than 10240 bytes (10241)")
    for link in ["&&1", "||1", ".compareTo(1)"] {
      #expect(problem(chain(link, 500)) == nil)
      #expect(problem(chain(link, 501))?.hasSuffix("more than 500 operators are not supported") == true)
      #expect(problem(chain(link, 200_000))?.hasPrefix("is longer than 10240 bytes") == true)
    }
    #expect(problem("1 in [" + String(repeating: "1,", count: 5000) + "1]") == nil)
  }

  /// Threads that are not the first one have small stacks.
  @Test func theDeepestExpressionsAreEvaluatedOnASmallStack() throws {
    let nested = String(repeating: "(", count: 98) + "1" + String(repeating: ")", count: 98)
    let text = nested + String(repeating: " && true", count: 500)
    let device = device
    nonisolated(unsafe) var holds: [Bool] = []
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      if let one = try? CELParser.expression(text), let other = try? CELParser.expression(text) {
        holds = [one.holds(device), Set([one, other]).count == 1]
      }
      done.signal()
    }
    thread.stackSize = 512 << 10
    thread.start()
    done.wait()
    #expect(holds == [false, true])
  }

  /// Whatever is cut from or swapped in an expression, it is read or refused.
  @Test(arguments: 0..<200)
  func mangledExpressionsAreReadOrRefused(seed: Int) {
    let text =
      #"(device.capacity["d"].memory.compareTo(quantity("1Gi")) >= -1 || !(device.driver in ["a", 'b'])) && true"#
    if let expression = try? CELParser.expression(mangled(text, seed: seed)) { _ = expression.holds(device) }
  }

  @Test func versionsAreOrderedAsSemverSays() throws {
    let ordered = [
      "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.10",
    ]
    let versions = try ordered.map { try #require(SemanticVersion($0)) }
    for (index, version) in versions.enumerated() {
      for other in versions[(index + 1)...] { #expect(version < other && !(other < version)) }
    }
    #expect(SemanticVersion("1.0") == nil && SemanticVersion("1.0.x") == nil && SemanticVersion("1.0.0+b") != nil)
    #expect(SemanticVersion("") == nil)
  }
}
