import BerthOracle

/// Random gangs, with all that can be asked for them.
extension Random {
  /// A gang of so many members at the most, and at least as many as there are roles: one role for each of the pods.
  mutating func gang(members: Int, of pods: [PodSpec], levels: Int, domains: Int) -> GangSpec {
    let last = levels + 1
    var left = members
    var roles: [GangSpec.Role] = []
    for (index, pod) in pods.enumerated() {
      let others = pods.count - 1 - index
      let most = others == 0 ? left : int(1...(left - others))
      left -= most
      roles.append(role(of: pod, most, last: last, wish: 1 / Double(pods.count)))
    }
    var gang = GangSpec(roles)
    if chance(0.4) { gang.requiredLevel = int(1...last) }
    if chance(0.4) { gang.preferredLevel = int(max(1, gang.requiredLevel)...last) }
    if pods.count > 1 && chance(0.25) { gang.separateLevel = int(1...last) }
    if chance(0.2) { gang.domain = int(0...domains - 1) }
    if chance(0.2) { gang.leastMembers = int(1...members) }
    // a gang without any member is none
    if gang.minima.allSatisfy({ $0 == 0 }) { gang.leastMembers = 1 }
    return gang
  }

  /// `wish`: how likely it has demands of its own.
  private mutating func role(of pod: PodSpec, _ most: Int, last: Int, wish: Double) -> GangSpec.Role {
    var role = GangSpec.Role(pod, most)
    if chance(0.3 * wish) { role.slices = slices(most, last: last) }
    let multiple = role.slices.first?.members ?? 1
    if chance(0.35) { role.least = int(0...most / multiple) * multiple }
    if chance(0.25 * wish) { role.requiredLevel = int(1...last) }
    if chance(0.25 * wish) { role.preferredLevel = int(max(1, role.requiredLevel)...last) }
    if chance(0.25 * wish) { (role.spreadLevel, role.spreadMembers) = (int(1...last), int(1...4)) }
    return role
  }

  /// Sizes that divide each other, on levels from wide to narrow.
  private mutating func slices(_ members: Int, last: Int) -> [GangSpec.Slice] {
    var size = pick((1...members).filter { members % $0 == 0 })
    let chosen = sample(Array(1...last), int(1...3)).sorted()
    return chosen.map { level in
      defer { size = pick((1...size).filter { size % $0 == 0 }) }
      return GangSpec.Slice(level, size)
    }
  }
}
