import BerthCore
import Foundation
import Testing

@testable import BerthSimulation

/// Small workloads of which every figure can be computed by hand.
@Suite struct FragmentationTests {
  /// Two GPUs of each of two models, and a node without any.
  private static let nodes = """
    sn,cpu_milli,memory_mib,gpu,model
    openb-node-0001,8000,1000,2,T4
    openb-node-0002,8000,1000,2,P100
    openb-node-0003,4000,1000,0,

    """
  /// The fifth wants a model that is nowhere, the sixth more cpu than there is.
  private static let pods = """
    name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec
    openb-pod-0000,500,1,1,500,T4
    openb-pod-0001,600,1,2,1000,P100
    openb-pod-0002,500,1,1,500,T4
    openb-pod-0003,1000,1,0,0,
    openb-pod-0004,700,1,1,1000,V100
    openb-pod-0005,9000,1,1,1000,

    """

  /// Files as `FragmentationWorkload` finds them, for as long as `body` runs.
  private func withFolder<R>(
    arrivals: String = "openb_pod_list_small,7,0000 0001 0002 0003 0004 0005\n",
    order: String = "openb_pod_list_small,7,0003 0001 0002\n", _ body: (String) throws -> R
  ) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("berth-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for part in ["arrivals", "node_order"] {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
    }
    try ByteFile.write("\(folder)/openb_node_list_gpu_node.csv", text: Self.nodes)
    try ByteFile.write("\(folder)/openb_pod_list_small.csv", text: Self.pods)
    // what is not packed is read as it is
    try ByteFile.write("\(folder)/arrivals/openb_pod_list_small.csv.gz", text: arrivals)
    try ByteFile.write("\(folder)/node_order/openb_pod_list_small.csv.gz", text: order)
    return try body(folder)
  }

  private func workload(_ folder: String) throws -> FragmentationWorkload {
    try FragmentationWorkload(named: "small", trace: folder, reference: folder)
  }

  // MARK: Runs

  @Test(arguments: FragmentationPolicy.allCases)
  func everyPolicyComesToTheFiguresOfASmallWorkload(policy: FragmentationPolicy) throws {
    try withFolder { folder in
      let workload = try workload(folder)
      #expect(workload.capacity == 4000 && workload.seeds == [7])
      let outcome = try FragmentationRun.run(workload, policy, seed: 7)
      #expect(outcome.arrived == 6 && outcome.placed == 4)
      let course = outcome.course
      // 12.5, 62.5 and 75 % (twice) have been asked for; then 100 and 125, of which nothing is placed
      let allocations = [12: 12.5, 13: 12.5, 61: 62.5, 62: 62.5, 75: 75, 100: 75, 124: 75, 125: 75, 126: 75]
      for (percent, allocation) in allocations { #expect(course.allocation(at: percent) == allocation, "\(percent) %") }
      for percent in [0, 10, 14, 50, 60, 64, 73, 90, 127] { #expect(course.allocation(at: percent) == nil) }
      // milli that typical pods cannot use, each pod being a sixth of them: 1000 + 1666.7, 1000, 666.7
      let fragments = [12: 66.67, 62: 25, 75: 16.67, 100: 16.67, 125: 16.67]
      for (percent, fragment) in fragments { #expect(course.fragmentation(at: percent) == fragment, "\(percent) %") }
      #expect(outcome.allocationAt100 == 75 && outcome.allocationAt130 == 75 && outcome.fragmentationAt130 == 16.67)
    }
  }

  @Test func aSeedWithoutArrivalsIsRefused() throws {
    try withFolder { folder in
      let workload = try workload(folder)
      #expect(throws: EngineError.self) { try FragmentationRun.run(workload, .fgd, seed: 8) }
    }
  }

  /// Published figures: allocation within 0.011, fragmentation within 0.006.
  @Test func outcomesAreComparedCellByCell() throws {
    try withFolder { folder in
      let bins = (0...130).map(String.init).joined(separator: ",")
      func table(_ cells: [Int: String]) -> String {
        let row = (0...130).map { cells[$0] ?? "" }.joined(separator: ",")
        return "workload,sc_policy,seed,\(bins)\nopenb_pod_list_small,06-FGD,7,\(row)\n"
      }
      let allocations = table([12: "12.51", 62: "62.52", 75: "75", 90: "75"])
      let fragments = table([12: "66.665", 62: "25.01", 127: "1"])
      try ByteFile.write("\(folder)/analysis_allo_discrete.csv", text: allocations)
      try ByteFile.write("\(folder)/analysis_frag_discrete.csv", text: fragments)
      let reference = try FragmentationReference(folder)
      let workload = try workload(folder)
      let compared = reference.compare(try FragmentationRun.run(workload, .fgd, seed: 7))
      // 62.52, 25.01, and what is of no bin
      #expect(compared.cells == 7 && compared.unequal == 4)
      for policy in [FragmentationPolicy.berth, .bestfit] {
        #expect(reference.compare(try FragmentationRun.run(workload, policy, seed: 7)).cells == 0)
      }
      try ByteFile.write("\(folder)/analysis_frag_discrete.csv", text: table([3: "x"]))
      #expect(throws: CSVError.self) { try FragmentationReference(folder) }
    }
  }

  // MARK: Courses

  @Test func cellsAreMeansOfTheArrivalsOfABin() {
    var course = FragmentationCourse(capacity: 1000)
    #expect(course.allocation(at: 0) == nil)
    course.add(arrived: 10, used: 10, fragmented: 1)
    course.add(arrived: 0, used: 0, fragmented: 2)
    course.add(arrived: 4, used: 0, fragmented: 3.34)
    course.add(arrived: 16, used: 16, fragmented: 5)
    #expect(course.allocation(at: 1) == 1 && course.allocation(at: 3) == 2.6)
    #expect(course.fragmentation(at: 1) == 0.21 && course.fragmentation(at: 3) == 0.5)
    // nobody fell into these: four arrivals beside the one, three and one beside the others, none beside the last
    #expect(course.allocation(at: 2) == 1.4 && course.fragmentation(at: 2) == 0.28)
    #expect(course.allocation(at: 0) == 1 && course.allocation(at: 4) == 2.6 && course.allocation(at: 5) == nil)
    #expect(course.last(upTo: 3) == (2.6, 0.5) && course.last(upTo: 2) == (1.4, 0.28))
  }

  /// Both figures, so that neither is of another moment than the other.
  @Test func whereNobodyArrivedTheLastFiguresBeforeCount() {
    var course = FragmentationCourse(capacity: 1000, fragmented: 400)
    #expect(course.last(upTo: 130) == (0, 40))
    course.add(arrived: 50, used: 50, fragmented: 300)
    course.add(arrived: 1200, used: 700, fragmented: 123.456)
    #expect(course.last(upTo: 3) == (0, 40))
    #expect(course.last(upTo: 5) == (5, 30) && course.last(upTo: 100) == (5, 30))
    #expect(course.last(upTo: 125) == (75, 12.35) && course.last(upTo: 130) == (75, 12.35))
  }

  @Test func halvesGoToTheEvenOne() {
    var bins = FragmentationCourse(capacity: 800)
    for arrived: Int64 in [4, 8, 8] { bins.add(arrived: arrived, used: arrived, fragmented: 0) }
    // 0.5, 1.5 and 2.5 % of arrivals
    #expect(bins.allocation(at: 0) == 0.5 && bins.allocation(at: 2) == 2 && bins.allocation(at: 4) == nil)
    for (used, allocation) in [(50, 0.0), (51, 0.01), (150, 0.02), (250, 0.02), (12_345, 1.23), (12_350, 1.24)] {
      var course = FragmentationCourse(capacity: 1_000_000)
      course.add(arrived: 0, used: Int64(used), fragmented: 0)
      #expect(course.allocation(at: 0) == allocation, "\(used) of 1,000,000")
    }
  }

  // MARK: Typical pods

  private func typical(_ groups: [(count: Int, cpu: Int64, gpuMilli: Int64, spec: String)]) -> [TypicalPod] {
    let pods = groups.flatMap { group in
      let models = group.spec.split(separator: "|").map(String.init).sorted()
      let demand = OpenbTrace.Demand(
        cpuMilli: group.cpu, memoryMiB: 1, gpuMilli: group.gpuMilli, models: models)
      return (0..<group.count).map { _ in (demand, group.spec) }
    }
    let names = pods.indices.map { "p-\($0)" }
    return OpenbTrace(nodes: [], pods: pods.map(\.0), podNames: names, podSpecs: pods.map(\.1)).typicalPods()
  }

  @Test func typicalPodsAreOrderedByCountCpuShareGPUsAndModels() {
    let kinds = typical([
      (1, 100, 500, ""), (1, 100, 500, "T4"), (1, 100, 500, "A|T4"), (1, 100, 500, "T4|A"), (1, 100, 1000, ""),
      (1, 100, 2000, ""), (1, 200, 0, ""), (2, 1, 10, ""), (1, 100, 0, ""),
    ])
    let order = [
      "2 1 1 10 ", "1 200 0 0 ", "1 100 2 1000 ", "1 100 1 1000 ", "1 100 1 500 T4|A", "1 100 1 500 T4",
      "1 100 1 500 A|T4", "1 100 1 500 ", "1 100 0 0 ",
    ]
    let words = kinds.map {
      "\($0.weight) \($0.cpuMilli) \($0.gpus) \($0.milli) \($0.models.joined(separator: "|"))"
    }
    #expect(words == order)
  }

  /// As few as make up 95 % or more: the last of them may go beyond.
  @Test func typicalPodsAreNinetyFivePerCent() {
    func weights(_ counts: [Int]) -> [Int] {
      typical(counts.enumerated().map { ($0.element, Int64(100 - $0.offset), 500, "") }).map(\.weight)
    }
    #expect(weights([10, 6, 2, 1, 1]) == [10, 6, 2, 1])
    #expect(weights([10, 6, 2, 2]) == [10, 6, 2, 2])
    #expect(weights([19, 1]) == [19])
    #expect(weights([94, 6]) == [94, 6])
    #expect(weights([95, 5]) == [95])
    #expect(weights([]) == [])
  }

  // MARK: Mistakes

  @Test(arguments: [
    ("openb_pod_list_small,7\n", "1:1", "expected workload,seed,pods, found 2 fields"),
    ("openb_pod_list_small,7,0000,0001\n", "1:1", "found 4 fields"),
    ("openb_pod_list_small,7,0000\nopenb_pod_list_other,8,0000\n", "2:1", "found \"openb_pod_list_other\""),
    ("openb_pod_list_small,x,0000\n", "1:22", "found \"x\""),
    ("openb_pod_list_small,7,0000\nopenb_pod_list_small,7,0001\n", "2:22", "a seed that no line had before"),
    ("openb_pod_list_small,7,0000 0009\n", "1:24", "numbers of pods in the trace, found \"0009\""),
    ("openb_pod_list_small,7,0000 1\n", "1:24", "found \"1\""),
    ("openb_pod_list_small,7,0000 0001", "1:33", "cut off"),
  ])
  func malformedArrivalsAreRefusedWithTheirPlace(text: String, place: String, words: String) throws {
    try withFolder(arrivals: text) { folder in
      let error = #expect(throws: CSVError.self) { try workload(folder) }
      #expect(error?.description.hasPrefix("\(folder)/arrivals/openb_pod_list_small.csv.gz:\(place): ") == true)
      #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }
  }

  /// A node that is left out or named twice would make every per cent wrong.
  @Test(arguments: ["0001 0002", "0003 0001 0001", "0003 0001 0002 0002", "0003 0001 0004", ""])
  func anOrderNamesEachNodeOnce(order: String) throws {
    try withFolder(order: "openb_pod_list_small,7,\(order)\n") { folder in
      let error = #expect(throws: CSVError.self) { try workload(folder) }
      #expect(error?.line == 1 && error?.column == 24 && error?.message.contains("node") == true)
    }
  }

  @Test func missingFilesAreNamed() throws {
    try withFolder { folder in
      try FileManager.default.removeItem(atPath: "\(folder)/arrivals/openb_pod_list_small.csv.gz")
      #expect(throws: FileError.self) { try workload(folder) }
      #expect(try FragmentationWorkload.names(in: folder) == [])
    }
  }

  @Test func seedsAreThoseThatHaveArrivalsAndAnOrder() throws {
    let arrivals = "openb_pod_list_small,9,0000\nopenb_pod_list_small,7,\nopenb_pod_list_small,8,0001 0001\n"
    let order = "openb_pod_list_small,7,0001 0002 0003\nopenb_pod_list_small,8,0003 0002 0001\n"
    try withFolder(arrivals: arrivals, order: order) { folder in
      let workload = try workload(folder)
      #expect(workload.seeds == [7, 8])
      #expect(try FragmentationWorkload.names(in: folder) == ["small"])
      let nobody = try FragmentationRun.run(workload, .berth, seed: 7)
      #expect(nobody.arrived == 0 && nobody.placed == 0)
      // typical pods, each a sixth of them, find no V100 and not so much cpu
      #expect(nobody.allocationAt130 == 0 && nobody.fragmentationAt130 == 75)
      // it comes twice, and there are two GPUs for it
      let twice = try FragmentationRun.run(workload, .berth, seed: 8)
      #expect(twice.arrived == 2 && twice.placed == 1 && twice.course.allocation(at: 100) == 50)
    }
  }
}

/// Where the authors' figures are, if they are there.
enum FragmentationData {
  /// Of data: below $BERTH_SHARED, or below `shared` beside the project.
  static var folder: String? {
    let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["BERTH_SHARED"].map { URL(filePath: $0) }
      ?? project.deletingLastPathComponent().appending(path: "shared")
    let folder = shared.appending(path: "data").path
    let files = ["fgd-reference/analysis_allo_discrete.csv", "openb/openb_pod_list_default.csv"]
    return files.allSatisfy { FileManager.default.fileExists(atPath: "\(folder)/\($0)") } ? folder : nil
  }
}

/// The authors' figures, if they are there.
@Suite(
  .enabled(if: FragmentationData.folder != nil, "no data/fgd-reference and data/openb ($BERTH_SHARED)"))
struct FragmentationFigureTests {
  private func workload() throws -> FragmentationWorkload {
    let folder = try #require(FragmentationData.folder)
    return try FragmentationWorkload(
      named: "default", trace: "\(folder)/openb", reference: "\(folder)/fgd-reference")
  }

  @Test func everyPublishedFigureIsMet() throws {
    let folder = try #require(FragmentationData.folder)
    let workload = try workload()
    let reference = try FragmentationReference("\(folder)/fgd-reference")
    for policy in FragmentationPolicy.allCases where policy.published != nil {
      let compared = reference.compare(try FragmentationRun.run(workload, policy, seed: 42))
      #expect(compared.cells > 250 && compared.unequal == 0, "\(policy): \(compared)")
    }
  }

  /// Berth's policy has no published rows. A program that shares nothing with the engine came to these figures.
  @Test(arguments: [(42, 96.29, 96.38), (44, 96.30, 96.36)])
  func berthComesToWhatItsSpecificationComesTo(seed: Int, at100: Double, at130: Double) throws {
    let outcome = try FragmentationRun.run(try workload(), .berth, seed: seed)
    #expect(outcome.allocationAt100 == at100 && outcome.allocationAt130 == at130)
  }

  /// In the authors' order, with their shares.
  @Test func typicalPodsAreTheAuthors() throws {
    let folder = try #require(FragmentationData.folder)
    let columns = ["workload", "rank", "cpu_milli", "gpu_milli_per_gpu", "num_gpu", "gpu_spec", "probability"]
    let table = try CSVTable(path: "\(folder)/fgd-reference/typical_pods.csv", required: columns)
    for name in try FragmentationWorkload.names(in: "\(folder)/fgd-reference") {
      let typical = try FragmentationWorkload(
        named: name, trace: "\(folder)/openb", reference: "\(folder)/fgd-reference"
      ).typical
      let records = table.records.filter { $0.text("workload") == "openb_pod_list_\(name)" }
      try #require(records.count == typical.count, "\(name)")
      let all = typical.reduce(0) { $0 + $1.weight }
      for (record, pod) in zip(records, typical) {
        let theirs = ["cpu_milli", "gpu_milli_per_gpu", "num_gpu", "gpu_spec"].map { record.text($0) }
        #expect(theirs == ["\(pod.cpuMilli)", "\(pod.milli)", "\(pod.gpus)", pod.models.joined(separator: "|")])
        let share = try #require(Double(record.text("probability")))
        #expect(abs(share - Double(pod.weight) / Double(all)) < 1e-12)
      }
    }
  }
}
