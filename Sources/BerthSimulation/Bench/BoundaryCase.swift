import BerthCore
import CBerth

/// A case of `berth bench boundary`: an engine's snapshot and the classes of the pods that arrive, as files, so that
/// programs in every language play the very same one.
public struct BoundaryCase: Sendable {
  /// The engine before any pod arrives.
  static let snapshotFile = "cluster.snapshot"
  /// The class of each pod in order of arrival: 32-bit numbers in this machine's order of bytes.
  static let arrivalsFile = "arrivals.u32"

  public let directory: String

  public init(_ directory: String) { self.directory = directory }

  var snapshot: String { "\(directory)/\(Self.snapshotFile)" }

  /// The cluster, classes and arrivals of `berth bench place`.
  public func writeCluster(
    nodes: Int, classes: Int, pods: Int, profile: ProfileChoice, seed: UInt64
  ) throws {
    let placeCase = PlaceCase(nodes: nodes, classes: classes, pods: pods, churn: 0, seed: seed)
    let cluster = try PlaceCluster(placeCase, profile: profile, cpuLevel: .auto)
    try write(cluster.engine, placeCase.arrivals.map { cluster.classes[Int($0)] })
  }

  /// One node that takes every pod of one class: a decision that is as cheap as one can be.
  public func writeSingleNode(pods: Int) throws {
    let engine = try Engine.make()
    let cpu = try engine.addResource("cpu", kind: UInt32(BERTH_RESOURCE_CPU))
    _ = try engine.addNodes([berth_node()], resources: [cpu], allocatable: [Int64(BERTH_MAX_QUANTITY)])
    let profile = try engine.addProfile("binpack", [ScoreTerm(UInt32(BERTH_TERM_BINPACK))])
    let podClass = try engine.internClass(PodSpec(profile: profile, requests: [Quantity(cpu, 1000)]))
    try write(engine, [berth_class_id](repeating: podClass, count: pods))
  }

  private func write(_ engine: Engine, _ arrivals: [berth_class_id]) throws {
    try ByteFile.makeDirectory(directory)
    try engine.writeSnapshot(snapshot)
    var refused: FileError?
    arrivals.withUnsafeBytes { bytes in
      do throws(FileError) {
        try ByteFile.write("\(directory)/\(Self.arrivalsFile)", parts: [bytes])
      } catch { refused = error }
    }
    if let refused { throw refused }
  }

  func readArrivals() throws -> [berth_class_id] {
    let bytes = try ByteFile.read("\(directory)/\(Self.arrivalsFile)")
    return bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: berth_class_id.self) }
    }
  }
}
