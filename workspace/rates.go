package workspace

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/text/currency"

	"rapport"
	"rapport/internal/strictyaml"
	"rapport/rule"
)

// RatesDoc is what a marketer says of rates of exchange. A workspace has one.
type RatesDoc struct {
	Description string       `json:"description" doc:"Where the rates come from"`
	Base        string       `json:"base" required:"true" doc:"The currency that rates are told in, by its three letters, such as SGD; an amount whose event names no currency is in it"`
	Periods     []RatePeriod `json:"periods" required:"true" doc:"The rates that hold from a day on until the next period's, the oldest first"`
}

// RatePeriod is the rates from a day on.
type RatePeriod struct {
	From string              `json:"from" required:"true" doc:"The day that they hold from, beginning at midnight UTC, such as 2026-01-01"`
	Per  map[string]RateText `json:"per" required:"true" doc:"How many units of the base one unit of a currency is worth, such as USD: 1.35; at most 12 digits after the point"`
}

// RateText is a rate as [rule.ParseRate] reads it, digit by digit.
type RateText string

// UnmarshalText reads a rate.
func (r *RateText) UnmarshalText(text []byte) error {
	_, err := rule.ParseRate(string(text))
	*r = RateText(text)
	return err
}

// SchemaType says that a rate is written as a number.
func (RateText) SchemaType() string { return "number" }

// What a document of rates may hold: a rate for every day of ten years, and a fact
// of each currency for whatever is told in one.
const (
	maxPeriods    = 4000
	maxCurrencies = 50
)

// rates reads the one document of rates; nil if there is none. One with problems
// knows its currencies all the same, so that rules are judged by them.
func (c *compiler) rates() *rule.Rates {
	docs := decode[RatesDoc](c, "rates")
	names := slices.Sorted(maps.Keys(docs))
	if len(names) == 0 {
		return nil
	}
	for _, name := range names[1:] {
		c.add("rates", name, "name", fmt.Sprintf("there are rates already, %q: a workspace has one document of them, so write all periods there", names[0]))
	}
	r := rateReader{c: c, name: names[0], doc: docs[names[0]], known: map[string]bool{}}
	return r.read()
}

// rateReader checks a document of rates and says what is wrong with it.
type rateReader struct {
	c     *compiler
	name  string
	doc   RatesDoc
	known map[string]bool // currencies that have had a rate
}

func (r *rateReader) fail(path, format string, args ...any) {
	r.c.add("rates", r.name, path, fmt.Sprintf(format, args...))
}

func (r *rateReader) read() *rule.Rates {
	r.currency("base", r.doc.Base)
	switch n := len(r.doc.Periods); {
	case n == 0 && r.c.trees[key{"rates", r.name}].Has("periods"):
		r.fail("periods", "there is no period: write at least one, such as - { from: 2026-01-01, per: { USD: 1.35 } }")
	case n > maxPeriods:
		r.fail("periods", "there are more than %d periods: leave out the oldest", maxPeriods)
		return rule.NewRates(r.doc.Base, nil)
	}
	var periods []rule.Period
	for i, p := range r.doc.Periods {
		path := strictyaml.Index("periods", i)
		from, ok := r.day(strictyaml.Key(path, "from"), p.From)
		if ok && len(periods) > 0 && from <= periods[len(periods)-1].From {
			r.fail(strictyaml.Key(path, "from"), "%s is not after the period above it: put the periods in order, each day once", p.From)
		}
		periods = append(periods, rule.Period{From: from, Per: r.per(strictyaml.Key(path, "per"), p)})
	}
	if len(r.known) > maxCurrencies {
		r.fail("periods", "there are rates of more than %d currencies: leave out those you are not paid in", maxCurrencies)
	}
	return rule.NewRates(r.doc.Base, periods)
}

func (r *rateReader) day(path, text string) (rapport.Instant, bool) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil && text != "" {
		r.fail(path, "%q is no day: write it as 2026-01-01", text)
	}
	return rapport.InstantOf(t), err == nil
}

// per reads the rates of a period.
func (r *rateReader) per(path string, p RatePeriod) map[string]rule.Rate {
	rates := map[string]rule.Rate{}
	for _, code := range slices.Sorted(maps.Keys(p.Per)) {
		at := strictyaml.Key(path, code)
		if code == r.doc.Base {
			r.fail(at, "%s is the base, so one of it is worth one: leave it out", code)
			continue
		}
		if r.currency(at, code) {
			rates[code], _ = rule.ParseRate(string(p.Per[code])) // it was parsed when it was read
		}
	}
	switch {
	case p.Per == nil: // which has been told
	case len(p.Per) == 0:
		r.fail(path, "there is no rate: write at least one, such as USD: 1.35")
	default:
		r.again(path, p.Per)
	}
	for code := range rates {
		r.known[code] = true
	}
	return rates
}

// again checks that what had a rate before has one in a period, so that none is
// old without anybody's having said so.
func (r *rateReader) again(path string, per map[string]RateText) {
	for _, code := range slices.Sorted(maps.Keys(r.known)) {
		if _, there := per[code]; !there {
			r.fail(path, "%s had a rate before and has none in this period: write it again, even if it is the same", code)
		}
	}
}

// currency checks a code of ISO 4217.
func (r *rateReader) currency(path, code string) bool {
	unit, err := currency.ParseISO(code)
	good := err == nil && unit.String() == code
	if !good && code != "" {
		r.fail(path, "%q is no currency: write its three capital letters, such as SGD, EUR or JPY", code)
	}
	return good
}
