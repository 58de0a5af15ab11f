package rule

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport"
)

func TestReads(t *testing.T) {
	t.Parallel()
	r := mustCompile(t, `customer.country == "SG" && (events("B").within("2h").exists() || events("A").where(e, e.x > 1 && e.y > 1).count() > 2) &&
		segment("vip") && order.total > 3 && customer.country != "" && entry.cart_id == order.cart_id && has(customer.address.city)`, everywhere())
	got := r.Reads()
	if len(got.Facts) != 2 || !slices.IsSorted(got.Facts) {
		t.Errorf("facts %v", got.Facts)
	}
	got.Facts = nil
	want := Reads{
		Traits: []string{"address", "country"}, Events: []string{"A", "B"}, Segments: []string{"vip"},
		Fields: []string{"entry.cart_id", "order.cart_id", "order.total"}, Clock: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := mustCompile(t, `events("B").within("2d").exists()`, Env{}).Reads(); !got.Calendar {
		t.Error("days need the calendar")
	}
	if got := mustCompile(t, `customer.trial > now - duration("720h")`, Env{}).Reads(); !got.Calendar {
		t.Error("what may be a plain date needs the calendar")
	}
	if got := mustCompile(t, `customer.age > 3`, Env{}).Reads(); got.Clock || got.Calendar {
		t.Error("a trait needs no clock")
	}
}

// Rules that mean the same of the past share a fact, whatever their windows,
// their variables' names and the order of their filters.
func TestFactsAreShared(t *testing.T) {
	t.Parallel()
	alike := [][]string{
		{`events("A").where(e, e.x > 1 && e.y > 2).count() > 3`, `events("A").where(z, z.y > 2).within("30d").where(q, q.x > 1).exists()`,
			`events("A").within("2h").where(e, e.y > 2 && e.x > 1 && e.y > 2).last() > ago("1h")`},
		{`events("A").sum(e, e.x) > 1`, `events("A").within("9d").avg(q, q.x) > 2`, `events("A").max(e, e.x) > 1`},
		{`events("A").where(e, e.l.exists(i, i.p > e.q)).exists()`, `events("A").where(i, i.l.exists(e, e.p > i.q)).exists()`},
		{`events("A").distinct(e, e.x) > 1`},
		{`events("A").sum(e, e.y) > 1`},
		{`events("B").exists()`},
	}
	seen := map[FactID]int{}
	for class, texts := range alike {
		for _, text := range texts {
			f := mustCompile(t, text, Env{}).Facts()
			if before, ok := seen[f[0].ID]; ok && before != class {
				t.Errorf("%s shares %s", text, f[0].Key)
			}
			seen[f[0].ID] = class
		}
	}
	if len(seen) != len(alike) {
		t.Errorf("%d facts, want %d", len(seen), len(alike))
	}
}

func TestFactSet(t *testing.T) {
	t.Parallel()
	a, b := mustCompile(t, `events("A").within("2h").count() >= 3`, Env{}), mustCompile(t, `events("A").within("1h").count() > customer.n`, Env{})
	one, both := NewFactSet(a.Facts()...), NewFactSet(append(a.Facts(), b.Facts()...)...)
	if one.Hash() == both.Hash() || both.Hash() != NewFactSet(append(b.Facts(), a.Facts()...)...).Hash() {
		t.Error("the hash must tell what is kept, in any order")
	}
	got := both.ByEvent("A")[0]
	want := Keep{Window: time.Hour, Last: 3, LastWithin: 2 * time.Hour}
	if got.Keep != want || len(both.All()) != 1 || both.Get(got.ID) != got {
		t.Errorf("got %+v", got.Keep)
	}
	if !got.Keep.Covers(a.Facts()[0].Keep) || a.Facts()[0].Keep.Covers(got.Keep) {
		t.Error("the wider covers the narrower")
	}
	if one.All()[0].Keep == want {
		t.Error("a rule's own facts must stay as they are")
	}
}

func TestBucket(t *testing.T) {
	t.Parallel()
	r := mustCompile(t, `bucket("spring", 100) < 30`, Env{})
	other := mustCompile(t, `bucket("autumn", 100) < 30`, Env{})
	c := newCustomer("UTC", t)
	in, both := 0, 0
	const n = 20000
	for i := range n {
		c.id = rapport.CustomerID{byte(i), byte(i >> 8)}
		if r.Eval(c, 0) == Yes {
			in++
			if other.Eval(c, 0) == Yes {
				both++
			}
		}
	}
	if in < n*28/100 || in > n*32/100 || both < n*8/100 || both > n*10/100 {
		t.Errorf("%d of %d are in 30 %%, %d in both", in, n, both)
	}
}

func TestPlanAsJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(shopPlan())
	if err != nil {
		t.Fatal(err)
	}
	var back Plan
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(&back)
	if string(again) != string(data) || !strings.Contains(string(data), `"tags":"list of text"`) {
		t.Errorf("%s\n%s", data, again)
	}
	if err := json.Unmarshal([]byte(`{"customer":{"fields":{"x":"nubmer"}}}`), &back); rapport.KindOf(err) != rapport.Invalid {
		t.Error(err)
	}
}

// Nothing a rule can be asked of anybody makes it panic, and its answer stands
// until its next flip.
func FuzzEval(f *testing.F) {
	for _, s := range []string{
		fiveClauses, `customer.x > 3 && order.items.exists(i, i.a == i.b || i.c.exists(j, j > 3))`, `customer.d.anniversary_in("3d") || customer.d.days_until() / 0 > 1`,
		`events("A").where(e, e.l.sum(i, i.p) > 1).distinct(e, e.x) >= 2`, `customer.d + duration("2w") > now - duration("1h")`, `bucket("a", 7) + customer.x.size() == 3`,
		`customer.x in [1, 2] && customer.x in customer.l && customer.s.lower().contains("a")`, `events("A").within("1d").min(e, e.x) < events("A").within("2h").first().days_since()`,
		`events("A").within("2h").sum(e, e.x, "USD") > events("A").avg(e, e.x, "SGD") || events("A").within("1d").max(e, e.x, "JPY") != 3`,
		`events("A").this("week").followed_by(events("A"), "2h").count() < 2 && events("A").previous("day").not_followed_by(events("A").where(e, e.x > 1), "1d", "x").last() < now`,
		`events("A").between("1d", "80m").distinct(e, e.x) == 1 || events("A").from("2026-02-01").until("2026-03-01T00:00:00Z").sum(e, e.x) > now.hour() * now.year()`,
		`now.weekday() in [1, 7] && (now + duration("3d")).month() != customer.d.month() && events("A").first().day() == now.day()`,
	} {
		f.Add(s, `{"x": 3, "d": "2024-02-29", "l": [1, {"p": 2}], "s": "A"}`, int64(1_770_000_000_000))
	}
	f.Add(`customer.x == 1`, `[1]`, int64(-1))
	zone := newCustomer("Australia/Lord_Howe", f).zone
	f.Fuzz(func(t *testing.T, text, data string, ms int64) {
		r, err := Compile(text, everywhere())
		v, bad := rapport.ParseJSON([]byte(data))
		if err != nil || bad != nil || ms < -6e13 || ms > 2e14 {
			return
		}
		now := rapport.Instant(ms)
		c := &customer{traits: v, zone: zone, facts: map[FactID]*History{}, roots: map[string]rapport.Value{"order": v, "event": v}}
		facts := NewFactSet(r.Facts()...)
		for i := range rapport.Instant(3) {
			c.observe(facts, happening{"A", now - i*5_000_000, v}, now)
		}
		truth, flip := r.Eval(c, now), r.NextFlip(c, now)
		if flip <= now || r.Explain(c, now).Truth != truth {
			t.Fatalf("%s at %v: %v until %v", text, now, truth, flip)
		}
		for _, at := range []rapport.Instant{now + (flip-now)/2, flip - 1} {
			if at < 2e14 && r.Eval(c, at) != truth {
				t.Fatalf("%s: %v at %v, another answer at %v before %v", text, truth, now, at, flip)
			}
		}
		if again, err := Compile(r.Text(), everywhere()); err != nil || again.Eval(c, now) != truth {
			t.Fatalf("%s is %s: %v", text, r.Text(), err)
		}
	})
}

// One rule answers for many customers at once.
func TestRuleIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	r := mustCompile(t, `order.items.exists(i, i.n == customer.n) && events("A").where(e, e.l.all(i, i > 0)).exists()`, everywhere())
	facts := NewFactSet(r.Facts()...)
	for i := range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			c := newCustomer("UTC", t)
			n := rapport.NumberOf(float64(i))
			c.traits = rapport.ObjectOf([]rapport.Value{rapport.TextOf("n"), n})
			c.roots["order"] = rapport.ObjectOf([]rapport.Value{rapport.TextOf("items"), rapport.ListOf([]rapport.Value{c.traits})})
			for range 200 {
				clear(c.facts)
				c.observe(facts, happening{"A", 1, object(t, `{"l": [1, 2]}`)}, 1)
				if got := r.Eval(c, 1); got != Yes {
					t.Fatal(got)
				}
			}
		})
	}
}
