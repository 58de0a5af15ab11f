package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rapport"
)

// Metrics are the figures that a monitoring system asks for. Whoever does the
// work tells them; nothing here changes what happens.
type Metrics struct {
	registry *prometheus.Registry
	admitted prometheus.Counter
	refused  *prometheus.CounterVec
	batches  prometheus.Histogram
	commits  prometheus.Histogram
	requests *prometheus.HistogramVec
}

// NewMetrics returns Metrics with a registry of their own.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		admitted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rapport_events_admitted_total", Help: "Events that were acknowledged, repeats included.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rapport_events_refused_total", Help: "Events that were not taken in, by reason: invalid for good, or exhausted, unavailable and internal to be sent again.",
		}, []string{"reason"}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rapport_batch_events", Help: "Events of one micro-batch.", Buckets: prometheus.ExponentialBuckets(1, 4, 9),
		}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rapport_batch_seconds", Help: "Time that one micro-batch took, commit included.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 12),
		}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rapport_http_request_seconds", Help: "Time to answer a request, by route and status.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"route", "status"}),
	}
	m.registry.MustRegister(m.admitted, m.refused, m.batches, m.commits, m.requests,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Batch tells of a micro-batch that was committed.
func (m *Metrics) Batch(events int, took time.Duration) {
	m.batches.Observe(float64(events))
	m.commits.Observe(took.Seconds())
}

// Gauge adds a figure that is asked for whenever it is wanted, such as how many
// events wait. It is called once for each name.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// Refused tells of events that were not taken in; see [Collect.OnRefused].
func (m *Metrics) Refused(n int) { m.refused.WithLabelValues(rapport.Invalid.String()).Add(float64(n)) }

// Admitter counts what passes through an Admitter.
func (m *Metrics) Admitter(to Admitter) Admitter { return counting{m, to} }

type counting struct {
	metrics *Metrics
	to      Admitter
}

// Admit hands events on and counts what became of them.
func (c counting) Admit(ctx context.Context, events []rapport.Event) error {
	err := c.to.Admit(ctx, events)
	switch {
	case err == nil:
		c.metrics.admitted.Add(float64(len(events)))
	case !errors.Is(err, context.Canceled):
		c.metrics.refused.WithLabelValues(rapport.KindOf(err).String()).Add(float64(len(events)))
	}
	return err
}

// sums are the figures that the store keeps itself, over restarts.
type sums struct {
	ledger   Ledger
	messages *prometheus.Desc
	events   *prometheus.Desc
}

// collectSums serves what the ledger has counted.
func (m *Metrics) collectSums(ledger Ledger) error {
	return m.registry.Register(&sums{
		ledger:   ledger,
		messages: prometheus.NewDesc("rapport_messages_total", "Messages that came to this status.", []string{"status"}, nil),
		events:   prometheus.NewDesc("rapport_events_total", "Events that were counted, each once, since the data folder was made.", nil, nil),
	})
}

// Describe says which figures there are.
func (s *sums) Describe(to chan<- *prometheus.Desc) {
	to <- s.messages
	to <- s.events
}

// Collect reads the figures.
func (s *sums) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for prefix, desc := range map[string]*prometheus.Desc{"messages/": s.messages, "events": s.events} {
		totals, err := s.ledger.Counters(ctx, prefix)
		if err != nil {
			to <- prometheus.NewInvalidMetric(desc, err)
			continue
		}
		for _, total := range totals {
			switch {
			case !total.Bucket.IsZero():
			case desc == s.messages:
				to <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(total.Sum), total.Name[len(prefix):])
			case total.Name == prefix:
				to <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(total.Sum))
			}
		}
	}
}

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
