/// Jobs in every kind of words.
enum JobExamples {
  static let own = """
    name: pretrain
    minMember: 16
    priority: 100
    runtimeSeconds: 3600
    required: zone
    preferred: rack
    roles:
      - name: trainer
        replicas: 16
        requests: {cpu: "32", memory: 256Gi}
        gpus: 8
        slices:
          - {level: block, size: 8}
          - {level: rack, size: 4}
      - name: evaluator
        min: 0
        max: 2
        required: rack
        spread: {level: kubernetes.io/hostname, maxPerDomain: 1}
    groups:
      - {name: all, roles: [trainer, evaluator], required: zone}
    separate:
      - {level: rack, roles: [trainer, evaluator]}
    parallelism:
      tensor: 8
      pipeline: {size: 4, bytes: 64Mi}
      expert: {size: 2, collective: all-to-all}
    links:
      - {level: rack, bandwidth: 400Gbit/s, latency: 2us}
      - {level: zone, bandwidth: 25GB/s}
    """

  static let slurm = """
    {
      "name": "hpl",
      "slurm": {"nodes": 4, "segment": 2, "switches": 1, "gpusPerNode": 1},
      "parallelism": [
        {"axis": "data", "size": 2, "collective": "all-gather", "bytes": "1Gi"},
        {"axis": "pipeline", "size": 2}
      ],
      "traffic": [[0, 1, 2, 3], [1, 0, "1Ki", 0], [0, 0, 0, 0], [1.5, 0, 0, 0]]
    }
    """

  static let kueueJob = """
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: train
      labels: {kueue.x-k8s.io/queue-name: q}
      annotations: {kueue.x-k8s.io/job-min-parallelism: "4"}
    spec:
      parallelism: 8
      completions: 8
      template:
        metadata:
          annotations:
            kueue.x-k8s.io/podset-required-topology: zone
            kueue.x-k8s.io/podset-slice-required-topology-constraints: '[{"topology": "block", "size": 4}, {"topology": "rack", "size": 2}]'
        spec:
          priorityClassName: high
          containers:
            - {name: c, image: i, resources: {requests: {cpu: 500m}, limits: {nvidia.com/gpu: 2}}}
    ---
    apiVersion: scheduling.k8s.io/v1
    kind: PriorityClass
    metadata: {name: high}
    value: 1000
    """

  static let jobSet = """
    apiVersion: jobset.x-k8s.io/v1alpha2
    kind: JobSet
    metadata: {name: set}
    spec:
      replicatedJobs:
        - name: leader
          template:
            spec:
              parallelism: 1
              template:
                metadata:
                  annotations: {kueue.x-k8s.io/podset-group-name: g, kueue.x-k8s.io/podset-preferred-topology: rack}
                spec: {containers: [{name: c, image: i}]}
        - name: workers
          replicas: 2
          template:
            spec:
              parallelism: 4
              template:
                metadata:
                  annotations: {kueue.x-k8s.io/podset-group-name: g, kueue.x-k8s.io/podset-preferred-topology: rack}
                spec:
                  containers: [{name: c, image: i, resources: {limits: {nvidia.com/gpu: 8}}}]
    """

  static let volcanoJob = """
    apiVersion: batch.volcano.sh/v1alpha1
    kind: Job
    metadata: {name: vj}
    spec:
      minAvailable: 9
      schedulerName: volcano
      queue: q
      networkTopology: {mode: hard, highestTierAllowed: 2}
      tasks:
        - name: master
          replicas: 1
          template: {spec: {containers: [{name: c, image: i}]}}
        - name: worker
          replicas: 8
          partitionPolicy:
            totalPartitions: 2
            partitionSize: 4
            networkTopology: {mode: hard, highestTierName: rack}
          template:
            spec: {containers: [{name: c, image: i, resources: {limits: {nvidia.com/gpu: 8}}}]}
    """

  static let volcanoGroup = """
    apiVersion: scheduling.volcano.sh/v1beta1
    kind: PodGroup
    metadata: {name: vg}
    spec:
      minMember: 2
      networkTopology: {mode: soft}
      subGroupPolicy:
        - {name: s, subGroupSize: 2, networkTopology: {highestTierAllowed: 1}, labelSelector: {matchLabels: {role: w}}}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: w-0, labels: {role: w}, annotations: {scheduling.k8s.io/group-name: vg}}
    spec: {containers: [{name: c, image: i}]}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: w-1, labels: {role: w}, annotations: {scheduling.k8s.io/group-name: vg}}
    spec: {containers: [{name: c, image: i}]}
    """

  static let koordinator = """
    apiVersion: scheduling.sigs.k8s.io/v1alpha1
    kind: PodGroup
    metadata:
      name: gang-master
      annotations:
        gang.scheduling.koordinator.sh/groups: '["default/gang-master", "default/gang-worker"]'
        gang.scheduling.koordinator.sh/network-topology-spec: |
          {"gatherStrategy": [
            {"layer": "SpineLayer", "strategy": "MustGather"},
            {"layer": "AcceleratorLayer", "strategy": "PreferGather", "podCountMultiple": 2}]}
    spec: {minMember: 2, scheduleTimeoutSeconds: 100}
    ---
    apiVersion: scheduling.sigs.k8s.io/v1alpha1
    kind: PodGroup
    metadata:
      name: gang-worker
      annotations:
        gang.scheduling.koordinator.sh/groups: '["default/gang-master", "default/gang-worker"]'
    spec: {minMember: 4}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: worker}
    spec:
      replicas: 4
      selector: {matchLabels: {a: b}}
      template:
        metadata: {labels: {a: b, pod-group.scheduling.sigs.k8s.io: gang-worker}}
        spec: {containers: [{name: c, image: i, resources: {limits: {nvidia.com/gpu: 1}}}]}
    """

  static let koordinatorPods = """
    apiVersion: v1
    kind: Pod
    metadata:
      name: p-0
      annotations:
        gang.scheduling.koordinator.sh/name: g
        gang.scheduling.koordinator.sh/min-available: "3"
        gang.scheduling.koordinator.sh/total-number: "4"
        gang.scheduling.koordinator.sh/mode: NonStrict
    spec: {containers: [{name: c, image: i}]}
    """

  static let kai = """
    apiVersion: scheduling.run.ai/v2alpha2
    kind: PodGroup
    metadata: {name: kg}
    spec:
      minMember: 6
      queue: q
      topologyConstraint: {topology: t, requiredTopologyLevel: zone}
      subGroups:
        - {name: ab, topologyConstraint: {topology: t, requiredTopologyLevel: spine, preferredTopologyLevel: rack}}
        - {name: a, minMember: 1, parent: ab, topologyConstraint: {topology: t, requiredTopologyLevel: rack}}
        - {name: b, minMember: 2, parent: ab}
        - {name: c, minMember: 3}
    """

  static let kaiJob = """
    apiVersion: batch/v1
    kind: Job
    metadata:
      name: seg
      annotations: {kai.scheduler/topology: t, kai.scheduler/topology-required-placement: zone}
    spec:
      parallelism: 8
      template:
        metadata:
          annotations:
            kai.scheduler/segment-size: "4"
            kai.scheduler/segment-topology-required-placement: rack
        spec: {containers: [{name: c, image: i}]}
    """

  static let workload = """
    apiVersion: scheduling.k8s.io/v1beta1
    kind: Workload
    metadata: {name: w}
    spec:
      controllerRef: {apiGroup: batch, kind: Job, name: j}
      podGroupTemplates:
        - name: worker
          schedulingPolicy: {gang: {minCount: 3}}
          schedulingConstraints: {topology: [{key: rack}]}
    ---
    apiVersion: batch/v1
    kind: Job
    metadata: {name: j}
    spec:
      parallelism: 4
      template:
        spec: {containers: [{name: c, image: i, resources: {requests: {cpu: 2}}}]}
    """

  static let podGroup = """
    apiVersion: scheduling.k8s.io/v1beta1
    kind: PodGroup
    metadata: {name: pg}
    spec:
      schedulingPolicy: {gang: {minCount: 2}}
      disruptionMode: {all: {}}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: p-0}
    spec: {schedulingGroup: {podGroupName: pg}, containers: [{name: c, image: i}]}
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: p-1}
    spec: {schedulingGroup: {podGroupName: pg}, containers: [{name: c, image: i}]}
    """

  static let all = [
    own, slurm, kueueJob, jobSet, volcanoJob, volcanoGroup, koordinator, koordinatorPods, kai, kaiJob, workload,
    podGroup,
  ]
}
