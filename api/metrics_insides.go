package api

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rapport"
	"rapport/flow"
	"rapport/store"
)

// Insides are what figures tell of how the program does. All are required but Disk.
type Insides struct {
	Pulse   func() flow.Pulse
	Queue   Queue
	Now     func() rapport.Instant
	Ready   func() error         // why the program is not ready; nil while it is
	Stalled func() time.Duration // how long something has waited while nothing went on
	Held    func() bool          // nothing is sent
	Disk    func() store.Disk    // nil where the store keeps no files
}

// Queue is where it is read what falls due; package store says what its reads promise.
type Queue interface {
	// Due returns the wake-ups at or before until, by instant and customer.
	Due(ctx context.Context, until rapport.Instant, limit int) ([]store.Wake, error)
	// NextPending returns the instant at which the first waiting message of a lane is
	// due, and Never if none waits.
	NextPending(ctx context.Context, lane store.Lane) (rapport.Instant, error)
	// CountPending returns how many messages of a lane wait that are due by until.
	CountPending(ctx context.Context, lane store.Lane, until rapport.Instant, most int) (int, error)
}

// How much is counted each time that somebody asks for the figures: looking at more
// would take longer than the answer is worth.
const (
	maxDueCounted     = 10_000
	maxPendingCounted = 100_000
)

// figureTime is how long the figures that are read from the store may take together.
const figureTime = 5 * time.Second

// insides serves what Insides tell.
type insides struct {
	Insides
	desc map[string]*prometheus.Desc
}

// Watch serves what is told of how the program does. It is called once.
func (m *Metrics) Watch(in Insides) {
	lane := []string{"channel", "urgency"}
	c := &insides{in, map[string]*prometheus.Desc{}}
	for name, say := range map[string]struct {
		help   string
		labels []string
	}{
		"ready":                     {"1 while events and changes are taken in; /readyz says why not.", nil},
		"stalled_seconds":           {"How long something has waited while no micro-batch came to its end; 0 while all goes on.", nil},
		"clock_behind_seconds":      {"How far the clock is behind what it has shown before; until it has caught up time stands still.", nil},
		"sending_held":              {"1 while all sending is held, as after a restore.", nil},
		"customers":                 {"Customers there are.", nil},
		"segments":                  {"Segments, by state: exact, or building while it is not known yet who is in them.", []string{"state"}},
		"sweep_progress_ratio":      {"The part of the customers who have been brought up to the workspace: below 1 while facts of a new rule are built.", nil},
		"wakeups_due":               {"Customers for whom something is due and not done yet, counted up to 10,000.", nil},
		"wakeups_lateness_seconds":  {"How long the first of these is due.", nil},
		"messages_due":              {"Messages that are due and wait for their provider, counted up to 100,000.", lane},
		"messages_lateness_seconds": {"How long the first of these is due.", lane},
		"messages_in_flight":        {"Messages that are being handed over.", lane},
		"messages_in_flight_max":    {"How many may be, by what the provider takes.", lane},
		"lane_open":                 {"1 while messages of a lane are handed over, 0 while it rests, its provider taking nothing.", lane},
		"store_bytes":               {"Bytes on disk, by part: database, or log, which is not folded into it yet.", []string{"part"}},
		"disk_free_bytes":           {"Bytes that may still be written to the disk of the data folder.", nil},
	} {
		c.desc[name] = prometheus.NewDesc("rapport_"+name, say.help, say.labels, nil)
	}
	m.registry.MustRegister(c)
}

// Describe says which figures there are.
func (c *insides) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range c.desc {
		to <- desc
	}
}

// Collect tells the figures.
func (c *insides) Collect(to chan<- prometheus.Metric) {
	tell := func(name string, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(c.desc[name], prometheus.GaugeValue, value, labels...)
	}
	p := c.Pulse()
	tell("ready", one(c.Ready() == nil))
	tell("stalled_seconds", c.Stalled().Seconds())
	tell("sending_held", one(c.Held()))
	tell("clock_behind_seconds", p.Behind.Seconds())
	tell("customers", float64(p.Customers))
	tell("segments", float64(p.Segments-p.Building), "exact")
	tell("segments", float64(p.Building), "building")
	tell("sweep_progress_ratio", p.Progress)
	for _, l := range p.Lanes {
		channel, urgency := string(l.Channel), l.Urgency.String()
		tell("messages_in_flight", float64(l.Flying), channel, urgency)
		tell("messages_in_flight_max", float64(l.Room), channel, urgency)
		tell("lane_open", one(l.Open), channel, urgency)
	}
	if c.Disk != nil {
		d := c.Disk()
		tell("store_bytes", float64(d.Bytes), "database")
		tell("store_bytes", float64(d.WriteAhead), "log")
		if d.Free >= 0 {
			tell("disk_free_bytes", float64(d.Free))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), figureTime)
	defer cancel()
	c.collectDue(ctx, p.Lanes, tell)
}

// collectDue tells what is due. What can't be read now is left out, so that the other
// figures are told while the store is gone.
func (c *insides) collectDue(ctx context.Context, lanes []flow.LanePulse, tell func(name string, value float64, labels ...string)) {
	now := c.Now()
	if wakes, err := c.Queue.Due(ctx, now, maxDueCounted); err == nil {
		tell("wakeups_due", float64(len(wakes)))
		late := time.Duration(0)
		if len(wakes) > 0 {
			late = now.Sub(wakes[0].At)
		}
		tell("wakeups_lateness_seconds", late.Seconds())
	}
	for _, l := range lanes {
		first, errFirst := c.Queue.NextPending(ctx, l.Lane)
		due, late, errDue := 0, time.Duration(0), error(nil)
		if first <= now {
			late = now.Sub(first)
			due, errDue = c.Queue.CountPending(ctx, l.Lane, now, maxPendingCounted)
		}
		if errors.Join(errFirst, errDue) == nil {
			tell("messages_due", float64(due), string(l.Channel), l.Urgency.String())
			tell("messages_lateness_seconds", late.Seconds(), string(l.Channel), l.Urgency.String())
		}
	}
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
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

// Collect reads the figures. What can't be read now is left out.
func (s *sums) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), figureTime)
	defer cancel()
	for prefix, desc := range map[string]*prometheus.Desc{"messages/": s.messages, "events": s.events} {
		totals, err := s.ledger.Counters(ctx, prefix)
		if err != nil {
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
