"""Clusters as `kubectl get nodes,pods,namespaces -A -o json` prints them.

    workload = kubernetes.read("cluster.json")              # what runs there, and what is pending
    workload = kubernetes.read("cluster.json", "more.json") # several files together

Nodes: allocatable, labels, taints, images, whether they are cordoned; topology.kubernetes.io/region and /zone are the
levels of the topology. Pods: requests (containers, init containers, sidecars, pod-level resources, overhead), node
selector, affinity, tolerations, topology spread, host ports, images, priority, labels and namespace; those with a
nodeName run there. Finished pods are left out, deleted ones still hold what they have. Namespaces' labels count, and
so do services and controllers, by which pods without spread constraints are spread.

`workload.engine(profile="kubernetes")` decides then as kube-scheduler v1.36 with its default profile over all nodes,
where that does not draw lots: the first node by region and zone, then in the order of the file, wins ties. GPUs are
resources here, as kube-scheduler sees them. What is read and not honoured is told in `workload.notes`."""

from .cluster import read
from .quantity import exact

__all__ = ["exact", "read"]
