// Package kubescheduler lets kube-scheduler ask a Berth engine which nodes are best for a pod.
//
// A [Cluster] is told of nodes, pods and namespaces as the scheduler's informers tell of them, in plain structs, and
// keeps an engine in step. [Cluster.Choose] gives the best nodes of a pod, which a PreFilter plugin hands to the
// scheduler as all there is to look at, and [Cluster.Assume] keeps the place that the scheduler then takes.
//
// The scheduler's own filters still judge what was chosen, so that a mistake here costs time and never a wrong
// placement. Whatever the engine does not honour, and whatever goes wrong with it, makes Choose refuse, and the
// scheduler looks at all nodes as ever.
//
// Pods that ask for GPUs get certain ones: [Cluster.Assume] chooses them, and [Cluster.Assignment] gives the
// annotations that say so to kubelets and device plugins, which PreBind writes before the pod is bound.
//
// The package knows nothing of Kubernetes' modules. The plugin itself, which translates Kubernetes' objects, is in the
// folder plugin, a module of its own.
package kubescheduler
