import BerthKubernetes
import Foundation
import Testing

@testable import BerthNetwork

/// What is wrong with a text, in words; empty: nothing.
func mistakes(_ body: () throws -> Void) -> [String] {
  do {
    try body()
    return []
  } catch let error as BadInput {
    return error.problems.map(\.description)
  } catch {
    return ["\(error)"]
  }
}
