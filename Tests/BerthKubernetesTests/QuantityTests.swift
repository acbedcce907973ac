import Testing

@testable import BerthKubernetes

struct QuantityTests {
  @Test(
    arguments: [
      ("0", 0, 0), ("1", 1, 1000), ("100m", 1, 100), ("1500m", 2, 1500), ("0.5", 1, 500), (".5", 1, 500),
      ("5.", 5, 5000), ("+3", 3, 3000), ("1u", 1, 1), ("1n", 1, 1), ("0.1m", 1, 1), ("1001u", 1, 2),
      ("2k", 2000, 2_000_000), ("3M", 3_000_000, 3_000_000_000), ("1Ki", 1024, 1_024_000),
      ("1.5Ki", 1536, 1_536_000), ("0.1Ki", 103, 102_400), ("1e3", 1000, 1_000_000), ("1E3", 1000, 1_000_000),
      ("12e-1", 2, 1200), ("1e-20", 1, 1), ("00012", 12, 12000), ("123456789.123456789", 123_456_790, 123_456_789_124),
      ("1Ti", 1 << 40, (1 << 40) * 1000), ("0.00000000000000000000000000001Ki", 1, 1),
    ] as [(String, Int64, Int64)])
  func quantityIsRoundedUp(text: String, units: Int64, thousandths: Int64) throws {
    let quantity = try #require(Quantity(text), "\(text)")
    #expect(quantity.units == units, "\(text)")
    #expect(quantity.thousandths == thousandths, "\(text)")
  }

  @Test(arguments: ["9223372036854775807", "9E", "8Ei", "1e30", "1e999999999999", "999999999999999999999999999999Ei"])
  func quantityEndsAtTheHighestValue(text: String) throws {
    // An exponent that is no number of this machine is none at all.
    guard let quantity = Quantity(text) else { return #expect(text == "1e999999999999999999999") }
    #expect(quantity.units > 8_000_000_000_000_000_000, "\(text)")
  }

  @Test(
    arguments: [
      "", " ", "-", "+", ".", "m", "Ki", "1 ", " 1", "1K", "1ki", "1mi", "1KiB", "1e", "1E+", "e3", "1.2.3", "0x10",
      "1_000", "1,5", "--1", "1m5", "NaN", "inf", "١",
    ])
  func whatIsNoQuantityIsRefused(text: String) { #expect(Quantity(text) == nil, "\(text)") }

  @Test func negativeQuantitiesAreRoundedAwayFromZero() throws {
    #expect(try #require(Quantity("-1.5")).units == -2)
    #expect(try #require(Quantity("-1m")).thousandths == -1)
  }

  /// 0.4 + 0.4 bytes are one byte, not two.
  @Test func sumsAreRoundedOnce() throws {
    let part = try #require(Quantity("0.4"))
    #expect((part + part).units == 1)
  }
}

struct LabelSyntaxTests {
  @Test(arguments: ["app", "a", "a.b-c_d", "example.com/app", "a-1.b/X_y.z", String(repeating: "k", count: 63)])
  func keyIsSound(key: String) { #expect(LabelSyntax.wrongKey(key) == nil) }

  @Test(
    arguments: [
      "", "/", "a/", "/a", "a/b/c", "-a", "a-", "a b", "ä", "A.com/x", "a..b/x", String(repeating: "k", count: 64),
      String(repeating: "p", count: 254) + "/x",
    ])
  func keyIsWrong(key: String) { #expect(LabelSyntax.wrongKey(key) != nil) }

  @Test(arguments: ["", "v", "1.2.3", String(repeating: "v", count: 63)])
  func valueIsSound(value: String) { #expect(LabelSyntax.wrongValue(value) == nil) }

  @Test(arguments: ["-", "v ", "a/b", "v\u{0}", String(repeating: "v", count: 64)])
  func valueIsWrong(value: String) { #expect(LabelSyntax.wrongValue(value) != nil) }
}
