package workspace

import (
	"fmt"
	"slices"
	"strings"

	"rapport"
	"rapport/rule"
)

// Mention is the name of a journey or campaign, written in a rule about what the product
// tells of it, that none has by now. It refuses nothing: what was done under the name stays
// done.
type Mention struct {
	Name string
	Problem
}

// mentions finds the journeys that rules mention and that are not there.
func (c *compiler) mentions(w *Compiled) {
	known := append(c.names("journey"), c.names("campaign")...)
	for _, kind := range [...]string{"segment", "journey", "campaign"} {
		for _, name := range c.names(kind) {
			tree := c.trees[key{kind, name}]
			tree.Texts(func(path, text string, beside func(string) string) {
				for _, m := range mentioned(text, beside("event")) {
					if !slices.Contains(known, m.Text) {
						message := noSuch("journey or campaign", m.Text, known)
						w.Mentions = append(w.Mentions, Mention{m.Text, tree.Within(path, m.Start, fmt.Sprintf("%s; what was told of one that was called so is found still", message))})
					}
				}
			})
		}
	}
	for _, m := range w.Mentions {
		w.Warnings = append(w.Warnings, m.Problem)
	}
}

// mentioned returns the names of journeys in a text, if it is a rule about what the product
// tells of them. Event is the one that the rule has at hand.
func mentioned(text, event string) (names []*rule.Expr) {
	if !strings.Contains(text, ".journey") {
		return nil
	}
	e, err := rule.Parse(text)
	if err != nil {
		return nil
	}
	for _, found := range rule.Comparisons(e, event) {
		if found.Property == "journey" && tellsJourney(found.Event) {
			names = append(names, found.Text)
		}
	}
	return names
}

// tellsJourney reports whether the product tells an event with the name of a journey.
func tellsJourney(event string) bool {
	switch event {
	case rapport.MessageSent, rapport.MessageFailed, rapport.MessageDelivered, rapport.MessageBounced, rapport.MessageComplained, rapport.MessageOpened, rapport.MessageClicked,
		rapport.JourneyRequested, rapport.TraitsUpdated, rapport.WebhookAnswered, rapport.WebhookFailed, "Offer Wanted":
		return true
	}
	return false
}
