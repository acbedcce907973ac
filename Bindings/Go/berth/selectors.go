package berth

// #include "berth.h"
import "C"

// Operator relates a label to the values of a requirement.
type Operator uint32

const (
	In           Operator = C.BERTH_OP_IN             // the label has one of the values
	NotIn        Operator = C.BERTH_OP_NOT_IN         // it has none of them, or is missing
	Exists       Operator = C.BERTH_OP_EXISTS         // the label is there
	DoesNotExist Operator = C.BERTH_OP_DOES_NOT_EXIST // the label is missing
	Gt           Operator = C.BERTH_OP_GT             // it is an integer greater than the one value; nodes only
	Lt           Operator = C.BERTH_OP_LT             // it is less; nodes only
)

// Requirement is a demand on a label, or of a node on the field metadata.name.
type Requirement struct {
	Key      string
	Operator Operator
	Values   []string // of In and NotIn; of Gt and Lt one
	Field    bool     // metadata.name, with In or NotIn and one value
}

// SelectorTerm matches nodes where all its requirements do. Weight is for preferred terms: 1..100.
type SelectorTerm struct {
	Requirements []Requirement
	Weight       uint32
}

// InternSelector gives the id of a label selector over the labels of pods or namespaces, with In, NotIn, Exists and
// DoesNotExist; without requirements it selects everything. Equal selectors have one id.
func (e *Engine) InternSelector(requirements ...Requirement) (SelectorID, error) {
	f := newFrame()
	defer f.end()
	list, count := f.requirements(requirements)
	if f.err != nil {
		return NoSelector, f.err
	}
	var id C.berth_selector_id
	if err := e.do(func(h cEngine) cStatus {
		return C.berth_selector_intern(h, list, C.size_t(count), &id)
	}); err != nil {
		return NoSelector, err
	}
	return SelectorID(id), nil
}

// SetNamespace tells a namespace's labels, instead of those told before. Namespaces that were not told have none.
func (e *Engine) SetNamespace(name string, labels map[string]string) error {
	f := newFrame()
	defer f.end()
	text, set := f.text(name), f.labels(labels)
	if f.err != nil {
		return f.err
	}
	return e.do(func(h cEngine) cStatus {
		return C.berth_namespace_set(h, text, first(set), C.size_t(len(set)))
	})
}

// RemoveNamespace forgets a namespace's labels; [UnknownID] if it was not told.
func (e *Engine) RemoveNamespace(name string) error {
	f := newFrame()
	defer f.end()
	text := f.text(name)
	if f.err != nil {
		return f.err
	}
	return e.do(func(h cEngine) cStatus { return C.berth_namespace_remove(h, text) })
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
