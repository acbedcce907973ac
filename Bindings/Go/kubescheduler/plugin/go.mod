module berth/kubescheduler/plugin

go 1.26.0

require (
	berth v0.0.0
	berth/kubescheduler v0.0.0
	k8s.io/api v0.36.2
	k8s.io/apimachinery v0.36.2
	k8s.io/apiserver v0.36.2
	k8s.io/client-go v0.36.2
	k8s.io/component-base v0.36.2
	k8s.io/component-helpers v0.36.2
	k8s.io/klog/v2 v2.140.0
	k8s.io/kube-scheduler v0.36.2
	k8s.io/kubernetes v1.36.2
)

replace (
	berth => ../../berth
	berth/kubescheduler => ..
)
