package plugin

import (
	appsv1 "k8s.io/api/apps/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"berth/kubescheduler"
)

// owners are what the cluster's default spread constraints are made from.
type owners struct {
	services     corelisters.ServiceLister
	controllers  corelisters.ReplicationControllerLister
	replicaSets  appslisters.ReplicaSetLister
	statefulSets appslisters.StatefulSetLister
}

func (o *owners) follow(factory informers.SharedInformerFactory) []cache.InformerSynced {
	core, apps := factory.Core().V1(), factory.Apps().V1()
	o.services, o.controllers = core.Services().Lister(), core.ReplicationControllers().Lister()
	o.replicaSets, o.statefulSets = apps.ReplicaSets().Lister(), apps.StatefulSets().Lister()
	return []cache.InformerSynced{core.Services().Informer().HasSynced, core.ReplicationControllers().Informer().HasSynced,
		apps.ReplicaSets().Informer().HasSynced, apps.StatefulSets().Informer().HasSynced}
}

func (o *owners) defaultSelector(pod *v1.Pod) *kubescheduler.Selector {
	services, err := o.services.Services(pod.Namespace).List(labels.Everything())
	if err != nil {
		services = nil // as the scheduler does
	}
	var selectors []map[string]string
	for _, service := range services {
		selectors = append(selectors, service.Spec.Selector)
	}
	return kubescheduler.DefaultSelector(pod.Labels, selectors, o.ownerSelector(pod))
}

// ownerSelector is the selector of the pod's controller, nil if it has none that counts.
func (o *owners) ownerSelector(pod *v1.Pod) *kubescheduler.Selector {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil {
		return nil
	}
	switch owner.APIVersion + " " + owner.Kind {
	case v1.SchemeGroupVersion.String() + " ReplicationController":
		if found, err := o.controllers.ReplicationControllers(pod.Namespace).Get(owner.Name); err == nil {
			return selectorOf(&metav1.LabelSelector{MatchLabels: found.Spec.Selector})
		}
	case appsv1.SchemeGroupVersion.String() + " ReplicaSet":
		if found, err := o.replicaSets.ReplicaSets(pod.Namespace).Get(owner.Name); err == nil {
			return selectorOf(found.Spec.Selector)
		}
	case appsv1.SchemeGroupVersion.String() + " StatefulSet":
		if found, err := o.statefulSets.StatefulSets(pod.Namespace).Get(owner.Name); err == nil {
			return selectorOf(found.Spec.Selector)
		}
	}
	return nil
}
