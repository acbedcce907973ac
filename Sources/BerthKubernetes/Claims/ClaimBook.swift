/// The claims of a scene: what pods ask for by them becomes their demand, and what is allocated is held by who runs.
struct ClaimBook {
  private(set) var problems: [Problem] = []
  private(set) var plan: ClaimPlan?
  private var nodeNotes: [String] = []
  private let claims: [String: ResourceClaim]
  private let templates: [String: ResourceClaim]
  /// Classes whose devices containers may ask for as a resource, by that resource.
  private let classOfResource: [String: String]
  /// Who has a claim already.
  private var users: [String: String] = [:]
  /// Devices of which a running pod has a share: the first one holds all of it.
  private var shared: Set<[String]> = []
  /// Running pods whose devices are not known, and those whose devices are on nodes without slices.
  private var unknown: [String] = []
  private var unlisted: [String] = []

  init(_ manifests: Manifests) {
    claims = Dictionary(manifests.claims.map { ($0.metadata.path, $0) }) { first, _ in first }
    templates = Dictionary(manifests.claimTemplates.map { ($0.metadata.path, $0) }) { first, _ in first }
    let classes = manifests.deviceClasses
    guard !manifests.slices.isEmpty else {
      classOfResource = Self.resources(of: classes)
      return
    }
    // Of allocated claims nothing is asked any more.
    let open = manifests.claims.filter { $0.results == nil } + manifests.claimTemplates
    let requests = open.flatMap(\.spec.requests).filter { $0.unsupported == nil }
    let filters = requests.map { ClaimPlan.Filter(deviceClass: $0.deviceClass, selectors: $0.selectors) }
    let plan = ClaimPlan(Self.devices(manifests.slices), manifests.deviceClasses, filters: filters)
    let passedOver = plan.slices.values.reduce(0) { $0 + $1.passedOver }
    if passedOver > 0 {
      nodeNotes.append(
        "\(passedOver) devices of resource slices are not placed: they are no GPUs, or do not say which memory slices of "
          + "which GPU they are")
    }
    classOfResource = Self.resources(of: classes.filter(plan.mayHaveDevices))
    self.plan = plan
  }

  /// Every class has a resource of its own; some have another one (resource/v1, ResourceDeviceClassPrefix).
  private static func resources(of classes: [DeviceClass]) -> [String: String] {
    let all = classes.flatMap { item in
      [("deviceclass.resource.kubernetes.io/\(item.name)", item.name)]
        + (item.extendedResource.map { [($0, item.name)] } ?? [])
    }
    return Dictionary(all) { first, _ in first }
  }

  /// Of each node, the newest generation of each pool; a device that two files have is one.
  private static func devices(_ slices: [ResourceSlice]) -> [String: [SliceDevice]] {
    var newest: [String: Int64] = [:]
    for slice in slices {
      let pool = "\(slice.driver)/\(slice.pool)"
      newest[pool] = max(newest[pool] ?? slice.generation, slice.generation)
    }
    var devices: [String: [SliceDevice]] = [:]
    var seen: Set<[String]> = []
    for slice in slices where slice.generation == newest["\(slice.driver)/\(slice.pool)"] {
      devices[slice.nodeName ?? "", default: []] += slice.devices.filter {
        seen.insert([$0.driver, $0.pool, $0.name]).inserted
      }
    }
    return devices
  }

  // MARK: Nodes

  /// What slices list takes the place of what labels say.
  mutating func complete(_ nodes: inout [Node]) {
    guard let plan else { return }
    let names = Set(nodes.map(\.name))
    for node in plan.slices.keys.sorted() where !plan.slices[node]!.gpus.isEmpty && !names.contains(node) {
      problems.append(Problem("ResourceSlice of \(node)", "spec.nodeName", "there is no node '\(node)'"))
    }
    for index in nodes.indices {
      guard let slices = plan.slices[nodes[index].name], !slices.gpus.isEmpty else { continue }
      if slices.gpus.count > DeviceRequest.mostGPUs {
        let message = "\(slices.gpus.count) GPUs: at most \(DeviceRequest.mostGPUs) of a node are placed one by one"
        problems.append(Problem("ResourceSlice of \(nodes[index].name)", "spec.devices", message))
        continue
      }
      var gpus = nodes[index].gpus ?? NodeGPUs()
      if gpus.kind.machine != nil || gpus.kind.topology != nil {
        nodeNotes.append("resource slices say the GPUs of \(nodes[index].name), its annotations are passed over")
      }
      gpus.kind = NodeGPUs.Kind()
      gpus.kind.slices = slices.gpus
      gpus.slicesPlainly = false
      gpus.sick = Set(gpus.sick + slices.gpus.indices.filter { slices.gpus[$0].isTainted }).sorted()
      nodes[index].gpus = gpus
    }
  }

  // MARK: Pods

  private static let contradiction = "contradicts the GPUs that containers request"

  /// A pod's claims as its demand; without slices, claims stay what is not honoured.
  mutating func complete(_ pod: inout Pod, isRunning: Bool) {
    if isRunning { return pod.claims.isEmpty ? () : completeRunning(&pod) }
    let title = "Pod \(pod.path)"
    if let amount = pod.requests.held.first(where: { classOfResource[$0.resource] != nil }) {
      if plan == nil {
        if !pod.unhonoured.contains(.devices) { pod.unhonoured.append(.devices) }
      } else {
        let message =
          "\(amount.resource) may be devices of the DeviceClass '\(classOfResource[amount.resource]!)': these are "
          + "supported by claims only"
        return problems.append(Problem(title, "spec.containers", message))
      }
    }
    guard let plan, !pod.claims.isEmpty else { return }
    func fail(_ index: Int, _ field: String, _ message: String) {
      problems.append(Problem(title, "spec.resourceClaims[\(index)]\(field)", message))
    }
    var parts: [ClaimDemand.Part] = []
    for (index, reference) in pod.claims.enumerated() {
      let field = reference.claim == nil ? ".resourceClaimTemplateName" : ".resourceClaimName"
      let name = "\(pod.metadata.namespace)/\(reference.claim ?? reference.template ?? "")"
      guard let claim = reference.claim == nil ? templates[name] : claims[name] else {
        let kind = reference.claim == nil ? "ResourceClaimTemplate" : "ResourceClaim"
        return fail(index, field, "there is no \(kind) '\(name)'")
      }
      if reference.claim != nil {
        if let user = users.updateValue(pod.path, forKey: name), user != pod.path {
          return fail(index, field, "\(user) has the claim, too: claims of several pods are not supported")
        }
        if claim.results != nil {
          return fail(index, field, "the claim is allocated already: pods that join it are not supported")
        }
      }
      let made = reference.claim ?? "\(pod.metadata.name)-\(reference.name)"
      parts.append(ClaimDemand.Part(index: index, name: made, claim: claim))
    }
    let demand = ClaimDemand(parts, plan, pod)
    if let problem = demand.problem { return problems.append(problem) }
    if let request = demand.request {
      if pod.devices != nil { return fail(0, "", Self.contradiction) }
      pod.devices = request
    }
    pod.unhonoured.removeAll { $0 == .devices }
  }

  /// A running pod holds what its claims were allocated, whatever it asked for; of several pods with a claim, the first.
  /// Devices of other drivers are not looked at.
  private mutating func completeRunning(_ pod: inout Pod) {
    var results: [ResourceClaim.Result] = []
    var isKnown = true
    for reference in pod.claims {
      guard let name = reference.claim.map({ "\(pod.metadata.namespace)/\($0)" }), let claim = claims[name] else {
        isKnown = false
        continue
      }
      isKnown = isKnown && claim.results != nil
      if users.updateValue(pod.path, forKey: name) ?? pod.path != pod.path { continue }
      results += (claim.results ?? []).filter { result in
        result.driver == SliceDevice.gpuDriver && !result.isAdmin
          && (!result.isShare || shared.insert([result.pool, result.device]).inserted)
      }
    }
    if !isKnown { unknown.append(pod.path) }
    guard !results.isEmpty, let node = pod.nodeName else { return }
    guard let plan else { return unlisted.append(pod.path) }
    if pod.devices != nil {
      return problems.append(Problem("Pod \(pod.path)", "spec.resourceClaims", Self.contradiction))
    }
    guard var assignment = plan.slices[node]?.assignment(results), assignment.migSlices.isEmpty || results.count == 1
    else {
      let message = "its claims are allocated to devices that the slices of node '\(node)' do not list together"
      return problems.append(Problem("Pod \(pod.path)", "spec.resourceClaims", message))
    }
    assignment.source = "status of its claims"
    var request = DeviceRequest(.claim, assignment.migSlices.isEmpty ? .whole : .instance, count: results.count)
    request.profile = assignment.migProfile ?? ""
    request.claims = [PodClaim(name: "", counts: [], config: [])]
    (pod.devices, pod.assignment) = (request, assignment)
  }

  /// What a reader of the result should know.
  var notes: [String] {
    func who(_ pods: [String]) -> String { pods.count == 1 ? pods[0] : "\(pods[0]) and \(pods.count - 1) more" }
    var notes = nodeNotes
    if !unknown.isEmpty {
      notes.append(
        "the files do not say what the resource claims of running pods were allocated: they hold no such devices here "
          + "(\(who(unknown)))")
    }
    if !unlisted.isEmpty {
      notes.append(
        "without resource slices, running pods do not hold what their claims were allocated (\(who(unlisted)))")
    }
    return notes
  }
}
