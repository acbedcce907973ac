import BerthDevices
import Testing

@Suite struct LinkClassTests {
  private static let known = (0...255).map { LinkClass(rawValue: UInt8($0)) }.filter(\.isKnown)

  @Test func knownClassesAreThoseOfTheLegend() {
    #expect(Self.known.count == 5 + 47 + 1)
    #expect(!LinkClass.itself.isKnown)
    let names: [(LinkClass, String)] = [
      (.itself, "X"), (.crossSocket, "SYS"), (.sameNode, "NODE"), (.hostBridge, "PHB"), (.multipleSwitches, "PXB"),
      (.singleSwitch, "PIX"), (.nvLink(lanes: 1), "NV1"), (.nvLink(lanes: 47), "NV47"), (.nvSwitch, "NVSwitch"),
      (LinkClass(rawValue: 9), "link 9"), (LinkClass(rawValue: 16), "link 16"), (LinkClass(rawValue: 65), "link 65"),
    ]
    for (link, name) in names { #expect("\(link)" == name) }
  }

  @Test func betterClassesHaveMoreWeightAndNoLessQuality() {
    for (worse, better) in zip(Self.known, Self.known.dropFirst()) {
      #expect(worse < better && worse.weight < better.weight && worse.quality <= better.quality)
    }
    #expect(Self.known.allSatisfy { (1...100).contains($0.quality) })
    #expect(Self.known.allSatisfy { $0.isPCIe == ($0.lanes == 0 && $0 != .nvSwitch) })
    #expect(Self.known.allSatisfy { $0.isPCIe == ($0.nicQuality > 0) })
  }

  @Test func unknownValuesAreWorthNothing() {
    for value: UInt8 in [0, 6, 15, 16, 65, 255] {
      let link = LinkClass(rawValue: value)
      #expect(link.weight == 0 && link.quality == 0 && link.nicQuality == 0 && link.lanes == 0 && !link.isPCIe)
    }
  }

  @Test func namesAreReadBack() {
    for link in Self.known where link != .nvSwitch { #expect(LinkClass(text: "\(link)".utf8) == link) }
    #expect(LinkClass(text: "X".utf8) == .itself)
    #expect(LinkClass(text: "SOC".utf8) == .crossSocket)
    #expect(LinkClass(text: "PSB".utf8) == .singleSwitch)
    let wrong = [
      "", "N", "NV", "NV0", "NV48", "NV99", "NV100", "NV-1", "NV1 ", "nv1", "NVX", "NVSwitch", "sys", "XX", "PIXX",
    ]
    for text in wrong { #expect(LinkClass(text: text.utf8) == nil, "\(text)") }
  }
}
