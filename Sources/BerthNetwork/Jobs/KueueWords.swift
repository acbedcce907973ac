import BerthKubernetes
import Foundation

/// Kueue's annotations of a pod set, as its webhooks take them (keps/2724-topology-aware-scheduling,
/// pkg/controller/jobframework/tas_validation.go).
struct KueueWords {
  static let prefix = "kueue.x-k8s.io/"
  static let podGroup = prefix + "pod-group-name"
  static let podGroupCount = prefix + "pod-group-total-count"
  static let minParallelism = prefix + "job-min-parallelism"
  static let required = prefix + "podset-required-topology"
  static let preferred = prefix + "podset-preferred-topology"
  static let unconstrained = prefix + "podset-unconstrained-topology"
  static let sliceLevel = prefix + "podset-slice-required-topology"
  static let sliceSize = prefix + "podset-slice-size"
  static let sliceLevels = prefix + "podset-slice-required-topology-constraints"
  static let groupName = prefix + "podset-group-name"

  let place: String
  private(set) var problems: [Problem] = []
  private(set) var group: String?

  init(place: String) { self.place = place }

  private mutating func fail(_ key: String, _ message: String) {
    problems.append(Problem(place, "metadata.annotations[\(key)]", message))
  }

  mutating func apply(_ words: inout GangWords, to role: inout GangJob.Role) {
    let required = level(Self.required, &words)
    let preferred = level(Self.preferred, &words)
    let unconstrained = words.annotation(Self.unconstrained)
    if let unconstrained,
      !["true", "false", "1", "0", "t", "f", "T", "F", "True", "False", "TRUE", "FALSE"].contains(unconstrained)
    {
      fail(Self.unconstrained, "'\(unconstrained)' is neither true nor false")
    }
    if [required != nil, preferred != nil, unconstrained != nil].filter(\.self).count > 1 {
      fail(
        required == nil ? Self.preferred : Self.required,
        "one of required, preferred and unconstrained topology is expected")
    }
    if required != nil || preferred != nil {
      role.closeness = GangJob.Closeness(required: required, preferred: preferred)
    }
    let layers = words.annotation(Self.sliceLevels)
    let sliceLevel = level(Self.sliceLevel, &words)
    let sliceSize = words.annotation(Self.sliceSize)
    group = words.annotation(Self.groupName)
    if layers != nil && (sliceLevel != nil || sliceSize != nil) {
      fail(Self.sliceLevels, "must not be beside \(Self.sliceLevel) and \(Self.sliceSize)")
    }
    if (sliceLevel == nil) != (sliceSize == nil) {
      fail(sliceLevel == nil ? Self.sliceLevel : Self.sliceSize, "is required beside the other")
    }
    if let group {
      if layers != nil || sliceLevel != nil { fail(Self.groupName, "must not be beside slices") }
      if required == nil && preferred == nil { fail(Self.groupName, "needs a required or a preferred topology") }
      if UInt64(group) != nil { fail(Self.groupName, "'\(group)' must not be a number") }
    }
    if let sliceLevel, let text = sliceSize {
      guard let size = Int32(text), size >= 1 else {
        return fail(Self.sliceSize, "'\(text)' is no whole number from 1")
      }
      role.slices = [GangJob.Slice(level: sliceLevel, size: Int(size))]
    }
    if let layers { role.slices = slices(layers) }
  }

  private mutating func level(_ key: String, _ words: inout GangWords) -> String? {
    guard let value = words.annotation(key) else { return nil }
    if let wrong = LabelSyntax.wrongKey(value) { fail(key, "'\(value)' is no label key: \(wrong)") }
    return value
  }

  private mutating func slices(_ text: String) -> [GangJob.Slice] {
    guard case .list(let entries)? = JSONText.value(text), (1...GangJob.mostSlices).contains(entries.count) else {
      fail(Self.sliceLevels, "must be a JSON array of one to \(GangJob.mostSlices) objects with topology and size")
      return []
    }
    return entries.enumerated().compactMap { index, entry in
      guard case .object(let fields) = entry, let level = fields.text("topology"), LabelSyntax.wrongKey(level) == nil,
        case .integer(let size)? = fields["size"], (1...Int64(Int32.max)).contains(size)
      else {
        fail(Self.sliceLevels, "entry \(index) must have a topology, a label key, and a size from 1")
        return nil
      }
      return GangJob.Slice(level: level, size: Int(size))
    }
  }
}

/// JSON within an annotation.
enum JSONText {
  static func value(_ text: String) -> Value? {
    // As deep as any annotation is: what decodes deeper values calls itself.
    var depth = 0
    for byte in text.utf8 {
      if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { depth += 1 }
    }
    guard depth < 10_000, let decoded = try? JSONSerialization.jsonObject(with: Data(text.utf8)) else { return nil }
    return Value(decoded: decoded)
  }
}

extension GangManifests {
  /// Pods of one group, each an object of its own (Kueue's plain pods): those that ask for the same are one role.
  mutating func kueuePodGroup(_ name: String, _ members: [PodMembers]) -> GangJob? {
    var merged: [PodMembers] = []
    var total: Int?
    for member in members {
      var member = member
      _ = member.words.label(KueueWords.podGroup)
      if let text = member.words.annotation(KueueWords.podGroupCount) {
        guard let count = Int(text), count > 0, total ?? count == count else {
          problems.append(
            Problem(
              member.object.title, "metadata.annotations[\(KueueWords.podGroupCount)]",
              "'\(text)' is no number, or not that of the group's other pods"))
          return nil
        }
        total = count
      }
      if let same = merged.firstIndex(where: { alike($0, member) }) {
        merged[same].count += 1
      } else {
        merged.append(member)
      }
    }
    var job = job(name, merged, object: members[0].object)
    if let total, total != members.count {
      if merged.count == 1, total > members.count {
        job.roles[0].max = total
        job.roles[0].min = total
        job.minMember = total
        job.notes.append(
          "\(members.count) of the group's \(total) pods are in the file; the others are taken for alike")
      } else {
        problems.append(
          Problem(
            "pod group \(name)", KueueWords.podGroupCount, "is \(total), and the file has \(members.count) of its pods")
        )
      }
    }
    return job
  }

  func alike(_ one: PodMembers, _ other: PodMembers) -> Bool {
    one.demand.requests == other.demand.requests && one.demand.gpus == other.demand.gpus
      && one.words.annotations == other.words.annotations && one.demand.priority == other.demand.priority
  }
}
