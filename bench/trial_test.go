package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rapport/client"
)

// trialOn returns a trial whose server is a pretended one in this process.
func trialOn(t *testing.T, h http.HandlerFunc) *trial {
	t.Helper()
	web := httptest.NewServer(h)
	t.Cleanup(web.Close)
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCrowd(Shape{Customers: 100, Spread: "zipf"}, 1, time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{command: &exec.Cmd{Process: self}, url: web.URL, client: client.New(web.URL, "key")}
	return &trial{o: Trial{Customers: 100, Reads: 2, Rate: 5000, Phase: time.Millisecond}, crowd: c, server: s}
}

func TestAWrongSizeIsNoFigure(t *testing.T) {
	t.Parallel()
	tell := func(size int64) *trial {
		return trialOn(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"size":%d,"state":"exact"}`, size) })
	}
	if s, err := tell(0).sizeIdle(t.Context()); err != nil || s.Latency.Requests != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := tell(1).sizeIdle(t.Context()); err == nil {
		t.Errorf("a size that is wrong was reported: %+v", s)
	}
}

func TestABuildingSegmentIsWaitedFor(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	trial := trialOn(t, func(w http.ResponseWriter, _ *http.Request) {
		state := "building"
		if asked.Add(1) == 3 {
			state = "exact"
		}
		fmt.Fprintf(w, `{"size":7,"state":"%s"}`, state)
	})
	if s, err := trial.settled(t.Context(), "measured"); err != nil || s.Size != 7 || asked.Load() != 3 {
		t.Errorf("%+v, %v after %d times", s, err, asked.Load())
	}
}

func TestAWrongPreviewIsNoFigureIfItSaysThatItIsExact(t *testing.T) {
	t.Parallel()
	tell := func(answer string) *trial {
		return trialOn(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })
	}
	for answer, fine := range map[string]bool{
		`{"count":0,"exact":true,"scanned":100,"customers":100}`:  true,
		`{"count":1,"exact":true,"scanned":100,"customers":100}`:  false,
		`{"count":0,"exact":true,"scanned":100,"customers":101}`:  false,
		`{"count":1,"exact":false,"scanned":50,"customers":1000}`: true,
	} {
		p, err := tell(answer).preview(t.Context(), keptQuestion())
		if (err == nil) != fine {
			t.Errorf("%s: %+v, %v", answer, p, err)
		}
	}
}

// batchSize returns how many events a request has.
func batchSize(r *http.Request) int {
	var body struct{ Batch []json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return 0
	}
	return len(body.Batch)
}

func TestASteadyStreamCountsWhatItSent(t *testing.T) {
	t.Parallel()
	var taken atomic.Int64
	enough := make(chan struct{})
	trial := trialOn(t, func(w http.ResponseWriter, r *http.Request) {
		if taken.Add(int64(batchSize(r))) == 200 {
			close(enough)
		}
		_, _ = io.WriteString(w, `{"success":true}`)
	})
	s, err := trial.during(t.Context(), func(ctx context.Context) error {
		select {
		case <-enough:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := int(taken.Load()); s.Events != n || trial.sent != n || trial.crowd.made != n || s.Latency.Requests*steadyBatch != n {
		t.Errorf("%d events were taken; %+v, %d sent, %d made", n, s, trial.sent, trial.crowd.made)
	}
}

func TestASteadyStreamThatIsRefusedIsNoFigure(t *testing.T) {
	t.Parallel()
	trial := trialOn(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"success":true,"refused":[{"index":0}]}`)
	})
	_, err := trial.during(t.Context(), func(ctx context.Context) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
	if err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	failing := errors.New("this work fails")
	fine := trialOn(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"success":true}`) })
	if _, err := fine.during(t.Context(), func(context.Context) error { return failing }); !errors.Is(err, failing) {
		t.Errorf("the error of the work was lost: %v", err)
	}
}

func TestBatchesHoldEveryEvent(t *testing.T) {
	t.Parallel()
	for n := range 8 {
		events := slices.Repeat([][]byte{[]byte(`{}`)}, n)
		lazy := slices.Collect(batches(slices.Values(events), 3))
		if eager := Batches(events, 3); !slices.EqualFunc(lazy, eager, slices.Equal) {
			t.Errorf("%d events: %q instead of %q", n, lazy, eager)
		}
	}
}

func TestWhatNoRunCanBeDoneWith(t *testing.T) {
	t.Parallel()
	good := Trial{Customers: 10, History: 1, Events: 1, Spread: "zipf", Batch: 1, Connections: 1, Rate: 1, Phase: 1, Reads: 1}
	for name, spoil := range map[string]func(*Trial){
		"customers": func(o *Trial) { o.Customers = 1 }, "history": func(o *Trial) { o.History = 0 }, "events": func(o *Trial) { o.Events = 0 },
		"spread": func(o *Trial) { o.Spread = "even" }, "batch": func(o *Trial) { o.Batch = 0 }, "reads": func(o *Trial) { o.Reads = 0 },
	} {
		o := good
		spoil(&o)
		if _, err := newTrial(o, 1, 0); err == nil {
			t.Errorf("a trial without %s was begun", name)
		}
	}
	if _, err := Segment(t.Context(), good, []int{1, 2}, []int{1}); err == nil {
		t.Error("two numbers of segments were taken with one of journeys")
	}
}

func TestAProgramThatEndsIsSaidToHaveEnded(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("false")
	if err != nil {
		t.Skip("there is no program that fails at once")
	}
	o := Trial{Program: program, Customers: 10, History: 1, Events: 1, Spread: "zipf", Batch: 1, Connections: 1, Reads: 1}
	if _, err := Grow(t.Context(), o, 1, 0, []int{10}); err == nil || !strings.Contains(err.Error(), "it ended at once: exit status 1") {
		t.Errorf("the error is %v", err)
	}
}
