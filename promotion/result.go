package promotion

import (
	"cmp"
	"slices"
	"time"

	"rapport"
	"rapport/rule"
)

// Result is what an order comes to. Amounts are minor units of its currency.
type Result struct {
	Currency string
	Lines    []Line // of the order in its order, then those that offers add
	Shipping int64  // before any offer
	Applied  []Applied
	Refused  []Refused // in the order of the offers' names, codes last
	Exact    bool      // no other combination comes to more; false if the search was cut short
}

// Line is one line of an order with what was taken off it.
type Line struct {
	ID      string // empty for one that an offer adds
	Product string
	Name    string // of one that is added
	Units   int64
	Amount  int64 // before any offer
	Parts   []Share
	Added   bool
}

// Share is what one offer takes off one line, or off the shipping.
type Share struct {
	Offer  string
	Code   string
	Amount int64
	Whole  bool // it was taken off the order as a whole, and this is the line's share
}

// Discount returns what is taken off the line in all.
func (l *Line) Discount() (sum int64) {
	for _, p := range l.Parts {
		sum += p.Amount
	}
	return sum
}

// Applied is an offer that the order gets. What the order comes to is told of its
// lines, without the shipping: Initial before any offer, Before and After this one.
type Applied struct {
	Offer, Code, Title     string
	Initial, Before, After int64
	Discount               int64 // with what is taken off the shipping, and what comes for nothing
	Shipping               int64 // of this, taken off the shipping
}

// Reason says why an offer does not apply, in a word for programs.
type Reason string

// The reasons.
const (
	NoSuchCode    Reason = "no_such_code"
	SwitchedOff   Reason = "switched_off"
	NotNow        Reason = "not_now"
	Expired       Reason = "expired"
	NotHers       Reason = "not_hers"
	NoAmount      Reason = "no_amount"
	UsedUp        Reason = "used_up"
	RuleFails     Reason = "rule"
	NothingToTake Reason = "nothing_to_take"
	OncePerOrder  Reason = "once_per_order"
	BetterOffer   Reason = "better_offer" // others come to more, and it does not go along with them
	WithOthers    Reason = "with_others"  // another code that was shown does not apply
)

// Refused is an offer that the order does not get, and why.
type Refused struct {
	Offer, Code string
	Reason      Reason
	Text        string          // a sentence
	Change      string          // the smallest change that would let it apply, empty if there is none
	From        rapport.Instant // when it would apply by itself; [rapport.Never] if it would not
	Trace       *rule.Trace     // of the offer's rule, where that was asked for
}

func (run *calculation) refuse(k *candidate, why Reason, text string, from rapport.Instant) {
	r := Refused{Offer: k.offer.Name, Code: k.code(), Reason: why, Text: text, From: from}
	if from != rapport.Never {
		r.Change = "waiting until " + from.In(zoneOf(run.scene)).Format("2006-01-02 15:04:05")
	}
	run.refused = append(run.refused, r)
}

// refuseByRule says that an offer's rule does not hold as the order stands.
func (run *calculation) refuseByRule(k *candidate) {
	r := Refused{Offer: k.offer.Name, Code: k.code(), Reason: RuleFails, From: rapport.Never, Text: "The order or the customer is not what the offer is for."}
	if !k.offer.where.Answerable(run.scene) {
		r.Text = "What the offer asks of the past is still being worked out."
	} else if run.in.Explain {
		r.Trace = k.offer.where.Explain(run.scene, run.in.Now)
		r.Change = r.Trace.Change
	}
	run.refused = append(run.refused, r)
}

// words says which limit is met.
func (l limit) words(currency string) string {
	what := "has been used as often as it may be"
	if l.amount != nil {
		what = "has given as much as it may"
	}
	by := [...]string{"", " with this code", " by this customer", " by this customer"}[l.by]
	in := [...]string{"", " today", " this week", " this month", " this year"}[l.each]
	return "The offer " + what + by + in + "."
}

// over returns when a limit's period ends.
func (run *calculation) over(l limit, u *use) rapport.Instant {
	next, ok := l.each.next(u.day)
	if !ok {
		return rapport.Never
	}
	return rapport.InstantOf(next.At(zoneOf(run.scene), 0))
}

func zoneOf(s rule.Subject) *time.Location {
	if zone := s.Zone(); zone != nil {
		return zone
	}
	return time.UTC
}

// result tells what a combination comes to, line by line, and why every other
// candidate is not in it.
func (run *calculation) result(best *combination) *Result {
	run.pass(best)
	slices.SortStableFunc(run.refused, func(a, b Refused) int {
		return cmp.Or(cmp.Compare(min(1, len(a.Code)), min(1, len(b.Code))), cmp.Compare(a.Offer, b.Offer))
	})
	out := &Result{Currency: run.in.Order.Currency, Shipping: run.in.Order.Shipping, Refused: run.refused, Exact: !run.cut}
	for i := range run.in.Order.Items {
		it := &run.in.Order.Items[i]
		out.Lines = append(out.Lines, Line{ID: it.ID, Product: it.Product, Units: it.Units, Amount: it.Amount})
	}
	for _, st := range best.steps {
		a := Applied{Offer: st.offer.Name, Code: st.code(), Title: st.offer.Doc.Title, Initial: run.scene.first, Before: st.before, After: st.after, Discount: st.sum}
		for g, got := range st.gots {
			a.Shipping += run.part(out, st, st.offer.gives[g], got)
		}
		out.Applied = append(out.Applied, a)
	}
	return out
}

// part shares out what one give came to among the order's own lines, and returns what
// was taken off the shipping.
func (run *calculation) part(out *Result, st step, g *give, got got) (shipping int64) {
	sums := map[int]int64{}
	for _, k := range got.cuts {
		sums[k.line] += k.amount
	}
	share := Share{Offer: st.offer.Name, Code: st.code(), Whole: g.on == onOrder && g.free == nil}
	for at := range run.fresh.lines {
		l := &run.fresh.lines[at]
		weights, rooms := make([]int64, len(l.places)), make([]int64, len(l.places))
		for i, place := range l.places {
			weights[i] = out.Lines[place].Units
			rooms[i] = out.Lines[place].Amount - out.Lines[place].Discount()
		}
		for i, amount := range shareOut(sums[at], weights, rooms) {
			if share.Amount = amount; amount > 0 {
				out.Lines[l.places[i]].Parts = append(out.Lines[l.places[i]].Parts, share)
			}
		}
	}
	for _, l := range got.added {
		share.Amount = l.amount
		out.Lines = append(out.Lines, Line{
			Product: l.item.Product, Name: l.item.Properties.Get("name").Text(), Units: l.units, Amount: l.amount, Added: true, Parts: []Share{share},
		})
	}
	return sums[-1]
}

// shareOut is [share], which allocates, for what most often is nothing.
func shareOut(total int64, weights, rooms []int64) []int64 {
	if total == 0 {
		return nil
	}
	return share(total, weights, rooms)
}

// pass says of each candidate that is not in the best combination why.
func (run *calculation) pass(best *combination) {
	s := run.scene
	s.before, s.after = best.cart.left(), best.cart.left()
	for _, k := range run.candidates {
		if slices.ContainsFunc(best.steps, func(st step) bool { return st.candidate == k }) {
			continue
		}
		if run.withoutCodes && k.shown != nil {
			run.refuse(k, WithOthers, "Another code that was shown does not apply, and codes are used all together or not at all.", rapport.Never)
			continue
		}
		if run.allows(best, k) { // so its rule, or what is left of the order, keeps it away
			if _, ok := run.apply(best, k); !ok {
				run.without(k)
				continue
			}
		}
		run.refuse(k, BetterOffer, "Other offers come to more, and this one does not go along with them.", rapport.Never)
	}
}

// without says why an offer comes to nothing on the order as it stands.
func (run *calculation) without(k *candidate) {
	if k.offer.running && run.judge(k.offer) != rule.Yes {
		run.refuseByRule(k)
		return
	}
	run.refuse(k, NothingToTake, "After the other offers nothing is left that it could take something off.", rapport.Never)
}
