package mapping

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"rapport"
)

// part is what one row adds to an item; of an item that is not a group's it is
// the whole.
type part struct {
	Line        int64                      `json:"l"`
	More        bool                       `json:"+,omitempty"` // it goes on with the first row of its group
	Out         bool                       `json:"o,omitempty"` // the mapping leaves the row out, and what goes on with it
	Name        string                     `json:"n,omitempty"`
	UserID      string                     `json:"u,omitempty"`
	AnonymousID string                     `json:"a,omitempty"`
	MessageID   string                     `json:"m,omitempty"`
	At          rapport.Instant            `json:"t,omitzero"`
	Properties  map[string]json.RawMessage `json:"p,omitempty"`
	Sums        map[string]decimal.Decimal `json:"s,omitempty"`
	Consents    map[string]json.RawMessage `json:"c,omitempty"`
	Product     map[string]json.RawMessage `json:"d,omitempty"`
}

// size is about what a part takes in memory.
func (p part) size() int {
	n := 300 + len(p.Name) + len(p.UserID) + len(p.AnonymousID) + len(p.MessageID) + 150*len(p.Sums)
	for _, values := range [...]map[string]json.RawMessage{p.Properties, p.Consents, p.Product} {
		for _, text := range values {
			n += 80 + len(text)
		}
	}
	return n
}

// item is an event in the form of Segment's batch.
type item struct {
	Type        string          `json:"type"`
	Event       string          `json:"event,omitempty"`
	MessageID   string          `json:"messageId"`
	UserID      string          `json:"userId,omitempty"`
	AnonymousID string          `json:"anonymousId,omitempty"`
	Timestamp   rapport.Instant `json:"timestamp,omitzero"`
	Properties  map[string]any  `json:"properties,omitempty"`
	Traits      map[string]any  `json:"traits,omitempty"`
	Context     map[string]any  `json:"context,omitempty"`
}

// part reads a row. Skipped is set if the mapping leaves the row out.
func (m *Mapping) part(r *row, kind Kind) (p part, skipped bool, err error) {
	p.Line = r.line
	if m.Continues != nil && m.Continues.holds(r) {
		p.More = true
		if _, p.Sums, err = properties(r, m.Properties); err == nil {
			p.Product, _, err = properties(r, m.Products)
		}
		return p, false, err
	}
	for i := range m.Skip {
		if m.Skip[i].holds(r) {
			return p, true, nil
		}
	}
	if err := m.whose(&p, r); err != nil {
		return p, false, err
	}
	if kind == Events {
		if p.Name, err = m.name(r); err != nil {
			return p, false, err
		}
	}
	if err := m.when(&p, r, kind); err != nil {
		return p, false, err
	}
	p.Properties, p.Sums, err = properties(r, m.Properties)
	if kind == Customers {
		p.Properties, _, err = properties(r, m.Traits)
	}
	if err != nil {
		return p, false, err
	}
	if p.Consents, err = m.consents(r); err != nil {
		return p, false, err
	}
	p.Product, _, err = properties(r, m.Products)
	return p, false, err
}

func (m *Mapping) whose(p *part, r *row) (err error) {
	if p.UserID, err = m.UserID.label(r); err != nil {
		return err
	}
	if p.AnonymousID, err = m.AnonymousID.label(r); err != nil {
		return err
	}
	if p.UserID == "" && p.AnonymousID == "" {
		return fmt.Errorf("there is no id of a customer in the row")
	}
	if max(len(p.UserID), len(p.AnonymousID)) > 256 {
		return fmt.Errorf("the customer's id is longer than 256 bytes")
	}
	p.MessageID, err = m.MessageID.label(r)
	return err
}

func (m *Mapping) name(r *row) (string, error) {
	for _, c := range m.Event {
		if c.When != nil && !c.When.holds(r) {
			continue
		}
		name := c.Name
		if c.Column != "" {
			name, _ = r.text(c.Column)
		}
		if name == "" || len(name) > 200 {
			return "", fmt.Errorf("the event's name in column %q is empty or longer than 200 bytes", c.Column)
		}
		return name, nil
	}
	return "", fmt.Errorf(`no case of "event" in the mapping holds for the row`)
}

// year1990 is before all that the server takes for a time.
const year1990 rapport.Instant = 631152000000

func (m *Mapping) when(p *part, r *row, kind Kind) error {
	if m.Timestamp == nil {
		return nil
	}
	at, ok, err := m.Timestamp.of(r)
	switch {
	case err != nil:
		return err
	case !ok && kind == Events:
		return fmt.Errorf("column %q is empty: the row does not say when it happened", m.Timestamp.Column)
	case ok && at < year1990:
		return fmt.Errorf("column %q lies before the year 1990", m.Timestamp.Column)
	}
	p.At = at
	return nil
}

// properties returns what a row says by name, and the numbers to be summed apart.
func properties(r *row, values map[string]Value) (plain map[string]json.RawMessage, sums map[string]decimal.Decimal, err error) {
	for name, v := range values {
		if v.Sum {
			n, _, err := v.decimal(r)
			if err != nil {
				return nil, nil, err
			}
			if sums == nil {
				sums = map[string]decimal.Decimal{}
			}
			sums[name] = n
			continue
		}
		text, err := v.of(r)
		if err != nil {
			return nil, nil, err
		}
		if text == nil {
			continue
		}
		if plain == nil {
			plain = map[string]json.RawMessage{}
		}
		plain[name] = text
	}
	return plain, sums, nil
}

func (m *Mapping) consents(r *row) (out map[string]json.RawMessage, err error) {
	for purpose, v := range m.Consents {
		text, err := v.label(r)
		if err != nil {
			return nil, err
		}
		if text == "" {
			continue // nothing was said: that is neither a yes nor a no
		}
		if out == nil {
			out = map[string]json.RawMessage{}
		}
		if out[purpose], err = boolean(v.chosen(r).Column, text); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// maxItem is how large an event may be.
const maxItem = 32 << 10

// item makes the event that parts are of: what is said of the whole stands in the
// first, each adds its sums and its product.
func (m *Mapping) item(kind Kind, parts []part, messageID string) ([]byte, error) {
	first := parts[0]
	out := item{
		Type: "track", Event: first.Name, MessageID: first.MessageID,
		UserID: first.UserID, AnonymousID: first.AnonymousID, Timestamp: first.At,
	}
	if out.MessageID == "" {
		out.MessageID = messageID
	}
	data := nested(first.Properties)
	for name, v := range m.Properties {
		if v.Sum {
			put(data, name, json.RawMessage(v.total(name, parts).String()))
		}
	}
	if m.Products != nil {
		products := make([]any, 0, len(parts))
		for _, p := range parts {
			products = append(products, nested(p.Product))
		}
		data["products"] = products
	}
	if out.Properties = data; kind == Customers {
		out.Type, out.Properties, out.Traits = "identify", nil, data
	}
	if first.Consents != nil {
		out.Context = map[string]any{"consent": map[string]any{"categoryPreferences": nested(first.Consents)}}
	}
	text, err := json.Marshal(out)
	if err == nil && len(text) > maxItem {
		err = fmt.Errorf("the event of %d rows is larger than 32 KB: map fewer columns", len(parts))
	}
	return text, err
}

func (v *Value) total(name string, parts []part) decimal.Decimal {
	var sum decimal.Decimal
	for _, p := range parts {
		sum = sum.Add(p.Sums[name])
	}
	return v.finished(sum)
}

// nested puts a.b into the object a. No a.b stands beside an a.
func nested(flat map[string]json.RawMessage) map[string]any {
	out := make(map[string]any, len(flat)+2)
	for name, value := range flat {
		put(out, name, value)
	}
	return out
}

func put(into map[string]any, name string, value json.RawMessage) {
	for {
		outer, rest, ok := strings.Cut(name, ".")
		if !ok {
			into[name] = value
			return
		}
		inner, ok := into[outer].(map[string]any)
		if !ok {
			inner = map[string]any{}
			into[outer] = inner
		}
		into, name = inner, rest
	}
}
