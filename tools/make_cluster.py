#!/usr/bin/env python3
"""Writes a cluster as `kubectl get nodes,pods -A -o json` prints it, and manifests of pods to be placed on it.

    tools/make_cluster.py cluster.json pods.yaml --nodes 5000 --pods 30000 --new 1000

Sizes of objects are those of a busy cluster, about 350 MB as it stands: managed fields, annotations, environment,
probes, conditions and images are there, because passing over them is what reading it is about. All follows --seed.
"""

import argparse
import json
import random

ZONES = ("eu-north-1a", "eu-north-1b", "eu-north-1c")
MACHINES = (
    ("m6i.4xlarge", "15890m", "61234Mi", 0),
    ("r6i.4xlarge", "15890m", "125234Mi", 0),
    ("g5.8xlarge", "31850m", "123000Mi", 1),
)
WHEN = "2026-03-14T09:26:53Z"


def managed_fields(managers, keys):
    def fields(depth):
        return {f"f:{key}": {} if depth == 0 else fields(depth - 1) for key in keys}

    return [
        {
            "apiVersion": "v1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": fields(0)}, "f:spec": fields(1)},
            "manager": manager,
            "operation": "Update",
            "time": WHEN,
        }
        for manager in managers
    ]


def uid(draw):
    text = f"{draw.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def image(app, version):
    return f"registry.example.com/shop/app-{app}:v1.{version}.0"


def node(draw, number):
    machine, cpu, memory, gpus = MACHINES[0 if number % 10 < 6 else 1 if number % 10 < 9 else 2]
    name = f"ip-10-{number >> 16}-{number >> 8 & 255}-{number & 255}.eu-north-1.compute.internal"
    allocatable = {
        "cpu": cpu,
        "ephemeral-storage": "95551679124",
        "hugepages-2Mi": "0",
        "memory": memory,
        "pods": "110",
    }
    spec = {"providerID": f"aws:///{ZONES[number % 3]}/i-{draw.getrandbits(68):017x}"}
    if gpus:
        allocatable["nvidia.com/gpu"] = str(gpus)
        spec["taints"] = [{"effect": "NoSchedule", "key": "nvidia.com/gpu", "value": "present"}]
    if number % 97 == 0:
        spec["unschedulable"] = True
        spec.setdefault("taints", []).append({"effect": "NoSchedule", "key": "node.kubernetes.io/unschedulable"})
    images = [
        {
            "names": [image(app, 1).replace(":v1.1.0", f"@sha256:{app:064x}"), image(app, app % 7)],
            "sizeBytes": 40_000_000 + 977 * app,
        }
        for app in sorted(draw.sample(range(120), 12))
    ]
    kinds = ("MemoryPressure", "DiskPressure", "PIDPressure", "Ready")
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "annotations": {
                "alpha.kubernetes.io/provided-node-ip": "10.0.0.1",
                "csi.volume.kubernetes.io/nodeid": '{"ebs.csi.aws.com":"i-0"}',
            },
            "creationTimestamp": WHEN,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": machine,
                "node.shop.example.com/disk": "ssd" if number % 2 else "nvme",
                "topology.kubernetes.io/region": "eu-north-1",
                "topology.kubernetes.io/zone": ZONES[number % 3],
            },
            "managedFields": managed_fields(("kubelet",), ("labels", "taints", "conditions")),
            "name": name,
            "resourceVersion": str(draw.getrandbits(32)),
            "uid": uid(draw),
        },
        "spec": spec,
        "status": {
            "addresses": [{"address": "10.0.0.1", "type": "InternalIP"}, {"address": name, "type": "Hostname"}],
            "allocatable": allocatable,
            "capacity": {**allocatable, "cpu": "16"},
            "conditions": [
                {
                    "lastHeartbeatTime": WHEN,
                    "lastTransitionTime": WHEN,
                    "message": f"kubelet says {kind}",
                    "reason": kind,
                    "status": "False" if kind != "Ready" else "True",
                    "type": kind,
                }
                for kind in kinds
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "images": images,
            "nodeInfo": {
                "architecture": "amd64",
                "kernelVersion": "6.1.79",
                "kubeletVersion": "v1.36.2",
                "operatingSystem": "linux",
            },
        },
    }


def pod_spec(app):
    """What a template of the application says: of a hundred applications some spread, some keep apart."""
    requests = {"cpu": f"{50 + 25 * (app % 12)}m", "memory": f"{64 + 32 * (app % 20)}Mi"}
    spec = {
        "containers": [
            {
                "env": [{"name": f"SETTING_{i}", "value": f"value-{i}-of-app-{app}"} for i in range(2)],
                "image": image(app, app % 7),
                "imagePullPolicy": "IfNotPresent",
                "name": "main",
                "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
                "resources": {"limits": {"memory": requests["memory"]}, "requests": requests},
                "terminationMessagePath": "/dev/termination-log",
                "volumeMounts": [
                    {"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": "token", "readOnly": True}
                ],
            }
        ],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {"fsGroup": 2000, "runAsNonRoot": True},
        "serviceAccountName": f"app-{app}",
        "terminationGracePeriodSeconds": 30,
        "tolerations": [
            {
                "effect": "NoExecute",
                "key": "node.kubernetes.io/not-ready",
                "operator": "Exists",
                "tolerationSeconds": 300,
            },
            {
                "effect": "NoExecute",
                "key": "node.kubernetes.io/unreachable",
                "operator": "Exists",
                "tolerationSeconds": 300,
            },
        ],
        "volumes": [
            {
                "name": "token",
                "projected": {
                    "defaultMode": 420,
                    "sources": [{"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}],
                },
            }
        ],
    }
    selector = {"matchLabels": {"app": f"app-{app}"}}
    if app % 5 == 0:
        spec["topologySpreadConstraints"] = [
            {
                "labelSelector": selector,
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "DoNotSchedule",
            }
        ]
    if app % 7 == 0:
        spec["affinity"] = {
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "podAffinityTerm": {"labelSelector": selector, "topologyKey": "kubernetes.io/hostname"},
                        "weight": 100,
                    }
                ]
            }
        }
    return spec


def pod(draw, number, app, node_name):
    hashed = f"{app * 2654435761 % 2**32:08x}"
    name = f"app-{app}-{hashed}-{number:05x}"
    spec = {**pod_spec(app), "nodeName": node_name}
    status = {
        "conditions": [
            {"lastProbeTime": None, "lastTransitionTime": WHEN, "status": "True", "type": kind}
            for kind in ("Ready", "PodScheduled")
        ],
        "containerStatuses": [
            {
                "containerID": f"containerd://{draw.getrandbits(256):064x}",
                "image": image(app, app % 7),
                "imageID": f"registry.example.com/shop/app-{app}@sha256:{app:064x}",
                "lastState": {},
                "name": "main",
                "ready": True,
                "restartCount": 0,
                "state": {"running": {"startedAt": WHEN}},
            }
        ],
        "hostIP": "10.0.0.1",
        "phase": "Running",
        "podIP": "10.1.2.3",
        "qosClass": "Burstable",
        "startTime": WHEN,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "creationTimestamp": WHEN,
            "generateName": f"app-{app}-{hashed}-",
            "labels": {"app": f"app-{app}", "pod-template-hash": hashed, "team": f"team-{app % 9}"},
            "managedFields": managed_fields(
                ("kube-controller-manager", "kubelet"), ("containers", "env", "status", "ports")
            ),
            "name": name,
            "namespace": f"team-{app % 9}",
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "blockOwnerDeletion": True,
                    "controller": True,
                    "kind": "ReplicaSet",
                    "name": f"app-{app}-{hashed}",
                    "uid": uid(draw),
                }
            ],
            "resourceVersion": str(draw.getrandbits(32)),
            "uid": uid(draw),
        },
        "spec": spec,
        "status": status,
    }


def write_items(path, items):
    """A List, indented as kubectl does, one item in memory at a time."""
    with open(path, "w") as file:
        file.write('{\n    "apiVersion": "v1",\n    "items": [')
        for index, item in enumerate(items):
            text = json.dumps(item, indent=4).replace("\n", "\n        ")
            file.write(("," if index else "") + "\n        " + text)
        file.write('\n    ],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cluster", help="the dump to write, JSON")
    parser.add_argument("manifests", help="the pods to place, Deployments in YAML (JSON is YAML)")
    parser.add_argument("--nodes", type=int, default=5000)
    parser.add_argument("--pods", type=int, default=30000)
    parser.add_argument("--new", type=int, default=1000)
    parser.add_argument("--apps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    nodes = [node(draw, number) for number in range(options.nodes)]
    open_nodes = [item["metadata"]["name"] for item in nodes if not item["spec"].get("taints")]

    def items():
        yield from nodes
        for number in range(options.pods):
            yield pod(draw, number, draw.randrange(options.apps), draw.choice(open_nodes))

    write_items(options.cluster, items())
    with open(options.manifests, "w") as file:
        count = min(options.apps, options.new)
        for app in range(count):
            replicas = options.new // count + (app < options.new % count)
            template = {"metadata": {"labels": {"app": f"app-{app}", "team": f"team-{app % 9}"}}, "spec": pod_spec(app)}
            metadata = {"name": f"app-{app}", "namespace": f"team-{app % 9}"}
            spec = {"replicas": replicas, "selector": {"matchLabels": {"app": f"app-{app}"}}, "template": template}
            deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
            file.write("---\n" + json.dumps(deployment, indent=2) + "\n")


if __name__ == "__main__":
    main()
