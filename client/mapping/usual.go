package mapping

import (
	"slices"

	"rapport"
)

// The usual names of columns, the better ones first.
var (
	usualUser      = []string{"userId", "user_id", "customerId", "customer_id"}
	usualDevice    = []string{"anonymousId", "anonymous_id"}
	usualMessage   = []string{"messageId", "message_id"}
	usualTimestamp = []string{"timestamp", "originalTimestamp", "original_timestamp"}
	usualEvent     = []string{"event", "event_name"}
	usualNumbers   = []string{
		"price", "quantity", "total", "revenue", "value", "subtotal", "shipping", "tax", "discount", "position",
	}
)

// usual returns the mapping for a table whose columns have the usual names: those
// of Segment's calls, and every other column a property or trait of its own
// name. The amounts of Segment's e-commerce events are numbers, all else is text.
func usual(header []string, kind Kind) (*Mapping, error) {
	m := &Mapping{}
	taken := map[string]bool{}
	take := func(names []string) *Value {
		for _, name := range names {
			if slices.Contains(header, name) && !taken[name] {
				taken[name] = true
				return &Value{Column: name}
			}
		}
		return nil
	}
	m.UserID, m.AnonymousID, m.MessageID = take(usualUser), take(usualDevice), take(usualMessage)
	if m.UserID == nil && kind == Customers {
		m.UserID = take([]string{"id"})
	}
	if at := take(usualTimestamp); at != nil {
		m.Timestamp = &Time{Column: at.Column}
	}
	event := take(usualEvent)
	rest := map[string]Value{}
	for _, name := range header {
		if name != "" && !taken[name] {
			rest[name] = usualValue(name)
		}
	}
	for name := range rest {
		if inner := within(name, header); len(inner) > 0 {
			return nil, rapport.Errorf(rapport.Invalid, "the column %q can't hold %q, for it is a value of its own: say with --mapping what they mean", name, inner[0])
		}
	}
	if m.UserID == nil && m.AnonymousID == nil {
		return nil, missing("userId")
	}
	if kind == Customers {
		m.Traits = rest
		return m, nil
	}
	if m.Properties = rest; event == nil {
		return nil, missing("event")
	}
	if m.Timestamp == nil {
		return nil, missing("timestamp")
	}
	m.Event = []Case{{Column: event.Column}}
	return m, nil
}

func usualValue(name string) Value {
	if slices.Contains(usualNumbers, name) {
		return Value{Column: name, As: "number"}
	}
	return Value{Column: name}
}

func missing(column string) error {
	return rapport.Errorf(rapport.Invalid, `the file has no column %q: say with --mapping which column means what`, column)
}
