import BerthKubernetes
import Foundation
import Testing

@testable import BerthNetwork

/// Every mistake names the file or object, the line where it is known, and the field.
struct TopologyMistakeTests {
  private func found(_ text: String, _ file: TopologyFile = TopologyFile()) -> [String] {
    mistakes { _ = try topology(text, file) }
  }

  @Test(
    arguments: [
      (
        "SwitchName=a Switches=b\nSwitchName=b Switches=a",
        "file, line 2: SwitchName=b: is part of a cycle, a → b → a: take one of these children away"
      ),
      ("SwitchName=a Switches=a", "file, line 1: SwitchName=a: is part of a cycle, a → a"),
      (
        "SwitchName=a Switches=b[1-2]\nSwitchName=b1 Nodes=n",
        "file, line 1: SwitchName=a: has the child 'b2', which is no switch of this file"
      ),
      (
        "SwitchName=a Nodes=n[1-2]\nSwitchName=b Nodes=n[2-3]",
        "file, line 2: SwitchName=b: has the node 'n2' and below switch 'a': a node is below one switch"
      ),
      ("SwitchName=a Nodes=n1,n1", "file, line 1: SwitchName=a: has the node 'n1' twice"),
      (
        "SwitchName=a Nodes=n\nSwitchName=a Nodes=m",
        "file, line 2: SwitchName=a: there is a switch 'a' already (line 1)"
      ),
      ("SwitchName=a Nodes=n Switches=b", "file, line 1: Switches: 'a' has Nodes, too: a switch has nodes or switches"),
      ("SwitchName=a", "file, line 1: SwitchName: 'a' has neither Nodes nor Switches"),
      ("SwitchName=a Nodes=n[1-", "file, line 1: Nodes: 'n[1-' lacks a ']'"),
      ("SwitchName=a Nodes=n[0-9999999]", "file, line 1: Nodes: 'n[0-9999999]' names more than 65536 hosts"),
      (
        "SwitchName=a Nodes=n Speed=4", "file, line 1: Speed: unknown key: nodes, switches, linkspeed are expected here"
      ),
      ("SwitchName=a Nodes=n LinkSpeed=nan", "file, line 1: LinkSpeed: 'nan' is no positive number"),
      ("\n# x\nSwitchName=a Nodes", "file, line 3: 'Nodes' is no pair: Key=value is expected"),
      (
        "SwitchName=a Nodes=n\nBlockName=b Nodes=m",
        "file, line 2: BlockName: is of another plugin than the lines before"
      ),
      (
        "SwitchName=l1 Nodes=a\nSwitchName=l2 Nodes=b\nSwitchName=s1 Switches=l1\nSwitchName=s2 Switches=l1,l2",
        "file, line 4: SwitchName=s2: has the child 'l1', which is below 's1', too"
      ),
      (
        "BlockName=a Nodes=n[1-4]\nBlockSizes=4,12",
        "file: BlockSizes: 12 is no power of two times the base block size 4"
      ),
      ("BlockName=a Nodes=n[1-4]\nBlockSizes=0", "file, line 2: BlockSizes: '0' is no number of nodes"),
      ("BlockName=a Nodes=n1\nBlockName=b Nodes=n1", "file, line 2: BlockName=b: has the node 'n1' again"),
      ("BlockSizes=4", "file: defines nothing"),
      ("RingName=r Nodes=n[1-17]", "file, line 1: RingName=r: has 17 nodes: a ring has 1 to 16"),
      ("ip,DSW\na,s,t\n", "file, line 2: column 5: expected 2 fields, found 3"),
      ("ip,DSW\na,s\na,t\n", "file, line 3: column 1: the node 'a' is there already"),
      ("ip,DSW\n", "file, line 1: column 1: expected at least one node below the column names"),
      ("ip,DSW\na,s", "file, line 2: column 4: expected a line break after the last record"),
      ("node,rack,gpus\na,r,-1\n", "file, line 2: column 5: expected a number of GPUs from 0 to 1024, found \"-1\""),
    ])
  func mistakeIsNamed(text: String, message: String) {
    let found = found(text)
    #expect(found.contains { $0.hasPrefix(message) }, "\(found)")
  }

  @Test(
    arguments: [
      ("- topology: a\n  tree: {}\n", "file, line 2: [0].tree.switches: must list at least one switch"),
      ("- topology: a\n", "file, line 1: [0]: one of tree, block, flat, ring, torus3d is expected, not none"),
      ("- topology: a\n  flat: false\n", "file, line 2: [0].flat: must be true, or a mapping of options"),
      ("- topology: a\n  flat: true\n  trees: x\n", "file, line 3: [0].trees: unknown field"),
      (
        "- topology: a\n  block:\n    block_sizes: [x]\n    blocks: [{block: b, nodes: n}]\n",
        "file, line 3: [0].block.block_sizes[0]: must be a number of nodes"
      ),
      (
        "- topology: a\n  tree:\n    switches:\n      - switch: s\n        children: s\n",
        "file, line 4: switch s: is part of a cycle, s → s"
      ),
      (
        "- topology: a\n  torus3d:\n    toruses:\n    - name: t\n      dims: {x: 2, y: 2, z: 1}\n      nodes: n[1-3]\n",
        "file, line 6: [0].torus3d.toruses[0].nodes: are 3, and 2 x 2 x 1 = 4 are expected"
      ),
      (
        "- topology: a\n  torus3d:\n    toruses:\n    - name: t\n      dims: {x: 9999999, y: 2, z: 1}\n      nodes: n[1-3]\n",
        "file, line 5: [0].torus3d.toruses[0].dims.x: must be from 1 to 1024"
      ),
      (
        "- topology: a\n  torus3d:\n    toruses:\n    - name: t\n      dims: {x: 1, y: 1, z: 1}\n      nodes: n\n"
          + "      placements: [{dims: {x: 2, y: 1, z: 1}}]\n",
        "file, line 7: [0].torus3d.toruses[0].placements[0].dims: are larger than the torus, 1 x 1 x 1"
      ),
    ])
  func mistakeInYAMLIsNamed(text: String, message: String) {
    let found = found(text)
    #expect(found.contains { $0.hasPrefix(message) }, "\(found)")
  }

  @Test(
    arguments: [
      (TopologyExamples.hyperNodes, "tier: 3", "tier: 1", "is of no lower tier"),
      (TopologyExamples.hyperNodes, "tier: 3", "tier: -3", "spec.tier: must not be negative"),
      (TopologyExamples.hyperNodes, "^n-2$", "^n-[12]$", "is below one HyperNode|ok"),
      (TopologyExamples.hyperNodes, "rack: r2}}}}", "zone: a}}}}", "has the node 'n-1' and below HyperNode 's0'"),
      (TopologyExamples.hyperNodes, "^n-2$", "(a+)+$", "repeats a group that repeats itself"),
      (TopologyExamples.hyperNodes, "^n-2$", "n[", "is no regular expression"),
      (
        TopologyExamples.hyperNodes, "{type: Node, selector: {exact", "{type: HyperNode, selector: {exact",
        "'n-1' is no HyperNode"
      ),
      (TopologyExamples.hyperNodes, "type: Node", "type: Nodes", "'Nodes' is neither Node nor HyperNode"),
      (TopologyExamples.kueue, "nodeLabel: rack", "nodeLabel: zone", "is there already"),
      (TopologyExamples.kueue, "nodeLabel: zone", "nodeLabel: a b", "a label key consists of"),
      (
        TopologyExamples.koordinator, "parentTopologyLayer: ZoneLayer", "parentTopologyLayer: Nowhere",
        "'Nowhere', which is no layer"
      ),
      (
        TopologyExamples.koordinator, "parentTopologyLayer: ClusterTopologyLayer", "parentTopologyLayer: RackLayer",
        "are a cycle"
      ),
      (TopologyExamples.koordinator, "labelKey: [zone]", "labelKey: []", "layer 'ZoneLayer' needs a labelKey"),
    ])
  func mistakesInObjectsAreNamed(text: String, part: String, other: String, message: String) throws {
    let pieces = text.split(separator: part, maxSplits: 1, omittingEmptySubsequences: false)
    try #require(pieces.count == 2)
    let found = found(pieces.joined(separator: other))
    // What two members of one HyperNode select is selected once.
    if message.hasSuffix("|ok") {
      #expect(found == [])
    } else {
      #expect(found.contains { $0.contains(message) }, "\(found)")
    }
  }

  @Test func nodesAreAskedForWhereTheyAreNeeded() {
    let kueue = TopologyExamples.kueue.split(separator: "---")[0]
    #expect(
      found(String(kueue)) == [
        "Topology default (file): needs the nodes: give a file of Node objects beside it (kubectl get nodes -o json)"
      ])
    #expect(found(TopologyExamples.nodes).first?.hasPrefix("file: has no topology, only nodes: Slurm's") ?? false)
    #expect(
      found(TopologyExamples.nodes, TopologyFile(labelKeys: ["row"])) == [
        "file: no node has any of the labels row: check the keys"
      ])
    #expect(
      found(TopologyExamples.nodes + "\n---\n" + TopologyExamples.nodes, TopologyFile(labelKeys: ["zone"])).first?
        .contains("metadata.name: is there already") ?? false)
  }

  @Test(arguments: [
    "", " \n", "{", "[", "a: 1", "- 1", "- a: 1", "{\"items\": []}", "SwitchName", "ip,\n", "\u{0}", "---\n---\n",
  ])
  func whatIsNoTopologyIsRefused(text: String) { #expect(!found(text).isEmpty) }

  @Test func theFormatCanBeForced() {
    #expect(
      found("Nodes=a", TopologyFile(format: .slurmConf)).first?.hasPrefix("file, line 1: Nodes: unknown key") ?? false)
    #expect(found(TopologyExamples.slurmTree, TopologyFile(format: .kueue)) != [])
    for format in TopologyFormat.allCases { _ = found(TopologyExamples.nodes, TopologyFile(format: format)) }
  }

  @Test func aLongChainOfSwitchesIsRefused() {
    let lines = (0..<50_000).map { "SwitchName=s\($0) " + ($0 == 0 ? "Nodes=n" : "Switches=s\($0 - 1)") }
    #expect(found(lines.joined(separator: "\n")).first?.contains("is above 8 levels: at most 8 are held") ?? false)
  }
}
