/// What is read of an object as the API server prints it; the rest, most of it, is passed over undecoded.
indirect enum Projection: Sendable {
  case whole
  /// These members. Lists are seen through.
  case members([(name: StaticString, projection: Projection)])

  /// Of manifests that a person wrote, everything is read, so that what is misspelt is found.
  static func of(kind: String) -> Projection {
    switch kind {
    case "Node": node
    case "Pod": pod
    default: .whole
    }
  }

  private static let metadata = Projection.members(
    those(["name", "generateName", "namespace", "labels", "ownerReferences", "deletionTimestamp"])
      + [("annotations", .members(those(DeviceNames.annotations)))])

  private static let node = Projection.members([
    ("apiVersion", .whole), ("kind", .whole), ("metadata", metadata), ("spec", names("taints", "unschedulable")),
    ("status", names("allocatable", "images")),
  ])

  private static let container = names("name", "image", "resources", "ports", "restartPolicy")

  private static let podSpec = Projection.members([
    ("affinity", .whole), ("containers", container), ("hostNetwork", .whole), ("initContainers", container),
    ("nodeName", .whole), ("nodeSelector", .whole), ("overhead", .whole), ("priority", .whole),
    ("priorityClassName", .whole), ("resourceClaims", .whole), ("resources", .whole), ("runtimeClassName", .whole),
    ("schedulingGates", .whole),
    ("schedulingGroup", .whole), ("tolerations", .whole), ("topologySpreadConstraints", .whole),
    ("volumes", .members(those(["name"] + PodVolume.kinds))), ("workloadRef", .whole),
  ])

  private static let pod = Projection.members([
    ("apiVersion", .whole), ("kind", .whole), ("metadata", metadata), ("spec", podSpec),
    ("status", names("phase", "resourceClaimStatuses")),
  ])

  private static func names(_ names: StaticString...) -> Projection { .members(those(names)) }

  private static func those(_ names: [StaticString]) -> [(name: StaticString, projection: Projection)] {
    names.map { (name: $0, projection: .whole) }
  }

  /// Copies the value that comes next, without what is not wanted.
  func copy(_ scanner: inout JSONScanner, to text: inout [UInt8]) throws {
    guard case .members(let wanted) = self else {
      let range = try scanner.skipValue()
      text.append(contentsOf: scanner.bytes[range])
      return
    }
    switch try scanner.peek() {
    case UInt8(ascii: "{"):
      text.append(UInt8(ascii: "{"))
      var isFirst = true
      try scanner.eachMember { key, scanner in
        guard let projection = Self.projection(of: key, in: scanner.bytes, among: wanted) else {
          _ = try scanner.skipValue()
          return
        }
        if !isFirst { text.append(UInt8(ascii: ",")) }
        isFirst = false
        text.append(contentsOf: scanner.bytes[key.lowerBound - 1...key.upperBound])
        text.append(UInt8(ascii: ":"))
        try projection.copy(&scanner, to: &text)
      }
      text.append(UInt8(ascii: "}"))
    case UInt8(ascii: "["):
      text.append(UInt8(ascii: "["))
      var isFirst = true
      try scanner.eachElement { scanner in
        if !isFirst { text.append(UInt8(ascii: ",")) }
        isFirst = false
        try copy(&scanner, to: &text)
      }
      text.append(UInt8(ascii: "]"))
    default:
      let range = try scanner.skipValue()
      text.append(contentsOf: scanner.bytes[range])
    }
  }

  /// A name written with escapes is kept: the decoder knows what it says.
  private static func projection(
    of key: Range<Int>, in bytes: UnsafeBufferPointer<UInt8>,
    among wanted: [(name: StaticString, projection: Projection)]
  ) -> Projection? {
    for (name, projection) in wanted where name.utf8CodeUnitCount == key.count {
      var isEqual = true
      for i in 0..<key.count where name.utf8Start[i] != bytes[key.lowerBound + i] {
        isEqual = false
        break
      }
      if isEqual { return projection }
    }
    return bytes[key].contains(UInt8(ascii: "\\")) ? .whole : nil
  }
}
