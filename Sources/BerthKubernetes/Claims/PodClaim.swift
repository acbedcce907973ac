/// A claim of a pod, and how many of the pod's devices each of its requests gets, in their order.
struct PodClaim: Hashable, Sendable {
  var name: String
  var counts: [Count]
  /// As it stands in the claim.
  var config: [Value]

  struct Count: Hashable, Sendable {
    var request: String
    var deviceClass: String
    var count: Int
  }

  init(name: String, counts: [(request: String, deviceClass: String, count: Int)], config: [Value]) {
    self.name = name
    self.counts = counts.map { Count(request: $0.request, deviceClass: $0.deviceClass, count: $0.count) }
    self.config = config
  }

  var total: Int { counts.reduce(0) { $0 + $1.count } }

  static func == (one: Self, other: Self) -> Bool { one.name == other.name && one.counts == other.counts }

  func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(counts)
  }
}

/// Which devices a claim gets: its status.allocation.
public struct ClaimAllocation: Sendable {
  public struct Result: Sendable {
    public var request: String
    public var driver: String
    public var pool: String
    public var device: String
  }

  /// "default/train-gpus".
  public var claim: String
  public var node: String
  public var results: [Result]
  var pod: String
  var config: [Value]

  /// A part of a ResourceClaim, to be merged into its status.
  var manifest: Value {
    let slash = claim.firstIndex(of: "/")!
    let devices = results.map { result in
      Value.object([
        ("request", .text(result.request)), ("driver", .text(result.driver)), ("pool", .text(result.pool)),
        ("device", .text(result.device)),
      ])
    }
    var allocated: [(String, Value)] = [("results", .list(devices))]
    if !config.isEmpty { allocated.append(("config", .list(config))) }
    let field = Value.object([
      ("key", .text("metadata.name")), ("operator", .text("In")), ("values", .list([.text(node)])),
    ])
    let terms = Value.list([.object([("matchFields", .list([field]))])])
    return .object([
      ("apiVersion", .text("resource.k8s.io/v1")), ("kind", .text("ResourceClaim")),
      (
        "metadata",
        .object([
          ("name", .text(String(claim[claim.index(after: slash)...]))), ("namespace", .text(String(claim[..<slash]))),
        ])
      ),
      (
        "status",
        .object([
          (
            "allocation",
            .object([("devices", .object(allocated)), ("nodeSelector", .object([("nodeSelectorTerms", terms)]))])
          ), ("reservedFor", .list([.object([("resource", .text("pods")), ("name", .text(pod))])])),
        ])
      ),
    ])
  }
}

extension ClaimPlan {
  /// The devices of a placed pod, dealt to its claims' requests in order.
  func allocations(_ assignment: DeviceAssignment, _ pod: Pod, on node: String) throws -> [ClaimAllocation] {
    guard let request = pod.devices, !request.claims.isEmpty, let slices = slices[node] else { return [] }
    var devices = slices.devices(assignment)[...]
    // The engine puts instances where the model may have them; drivers list these places, all of them as a rule.
    guard devices.count == request.gpuCount else {
      throw EngineFailure(
        description: "Pod \(pod.path): the slices of node '\(node)' list no \(request.profile) at memory slices "
          + "\(assignment.migSlices) of GPU\(assignment.visibleDevices)")
    }
    return request.claims.map { claim in
      var results: [ClaimAllocation.Result] = []
      var config: [Value] = []
      for count in claim.counts {
        for device in devices.prefix(count.count) {
          results.append(.init(request: count.request, driver: device.driver, pool: device.pool, device: device.name))
        }
        devices = devices.dropFirst(count.count)
        config += self.config(of: count.deviceClass).map { Self.sourced($0, "FromClass") }
      }
      return ClaimAllocation(
        claim: "\(pod.metadata.namespace)/\(claim.name)", node: node, results: results, pod: pod.metadata.name,
        config: config + claim.config.map { Self.sourced($0, "FromClaim") })
    }
  }

  private static func sourced(_ config: Value, _ source: String) -> Value {
    guard case .object(let fields) = config else { return config }
    return .object([("source", .text(source))] + fields.members.map { ($0.name, $0.value) })
  }
}
