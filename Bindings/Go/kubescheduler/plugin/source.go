package plugin

import (
	"errors"

	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"

	"berth/kubescheduler"
)

// source keeps a cluster in step with the scheduler's informers.
type source struct {
	cluster *kubescheduler.Cluster
	synced  []cache.InformerSynced

	services     corelisters.ServiceLister
	controllers  corelisters.ReplicationControllerLister
	replicaSets  appslisters.ReplicaSetLister
	statefulSets appslisters.StatefulSetLister
}

var errNotSynced = errors.New("the informers have not told of everything yet")

func newSource(logger klog.Logger, factory informers.SharedInformerFactory) (*source, error) {
	core, apps := factory.Core().V1(), factory.Apps().V1()
	s := &source{
		cluster: kubescheduler.NewCluster(kubescheduler.Options{
			Own:    Name,
			Report: func(err error) { logger.Error(err, "The engine failed") },
		}),
		services:     core.Services().Lister(),
		controllers:  core.ReplicationControllers().Lister(),
		replicaSets:  apps.ReplicaSets().Lister(),
		statefulSets: apps.StatefulSets().Lister(),
		synced: []cache.InformerSynced{core.Services().Informer().HasSynced, core.ReplicationControllers().Informer().HasSynced,
			apps.ReplicaSets().Informer().HasSynced, apps.StatefulSets().Informer().HasSynced},
	}
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
	return s, nil
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

func (s *source) setPod(pod *v1.Pod) {
	switch {
	case pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed:
		s.cluster.DeletePod(string(pod.UID))
	case pod.Spec.NodeName != "":
		s.cluster.SetPod(runningPodOf(pod))
	}
}

func (s *source) choose(handle fwk.Handle, pod *v1.Pod, k int) ([]kubescheduler.Choice, error) {
	for _, synced := range s.synced {
		if !synced() {
			return nil, errNotSynced
		}
	}
	return s.cluster.Choose(handle.ProfileName(), s.podOf(handle, pod), k)
}

// podOf is a pod that is to be placed.
func (s *source) podOf(handle fwk.Handle, pod *v1.Pod) *kubescheduler.Pod {
	translated := podOf(pod)
	if translated.NotHonoured == "" && usesDevices(handle, translated.Requests) {
		translated.NotHonoured = "an extended resource that a device class serves"
	}
	if len(translated.SpreadConstraints) == 0 {
		translated.DefaultSelector = s.defaultSelector(pod)
	}
	return translated
}

// usesDevices says whether a request is served by a device class, and not by what nodes say they have.
func usesDevices(handle fwk.Handle, requests map[string]int64) bool {
	manager := handle.SharedDRAManager()
	if manager == nil || manager.DeviceClassResolver() == nil {
		return false
	}
	for name := range requests {
		if manager.DeviceClassResolver().GetDeviceClass(v1.ResourceName(name)) != nil {
			return true
		}
	}
	return false
}

func (s *source) defaultSelector(pod *v1.Pod) *kubescheduler.Selector {
	services, err := s.services.Services(pod.Namespace).List(labels.Everything())
	if err != nil {
		services = nil // as the scheduler does
	}
	var selectors []map[string]string
	for _, service := range services {
		selectors = append(selectors, service.Spec.Selector)
	}
	return kubescheduler.DefaultSelector(pod.Labels, selectors, s.ownerSelector(pod))
}

// ownerSelector is the selector of the pod's controller, nil if it has none that counts.
func (s *source) ownerSelector(pod *v1.Pod) *kubescheduler.Selector {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil {
		return nil
	}
	switch owner.APIVersion + " " + owner.Kind {
	case v1.SchemeGroupVersion.String() + " ReplicationController":
		if found, err := s.controllers.ReplicationControllers(pod.Namespace).Get(owner.Name); err == nil {
			return selectorOf(&metav1.LabelSelector{MatchLabels: found.Spec.Selector})
		}
	case appsv1.SchemeGroupVersion.String() + " ReplicaSet":
		if found, err := s.replicaSets.ReplicaSets(pod.Namespace).Get(owner.Name); err == nil {
			return selectorOf(found.Spec.Selector)
		}
	case appsv1.SchemeGroupVersion.String() + " StatefulSet":
		if found, err := s.statefulSets.StatefulSets(pod.Namespace).Get(owner.Name); err == nil {
			return selectorOf(found.Spec.Selector)
		}
	}
	return nil
}
