package collect_test

import (
	"encoding/json"
	"strings"

	"pgregory.net/rapid"

	"rapport"
)

// wire is a sound item as encoding/json reads it.
type wire struct {
	Type        string          `json:"type"`
	Event       string          `json:"event"`
	Name        string          `json:"name"`
	MessageID   string          `json:"messageId"`
	UserID      json.RawMessage `json:"userId"`
	AnonymousID string          `json:"anonymousId"`
	PreviousID  string          `json:"previousId"`
	GroupID     string          `json:"groupId"`
	Properties  any             `json:"properties"`
	Traits      any             `json:"traits"`
	Context     any             `json:"context"`
	Timestamp   string          `json:"timestamp"`
}

// said is an event's content with its JSON as values.
type said struct {
	Type, Name, MessageID, UserID, AnonymousID, PreviousID, GroupID string
	Properties, Context                                             any
	Timestamp                                                       rapport.Instant
}

// oracle reads a batch with encoding/json alone.
func oracle(t *rapid.T, body []byte) []said {
	var batch struct{ Batch []wire }
	if err := json.Unmarshal(body, &batch); err != nil {
		t.Fatalf("the generated body: %v", err)
	}
	var all []said
	for _, w := range batch.Batch {
		s := said{Type: w.Type, MessageID: w.MessageID, UserID: strings.Trim(string(w.UserID), `"`), AnonymousID: w.AnonymousID, Context: filled(w.Context)}
		_ = json.Unmarshal(w.UserID, &s.UserID) // a number stays as it is written
		s.Timestamp, _ = rapport.ParseInstant(w.Timestamp)
		s.Properties = filled(w.Properties)
		switch w.Type {
		case "track":
			s.Name = w.Event
		case "page", "screen":
			s.Name = w.Name
		case "identify":
			s.Properties = filled(w.Traits)
		case "group":
			s.Properties, s.GroupID = filled(w.Traits), w.GroupID
		case "alias":
			s.PreviousID = w.PreviousID
		}
		all = append(all, s)
	}
	return all
}

// filled returns an object, or nothing if it is empty.
func filled(v any) any {
	if object, ok := v.(map[string]any); ok && len(object) > 0 {
		return v
	}
	return nil
}
