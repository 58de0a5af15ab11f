package decide

import (
	"rapport"
)

// Wish is a message that a journey asks for.
type Wish struct {
	Journey     string
	Version     uint64 // of the workspace it is decided under
	Run         uint64
	Step        string
	Ordinal     uint64 // of the message within the step, from 0
	Template    string
	Channel     rapport.Channel
	Class       rapport.Class
	Purpose     string // what she must have agreed to; "" for none
	UsefulUntil rapport.Instant
}

// Customer is what the questions ask about the person.
type Customer interface {
	ID() rapport.CustomerID
	// Address returns where a channel reaches her.
	Address(channel rapport.Channel) (string, bool)
	// Consent returns what she said of a purpose for a channel ("" for all of
	// them) and an address ("" for all of hers); an answer for the exact three only.
	Consent(purpose string, channel rapport.Channel, address string) rapport.ConsentState
	// Suppressed says that an address must not be written to: it bounced, or she complained.
	Suppressed(channel rapport.Channel, address string) (reason string, suppressed bool)
}

// MaxValues is how many bytes of what it saw a decision keeps at most.
const MaxValues = 1024

// The outcomes of a decision.
const (
	Send = "send"
	Drop = "drop"
)

// Policy is how a workspace decides. It is immutable and safe for concurrent use.
type Policy struct{}

// NewPolicy compiles a policy.
func NewPolicy(s Settings) (*Policy, error) { return &Policy{}, nil }

// Settings are what a workspace says about deciding.
type Settings struct{}

// Decide answers a wish. If it passes, the decision names the message and the
// state remembers the contact; the address it goes to is the customer's for the channel.
func (p *Policy) Decide(w Wish, c Customer, st *State, now rapport.Instant) rapport.Decision {
	return rapport.Decision{}
}

// Recheck asks once more, when a message that was decided is about to be handed
// over, what may have changed since: consent, suppression and whether it is
// still useful. The message's address is that of the decision.
func (p *Policy) Recheck(w Wish, to string, c Customer, now rapport.Instant) rapport.Decision {
	return rapport.Decision{}
}

// MessageID returns the id of the message that a step of a run asks for.
func MessageID(customer rapport.CustomerID, run uint64, step string, ordinal uint64) rapport.MessageID {
	return rapport.MessageID{}
}
