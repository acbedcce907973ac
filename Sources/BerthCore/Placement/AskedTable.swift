/// What classes ask of other pods and of images, by class: made when a class is first decided, and brought up to date
/// when what it stands on has changed.
struct AskedTable {
  struct Entry {
    /// nil: no pod's constraints concern the class.
    var constraints: ClassConstraints?
    var imageScores: [UInt32: Int64]
    fileprivate var imageVersion: UInt64
    fileprivate var isSpecial: Bool
    /// Rises with every change of what is asked.
    fileprivate(set) var version: UInt64
  }
  private var entries: [Entry?] = []
  /// Any class is.
  private var hasSpecial = false
  private var changes: UInt64 = 0

  /// Whether more than filter, requests and profile decides a class.
  @inline(__always)
  func isSpecial(_ podClass: UInt32) -> Bool {
    hasSpecial && Int(podClass) < entries.count && entries[Int(podClass)]?.isSpecial ?? false
  }

  subscript(_ podClass: UInt32) -> Entry? { Int(podClass) < entries.count ? entries[Int(podClass)] : nil }

  /// The class was taken back.
  mutating func forget(_ podClass: UInt32) {
    if Int(podClass) < entries.count { entries.removeLast(entries.count - Int(podClass)) }
  }

  /// Brings a class up to date. New counts are still to be filled.
  mutating func prepare(_ podClass: UInt32, _ workload: Workload, _ cluster: Cluster) {
    let record = workload.classes.records[Int(podClass)]
    let profile = workload.profiles[Int(record.profile)]
    while entries.count <= Int(podClass) { entries.append(nil) }
    var entry =
      entries[Int(podClass)]
      ?? Entry(constraints: nil, imageScores: [:], imageVersion: .max, isSpecial: false, version: 0)
    if workload.concernsPods(record, cluster.constraints) {
      if entry.constraints == nil || !entry.constraints!.isCurrent(cluster.constraints) {
        var constraints = entry.constraints
        if constraints?.epoch == cluster.constraints.epoch {
          constraints!.extend(cluster.constraints, cluster.catalog)
        } else {
          constraints = ClassConstraints(
            traits: record.traits, placeability: workload.classes.filters[Int(record.filter)].placeability,
            profile: profile, cluster.constraints, cluster.catalog)
        }
        entry.constraints = constraints
        changes += 1
        entry.version = changes
      }
    } else {
      entry.constraints = nil
    }
    let images = workload.classes.images(record)
    if !images.isEmpty && profile.imageWeight != 0 && entry.imageVersion != cluster.catalog.images.version {
      entry.imageVersion = cluster.catalog.images.version
      let scores = cluster.catalog.images.scores(images, nodes: cluster.nodes.count)
      if scores != entry.imageScores {
        entry.imageScores = scores
        changes += 1
        entry.version = changes
      }
    }
    entry.isSpecial = !(entry.constraints?.isEmpty ?? true) || !entry.imageScores.isEmpty
    hasSpecial = hasSpecial || entry.isSpecial
    entries[Int(podClass)] = entry
  }
}

extension Workload {
  /// Whether other pods may have a say in where a class goes.
  @inline(__always)
  func concernsPods(_ record: PodClasses.PodClass, _ state: ConstraintState) -> Bool {
    record.isConstrained || state.terms.count > 0
  }
}

extension Engine {
  /// Before a class is decided: it knows of all pods that concern it.
  @inline(__always)
  func prepare(_ podClass: UInt32) {
    let record = workload.classes.records[Int(podClass)]
    if record.images != 0 || workload.concernsPods(record, cluster.constraints) {
      prepareSpecial(CollectionOfOne(podClass))
    }
  }

  /// The same for many, so that pods are counted in one look at them all.
  func prepare(_ classes: UnsafeBufferPointer<UInt32>) {
    guard cluster.constraints.terms.count > 0 || workload.classes.hasSpecial else { return }
    prepareSpecial(Set(classes).sorted())
  }

  @inline(never)
  private func prepareSpecial(_ classes: some Sequence<UInt32>) {
    cluster.constraints.refresh(cluster.catalog)
    for podClass in classes { planner.asked.prepare(podClass, workload, cluster) }
    if cluster.constraints.needsFilling { cluster.constraints.fill(cluster, pods, workload.classes) }
  }
}
