package kubescheduler

// FigureKind is a figure for Prometheus. Names come behind "berth_".
type FigureKind struct {
	Name, Help string
	Label      string // empty: there is one value
	IsCounter  bool
}

// Figure is a value of it.
type Figure struct {
	FigureKind
	Of    string // the label's value
	Value float64
}

// FigureKinds are all figures.
var FigureKinds = []FigureKind{
	{"decisions_total", "Choices of nodes for pods, by result: narrowed, none_fit, held (its gang is to wait), fallback.",
		"result", true},
	{"fallbacks_total", "Pods that were left to the scheduler, by reason.", "reason", true},
	{"widenings_total", "Narrowed cycles in which the scheduler refused all candidates; the next one had more.", "", true},
	{"widenings_to_all_total", "Pods for which no step but all nodes was left.", "", true},
	{"event_batches_total", "Batches of events told to the engine.", "", true},
	{"events_total", "Objects in these batches.", "", true},
	{"engines_total", "Engines made, the first one included.", "", true},
	{"engine_failures_total", "Failures of the engine; after each, all pods are left to the scheduler for a while.",
		"", true},
	{"drift_checked_nodes_total", "Nodes compared with the scheduler's snapshot.", "", true},
	{"drift_total", "Nodes that were out of step with the scheduler's snapshot, by what differed.", "kind", true},
	{"resyncs_total", "Times that everything was read anew from the informers.", "", true},
	{"gangs_total", "What came of gangs, by event.", "event", true},
	{"gangs_placed", "Gangs that hold places and are not let go yet.", "", false},
	{"unheld_gpu_pods", "Running pods that ask for GPUs and do not hold those that they say.", "", false},
	{"engine_nodes", "Nodes in the engine.", "", false},
	{"engine_pods", "Pods in the engine.", "", false},
	{"engine_classes", "Classes of pods in the engine.", "", false},
	{"engine_bytes", "Memory of the engine.", "", false},
	{"engine_decisions", "Decisions of this engine.", "", false},
	{"engine_refusals", "Calls that this engine refused.", "", false},
}

// Figures gives all of them; those of the engine are 0 while there is none.
func (c *Cluster) Figures() []Figure {
	stats := c.Stats()
	info, metrics, _ := c.Engine()
	kinds := map[string]FigureKind{}
	for _, kind := range FigureKinds {
		kinds[kind.Name] = kind
	}
	var figures []Figure
	add := func(name, of string, value uint64) {
		figures = append(figures, Figure{kinds[name], of, float64(value)})
	}
	fallbacks := uint64(0)
	for _, reason := range Reasons {
		add("fallbacks_total", string(reason), stats.Fallbacks[reason])
		fallbacks += stats.Fallbacks[reason]
	}
	add("decisions_total", "narrowed", stats.Narrowed)
	add("decisions_total", "none_fit", stats.NoneFit)
	add("decisions_total", "held", stats.Held)
	add("decisions_total", "fallback", fallbacks)
	add("widenings_total", "", stats.Widened)
	add("widenings_to_all_total", "", stats.WidenedToAll)
	add("event_batches_total", "", stats.Batches)
	add("events_total", "", stats.Events)
	add("engines_total", "", stats.Engines)
	add("engine_failures_total", "", stats.Failures)
	add("drift_checked_nodes_total", "", stats.DriftChecks)
	for _, kind := range Drifts {
		add("drift_total", string(kind), stats.Drift[kind])
	}
	add("resyncs_total", "", stats.Resyncs)
	for _, event := range GangEvents {
		add("gangs_total", string(event), stats.Gangs[event])
	}
	add("gangs_placed", "", stats.GangsPlaced)
	add("unheld_gpu_pods", "", stats.Unheld)
	add("engine_nodes", "", info.Nodes)
	add("engine_pods", "", info.Pods)
	add("engine_classes", "", info.Classes)
	add("engine_bytes", "", info.BytesAllocated)
	add("engine_decisions", "", info.Decisions)
	refusals := uint64(0)
	for _, count := range metrics.Refusals {
		refusals += count
	}
	add("engine_refusals", "", refusals)
	return figures
}
