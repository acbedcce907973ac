/// A pod, as far as placing looks at it.
struct Pod: Sendable {
  var metadata = Metadata()
  var nodeName: String?
  /// Succeeded or failed: it holds nothing any more.
  var isFinished = false
  var priority: Int32 = 0
  var priorityClassName: String?
  var requests: PodRequests
  /// Nil: no GPUs.
  var devices: DeviceRequest?
  var claims: [ClaimReference] = []
  /// Of a pod that runs: what it has, if it says so.
  var assignment: DeviceAssignment?
  var nodeSelector: [Label]
  var affinity: Affinity
  var tolerations: [Toleration]
  var spread: [SpreadConstraint]
  var hostPorts: [HostPort]
  /// One for each container and init container.
  var images: [String]
  /// What is asked for and not honoured yet.
  var unhonoured: [Unhonoured]

  var path: String { metadata.path }
}

/// Parts of a pod's spec that placing passes over. Each is reported; none is dropped silently.
enum Unhonoured: String, CaseIterable, Sendable {
  case claims = "volumes of persistent volume claims: where these volumes are"
  case disks = "disks in the spec: that one node may use a disk, and how many it can attach"
  case devices = "resource claims: where the devices are, without the cluster's resource slices"
  case runtime = "runtime classes: the overhead that they may add"
  case gates = "scheduling gates: the pods are placed as if they were open"
  case group = "their scheduling group: each pod is placed for itself"

  /// Kinds of objects that have a say in placing or creating pods, and what is done without them.
  static let objects = [
    "CSINode": volumes, "LimitRange": "pods are taken as they are written",
    "PersistentVolume": volumes, "PersistentVolumeClaim": volumes, "PodDisruptionBudget": "nothing is evicted",
    "PodGroup": "its pods are placed one by one",
    "ResourceQuota": "pods are not counted against it",
    "RuntimeClass": "pods are taken as they are written", "StorageClass": volumes, "VolumeAttachment": volumes,
    "Workload": "its pods are placed one by one",
  ]

  private static let volumes = "pods are placed wherever their volumes are"
}

/// Kinds of volumes that kube-scheduler looks at.
enum PodVolume {
  static let claims: [StaticString] = ["persistentVolumeClaim", "ephemeral"]
  static let disks: [StaticString] = ["awsElasticBlockStore", "azureDisk", "csi", "gcePersistentDisk", "iscsi", "rbd"]
  static let kinds = claims + disks
}

extension ObjectReader {
  func pod(_ fields: Fields) -> Pod {
    let metadata = metadata(in: fields)
    if metadata.name.isEmpty { fail("metadata.name", "is required") }
    var pod = podTemplate(fields)
    pod.metadata = metadata
    let (phase, made) =
      self.fields("status", in: fields) { (text("phase", in: $0), claimStatuses(in: $0)) } ?? (nil, [:])
    for index in pod.claims.indices where pod.claims[index].claim == nil {
      pod.claims[index].claim = made[pod.claims[index].name]
    }
    pod.isFinished = phase == "Succeeded" || phase == "Failed"
    self.fields("metadata", in: fields) { _ in pod.assignment = assignment(metadata.annotations) }
    return pod
  }

  /// `spec` of a pod or a template.
  func podTemplate(_ fields: Fields) -> Pod {
    if !has("spec", in: fields) { fail("spec", "is required") }
    var pod = self.fields("spec", in: fields) { podSpec($0) } ?? podSpec(Fields())
    self.fields("metadata", in: fields) { fields in
      pod.devices = DeviceHints(fields.object("annotations") ?? Fields(), self).applied(to: pod.devices)
    }
    return pod
  }

  private func podSpec(_ fields: Fields) -> Pod {
    allow(Self.podSpecFields, in: fields)
    let onHostNetwork = flag("hostNetwork", in: fields)
    let containers = self.containers("containers", in: fields, onHostNetwork: onHostNetwork)
    let initContainers = self.containers("initContainers", in: fields, onHostNetwork: onHostNetwork)
    if containers.isEmpty { fail("containers", "must have at least one container") }
    var parts = RequestParts(
      containers: containers, initContainers: initContainers, overhead: quantities("overhead", in: fields),
      podLevel: [:])
    parts.podLevel = podLevelRequests(in: fields, containers: parts)
    let nodeName = text("nodeName", in: fields)
    if let nodeName, !nodeName.isEmpty, let wrong = LabelSyntax.wrongSubdomain(nodeName) { fail("nodeName", wrong) }
    let priority = integer("priority", in: fields) ?? 0
    if Int32(exactly: priority) == nil { fail("priority", "must be a 32-bit number") }
    let running = initContainers.filter(\.isSidecar) + containers
    return Pod(
      nodeName: nodeName.flatMap { $0.isEmpty ? nil : $0 },
      priority: Int32(clamping: priority),
      priorityClassName: text("priorityClassName", in: fields), requests: parts.requests(self),
      devices: devices(parts), claims: claimReferences(in: fields),
      nodeSelector: labels("nodeSelector", in: fields), affinity: affinity(in: fields),
      tolerations: tolerations(in: fields), spread: spreadConstraints(in: fields),
      hostPorts: running.flatMap(\.ports), images: (initContainers + containers).map(\.image),
      unhonoured: unhonoured(in: fields))
  }

  private func unhonoured(in fields: Fields) -> [Unhonoured] {
    var found: Set<Unhonoured> = []
    _ = list("volumes", in: fields) { fields -> Bool? in
      if PodVolume.claims.contains(where: { has("\($0)", in: fields) }) { found.insert(.claims) }
      if PodVolume.disks.contains(where: { has("\($0)", in: fields) }) { found.insert(.disks) }
      return nil
    }
    for (key, part) in [("resourceClaims", Unhonoured.devices), ("schedulingGates", .gates)] {
      if !list(key, in: fields, { $0 }).isEmpty { found.insert(part) }
    }
    if fillsDefaults, text("runtimeClassName", in: fields) != nil, !has("overhead", in: fields) {
      found.insert(.runtime)
    }
    if has("schedulingGroup", in: fields) || has("workloadRef", in: fields) { found.insert(.group) }
    return Unhonoured.allCases.filter(found.contains)
  }

  private static let podSpecFields = [
    "activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy",
    "enableServiceLinks", "ephemeralContainers", "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostUsers",
    "hostname", "hostnameOverride", "imagePullSecrets", "initContainers", "nodeName", "nodeSelector", "os", "overhead",
    "preemptionPolicy", "priority", "priorityClassName", "readinessGates", "resourceClaims", "resources",
    "restartPolicy", "runtimeClassName", "schedulerName", "schedulingGates", "schedulingGroup", "securityContext",
    "serviceAccount", "serviceAccountName", "setHostnameAsFQDN", "shareProcessNamespace", "subdomain",
    "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints", "volumes", "workloadRef",
  ]
}
