package segment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/rule"
	"rapport/segment"
)

// atRate is a set of two segments under a rate of the dollar.
func atRate(t *testing.T, rate string) *segment.Set {
	t.Helper()
	dollar, err := rule.ParseRate(rate)
	if err != nil {
		t.Fatal(err)
	}
	plan := &rule.Plan{Rates: rule.NewRates("SGD", []rule.Period{{From: 0, Per: map[string]rule.Rate{"USD": dollar}}})}
	s, problems := segment.Compile(map[string]segment.Doc{
		"spender": {Where: `events("A").within("2h").sum(e, e.total, "USD") >= 100`},
		"recent":  {Where: `events("A").within("1h").exists()`},
	}, plan)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return s
}

// Other rates are another definition of the segments that tell money, and of no
// others: these keep what was due.
func TestOtherRatesAreAnotherDefinition(t *testing.T) {
	t.Parallel()
	old, same, fresh := atRate(t, "1.35"), atRate(t, "1.3500"), atRate(t, "1.5")
	if old.Hash() != same.Hash() || old.Hash() == fresh.Hash() {
		t.Error("the hash must tell rates, and no more of them than their worth")
	}
	c, st := newCustomer(old.Facts()), new(segment.State)
	old.Update(st, c, c.fold(happening{at: start, event: "A", stamp: start, total: 135}), start)
	if !st.Member("spender") || !st.Member("recent") {
		t.Fatal("135 SGD are 100 USD")
	}
	later := rapport.Instant(start + hourMillis)
	want := []segment.Change{
		{Segment: "recent", At: start + hourMillis, Cause: segment.ByTime},
		{Segment: "spender", At: later, Cause: segment.ByDefinition},
	}
	if diff := cmp.Diff(want, fresh.Rebase(st, c, later)); diff != "" {
		t.Error(diff)
	}
}
