package rapport

// OwnEvent reports whether a name is one of those by which the product itself tells of a
// customer, or by which calls are known that carry no name: no journey may tell an event
// of such a name.
func OwnEvent(name string) bool {
	switch name {
	case PageViewed, ScreenViewed, Identified, GroupJoined, Aliased, JourneyRequested, TraitChanged, TraitsUpdated, WebhookAnswered, WebhookFailed,
		"Consent Changed", "Address Suppressed", "Segment Entered", "Segment Left", "Profiles Merged", "Profiles Split",
		"Message Sent", "Message Failed", "Offer Wanted", "Journey Stopped":
		return true
	}
	return false
}

// TraitsUpdated is the name of the derived event by which a journey sets traits: the
// properties journey and step, traits, and left, the names of those whose values were not
// known.
const TraitsUpdated = "Traits Updated"

// Names of the derived events that say what came of a journey's call: the properties
// webhook, journey, step and run, status, and answer or reason.
const (
	WebhookAnswered = "Webhook Answered"
	WebhookFailed   = "Webhook Failed"
)
