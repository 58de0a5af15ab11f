package bench

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Peaking says how more is offered than can be taken, and what goes on beside.
type Peaking struct {
	Mailing                   // a campaign to so many customers goes out meanwhile, and orders come in at Rate
	Connections int           // over which it is found out how much can be taken
	Ramp        time.Duration // how long that is tried
	Times       float64       // how many times as much is offered then
	Phase       time.Duration // for how long
}

// PeakReport is what a peak came to. If anything that was acknowledged is not there at the
// end there is none.
type PeakReport struct {
	Work        string         `json:"work"`
	Sustainable float64        `json:"sustainable_events_per_second"`
	Offered     float64        `json:"offered_events_per_second"`
	Accepted    float64        `json:"accepted_events_per_second"` // while that was offered
	Refused     float64        `json:"refused_events_per_second"`
	Latency     Latencies      `json:"accepted_ms"`
	Refusals    map[string]int `json:"refused_requests"` // by status; "… without Retry-After" are faults
	Again       int            `json:"accepted_when_sent_again"`
	Reads       Latencies      `json:"api_read_ms"` // of a customer, meanwhile
	Beside      *Beside        `json:"orders"`
	Counted     int            `json:"events_acknowledged_and_counted"`
	Built       bool           `json:"segment_built"` // whose rule reads a fact that was built meanwhile
	BeforeMB    float64        `json:"memory_before_mb"`
	MostMB      float64        `json:"memory_most_mb"`
	Place
}

// peakBatch is how many events a request of a peak has.
const peakBatch = 100

// maxOpen is how many requests of a peak may be under way at once.
const maxOpen = 2000

// Peak finds out how many events a second the program takes, then offers several times as
// many, while a campaign goes out, a segment is built and orders come in.
func Peak(ctx context.Context, p Peaking) (report *PeakReport, err error) {
	p.Provider = "smtp"
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.Connections < 1 || p.Ramp <= 0 || p.Phase <= 0 || p.Times <= 0 || p.Rate < 1 {
		return nil, errors.New("connections, rate, the times, and how long it takes must be more than 0")
	}
	data, err := os.MkdirTemp("", "rapport-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	sink, err := newSink()
	if err != nil {
		return nil, err
	}
	defer sink.close()
	db, err := openDatabase(ctx, p.Database)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	s, err := startServer(ctx, p.Program, filepath.Join(data, "store"), db, p.Flags...)
	if err != nil {
		return nil, err
	}
	run := &peakRun{peaking: p, mailingRun: &mailingRun{Mailing: p.Mailing, sink: sink, server: s}, client: connect(maxOpen)}
	defer run.client.CloseIdleConnections()
	if report, err = run.peak(ctx); err != nil {
		s.kill()
		return nil, err
	}
	return report, nil
}

// peakRun is a peak on its way.
type peakRun struct {
	*mailingRun
	peaking Peaking
	client  *http.Client
	next    int // number of the next request

	mu       sync.Mutex
	load     load
	refusals map[string]int
	again    []int // numbers of requests that were refused
	failed   error
	reads    load
	most     int64
}

func (r *peakRun) peak(ctx context.Context) (*PeakReport, error) {
	if err := r.apply(ctx, campaignDocuments(r.sink.port, r.Provider, time.Now().UTC().AddDate(1, 0, 0))); err != nil {
		return nil, err
	}
	if err := r.invite(ctx); err != nil {
		return nil, err
	}
	sustainable, err := r.ramp(ctx)
	if err != nil {
		return nil, err
	}
	report := &PeakReport{Work: "peak", Sustainable: sustainable, Place: here()}
	at := time.Now().UTC().Add(time.Minute + 5*time.Second).Truncate(time.Minute)
	documents := campaignDocuments(r.sink.port, r.Provider, at)
	if err := r.apply(ctx, documents); err != nil {
		return nil, err
	}
	r.say("the campaign is due at %s", at.Format("15:04"))
	if err := sleepUntil(ctx, at); err != nil {
		return nil, err
	}
	before, err := r.server.memory()
	if err != nil {
		return nil, err
	}
	mails, _ := r.sink.received()
	if err := r.apply(ctx, "kind: segment\nname: built-at-peak\nwhere: events(\"Product Viewed\").where(e, e.price > 50).count() >= 3\n"); err != nil {
		return nil, err
	}
	orders := r.beside(ctx, 0)
	offered, wall := r.offer(ctx, sustainable*r.peaking.Times)
	if r.failed != nil {
		return nil, r.failed
	}
	accepted := len(r.load.latencies)
	report.Offered, report.Accepted = float64(offered*peakBatch)/wall.Seconds(), float64(accepted*peakBatch)/wall.Seconds()
	report.Refused = float64(len(r.again)*peakBatch) / wall.Seconds()
	slices.Sort(r.load.latencies)
	slices.Sort(r.reads.latencies)
	report.Latency, report.Reads, report.Refusals, report.Again = r.load.figures(), r.reads.figures(), r.refusals, len(r.again)
	r.say("what was refused is sent again")
	if err := r.sendAgain(ctx); err != nil {
		return nil, err
	}
	if report.Beside, err = orders.end(r.sink); err != nil {
		return nil, err
	}
	if err := r.out(ctx, mails+orders.made/steadyBatch); err != nil {
		return nil, err
	}
	report.Counted = r.Customers + r.next*peakBatch + orders.made
	if err := r.server.counted(ctx, report.Counted); err != nil {
		return nil, err
	}
	if report.Built, err = r.built(ctx); err != nil {
		return nil, err
	}
	used, err := r.server.stop()
	report.BeforeMB, report.MostMB = float64(before)/(1<<20), float64(max(used.memory, r.most))/(1<<20)
	return report, err
}

// viewed is request n: customers look at things.
func (r *peakRun) viewed(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"batch":[`)
	for i := range peakBatch {
		if i > 0 {
			b.WriteByte(',')
		}
		who := (n*peakBatch + i) * 7919 % r.Customers
		fmt.Fprintf(&b, `{"type":"track","event":"Product Viewed","userId":"customer-%d","messageId":"peak-%d-%d","properties":{"product_id":"p%d","price":%d}}`, who, n, i, who%500, who%100)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// ramp returns how many events a second are taken when each request waits for the one before.
func (r *peakRun) ramp(ctx context.Context) (float64, error) {
	r.say("how much can be taken is tried for %v", r.peaking.Ramp)
	until := time.Now().Add(r.peaking.Ramp)
	l, err := sendBy(ctx, r.client, r.server.url, func(yield func([]byte) bool) {
		for time.Now().Before(until) && yield(r.viewed(r.next)) {
			r.next++
		}
	}, r.peaking.Connections)
	if err != nil {
		return 0, err
	}
	return float64(len(l.latencies)*peakBatch) / l.wall.Seconds(), nil
}

// offer offers events at a rate, whatever the answers are, each request once, and reads and
// looks at the memory meanwhile. It returns how many requests there were.
func (r *peakRun) offer(ctx context.Context, rate float64) (offered int, wall time.Duration) {
	r.say("%.0f events a second are offered for %v", rate, r.peaking.Phase)
	r.refusals = map[string]int{}
	stop := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() { r.watch(ctx, stop) })
	room, start := make(chan struct{}, maxOpen), time.Now()
	var wait sync.WaitGroup
	for ctx.Err() == nil && time.Since(start) < r.peaking.Phase {
		time.Sleep(time.Until(start.Add(time.Duration(float64(offered*peakBatch) / rate * float64(time.Second)))))
		n := r.next
		r.next++
		offered++
		room <- struct{}{}
		wait.Go(func() {
			r.try(ctx, n)
			<-room
		})
	}
	wait.Wait()
	wall = time.Since(start)
	close(stop)
	beside.Wait()
	return offered, wall
}

// try sends a request once and notes what came of it.
func (r *peakRun) try(ctx context.Context, n int) {
	took, status, retryAfter, err := r.once(ctx, n)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil:
		r.failed = errors.Join(r.failed, err)
	case status == http.StatusOK:
		r.load.latencies = append(r.load.latencies, took)
	default:
		name := strconv.Itoa(status)
		if seconds, err := strconv.Atoi(retryAfter); err != nil || seconds < 1 {
			name += " without Retry-After"
		}
		r.refusals[name]++
		r.again = append(r.again, n)
	}
}

// once sends a request; what is neither accepted nor refused for the moment is an error.
func (r *peakRun) once(ctx context.Context, n int) (took time.Duration, status int, retryAfter string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.server.url+"/v1/batch", bytes.NewReader(r.viewed(n)))
	if err != nil {
		return 0, 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(writeKey+":")))
	start := time.Now()
	res, err := r.client.Do(req)
	if err != nil {
		return 0, 0, "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusTooManyRequests && res.StatusCode != http.StatusServiceUnavailable {
		err = accepted(res.StatusCode, answer)
	}
	return time.Since(start), res.StatusCode, res.Header.Get("Retry-After"), err
}

// watch reads a customer ten times a second, and looks how much memory the server holds.
func (r *peakRun) watch(ctx context.Context, stop <-chan struct{}) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		start := time.Now()
		if err := r.server.client.Call(ctx, http.MethodGet, fmt.Sprintf("/v1/customers/customer-%d", n*7919%r.Customers), nil, nil); err != nil {
			r.mu.Lock()
			r.failed = errors.Join(r.failed, fmt.Errorf("reading a customer meanwhile: %w", err))
			r.mu.Unlock()
			return
		}
		r.reads.note(time.Since(start))
		if held, err := r.server.memory(); err == nil {
			r.most = max(r.most, held)
		}
	}
}

// sendAgain sends what was refused until it is accepted.
func (r *peakRun) sendAgain(ctx context.Context) error {
	_, err := sendBy(ctx, r.client, r.server.url, func(yield func([]byte) bool) {
		for _, n := range r.again {
			if !yield(r.viewed(n)) {
				return
			}
		}
	}, r.peaking.Connections)
	return err
}

// built waits until the segment is exact.
func (r *peakRun) built(ctx context.Context) (bool, error) {
	for {
		var segment struct{ State string }
		if err := r.server.client.Call(ctx, http.MethodGet, "/v1/segments/built-at-peak", nil, &segment); err != nil || segment.State == "exact" {
			return err == nil, err
		}
		if err := sleepUntil(ctx, time.Now().Add(100*time.Millisecond)); err != nil {
			return false, err
		}
	}
}
