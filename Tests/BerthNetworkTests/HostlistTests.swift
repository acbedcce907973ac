import Testing

@testable import BerthNetwork

struct HostlistTests {
  @Test(
    arguments: [
      ("tux[0-3,7]", "tux0 tux1 tux2 tux3 tux7"),
      ("node[008-010]", "node008 node009 node010"),
      ("n[8-10]", "n8 n9 n10"),
      ("a,b[1-2],c", "a b1 b2 c"),
      ("r[1-2]n[0-1]x", "r1n0x r1n1x r2n0x r2n1x"),
      ("n[098-100]", "n098 n099 n100"),
      ("n[5]", "n5"),
    ])
  func expressionsAreExpanded(text: String, names: String) throws {
    #expect(try Hostlist.expand(text).joined(separator: " ") == names)
  }

  @Test(
    arguments: [
      ("n[1-3", "'n[1-3' lacks a ']'"), ("n1-3]", "'n1-3]' has a ']' without '['"),
      ("n[[1]]", "'n[[1]]' has a '[' within brackets"), ("a,,b", "'a,,b' has an empty name: check its commas"),
      ("", "'' has an empty name: check its commas"),
      ("n[3-1]", "'n[3-1]' has a range that ends before it begins, '3-1'"),
      ("n[a-c]", "'n[a-c]' has 'a-c' where a number or a range like 0-7 is expected"),
      ("n[]", "'n[]' has '' where a number or a range like 0-7 is expected"),
      ("n[1-2-3]", "'n[1-2-3]' has '1-2-3' where a number or a range like 0-7 is expected"),
      ("n[0-99999999999]", "'n[0-99999999999]' names more than 65536 hosts: split it, or check its ranges"),
      ("n[0-99999999999999999999]", "'n[0-99999999999999999999]' has '0-99999999999999999999' where a number"),
      ("a[0-999]b[0-999]", "'a[0-999]b[0-999]' names more than 65536 hosts: split it, or check its ranges"),
      ("block{b1}", "'block{b1}' calls a function"), ("a b", "'a b' has a character that no host's name has"),
    ])
  func mistakesAreSaid(text: String, message: String) throws {
    let mistake = try #require(throws: Hostlist.Mistake.self) { try Hostlist.expand(text) }
    #expect(mistake.message.hasPrefix(message), "\(mistake.message)")
  }
}
