package smtp

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"rapport"
)

// phase is a step of a mail transaction.
type phase uint8

const (
	phaseReset phase = iota
	phaseMail
	phaseRcpt
	phaseData
	phaseContent
)

// verdict turns a refusal at one phase into an outcome.
func verdict(at phase, r reply) (kind rapport.OutcomeKind, bad bool) {
	switch {
	case at == phaseContent && r.ok():
		return rapport.Accepted, false
	case at == phaseContent && r.code < 400:
		return rapport.Vague, false // it has the content and says what it should not
	case at == phaseReset || r.passing() || aboutUs(r) || r.code < 400:
		return rapport.Retry, false
	}
	return rapport.Refused, (at == phaseRcpt || at == phaseContent) && badAddress(r.enhanced)
}

// takesNone reports whether a passing refusal is of us rather than of the message, so
// that the server would refuse the next one too: it closes (421), does not let us send
// or not so fast (454, as RFC 4954 and Amazon SES have it), is not accepting or full
// (4.3.1, 4.3.2, 452 before it knows the recipient), is congested (4.4.5), or refuses
// the sender for now.
func takesNone(at phase, r reply) bool {
	switch {
	case r.code == 421 || r.code == 454 || aboutUs(r) && !outOfStep(r):
		return true
	case !r.passing():
		return false
	case at == phaseReset || at == phaseMail:
		return true
	}
	s := r.enhanced
	return s.subject == 3 && (s.detail == 1 || s.detail == 2) || s.subject == 4 && s.detail == 5
}

// aboutUs reports whether a 5xx says nothing about the message: the session is
// out of step (500, 502, 503), or we are not authenticated or not well enough.
func aboutUs(r reply) bool {
	switch r.code {
	case 521, 530, 534, 535, 538:
		return true
	}
	return outOfStep(r) || r.enhanced.subject == 7 && (r.enhanced.detail == 8 || r.enhanced.detail == 9 || r.enhanced.detail == 11)
}

// outOfStep reports whether a refusal is of this session alone.
func outOfStep(r reply) bool { return r.code == 500 || r.code == 502 || r.code == 503 }

// badAddress reports whether the recipient's address itself is at fault: no such
// mailbox (5.1.1), no such domain (5.1.2), bad syntax (5.1.3), moved away
// (5.1.6), takes no mail at all (5.1.10). The others of 5.1 are about the sender
// or say nothing. A refusal without an enhanced status may as well be a policy,
// so it suppresses nobody.
func badAddress(s status) bool {
	if s.class != 5 || s.subject != 1 {
		return false
	}
	switch s.detail {
	case 1, 2, 3, 6, 10:
		return true
	}
	return false
}

// said is the server's words for the operator, without the recipient's address.
func said(r reply, recipient string) string {
	text := clean(r.text, recipient)
	if r.enhanced != (status{}) {
		text = fmt.Sprintf("%d.%d.%d %s", r.enhanced.class, r.enhanced.subject, r.enhanced.detail, text)
	}
	return strings.TrimSpace(fmt.Sprintf("the mail server said: %d %s", r.code, text))
}

const maxReason = 200

// clean makes foreign text fit to be stored: one line, not long, and without
// the recipient's address or any other. Her name alone is left out as well, if it
// is long enough not to be a word like any other.
func clean(text, recipient string) string {
	local, _, _ := strings.Cut(recipient, "@")
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == utf8.RuneError })
	for i, word := range words {
		if strings.Contains(word, "@") || len(local) > 2 && containsFold(word, local) {
			words[i] = "[address]"
		}
	}
	text = strings.Join(words, " ")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
