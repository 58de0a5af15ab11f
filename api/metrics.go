package api

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rapport"
	"rapport/collect"
	"rapport/flow"
)

// Metrics are the figures that a monitoring system asks for. Whoever does the
// work tells them; nothing here changes what happens. No label holds what somebody
// outside can choose, so there are never more than some hundred series.
type Metrics struct {
	registry  *prometheus.Registry
	admitted  prometheus.Counter
	refused   *prometheus.CounterVec
	invalid   *prometheus.CounterVec
	batches   prometheus.Histogram
	took      prometheus.Histogram
	read      prometheus.Histogram
	waited    prometheus.Histogram
	commits   prometheus.Histogram
	failed    prometheus.Counter
	handovers *prometheus.HistogramVec
	outcomes  *prometheus.CounterVec
	requests  *prometheus.HistogramVec
	underWay  prometheus.Gauge
}

// NewMetrics returns Metrics of a version of the program, with a registry of their own.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		admitted: counter("rapport_events_admitted_total", "Events that were acknowledged, repeats included."),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rapport_events_refused_total", Help: "Events that were not taken in, by reason: invalid for good, or exhausted, unavailable and internal to be sent again.",
		}, []string{"reason"}),
		invalid: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rapport_events_invalid_total", Help: "Events that were refused for good, by the code that their sender was told.",
		}, []string{"code"}),
		batches: histogram("rapport_batch_events", "Events of one micro-batch.", 1, 4, 9),
		took:    histogram("rapport_batch_seconds", "Time that one micro-batch took, reading and commit included.", 0.001, 2, 14),
		read:    histogram("rapport_batch_read_seconds", "Of that, the time that reading went to before anything was decided.", 0.0001, 4, 9),
		waited:  histogram("rapport_queue_wait_seconds", "How long the first request of a micro-batch had waited for it to begin.", 0.001, 4, 9),
		commits: histogram("rapport_commit_seconds", "Time that the store took to commit one micro-batch.", 0.0005, 2, 14),
		failed:  counter("rapport_commit_failures_total", "Micro-batches that the store did not take. What was asked for in them was answered with 503."),
		handovers: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rapport_handover_seconds", Help: "Time that a provider took for a parcel of messages, by channel.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 9),
		}, []string{"channel"}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rapport_handovers_total", Help: "Messages that were handed to a provider, by channel and what came of it: accepted, retry, refused or vague.",
		}, []string{"channel", "outcome"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rapport_http_request_seconds", Help: "Time to answer a request, by route and status.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 8),
		}, []string{"route", "status"}),
		underWay: prometheus.NewGauge(prometheus.GaugeOpts{Name: "rapport_http_requests_under_way", Help: "Requests that are being answered."}),
	}
	m.registry.MustRegister(m.admitted, m.refused, m.invalid, m.batches, m.took, m.read, m.waited, m.commits, m.failed, m.handovers, m.outcomes, m.requests, m.underWay,
		buildInfo(version), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func histogram(name, help string, first, factor float64, n int) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(first, factor, n)})
}

func buildInfo(version string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "rapport_build_info", Help: "1; the labels say which program this is.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
}

// Batch tells of a micro-batch that was committed.
func (m *Metrics) Batch(r flow.Report) {
	m.batches.Observe(float64(r.Events))
	m.took.Observe(r.Took.Seconds())
	m.read.Observe(r.Read.Seconds())
	if r.Requests > 0 {
		m.waited.Observe(r.Waited.Seconds())
	}
}

// Commit tells how long the store took for a micro-batch, and whether it took it.
func (m *Metrics) Commit(took time.Duration, err error) {
	if err != nil {
		m.failed.Inc()
		return
	}
	m.commits.Observe(took.Seconds())
}

// Handover tells of a parcel that came back from its provider.
func (m *Metrics) Handover(h flow.Handover) {
	m.handovers.WithLabelValues(string(h.Channel)).Observe(h.Took.Seconds())
	for i := range h.Outcomes {
		m.outcomes.WithLabelValues(string(h.Channel), h.Outcomes[i].Kind.String()).Inc()
	}
}

// Gauge adds a figure that is asked for whenever it is wanted, such as how many
// events wait. It is called once for each name.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// Refused tells of events that were not taken in; see [Collect.OnRefused].
func (m *Metrics) Refused(refused []collect.Remark, unlisted int) {
	m.refused.WithLabelValues(rapport.Invalid.String()).Add(float64(len(refused) + unlisted))
	for i := range refused {
		m.invalid.WithLabelValues(refused[i].Code).Inc()
	}
	if unlisted > 0 {
		m.invalid.WithLabelValues("unlisted").Add(float64(unlisted))
	}
}

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

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
