package mapping

import (
	"encoding/json"
	"fmt"

	"rapport"
)

// segmentItem makes an item of a line in the form of Segment's batch, or of an archive
// that Segment or RudderStack have written. What the sender's clock showed is left
// away: times in a file are kept as they are told. In an archive, which tells when each
// event was received, "timestamp" is right already and "originalTimestamp" is what that
// clock showed.
func segmentItem(text string, kind Kind, messageID string) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil || members == nil {
		return nil, errNotObject
	}
	_, archived := members["receivedAt"]
	_, timed := members["timestamp"]
	if original, ok := members["originalTimestamp"]; ok && !(archived && timed) {
		members["timestamp"] = original
	}
	for _, name := range transport {
		delete(members, name)
	}
	ownTraits(members)
	if label(members["messageId"]) == "" {
		members["messageId"] = quoted(messageID)
	}
	if err := segmentType(members, kind); err != nil {
		return nil, err
	}
	if label(members["userId"]) == "" && label(members["anonymousId"]) == "" {
		return nil, fmt.Errorf("there is neither a userId nor an anonymousId")
	}
	if err := segmentTime(members, kind); err != nil {
		return nil, err
	}
	out, err := json.Marshal(members)
	if err == nil && len(out) > maxItem {
		err = fmt.Errorf("the event is larger than 32 KB")
	}
	return out, err
}

// transport are the members that tell how an event travelled.
var transport = [...]string{"originalTimestamp", "sentAt", "receivedAt", "writeKey", "projectId", "integrations", "_metadata", "version"}

// ownTraits gives an identify call the traits that RudderStack keeps in its context.
func ownTraits(members map[string]json.RawMessage) {
	var context struct{ Traits json.RawMessage }
	if _, told := members["traits"]; told || label(members["type"]) != "identify" || json.Unmarshal(members["context"], &context) != nil {
		return
	}
	if context.Traits != nil {
		members["traits"] = context.Traits
	}
}

var errNotObject = rapport.Errorf(rapport.Invalid, "the line is not a JSON object")

func segmentType(members map[string]json.RawMessage, kind Kind) error {
	said := label(members["type"])
	switch {
	case said == "" && kind == Customers:
		members["type"] = quoted("identify")
	case said == "" && label(members["event"]) != "":
		members["type"] = quoted("track")
	case said == "":
		return fmt.Errorf(`there is neither a "type" nor an "event"`)
	case kind == Customers && said != "identify":
		return fmt.Errorf(`the type is not "identify": import the file as events`)
	}
	if label(members["type"]) == "track" && label(members["event"]) == "" {
		return fmt.Errorf(`there is no name of the event in "event"`)
	}
	return nil
}

// segmentTime sees to it that an event says when it happened: it is history, and
// must not be taken for news.
func segmentTime(members map[string]json.RawMessage, kind Kind) error {
	text, said := members["timestamp"]
	if !said && kind == Customers {
		return nil
	}
	value, err := rapport.ParseJSON(text)
	at, ok := value.Instant()
	switch {
	case !said:
		return fmt.Errorf(`there is no "timestamp": the line does not say when it happened`)
	case err != nil || !ok:
		return fmt.Errorf(`"timestamp" is no time with its zone, as in 2026-11-22T09:30:00Z`)
	case at < year1990:
		return fmt.Errorf(`"timestamp" lies before the year 1990`)
	}
	return nil
}

// label returns a member as text, if it is one or a number.
func label(member json.RawMessage) string {
	value, err := rapport.ParseJSON(member)
	if err != nil {
		return ""
	}
	return value.String()
}
