import BerthMemory

/// What is asked: profiles and pod classes.
final class Workload {
  var profiles: [Profile] = []
  var profileNames: [Name: UInt32] = [:]
  var classes: PodClasses

  init(in arena: Arena) {
    classes = PodClasses(in: arena)
  }

  init(forking other: Workload) {
    profiles = other.profiles
    profileNames = other.profileNames
    classes = other.classes.fork()
  }
}
