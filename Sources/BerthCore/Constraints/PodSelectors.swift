import CBerth

/// Interned label selectors over pods' and namespaces' labels: requirements that must all hold.
struct PodSelectors {
  private(set) var selectors: [[Requirement]] = []
  private var ids: [[Requirement]: UInt32] = [:]
  private(set) var bytes = 0

  /// The selector's id, and whether it is a new one; nil when there are too many. `requirements` sorted, each once.
  mutating func intern(_ requirements: [Requirement]) -> (id: UInt32, isNew: Bool)? {
    if let id = ids[requirements] { return (id, false) }
    guard selectors.count < Int(BERTH_MAX_SELECTORS) else { return nil }
    let id = UInt32(selectors.count)
    selectors.append(requirements)
    ids[requirements] = id
    bytes += Self.bytes(requirements)
    return (id, true)
  }

  mutating func removeLast() {
    let last = selectors.removeLast()
    ids[last] = nil
    bytes -= Self.bytes(last)
  }

  private static func bytes(_ requirements: [Requirement]) -> Int {
    requirements.reduce(96) { $0 + 96 + $1.values.reduce($1.key.bytes.count) { $0 + 48 + $1.bytes.count } }
  }
}

extension [Requirement] {
  func match(_ labels: [Name: Name]) -> Bool { allSatisfy { $0.matches(labels[$0.key]) } }
}

/// The labels of the namespaces that the host told.
struct Namespaces {
  private(set) var labels: [Name: [Name: Name]] = [:]
  /// Rises with every change: what was matched by namespace selectors is to be matched anew.
  private(set) var epoch: UInt64 = 0

  /// Returns what was there before.
  @discardableResult
  mutating func set(_ name: Name, _ new: [Name: Name]?) -> [Name: Name]? {
    let old = labels[name]
    labels[name] = new
    epoch += 1
    return old
  }
}
