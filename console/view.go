package console

import (
	"encoding/json"

	"rapport"
)

// What the pages read of the face's answers.

type person struct {
	ID          string `json:"id"`
	Name        string
	Identifiers []identifier
	FirstSeen   rapport.Instant
	LastSeen    rapport.Instant
	EventsCount int64
}

type identifier struct {
	Kind, Value string
	Hers        *bool
}

type customer struct {
	person
	Zone      string
	Traits    map[string]json.RawMessage
	Groups    []string
	Addresses []struct{ Channel, Address, Suppressed string }
	Consents  []consent
	Cart      *cart
	Orders    []struct {
		ID        string
		At        rapport.Instant
		Total     float64
		Currency  string
		Products  int
		Cancelled bool
	}
	Returns []struct {
		Order    string
		At       rapport.Instant
		Amount   float64
		Currency string
		Reason   string
		Products []string
	}
	Segments []struct {
		Name  string
		Since rapport.Instant
	}
	Journeys []struct {
		Journey, Step, Key string
		Entered, Until     rapport.Instant
	}
	Merges []struct {
		From string
		At   rapport.Instant
		Via  identifier
	}
}

type consent struct {
	Purpose, Channel, State, Source string
	At                              rapport.Instant
}

type cart struct {
	ID    string
	Lines []struct {
		Product  string
		Quantity float64
		Item     struct {
			Name     string
			Price    float64
			Currency string
		}
	}
}

// Place returns the market or country of a customer, as her traits say.
func (c customer) Place() string {
	for _, name := range []string{"market", "country"} {
		var text string
		if json.Unmarshal(c.Traits[name], &text) == nil && text != "" {
			return text
		}
	}
	return ""
}

// Asked returns what the customer was asked to agree to.
func (c customer) Asked() []consent {
	var asked []consent
	for _, state := range c.Consents {
		if state.State != "unknown" {
			asked = append(asked, state)
		}
	}
	return asked
}

type event struct {
	MessageID, Event, Type string
	Timestamp, ReceivedAt  rapport.Instant
	Properties             json.RawMessage
}

type message struct {
	ID, Customer, Journey, Step, Template, Channel, Class, Purpose, Status string
	CreatedAt, DueAt, HandedAt, UsefulUntil                                rapport.Instant
	Subject, To, Reason                                                    string
	Attempts                                                               int
	Version                                                                uint64
	Content                                                                *struct{ Subject, HTML, Text string }
}

type decision struct {
	Message string
	Outcome string
	At      rapport.Instant
	Checks  []struct {
		Name   string
		Passed bool
		Values string
		Reason string
	}
	Change        string
	Journey, Step string
}

// stay is a time that a customer was in a segment.
type stay struct {
	Segment           string
	EnteredAt, LeftAt rapport.Instant
	EnteredBy, LeftBy *reason
}

type reason struct{ Cause, Event string }

// Words says in a few words why somebody came or went.
func (r *reason) Words() string {
	switch {
	case r == nil:
		return ""
	case r.Event != "":
		return "by " + r.Event
	case r.Cause == "time":
		return "as time went by"
	case r.Cause == "definition":
		return "as the segment changed"
	}
	return "by an event"
}

// Past returns the stays in segments that are over, of those that were read.
func (p customerPage) Past() []stay {
	var past []stay
	for _, s := range p.Stays {
		if s.LeftBy != nil {
			past = append(past, s)
		}
	}
	return past
}

type segment struct {
	Name, State, Where string
	Size               int64
}
