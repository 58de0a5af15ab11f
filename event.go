package rapport

// EventType is the sort of call an event came by.
type EventType uint8

// The types of event: Segment's six calls; Derived for what the product itself
// tells of a customer and rules may read (a message was handed over, a consent
// was given); Noted for what stands in her timeline only (a segment was entered,
// two profiles became one).
const (
	Identify EventType = iota + 1
	Track
	Page
	Screen
	Group
	Alias
	Derived
	Noted
	eventTypes
)

var eventTypeNames = [eventTypes]string{"", "identify", "track", "page", "screen", "group", "alias", "derived", "noted"}

// String returns the name of the call.
func (t EventType) String() string {
	if t >= eventTypes {
		return ""
	}
	return eventTypeNames[t]
}

// ParseEventType reads the name of one of the six calls that may come from outside.
func ParseEventType(s string) (EventType, bool) {
	for t := Identify; t < Derived; t++ {
		if eventTypeNames[t] == s {
			return t, true
		}
	}
	return 0, false
}

// Event is one thing that a customer did or that was told of her.
//
// The texts and the raw JSON may share memory with the request they came in;
// they are never written to.
type Event struct {
	Type        EventType
	Name        string // of a track, page or screen call, and of a derived event
	MessageID   string // the sender's name for this event: the same one twice is counted once
	UserID      string
	AnonymousID string
	PreviousID  string  // of an alias call
	GroupID     string  // of a group call
	Timestamp   Instant // when it happened, corrected for the sender's clock, never after ReceivedAt
	ReceivedAt  Instant // when it was admitted
	Properties  []byte  // one JSON object: properties, or the traits of identify and group; may be nil
	Context     []byte  // one JSON object; may be nil
}

// Names by which rules and journeys know the calls that carry no name of their own.
const (
	PageViewed   = "Page Viewed"
	ScreenViewed = "Screen Viewed"
	Identified   = "Identified"
	GroupJoined  = "Group Joined"
	Aliased      = "Aliased"
)

// JourneyRequested is the name of the derived event by which the API asks for a run of a
// journey: what was given with it, and the journey's name as the property journey. An
// event of this name that somebody sends starts nothing.
const JourneyRequested = "Journey Requested"

// What a customer's timeline is told of her messages, where rules and journeys see it.
const (
	MessageSent   = "Message Sent"
	MessageFailed = "Message Failed"

	MessageDelivered  = "Message Delivered"
	MessageBounced    = "Message Bounced"
	MessageComplained = "Message Complained"
	MessageOpened     = "Message Opened"
	MessageClicked    = "Message Clicked"
)

// TraitChanged is the name of what journeys are told when an event has changed what is
// known of a customer: the properties trait, from and to, of which one that is not set
// is left out. An event of this name that somebody sends is none.
const TraitChanged = "Trait Changed"

// Pretends reports whether the event came from outside under a name of what only the
// product tells journeys. It is kept and counted like any other, but they don't hear it.
func (e *Event) Pretends() bool {
	name := e.RuleName()
	return e.Type < Derived && (name == JourneyRequested || name == TraitChanged)
}

// RuleName is the name by which rules and journeys know the event: a track
// call's own, a fixed one for each of the other calls.
func (e *Event) RuleName() string {
	switch e.Type {
	case Page:
		return PageViewed
	case Screen:
		return ScreenViewed
	case Identify:
		return Identified
	case Group:
		return GroupJoined
	case Alias:
		return Aliased
	}
	return e.Name
}
