import CBerth

/// What whole domains say of a class's parts: filters, which parts have a say in topology spread, raw scores. Looked up
/// for every pod, from tables in plain memory.
final class SlotDomains {
  /// What is known of a part while a pod is placed.
  struct State {
    var isAllowed: Bool
    /// Has a part in soft topology spread.
    var takesPart: Bool
    var preference: Int64
  }
  private struct Filter {
    enum Kind { case spread, affinity, forbidden }
    let kind: Kind
    let count: Int
    /// Place of the key in `SlotParts.keys`.
    let key: Int
    var maxSkew: Int64 = 0
    var minDomains: Int64 = 0
    var selfMatch: Int64 = 0
  }
  struct Soft {
    let count: Int
    /// -1: hostnames.
    let key: Int
    let maxSkew: Int64
    /// The domain of nodes that lack the key.
    let lacking: Int32
  }
  private struct Preference {
    let count: Int
    let key: Int
    let weight: Int64
  }

  private let own: ClassConstraints?
  private let parts: SlotParts
  private let state: ConstraintState
  private let filters: UnsafeMutableBufferPointer<Filter>
  private let preferences: UnsafeMutableBufferPointer<Preference>
  /// In the order of the pod's constraints.
  let soft: UnsafeMutableBufferPointer<Soft>
  private let needsHostname: Bool
  private let hasAffinity: Bool

  // By part, as far as `known`.
  private var known = 0
  private var capacity = 0
  private(set) var states: UnsafeMutablePointer<State>
  private var values: UnsafeMutablePointer<Int32>
  /// [part][soft]: the first part in the same domain of the constraint's key.
  private var first: UnsafeMutablePointer<UInt16>
  private var seen: UnsafeMutablePointer<UInt32>
  private var look: UInt32 = 0

  init(_ own: ClassConstraints?, _ parts: SlotParts, _ state: ConstraintState) {
    self.own = own
    self.parts = parts
    self.state = state
    func place(_ key: Int) -> Int? { parts.keys.firstIndex(of: key) }
    var list: [Filter] = []
    for spread in own?.hardSpread ?? [] {
      guard let key = place(spread.key) else { continue }
      list.append(
        Filter(
          kind: .spread, count: spread.count, key: key, maxSkew: spread.maxSkew, minDomains: spread.minDomains,
          selfMatch: spread.selfMatch))
    }
    for keyed in own?.affinity ?? [] {
      if let key = place(keyed.key) { list.append(Filter(kind: .affinity, count: keyed.count, key: key)) }
    }
    for keyed in (own?.ownAnti ?? []) + (own?.existingAnti ?? []) {
      if let key = place(keyed.key) { list.append(Filter(kind: .forbidden, count: keyed.count, key: key)) }
    }
    filters = Self.copy(list)
    preferences = Self.copy(
      (own?.preferred ?? []).compactMap { term in
        place(term.key).map { Preference(count: term.count, key: $0, weight: term.weight) }
      })
    soft = Self.copy(
      (own?.softSpread ?? []).map {
        Soft(
          count: $0.count, key: $0.isHostname ? -1 : place($0.key) ?? -1, maxSkew: $0.maxSkew, lacking: $0.lacking)
      })
    func isHostname(_ key: Int) -> Bool {
      key != DomainCount.Identity.eachNode && state.topology.keys[key].source == .node
    }
    needsHostname =
      own.map { own in
        own.hardSpread.contains { isHostname($0.key) } || own.affinity.contains { isHostname($0.key) }
      } ?? false
    hasAffinity = !(own?.affinity.isEmpty ?? true)
    states = .allocate(capacity: 0)
    values = .allocate(capacity: 0)
    first = .allocate(capacity: 0)
    seen = .allocate(capacity: 0)
  }

  deinit {
    filters.deallocate()
    preferences.deallocate()
    soft.deallocate()
    freeTables()
  }

  private func freeTables() {
    states.deallocate()
    values.deallocate()
    first.deallocate()
    seen.deallocate()
  }

  private static func copy<Value>(_ list: [Value]) -> UnsafeMutableBufferPointer<Value> {
    let buffer = UnsafeMutableBufferPointer<Value>.allocate(capacity: list.count)
    _ = buffer.initialize(from: list)
    return buffer
  }

  @inline(__always)
  func value(_ part: Int, _ key: Int) -> Int32 { values[part * parts.keys.count + key] }

  /// Looks at every part anew.
  func refresh() {
    if known != parts.parts.count { extend() }
    let isFirst = hasAffinity ? own.unsafelyUnwrapped.isFirst(state) : false
    for part in 0..<known where states[part].isAllowed || !isNeverAllowed(part) {
      states[part].isAllowed = admits(part, isFirst)
      guard states[part].isAllowed else { continue }
      var sum: Int64 = 0
      for term in preferences {
        let value = value(part, term.key)
        if value != TopologyKeys.none { sum += term.weight * state.counts[term.count][value] }
      }
      states[part].preference = sum
    }
  }

  private func isNeverAllowed(_ part: Int) -> Bool { needsHostname && parts.parts[part].lacksHostname }

  @inline(__always)
  private func admits(_ part: Int, _ isFirst: Bool) -> Bool {
    for filter in filters {
      let value = value(part, filter.key)
      switch filter.kind {
      case .spread:
        if value == TopologyKeys.none { return false }
        let minimum = state.counts[filter.count].domains < filter.minDomains ? 0 : state.counts[filter.count].minimum
        if state.counts[filter.count][value] + filter.selfMatch - Int64(minimum) > filter.maxSkew { return false }
      case .affinity:
        if value == TopologyKeys.none || (!isFirst && state.counts[filter.count][value] == 0) { return false }
      case .forbidden:
        if value != TopologyKeys.none && state.counts[filter.count][value] > 0 { return false }
      }
    }
    return true
  }

  /// Parts that came.
  private func extend() {
    freeTables()
    known = parts.parts.count
    let keys = parts.keys.count
    states = .allocate(capacity: known)
    values = .allocate(capacity: known * keys)
    first = .allocate(capacity: known * soft.count)
    seen = .allocate(capacity: known)
    seen.initialize(repeating: 0, count: known)
    look = 0
    var firsts = [[Int32: UInt16]](repeating: [:], count: soft.count)
    for (part, facts) in parts.parts.enumerated() {
      for key in 0..<keys { values[part * keys + key] = facts.values[key] }
      var takesPart = true
      if own?.requiresAllKeys ?? false {
        takesPart = soft.allSatisfy { $0.key < 0 ? !facts.lacksHostname : facts.values[$0.key] != TopologyKeys.none }
      }
      (states + part).initialize(
        to: State(isAllowed: !(needsHostname && facts.lacksHostname), takesPart: takesPart, preference: 0))
      for (index, spread) in soft.enumerated() where spread.key >= 0 {
        let own = facts.values[spread.key]
        let value = own == TopologyKeys.none ? spread.lacking : own
        if firsts[index][value] == nil { firsts[index][value] = UInt16(part) }
        first[part * soft.count + index] = firsts[index][value]!
      }
    }
  }

  /// How many domains of a soft constraint's key there are among parts.
  func countValues(of index: Int, _ visit: ((Int) -> Void) -> Void) -> Int {
    look += 1
    var count = 0
    visit { part in
      let representative = Int(first[part * soft.count + index])
      if seen[representative] != look {
        seen[representative] = look
        count += 1
      }
    }
    return count
  }
}
