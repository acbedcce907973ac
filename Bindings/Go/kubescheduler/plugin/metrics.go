package plugin

import (
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"

	"berth/kubescheduler"
)

const subsystem = "berth"

var decisionDuration = metrics.NewHistogram(&metrics.HistogramOpts{
	Subsystem:      subsystem,
	Name:           "decision_duration_seconds",
	Help:           "How long the plugin took to choose nodes for a pod, translation and waiting left out.",
	Buckets:        metrics.ExponentialBuckets(1e-6, 2, 20),
	StabilityLevel: metrics.ALPHA,
})

// collector shows a cluster's figures when they are asked for.
type collector struct {
	metrics.BaseStableCollector
	register sync.Once
	cluster  atomic.Pointer[kubescheduler.Cluster]
	known    map[string]*metrics.Desc
}

var figures = &collector{known: map[string]*metrics.Desc{}}

// follow shows a cluster's figures from now on; a process has one but in tests.
func (c *collector) follow(cluster *kubescheduler.Cluster) {
	c.cluster.Store(cluster)
	c.register.Do(func() {
		for _, figure := range kubescheduler.FigureKinds {
			var labels []string
			if figure.Label != "" {
				labels = []string{figure.Label}
			}
			c.known[figure.Name] = metrics.NewDesc(subsystem+"_"+figure.Name, figure.Help, labels, nil, metrics.ALPHA, "")
		}
		legacyregistry.MustRegister(decisionDuration)
		legacyregistry.CustomMustRegister(c)
	})
}

func observe(took time.Duration) { decisionDuration.Observe(took.Seconds()) }

// DescribeWithStability names all figures.
func (c *collector) DescribeWithStability(descriptions chan<- *metrics.Desc) {
	for _, figure := range kubescheduler.FigureKinds {
		descriptions <- c.known[figure.Name]
	}
}

// CollectWithStability gives them.
func (c *collector) CollectWithStability(values chan<- metrics.Metric) {
	for _, value := range c.cluster.Load().Figures() {
		kind, labels := metrics.GaugeValue, []string(nil)
		if value.IsCounter {
			kind = metrics.CounterValue
		}
		if value.Label != "" {
			labels = []string{value.Of}
		}
		values <- metrics.NewLazyConstMetric(c.known[value.Name], kind, value.Value, labels...)
	}
}
