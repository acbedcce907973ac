import ArgumentParser
import BerthSimulation

extension ProfileChoice: ExpressibleByArgument {}

extension CPULevel: ExpressibleByArgument {
  public init?(argument: String) {
    guard let level = Self.allCases.first(where: { $0.name == argument }) else { return nil }
    self = level
  }

  public static var allValueStrings: [String] { allCases.map(\.name) }
  public var defaultValueDescription: String { name }
}

extension SearchPath: ExpressibleByArgument {
  public init?(argument: String) {
    guard let path = Self.allCases.first(where: { $0.name == argument }) else { return nil }
    self = path
  }

  public static var allValueStrings: [String] { allCases.map(\.name) }
  public var defaultValueDescription: String { name }
}

/// Refuses a number outside its range with a sentence that names both.
func require(_ option: String, _ value: Int, in range: ClosedRange<Int>) throws {
  guard range.contains(value) else {
    throw ValidationError(
      "\(option) is \(value); give a number from \(Figures.grouped(range.lowerBound)) to "
        + "\(Figures.grouped(range.upperBound)).")
  }
}
