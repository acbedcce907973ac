import CBerth

/// The façade of the core: one method for every call of `include/berth.h`, which documents them.
/// Methods validate their input, throw before they change anything, and leave handles and threads to the boundary.
public final class Engine {
  public init(options: berth_engine_options) throws(EngineError) { fatalError() }
  public func destroy() { fatalError() }
  public func info() -> berth_engine_info { fatalError() }
  public func setPath(_ path: UInt32) throws(EngineError) { fatalError() }
  public func validate() throws(EngineError) { fatalError() }

  public func addResource(name: UnsafePointer<CChar>, kind: UInt32) throws(EngineError) -> berth_resource_id {
    fatalError()
  }
  public func addDomain(parent: berth_domain_id, name: UnsafePointer<CChar>) throws(EngineError) -> berth_domain_id {
    fatalError()
  }
  public func internLabelSet(
    _ labels: UnsafeBufferPointer<berth_label>
  ) throws(EngineError) -> berth_label_set_id { fatalError() }
  public func internTaintSet(
    _ taints: UnsafeBufferPointer<berth_taint>
  ) throws(EngineError) -> berth_taint_set_id { fatalError() }

  public func addNodes(
    _ batch: berth_node_batch, ids: UnsafeMutablePointer<berth_node_id>
  ) throws(EngineError) { fatalError() }
  public func updateNodes(
    _ ids: UnsafePointer<berth_node_id>, _ batch: berth_node_batch
  ) throws(EngineError) { fatalError() }
  public func removeNodes(_ ids: UnsafeBufferPointer<berth_node_id>) throws(EngineError) { fatalError() }
  public func cordonNodes(
    _ ids: UnsafeBufferPointer<berth_node_id>, cordoned: Bool
  ) throws(EngineError) { fatalError() }
  public func findNode(name: UnsafePointer<CChar>) throws(EngineError) -> berth_node_id { fatalError() }
  public func readNodes(
    _ ids: UnsafeBufferPointer<berth_node_id>, resources: UnsafeBufferPointer<berth_resource_id>,
    states: UnsafeMutablePointer<berth_node_state>?, allocatable: UnsafeMutablePointer<Int64>?,
    requested: UnsafeMutablePointer<Int64>?
  ) throws(EngineError) { fatalError() }
  public func listNodes(offset: Int, into ids: UnsafeMutableBufferPointer<berth_node_id>) -> Int { fatalError() }

  public func addProfile(
    name: UnsafePointer<CChar>, terms: UnsafeBufferPointer<berth_term>
  ) throws(EngineError) -> berth_profile_id { fatalError() }
  public func internClass(_ spec: berth_pod_spec) throws(EngineError) -> berth_class_id { fatalError() }

  public func place(
    _ classes: UnsafeBufferPointer<berth_class_id>, flags: UInt32,
    into placements: UnsafeMutablePointer<berth_placement>
  ) throws(EngineError) { fatalError() }
  public func bind(
    _ classes: UnsafeBufferPointer<berth_class_id>, nodes: UnsafePointer<berth_node_id>,
    pods: UnsafeMutablePointer<berth_pod_id>
  ) throws(EngineError) { fatalError() }
  public func confirm(_ pods: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) { fatalError() }
  public func forget(_ pods: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) { fatalError() }
  public func release(_ pods: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) { fatalError() }
  public func readPods(
    _ pods: UnsafeBufferPointer<berth_pod_id>, states: UnsafeMutablePointer<berth_pod_state>
  ) throws(EngineError) { fatalError() }

  /// The k best nodes; `termScores`, if given, is [k][terms]. Returns how many there are.
  public func readCandidates(
    of podClass: berth_class_id, count: Int, into candidates: UnsafeMutablePointer<berth_candidate>,
    termScores: UnsafeMutablePointer<Int64>?
  ) throws(EngineError) -> Int { fatalError() }
  public func explain(
    _ podClass: berth_class_id, reasons: UnsafeMutableBufferPointer<berth_reason>
  ) throws(EngineError) -> berth_explanation { fatalError() }
}
