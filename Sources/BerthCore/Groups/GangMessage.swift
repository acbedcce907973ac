import CBerth

extension Engine {
  /// A result in a sentence.
  public func gangMessage(_ result: berth_gang_result) throws(EngineError) -> String {
    switch Int(result.outcome) {
    case BERTH_GANG_PLACED: try placedMessage(result)
    case BERTH_GANG_NO_FIT: try proofMessage(result)
    case BERTH_GANG_BOUNDED:
      "no placement was found, and the search was bounded: \(Self.limitWords(result.limits)); "
        + (try proofMessage(result))
    case BERTH_GANG_WITHDRAWN: "another gang of the same call was not placed"
    default:
      throw refuse(BERTH_BAD_ARGUMENT, "outcome \(result.outcome) is unknown: use a result that a call has written")
    }
  }

  private func placedMessage(_ result: berth_gang_result) throws(EngineError) -> String {
    var counts: [String] = []
    let levels = cluster.catalog.topology.levelKeys.count
    let domains = withUnsafeBytes(of: result.domains) { Array($0.bindMemory(to: UInt32.self)) }
    for level in min(Int(result.common_level) + 1, levels + 1)..<levels + 2 where level < domains.count {
      counts.append("\(domains[level]) \(levelName(level, plural: domains[level] != 1))")
    }
    let place =
      result.common_domain == UInt32(BERTH_NO_DOMAIN)
      ? "one node" : try domainName(result.common_domain)
    var text = "\(result.members) members placed in \(place)"
    if !counts.isEmpty && result.common_domain != UInt32(BERTH_NO_DOMAIN) {
      text += ": " + counts.joined(separator: ", ")
    }
    if result.limits != 0 { text += "; not all of it is proven: \(Self.limitWords(result.limits))" }
    return text
  }

  private func proofMessage(_ result: berth_gang_result) throws(EngineError) -> String {
    let level = Int(result.level)
    var text: String
    if level == 0 {
      text = "the cluster holds \(result.available) of \(result.needed) members of role \(result.role)"
    } else if result.available >= result.needed {
      text =
        "a \(levelName(level)) holds \(result.available) members of role \(result.role), but not together with the other members"
    } else {
      text = "no \(levelName(level)) holds \(result.needed) members of role \(result.role)"
      if result.best_domain != UInt32(BERTH_NO_DOMAIN) {
        text += ", the best (\(try domainName(result.best_domain))) holds \(result.available)"
      } else {
        text += ", the best holds \(result.available)"
      }
      if result.enough_domains > 0 { text += "; \(result.enough_domains) would do together" }
    }
    if result.resource != UInt32(BERTH_ANY_RESOURCE) {
      guard result.resource < UInt32(cluster.resources.count) else {
        throw refuse(BERTH_UNKNOWN_ID, "resource \(result.resource) is unknown")
      }
      text += "; what lacks is \(cluster.resources.resources[Int(result.resource)].name)"
    }
    return text
  }

  private func levelName(_ level: Int, plural: Bool = false) -> String {
    let keys = cluster.catalog.topology.levelKeys
    if level == 0 { return "cluster" }
    if level > keys.count { return plural ? "nodes" : "node" }
    return plural ? "domains of \(keys[level - 1])" : "domain of \(keys[level - 1])"
  }

  private func domainName(_ id: UInt32) throws(EngineError) -> String {
    let domains = cluster.catalog.topology.domains
    guard id < UInt32(domains.count) else { throw refuse(BERTH_UNKNOWN_ID, "domain \(id) is unknown") }
    if id == UInt32(BERTH_ROOT_DOMAIN) { return "the cluster" }
    // from the widest level down, as people write it
    var names: [String] = []
    var at = id
    while at != UInt32(BERTH_ROOT_DOMAIN) {
      names.append("\(domains[Int(at)].name)")
      at = domains[Int(at)].parent
    }
    return names.reversed().joined(separator: "/")
  }

  private static func limitWords(_ limits: UInt32) -> String {
    let words = [
      (BERTH_GANG_LIMIT_STEPS, "more combinations than are looked at"),
      (BERTH_GANG_LIMIT_ROLES, "more than \(BERTH_MAX_EXACT_ROLES) roles compete"),
      (BERTH_GANG_LIMIT_STATES, "more than \(BERTH_MAX_EXACT_STATES) states of nodes"),
      (BERTH_GANG_LIMIT_CONSTRAINTS, "members decide on each other"),
      (BERTH_GANG_LIMIT_SCORES, "there may be better scores"),
      (BERTH_GANG_LIMIT_ORDER, "roles are placed one after the other"),
    ]
    return words.filter { limits & UInt32($0.0) != 0 }.map(\.1).joined(separator: ", ")
  }
}
