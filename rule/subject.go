package rule

import (
	"time"

	"rapport"
)

// Subject is a customer as a rule sees her.
type Subject interface {
	ID() rapport.CustomerID
	// Trait returns customer.name.
	Trait(name string) rapport.Value
	// History returns what is kept of a fact; nil if nothing was seen.
	History(id FactID) *History
	// Segment says whether she is in another segment.
	Segment(name string) Truth
	// Field returns a field of another root: event.total, order.items, entry.cart_id.
	Field(root, name string) rapport.Value
	// Zone is where her calendar is kept; nil means UTC.
	Zone() *time.Location
}

// Event is what a fact's filter and measure read of an event.
type Event interface {
	Name() string
	Timestamp() rapport.Instant
	// Property returns a property at the top of the event, Unset if it has none.
	Property(name string) rapport.Value
}
