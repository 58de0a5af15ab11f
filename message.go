package rapport

import "time"

// Channel is a way to reach a customer.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
	// Webhook carries the calls of journeys. It reaches machines, no customers.
	Webhook Channel = "webhook"
)

// Channels returns all there are.
func Channels() []Channel { return []Channel{Email, SMS, Webhook} }

// Class says what a message is for, and so which gates it must pass.
type Class uint8

// The classes of message. Promotional and Content are optional: they need
// consent and compete for attention.
const (
	Transactional Class = iota + 1 // about something she did; attempted until it is handed over
	MustSend                       // must reach everybody it concerns; skips caps and relevance, never consent or quiet hours
	Promotional                    // an offer or a reminder of one
	ContentClass                   // teaches or entertains
	classes
)

var classNames = [classes]string{"", "transactional", "must-send", "promotional", "content"}

// String returns the word that documents use.
func (c Class) String() string {
	if c >= classes {
		return ""
	}
	return classNames[c]
}

// ParseClass reads the word that documents use.
func ParseClass(s string) (Class, bool) {
	for c := Transactional; c < classes; c++ {
		if classNames[c] == s {
			return c, true
		}
	}
	return 0, false
}

// Optional reports whether a message of this class may be left out.
func (c Class) Optional() bool { return c == Promotional || c == ContentClass }

// Urgency says in which order messages go out: those of another urgency never wait for
// one another.
type Urgency uint8

// The urgencies, the most urgent first.
const (
	AtOnce Urgency = iota + 1 // transactional
	Soon                      // must-send
	InTurn                    // what may be left out
)

// Urgencies returns all of them, the most urgent first.
func Urgencies() []Urgency { return []Urgency{AtOnce, Soon, InTurn} }

// String returns the word by which figures call it.
func (u Urgency) String() string {
	switch u {
	case AtOnce:
		return "at_once"
	case Soon:
		return "soon"
	case InTurn:
		return "in_turn"
	}
	return ""
}

// Urgency returns how urgent a message of this class is.
func (c Class) Urgency() Urgency { return min(Urgency(c), InTurn) }

// Status is where a message stands in its life.
//
//	waiting -> claimed -> attempting -> handed -> delivered | bounced
//	   |          |           |-> waiting (again, after a passing fault)
//	   |          |           |-> failed  (refused for good, or given up)
//	   |          |           '-> unclear (the program died while an optional one was in flight)
//	   '----------'-> dropped (no longer allowed or useful)      withheld: held out on purpose
type Status uint8

// The states of a message's life.
const (
	Waiting Status = iota + 1
	Claimed
	Attempting
	Handed
	Delivered
	Bounced
	Failed
	Unclear
	Dropped
	Withheld
	statuses
)

var statusNames = [statuses]string{
	"", "waiting", "claimed", "attempting", "handed", "delivered", "bounced", "failed", "unclear", "dropped", "withheld",
}

// String returns the word that the API uses.
func (s Status) String() string {
	if s >= statuses {
		return ""
	}
	return statusNames[s]
}

// ParseStatus reads the word that the API uses.
func ParseStatus(text string) (Status, bool) {
	for s := Waiting; s < statuses; s++ {
		if statusNames[s] == text {
			return s, true
		}
	}
	return 0, false
}

// Message is one message to one customer through its whole life.
type Message struct {
	ID          MessageID
	Customer    CustomerID
	Journey     string // the document that asked for it
	Version     uint64 // the workspace's version it was decided under
	Run         uint64 // the journey run within the customer
	Step        string // the step within the journey
	Template    string
	Channel     Channel
	Class       Class
	Purpose     string // what she agreed to that allows it; "" for none
	Topic       string // what it is about, which she may leave by itself; "" for none
	Status      Status
	To          string // the address it goes to; set when it is decided
	Subject     string // set when it is rendered
	CreatedAt   Instant
	DueAt       Instant // not before; moved on by a retry
	UsefulUntil Instant // not after; Never if it does not spoil
	HandedAt    Instant
	Attempts    int
	Reason      string // why it failed, was dropped or is unclear
	Entry       []byte // the entry event's properties as JSON, for rendering; of a call, its body
	Learned     []byte // what the run had learned on its way as JSON, for rendering: answers and offer; may be nil
}

// Call is how an address outside is called. Secrets stand in it by their names only.
type Call struct {
	URL     string
	Method  string
	Headers []Header
	Sign    string // the name of the secret that signs it; "" for none
	Timeout time.Duration
}

// Header is one header of a call: a text, or the name of the secret that holds it.
type Header struct {
	Name   string
	Text   string
	Secret string
}

// Content is a message's body as rendered for one customer.
type Content struct {
	Subject string
	HTML    string // may be empty
	Text    string
}

// Delivery is a rendered message on its way to a provider.
type Delivery struct {
	Message     MessageID // also the key by which a provider can know a repeat
	Channel     Channel
	Class       Class
	From        Sender
	To          string
	ReplyTo     string
	Content     Content
	Unsubscribe string  // URL of the one-click page; empty for classes that can't be left
	At          Instant // the instant it is dated
	Call        *Call   // of a webhook: how To is called with Content.Text
}

// Sender is whom a message comes from.
type Sender struct {
	Name    string
	Address string
}

// Answer is what the far side answered to a call.
type Answer struct {
	Status int    // of HTTP
	Body   []byte // as it came; nil if there is none, or it is too large to look at
}

// OutcomeKind is what came of a hand-over.
type OutcomeKind uint8

// The outcomes of handing a message to a provider.
const (
	Accepted OutcomeKind = iota + 1 // the provider has it
	Retry                           // a passing fault: nothing was accepted, try again later
	Refused                         // refused for good
	Vague                           // the connection broke when it could have been accepted
)

// String returns the word by which figures call it.
func (k OutcomeKind) String() string {
	switch k {
	case Accepted:
		return "accepted"
	case Retry:
		return "retry"
	case Refused:
		return "refused"
	case Vague:
		return "vague"
	}
	return ""
}

// Outcome is what a provider answered for one delivery.
type Outcome struct {
	Message  MessageID
	Kind     OutcomeKind
	Reason   string  // the provider's words, without the customer's address
	Bad      bool    // with Refused: the address itself is bad, so it is suppressed
	Down     bool    // with Retry: the provider takes no message of ours at the moment
	RetryAt  Instant // with Retry: not before, if the provider said so
	Answer   *Answer // of a webhook that was answered
	Provider string
}
