import BerthKubernetes
import Foundation
import Testing

@testable import BerthNetwork

func topology(_ text: String, _ file: TopologyFile = TopologyFile()) throws -> NetworkTopology {
  try file.read(text: text, file: "file")
}

extension NetworkTopology {
  /// "n1 a/b" for each node.
  var places: [String] { nodes.map { "\($0.name) \(path(ofDomain: $0.domain).joined(separator: "/"))" } }
  var levelNames: [String] { levels.map(\.name) }
}

struct TopologyTests {
  @Test func aSlurmTreeHasALevelForEachHeight() throws {
    let found = try topology(TopologyExamples.slurmTree)
    #expect(found.levelNames == ["switch-3", "switch-2", "switch-1"])
    #expect(found.inconsistency == nil && !found.spansTops)
    #expect(found.nodes.count == 13)
    #expect(found.places[0] == "n001 core/spine1/leaf1")
    #expect(
      found.places.suffix(5) == [
        "gpu-a1b0 core/spine2/leaf3", "gpu-a1b1 core/spine2/leaf3", "gpu-a2b0 core/spine2/leaf3",
        "gpu-a2b1 core/spine2/leaf3", "login core/spine2/leaf3",
      ])
    #expect(found.domains.first { $0.name == "leaf1" }?.linkSpeed == 400)
    #expect(found.domains.first { $0.name == "core" }?.linkSpeed == nil)
  }

  /// A leaf right below the top has no spine, so a spine without a name is its own.
  @Test func anUnevenTreeIsFilledWithUnnamedDomains() throws {
    let found = try topology(
      """
      SwitchName=top Switches=mid,low
      SwitchName=mid Switches=a,b
      SwitchName=a Nodes=n1
      SwitchName=b Nodes=n2
      SwitchName=low Nodes=n3,n4
      """)
    #expect(found.places == ["n1 top/mid/a", "n2 top/mid/b", "n3 top//low", "n4 top//low"])
    #expect(found.inconsistency == nil)
  }

  @Test func redundantSpinesAreOneDomain() throws {
    let found = try topology(
      """
      SwitchName=l1 Nodes=n[1-2]
      SwitchName=l2 Nodes=n[3-4]
      SwitchName=s1 Switches=l[1-2]
      SwitchName=s2 Switches=l[1-2]
      SwitchName=s3 Switches=l[1-2]
      """)
    #expect(found.places == ["n1 s1/l1", "n2 s1/l1", "n3 s1/l2", "n4 s1/l2"])
    #expect(found.notes == ["s1, s2, s3 lead to the same children and count as one domain, s1"])
  }

  @Test func separateFabricsAreSaid() throws {
    let found = try topology("SwitchName=a Nodes=n1\nSwitchName=b Nodes=n2\n")
    #expect(found.levelNames == ["switch-1"] && !found.spansTops)
    #expect(found.notes == ["2 switches are below no common one: no job runs across them (man topology.conf)"])
  }

  @Test func blocksAggregateWithTheirNeighbours() throws {
    let found = try topology(TopologyExamples.slurmBlocks)
    #expect(found.levelNames == ["block-8", "block"] && found.shape == .blocks(sizes: [8, 4]))
    #expect(found.domains.map(\.name) == ["b1..b2", "b1", "b2", "b3..b3", "b3"])
    #expect(found.nodes.count == 12 && found.inconsistency == nil)
    // Without sizes Slurm takes the first block's and doubles it up to the level that holds all.
    let own = try topology("BlockName=b[1]x Nodes=n[1-3]\nBlockName=c Nodes=m[1-3]\nBlockName=d Nodes=o[1-2]\n")
    #expect(own.shape == .blocks(sizes: [12, 6, 3]))
    #expect(own.notes == ["fewer nodes than the base block size 3: d"])
  }

  @Test func theDefaultOfSeveralTopologiesIsTaken() throws {
    let found = try topology(TopologyExamples.slurmYAML)
    #expect(found.shape == .blocks(sizes: [4, 2]))
    #expect(found.notes == ["of 5 topologies the cluster's default is taken, blocks"])
    let tree = try topology(TopologyExamples.slurmYAML, TopologyFile(name: "tree"))
    #expect(tree.places == ["n01 root/s1", "n02 root/s1", "n03 root/s2", "n04 root/s2"])
  }

  @Test func ringsKeepTheirOrder() throws {
    let found = try topology(TopologyExamples.slurmYAML, TopologyFile(name: "circles"))
    #expect(found.shape == .rings([Ring(domain: 0, nodes: Array(0..<8))]))
    let conf = try topology("RingName=r Nodes=b,a,c\n")
    #expect(conf.nodes.map(\.name) == ["b", "a", "c"] && conf.levelNames == ["ring"])
  }

  @Test func aTorusHasCellsAndPlacements() throws {
    let found = try topology(TopologyExamples.slurmYAML, TopologyFile(name: "cube"))
    guard case .toruses(let toruses) = found.shape else {
      Issue.record("no torus")
      return
    }
    let torus = toruses[0]
    #expect(torus.cells.map { $0.map { found.nodes[$0].name } } == ["a1", "a2", "a3", "a4", nil, nil, "b1", "b2"])
    #expect(torus.placements[0].anchorSpacing == Coordinates(x: 2, y: 1, z: 1))
    #expect(torus.anchors(of: torus.placements[0]).count == 4)
    let anchors = torus.anchors(of: torus.placements[1])
    #expect(anchors.count == 8 && anchors[0] == Coordinates(x: 0, y: 1, z: 0))
    #expect(torus.cells(of: torus.placements[1], at: Coordinates(x: 1, y: 1, z: 1)) == [7, 6, 5, 4])
  }

  @Test func flatTakesItsNodesFromObjects() throws {
    let file = TopologyFile(name: "plain", gpusPerNode: 4)
    let found = try file.read(sources: [
      ("topology.yaml", Data(TopologyExamples.slurmYAML.utf8)), ("nodes.yaml", Data(TopologyExamples.nodes.utf8)),
    ])
    #expect(found.levelNames == ["cluster"] && found.nodes.map(\.gpus) == [8, 4, 4, 4])
    #expect(found.nodes[0].allocatable["cpu"] == 64_000 && found.nodes[3].isClosed)
    #expect(mistakes { _ = try topology(TopologyExamples.slurmYAML, file) }.first?.contains("names no nodes") ?? false)
  }

  @Test func hyperNodesBecomeLevelsByTier() throws {
    let found = try topology(TopologyExamples.hyperNodes)
    #expect(found.levelNames == ["tier-3", "rack"])
    #expect(found.places == ["n-1 top/s0", "n-2 top/s0", "n-3 top/s1", "n-4 /"])
    #expect(found.level(named: "tier-1") == .level(1) && found.level(named: "narrowest") == .level(1))
    #expect(found.level(named: "kubernetes.io/hostname") == .node && found.level(named: "tier-2") == nil)
    #expect(found.notes == ["1 nodes are in no HyperNode: each is near to itself alone"])
  }

  @Test func kueueTakesOnlyNodesWithAllLabels() throws {
    let found = try topology(TopologyExamples.kueue)
    #expect(found.levelNames == ["zone", "rack"])
    #expect(found.places == ["n-1 a/r1", "n-2 a/r1", "n-3 a/r2"])
    #expect(found.nodes[0].gpus == 8 && found.nodes[0].labels["asw"] == "s1")
  }

  @Test func koordinatorLayersAreAChain() throws {
    let found = try topology(TopologyExamples.koordinator)
    #expect(found.levelNames == ["ZoneLayer", "RackLayer"])
    #expect(found.level(named: "example.com/rack") == .level(1))
    #expect(found.places == ["n-1 a/r1", "n-2 a/r1", "n-3 a/r2", "n-4 b/"])
  }

  /// What is below a missing name says what is shared; two nodes without any share nothing.
  @Test func missingLabelsBringNobodyNearer() throws {
    let found = try topology(TopologyExamples.nodes, TopologyFile(labelKeys: ["rack", "asw"]))
    #expect(found.places == ["n-1 r1/s1", "n-2 r1/s2", "n-3 r2/", "n-4 /"])
    #expect(Set(found.nodes.map(\.domain)).count == 4)
    let upside = try topology(TopologyExamples.nodes, TopologyFile(labelKeys: ["asw", "zone"]))
    #expect(upside.places == ["n-1 s1/a", "n-2 s2/a", "n-3 /a", "n-4 /b"])
    #expect(Set(upside.nodes.map(\.domain)).count == 4)
  }

  @Test func aListOfNodesInJSONIsRead() throws {
    let found = try topology(TopologyExamples.nodeList, TopologyFile(labelKeys: ["zone", "rack"]))
    #expect(found.places == ["n-1 a/r1", "n-2 a/r2"] && found.nodes[0].gpus == 8)
  }

  /// S1 below P1 is another switch than S1 below P2.
  @Test func aTableTellsSwitchesApartByTheirPath() throws {
    let found = try topology(TopologyExamples.table)
    #expect(found.levelNames == ["DSW", "PSW", "ASW"])
    #expect(found.domains(atLevel: 2).count == 3)
    let counted = try topology("node,rack,gpus\na,r1,4\nb,r2,8\n")
    #expect(counted.levelNames == ["rack"] && counted.nodes.map(\.gpus) == [4, 8])
  }

  @Test func aNodesDomainsAreFoundLevelByLevel() throws {
    let found = try topology(TopologyExamples.table)
    #expect(found.domains[found.domain(ofNode: 3, atLevel: 1)].name == "P2")
    #expect(found.domains[found.domain(ofNode: 3, atLevel: 0)].name == "G1")
  }
}

/// The authors' network, if it is there.
@Suite(.enabled(if: LingjunData.file != nil, "no data/lingjun-2023 ($BERTH_SHARED)"))
struct LingjunTests {
  @Test func theClosNetworkIsRead() throws {
    let found = try TopologyFile(gpusPerNode: 8).read(paths: [try #require(LingjunData.file)])
    #expect(found.nodes.count == 847 && found.levelNames == ["DSW", "PSW", "ASW"])
    #expect((0..<3).map { found.domains(atLevel: $0).count } == [1, 3, 119])
    let racks = Dictionary(grouping: found.nodes, by: \.domain).values.map(\.count)
    #expect(racks.filter { $0 == 8 }.count == 68 && racks.min() == 2)
  }
}

enum LingjunData {
  /// Below $BERTH_SHARED, or below `shared` beside the project.
  static var file: String? {
    let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared =
      ProcessInfo.processInfo.environment["BERTH_SHARED"].map { URL(filePath: $0) }
      ?? project.deletingLastPathComponent().appending(path: "shared")
    let path = shared.appending(path: "data/lingjun-2023/topo.csv").path
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }
}
