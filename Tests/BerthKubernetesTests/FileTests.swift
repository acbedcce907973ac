import Testing

@testable import BerthKubernetes

/// Files as kubectl prints them.
struct FileTests {
  private func read(_ text: String, isDump: Bool = true) throws -> Manifests {
    let file = try ScratchFile(text)
    return ManifestFile(file.path, isDump: isDump).read()
  }

  private let pod =
    #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"x","labels":{"env":"\u0070rod"},"#
    + #""managedFields":[{"fieldsV1":{"f:a":{}}}]},"spec":{"nodeName":"n","containers":[{"name":"c","image":"i","#
    + #""env":[{"name":"A","value":"}]\"["}],"resources":{"requests":{"cpu":"1"}}}],"volumes":[{"name":"v","#
    + #""persistentVolumeClaim":{"claimName":"c"}},{"name":"w","configMap":{"name":"c"}}]},"status":{"phase":"Running"}}"#

  @Test func whatIsNotWantedIsPassedOver() throws {
    for isDump in [false, true] {
      let read = try read(#"{"kind":"List","items":["# + pod + "]}", isDump: isDump)
      #expect(read.problems == [])
      let found = try #require(read.pods.first)
      #expect(found.path == "x/a")
      #expect(found.metadata.labels == [Label(key: "env", value: "prod")])
      #expect(found.requests.countedCPU == 1000)
      #expect(found.unhonoured == [.claims])
    }
  }

  @Test func documentsMayFollowOneAnother() throws {
    let read = try read(pod + "\n" + pod.replacing("\"a\"", with: "\"b\""))
    #expect(read.pods.map(\.metadata.name) == ["a", "b"])
  }

  @Test func listsSayWhatTheirItemsAre() throws {
    let read = try read(#"{"kind":"NodeList","items":[{"metadata":{"name":"n"}},{"metadata":{"name":"m"}}]}"#)
    #expect(read.nodes.map(\.name) == ["n", "m"])
  }

  @Test func orderIsThatOfTheFile() throws {
    let items = (0..<2000).map { #"{"kind":"Node","metadata":{"name":"n\#($0)"}}"# }
    let read = try read(#"{"kind":"List","items":["# + items.joined(separator: ",\n") + "]}")
    #expect(read.nodes.map(\.name) == (0..<2000).map { "n\($0)" })
  }

  @Test(
    arguments: [
      ("", "is empty"), ("{", "line 1, column 2: the text ends within a value"),
      ("{\n  \"kind\" \"List\"}", "line 2, column 10: ':' is expected here"),
      ("{\"kind\":\"List\",\"items\":[{]}", "',' or ']' is expected here"),
      ("{\"kind\":\"Pod\",\"metadata\":{\"name\":tru}}", "is no JSON"), ("{\"a\":\"", "the text ends within a string"),
      ("{\"a\":1}x", "'{' is expected here"), ("{\"a\":}", "a value is expected here"),
    ])
  func brokenJSONIsNamed(text: String, message: String) throws {
    let problems = try read(text).problems.map(\.description)
    #expect(problems.count == 1 && problems[0].contains(message), "\(problems)")
  }

  @Test func missingFileIsNamed() {
    let problems = ManifestFile("/nowhere/at-all.json", isDump: true).read().problems
    #expect(problems.map(\.description) == ["/nowhere/at-all.json: cannot be read: no such file"])
  }

  /// A scanner that meets any bytes ends with an answer.
  @Test(arguments: 0..<200)
  func mangledFilesAreRead(seed: UInt64) throws {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var bytes = Array((#"{"kind":"List","items":["# + pod + "," + pod + "]}").utf8)
    for _ in 0..<1 + seed % 5 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let place = Int(state >> 33) % bytes.count
      switch state % 3 {
      case 0: bytes.remove(at: place)
      case 1: bytes[place] = UInt8(truncatingIfNeeded: state >> 20)
      default: bytes.insert(contentsOf: "{[\"\\:,}]".utf8.shuffled().prefix(1), at: place)
      }
    }
    _ = try read(String(decoding: bytes, as: UTF8.self))
  }
}
