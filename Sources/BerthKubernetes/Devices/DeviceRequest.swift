import CBerth

/// The GPUs and network interfaces that a pod asks for, whoever's words it uses.
struct DeviceRequest: Hashable, Sendable {
  enum Kind: Hashable, Sendable { case whole, share, slice, instance }

  /// Whose words: the form in which the answer is written depends on it.
  enum Dialect: Hashable, Sendable { case nvidia, hami, aliyun, koordinator, volcano, claim }

  var dialect: Dialect
  var kind: Kind
  var gpuCount = 1
  /// Of a share's GPU.
  var milli: UInt32 = 0
  /// Whole GPUs: at least; a share: so much is taken.
  var memoryMiB: UInt32 = 0
  /// The same in per cent of a GPU's memory, which is known once the GPUs are.
  var memoryPercent: UInt32 = 0
  /// Of a MIG instance, "1g.10gb".
  var profile = ""
  var nicCount = 0
  /// Any of these, as the pod names them; empty: any model.
  var models: [String] = []
  /// As the engine knows them.
  var exactModels: [String] = []
  /// BERTH_LINK_*
  var linkRequired: UInt32 = 0
  var prefersLinks = false
  var nicsBySwitch = false
  /// Who gets the GPUs; empty: not asked for by claims.
  var claims: [PodClaim] = []

  init(_ dialect: Dialect, _ kind: Kind, count: Int = 1) {
    self.dialect = dialect
    self.kind = kind
    gpuCount = count
  }

  /// Whole GPUs by the device plugin's resource: where that slices time under the same name, it hands out replicas.
  var isPlain: Bool { dialect == .nvidia && kind == .whole }

  /// Nothing is said of the GPUs but how many they are: the resource alone says all of that.
  var isCount: Bool {
    isPlain && memoryMiB == 0 && nicCount == 0 && models.isEmpty && linkRequired == 0 && !prefersLinks
  }

  static let mostGPUs = Int(BERTH_MAX_GPUS_PER_NODE)
  static let mostNICs = Int(BERTH_MAX_NICS_PER_NODE)
}
