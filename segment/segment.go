package segment

import "rapport"

// Doc is what a marketer writes about a segment. Its name is the document's.
type Doc struct {
	Description string `json:"description" doc:"What the segment is for, in a sentence"`
	Where       string `json:"where" required:"true" doc:"The rule that holds for its members, such as customer.country == \"SG\""`
}

// Cause says why a customer entered or left a segment.
type Cause uint8

// The causes.
const (
	ByEvent      Cause = iota + 1 // an event changed what the rule reads
	ByTime                        // a window moved on, a date came
	ByDefinition                  // the rule itself is new or other than it was; starts no journey by itself
)

// String returns the word that events and the API use.
func (c Cause) String() string {
	switch c {
	case ByEvent:
		return "event"
	case ByTime:
		return "time"
	case ByDefinition:
		return "definition"
	}
	return ""
}

// ParseCause returns the cause that a word names, and false if it names none.
func ParseCause(word string) (Cause, bool) {
	for c := ByEvent; c <= ByDefinition; c++ {
		if c.String() == word {
			return c, true
		}
	}
	return 0, false
}

// Change is one entry into a segment or one exit from it.
type Change struct {
	Segment string
	Entered bool            // false: she left
	At      rapport.Instant // the exact instant of the change
	Cause   Cause
}

// Membership says that a customer is in a segment.
type Membership struct {
	Segment string
	Since   rapport.Instant
}
