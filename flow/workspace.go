package flow

import (
	"time"

	"rapport"
	"rapport/decide"
	"rapport/journey"
	"rapport/profile"
	"rapport/rule"
	"rapport/segment"
)

// Workspace is what flow runs: one version of what the marketer built, compiled.
// It is immutable.
type Workspace struct {
	Version  uint64
	Facts    *rule.FactSet
	Segments *segment.Set
	Journeys *journey.Set
	Policy   *decide.Policy
	Places   Places
	Renderer Renderer
	// Providers carry the messages of each channel. A channel without one keeps
	// its messages waiting.
	Providers map[rapport.Channel]Provider
}

// Places says where a customer is at home.
type Places interface {
	// Zone returns the time zone of the customer's market.
	Zone(traits Traits) *time.Location
}

// Traits is a customer as markets and templates see her.
type Traits interface {
	Trait(name string) rapport.Value
}

// Renderer turns a message into what a provider is handed.
type Renderer interface {
	// Render fills in a message's content and sender for a customer at an
	// instant. An error of kind Invalid means that this message can't be rendered
	// for this customer, now or later.
	Render(m *rapport.Message, c *profile.Record, zone *time.Location, now rapport.Instant) (rapport.Delivery, error)
}

// Provider hands messages to the world. See package channel.
type Provider interface {
	// Deliver answers for each delivery, in their order. It may block.
	Deliver(deliveries []rapport.Delivery) []rapport.Outcome
	// Again says when a message that met a passing fault is to be tried again,
	// or that it is to be given up.
	Again(m *rapport.Message, now rapport.Instant) (at rapport.Instant, giveUp bool)
}
