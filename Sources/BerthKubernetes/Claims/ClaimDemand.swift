/// The claims of one pod, together, as one demand: the engine chooses all GPUs of a pod at once, of the same models.
struct ClaimDemand {
  struct Part {
    /// In spec.resourceClaims.
    var index: Int
    /// Of the claim, made or to be made.
    var name: String
    var claim: ResourceClaim
  }

  private(set) var request: DeviceRequest?
  private(set) var problem: Problem?
  private let plan: ClaimPlan
  private let pod: Pod

  init(_ parts: [Part], _ plan: ClaimPlan, _ pod: Pod) {
    self.plan = plan
    self.pod = pod
    var common: ClaimPlan.Meaning?
    var claims: [PodClaim] = []
    for part in parts {
      var counts: [(request: String, deviceClass: String, count: Int)] = []
      for (place, asked) in part.claim.spec.requests.enumerated() {
        let path = "spec.devices.requests[\(place)]"
        if let unsupported = asked.unsupported {
          fail(part, "\(path)\(asked.path).\(unsupported.field)", unsupported.message)
          return
        }
        guard let meaning = plan.meaning(of: asked) else { return }
        if let problem = meaning.problem {
          fail(part, path + (meaning.problemPath.isEmpty ? "" : asked.path + meaning.problemPath), problem)
          return
        }
        if let common, common.models != meaning.models || common.profile != meaning.profile {
          fail(part, path, "asks for other devices than the pod's other requests: this is not supported")
          return
        }
        common = meaning
        guard let count = count(asked, meaning, part, path) else { return }
        counts.append((asked.name, asked.deviceClass, count))
      }
      claims.append(PodClaim(name: part.name, counts: counts, config: part.claim.spec.config))
    }
    let total = claims.reduce(0) { $0 + $1.total }
    guard let common, total > 0 else { return }
    if common.profile != nil && total > 1 {
      fail(parts[0], "spec.devices", "a pod is placed with one MIG instance")
    } else if total > DeviceRequest.mostGPUs {
      fail(parts[0], "spec.devices", "\(total) are more GPUs than a node can have (\(DeviceRequest.mostGPUs))")
    }
    if problem != nil { return }
    var request = DeviceRequest(.claim, common.profile == nil ? .whole : .instance, count: total)
    request.profile = common.profile ?? ""
    request.exactModels = common.models.isEmpty ? ["no device that was selected"] : common.models.sorted()
    request.claims = claims
    for part in parts where !addConstraints(part, parts.count, common.models, &request) { return }
    self.request = request
  }

  private mutating func fail(_ part: Part, _ path: String, _ message: String) {
    let kind = pod.claims[part.index].claim == nil ? "ResourceClaimTemplate" : "ResourceClaim"
    let inner = kind == "ResourceClaim" ? path : "spec.\(path)"
    problem = Problem("\(kind) \(part.claim.metadata.path)", inner, message)
  }

  private mutating func count(
    _ asked: ClaimSpec.Request, _ meaning: ClaimPlan.Meaning, _ part: Part, _ path: String
  ) -> Int? {
    if let count = asked.count { return count }
    let counts = Set(meaning.counts.values.filter { $0 > 0 })
    if counts.count > 1 {
      let list = counts.sorted().map { "\($0)" }.joined(separator: ", ")
      fail(
        part, path, "allocationMode All is of other numbers of devices on other nodes (\(list)): this is not supported")
      return nil
    }
    return counts.first ?? 1
  }

  /// A constraint is of all GPUs of the pod, or of none that could differ.
  private mutating func addConstraints(
    _ part: Part, _ parts: Int, _ models: Set<String>, _ request: inout DeviceRequest
  ) -> Bool {
    for (place, constraint) in part.claim.spec.constraints.enumerated() {
      let path = "spec.devices.constraints[\(place)]"
      if let unsupported = constraint.unsupported {
        fail(part, "\(path).\(unsupported.field)", unsupported.message)
        return false
      }
      do throws(CELProblem) {
        guard let link = try plan.link(constraint.attribute, among: models) else { continue }
        let named = Set(constraint.requests.isEmpty ? part.claim.spec.requests.map(\.name) : constraint.requests)
        let own = part.claim.spec.requests.filter { named.contains($0.name) }
        if request.kind == .instance || (own.count == 1 && own[0].count == 1) { continue }
        guard parts == 1, own.count == part.claim.spec.requests.count else {
          fail(part, "\(path).requests", "some of the pod's GPUs together are not supported: all, or none")
          return false
        }
        request.linkRequired = max(request.linkRequired, link)
      } catch {
        fail(part, "\(path).matchAttribute", error.message)
        return false
      }
    }
    return true
  }
}
