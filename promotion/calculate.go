package promotion

import (
	"cmp"
	"slices"
	"strings"

	"rapport"
	"rapport/internal/calendar"
	"rapport/rule"
)

// Request is what a calculation is told.
type Request struct {
	Order      Order
	Customer   rule.Subject // nil: somebody of whom nothing is known
	Identities []string     // by which limits know her again: e-mail, phone
	Codes      []Shown      // that were shown, each once
	Now        rapport.Instant
	Feasts     Feasts   // nil: there are none
	Standing   Standing // nil: nothing was used before
	Explain    bool     // why each offer was refused is told with what its rule saw
}

// Shown is a code that was shown, and what is known of it.
type Shown struct {
	Code   string // canonical
	Offer  string // that it opens; "" if there is no such code
	Off    bool   // it was switched off
	From   rapport.Instant
	Until  rapport.Instant    // 0: without end
	Holder rapport.CustomerID // to whom it was given; zero for nobody
}

// Calculate works out the best combination of offers for an order. The order must
// have passed [Order.Check].
func (s *Set) Calculate(in *Request) *Result {
	run := &calculation{set: s, in: in, scene: newScene(in, s.initial), fresh: newCart(&in.Order, s.margin)}
	run.bare = run.fresh.bare()
	run.gather()
	best := run.best(run.candidates)
	if s.all && len(in.Codes) > 0 && best.codes() < len(in.Codes) {
		best = run.best(slices.DeleteFunc(slices.Clone(run.candidates), func(k *candidate) bool { return k.shown != nil }))
		run.withoutCodes = true
	}
	return run.result(best)
}

// calculation is one order being worked out.
type calculation struct {
	set        *Set
	in         *Request
	scene      *scene
	fresh      *cart        // before any offer
	bare       *cart        // the same, of lines that may come to nothing
	candidates []*candidate // in the order in which they would be applied
	refused    []Refused

	bounds       []int64 // of candidates from each on: the most they can come to
	tries        int
	cut          bool // the search ended before it was over
	withoutCodes bool
}

// candidate is an offer that may apply, as far as can be told before others do.
type candidate struct {
	offer *Offer
	shown *Shown // nil for an offer that applies by itself
	left  int64  // of its limits of money
	most  int64  // that it can come to, whatever is applied before it
}

func (k *candidate) code() string {
	if k.shown == nil {
		return ""
	}
	return k.shown.Code
}

// gather finds the candidates, and says of every other offer why it is none.
func (run *calculation) gather() {
	run.refused = make([]Refused, 0, len(run.set.offers)+len(run.in.Codes))
	for _, o := range run.set.offers {
		if o.Doc.Codes == nil {
			run.consider(&candidate{offer: o})
		}
	}
	seen := map[string]bool{}
	for i := range run.in.Codes {
		shown := &run.in.Codes[i]
		o := run.set.byName[shown.Offer]
		if o == nil {
			run.refuse(&candidate{offer: &Offer{Name: shown.Offer}, shown: shown}, NoSuchCode, "There is no such code.", rapport.Never)
			continue
		}
		if seen[o.Name] {
			run.refuse(&candidate{offer: o, shown: shown}, OncePerOrder, "Another code of this offer was shown: an order gets an offer once.", rapport.Never)
			continue
		}
		seen[o.Name] = true
		run.consider(&candidate{offer: o, shown: shown})
	}
	slices.SortStableFunc(run.candidates, func(a, b *candidate) int {
		return cmp.Or(
			cmp.Compare(a.offer.lane, b.offer.lane),
			cmp.Compare(b.offer.Doc.Priority, a.offer.Doc.Priority),
			strings.Compare(a.offer.Name, b.offer.Name),
		)
	})
}

// consider makes an offer a candidate, or says why it is none.
func (run *calculation) consider(k *candidate) {
	o, in := k.offer, run.in
	if o.Doc.Paused {
		run.refuse(k, SwitchedOff, "The offer is switched off.", rapport.Never)
		return
	}
	if holds, next := o.valid.at(in.Now, run.scene.Zone(), in.Feasts); !holds {
		run.refuse(k, NotNow, "The offer does not hold at present.", next)
		return
	}
	if k.shown != nil && !run.opens(k) {
		return
	}
	if !o.knows(in.Order.Currency) {
		run.refuse(k, NoAmount, "The offer says no amount in "+in.Order.Currency+".", rapport.Never)
		return
	}
	if !run.remains(k) {
		return
	}
	if o.where != nil && !o.running && run.judge(o) != rule.Yes {
		run.refuseByRule(k)
		return
	}
	if k.most = run.ceiling(k); k.most == 0 {
		run.refuse(k, NothingToTake, "The order has nothing that the offer takes something off.", rapport.Never)
		return
	}
	run.candidates = append(run.candidates, k)
}

// opens reports whether a code opens its offer, and says why if not.
func (run *calculation) opens(k *candidate) bool {
	shown, now := k.shown, run.in.Now
	switch {
	case shown.Off:
		run.refuse(k, SwitchedOff, "The code is switched off.", rapport.Never)
	case now < shown.From:
		run.refuse(k, NotNow, "The code does not hold yet.", shown.From)
	case shown.Until != 0 && now >= shown.Until:
		run.refuse(k, Expired, "The code has expired.", rapport.Never)
	case k.offer.Doc.Codes == nil:
		run.refuse(k, NoSuchCode, "The offer has no codes.", rapport.Never)
	case k.offer.Doc.Codes.Personal && (shown.Holder.IsZero() || shown.Holder != run.scene.ID()):
		run.refuse(k, NotHers, "The code was given to somebody else.", rapport.Never)
	default:
		return true
	}
	return false
}

// remains reports whether the limits leave anything, and says which does not.
func (run *calculation) remains(k *candidate) bool {
	k.left = maxMinor
	if run.in.Standing == nil {
		return true
	}
	u := run.use(k)
	for _, l := range k.offer.limits {
		left := l.left(k.offer, u, run.in.Standing)
		if left == 0 {
			run.refuse(k, UsedUp, l.words(run.in.Order.Currency), run.over(l, u))
			return false
		}
		if l.amount != nil {
			k.left = min(k.left, left)
		}
	}
	return true
}

// use returns who would use an offer, as limits count.
func (run *calculation) use(k *candidate) *use {
	return &use{
		code: k.code(), customer: run.scene.ID(), identities: run.in.Identities, currency: run.in.Order.Currency,
		day: calendar.DayOf(run.in.Now.In(zoneOf(run.scene))),
	}
}

// judge answers an offer's rule for the order as it stands.
func (run *calculation) judge(o *Offer) rule.Truth {
	if !o.where.Answerable(run.scene) {
		return rule.Unknown
	}
	return o.where.Eval(run.scene, run.in.Now)
}

// knows reports whether an offer says what it is worth in a currency.
func (o *Offer) knows(currency string) bool {
	return !slices.ContainsFunc(o.gives, func(g *give) bool { return !g.knows(currency) })
}

// ceiling returns the most that an offer can come to on this order, whatever other
// offers were applied before it, and no less than it does come to. Others make lines
// cheaper, never dearer, and picking goes by what lines cost at first, so it is what
// the offer comes to with nothing applied. Where each line's part has a most, rounding
// may move one minor unit to a line that has room for it.
func (run *calculation) ceiling(k *candidate) (sum int64) {
	for _, g := range k.offer.gives {
		best := int64(0)
		for _, worth := range g.ways() {
			got := worth.of(run.scene, run.bare, maxMinor)
			n := got.sum()
			if worth.eachMost != nil && n > 0 {
				n += int64(len(got.cuts))
			}
			best = max(best, n)
		}
		sum += best
	}
	return min(sum, k.left)
}

// ways returns the give once for each tier that may be reached, lowered step by
// step: what is left may reach a lower one only, which may be worth more.
func (g *give) ways() []*give {
	if g.tiers == nil {
		return []*give{g}
	}
	var ways []*give
	for i := range g.tiers {
		w := *g
		w.tiers = g.tiers[:i+1]
		ways = append(ways, &w)
	}
	return ways
}
