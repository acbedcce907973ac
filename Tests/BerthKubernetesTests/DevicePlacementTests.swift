import Testing

@testable import BerthKubernetes

/// A node that lists `count` GPUs.
private func node(_ name: String, count: Int, labels: String = "", annotations: String = "", others: String = "")
  -> String
{
  """
  kind: Node
  metadata: {name: \(name), labels: {\(labels)}, annotations: {\(annotations)}}
  status: {allocatable: {cpu: 64, memory: 512Gi, pods: 110, nvidia.com/gpu: \(count)\(others)}}
  """
}

private func pod(_ name: String, _ resources: String, annotations: String = "", on node: String? = nil) -> String {
  """
  kind: Pod
  metadata: {name: \(name), annotations: {\(annotations)}}
  spec: {\(node.map { "nodeName: \($0), " } ?? "")containers: [{name: a, image: i, resources: {limits: {\(resources)}}}]}
  """
}

private func run(_ cluster: [String], _ pods: [String], isLenient: Bool = false) throws -> PlacementRun {
  func read(_ documents: [String]) throws -> Manifests { try manifests(documents.joined(separator: "\n---\n")) }
  let run = try PlacementRun(cluster: try read(cluster), wanted: try read(pods), isLenient: isLenient)
  try run.run()
  return run
}

private func problems(_ cluster: [String], _ pods: [String]) throws -> [String] {
  do {
    _ = try run(cluster, pods)
    return []
  } catch let bad as BadInput {
    return bad.problems.map(\.description)
  }
}

struct DevicePlacementTests {
  private let h100 =
    "nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3, nvidia.com/gpu.count: '8', nvidia.com/gpu.memory: '81559'"
  private let t4 = "nvidia.com/gpu.product: Tesla-T4, nvidia.com/gpu.count: '2', nvidia.com/gpu.memory: '15360'"

  private func gpus(_ run: PlacementRun) -> [[Int]?] { run.decisions.map { $0.devices?.gpus } }

  @Test func podsGetDifferentGPUsAndSickOnesAreLeftOut() throws {
    let cluster = [node("n1", count: 4, annotations: "berth.dev/sick-gpus: '1'")]
    let run = try run(
      cluster, [pod("a", "nvidia.com/gpu: 2"), pod("b", "nvidia.com/gpu: 1"), pod("c", "nvidia.com/gpu: 1")])
    #expect(Set(gpus(run).compactMap { $0 }.flatMap { $0 }) == [0, 2, 3])
    #expect(run.decisions[2].node == nil)
    #expect(run.decisions[0].devices?.visibleDevices == gpus(run)[0]!.map(String.init).joined(separator: ","))
  }

  @Test func linksModelsAndNICsAreHonoured() throws {
    let cluster = [
      node("flat", count: 2, labels: t4),
      node("dgx", count: 8, labels: h100, annotations: "berth.dev/machine: dgx-h100", others: ", rdma/hca: 8"),
    ]
    let annotations = "berth.dev/gpu-links: nvswitch, berth.dev/gpu-models: H100, berth.dev/nics-by-switch: 'true'"
    let run = try run(
      cluster,
      [
        pod("a", "nvidia.com/gpu: 2, rdma/hca: 2", annotations: annotations),
        pod("b", "nvidia.com/gpu: 1", annotations: "berth.dev/gpu-models: B200"),
      ])
    #expect(run.decisions[0].node == "dgx")
    // Every GPU of a DGX H100 has a NIC of its own below the same switch.
    #expect(run.decisions[0].devices?.nics == run.decisions[0].devices?.gpus)
    #expect(run.decisions[1].node == nil)
  }

  @Test func topologyTextMakesTheMachine() throws {
    let matrix = #"\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\nGPU0\tX\tNV12\t0-31\t0\nGPU1\tNV12\tX\t0-31\t0\n"#
    let labels = "nvidia.com/gpu.product: NVIDIA-A100-SXM4-40GB"
    let named = node("n1", count: 2, labels: labels, annotations: #"berth.dev/topology: "\#(matrix)""#)
    let wanted = [pod("a", "nvidia.com/gpu: 2", annotations: "berth.dev/gpu-links: nvlink")]
    #expect(gpus(try run([named], wanted)) == [[0, 1]])
    #expect(gpus(try run([node("n1", count: 2, labels: labels)], wanted)) == [nil])
    let three = node("n1", count: 3, labels: labels, annotations: #"berth.dev/topology: "\#(matrix)""#)
    #expect(
      try problems([three], wanted) == [
        "Node n1: metadata.annotations[berth.dev/topology]: has 2 GPUs, and the node says that it has 3"
      ])
  }

  @Test func sharesLieSideBySideOnOneGPU() throws {
    let run = try run(
      [node("n1", count: 2, labels: t4)],
      [
        pod("a", "aliyun.com/gpu-mem: 5, aliyun.com/gpu-core.percentage: 50"),
        pod("b", "nvidia.com/gpumem: 5000, nvidia.com/gpucores: 40"), pod("c", "koordinator.sh/gpu: 20"),
        pod("d", "nvidia.com/gpu: 1"), pod("e", "volcano.sh/gpu-memory: 9000"),
      ])
    let placed = gpus(run)
    #expect(placed[0] == placed[1])
    #expect(
      placed[2] != nil && run.decisions[2].devices?.memoryMiB == 3072 && run.decisions[2].devices?.shareMilli == 200)
    #expect(placed[3] == nil || placed[3] != placed[0])
    #expect(placed.compactMap { $0 }.count < 5)
  }

  @Test func memoryInPerCentNeedsGPUsOfOneSize() throws {
    let cluster = [node("a", count: 8, labels: h100), node("b", count: 2, labels: t4)]
    #expect(
      try problems(cluster, [pod("a", "koordinator.sh/gpu: 50")]) == [
        "Pod default/a: spec.containers: 50 per cent of a GPU's memory is not the same everywhere (15360, 81559 MiB): ask "
          + "for an amount, or name models with berth.dev/gpu-models"
      ])
    let run = try run(cluster, [pod("a", "koordinator.sh/gpu: 50", annotations: "berth.dev/gpu-models: T4")])
    #expect(run.decisions[0].node == "b" && run.decisions[0].devices?.memoryMiB == 7680)
  }

  @Test func migInstancesArePacked() throws {
    let labels = "nvidia.com/gpu.product: NVIDIA-A100-SXM4-40GB, nvidia.com/gpu.count: '2'"
    let run = try run(
      [node("n1", count: 1, labels: labels, others: ", nvidia.com/mig-1g.5gb: 7")],
      [pod("a", "nvidia.com/mig-1g.5gb: 1"), pod("b", "nvidia.com/mig-1g.5gb: 1"), pod("c", "nvidia.com/gpu: 1")])
    let placed = gpus(run)
    #expect(placed[0] == placed[1] && placed[2] != placed[0])
    #expect(run.decisions[0].devices?.migProfile == "1g.5gb" && run.decisions[0].devices?.migSlices == [6])
    #expect(run.decisions[0].annotations.map(\.name) == ["berth.dev/gpus", "berth.dev/mig-slices"])
  }

  @Test(arguments: ["nvidia.com/gpu", "nvidia.com/gpu.shared"])
  func timeSlicesAreCounted(resource: String) throws {
    let isPlain = resource == "nvidia.com/gpu"
    let labels = "\(t4), nvidia.com/gpu.replicas: '2', nvidia.com/gpu.sharing-strategy: time-slicing"
    let one = node(
      "n1", count: isPlain ? 4 : 0, labels: labels, others: isPlain ? "" : ", nvidia.com/gpu.shared: 4")
    let run = try run([one], (0..<5).map { pod("p\($0)", "\(resource): 1") })
    #expect(gpus(run).compactMap { $0 }.flatMap { $0 }.sorted() == [0, 0, 1, 1])
    #expect(run.decisions[0].devices?.shareMilli == 500)
  }

  private let single =
    "nvidia.com/mig.strategy: single, nvidia.com/gpu.product: NVIDIA-A100-SXM4-40GB-MIG-1g.5gb, "
    + "nvidia.com/gpu.count: '56', nvidia.com/gpu.memory: '4864', pool: cut"

  @Test func instancesThatGoByTheNameOfGPUsAreCounted() throws {
    let held = pod("r", "nvidia.com/gpu: 16", on: "cut")
    let wanted = ["a", "b", "c"].map { pod($0, "nvidia.com/gpu: 1") }
    let cut = node("cut", count: 18, labels: single)
    let alone = try run([cut, held], wanted)
    #expect(alone.decisions.map(\.node) == ["cut", "cut", nil] && gpus(alone) == [nil, nil, nil])
    let note =
      "1 nodes have MIG instances as nvidia.com/gpu (strategy single): these are counted, not placed one by one"
    #expect(alone.notes == [note])

    let cluster = [cut, held, node("n1", count: 1, labels: "pool: whole")]
    let mixed = try run(cluster, wanted)
    #expect(mixed.decisions.map(\.node) == ["n1", nil, nil] && gpus(mixed) == [[0], nil, nil])
    #expect(mixed.notes == [note + ", and go only to pods whose nodeSelector keeps them to such nodes"])
    let kept = wanted.map { $0.replacing("spec: {", with: "spec: {nodeSelector: {pool: cut}, ") }
    #expect(try run(cluster, kept).decisions.map(\.node) == ["cut", "cut", nil])
    let choosy = kept[0].replacing("annotations: {", with: "annotations: {berth.dev/gpu-models: A100")
    #expect(try run(cluster, [choosy]).decisions.map(\.node) == [nil])
  }

  @Test func strategySingleWithoutInstancesIsOfWholeGPUs() throws {
    let one = node("n1", count: 2, labels: t4 + ", nvidia.com/mig.strategy: single")
    let run = try run([one], [pod("a", "nvidia.com/gpu: 2")])
    #expect(gpus(run) == [[0, 1]] && run.notes == [])
  }

  // MARK: What runs

  @Test func runningPodsKeepWhatTheySay() throws {
    let koordinator = #"scheduling.koordinator.sh/device-allocated: '{"gpu": [{"minor": 2}, {"minor": 5}]}'"#
    let cluster = [
      node("n1", count: 8, labels: h100, annotations: "berth.dev/sick-gpus: '2'"),
      pod("a", "nvidia.com/gpu: 2", annotations: koordinator, on: "n1"),
      pod("b", "aliyun.com/gpu-mem: 4", annotations: "ALIYUN_COM_GPU_MEM_IDX: '0'", on: "n1"),
      pod("c", "volcano.sh/gpu-number: 2", annotations: "volcano.sh/gpu-index: '3,4'", on: "n1"),
      pod("d", "nvidia.com/gpu: 1", on: "n1"),
    ]
    let run = try run(cluster, [pod("w", "nvidia.com/gpu: 2")])
    #expect(
      run.decisions[0].node == nil || gpus(run)[0] == [6, 7] || gpus(run)[0]!.allSatisfy { [1, 6, 7].contains($0) })
    #expect(run.notes == ["1 running pods do not say which GPUs they have: these are chosen here"])
  }

  @Test func wrongAssignmentsAreNamed() throws {
    let one = node("n1", count: 2, labels: t4)
    #expect(
      try problems([one, pod("a", "nvidia.com/gpu: 1", annotations: "berth.dev/gpus: '5'", on: "n1")], [])[0]
        .hasPrefix("Pod default/a: metadata.annotations[berth.dev/gpus]: "))
    #expect(
      try problems([one, pod("a", "nvidia.com/gpu: 2", annotations: "berth.dev/gpus: '0'", on: "n1")], [])[0]
        .contains("the class asks for 2 GPUs"))
  }

  @Test func podsWhoseGPUsAreNotThereHoldNone() throws {
    let cluster = [
      node("n1", count: 1), pod("a", "nvidia.com/gpu: 1", on: "n1"), pod("b", "nvidia.com/gpu: 1", on: "n1"),
    ]
    let run = try run(cluster, [])
    #expect(run.runningCount == 2)
    #expect(
      run.notes.contains("running pods ask for GPUs that their nodes do not have free, and hold none here (default/b)"))
  }

  @Test func wrongMachinesAreNamed() throws {
    func mistake(_ annotations: String, labels: String = "") throws -> String {
      try problems([node("n1", count: 8, labels: labels, annotations: annotations)], []).first ?? ""
    }
    #expect(try mistake("berth.dev/machine: dgx-9").hasPrefix("Node n1: metadata.annotations[berth.dev/machine]: "))
    #expect(try mistake("berth.dev/machine: hgx-a100-4").contains("has 4 GPUs, and the node says that it has 8"))
    #expect(try mistake("berth.dev/sick-gpus: '9'").hasSuffix("[berth.dev/sick-gpus]: there is no GPU9 among 8"))
    #expect(
      try mistake("berth.dev/topology: nonsense", labels: t4.replacing("'2'", with: "'8'"))
        .hasPrefix("Node n1: metadata.annotations[berth.dev/topology]: "))
  }

  @Test func dumpsHaveTheAnnotationsThatMatter() throws {
    let file = try ScratchFile(
      #"""
      {"kind": "List", "items": [
        {"kind": "Node", "metadata": {"name": "n1", "annotations": {"other": {"not": "text"}, "berth.dev/sick-gpus": "0"}},
         "status": {"allocatable": {"nvidia.com/gpu": "2", "pods": "9"}}},
        {"kind": "Pod", "metadata": {"name": "a", "annotations": {"berth.dev/gpus": "1"}},
         "spec": {"nodeName": "n1", "containers": [{"name": "c", "image": "i",
           "resources": {"limits": {"nvidia.com/gpu": "1"}, "requests": {"nvidia.com/gpu": "1"}}}]}}]}
      """#)
    let read = ManifestFile(file.path, isDump: true).read()
    #expect(read.problems == [])
    #expect(read.nodes.first?.gpus?.sick == [0] && read.pods.first?.assignment?.gpus == [1])
  }

  // MARK: What is written

  @Test func podsThatAreNotInManifestsAreRefusals() throws {
    let wanted = ["a", "b", "c", "d"].map { pod($0, $0 == "d" ? "cpu: 999" : "nvidia.com/gpu: 1") }
    let run = try run([node("n1", count: 1)], wanted)
    #expect(try YAMLDocuments.read(try run.manifests(), file: "out").count == 1)
    #expect(
      run.refusals.map { $0.prefix { $0 != ":" } } == ["default/b and 1 more", "default/d"], "\(run.refusals)")
    #expect(run.refusals.allSatisfy { $0.contains(": 0/1 nodes are available") }, "\(run.refusals)")
  }

  @Test func annotationsAreReadBackAsTheyWereWritten() throws {
    let wanted = [
      pod("a", "nvidia.com/gpu: 2"), pod("b", "aliyun.com/gpu-mem: 4, aliyun.com/gpu-core.percentage: 30"),
      pod("c", "koordinator.sh/gpu: 50"), pod("d", "volcano.sh/gpu-memory: 1024"),
    ]
    let run = try run([node("n1", count: 8, labels: h100)], wanted)
    for decision in run.decisions {
      let annotations = Dictionary(uniqueKeysWithValues: decision.annotations.map { ($0.name, $0.value) })
      for name in [DeviceNames.gpus, DeviceNames.koordinatorAllocated] {
        let text = try #require(annotations[name])
        let reader = ObjectReader(object: "", fillsDefaults: true)
        #expect(reader.assignment([name: text])?.gpus == decision.devices?.gpus)
      }
    }
    let aliyun = run.decisions[1].annotations.map { "\($0.name)=\($0.value)" }
    #expect(aliyun.contains("ALIYUN_COM_GPU_MEM_POD=4") && aliyun.contains("ALIYUN_COM_GPU_MEM_DEV=79"))
    #expect(try run.manifests().contains("berth.dev/gpus: '"))
    #expect(try YAMLDocuments.read(try run.manifests(), file: "out").count == 4)
  }
}
