package decide

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

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
	Purpose     string          // what she must have agreed to; "" for none
	Topic       string          // what it is about, which she must not have left; "" for none
	UsefulUntil rapport.Instant // Never if it does not spoil
}

// Customer is what the questions ask about the person.
type Customer interface {
	ID() rapport.CustomerID
	// Address returns where a channel reaches her.
	Address(channel rapport.Channel) (address string, ok bool)
	// Consent returns what she said last of a purpose that covers this channel and
	// this address, be it for them alone or for all of hers.
	Consent(purpose string, channel rapport.Channel, address string) rapport.ConsentState
	// Suppressed says that an address must not be written to, and why: it bounced,
	// or she complained.
	Suppressed(channel rapport.Channel, address string) (reason string, suppressed bool)
}

// The outcomes of a decision.
const (
	Send = "send"
	Drop = "drop"
)

// Settings are what a workspace says about deciding.
type Settings struct {
	// Remember is how long contacts are kept for the questions that look back;
	// 0 stands for 35 days, a little more than a month of the calendar.
	Remember time.Duration
}

const (
	defaultRemember = 35 * 24 * time.Hour
	maxRemember     = 400 * 24 * time.Hour
)

// Policy is how a workspace decides. It is immutable and safe for concurrent use.
type Policy struct {
	remember time.Duration
}

// NewPolicy compiles settings.
func NewPolicy(s Settings) (*Policy, error) {
	if s.Remember < 0 || s.Remember > maxRemember {
		return nil, rapport.Errorf(rapport.Invalid, "contacts can be remembered for at most 400 days")
	}
	if s.Remember == 0 {
		s.Remember = defaultRemember
	}
	return &Policy{remember: s.Remember}, nil
}

// Decide answers a wish. If it passes, the decision names the message, and st
// remembers the contact; the message goes to the address that c has for the channel.
func (p *Policy) Decide(w Wish, c Customer, st *State, now rapport.Instant) rapport.Decision {
	address, ok := c.Address(w.Channel)
	if !ok {
		address = ""
	}
	q := question{wish: w, customer: c, address: address, now: now}
	d := q.decide(onWish[:])
	if d.Outcome == Send {
		d.Message = MessageID(d.Customer, w.Run, w.Step, w.Ordinal, now)
		st.add(Contact{Message: d.Message, At: now, Channel: w.Channel, Class: w.Class}, now.Add(-p.remember))
	}
	return d
}

// Recheck asks once more, when a message that was decided is about to be handed
// over, what may have changed since: suppression, consent and whether it is still
// useful. to is the address that was decided, whatever hers is by now. The answer names
// no message.
func (p *Policy) Recheck(w Wish, to string, c Customer, now rapport.Instant) rapport.Decision {
	q := question{wish: w, customer: c, address: to, now: now}
	return q.decide(onClaim[:])
}

// MessageID returns the id of the message that a step of a run asks for at an instant:
// 48 bits of that, in milliseconds, and 80 of a hash. What is created together lies
// together in every index, however many messages there are.
func MessageID(customer rapport.CustomerID, run uint64, step string, ordinal uint64, at rapport.Instant) (id rapport.MessageID) {
	b := append([]byte("message\x00"), customer[:]...)
	b = binary.BigEndian.AppendUint64(b, run)
	b = binary.BigEndian.AppendUint64(b, ordinal)
	sum := sha256.Sum256(append(b, step...))
	binary.BigEndian.PutUint64(id[:8], uint64(at)<<16)
	copy(id[6:], sum[:10])
	return id
}
