package story

import (
	"context"
	"fmt"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/internal/durations"
	"rapport/journey"
	"rapport/profile"
	"rapport/store"
	"rapport/store/memory"
	"rapport/workspace"
)

// Store is what a story is played over.
type Store interface {
	flow.Store
	store.Messages
	// Close lets go of the store.
	Close() error
}

func inMemory() (Store, error) { return memory.New(), nil }

// world is where one story is played: an engine over an empty store.
type world struct {
	compiled  *workspace.Compiled
	workspace *flow.Workspace
	store     Store
	engine    *flow.Engine // nil before the story has said when it begins
	outbox    outbox
	zone      *time.Location
	now       rapport.Instant
	late      durations.Span // how long ago the event happened that is being sent
	last      *rapport.Event // that was sent
	events    int
	standings map[string]journey.Standing
	named     map[rapport.MessageID]bool // messages that the story has spoken of
}

// key is the key of every story's store, so that ids are the same each time.
func key() rapport.Key { return rapport.Key{'s', 't', 'o', 'r', 'y'} }

// newWorld returns the world of a story in a workspace.
func newWorld(c *workspace.Compiled, zone *time.Location, st Store) (*world, error) {
	w := &world{compiled: c, store: st, zone: zone, standings: map[string]journey.Standing{}, named: map[rapport.MessageID]bool{}}
	if zone == nil {
		w.zone = c.Markets.Default().Zone
	}
	w.outbox = outbox{rapport.Email: &provider{}, rapport.SMS: &provider{}, rapport.Webhook: &provider{}}
	var err error
	w.workspace, err = flow.Assemble(c, w.outbox.providers(), unsubscribe)
	return w, err
}

func unsubscribe(id rapport.MessageID) string { return "https://unsubscribe.example/" + id.String() }

func (w *world) started() error {
	if w.engine == nil {
		return fmt.Errorf("say first when the story begins: at 2026-11-02 10:00")
	}
	return nil
}

// reach moves the clock and does everything that falls due on the way.
func (w *world) reach(at rapport.Instant) error {
	ctx := context.Background()
	if w.engine == nil {
		engine, err := flow.Open(ctx, flow.Config{
			Key: key(), Store: w.store, Workspace: w.workspace, KeepContents: true, Unsubscribe: unsubscribe,
		}, at)
		w.engine, w.now = engine, at
		return err
	}
	if at < w.now {
		return fmt.Errorf("the clock shows %s already and can only be moved forward", w.clock(w.now))
	}
	w.now = at
	return w.engine.Advance(ctx, at, nil)
}

// do takes a work through the flow, and what falls due by it.
func (w *world) do(work flow.Work) error {
	errs, err := w.engine.Run(context.Background(), w.now, work)
	if err != nil {
		return err
	}
	if errs[0] != nil {
		return errs[0]
	}
	return w.reach(w.now)
}

// clock prints an instant as the story writes it.
func (w *world) clock(at rapport.Instant) string {
	t := at.In(w.zone)
	switch {
	case at == rapport.Never:
		return "never"
	case t.Second() == 0 && t.Nanosecond() == 0:
		return t.Format("2006-01-02 15:04")
	case t.Nanosecond() == 0:
		return t.Format("2006-01-02 15:04:05")
	}
	return t.Format("2006-01-02 15:04:05.000")
}

// layouts are the ways in which a story writes a moment; the last one is the time
// of the day that the clock shows.
var layouts = [...]string{
	time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly, "15:04:05", "15:04",
}

const firstOfDay = 6 // the layouts from here on name no day

// readAt reads when the story begins, or goes on.
func readAt(l *line) play {
	text := l.rest("a moment")
	for i, layout := range layouts {
		if _, err := time.Parse(layout, text); err == nil {
			return func(w *world) error { return w.moveTo(layout, text, i >= firstOfDay) }
		}
	}
	l.fail("%q is no moment: write it as 2026-11-02 10:00, as 10:00 of the same day, or as 2026-11-02T10:00:00+08:00", text)
	return nil
}

func (w *world) moveTo(layout, text string, sameDay bool) error {
	if sameDay {
		if err := w.started(); err != nil {
			return err
		}
		layout, text = time.DateOnly+" "+layout, w.now.In(w.zone).Format(time.DateOnly)+" "+text
	}
	t, err := time.ParseInLocation(layout, text, w.zone)
	if err != nil {
		return err
	}
	return w.reach(rapport.InstantOf(t))
}

// readAfter reads how much time passes: days are the calendar's.
func readAfter(l *line) play {
	span := l.span()
	return func(w *world) error {
		if err := w.started(); err != nil {
			return err
		}
		return w.reach(rapport.InstantOf(span.Add(w.now.In(w.zone))))
	}
}

// back returns the time a span before t.
func back(t time.Time, span durations.Span) time.Time {
	return t.AddDate(0, 0, -span.Days).Add(-span.Exact)
}

// Row returns what is known of an identifier; with SetRow it makes a world the
// directory that tells who is who.
func (w *world) Row(key rapport.IdentifierKey) *profile.Row {
	rows, err := w.store.Identifiers(context.Background(), []rapport.IdentifierKey{key})
	if err != nil || rows[0] == nil {
		return nil
	}
	row, err := profile.DecodeRow(rows[0])
	if err != nil {
		return nil
	}
	return row
}

// SetRow keeps nothing: nobody becomes somebody else by being looked at.
func (w *world) SetRow(rapport.IdentifierKey, *profile.Row) {}

func (w *world) identities() *profile.Identities {
	return &profile.Identities{Key: key(), Directory: w}
}

// find returns the customer whom a line speaks of.
func (w *world) find(of who) (rapport.CustomerID, error) {
	if err := w.started(); err != nil {
		return rapport.CustomerID{}, err
	}
	e := rapport.Event{UserID: of.user, AnonymousID: of.device, Timestamp: w.now}
	id := w.identities().Owner(&e)
	records, err := w.store.Load(context.Background(), []rapport.CustomerID{id})
	if err == nil && records[0].Data == nil {
		err = fmt.Errorf("nobody has heard of %s yet", of)
	}
	return id, err
}

// String returns the name as the story writes it.
func (o who) String() string {
	if o.user == "" {
		return "@" + o.device
	}
	return o.user
}

// present returns who a customer is by now.
func (w *world) present(id rapport.CustomerID) rapport.CustomerID {
	x := w.identities()
	root := x.Root(id)
	if row := w.Row(rapport.IdentifierKey(root)); row != nil && len(row.Links) > 0 && row.Detached == 0 {
		return x.Root(row.Links[0].User.CustomerID())
	}
	return root
}

func (w *world) isFor(m rapport.Message, id rapport.CustomerID) bool {
	return m.Customer == id || w.present(m.Customer) == id
}

// look returns a customer as she is now.
func (w *world) look(id rapport.CustomerID) (*flow.Look, error) {
	records, err := w.store.Load(context.Background(), []rapport.CustomerID{id})
	if err != nil {
		return nil, err
	}
	return flow.LookAt(context.Background(), w.store, w.workspace, records[0], w.now)
}

// messages returns all messages there are, from new to old.
func (w *world) messages() []rapport.Message {
	const page = 500
	f := store.MessageFilter{Limit: page}
	var all []rapport.Message
	for {
		found, err := w.store.Messages(context.Background(), f)
		if all = append(all, found...); err != nil || len(found) < page {
			return all
		}
		last := found[len(found)-1]
		f.Before = store.MessageCursor{CreatedAt: last.CreatedAt, ID: last.ID}
	}
}

// sent returns the messages that have gone out, in that order.
func (w *world) sent() []rapport.Message {
	all := w.messages()
	byID := make(map[rapport.MessageID]rapport.Message, len(all))
	for _, m := range all {
		byID[m.ID] = m
	}
	var out []rapport.Message
	for _, id := range w.outbox.order() {
		out = append(out, byID[id])
	}
	return out
}
