/// Reads the part of CEL that `CELExpression` has, and says of everything else what is not supported and where.
struct CELParser {
  private var tokens: CELTokens
  private var depth = 0
  private var operators = 0

  /// As Kubernetes has it (resource/v1, CELSelectorExpressionMaxLength).
  private static let mostBytes = 10 * 1024
  private static let mostDepth = 100
  /// A chain of operators makes a tree that leans to the left, and whatever walks it goes as deep. No sensible expression
  /// of that length has so many.
  private static let mostOperators = 500

  static func expression(_ text: String) throws(CELProblem) -> CELExpression {
    if text.utf8.count > mostBytes {
      throw CELProblem(message: "is longer than \(mostBytes) bytes (\(text.utf8.count))")
    }
    var parser = CELParser(tokens: try CELTokens(text))
    let expression = try parser.or()
    if parser.tokens.next != .end { throw parser.unsupported() }
    return expression
  }

  private init(tokens: CELTokens) { self.tokens = tokens }

  private func unsupported() -> CELProblem {
    switch tokens.next {
    case .name(let name): tokens.problem("'\(name)' is not supported")
    case .text(let text): tokens.problem("\"\(text)\" is not expected")
    case .number(let number): tokens.problem("\(number) is not expected")
    case .sign(let sign): tokens.problem("'\(sign)' is not expected")
    case .end: tokens.problem("the expression ends too early")
    }
  }

  // MARK: Operators, the weakest first

  private mutating func or() throws(CELProblem) -> CELExpression {
    var left = try and()
    while try takesOperator("||") { left = .or(left, try and()) }
    return left
  }

  private mutating func and() throws(CELProblem) -> CELExpression {
    var left = try relation()
    while try takesOperator("&&") { left = .and(left, try relation()) }
    return left
  }

  private mutating func takesOperator(_ sign: String) throws(CELProblem) -> Bool {
    let place = tokens
    guard try tokens.takes(sign) else { return false }
    operators += 1
    if operators > Self.mostOperators {
      throw place.problem("more than \(Self.mostOperators) operators are not supported")
    }
    return true
  }

  private mutating func relation() throws(CELProblem) -> CELExpression {
    let left = try unary()
    if case .sign(let sign) = tokens.next, let comparison = CELExpression.Comparison(rawValue: sign) {
      _ = try tokens.take()
      return .compare(comparison, left, try unary())
    }
    guard tokens.next == .name("in") else { return left }
    _ = try tokens.take()
    let column = tokens
    let list = try unary()
    guard case .list = list else { throw column.problem("'in' is supported with a list of literals only") }
    return .isIn(left, list)
  }

  /// Whatever nests comes by here: brackets, lists, arguments and signs.
  private mutating func unary() throws(CELProblem) -> CELExpression {
    depth += 1
    defer { depth -= 1 }
    if depth > Self.mostDepth { throw tokens.problem("is nested too deep") }
    if try tokens.takes("!") { return .not(try unary()) }
    if try tokens.takes("-") {
      guard case .number(let number) = tokens.next else { throw tokens.problem("'-' is supported before numbers only") }
      _ = try tokens.take()
      return .literal(.number(-number))
    }
    var value = try primary()
    while try takesOperator(".") {
      let place = tokens
      guard case .name(let name) = try tokens.take(), let method = CELExpression.Method(rawValue: name) else {
        throw place.next == .end ? unsupported() : place.problem("\(Self.quoted(place.next)) is not supported here")
      }
      try tokens.expect("(")
      let argument = try or()
      try tokens.expect(")")
      value = .call(method, value, argument)
    }
    return value
  }

  // MARK: Values

  private mutating func primary() throws(CELProblem) -> CELExpression {
    let place = tokens
    switch try tokens.take() {
    case .text(let text): return .literal(.text(text))
    case .number(let number): return .literal(.number(number))
    case .sign("("):
      let inner = try or()
      try tokens.expect(")")
      return inner
    case .sign("["): return .list(try elements())
    case .name("true"): return .literal(.flag(true))
    case .name("false"): return .literal(.flag(false))
    case .name("device"): return try device()
    case .name("quantity"):
      let (text, place) = try argument()
      guard let quantity = Quantity(text) else { throw place.problem("'\(text)' is no quantity") }
      return .literal(.quantity(quantity.nanos))
    case .name("semver"):
      let (text, place) = try argument()
      guard let version = SemanticVersion(text) else { throw place.problem("'\(text)' is no version") }
      return .literal(.version(version))
    default:
      if place.next == .end { throw place.problem("the expression ends too early") }
      throw place.problem("\(Self.quoted(place.next)) is not supported")
    }
  }

  private mutating func elements() throws(CELProblem) -> [CELExpression] {
    var elements: [CELExpression] = []
    while try !tokens.takes("]") {
      if !elements.isEmpty { try tokens.expect(",") }
      let place = tokens
      let element = try unary()
      guard case .literal = element else { throw place.problem("lists are supported of literals only") }
      elements.append(element)
    }
    return elements
  }

  /// ("text")
  private mutating func argument() throws(CELProblem) -> (String, CELTokens) {
    try tokens.expect("(")
    let place = tokens
    guard case .text(let text) = try tokens.take() else { throw place.problem("a text is expected") }
    try tokens.expect(")")
    return (text, place)
  }

  /// device.driver, device.attributes["domain"].name, device.capacity["domain"].name
  private mutating func device() throws(CELProblem) -> CELExpression {
    try tokens.expect(".")
    let place = tokens
    let field = try tokens.take()
    if field == .name("driver") { return .driver }
    guard field == .name("attributes") || field == .name("capacity") else {
      throw place.problem("device.\(Self.quoted(place.next)) is not supported: driver, attributes and capacity are")
    }
    try tokens.expect("[")
    let domainPlace = tokens
    guard case .text(let domain) = try tokens.take() else {
      throw domainPlace.problem("a domain in quotes is expected")
    }
    try tokens.expect("]")
    let name: String
    if try tokens.takes("[") {
      let place = tokens
      guard case .text(let text) = try tokens.take() else { throw place.problem("a name in quotes is expected") }
      try tokens.expect("]")
      name = text
    } else {
      try tokens.expect(".")
      let place = tokens
      guard case .name(let text) = try tokens.take() else { throw place.problem("a name is expected") }
      name = text
    }
    return field == .name("attributes") ? .attribute("\(domain)/\(name)") : .capacity("\(domain)/\(name)")
  }

  private static func quoted(_ token: CELTokens.Token) -> String {
    switch token {
    case .name(let text), .sign(let text): "'\(text)'"
    case .text(let text): "\"\(text)\""
    case .number(let number): "\(number)"
    case .end: "the end"
    }
  }
}
