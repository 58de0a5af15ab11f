package simulate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"rapport"
	"rapport/decide"
	"rapport/profile"
	"rapport/store"
)

func (s *sim) ctx() context.Context { return context.Background() }

// noteKept tells the oracle of a batch that was kept.
func (s *sim) noteKept(o *owner, b *store.Batch) {
	number, at := b.Position+1, int64(b.At)
	calls := s.callsOf(b)
	s.note("program %d: batch %d of %s is kept:%s", o.n, number, stamp(at), s.sum(b, calls))
	s.digest(b)
	var touched []string
	for _, r := range b.Records {
		touched = append(touched, s.names[r.Customer])
	}
	s.oracle.keep(number, at, calls, touched)
	for _, v := range b.Settings {
		if v.Name == "standings" {
			s.readStandings(v.Data)
		}
	}
	for i := range b.Decisions {
		d := &b.Decisions[i]
		s.oracle.rule(ruling{d.Journey, d.Step, s.names[d.Customer], d.Outcome == decide.Send, int64(d.At), s.dayOf(b, d)}, at)
	}
	for _, list := range [][]rapport.Message{b.Messages, b.Moved} {
		for i := range list {
			m := &list[i]
			s.oracle.move(number, letter{
				id: m.ID.String(), journey: m.Journey, step: m.Step, who: s.names[m.Customer], class: m.Class.String(),
				channel: string(m.Channel), status: m.Status.String(), reason: m.Reason,
			})
		}
	}
}

// dayOf returns which day's turn has led to a decision to send, if one has.
func (s *sim) dayOf(b *store.Batch, d *rapport.Decision) string {
	var entry struct{ Day string }
	for i := range b.Messages {
		if m := &b.Messages[i]; m.ID == d.Message && d.Journey == "daily" {
			s.must(json.Unmarshal(m.Entry, &entry))
		}
	}
	return entry.Day
}

func (s *sim) readStandings(data []byte) {
	var all map[string]string
	s.must(json.Unmarshal(data, &all))
	s.oracle.stand(all)
}

// callsOf returns what a batch has admitted of what clients told, and of consent.
func (s *sim) callsOf(b *store.Batch) (all []*told) {
	for _, block := range b.Events {
		entries, err := store.DecodeBlock(block.Data)
		s.must(err)
		for _, entry := range entries {
			for i := range entry.Events {
				if t := s.told(&entry.Events[i]); t != nil {
					t.at, t.batch = int64(b.At), b.Position+1
					s.judgeStamp(t)
					all = append(all, t)
				}
			}
		}
	}
	return all
}

// told returns a call that was kept, nil if an event is the program's own.
func (s *sim) told(e *rapport.Event) *told {
	switch {
	case e.Type == rapport.Derived && e.Name == profile.ConsentChanged:
		var act struct{ State, Source string }
		s.must(json.Unmarshal(e.Properties, &act))
		s.acts[act.Source] = true
		return &told{call: call{kind: "consent", user: e.UserID, agrees: map[bool]string{true: "yes", false: "no"}[act.State == "granted"]}, stamp: -1}
	case e.Type == rapport.Derived || e.Type == rapport.Noted:
		return nil
	}
	c, known := s.calls[e.MessageID]
	if !known {
		s.oracle.fault("nobody sent %s, which is kept", e.MessageID)
	}
	if c.user != e.UserID || c.device != e.AnonymousID {
		s.oracle.fault("%s was told of %q on %q and is kept of %q on %q", c.id, c.user, c.device, e.UserID, e.AnonymousID)
	}
	return &told{call: c, stamp: int64(e.Timestamp)}
}

// judgeStamp judges when a call is said to have happened: as one of its sendings told, and
// never after it was admitted. A word over the API is of now.
func (s *sim) judgeStamp(t *told) {
	if t.id == "" {
		t.stamp = t.at
		return
	}
	if !slices.ContainsFunc(s.stamps[t.id], func(at int64) bool { return min(at, t.at) == t.stamp }) {
		s.oracle.fault("%s is kept as of %s, and was told of none of %d", t.id, stamp(t.stamp), s.stamps[t.id])
	}
}

// sum says in a few words what a batch holds.
func (s *sim) sum(b *store.Batch, calls []*told) (text string) {
	for _, t := range calls {
		text += " " + t.id + t.agrees
	}
	for i := range b.Decisions {
		d := &b.Decisions[i]
		text += fmt.Sprintf("; %s %s/%s %s as of %s", s.names[d.Customer], d.Journey, d.Step, d.Outcome, stamp(int64(d.At)))
	}
	for _, m := range slices.Concat(b.Messages, b.Moved) {
		text += fmt.Sprintf("; %s of %s %s", m.ID, s.names[m.Customer], m.Status)
	}
	for _, m := range b.Marks {
		text += "; mark " + m.Name
	}
	return text
}

// digest adds a batch to the trace, to the byte.
func (s *sim) digest(b *store.Batch) {
	for _, r := range b.Records {
		fmt.Fprintf(s.trace, "%x %x %d %x\n", r.Customer, r.Data, r.Wake, len(r.Pages))
	}
	for _, block := range b.Events {
		fmt.Fprintf(s.trace, "%x\n", block.Data)
	}
	fmt.Fprintf(s.trace, "%v %v %v %v\n", b.Messages, b.Moved, b.Counters, b.Identifiers)
	for _, m := range b.Marks {
		fmt.Fprintf(s.trace, "%s %s\n", m.Name, m.Data)
	}
}
