package workspace

import (
	"fmt"
	"slices"

	"rapport/promotion"
	"rapport/rule"
)

// offers compiles the offers together with how they go along. They may name the feasts
// of markets.
func (c *compiler) offers(plan *rule.Plan, markets *Markets) *promotion.Set {
	docs := decode[promotion.Doc](c, "offer")
	for name := range docs {
		if c.faulty[key{"offer", name}] {
			delete(docs, name)
		}
	}
	named, stacking := c.stacking()
	set, problems := promotion.Compile(docs, stacking, plan)
	for _, p := range problems {
		if p.Offer == "" {
			c.add("stacking", named, p.Path, withSuggestion(p.Message, p.Suggestion))
			continue
		}
		c.within("offer", p.Offer, p.Path, p.Offset, withSuggestion(p.Message, p.Suggestion))
	}
	feasts := markets.Feasts()
	for name, doc := range docs {
		if feast := doc.Valid.Feast; feast != "" && !slices.Contains(feasts, feast) {
			c.add("offer", name, "valid.feast", noSuch("feast of a market", feast, feasts))
		}
	}
	return set
}

// stacking returns the one document of how offers go together and its name; nil if
// there is none.
func (c *compiler) stacking() (string, *promotion.StackingDoc) {
	docs := decode[promotion.StackingDoc](c, "stacking")
	names := c.names("stacking")
	if len(names) == 0 {
		return "", nil
	}
	for _, name := range names[1:] {
		c.add("stacking", name, "name", fmt.Sprintf("a workspace has one document of stacking, and there is %q already: write all lanes there", names[0]))
	}
	doc := docs[names[0]]
	if c.faulty[key{"stacking", names[0]}] {
		doc = promotion.StackingDoc{Lanes: doc.Lanes} // its lanes are there for the offers that name them
	}
	return names[0], &doc
}
