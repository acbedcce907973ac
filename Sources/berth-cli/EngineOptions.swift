import ArgumentParser
import BerthSimulation

extension ProfileChoice: ExpressibleByArgument {}
extension CPULevel: ExpressibleByArgument {}
extension SearchPath: ExpressibleByArgument {}

/// Refuses a number outside its range with a sentence that names both.
func require(_ option: String, _ value: Int, in range: ClosedRange<Int>) throws {
  guard range.contains(value) else {
    throw ValidationError(
      "\(option) is \(value); give a number from \(Figures.grouped(range.lowerBound)) to "
        + "\(Figures.grouped(range.upperBound)).")
  }
}
