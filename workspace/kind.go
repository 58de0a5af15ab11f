package workspace

import (
	"reflect"
	"sync"

	"rapport/channel"
	"rapport/journey"
	"rapport/promotion"
	"rapport/render"
	"rapport/segment"
)

// kind is a kind of document.
type kind struct {
	name string
	says string
	doc  reflect.Type
}

// kinds returns the table of all there are, in the order in which they build on
// each other.
var kinds = sync.OnceValue(func() []kind {
	return []kind{
		{"plan", "The data plan: which traits customers and which properties events have", reflect.TypeFor[DataPlan]()},
		{"rates", "Rates of exchange: what one unit of each currency is worth, by day", reflect.TypeFor[RatesDoc]()},
		{"market", "A market: its countries, language, currency and time zone", reflect.TypeFor[Market]()},
		{"brand", "A brand: its logo, colours, fonts and senders", reflect.TypeFor[brand]()},
		{"purpose", "A purpose that customers agree to", reflect.TypeFor[Purpose]()},
		{"topic", "A topic that customers may leave by itself", reflect.TypeFor[Topic]()},
		{"channel", "A channel: who hands messages to the world", reflect.TypeFor[channel.Doc]()},
		{"segment", "A segment: the customers for whom a rule holds", reflect.TypeFor[segment.Doc]()},
		{"stacking", "How offers go together: their lanes, in order", reflect.TypeFor[promotion.StackingDoc]()},
		{"offer", "An offer: for whom it is, when it holds and what it gives", reflect.TypeFor[promotion.Doc]()},
		{"block", "A block: a piece that templates share", reflect.TypeFor[render.BlockDoc]()},
		{"template", "A template: what a message says", reflect.TypeFor[render.Doc]()},
		{"journey", "A journey: what happens to a customer after something happened", reflect.TypeFor[journey.Doc]()},
		{"campaign", "A campaign: what is said to an audience on certain days", reflect.TypeFor[journey.CampaignDoc]()},
	}
})

func kindNames() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}
