/// Files of every kind, in words of our own.
enum TopologyExamples {
  static let slurmTree = """
    # Two pods of two racks.
    SwitchName=core Switches=spine[1-2]
    switchname=spine1 SWITCHES=leaf[1-2] LinkSpeed=800
    SwitchName=spine2 \\
      Switches=leaf3
    SwitchName=leaf1 Nodes=n[001-004] LinkSpeed=400  # near the door
    SwitchName=leaf2 Nodes=n[005-008]
    SwitchName=leaf3 Nodes=gpu-a[1-2]b[0-1],login
    """

  static let slurmBlocks = """
    BlockName=b1 Nodes=n[01-04]
    BlockName=b2 Nodes=n[05-08]
    BlockName=b3 Nodes=n[09-12]
    BlockSizes=4,8
    """

  static let slurmYAML = """
    ---
    - topology: tree
      tree:
        switches:
          - switch: root
            children: s[1-2]
          - switch: s1
            nodes: n[01-02]
          - switch: s2
            nodes: n[03-04]
    - topology: blocks
      cluster_default: true
      block:
        block_sizes: [2, 4]
        blocks:
          - {block: b1, nodes: "n[01-02]"}
          - {block: b2, nodes: "n[03-04]"}
    - topology: plain
      flat: true
    - topology: circles
      ring:
        rings:
          - {ring: r0, nodes: "n[1-8]"}
    - topology: cube
      torus3d:
        toruses:
          - name: t
            dims: {x: 2, y: 2, z: 2}
            regions:
              - {anchor: {x: 0, y: 0, z: 0}, dims: {x: 2, y: 2, z: 1}, nodes: "a[1-4]"}
              - {anchor: {x: 0, y: 1, z: 1}, dims: {x: 2, y: 1, z: 1}, nodes: "b[1-2]"}
            placements:
              - dims: {x: 2, y: 1, z: 1}
              - {dims: {x: 2, y: 2, z: 1}, anchor_seed: {x: 0, y: 1, z: 0}, anchor_spacing: {x: 1, y: 1, z: 1}}
    """

  static let nodes = """
    apiVersion: v1
    kind: Node
    metadata: {name: n-1, labels: {zone: a, rack: r1, asw: s1}}
    status: {allocatable: {cpu: "64", memory: 512Gi, nvidia.com/gpu: "8"}}
    ---
    apiVersion: v1
    kind: Node
    metadata: {name: n-2, labels: {zone: a, rack: r1, asw: s2}}
    ---
    apiVersion: v1
    kind: Node
    metadata: {name: n-3, labels: {zone: a, rack: r2}}
    ---
    apiVersion: v1
    kind: Node
    metadata: {name: n-4, labels: {zone: b}}
    spec: {unschedulable: true}
    """

  static let hyperNodes = """
    apiVersion: topology.volcano.sh/v1alpha1
    kind: HyperNode
    metadata: {name: s0}
    spec:
      tier: 1
      tierName: rack
      members:
        - {type: Node, selector: {exactMatch: {name: n-1}}}
        - {type: Node, selector: {regexMatch: {pattern: "^n-2$"}}}
    ---
    apiVersion: topology.volcano.sh/v1alpha1
    kind: HyperNode
    metadata: {name: s1}
    spec:
      tier: 1
      members:
        - {type: Node, selector: {labelMatch: {matchLabels: {rack: r2}}}}
    ---
    apiVersion: topology.volcano.sh/v1alpha1
    kind: HyperNode
    metadata: {name: top}
    spec:
      tier: 3
      members:
        - {type: HyperNode, selector: {regexMatch: {pattern: "^s[0-9]"}}}
    ---

    """ + nodes

  static let kueue = """
    apiVersion: kueue.x-k8s.io/v1beta2
    kind: Topology
    metadata: {name: default}
    spec:
      levels:
        - nodeLabel: zone
        - nodeLabel: rack
        - nodeLabel: kubernetes.io/hostname
    ---

    """
    + nodes.replacing("zone: a,", with: "zone: a, kubernetes.io/hostname: h,")

  static let koordinator = """
    apiVersion: scheduling.koordinator.sh/v1alpha1
    kind: ClusterNetworkTopology
    metadata: {name: default}
    spec:
      networkTopologySpec:
        - {topologyLayer: RackLayer, parentTopologyLayer: ZoneLayer, labelKey: [rack, example.com/rack]}
        - {topologyLayer: ZoneLayer, parentTopologyLayer: ClusterTopologyLayer, labelKey: [zone]}
        - {topologyLayer: NodeTopologyLayer, parentTopologyLayer: RackLayer}
    ---

    """ + nodes

  static let nodeList = """
    {"apiVersion": "v1", "kind": "List", "items": [
      {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n-1", "labels": {"zone": "a", "rack": "r1"}},
       "status": {"allocatable": {"cpu": "64", "nvidia.com/gpu": "8"}, "images": [{"names": ["i"], "sizeBytes": 7}]}},
      {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n-2", "labels": {"zone": "a", "rack": "r2"}}}
    ]}
    """

  static let table = """
    ip,DSW,PSW,ASW
    0a,G1,P1,S1
    0b,G1,P1,S1
    0c,G1,P1,S2
    0d,G1,P2,S1

    """

  static let all = [slurmTree, slurmBlocks, slurmYAML, nodes, hyperNodes, kueue, koordinator, nodeList, table]
}

extension String {
  fileprivate func replacing(_ part: String, with other: String) -> String {
    split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
  }
}
