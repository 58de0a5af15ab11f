package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/flow"
	"rapport/journey"
	"rapport/segment"
)

// seen is what one can tell of a customer.
type seen struct {
	Segments []segment.Membership
	Steps    []string
	Events   int64
}

// look returns every customer as she is at an instant.
func (w *world) look(ws *flow.Workspace, now rapport.Instant) map[rapport.CustomerID]seen {
	w.t.Helper()
	rows, err := w.store.Scan(context.Background(), rapport.CustomerID{}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[rapport.CustomerID]seen{}
	for _, row := range rows {
		l, err := flow.LookAt(context.Background(), w.store, ws, row, now)
		if err != nil {
			w.t.Fatal(err)
		}
		s := seen{Segments: l.Memberships(), Events: l.Record().Events}
		for _, run := range l.Runs() {
			step, _ := ws.Journeys.Of(run).StepAt(run)
			s.Steps = append(s.Steps, fmt.Sprintf("%s until %s", step, run.Due))
		}
		all[row.Customer] = s
	}
	return all
}

func waiting() journey.Doc {
	return journey.Doc{
		Entry:   journey.Entry{Segment: "idle"},
		Reentry: journey.Reentry{After: "1h"},
		Steps:   []journey.Step{{Name: "first", Wait: journey.Wait{For: "5h"}}, {Name: "second", Wait: journey.Wait{For: "7h"}}},
	}
}

// A look into what has not been done yet is what is there once it is done.
func TestLookIsWhatAdvanceComesTo(t *testing.T) {
	t.Parallel()
	rules := map[string]string{
		"regular": `events("Order Completed").within("48h").count() >= 2`,
		"idle":    `events("Order Completed").exists() && !events("Order Completed").within("20h").exists()`,
		"both":    `segment("regular") && segment("idle")`,
	}
	rapid.Check(t, func(rt *rapid.T) {
		ws := build(t, 1, rules, map[string]journey.Doc{"waiting": waiting()})
		w := newWorld(t, ws)
		for range rapid.IntRange(1, 12).Draw(rt, "orders") {
			user := fmt.Sprintf("u%d", rapid.IntRange(0, 2).Draw(rt, "user"))
			w.admit(track(user, "", "Order Completed", `{"total":1}`))
			w.advance(time.Duration(rapid.IntRange(0, 30).Draw(rt, "hours")) * time.Hour)
		}
		then := w.now.Add(time.Duration(rapid.IntRange(0, 80).Draw(rt, "ahead")) * time.Hour)
		before := w.store.Snapshot()
		ahead := w.look(ws, then)
		w.advance(then.Sub(w.now))
		if diff := cmp.Diff(w.look(ws, then), ahead); diff != "" {
			rt.Fatalf("(-done +looked at)\n%s", diff)
		}
		if before.State().Position > w.store.State().Position {
			rt.Fatal("a look has written")
		}
	})
}

// Under a workspace that nobody was brought up to yet, a look builds what it needs.
func TestLookUnderANewWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.admit(track("ana", "", "Order Completed", `{"total":10}`), track("ana", "", "Order Completed", `{"total":200}`), track("bob", "", "Order Completed", `{"total":10}`))
	next := build(t, 2, map[string]string{"big": `events("Order Completed").where(e, e.total > 100).exists()`}, nil)
	in := 0
	for _, s := range w.look(next, w.now) {
		in += len(s.Segments)
	}
	if in != 1 {
		t.Errorf("%d of two are in the new segment", in)
	}
}

// TestCount compares the sizes, due work included, with a look at everybody.
func TestCount(t *testing.T) {
	t.Parallel()
	ws := build(t, 1, map[string]string{"regular": `events("Order Completed").within("48h").count() >= 2`}, nil)
	w := newWorld(t, ws)
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		w.admit(track(fmt.Sprintf("u%d", random.IntN(40)), "", "Order Completed", ""))
		w.now = w.now.Add(time.Duration(random.IntN(60)) * time.Minute)
	}
	w.now = w.now.Add(20 * time.Hour)
	var sizes flow.Sizes
	if _, err := w.engine.Run(context.Background(), w.now, flow.Count(&sizes)); err != nil {
		t.Fatal(err)
	}
	var in int64
	for _, s := range w.look(ws, w.now) {
		in += int64(len(s.Segments))
	}
	if want := (flow.Sizes{Segments: map[string]int64{"regular": in}, Customers: 40, Exact: true, Building: map[string]bool{"regular": false}, Progress: 1}); in == 0 || !cmp.Equal(sizes, want) {
		t.Errorf("counted %+v, looking at everybody gives %+v", sizes, want)
	}
}

func rows(n int) []flow.Row {
	all := make([]flow.Row, n)
	for i := range all {
		e := track("ana", "", "Order Completed", fmt.Sprintf(`{"row":%d}`, i))
		e.MessageID, e.Timestamp, e.ReceivedAt = fmt.Sprintf("import-row-%d", i), start.Add(-time.Hour), start
		all[i] = flow.Row{e}
	}
	return all
}

func TestImportTakesEachRowOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, build(t, 1, nil, nil))
		file := rows(20)
		var done int64
		for done < int64(len(file)) {
			from := rapid.Int64Range(0, done+1).Draw(rt, "from")
			end := rapid.Int64Range(min(from, 20), 20).Draw(rt, "end")
			if rapid.Bool().Draw(rt, "crash") {
				w.store.FailNext(errors.New("the machine died"))
			}
			var reached, again flow.Taken
			part := file[min(from, 20):end]
			errs, err := w.engine.Run(context.Background(), w.now,
				flow.Import("file", from, part, &reached), flow.Import("file", from, part, &again)) // twice in one batch
			w.store.FailNext(nil)
			switch {
			case err != nil: // nothing of it happened
			case from > done && rapport.KindOf(errs[0]) != rapport.Conflict:
				rt.Fatalf("a gap from %d to %d: %v", done, from, errs[0])
			case from <= done:
				done = max(done, end)
				if reached.Rows != done || again.Rows != done {
					rt.Fatalf("%v and %v rows are taken in, %d were sent", reached, again, done)
				}
			}
			// So long apart that no message id is remembered.
			w.now = w.now.Add(3 * flow.DedupeWindow)
		}
		mark, err := w.store.Mark(context.Background(), flow.ImportMark("file"))
		if n, bad := flow.Imported(mark); err != nil || bad != nil || n != 20 {
			rt.Fatal("the mark says", n, err, bad)
		}
		if diff := cmp.Diff([]float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, w.rowsOf("ana")); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// An event that names itself is taken in once, whichever of some files it comes with,
// however much later, and whatever breaks in between.
func TestImportsMayOverlap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, build(t, 1, nil, nil))
		told := map[int]bool{}
		for n := range rapid.IntRange(1, 5).Draw(rt, "files") {
			file := make([]flow.Row, rapid.IntRange(1, 6).Draw(rt, "rows"))
			var repeated []int64
			for i := range file {
				order := rapid.IntRange(0, 9).Draw(rt, "order")
				e := track("ana", "", "Order Completed", fmt.Sprintf(`{"row":%d}`, order))
				e.MessageID, e.Timestamp = fmt.Sprintf("order-%d", order), start.Add(-time.Hour)
				if file[i] = (flow.Row{e}); told[order] {
					repeated = append(repeated, int64(i))
				}
				told[order] = true
			}
			var taken flow.Taken
			call := flow.Import(fmt.Sprint("file ", n), 0, file, &taken)
			if rapid.Bool().Draw(rt, "crash") {
				w.store.FailNext(errors.New("the machine died"))
				if _, err := w.engine.Run(context.Background(), w.now, call); err == nil {
					rt.Fatal("a failure was not told")
				}
			}
			if rapid.Bool().Draw(rt, "restart") {
				w.restart()
			}
			if errs, err := w.engine.Run(context.Background(), w.now, call); err != nil || errs[0] != nil {
				rt.Fatal(err, errs)
			}
			if diff := cmp.Diff(flow.Taken{Rows: int64(len(file)), Repeated: repeated}, taken); diff != "" {
				rt.Fatalf("file %d (-want +got):\n%s", n, diff)
			}
			w.now = w.now.Add(rapid.SampledFrom([]time.Duration{0, 3 * flow.DedupeWindow}).Draw(rt, "later"))
		}
		if got := w.rowsOf("ana"); len(got) != len(told) {
			rt.Fatalf("%d orders are known, %d different ones were told", len(got), len(told))
		}
		var taken flow.Taken
		other := track("ben", "", "Order Completed", `{"row":0}`)
		other.MessageID, other.Timestamp = "order-0", start.Add(-time.Hour)
		if _, err := w.engine.Run(context.Background(), w.now, flow.Import("of another", 0, []flow.Row{{other}}, &taken)); err != nil || taken.Repeated != nil {
			rt.Fatalf("what another customer did is passed over: %v %v", taken, err)
		}
	})
}

// rowsOf returns the rows that stand in a customer's timeline, sorted.
func (w *world) rowsOf(user string) []float64 {
	w.t.Helper()
	id := rapport.Key{1}.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: user}).CustomerID()
	data, err := w.store.Load(context.Background(), []rapport.CustomerID{id})
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := flow.LookAt(context.Background(), w.store, build(w.t, 1, nil, nil), data[0], w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	events, err := flow.Events(context.Background(), w.store, l.Record())
	if err != nil {
		w.t.Fatal(err)
	}
	var found []float64
	for _, e := range events {
		var p struct{ Row float64 }
		if err := json.Unmarshal(e.JSON(), &p); err != nil {
			w.t.Fatal(err)
		}
		found = append(found, p.Row)
	}
	slices.Sort(found)
	return found
}

// A replay of a customer's history comes to what happened.
func TestReplayIsWhatHappened(t *testing.T) {
	t.Parallel()
	doc := journey.Doc{
		Entry: journey.Entry{Event: []string{"Signed Up"}},
		Exit:  []journey.Exit{{Event: []string{"Order Completed"}}},
		Steps: []journey.Step{{Name: "pause", Wait: journey.Wait{For: "5h"}}},
	}
	ws := build(t, 1, nil, map[string]journey.Doc{"welcome": doc})
	w := newWorld(t, ws)
	w.admit(track("ana", "", "Signed Up", ""))
	w.advance(time.Hour)
	w.admit(track("ana", "", "Order Completed", ""))
	w.advance(time.Hour)
	w.admit(track("ana", "", "Signed Up", ""))
	w.advance(9 * time.Hour)
	id := rapport.Key{1}.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: "ana"}).CustomerID()
	data, err := w.store.Load(context.Background(), []rapport.CustomerID{id})
	if err != nil {
		t.Fatal(err)
	}
	l, err := flow.LookAt(context.Background(), w.store, ws, data[0], w.now)
	if err != nil {
		t.Fatal(err)
	}
	for since, want := range map[rapport.Instant][]string{
		0:                        {"entered 0s", "exited exit event 1h0m0s", "entered 2h0m0s", "moved 7h0m0s", "exited finished 7h0m0s"},
		start.Add(2 * time.Hour): {"entered 2h0m0s", "moved 7h0m0s", "exited finished 7h0m0s"},
	} {
		var got []string
		err := flow.Replay(context.Background(), w.store, ws, l.Record(), since, w.now, func(e journey.Effect) {
			text := e.Kind.String()
			if e.Reason != "" {
				text += " " + string(e.Reason)
			}
			got = append(got, text+" "+e.At.Sub(start).String())
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("since %v: %s", since, diff)
		}
	}
}

// Consents that came with a file say so, whatever the file claims; who sends events
// cannot claim that theirs did.
func TestConsentsSayThatTheyWereImported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	carrying := func(purpose string) []byte {
		return fmt.Appendf(nil, `{"consent":{"source":"desk","categoryPreferences":{%q:{"sms":true}}}}`, purpose)
	}
	file := rows(1)
	file[0][0].Context = carrying("marketing")
	var taken flow.Taken
	if errs, err := w.engine.Run(context.Background(), w.now, flow.Import("file", 0, file, &taken)); err != nil || errs[0] != nil {
		t.Fatal(err, errs)
	}
	live := track("ana", "", "Page Seen", "")
	live.Context = carrying("location")
	w.admit(live)
	got := map[string]string{}
	for _, act := range w.records()[0].Consents {
		got[act.Purpose+" "+string(act.Channel)] = act.Source
	}
	if diff := cmp.Diff(map[string]string{"marketing sms": "import", "location sms": "context.consent"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
