package kubescheduler

import (
	"errors"
	"slices"
)

// scheduler stands in for kube-scheduler: it filters the nodes it is given by what only its own plugins know, reserves
// the best, and asks for more where all are refused.
type scheduler struct {
	*bed
	args    Args
	refuses func(pod *Pod, node string) bool
	given   [][]string // of each cycle; nil: all nodes
	permits map[string]Permission
}

func newScheduler(b *bed) *scheduler {
	return &scheduler{bed: b, args: DefaultArgs(), refuses: func(*Pod, string) bool { return false },
		permits: map[string]Permission{}}
}

// cycle is one scheduling cycle of a pod. It gives the node that is reserved, or none and why.
func (s *scheduler) cycle(pod *Pod) (string, error) {
	choices, err := s.Choose(profileName, pod, s.args.CandidatesFor(pod))
	var held *Held
	if errors.As(err, &held) {
		return "", err
	}
	var nodes []string
	for _, choice := range choices {
		nodes = append(nodes, choice.Node)
	}
	s.given = append(s.given, nodes)
	isNarrowed := len(nodes) > 0
	if !isNarrowed {
		nodes = sortedKeys(s.nodes)
	}
	passed := slices.DeleteFunc(slices.Clone(nodes), func(node string) bool { return s.refuses(pod, node) })
	if len(passed) == 0 {
		if isNarrowed {
			s.Widen(pod.UID)
		}
		return "", errors.New("no node passed")
	}
	s.Assume(pod, passed[0])
	return passed[0], nil
}

// place goes through a pod's cycles until it has a node or all nodes were looked at.
func (s *scheduler) place(pod *Pod) string {
	for range 20 {
		before := len(s.given)
		node, err := s.cycle(pod)
		if err == nil {
			return node
		}
		if before == len(s.given) || s.given[before] == nil {
			return ""
		}
	}
	s.t.Fatalf("pod %s is never placed nor left to the scheduler: %v", pod.UID, s.given)
	return ""
}

func (s *scheduler) sizes() (sizes []int) {
	for _, nodes := range s.given {
		sizes = append(sizes, len(nodes))
	}
	return sizes
}
