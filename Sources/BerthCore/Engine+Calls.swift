import CBerth

/// The calls that change the engine. Each is a value (Record/Calls) that `perform` carries out, and records where a
/// journal is open; what it does is the `apply` function of the same name, beside its like in `Engine+*.swift`.
extension Engine {
  // MARK: Vocabulary

  public func addResource(name: UnsafePointer<CChar>, kind: UInt32) throws(EngineError) -> berth_resource_id {
    try perform(ResourceAdd(name: name, type: kind))
  }

  public func addDomain(parent: berth_domain_id, name: UnsafePointer<CChar>) throws(EngineError) -> berth_domain_id {
    try perform(DomainAdd(parent: parent, name: name))
  }

  public func internLabelSet(
    _ labels: UnsafeBufferPointer<berth_label>
  ) throws(EngineError) -> berth_label_set_id {
    try perform(LabelSetIntern(labels: labels))
  }

  public func internTaintSet(
    _ taints: UnsafeBufferPointer<berth_taint>
  ) throws(EngineError) -> berth_taint_set_id {
    try perform(TaintSetIntern(taints: taints))
  }

  public func addProfile(
    name: UnsafePointer<CChar>, terms: UnsafeBufferPointer<berth_term>
  ) throws(EngineError) -> berth_profile_id {
    try perform(ProfileAdd(name: name, terms: terms))
  }

  public func internImageSet(
    _ images: UnsafeBufferPointer<berth_image>
  ) throws(EngineError) -> berth_image_set_id {
    try perform(ImageSetIntern(images: images))
  }

  public func setNamespace(
    name: UnsafePointer<CChar>, labels: UnsafeBufferPointer<berth_label>
  ) throws(EngineError) {
    try perform(NamespaceSet(name: name, labels: labels))
  }

  public func removeNamespace(name: UnsafePointer<CChar>) throws(EngineError) {
    try perform(NamespaceRemove(name: name))
  }

  public func internSelector(
    _ requirements: UnsafeBufferPointer<berth_requirement>
  ) throws(EngineError) -> berth_selector_id {
    try perform(SelectorIntern(requirements: requirements))
  }

  public func internClass(_ spec: berth_pod_spec) throws(EngineError) -> berth_class_id {
    try perform(ClassIntern(spec: spec))
  }

  public func internClasses(
    _ specs: UnsafeBufferPointer<berth_pod_spec>, ids: UnsafeMutablePointer<berth_class_id>
  ) throws(EngineError) {
    try perform(ClassesIntern(specs: specs, ids: ids))
  }

  // MARK: Nodes

  public func addNodes(
    _ batch: berth_node_batch, ids: UnsafeMutablePointer<berth_node_id>
  ) throws(EngineError) {
    try perform(NodesAdd(batch: batch, ids: ids))
  }

  public func updateNodes(
    _ ids: UnsafePointer<berth_node_id>, _ batch: berth_node_batch
  ) throws(EngineError) {
    try perform(NodesUpdate(ids: ids, batch: batch))
  }

  public func removeNodes(_ ids: UnsafeBufferPointer<berth_node_id>) throws(EngineError) {
    try perform(NodesRemove(ids: ids))
  }

  public func cordonNodes(
    _ ids: UnsafeBufferPointer<berth_node_id>, cordoned: Bool
  ) throws(EngineError) {
    try perform(NodesCordon(ids: ids, cordoned: cordoned))
  }

  // MARK: Pods

  public func place(
    _ classes: UnsafeBufferPointer<berth_class_id>, flags: UInt32,
    into placements: UnsafeMutablePointer<berth_placement>
  ) throws(EngineError) {
    try perform(
      PodsPlace(
        asked: AskedPods(classes: classes, identities: nil), flags: flags, placements: placements,
        hostDecides: reranker != nil))
  }

  public func place(
    _ classes: UnsafeBufferPointer<berth_class_id>, as identities: UnsafePointer<berth_pod_identity>, flags: UInt32,
    into placements: UnsafeMutablePointer<berth_placement>
  ) throws(EngineError) {
    try perform(
      PodsPlaceAs(
        asked: AskedPods(classes: classes, identities: identities), flags: flags, placements: placements,
        hostDecides: reranker != nil))
  }

  public func bind(
    _ classes: UnsafeBufferPointer<berth_class_id>, nodes ids: UnsafePointer<berth_node_id>,
    pods out: UnsafeMutablePointer<berth_pod_id>
  ) throws(EngineError) {
    try perform(PodsBind(asked: AskedPods(classes: classes, identities: nil), nodes: ids, pods: out))
  }

  public func bind(
    _ classes: UnsafeBufferPointer<berth_class_id>, as identities: UnsafePointer<berth_pod_identity>,
    nodes ids: UnsafePointer<berth_node_id>, pods out: UnsafeMutablePointer<berth_pod_id>
  ) throws(EngineError) {
    try perform(PodsBindAs(asked: AskedPods(classes: classes, identities: identities), nodes: ids, pods: out))
  }

  public func confirm(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try perform(PodsConfirm(pods: ids))
  }

  public func forget(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try perform(PodsForget(pods: ids))
  }

  public func release(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try perform(PodsRelease(pods: ids))
  }

  public func terminate(_ ids: UnsafeBufferPointer<berth_pod_id>) throws(EngineError) {
    try perform(PodsTerminate(pods: ids))
  }

  // MARK: Reservations

  public func addReservations(
    _ specs: UnsafeBufferPointer<berth_reservation_spec>, ids: UnsafeMutablePointer<berth_reservation_id>
  ) throws(EngineError) {
    try perform(ReservationsAdd(specs: specs, ids: ids))
  }

  public func removeReservations(_ ids: UnsafeBufferPointer<berth_reservation_id>) throws(EngineError) {
    try perform(ReservationsRemove(ids: ids))
  }

  public func resizeReservation(
    _ id: berth_reservation_id, to quantities: UnsafeBufferPointer<berth_quantity>
  ) throws(EngineError) {
    try perform(ReservationResize(id: id, quantities: quantities))
  }

  public func handOverReservation(
    _ id: berth_reservation_id, to owner: berth_reservation_owner
  ) throws(EngineError) {
    try perform(ReservationHandOver(id: id, owner: owner))
  }

  public func setReservationExpiry(_ id: berth_reservation_id, _ expiry: Int64) throws(EngineError) {
    try perform(ReservationSetExpiry(id: id, expiry: expiry))
  }

  // MARK: Load

  public func addLoadResource(
    name: UnsafePointer<CChar>, _ spec: berth_load_spec
  ) throws(EngineError) -> berth_resource_id {
    try perform(LoadResourceAdd(name: name, spec: spec))
  }

  public func updateLoad(_ batch: berth_load_batch) throws(EngineError) { try perform(LoadUpdate(batch: batch)) }

  public func removeLoad(_ nodes: UnsafeBufferPointer<berth_node_id>) throws(EngineError) {
    try perform(LoadRemove(nodes: nodes))
  }

  public func updateLoadPods(
    _ pods: UnsafeBufferPointer<berth_pod_id>, assignedAt times: UnsafePointer<Int64>
  ) throws(EngineError) {
    try perform(LoadPodsUpdate(pods: pods, times: times))
  }

  // MARK: Devices

  public func internMachine(_ record: berth_machine) throws(EngineError) -> berth_machine_id {
    try perform(MachineIntern(machine: try MachineReader.machine(record)))
  }

  public func internStandardMachine(
    _ name: UnsafePointer<CChar>, model: UnsafePointer<CChar>?, memoryMiB: UInt32
  ) throws(EngineError) -> berth_machine_id {
    try perform(MachineIntern(machine: try Self.standardMachine(name, model: model, memoryMiB: memoryMiB)))
  }

  public func internMatrixMachine(
    _ text: UnsafePointer<CChar>, model: UnsafePointer<CChar>, memoryMiB: UInt32
  ) throws(EngineError) -> berth_machine_id {
    try perform(MachineIntern(machine: try Self.matrixMachine(text, model: model, memoryMiB: memoryMiB)))
  }

  public func setModel(_ model: UnsafePointer<CChar>, worth: UInt32) throws(EngineError) {
    try perform(GPUModelSet(model: model, worth: worth))
  }

  public func setMachines(
    _ ids: UnsafeBufferPointer<berth_node_id>, _ machines: UnsafePointer<berth_machine_id>
  ) throws(EngineError) {
    try perform(NodesSetMachines(ids: ids, machines: machines))
  }

  public func setHealth(_ node: berth_node_id, sickGPUs: UInt32, sickNICs: UInt32) throws(EngineError) {
    try perform(NodeSetHealth(node: node, sickGPUs: sickGPUs, sickNICs: sickNICs))
  }

  public func setTypicalPods(
    _ pods: UnsafeBufferPointer<berth_typical_pod>, total: UInt64
  ) throws(EngineError) {
    try perform(TypicalPodsSet(pods: pods, total: total))
  }

  public func bind(
    _ classes: UnsafeBufferPointer<berth_class_id>, nodes ids: UnsafePointer<berth_node_id>,
    claims: UnsafePointer<berth_claim>, pods out: UnsafeMutablePointer<berth_pod_id>
  ) throws(EngineError) {
    try perform(
      PodsBindClaims(asked: AskedPods(classes: classes, identities: nil), nodes: ids, claims: claims, pods: out))
  }

  public func resizeClaim(_ pod: berth_pod_id, shareMilli: UInt32, memoryMiB: UInt32) throws(EngineError) {
    try perform(ClaimResize(pod: pod, shareMilli: shareMilli, memoryMiB: memoryMiB))
  }

  public func move(
    _ pods: UnsafeBufferPointer<berth_pod_id>, to nodes: UnsafePointer<berth_node_id>
  ) throws(EngineError) {
    try perform(PodsMove(pods: pods, nodes: nodes))
  }

  // MARK: Path, time, statements

  public func setPath(_ path: UInt32) throws(EngineError) { try perform(EngineSetPath(path: path)) }

  public func setTime(_ time: Int64) throws(EngineError) { try perform(EngineSetTime(time: time)) }

  public func beginStatement() throws(EngineError) -> berth_statement_id { try perform(StatementBegin()) }

  public func addCheckpoint() throws(EngineError) -> berth_checkpoint_id { try perform(StatementCheckpoint()) }

  public func rollBack(to checkpoint: berth_checkpoint_id) throws(EngineError) {
    try perform(StatementRollback(checkpoint: checkpoint))
  }

  public func commit(_ statement: berth_statement_id) throws(EngineError) {
    try perform(StatementCommit(statement: statement))
  }

  public func discard(_ statement: berth_statement_id) throws(EngineError) {
    try perform(StatementDiscard(statement: statement))
  }
}
