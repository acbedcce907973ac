import Testing

@testable import BerthSimulation

@Suite struct OpenbTraceTests {
  private static let nodeNames = "sn,cpu_milli,memory_mib,gpu,model\n"
  private static let podNames = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"

  private func nodes(_ lines: String) throws -> [OpenbTrace.Node] {
    let required = ["sn", "cpu_milli", "memory_mib", "gpu", "model"]
    return try OpenbTrace.readNodes(
      CSVTable(file: "n.csv", bytes: Array((Self.nodeNames + lines).utf8), required: required))
  }

  private func pods(_ lines: String) throws -> [OpenbTrace.Demand] {
    let required = ["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"]
    return try OpenbTrace.readPods(
      CSVTable(file: "p.csv", bytes: Array((Self.podNames + lines).utf8), required: required))
  }

  private func place(_ body: () throws -> some Any) -> String {
    do {
      _ = try body()
      return "no error"
    } catch let error as CSVError {
      return "\(error.file):\(error.line):\(error.column)"
    } catch {
      return "\(error)"
    }
  }

  @Test func nodesCountGPUsInThousandths() throws {
    #expect(
      try nodes("n0,64000,262144,2,P100\nn1,96000,1,0,\n") == [
        OpenbTrace.Node(name: "n0", cpuMilli: 64000, memoryMiB: 262144, gpuMilli: 2000, model: "P100"),
        OpenbTrace.Node(name: "n1", cpuMilli: 96000, memoryMiB: 1, gpuMilli: 0, model: ""),
      ])
  }

  @Test func podsThatAskForTheSameAreOneDemand() throws {
    let pods = try pods("a,1,2,1,500,T4|A10\nb,1,2,1,500,A10|T4|T4\nc,1,2,8,1000,\nd,1,2,0,0,\n")
    #expect(pods[0] == pods[1])
    #expect(pods[0].models == ["A10", "T4"] && pods[0].gpuMilli == 500)
    #expect(pods[2].gpuMilli == 8000 && pods[2].models.isEmpty)
    #expect(pods[3].gpuMilli == 0)
  }

  @Test func wrongNodesAreRefusedWithTheirPlace() {
    #expect(place { try nodes("n0,64000,1,0,\nn0,1,1,0,\n") } == "n.csv:3:1")
    #expect(place { try nodes(",64000,1,0,\n") } == "n.csv:2:1")
    #expect(place { try nodes("n0,-1,1,0,\n") } == "n.csv:2:4")
    #expect(place { try nodes("n0,1.5,1,0,\n") } == "n.csv:2:4")
    #expect(place { try nodes("n0,1, 1,0,\n") } == "n.csv:2:6")
    #expect(place { try nodes("n0,1,9223372036854775808,0,\n") } == "n.csv:2:6")
    #expect(place { try nodes("n0,1,1125899906842625,0,\n") } == "n.csv:2:6")
    #expect(place { try nodes("n0,1,1125899906842624,0,\n") } == "no error")
    #expect(place { try nodes("n0,1,1,2,\n") } == "n.csv:2:10")
  }

  @Test func wrongPodsAreRefusedWithTheirPlace() {
    #expect(place { try pods("p,1,1,0,0,\np,1,1,0,0,\n") } == "p.csv:3:1")
    #expect(place { try pods("p,x,1,0,0,\n") } == "p.csv:2:3")
    #expect(place { try pods("p,1,,0,0,\n") } == "p.csv:2:5")
    #expect(place { try pods("p,1,1,2,500,\n") } == "p.csv:2:9")
    #expect(place { try pods("p,1,1,1,0,\n") } == "p.csv:2:9")
    #expect(place { try pods("p,1,1,1,1001,\n") } == "p.csv:2:9")
    #expect(place { try pods("p,1,1,1,1000,A||B\n") } == "p.csv:2:14")
  }

  @Test func aFileThatIsNotThereIsNamed() {
    #expect(throws: FileError.self) { try OpenbTrace(nodesPath: "/none/n.csv", podsPath: "/none/p.csv") }
  }
}
