/// Where the members of a role go, and how good that is.
struct PackingPlan {
  /// The aims, in the order in which they are compared.
  struct Aims: Comparable {
    /// Domains opened on the levels below the common one, nodes last.
    var domains: [Int] = []
    /// Left over in the common domain, then level by level down to the nodes.
    var left: [Int] = []
    /// Left over around it, from the narrowest domain to the widest.
    var around: [Int] = []
    /// Of all members, where scores were looked at.
    var score = 0

    static func < (a: Aims, b: Aims) -> Bool {
      if a.domains != b.domains { return a.domains.lexicographicallyPrecedes(b.domains) }
      if a.left != b.left { return a.left.lexicographicallyPrecedes(b.left) }
      if a.around != b.around { return a.around.lexicographicallyPrecedes(b.around) }
      return a.score > b.score
    }
  }

  /// The lowest common domain; below the last level of domains a node, by its lane.
  var level: Int
  var place: Int
  var aims = Aims()
  /// In the order of levels below the common one, no plan has less.
  var domainsBound: [Int] = []
  var choice: Packer.Choice?
  /// Nodes that may get members, with what they offer; those that are to get so many where the choice has no kinds.
  var lanes: [(lane: Int, offer: Int)] = []
  var kinds: [Int: Int]? { choice?.kinds }
  /// More combinations than were looked at.
  var isBounded = false
  /// No plan of equal aims scores more.
  var isScoreBest = false
}
