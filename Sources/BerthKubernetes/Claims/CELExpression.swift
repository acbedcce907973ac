/// A condition on a device, as far as CEL is understood: comparisons of the driver, attributes and capacities with
/// literals, quantities and versions; in with a list; !, &&, || and parentheses.
indirect enum CELExpression: Hashable, Sendable {
  enum Comparison: String, Sendable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case most = "<="
    case more = ">"
    case least = ">="
  }

  enum Method: String, CaseIterable, Sendable { case compareTo, isGreaterThan, isLessThan }

  /// Why it is not understood: it holds for nothing, and is a mistake of whoever uses it.
  case unsupported(String)
  case literal(CELValue)
  case list([CELExpression])
  case driver
  /// By qualified name, "gpu.nvidia.com/memory".
  case attribute(String)
  case capacity(String)
  /// A method of quantities and versions.
  case call(Method, CELExpression, CELExpression)
  case compare(Comparison, CELExpression, CELExpression)
  case isIn(CELExpression, CELExpression)
  case not(CELExpression)
  case and(CELExpression, CELExpression)
  case or(CELExpression, CELExpression)
}

enum CELValue: Hashable, Sendable {
  case text(String)
  case number(Int64)
  case flag(Bool)
  case version(SemanticVersion)
  case quantity(Int128)
}

extension CELExpression {
  /// Whether the condition holds. What cannot be evaluated (an attribute that the device lacks, values of different
  /// types) does not hold; Kubernetes' scheduler gives the pod up there.
  func holds(_ device: SliceDevice) -> Bool { value(device) == .flag(true) }

  /// Nil: it cannot be evaluated.
  private func value(_ device: SliceDevice) -> CELValue? {
    switch self {
    case .unsupported: return nil
    case .literal(let value): return value
    case .list: return nil
    case .driver: return .text(device.driver)
    case .attribute(let name): return device.attributes[name]
    case .capacity(let name): return device.capacity[name].map { .quantity($0.nanos) }
    case .call(let method, let one, let other):
      guard let one = one.value(device), let other = other.value(device), let order = one.order(other) else {
        return nil
      }
      switch method {
      case .compareTo: return .number(Int64(order))
      case .isGreaterThan: return .flag(order > 0)
      case .isLessThan: return .flag(order < 0)
      }
    case .compare(let comparison, let one, let other):
      guard let one = one.value(device), let other = other.value(device) else { return nil }
      return one.compared(comparison, other).map { .flag($0) }
    case .isIn(let one, let list):
      guard let one = one.value(device), case .list(let elements) = list else { return nil }
      return .flag(elements.contains { $0.value(device) == one })
    case .not(let inner):
      guard case .flag(let flag)? = inner.value(device) else { return nil }
      return .flag(!flag)
    // One side alone decides, whatever the other is: so CEL has it.
    case .and(let one, let other): return Self.combined(one.value(device), other.value(device), decisive: false)
    case .or(let one, let other): return Self.combined(one.value(device), other.value(device), decisive: true)
    }
  }

  private static func combined(_ one: CELValue?, _ other: CELValue?, decisive: Bool) -> CELValue? {
    if one == .flag(decisive) || other == .flag(decisive) { return .flag(decisive) }
    return one == .flag(!decisive) && other == .flag(!decisive) ? .flag(!decisive) : nil
  }
}

extension CELValue {
  /// -1, 0 or 1; nil for values of different types, or without an order.
  func order(_ other: CELValue) -> Int? {
    func sign<T: Comparable>(_ one: T, _ other: T) -> Int { one < other ? -1 : one == other ? 0 : 1 }
    switch (self, other) {
    case (.text(let one), .text(let other)): return sign(one, other)
    case (.number(let one), .number(let other)): return sign(one, other)
    case (.version(let one), .version(let other)): return sign(one, other)
    case (.quantity(let one), .quantity(let other)): return sign(one, other)
    default: return nil
    }
  }

  func compared(_ comparison: CELExpression.Comparison, _ other: CELValue) -> Bool? {
    if case .flag(let one) = self, case .flag(let other) = other {
      return comparison == .equal ? one == other : comparison == .unequal ? one != other : nil
    }
    guard let order = order(other) else { return nil }
    switch comparison {
    case .equal: return order == 0
    case .unequal: return order != 0
    case .less: return order < 0
    case .most: return order <= 0
    case .more: return order > 0
    case .least: return order >= 0
    }
  }
}

/// A version as semver.org has it, without what follows a plus.
struct SemanticVersion: Hashable, Comparable, Sendable {
  var numbers: [Int64]
  /// Behind a dash; a version without is later than one with.
  var preRelease: [String]

  init?(_ text: String) {
    let parts = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)[0]
      .split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { Int64($0) }
    guard numbers.count == 3, numbers.allSatisfy({ $0 != nil && $0! >= 0 }) else { return nil }
    self.numbers = numbers.map { $0! }
    preRelease = parts.count > 1 ? parts[1].split(separator: ".").map(String.init) : []
  }

  static func < (one: Self, other: Self) -> Bool {
    if one.numbers != other.numbers { return one.numbers.lexicographicallyPrecedes(other.numbers) }
    if one.preRelease.isEmpty || other.preRelease.isEmpty { return !one.preRelease.isEmpty && other.preRelease.isEmpty }
    for (left, right) in zip(one.preRelease, other.preRelease) where left != right {
      switch (Int64(left), Int64(right)) {
      case (let left?, let right?): return left < right
      case (nil, nil): return left < right
      case (let number, _): return number != nil
      }
    }
    return one.preRelease.count < other.preRelease.count
  }
}
