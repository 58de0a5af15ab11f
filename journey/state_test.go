package journey_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"rapport"
	"rapport/journey"
)

// someState draws what a customer's state may be after some time in a few journeys.
func someState(t *rapid.T, x *journey.Set, name string) *journey.State {
	st := &journey.State{}
	who := newCustomer(x.Journeys()...)
	for i, f := range someFacts(t, []string{"in", "in", "out", "buy", "else"}) {
		e := newEvent(t, fmt.Sprint(name, i), f.name, rapport.Instant(f.at), fmt.Sprintf(`{"k":%q}`, f.key))
		for st.Next() < rapport.Instant(f.now) {
			x.Step(st, journey.Input{}, who, st.Next())
		}
		who.fold(e, rapport.Instant(f.now))
		x.Step(st, journey.Input{Event: e}, who, rapport.Instant(f.now))
	}
	return st
}

func deepSet(t testing.TB) *journey.Set {
	return journey.NewSet([]*journey.Journey{mustCompile(t, "deep", deep), mustCompile(t, "never", `
entry: { event: [in, else] }
key: event.k
reentry: { after: never }
goal: { event: buy, where: event.k == entry.k, within: 1h }
steps: [ { wait: 1m } ]`)})
}

func TestStateIsReadAsWritten(t *testing.T) {
	t.Parallel()
	x := deepSet(t)
	rapid.Check(t, func(t *rapid.T) {
		st := someState(t, x, "m")
		data := st.AppendBinary(nil)
		got, err := journey.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(st, got, journey.Inside(), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-written +read):\n%s", diff)
		}
		for n := range data {
			if _, err := journey.Decode(data[:n]); n > 0 && err == nil {
				t.Fatalf("the first %d of %d bytes are a state", n, len(data))
			}
		}
	})
}

// A later version may append fields to an item; this one passes over them.
func TestLaterFieldsArePassedOver(t *testing.T) {
	t.Parallel()
	x := journey.NewSet([]*journey.Journey{mustCompile(t, "cart", cart)})
	want := &journey.State{}
	x.Step(want, journey.Input{Event: newEvent(t, "1", "Cart Updated", start, "")}, newCustomer(), start)
	got, err := journey.Decode(journey.WithLaterFields(want.Runs()[0], 1, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, journey.Inside(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMergeHasNoOrder(t *testing.T) {
	t.Parallel()
	x := deepSet(t)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := someState(t, x, "a"), someState(t, x, "b"), someState(t, x, "c")
		const now = start + 3*60_000
		merged := func(a, b *journey.State) *journey.State {
			m, _ := x.Merge(a, b, now)
			return m
		}
		want := merged(merged(a, b), c)
		for _, got := range []*journey.State{merged(c, merged(b, a)), merged(merged(a, c), b), merged(merged(merged(a, b), c), b)} {
			if diff := cmp.Diff(want, got, journey.Inside(), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("in another order (-want +got):\n%s", diff)
			}
		}
		_, effects := x.Merge(a, b, now)
		alive := map[string]rapport.Instant{}
		for _, r := range merged(a, b).Runs() {
			alive[fmt.Sprint(r.Journey, r.Key)] = r.Entered
		}
		for _, r := range append(append([]journey.Run{}, a.Runs()...), b.Runs()...) {
			if entered, ok := alive[fmt.Sprint(r.Journey, r.Key)]; !ok || entered > r.Entered {
				t.Fatalf("an older run of key %q did not survive", r.Key)
			}
		}
		if len(effects) != len(a.Runs())+len(b.Runs())-len(alive) {
			t.Fatalf("%d ends are told", len(effects))
		}
	})
}

// Two profiles become one: the purchase that one knows of ends the cart of the other.
func TestMergeEndsWhatShouldHaveEnded(t *testing.T) {
	t.Parallel()
	x := journey.NewSet([]*journey.Journey{mustCompile(t, "cart", cart)})
	who := newCustomer(x.Journeys()...)
	known, anonymous := &journey.State{}, &journey.State{}
	x.Step(anonymous, journey.Input{Event: newEvent(t, "1", "Cart Updated", start, `{"cart_id":"a"}`)}, who, start)
	x.Step(anonymous, journey.Input{Event: newEvent(t, "2", "Cart Updated", start, `{"cart_id":"b"}`)}, who, start)
	x.Step(known, journey.Input{Event: newEvent(t, "3", "Order Completed", start+1, `{"cart_id":"a"}`)}, who, start+1)
	m, lost := x.Merge(known, anonymous, start+2)
	if len(lost) > 0 || len(m.Runs()) != 2 {
		t.Fatalf("lost %v", lost)
	}
	m, err := journey.Decode(m.AppendBinary(nil))
	if err != nil {
		t.Fatal(err)
	}
	effects := x.Step(m, journey.Input{}, who, start+2)
	if len(effects) != 1 || effects[0].Kind != journey.Exited || effects[0].Key != "a" || effects[0].Reason != journey.ByExitEvent {
		t.Errorf("effects %+v", effects)
	}
}

const cart = `
entry: { event: Cart Updated }
key: event.cart_id
reentry: { running: restart }
exit:
  - { event: Order Completed, where: '!has(event.cart_id) || event.cart_id == entry.cart_id' }
steps:
  - { name: quiet, wait: 1h }
  - send: { template: t, channel: email, class: promotional }
`

func TestLimits(t *testing.T) {
	t.Parallel()
	x := journey.NewSet([]*journey.Journey{mustCompile(t, "cart", cart)})
	who, st := newCustomer(), &journey.State{}
	enter := func(i int, now rapport.Instant) journey.Effect {
		json := fmt.Sprintf(`{"cart_id":%d}`, i)
		return x.Step(st, journey.Input{Event: newEvent(t, fmt.Sprint(i, now), "Cart Updated", now, json)}, who, now)[0]
	}
	for i := range journey.MaxRuns {
		if f := enter(i, start); f.Kind != journey.Entered {
			t.Fatalf("run %d: %s %s", i, f.Kind, f.Reason)
		}
	}
	if f := enter(journey.MaxRuns, start); f.Kind != journey.Refused || f.Reason != journey.TooManyRuns {
		t.Errorf("one run more: %s %s", f.Kind, f.Reason)
	}
	if f := enter(0, start); f.Kind != journey.Restarted {
		t.Errorf("a restart needs no room: %s %s", f.Kind, f.Reason)
	}
	x.Step(st, journey.Input{Event: newEvent(t, "o", "Order Completed", start+1, `{"cart_id":7}`)}, who, start+1)
	if f := enter(journey.MaxRuns, start+1); f.Kind != journey.Entered {
		t.Errorf("room was made: %s %s", f.Kind, f.Reason)
	}
}

// However large what starts and ends runs is, what is kept stays small.
func TestStateStaysSmall(t *testing.T) {
	t.Parallel()
	x := journey.NewSet([]*journey.Journey{mustCompile(t, "cart", cart)})
	who, st, other := newCustomer(), &journey.State{}, &journey.State{}
	long := strings.Repeat("x", 3000)
	for i := range 300 {
		now := start + rapport.Instant(i)
		for n, half := range []*journey.State{st, other} {
			json := fmt.Sprintf(`{"cart_id":"%d-%d","note":%q}`, i, n, long)
			x.Step(half, journey.Input{Event: newEvent(t, fmt.Sprint(i), "Cart Updated", now, json)}, who, now)
			json = fmt.Sprintf(`{"cart_id":"%d-%d-%s"}`, i, n, long)
			x.Step(half, journey.Input{Event: newEvent(t, fmt.Sprint("o", i), "Order Completed", now, json)}, who, now)
		}
	}
	merged, _ := x.Merge(st, other, start+300)
	for _, half := range []*journey.State{st, other, merged} {
		if n := len(half.AppendBinary(nil)); n > 40<<10 || len(half.Runs()) < 5 {
			t.Errorf("%d runs take %d bytes", len(half.Runs()), n)
		}
	}
}

// Ends that forbid another run are never forgotten for want of room; entries are
// refused before that.
func TestNeverIsNever(t *testing.T) {
	t.Parallel()
	x := journey.NewSet([]*journey.Journey{mustCompile(t, "once", `
entry: { event: in }
key: event.k
reentry: { after: never }
steps: [ { stop: true } ]`)})
	who, st := newCustomer(), &journey.State{}
	kinds := map[string]int{}
	for round := range 2 {
		for i := range journey.MaxEnds + 50 {
			e := newEvent(t, fmt.Sprint(round, i), "in", start, fmt.Sprintf(`{"k":%d}`, i))
			f := x.Step(st, journey.Input{Event: e}, who, start)[0]
			kinds[f.Kind.String()+" "+string(f.Reason)]++
		}
	}
	want := map[string]int{"entered ": journey.MaxEnds, "refused too many runs": 100, "refused reentry": journey.MaxEnds}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMemoryOfExitsIsBounded(t *testing.T) {
	t.Parallel()
	x := journey.NewSet([]*journey.Journey{mustCompile(t, "cart", cart)})
	who, st := newCustomer(), &journey.State{}
	for i := range 100 {
		e := newEvent(t, fmt.Sprint(i), "Order Completed", start+rapport.Instant(i), fmt.Sprintf(`{"cart_id":%d,"total":9}`, i))
		x.Step(st, journey.Input{Event: e}, who, start+rapport.Instant(i))
	}
	if n, first := st.Heard(); n != journey.MaxHeard || first != `{"cart_id":84}` {
		t.Errorf("%d remembered, the first %s", n, first)
	}
	x.Step(st, journey.Input{Event: newEvent(t, "x", "Cart Updated", start+1<<40, "")}, who, start+1<<40)
	if n, _ := st.Heard(); n != 0 {
		t.Errorf("%d are remembered for ever", n)
	}
}

// Of more runs than one customer may have the oldest live on.
func TestMergeKeepsTheLimit(t *testing.T) {
	t.Parallel()
	x := journey.NewSet([]*journey.Journey{mustCompile(t, "cart", cart)})
	who, a, b := newCustomer(), &journey.State{}, &journey.State{}
	for i := range 150 {
		now := rapport.Instant(start + i)
		x.Step(a, journey.Input{Event: newEvent(t, fmt.Sprint("a", i), "Cart Updated", now, fmt.Sprintf(`{"cart_id":"a%d"}`, i))}, who, now)
		x.Step(b, journey.Input{Event: newEvent(t, fmt.Sprint("b", i), "Cart Updated", now, fmt.Sprintf(`{"cart_id":"b%d"}`, i))}, who, now)
	}
	m, lost := x.Merge(a, b, start+1000)
	if len(m.Runs()) != journey.MaxRuns || len(lost) != 100 {
		t.Fatalf("%d runs live on, %d end", len(m.Runs()), len(lost))
	}
	for _, f := range lost {
		if f.Kind != journey.Exited || f.Reason != journey.OverLimit || f.Journey != "cart" {
			t.Errorf("%+v", f)
		}
	}
	if last := m.Runs()[journey.MaxRuns-1]; last.Entered != start+99 {
		t.Errorf("the youngest that lives on began at %s", last.Entered)
	}
}

func TestKeepEntry(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3000)
	for name, c := range map[string]struct{ in, want string }{
		"none":          {"", ""},
		"as it is":      {`{ "a" : 1 }`, `{ "a" : 1 }`},
		"largest first": {`{"cart_id":"c","html":"` + long + `","list":["` + long + `1"],"total":3}`, `{"cart_id":"c","html":"` + long + `","total":3}`},
		"no object":     {`["` + long + long + `"]`, ""},
		"no JSON":       {long + long, ""},
		"one property":  {`{"a":"` + long + long + `"}`, "{}"},
	} {
		if got := string(journey.KeepEntry([]byte(c.in))); got != c.want {
			t.Errorf("%s: %.80q", name, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var pairs []rapport.Value
		for i := range rapid.IntRange(0, 12).Draw(t, "properties") {
			pairs = append(pairs, rapport.TextOf(fmt.Sprint("p", i)), rapport.TextOf(strings.Repeat("é", rapid.IntRange(0, 1000).Draw(t, "length"))))
		}
		whole := rapport.ObjectOf(pairs)
		kept := journey.KeepEntry(whole.AppendJSON(nil))
		v, err := rapport.ParseJSON(kept)
		if err != nil || len(kept) > journey.MaxEntry {
			t.Fatalf("%d bytes, %v", len(kept), err)
		}
		for i := range v.Len() {
			if name, value := v.Pair(i); !whole.Get(name).Equal(value) {
				t.Fatalf("property %s was changed", name)
			}
		}
	})
}

func TestLongKeys(t *testing.T) {
	t.Parallel()
	j := mustCompile(t, "deepkey", "entry: { event: in }\nkey: event.order.id\nsteps: [ { wait: 1h } ]")
	key := func(json string) string { return j.KeyOf(newEvent(t, "", "in", start, json)) }
	for json, want := range map[string]string{
		`{}`:                         "",
		`{"order":null}`:             "",
		`{"order":{"id":42}}`:        "42",
		`{"order":{"id":"42"}}`:      "42",
		`{"order":{"id":[1,"a"]}}`:   `[1,"a"]`,
		`{"order":"no object here"}`: "",
	} {
		if got := key(json); got != want {
			t.Errorf("key of %s is %q, want %q", json, got, want)
		}
	}
	a, b := key(`{"order":{"id":"`+strings.Repeat("x", 500)+`a"}}`), key(`{"order":{"id":"`+strings.Repeat("x", 500)+`b"}}`)
	if len(a) > journey.MaxKey || a == b {
		t.Errorf("long keys %q and %q", a, b)
	}
}

// Something that comes very late is done as of when it was due.
func TestLateTimersKeepTheirInstants(t *testing.T) {
	t.Parallel()
	x := journey.NewSet([]*journey.Journey{mustCompile(t, "two", `
entry: { event: in }
steps: [ { wait: 1h }, { wait: 2h }, { send: { template: t, channel: email, class: content } } ]`)})
	who, st := newCustomer(), &journey.State{}
	x.Step(st, journey.Input{Event: newEvent(t, "1", "in", start, "")}, who, start)
	var at []rapport.Instant
	for _, f := range x.Step(st, journey.Input{}, who, start+100*3_600_000) {
		at = append(at, (f.At-start)/3_600_000)
	}
	if diff := cmp.Diff([]rapport.Instant{1, 3, 3, 3}, at); diff != "" {
		t.Errorf("hours (-want +got):\n%s", diff)
	}
	if !st.IsEmpty() || st.Next() != rapport.Never {
		t.Errorf("something is left: %+v", st)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{journey.Encoding, 0, 0, 0})
	x := deepSet(f)
	who, st := newCustomer(x.Journeys()...), &journey.State{}
	for i, name := range []string{"in", "out", "else", "buy", "in"} {
		now := rapport.Instant(start + i*90_000)
		x.Step(st, journey.Input{Event: newEvent(f, fmt.Sprint(i), name, now-5, `{"k":"a"}`)}, who, now)
		f.Add(st.AppendBinary(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		st, err := journey.Decode(data)
		if err != nil {
			if rapport.KindOf(err) != rapport.Internal {
				t.Fatal(err)
			}
			return
		}
		written := st.AppendBinary(nil)
		again, err := journey.Decode(written)
		if err != nil {
			t.Fatalf("what was read can't be written and read: %v", err)
		}
		if !bytes.Equal(written, again.AppendBinary(nil)) {
			t.Fatal("the second reading differs from the first")
		}
		x.Step(st, journey.Input{Event: newEvent(t, "f", "in", start, `{"k":"a"}`)}, who, start)
	})
}

// Runs that ended and only wait for their goal make room, the oldest first.
func TestGoalsMakeRoom(t *testing.T) {
	t.Parallel()
	x := journey.NewSet([]*journey.Journey{mustCompile(t, "quick", `
entry: { event: in }
key: event.k
goal: { event: buy, where: event.k == entry.k, within: 1h }
steps: [ { stop: true } ]`)})
	who, st := newCustomer(), &journey.State{}
	give := func(name string, k int) []journey.Effect {
		return x.Step(st, journey.Input{Event: newEvent(t, fmt.Sprint(name, k), name, start, fmt.Sprintf(`{"k":%d}`, k))}, who, start)
	}
	for i := range journey.MaxEnds + 1 {
		if f := give("in", i)[0]; f.Kind != journey.Entered {
			t.Fatalf("run %d: %s %s", i, f.Kind, f.Reason)
		}
	}
	for k, want := range map[int]int{0: 0, 1: 1, journey.MaxEnds: 1} {
		if got := len(give("buy", k)); got != want {
			t.Errorf("the goal of run %d was reached %d times, want %d", k, got, want)
		}
	}
}
