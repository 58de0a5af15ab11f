package journey

import (
	"rapport"
	"rapport/internal/durations"
	"rapport/rule"
)

// offer is a step that lets later ones know an offer.
type offer struct {
	code  string
	text  string
	valid durations.Span // zero: it does not expire
}

const (
	maxOfferCode = 64
	maxOfferText = 500
)

// offer compiles an offer into node n.
func (c *compiler) offer(o Offer, path string, n int) {
	c.j.nodes[n].kind = offerNode
	out := &offer{code: o.Placeholder, text: o.Text}
	switch {
	case o.Name != "":
		c.problem(path+".name", "there are no offers yet that a journey could give", `write placeholder: "WINTER10" with a code that your shop knows`)
	case o.Placeholder == "":
		c.problem(path, "the offer has no code", `write placeholder: "WINTER10" with a code that your shop knows`)
	case len(o.Placeholder) > maxOfferCode || len(o.Text) > maxOfferText:
		c.problem(path, "the offer's code or text is too long", "use at most 64 characters for the code and 500 for the text")
	}
	if o.ValidFor != "" {
		out.valid = c.span(o.ValidFor, path+".valid_for")
	}
	c.j.nodes[n].offer = out
}

func offerNoun() rule.Noun {
	return rule.Noun{Strict: true, Fields: map[string]rule.Type{"code": {Kind: rule.Text}, "text": {Kind: rule.Text}, "expires": {Kind: rule.Time}}}
}

// want lets the run know an offer from now on.
func (w *walk) want(run *Run, n *node) {
	pairs := []rapport.Value{rapport.TextOf("code"), rapport.TextOf(n.offer.code)}
	if n.offer.text != "" {
		pairs = append(pairs, rapport.TextOf("text"), rapport.TextOf(n.offer.text))
	}
	if !n.offer.valid.IsZero() {
		pairs = append(pairs, rapport.TextOf("expires"), rapport.TextOf(after(w.now, n.offer.valid, w.view.Zone()).String()))
	}
	offer := rapport.ObjectOf(pairs)
	w.learn(run, "offer", offer)
	w.emit(run, Effect{Kind: Offered, Step: n.name, Offer: offer.AppendJSON(nil)})
}
