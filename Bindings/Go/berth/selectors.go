package berth

// #include "berth.h"
import "C"

// Operator relates a label to the values of a requirement.
type Operator uint32

const (
	In           Operator = C.BERTH_OP_IN
	NotIn        Operator = C.BERTH_OP_NOT_IN
	Exists       Operator = C.BERTH_OP_EXISTS
	DoesNotExist Operator = C.BERTH_OP_DOES_NOT_EXIST
	Gt           Operator = C.BERTH_OP_GT
	Lt           Operator = C.BERTH_OP_LT
)

// Requirement is a demand on a label, or of a node on the field metadata.name.
type Requirement struct {
	Key      string
	Operator Operator
	Values   []string
	Field    bool
}

// SelectorTerm matches nodes where all its requirements do. Weight is for preferred terms: 1..100.
type SelectorTerm struct {
	Requirements []Requirement
	Weight       uint32
}

// InternSelector gives the id of a label selector over the labels of pods or namespaces, with In, NotIn, Exists and
// DoesNotExist; without requirements it selects everything. Equal selectors have one id.
func (e *Engine) InternSelector(requirements ...Requirement) (SelectorID, error) {
	var f frame
	defer f.end()
	list, count := f.requirements(requirements)
	if f.err != nil {
		return NoSelector, f.err
	}
	var id C.berth_selector_id
	if err := e.refusal(C.berth_selector_intern(e.handle, list, C.size_t(count), &id)); err != nil {
		return NoSelector, err
	}
	return SelectorID(id), nil
}

// SetNamespace tells a namespace's labels, instead of those told before. Namespaces that were not told have none.
func (e *Engine) SetNamespace(name string, labels map[string]string) error {
	var f frame
	defer f.end()
	text, set := f.text(name), f.labels(labels)
	if f.err != nil {
		return f.err
	}
	return e.refusal(C.berth_namespace_set(e.handle, text, first(set), C.size_t(len(set))))
}

// RemoveNamespace forgets a namespace's labels; [UnknownID] if it was not told.
func (e *Engine) RemoveNamespace(name string) error {
	var f frame
	defer f.end()
	text := f.text(name)
	if f.err != nil {
		return f.err
	}
	return e.refusal(C.berth_namespace_remove(e.handle, text))
}

func (f *frame) requirements(requirements []Requirement) (*C.berth_requirement, C.uint32_t) {
	list := records[C.berth_requirement](f, len(requirements))
	for i, requirement := range requirements {
		list[i].key, list[i].op = f.text(requirement.Key), C.uint32_t(requirement.Operator)
		list[i].values, list[i].value_count = f.texts(requirement.Values)
		if requirement.Field {
			list[i].is_field = 1
		}
	}
	return first(list), C.uint32_t(len(list))
}

func (f *frame) terms(terms []SelectorTerm) (*C.berth_selector_term, C.uint32_t) {
	list := records[C.berth_selector_term](f, len(terms))
	for i, term := range terms {
		list[i].requirements, list[i].requirement_count = f.requirements(term.Requirements)
		list[i].weight = C.uint32_t(term.Weight)
	}
	return first(list), C.uint32_t(len(list))
}
