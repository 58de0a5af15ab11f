package rapport

import "strings"

// Stock purposes of consent. A workspace may add its own as documents.
const (
	PurposeMarketing       = "marketing"
	PurposePersonalisation = "personalisation"
	PurposeLocation        = "location"
	PurposeInStore         = "in_store"
)

// topicPrefix begins the purposes under which the ledger keeps what customers say of topics.
const topicPrefix = "topic:"

// TopicPurpose returns the purpose under which the ledger keeps what a customer says of one
// topic. A no to it is a no to this topic only; a yes takes that back and allows nothing
// by itself, since the topic's own purpose has to be agreed to as well.
func TopicPurpose(topic string) string { return topicPrefix + topic }

// TopicOf returns the topic that a purpose of the ledger stands for, and false if it is no
// topic's.
func TopicOf(purpose string) (topic string, ok bool) { return strings.CutPrefix(purpose, topicPrefix) }

// ConsentState is what a customer said.
type ConsentState uint8

// The states of consent. ConsentUnknown means that she was never asked.
const (
	ConsentUnknown ConsentState = iota
	ConsentGranted
	ConsentWithdrawn
)

// String returns the word that the API uses.
func (s ConsentState) String() string {
	switch s {
	case ConsentGranted:
		return "granted"
	case ConsentWithdrawn:
		return "withdrawn"
	}
	return "unknown"
}

// ParseConsentState reads granted or withdrawn.
func ParseConsentState(s string) (ConsentState, bool) {
	switch s {
	case "granted":
		return ConsentGranted, true
	case "withdrawn":
		return ConsentWithdrawn, true
	}
	return ConsentUnknown, false
}

// Consent is one act in the ledger of consents: somebody said yes or no to one
// purpose on one channel. Acts are never changed, only followed by later ones;
// the latest counts, and of two at the same instant the withdrawal.
type Consent struct {
	Purpose     string
	Channel     Channel // "" means every channel
	Address     string  // the e-mail address, phone number or device it was said for; "" means the customer
	State       ConsentState
	Source      string // where it was said: a form, an import, the unsubscribe page
	TextVersion string // which wording she saw
	At          Instant
}
