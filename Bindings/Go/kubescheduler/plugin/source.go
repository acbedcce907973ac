package plugin

import (
	"context"
	"sync"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"

	"berth/kubescheduler"
)

// source keeps a cluster in step with the scheduler's informers.
type source struct {
	cluster *kubescheduler.Cluster
	logger  klog.Logger
	args    kubescheduler.Args
	handles sync.Map // by profile
	synced  []cache.InformerSynced
	isReady bool // all were synced once

	nodes      corelisters.NodeLister
	pods       corelisters.PodLister
	namespaces corelisters.NamespaceLister
	owners
}

func newSource(ctx context.Context, handle fwk.Handle, args kubescheduler.Args, hasPodGroups bool) (*source, error) {
	factory, logger := handle.SharedInformerFactory(), klog.FromContext(ctx).WithName(Name)
	core := factory.Core().V1()
	s := &source{
		cluster: kubescheduler.NewCluster(kubescheduler.Options{
			Own:         Name,
			Report:      func(err error) { logger.Error(err, "The engine failed") },
			RetryAfter:  args.EngineRetryInterval.Duration,
			DriftEvery:  args.DriftCheckInterval.Duration,
			GangTimeout: args.GangTimeout.Duration,
			Observe:     observe,
		}),
		logger:     logger,
		args:       args,
		nodes:      core.Nodes().Lister(),
		pods:       core.Pods().Lister(),
		namespaces: core.Namespaces().Lister(),
	}
	s.synced = s.owners.follow(factory)
	for _, followed := range []struct {
		informer cache.SharedIndexInformer
		handler  cache.ResourceEventHandlerFuncs
	}{
		{core.Nodes().Informer(), handlerOf(
			func(node *v1.Node) { s.cluster.SetNode(nodeOf(node)) },
			func(node *v1.Node) { s.cluster.DeleteNode(node.Name) })},
		{core.Namespaces().Informer(), handlerOf(
			func(namespace *v1.Namespace) { s.cluster.SetNamespace(namespace.Name, namespace.Labels) },
			func(namespace *v1.Namespace) { s.cluster.DeleteNamespace(namespace.Name) })},
		{core.Pods().Informer(), handlerOf(s.setPod,
			func(pod *v1.Pod) { s.cluster.DeletePod(string(pod.UID)) })},
	} {
		registration, err := followed.informer.AddEventHandler(followed.handler)
		if err != nil {
			return nil, err
		}
		s.synced = append(s.synced, registration.HasSynced)
	}
	return s, s.followPodGroups(ctx, handle, hasPodGroups)
}

// handlerOf hears of what is there and of what has gone.
func handlerOf[T any](set, gone func(*T)) cache.ResourceEventHandlerFuncs {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { set(object.(*T)) },
		UpdateFunc: func(_, object any) { set(object.(*T)) },
		DeleteFunc: func(object any) {
			if last, missed := object.(cache.DeletedFinalStateUnknown); missed {
				object = last.Obj
			}
			if object, ok := object.(*T); ok {
				gone(object)
			}
		},
	}
}

// setPod tells of a pod: of one that waits, only its gang and the node it is nominated for count.
func (s *source) setPod(pod *v1.Pod) {
	switch {
	case pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed:
		s.cluster.DeletePod(string(pod.UID))
	case pod.Spec.NodeName != "":
		s.cluster.SetPod(runningPodOf(pod))
	case groupOf(pod).Name != "":
		s.activate(s.logger, s.cluster.SetPod(s.podOf(s.handleOf(pod), pod)))
	default:
		s.cluster.SetPod(&kubescheduler.Pod{UID: string(pod.UID), Priority: priorityOf(pod),
			NominatedNode: pod.Status.NominatedNodeName})
	}
}

// handleOf is that of a pod's profile; nil if the pod is another scheduler's.
func (s *source) handleOf(pod *v1.Pod) fwk.Handle {
	handle, there := s.handles.Load(pod.Spec.SchedulerName)
	if !there {
		return nil
	}
	return handle.(fwk.Handle)
}

// choose asks the engine once for a pod.
func (s *source) choose(handle fwk.Handle, pod *v1.Pod, args kubescheduler.Args) ([]kubescheduler.Choice, error) {
	if !s.ready() {
		s.cluster.NotSynced()
		return nil, kubescheduler.ErrNotSynced
	}
	translated := s.podOf(handle, pod)
	return s.cluster.Choose(handle.ProfileName(), translated, args.CandidatesFor(translated))
}

// ready says whether the informers have told of everything. Only scheduling cycles ask, which come one after the other.
func (s *source) ready() bool {
	if s.isReady {
		return true
	}
	for _, synced := range s.synced {
		if !synced() {
			return false
		}
	}
	s.isReady = true
	return true
}

// activate moves pods that wait into the scheduler's queue.
func (s *source) activate(logger klog.Logger, pods []*kubescheduler.Pod) {
	byProfile := map[string]map[string]*v1.Pod{}
	for _, waiting := range pods {
		pod, err := s.pods.Pods(waiting.Namespace).Get(waiting.Name)
		if err != nil || string(pod.UID) != waiting.UID {
			continue // it has gone since
		}
		if byProfile[pod.Spec.SchedulerName] == nil {
			byProfile[pod.Spec.SchedulerName] = map[string]*v1.Pod{}
		}
		byProfile[pod.Spec.SchedulerName][pod.Namespace+"/"+pod.Name] = pod
	}
	for profile, pods := range byProfile {
		if handle, there := s.handles.Load(profile); there {
			handle.(fwk.Handle).Activate(logger, pods)
		}
	}
}

// resync takes what the informers have for what there is.
func (s *source) resync() {
	nodes, nodesErr := s.nodes.List(labels.Everything())
	pods, podsErr := s.pods.List(labels.Everything())
	namespaces, namespacesErr := s.namespaces.List(labels.Everything())
	if nodesErr != nil || podsErr != nil || namespacesErr != nil {
		return // caches do not fail
	}
	var there []*kubescheduler.Node
	for _, node := range nodes {
		there = append(there, nodeOf(node))
	}
	var running []*kubescheduler.Pod
	for _, pod := range pods {
		if pod.Status.Phase != v1.PodSucceeded && pod.Status.Phase != v1.PodFailed && pod.Spec.NodeName != "" {
			running = append(running, runningPodOf(pod))
		}
	}
	labels := map[string]map[string]string{}
	for _, namespace := range namespaces {
		labels[namespace.Name] = namespace.Labels
	}
	s.cluster.Resync(there, running, labels)
}
