package profile

import (
	"slices"

	"rapport/internal/wire"
)

// MaxRecord is how many bytes a record takes at the most.
const MaxRecord = 64 << 10

// minOwn is what is left to the record's own sections at the least, however much
// other stages keep.
const minOwn = 4 << 10

// Fit makes the record's own sections smaller until the whole takes no more than
// MaxRecord bytes, and reports whether anything had to go. It always takes from
// what takes most, and of that what is missed least: the oldest purchases and carts,
// the last traits of the alphabet. So few get here, and of them what a record says
// depends on the order of events. Points of facts are moved to pages rather than
// lost.
func (r *Record) Fit() (shrunk bool) {
	room := max(MaxRecord-len(r.Segments)-len(r.Journeys)-len(r.Contacts)-64, minOwn)
	for {
		parts := r.parts()
		total, largest := 0, 0
		for i := range parts {
			if total += parts[i].size; parts[i].size > parts[largest].size {
				largest = i
			}
		}
		if total <= room || parts[largest].size == 0 {
			return shrunk
		}
		parts[largest].halve()
		shrunk = true
	}
}

// part is a section that can be made smaller. A halved one takes fewer bytes, or
// none.
type part struct {
	size  int
	halve func()
}

func (r *Record) parts() []part {
	unknown := 0
	for _, s := range r.unknown {
		unknown += len(s.data) + 8
	}
	return []part{
		{len(appendList(nil, r.Identifiers, appendIdentity)), r.halveIdentifiers},
		{len(appendList(nil, r.Traits, appendTrait)), func() { r.Traits = firstHalf(r.Traits) }},
		{len(appendList(nil, r.Groups, wire.AppendText[string])), func() { r.Groups = firstHalf(r.Groups) }},
		{len(appendList(nil, r.Consents, appendConsent)), r.halveConsents},
		{len(appendList(nil, r.Suppressed, appendSuppression)), func() { r.Suppressed = firstHalf(r.Suppressed) }},
		{len(appendList(nil, r.Facts, appendFact)), r.halveFacts},
		{len(appendList(nil, r.Carts, appendCart)), r.halveCarts},
		{len(appendList(nil, r.Orders, appendOrder)), func() { r.Orders = lastHalf(r.Orders) }},
		{len(appendList(nil, r.Returns, appendReturn)), func() { r.Returns = lastHalf(r.Returns) }},
		{len(appendList(nil, r.Merges, appendMerge)), func() { r.Merges = lastHalf(r.Merges) }},
		{unknown, func() { r.unknown = firstHalf(r.unknown) }},
	}
}

func firstHalf[T any](list []T) []T { return slices.Delete(list, len(list)/2, len(list)) }

func lastHalf[T any](list []T) []T { return slices.Delete(list, 0, len(list)-len(list)/2) }

func (r *Record) halveIdentifiers() {
	r.Identifiers, r.Crowded = firstHalf(r.Identifiers), true
}

func (r *Record) halveConsents() {
	for range len(r.Consents) - len(r.Consents)/2 {
		r.dropConsent()
	}
}

// halveCarts lets go of what the products of the carts are like, then of the
// carts that have been quiet for longest.
func (r *Record) halveCarts() {
	described := false
	for i := range r.Carts {
		for j := range r.Carts[i].Ops {
			op := &r.Carts[i].Ops[j]
			described = described || op.Item != nil
			op.Item = nil
		}
	}
	if !described {
		r.dropCarts(len(r.Carts) / 2)
	}
}

// halveFacts moves all points to pages, and lets go of facts themselves when that
// is done already.
func (r *Record) halveFacts() {
	if !r.spillTo(0) {
		r.Facts = firstHalf(r.Facts)
	}
}

// dropCarts lets go of the carts that have been quiet for longest.
func (r *Record) dropCarts(keep int) {
	for len(r.Carts) > keep {
		oldest := 0
		for i := range r.Carts {
			if r.Carts[i].touched() < r.Carts[oldest].touched() {
				oldest = i
			}
		}
		r.Carts = slices.Delete(r.Carts, oldest, oldest+1)
	}
}
