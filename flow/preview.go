package flow

import (
	"cmp"
	"slices"

	"rapport"
	"rapport/profile"
)

// Preview renders a message as it would be handed over to a customer at an instant,
// and keeps, sends and counts nothing. Traits in as count instead of hers. A message
// without an address goes to hers.
func Preview(w *Workspace, m rapport.Message, r *profile.Record, as []profile.Trait, now rapport.Instant) (rapport.Delivery, error) {
	who := *r
	who.Traits = slices.Clone(r.Traits)
	for _, t := range as {
		i, found := slices.BinarySearchFunc(who.Traits, t, func(a, b profile.Trait) int { return cmp.Compare(a.Name, b.Name) })
		if found {
			who.Traits = slices.Delete(who.Traits, i, i+1)
		}
		who.Traits = slices.Insert(who.Traits, i, t)
	}
	if m.To == "" {
		m.To, _ = who.Address(m.Channel)
	}
	m.Customer = who.ID
	return w.Renderer.Render(&m, &who, w.Places.Zone(&who), now)
}
