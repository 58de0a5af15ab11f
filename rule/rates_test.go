package rule

import (
	"math"
	"slices"
	"strings"
	"testing"

	"rapport"
)

func TestParseRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Rate{
		"1.35": 1_350_000_000_000, "0.038": 38_000_000_000, "1": one, "0.000000000001": 1, "8999999.999999999999": maxRate - 1,
		"2.50000000000000": 2_500_000_000_000, "007": 7 * one,
	} {
		if got, err := ParseRate(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "is no rate", ".5": "is no rate", "1.": "is no rate", "1e3": "is no rate", "-1": "is no rate", "1,35": "is no rate", "0": "above zero", "0.000": "above zero",
		"0.0000000000001": "at most 12 digits", "9000000": "below 9000000", "99999999999999999999": "below 9000000",
	} {
		if _, err := ParseRate(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestConvert(t *testing.T) {
	t.Parallel()
	r := NewRates("SGD", []Period{
		{100, map[string]Rate{"USD": 1_350_000_000_000, "XAA": 500_000_000_000, "XBB": maxRate - 1, "XCC": 1}},
		{200, map[string]Rate{"USD": 1_500_000_000_000, "XAA": 2 * one}},
	})
	for _, c := range []struct {
		micros   int64
		from, to string
		at       rapport.Instant
		want     int64
		ok       bool
	}{
		{100, "USD", "SGD", 99, 0, false}, {100, "USD", "SGD", 100, 135, true}, {100, "USD", "SGD", 199, 135, true}, {100, "USD", "SGD", 200, 150, true},
		{100, "SGD", "SGD", -5, 100, true}, {100, "USD", "USD", -5, 100, true}, {100, "EUR", "SGD", 150, 0, false}, {100, "SGD", "EUR", 150, 0, false},
		{1, "XAA", "SGD", 100, 0, true}, {3, "XAA", "SGD", 100, 2, true}, {5, "XAA", "SGD", 100, 2, true}, {-3, "XAA", "SGD", 100, -2, true}, {-1, "XAA", "SGD", 100, 0, true},
		{100, "XAA", "USD", 100, 37, true}, {100, "XAA", "USD", 250, 133, true}, {100, "XBB", "SGD", 200, 0, false},
		{math.MaxInt64, "XBB", "XCC", 100, math.MaxInt64, true}, {math.MinInt64, "XBB", "XCC", 100, -math.MaxInt64, true},
		{math.MaxInt64, "XCC", "XBB", 100, 1, true}, {math.MaxInt64, "USD", "SGD", 100, math.MaxInt64, true},
	} {
		if got, ok := r.Convert(c.micros, c.from, c.to, c.at); got != c.want || ok != c.ok {
			t.Errorf("%d %s in %s at %d: %d, %v", c.micros, c.from, c.to, c.at, got, ok)
		}
	}
}

func TestAmountText(t *testing.T) {
	t.Parallel()
	for want, micros := range map[string]int64{
		"120.00 SGD": 120_000_000, "0.50 SGD": 500_000, "-0.000001 SGD": -1, "120 JPY": 120_000_000, "0.5 JPY": 500_000, "1.500 KWD": 1_500_000,
		"-9223372036854.775808 SGD": math.MinInt64, "0 JPY": 0,
	} {
		if got := amountText(micros, want[len(want)-3:]); got != want {
			t.Errorf("%d: %s, want %s", micros, got, want)
		}
	}
}

// Other rates change what a rule means, but not what is kept of the past for it.
func TestRatesChangeNoFacts(t *testing.T) {
	t.Parallel()
	const text = `events("A").sum(e, e.x, "SGD") > 1 && events("A").within("30d").max(e, e.x, "USD") > 1`
	rates := func(periods ...Period) Env { return Env{Plan: &Plan{Rates: NewRates("SGD", periods)}} }
	before := mustCompile(t, text, rates(Period{1, map[string]Rate{"USD": 3}}))
	after := mustCompile(t, text, rates(Period{1, map[string]Rate{"USD": 4}}, Period{2, map[string]Rate{"USD": 3}}))
	if !slices.EqualFunc(before.Facts(), after.Facts(), func(f, g Fact) bool { return f.Key == g.Key && f.Keep == g.Keep }) {
		t.Error("the facts are others")
	}
	if before.Definition() == after.Definition() || before.Text() != after.Text() {
		t.Error("the definition must tell the rates")
	}
	if same := mustCompile(t, text, rates(Period{1, map[string]Rate{"USD": 3}})); same.Definition() != before.Definition() {
		t.Error("the same rates are another definition")
	}
	if plain := mustCompile(t, `events("A").sum(e, e.x) > 1`, rates()); plain.Definition() != plain.Text() {
		t.Error("a rule that reads no rates must not change with them")
	}
	_, err := ParseType("money")
	if based := mustCompile(t, text, Env{Plan: &Plan{Rates: NewRates("USD", []Period{{1, map[string]Rate{"SGD": 3}}})}}); err != nil || len(based.Facts()) != len(before.Facts()) {
		t.Error("another base must keep the same")
	}
}

// Where a record was made smaller there is no sum rather than a wrong one.
func TestMoneyOfWhatIsNotKept(t *testing.T) {
	t.Parallel()
	r := mustCompile(t, `events("Order Completed").sum(e, e.total, "SGD") > 1`, Env{Plan: shopPlan()})
	c := newCustomer("UTC", t)
	now := instant(t, "2026-11-22T00:00:00Z")
	for i := range 4 {
		c.observe(NewFactSet(r.Facts()...), happening{"Order Completed", now - rapport.Instant(i), object(t, `{"total": 9, "currency": "THB"}`)}, now)
	}
	if got := r.Eval(c, now); got != Yes {
		t.Fatal(got)
	}
	for _, h := range c.facts {
		h.Points = h.Points[2:]
	}
	trace := r.Explain(c, now)
	if trace.Truth != Unknown || trace.Saw != "amounts in THB are not all kept any more" || !strings.HasSuffix(trace.Change, "would have to hold") {
		t.Errorf("%+v", trace)
	}
}
