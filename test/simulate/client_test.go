package simulate_test

import (
	"encoding/json"
	"fmt"
	"slices"

	"rapport"
	"rapport/collect"
)

// parcel is one batch of calls that a client sends until it is acknowledged.
type parcel struct {
	client int
	number int // among those of all clients
	calls  []call
	first  int64 // when it was first sent
	flying int   // attempts that are not answered yet
	next   int64 // not sent again before
	tries  int
	done   bool // acknowledged, or given up
}

// patience is how long a client goes on with a batch: well within the time for which
// repeats are known.
const patience = 18 * hour

// send lets a client send a batch, once more if need be.
func (s *sim) send(p *parcel, to *owner) {
	if p.tries == 0 {
		p.first = s.oracle.clock
	}
	p.tries++
	p.flying++
	p.next = s.clock.at.Load() + min(second<<p.tries, 10*minute)
	now := s.clock.at.Load()
	result, err := collect.Parse(collect.Batch, s.body(p, now), collect.Meta{ReceivedAt: rapport.Instant(now)})
	s.must(err)
	if len(result.Refused) > 0 || len(result.Events) != len(p.calls) {
		panic(fmt.Sprintf("of %d calls %d were taken in: %+v", len(p.calls), len(result.Events), result.Refused))
	}
	for i := range result.Events {
		e := &result.Events[i]
		s.stamps[e.MessageID] = append(s.stamps[e.MessageID], int64(e.Timestamp))
	}
	s.note("client %d sends %d%s", p.client, p.number, ids(p.calls))
	s.ask(to, func() error { return to.flow.Submit(s.ctx(), result.Events) }, func(err error) {
		p.flying--
		if err != nil {
			s.note("client %d is told that %d failed", p.client, p.number)
			return
		}
		s.acknowledged(p)
	})
}

func ids(calls []call) (all string) {
	for i := range calls {
		all += " " + calls[i].id
	}
	return all
}

// body writes a batch as a client does whose clock is wrong by a little.
func (s *sim) body(p *parcel, now int64) []byte {
	skew := s.skews[p.client]
	items := make([]map[string]any, len(p.calls))
	for i, c := range p.calls {
		items[i] = item(c, skew)
	}
	text, err := json.Marshal(map[string]any{"batch": items, "sentAt": stamp(now + skew)})
	s.must(err)
	return text
}

func item(c call, skew int64) map[string]any {
	one := map[string]any{"type": "track", "messageId": c.id, "timestamp": stamp(c.at + skew)}
	for name, value := range map[string]string{"userId": c.user, "anonymousId": c.device} {
		if value != "" {
			one[name] = value
		}
	}
	if c.kind == "identify" {
		one["type"] = "identify"
		one["traits"] = map[string]any{"email": c.user + "@example.com", "phone": phone(c.user), "country": c.country}
		if c.agrees != "" {
			one["context"] = map[string]any{"consent": map[string]any{"categoryPreferences": map[string]any{"marketing": c.agrees == "yes"}}}
		}
		return one
	}
	one["event"] = c.kind
	properties := map[string]any{}
	for name, value := range map[string]string{"cart_id": c.cart, "order_id": c.order, "club": c.club} {
		if value != "" {
			properties[name] = value
		}
	}
	one["properties"] = properties
	return one
}

// phone is somebody's number.
func phone(user string) string { return fmt.Sprintf("+6591234%03d", slices.Index(users(), user)) }

// acknowledged takes in that the program has said that it has a batch. Whether its client
// hears that is another question.
func (s *sim) acknowledged(p *parcel) {
	for _, c := range p.calls {
		if s.oracle.byID[c.id] == nil {
			s.oracle.fault("%s was acknowledged and is not kept", c.id)
		}
	}
	if s.dice.chance(s.weather.unheard) {
		s.note("client %d does not hear that %d is kept", p.client, p.number)
		return
	}
	p.done = true
}
