package plugin

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	schedulingv1alpha2 "k8s.io/api/scheduling/v1alpha2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	fwk "k8s.io/kube-scheduler/framework"

	"berth/kubescheduler"
)

// customPodGroups are custom resources that say minMember for pods which name them in a label or an annotation.
var customPodGroups = []schema.GroupVersionResource{
	// kubernetes-sigs/scheduler-plugins and Koordinator
	{Group: "scheduling.x-k8s.io", Version: "v1alpha1", Resource: "podgroups"},
	// Volcano
	{Group: "scheduling.volcano.sh", Version: "v1beta1", Resource: "podgroups"},
}

// followPodGroups keeps the gangs in step with PodGroups.
func (s *source) followPodGroups(ctx context.Context, handle fwk.Handle, hasNative bool) error {
	if hasNative {
		informer := handle.SharedInformerFactory().Scheduling().V1alpha2().PodGroups().Informer()
		registration, err := informer.AddEventHandler(handlerOf(
			func(group *schedulingv1alpha2.PodGroup) {
				minCount := 0
				if gang := group.Spec.SchedulingPolicy.Gang; gang != nil {
					minCount = int(gang.MinCount)
				}
				s.cluster.SetPodGroup(kubescheduler.GroupKey{Namespace: group.Namespace, Name: group.Name, Native: true}, minCount)
			},
			func(group *schedulingv1alpha2.PodGroup) {
				s.cluster.DeletePodGroup(kubescheduler.GroupKey{Namespace: group.Namespace, Name: group.Name, Native: true})
			}))
		if err != nil {
			return err
		}
		s.synced = append(s.synced, registration.HasSynced)
	}
	for _, resource := range customPodGroups {
		s.followCustom(ctx, handle, resource)
	}
	return nil
}

// followCustom follows a custom resource from the time on that the API server has it. Pods are placed as soon as it is
// known whether it has it now.
func (s *source) followCustom(ctx context.Context, handle fwk.Handle, resource schema.GroupVersionResource) {
	var isKnown atomic.Pointer[cache.InformerSynced]
	s.synced = append(s.synced, func() bool {
		synced := isKnown.Load()
		return synced != nil && (*synced)()
	})
	none := cache.InformerSynced(func() bool { return true })
	go func() {
		for {
			there, err := has(handle, resource)
			if there {
				var synced cache.InformerSynced
				if synced, err = s.informCustom(ctx, handle, resource); err == nil {
					isKnown.Store(&synced)
					return
				}
			}
			wait := time.Minute
			if err != nil {
				s.logger.Error(err, "Cannot tell yet whether the API server has PodGroups",
					"groupVersion", resource.GroupVersion().String())
				wait = 5 * time.Second
			} else {
				isKnown.Store(&none)
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
	}()
}

// has asks the API server for a resource.
func has(handle fwk.Handle, resource schema.GroupVersionResource) (bool, error) {
	listed, err := handle.ClientSet().Discovery().ServerResourcesForGroupVersion(resource.GroupVersion().String())
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(listed.APIResources, func(found metav1.APIResource) bool {
		return found.Name == resource.Resource
	}), nil
}

func (s *source) informCustom(ctx context.Context, handle fwk.Handle,
	resource schema.GroupVersionResource) (cache.InformerSynced, error) {
	client, err := dynamic.NewForConfig(handle.KubeConfig())
	if err != nil {
		return nil, err
	}
	factory := dynamicinformer.NewDynamicSharedInformerFactory(client, 0)
	registration, err := factory.ForResource(resource).Informer().AddEventHandler(handlerOf(
		func(group *unstructured.Unstructured) {
			minMember, _, err := unstructured.NestedInt64(group.Object, "spec", "minMember")
			if err != nil {
				s.logger.Error(err, "A PodGroup's spec.minMember is no number",
					"podGroup", group.GetNamespace()+"/"+group.GetName())
				return
			}
			s.activate(s.logger, s.cluster.SetPodGroup(
				kubescheduler.GroupKey{Namespace: group.GetNamespace(), Name: group.GetName()}, int(minMember)))
		},
		func(group *unstructured.Unstructured) {
			s.cluster.DeletePodGroup(kubescheduler.GroupKey{Namespace: group.GetNamespace(), Name: group.GetName()})
		}))
	if err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	return registration.HasSynced, nil
}
