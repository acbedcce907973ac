/// What a claim asks for: `spec` of a ResourceClaim, or of a template.
struct ClaimSpec: Hashable, Sendable {
  /// A part that is not placed here: a mistake of the pods only that are to be placed with it, as claims that are
  /// allocated already are held whatever they asked for.
  struct Unsupported: Hashable, Sendable {
    /// Below what has it.
    var field: String
    var message: String
  }

  struct Request: Hashable, Sendable {
    var name: String
    var deviceClass: String
    var selectors: [CELExpression]
    /// Nil: all that match.
    var count: Int?
    /// Where in the request it is said: before v1 in the request itself.
    var path = ".exactly"
    var unsupported: Unsupported?
  }

  struct Constraint: Hashable, Sendable {
    /// Empty: all.
    var requests: [String]
    var attribute: String
    var unsupported: Unsupported?
  }

  var requests: [Request]
  var constraints: [Constraint]
  /// As it stands, for whoever prepares the devices.
  var config: [Value]

  static func == (one: Self, other: Self) -> Bool {
    one.requests == other.requests && one.constraints == other.constraints
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(requests)
    hasher.combine(constraints)
  }
}

struct DeviceClass: Sendable {
  var name: String
  var selectors: [CELExpression]
  var config: [Value]
  /// The resource by which containers may ask for its devices.
  var extendedResource: String?
}

/// A ResourceClaim, or a ResourceClaimTemplate, which is never allocated.
struct ResourceClaim: Sendable {
  struct Result: Hashable, Sendable {
    var request: String
    var driver: String
    var pool: String
    var device: String
    /// Granted beside whoever has the device: nothing is held.
    var isAdmin: Bool
    /// Others may have shares of the device, too (consumable capacity).
    var isShare: Bool
  }

  var metadata: Metadata
  var spec: ClaimSpec
  /// Nil: not allocated yet.
  var results: [Result]?
}

/// spec.resourceClaims[] of a pod.
struct ClaimReference: Hashable, Sendable {
  var name: String
  /// Of a ResourceClaim: the pod names it, or its status does once it is made from a template.
  var claim: String?
  var template: String?
}

extension ObjectReader {
  func deviceClass(_ fields: Fields) -> DeviceClass {
    let name = metadata(in: fields).name
    if name.isEmpty { fail("metadata.name", "is required") }
    return self.fields("spec", in: fields) { fields in
      // suitableNodes was dropped before v1.
      allow(["selectors", "config", "extendedResourceName", "suitableNodes"], in: fields)
      return DeviceClass(
        name: name, selectors: selectors(in: fields), config: values("config", in: fields),
        extendedResource: text("extendedResourceName", in: fields))
    } ?? DeviceClass(name: name, selectors: [], config: [])
  }

  func resourceClaim(_ fields: Fields, isTemplate: Bool) -> ResourceClaim? {
    let metadata = metadata(in: fields)
    if metadata.name.isEmpty { fail("metadata.name", "is required") }
    if !has("spec", in: fields) { fail("spec", "is required") }
    let spec =
      self.fields("spec", in: fields) { fields -> ClaimSpec? in
        if isTemplate && !has("spec", in: fields) { fail("spec", "is required") }
        return isTemplate ? self.fields("spec", in: fields) { claimSpec($0) } : claimSpec(fields)
      } ?? nil
    let results =
      self.fields("status", in: fields) { fields in
        self.fields("allocation", in: fields) { fields in
          self.fields("devices", in: fields) { fields in list("results", in: fields) { result($0) } } ?? []
        }
      } ?? nil
    // What is allocated is held, even if what was asked for cannot be read.
    if spec == nil && results == nil { return nil }
    let none = ClaimSpec(requests: [], constraints: [], config: [])
    return ResourceClaim(metadata: metadata, spec: spec ?? none, results: results)
  }

  private func result(_ fields: Fields) -> ResourceClaim.Result {
    ResourceClaim.Result(
      request: text("request", in: fields) ?? "", driver: requiredText("driver", in: fields) ?? "",
      pool: requiredText("pool", in: fields) ?? "", device: requiredText("device", in: fields) ?? "",
      isAdmin: flag("adminAccess", in: fields), isShare: has("shareID", in: fields))
  }

  private func claimSpec(_ fields: Fields) -> ClaimSpec {
    allow(["devices"], in: fields)
    return self.fields("devices", in: fields) { fields in
      allow(["requests", "constraints", "config"], in: fields)
      return ClaimSpec(
        requests: list("requests", in: fields) { request($0) },
        constraints: list("constraints", in: fields) { constraint($0) }, config: values("config", in: fields))
    } ?? ClaimSpec(requests: [], constraints: [], config: [])
  }

  private func request(_ fields: Fields) -> ClaimSpec.Request? {
    guard let name = requiredText("name", in: fields) else { return nil }
    if has("firstAvailable", in: fields) {
      allow(["name", "firstAvailable"] + Self.requestFields, in: fields)
      let message = "is not supported: only requests for certain devices are (exactly)"
      return ClaimSpec.Request(
        name: name, deviceClass: "", selectors: [], count: 1, path: "",
        unsupported: ClaimSpec.Unsupported(field: "firstAvailable", message: message))
    }
    // Before v1 what is asked for stands in the request itself.
    guard has("exactly", in: fields) else {
      allow(["name", "exactly", "firstAvailable"] + Self.requestFields, in: fields)
      var request = exactly(fields, name: name)
      request?.path = ""
      return request
    }
    allow(["name", "exactly"], in: fields)
    return self.fields("exactly", in: fields) { fields in
      allow(Self.requestFields, in: fields)
      return exactly(fields, name: name)
    } ?? nil
  }

  private static let requestFields =
    ["deviceClassName", "selectors", "allocationMode", "count"] + unsupportedRequestFields
  private static let unsupportedRequestFields = ["adminAccess", "tolerations", "capacity"]

  private func exactly(_ fields: Fields, name: String) -> ClaimSpec.Request? {
    _ = flag("adminAccess", in: fields)
    guard let deviceClass = requiredText("deviceClassName", in: fields) else { return nil }
    var request = ClaimSpec.Request(name: name, deviceClass: deviceClass, selectors: selectors(in: fields), count: nil)
    let asked = Self.unsupportedRequestFields.first { Self.says(fields[$0]) }
    request.unsupported = asked.map { ClaimSpec.Unsupported(field: $0, message: "is not supported") }
    let mode = text("allocationMode", in: fields) ?? "ExactCount"
    switch mode {
    case "All":
      if has("count", in: fields) { fail("count", "is only for allocationMode ExactCount") }
    case "ExactCount":
      let (count, most) = (integer("count", in: fields) ?? 1, Int64(DeviceRequest.mostGPUs))
      let message = "must be between 1 and \(most)"
      if count < 1 { fail("count", message) }
      // Others than GPUs may well be more.
      if count > most { request.unsupported = ClaimSpec.Unsupported(field: "count", message: message) }
      request.count = Int(max(1, min(count, most)))
    default:
      fail("allocationMode", "'\(mode)' is none of ExactCount, All")
      return nil
    }
    return request
  }

  /// Whether a value is more than the absence of one.
  private static func says(_ value: Value?) -> Bool {
    switch value {
    case nil, .boolean(false)?: false
    case .list(let list)?: !list.isEmpty
    case .object(let fields)?: !fields.members.isEmpty
    default: true
    }
  }

  private func constraint(_ fields: Fields) -> ClaimSpec.Constraint? {
    allow(["requests", "matchAttribute", "distinctAttribute"], in: fields)
    let requests = texts("requests", in: fields)
    if has("distinctAttribute", in: fields) {
      return ClaimSpec.Constraint(
        requests: requests, attribute: "",
        unsupported: ClaimSpec.Unsupported(field: "distinctAttribute", message: "is not supported: matchAttribute is"))
    }
    return requiredText("matchAttribute", in: fields).map { ClaimSpec.Constraint(requests: requests, attribute: $0) }
  }

  /// What is not understood is told of those that a pod uses: drivers bring classes that no GPU is asked for with.
  private func selectors(in fields: Fields) -> [CELExpression] {
    list("selectors", in: fields) { fields -> CELExpression? in
      allow(["cel"], in: fields)
      if !has("cel", in: fields) { fail("cel", "is required") }
      return self.fields("cel", in: fields) { fields -> CELExpression? in
        allow(["expression"], in: fields)
        guard let text = requiredText("expression", in: fields) else { return nil }
        do throws(CELProblem) { return try CELParser.expression(text) } catch { return .unsupported(error.message) }
      } ?? nil
    }
  }

  private func values(_ key: String, in fields: Fields) -> [Value] {
    guard case .list(let list)? = fields[key] else { return [] }
    return list
  }

  /// A pod's claims; `status` knows the names of those that were made from templates.
  func claimReferences(in fields: Fields) -> [ClaimReference] {
    list("resourceClaims", in: fields) { fields -> ClaimReference? in
      guard let name = requiredText("name", in: fields) else { return nil }
      let claim = text("resourceClaimName", in: fields)
      let template = text("resourceClaimTemplateName", in: fields)
      if (claim == nil) == (template == nil) {
        fail("must have one of resourceClaimName, resourceClaimTemplateName")
        return nil
      }
      return ClaimReference(name: name, claim: claim, template: template)
    }
  }

  func claimStatuses(in fields: Fields) -> [String: String] {
    let list = list("resourceClaimStatuses", in: fields) { fields in
      text("resourceClaimName", in: fields).flatMap { claim in text("name", in: fields).map { ($0, claim) } }
    }
    return Dictionary(list) { first, _ in first }
  }
}
