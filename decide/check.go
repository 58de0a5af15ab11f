package decide

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"rapport"
)

// MaxValues is how many bytes of what it saw a decision keeps at most.
const MaxValues = 1024

// question is a wish that is being decided.
type question struct {
	wish     Wish
	customer Customer
	address  string
	now      rapport.Instant
}

// answer is what one check found.
type answer struct {
	passed bool
	values string // what it saw, without anything personal
	reason string // why it failed
	change string // the smallest change that would let it pass
}

type check struct {
	name string
	ask  func(*question) answer
}

// The questions in the order in which they are asked.
var (
	onWish = [...]check{
		{"reachable", reachable},
		{"suppressed", suppressed},
		{"consent", consent},
		{"useful", useful},
	}
	onClaim = [...]check{
		{"suppressed", suppressed},
		{"consent", consent},
		{"useful", useful},
	}
)

// decide asks checks until one fails.
func (q *question) decide(checks []check) rapport.Decision {
	d := rapport.Decision{
		Customer: q.customer.ID(), Journey: q.wish.Journey, Step: q.wish.Step, Outcome: Send, At: q.now,
		Workspace: q.wish.Version, Checks: make([]rapport.Check, 0, len(checks)),
	}
	room := MaxValues
	for _, c := range checks {
		a := c.ask(q)
		a.values = clip(a.values, room)
		room -= len(a.values)
		d.Checks = append(d.Checks, rapport.Check{Name: c.name, Passed: a.passed, Values: a.values, Reason: a.reason})
		if !a.passed {
			d.Outcome, d.Change = Drop, a.change
			return d
		}
	}
	return d
}

// clip cuts a text to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// reachable asks whether there is an address that can be one.
func reachable(q *question) answer {
	a := answer{values: fmt.Sprintf("channel=%s address=known", q.wish.Channel)}
	noun := addressNoun(q.wish.Channel)
	switch {
	case q.address == "":
		a.values = fmt.Sprintf("channel=%s address=none", q.wish.Channel)
		a.reason = "The customer has no " + noun + "."
		a.change = "The customer's " + noun + " becomes known, for instance by an identify call."
	case !shaped(q.wish.Channel, q.address):
		a.values = fmt.Sprintf("channel=%s address=malformed", q.wish.Channel)
		a.reason = "What is kept as the customer's " + noun + " is not one."
		a.change = "The customer's " + noun + " is corrected."
	default:
		a.passed = true
	}
	return a
}

func addressNoun(channel rapport.Channel) string {
	switch channel {
	case rapport.Email:
		return "email address"
	case rapport.SMS:
		return "phone number"
	}
	return "address for " + string(channel)
}

// shaped reports whether an address has the form that its channel needs.
func shaped(channel rapport.Channel, address string) bool {
	switch channel {
	case rapport.Email:
		return mailShaped(address)
	case rapport.SMS:
		return phoneShaped(address)
	}
	return address != ""
}

// mailShaped is strict where a mail server would refuse, and lenient about what
// stands before the @, which only its own server can judge.
func mailShaped(s string) bool {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > 254 || !utf8.ValidString(s) ||
		strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) ||
		strings.ContainsAny(s[:at], `@<>()[],;:\"`) {
		return false
	}
	labels := strings.Split(s[at+1:], ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool { return r != '-' && !unicode.In(r, unicode.L, unicode.M, unicode.N) }) {
			return false
		}
	}
	return len(labels) >= 2
}

// phoneShaped asks for E.164: a plus, then 7 to 15 digits that begin with a country's code.
func phoneShaped(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' &&
		!strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

// suppressed asks whether the address must not be written to.
func suppressed(q *question) answer {
	reason, yes := q.customer.Suppressed(q.wish.Channel, q.address)
	if !yes {
		return answer{passed: true, values: "suppressed=no"}
	}
	return answer{
		values: "suppressed=" + reason,
		reason: fmt.Sprintf("The customer's %s is suppressed: %s.", addressNoun(q.wish.Channel), reason),
		change: fmt.Sprintf("The suppression of the %s is lifted, or another one is known.", addressNoun(q.wish.Channel)),
	}
}

// consent asks whether she agreed to the purpose, and has not left the topic.
func consent(q *question) answer {
	a := agreed(q)
	if !a.passed || q.wish.Topic == "" {
		return a
	}
	return staying(q, a)
}

// staying asks whether she has left the topic of a message whose purpose allows it.
func staying(q *question, a answer) answer {
	w := &q.wish
	state := q.customer.Consent(rapport.TopicPurpose(w.Topic), w.Channel, q.address)
	a.values += fmt.Sprintf(" topic=%s said=%s", w.Topic, state)
	if state == rapport.ConsentWithdrawn {
		a.passed = false
		a.reason = fmt.Sprintf("The customer wants no more about %s by %s.", w.Topic, w.Channel)
		a.change = fmt.Sprintf("The customer takes back that she wants no more about %s by %s.", w.Topic, w.Channel)
	}
	return a
}

// agreed asks whether she agreed to the purpose. A transactional message needs no
// agreement, but she may have said no to what it names.
func agreed(q *question) answer {
	w := &q.wish
	if w.Purpose == "" {
		if w.Class == rapport.Transactional {
			return answer{passed: true, values: "class=transactional purpose=none"}
		}
		return answer{
			values: fmt.Sprintf("class=%s purpose=none", w.Class),
			reason: fmt.Sprintf("A %s message needs a purpose that the customer agreed to, and names none.", w.Class),
			change: "The send names a purpose, such as marketing.",
		}
	}
	state := q.customer.Consent(w.Purpose, w.Channel, q.address)
	a := answer{values: fmt.Sprintf("class=%s purpose=%s channel=%s consent=%s", w.Class, w.Purpose, w.Channel, state)}
	switch {
	case state == rapport.ConsentGranted, state == rapport.ConsentUnknown && w.Class == rapport.Transactional:
		a.passed = true
		return a
	case state == rapport.ConsentWithdrawn:
		a.reason = fmt.Sprintf("The customer has withdrawn her consent to %s by %s.", w.Purpose, w.Channel)
	default:
		a.reason = fmt.Sprintf("The customer was never asked whether she agrees to %s by %s.", w.Purpose, w.Channel)
	}
	a.change = fmt.Sprintf("The customer consents to %s by %s.", w.Purpose, w.Channel)
	return a
}

// useful asks whether the message still makes sense. At the very instant at which
// its use ends it makes none.
func useful(q *question) answer {
	until := q.wish.UsefulUntil
	if until == rapport.Never {
		return answer{passed: true, values: "useful_until=never ends"}
	}
	a := answer{values: fmt.Sprintf("now=%s useful_until=%s", q.now, until)}
	if q.now < until {
		a.passed = true
		return a
	}
	a.reason = fmt.Sprintf("The message was useful until %s and it is too late for it.", until)
	a.change = "The message is decided and sent earlier, or the step's useful_for is longer."
	return a
}
