import CBerth
import Testing

@testable import Berth

/// A call with bad input: the status it must give and a word that its sentence must have.
struct Refusal: Sendable, CustomTestStringConvertible {
  let name: String
  let status: berth_status
  let word: String
  /// The host measures usage.
  let hasLoad: Bool
  /// The host has pods with constraints on each other.
  let hasConstraints: Bool
  let call: @Sendable (Host) -> berth_status

  init(
    _ name: String, _ status: Int, _ word: String, hasLoad: Bool = false, hasConstraints: Bool = false,
    _ call: @escaping @Sendable (Host) -> berth_status
  ) {
    self.name = name
    self.status = berth_status(status)
    self.word = word
    self.hasLoad = hasLoad
    self.hasConstraints = hasConstraints
    self.call = call
  }

  var testDescription: String { name }

  /// Makes the call on a host of its own: it is refused with a sentence, and nothing has changed.
  func check() {
    let host = Host(hasLoad: hasLoad, hasConstraints: hasConstraints)
    let before = host.state()
    let given = call(host)
    let sentence = lastError(host.engine)
    #expect(given == status, "\(statusName(given)), wanted \(statusName(status)): \(sentence)")
    #expect(sentence.contains(word), "the sentence should speak of \(word): \(sentence)")
    #expect(host.resultsAreUntouched(), "results were written")
    #expect(berth_engine_validate(host.engine) == ok, "\(lastError(host.engine))")
    #expect(host.state() == before)
    #expect(host.digest() == host.moment)
  }
}

func statusName(_ status: berth_status) -> String { String(cString: berth_status_name(status)) }

/// Texts that no name may be.
nonisolated(unsafe) let badTexts: [(what: String, text: UnsafePointer<CChar>)] = [
  ("empty", c("")),
  ("too long", c(String(repeating: "x", count: Int(BERTH_MAX_TEXT_BYTES) + 1))),
  ("a lone continuation byte", c(bytes: [0x61, 0x80])),
  ("an overlong slash", c(bytes: [0xC0, 0xAF])),
  ("a surrogate", c(bytes: [0xED, 0xA0, 0x80])),
  ("cut in a character", c(bytes: [0x61, 0xE2, 0x82])),
  ("beyond Unicode", c(bytes: [0xF4, 0x90, 0x80, 0x80])),
]
