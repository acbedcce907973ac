/// What classes ask of other pods and of images, by class: made when a class is first decided, and brought up to date
/// when what it stands on has changed.
struct AskedTable {
  struct Entry {
    /// nil: no pod's constraints concern the class.
    var constraints: ClassConstraints?
    var imageScores: [UInt32: Int64] = [:]
    /// nil: neither the class nor its profile is about devices.
    var devices: DeviceQuestion?
    fileprivate var imageVersion = UInt64.max
    fileprivate var deviceVersion = UInt64.max

    var isSpecial: Bool { !(constraints?.isEmpty ?? true) || !imageScores.isEmpty || devices != nil }
  }

  /// What an entry stands on.
  struct Ground: Equatable {
    var epoch: UInt64
    var terms: Int
    var ports: Int
    var namespaces: UInt64
    var images: UInt64
    var devices: UInt64
    var saysHostnames: Bool

    @inline(__always)
    init(_ cluster: Cluster) {
      epoch = cluster.constraints.epoch
      terms = cluster.constraints.terms.count
      ports = cluster.constraints.ports.count
      namespaces = cluster.constraints.namespaces.epoch
      images = cluster.catalog.images.version
      devices = cluster.devices.version
      saysHostnames = cluster.catalog.labels.mentionHostname
    }
  }

  /// What is looked at for every pod, apart from the rest.
  private struct Mark {
    var ground: Ground?
    var version: UInt64 = 0
    var isSpecial = false
  }
  private var entries: [Entry] = []
  private var marks: [Mark] = []
  private var changes: UInt64 = 0

  /// Whether more than filter, requests and profile decides a class.
  @inline(__always)
  func isSpecial(_ podClass: UInt32) -> Bool { Int(podClass) < marks.count && marks[Int(podClass)].isSpecial }

  /// Rises with every change of what the class asks; 0: it asks for nothing.
  @inline(__always)
  func version(_ podClass: UInt32) -> UInt64 { Int(podClass) < marks.count ? marks[Int(podClass)].version : 0 }

  /// Whether a class is up to date.
  @inline(__always)
  func isCurrent(_ podClass: UInt32, _ ground: Ground) -> Bool {
    Int(podClass) < marks.count && marks[Int(podClass)].ground == ground
  }

  subscript(_ podClass: UInt32) -> Entry? { Int(podClass) < entries.count ? entries[Int(podClass)] : nil }

  /// The class was taken back, and all that came after it before.
  mutating func forget(_ podClass: UInt32) {
    guard Int(podClass) < entries.count else { return }
    entries.removeLast(entries.count - Int(podClass))
    marks.removeLast(marks.count - Int(podClass))
  }

  /// Brings a class up to date. New counts are still to be filled.
  mutating func prepare(_ podClass: UInt32, _ workload: Workload, _ cluster: Cluster) {
    let record = workload.classes.records[Int(podClass)]
    let profile = workload.profiles[Int(record.profile)]
    while entries.count <= Int(podClass) {
      entries.append(Entry())
      marks.append(Mark())
    }
    var entry = entries[Int(podClass)]
    if !workload.concernsPods(record, cluster.constraints) {
      entry.constraints = nil
    } else if !(entry.constraints?.isCurrent(cluster.constraints) ?? false) {
      if entry.constraints?.epoch == cluster.constraints.epoch {
        entry.constraints!.extend(cluster.constraints, cluster.catalog)
      } else {
        entry.constraints = ClassConstraints(
          traits: record.traits, placeability: workload.classes.filters[Int(record.filter)].placeability,
          profile: profile, cluster.constraints, cluster.catalog)
      }
      changes += 1
    }
    let images = workload.classes.images(record)
    if !images.isEmpty && profile.imageWeight != 0 && entry.imageVersion != cluster.catalog.images.version {
      entry.imageVersion = cluster.catalog.images.version
      let scores = cluster.catalog.images.scores(images, nodes: cluster.nodes.count)
      if scores != entry.imageScores { changes += 1 }
      entry.imageScores = scores
    }
    if entry.deviceVersion != cluster.devices.version {
      entry.deviceVersion = cluster.devices.version
      entry.devices = DeviceQuestion(record, profile, workload, cluster, podClass: podClass)
      if entry.devices != nil { changes += 1 }
    }
    let isChanged = changes != lastChanges
    lastChanges = changes
    entries[Int(podClass)] = entry
    marks[Int(podClass)].isSpecial = entry.isSpecial
    marks[Int(podClass)].ground = Ground(cluster)
    if isChanged { marks[Int(podClass)].version = changes }
  }
  private var lastChanges: UInt64 = 0
}

extension Workload {
  /// Whether other pods may have a say in where a class goes.
  @inline(__always)
  func concernsPods(_ record: PodClasses.PodClass, _ state: ConstraintState) -> Bool {
    record.isConstrained || state.terms.count > 0
  }
}

extension Engine {
  /// Some class may be concerned by other pods or images.
  @inline(__always)
  private var hasSpecial: Bool { workload.classes.hasSpecial || cluster.constraints.terms.count > 0 }

  /// Before a class is decided: it knows of all pods that concern it.
  @inline(__always)
  func prepare(_ podClass: UInt32) {
    if hasSpecial && !planner.asked.isCurrent(podClass, AskedTable.Ground(cluster)) {
      prepareSpecial(CollectionOfOne(podClass))
    }
  }

  /// The same for many, so that pods are counted in one look at them all.
  @inline(__always)
  func prepare(_ classes: UnsafeBufferPointer<UInt32>) {
    guard hasSpecial else { return }
    let ground = AskedTable.Ground(cluster)
    for podClass in classes where !planner.asked.isCurrent(podClass, ground) {
      return prepareSpecial(Set(classes).sorted())
    }
  }

  @inline(never)
  private func prepareSpecial(_ classes: some Sequence<UInt32>) {
    cluster.constraints.refresh(cluster.catalog)
    for podClass in classes { planner.asked.prepare(podClass, workload, cluster) }
    if cluster.constraints.needsFilling { cluster.constraints.fill(cluster, pods, workload.classes) }
  }
}
