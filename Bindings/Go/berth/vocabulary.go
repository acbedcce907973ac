package berth

// #include "berth.h"
import "C"

import (
	"maps"
	"slices"
)

// ResourceKind is what a resource is to the profiles that speak of cpu, memory and GPU.
type ResourceKind uint32

const (
	ResourceOther            ResourceKind = C.BERTH_RESOURCE_OTHER             // an extended resource
	ResourceCPU              ResourceKind = C.BERTH_RESOURCE_CPU               // one per engine
	ResourceMemory           ResourceKind = C.BERTH_RESOURCE_MEMORY            // one per engine
	ResourceGPU              ResourceKind = C.BERTH_RESOURCE_GPU               // whole GPUs, by number
	ResourceEphemeralStorage ResourceKind = C.BERTH_RESOURCE_EPHEMERAL_STORAGE // ephemeral-storage
	ResourcePods             ResourceKind = C.BERTH_RESOURCE_PODS              // nothing is counted by itself: request 1

	// ResourceCounted is held by pods and seen by scores, but refuses no node: kube-scheduler's NonZeroRequested.
	ResourceCounted ResourceKind = C.BERTH_RESOURCE_COUNTED

	// ResourceIgnored is ResourceCounted, scored for pods only that request it: ignoredResources of NodeResourcesFit.
	ResourceIgnored ResourceKind = C.BERTH_RESOURCE_IGNORED
)

// AddResource adds a resource name.
func (e *Engine) AddResource(name string, kind ResourceKind) (ResourceID, error) {
	f := newFrame()
	defer f.end()
	text := f.text(name)
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_resource_id
	err := e.do(func(h cEngine) cStatus { return C.berth_resource_add(h, text, C.uint32_t(kind), &id) })
	return ResourceID(id), err
}

// AddDomain adds a domain below parent, [RootDomain] for the widest level. Siblings keep the order of addition.
func (e *Engine) AddDomain(parent DomainID, name string) (DomainID, error) {
	f := newFrame()
	defer f.end()
	text := f.text(name)
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_domain_id
	err := e.do(func(h cEngine) cStatus {
		return C.berth_domain_add(h, C.berth_domain_id(parent), text, &id)
	})
	return DomainID(id), err
}

// InternLabels gives the id of a set of labels; equal sets have one id.
func (e *Engine) InternLabels(labels map[string]string) (LabelSetID, error) {
	f := newFrame()
	defer f.end()
	set := f.labels(labels)
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_label_set_id
	err := e.do(func(h cEngine) cStatus {
		return C.berth_label_set_intern(h, first(set), C.size_t(len(set)), &id)
	})
	return LabelSetID(id), err
}

func (f *frame) labels(labels map[string]string) []C.berth_label {
	set := records[C.berth_label](f, len(labels))
	for i, key := range slices.Sorted(maps.Keys(labels)) { // the same call each time
		set[i].key, set[i].value = f.text(key), f.text(labels[key])
	}
	return set
}

func (f *frame) quantities(values map[ResourceID]int64) []C.berth_quantity {
	list := records[C.berth_quantity](f, len(values))
	for i, resource := range slices.Sorted(maps.Keys(values)) {
		list[i].resource, list[i].value = C.berth_resource_id(resource), C.int64_t(values[resource])
	}
	return list
}

// Effect of a taint.
type Effect uint32

const (
	EffectAny              Effect = C.BERTH_EFFECT_ANY                // tolerations only
	EffectNoSchedule       Effect = C.BERTH_EFFECT_NO_SCHEDULE        // refuses pods that do not tolerate it
	EffectPreferNoSchedule Effect = C.BERTH_EFFECT_PREFER_NO_SCHEDULE // lowers the score for them (TaintToleration)
	EffectNoExecute        Effect = C.BERTH_EFFECT_NO_EXECUTE         // refuses them as NoSchedule does
)

// Taint keeps pods away that do not tolerate it.
type Taint struct {
	Key    string
	Value  string
	Effect Effect
}

// InternTaints gives the id of a list of taints; equal lists have one id.
func (e *Engine) InternTaints(taints []Taint) (TaintSetID, error) {
	f := newFrame()
	defer f.end()
	list := records[C.berth_taint](f, len(taints))
	for i, taint := range taints {
		list[i].key, list[i].value = f.text(taint.Key), f.text(taint.Value)
		list[i].effect = C.uint32_t(taint.Effect)
	}
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_taint_set_id
	err := e.do(func(h cEngine) cStatus {
		return C.berth_taint_set_intern(h, first(list), C.size_t(len(list)), &id)
	})
	return TaintSetID(id), err
}

// Image is one name of an image that a node has.
type Image struct {
	Name      string
	SizeBytes int64 // 0 or more
}

// InternImages gives the id of the images of a node; equal sets have one id.
func (e *Engine) InternImages(images []Image) (ImageSetID, error) {
	f := newFrame()
	defer f.end()
	list := records[C.berth_image](f, len(images))
	for i, image := range images {
		list[i].name, list[i].size_bytes = f.text(image.Name), C.int64_t(image.SizeBytes)
	}
	if f.err != nil {
		return 0, f.err
	}
	var id C.berth_image_set_id
	err := e.do(func(h cEngine) cStatus {
		return C.berth_image_set_intern(h, first(list), C.size_t(len(list)), &id)
	})
	return ImageSetID(id), err
}
