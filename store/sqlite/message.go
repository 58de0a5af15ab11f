package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"rapport"
	"rapport/internal/wire"
	"rapport/store"
)

// putMessages adds messages, each with the decision that made it where the batch holds that,
// then those decisions that no message took along.
func (c *conn) putMessages(b *store.Batch) error {
	decisions := newDecided(b)
	for i := range b.Messages {
		if err := c.putMessage(&b.Messages[i], decisions); err != nil {
			return err
		}
	}
	if err := each(b.Moved, c.moveMessage); err != nil {
		return err
	}
	return c.putDecisions(decisions)
}

func (c *conn) putMessage(m *rapport.Message, decisions *decided) error {
	fresh, with, err := c.insertMessage(m, decisions)
	switch {
	case err != nil:
		return err
	case fresh == 0:
		return c.replaceMessage(m)
	case with:
		decisions.took(m)
	}
	if createdAt(m.ID) == m.CreatedAt {
		return nil
	}
	_, err = c.exec("insert into odd_message (id, created_at) values (?, ?)", m.ID[:], int64(m.CreatedAt))
	return err
}

// insertMessage adds a message unless it is known, with the decision that made it if that
// can be told from its row.
func (c *conn) insertMessage(m *rapport.Message, decisions *decided) (added int64, with bool, err error) {
	b := appendBorn(c.packed[:0], m)
	born := len(b)
	b = appendLife(b, m)
	life := len(b)
	b = decisions.append(b, m)
	c.packed = b
	added, err = c.exec(`insert into message (created_at, id, customer, journey, channel, class, status, due_at, born, decided, life)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
		int64(m.CreatedAt), m.ID[:], m.Customer[:], m.Journey, string(m.Channel), int64(m.Class), int64(m.Status), int64(m.DueAt),
		b[:born], b[life:], b[born:life])
	return added, len(b) > life, err
}

// replaceMessage changes all of a message that is known. The decision that made it stays what
// it was.
func (c *conn) replaceMessage(m *rapport.Message) error {
	if err := c.partDecision(m); err != nil {
		return err
	}
	_, err := c.exec("update message set customer = ?, journey = ?, channel = ?, class = ?, born = ? where created_at = ? and id = ?",
		m.Customer[:], m.Journey, string(m.Channel), int64(m.Class), appendBorn(nil, m), int64(m.CreatedAt), m.ID[:])
	if err != nil {
		return err
	}
	return c.moveMessage(m)
}

// appendBorn appends what never changes of a message and nobody looks it up by. What is added
// one day goes to the end, where a reader finds nothing in older rows.
func appendBorn(b []byte, m *rapport.Message) []byte {
	b = wire.AppendUint(wire.AppendUint(b, m.Version), m.Run)
	b = wire.AppendText(wire.AppendText(b, m.Step), m.Template)
	b = wire.AppendInt(b, int64(m.UsefulUntil))
	b = wire.AppendText(wire.AppendText(b, m.Purpose), m.Topic)
	return wire.AppendText(wire.AppendText(b, m.Entry), m.Learned)
}

func readBorn(data []byte, m *rapport.Message) error {
	r := wire.NewReader(data)
	m.Version, m.Run = r.Uint(), r.Uint()
	m.Step, m.Template = r.Text(), r.Text()
	m.UsefulUntil = rapport.Instant(r.Int())
	m.Purpose, m.Topic = r.Text(), r.Text()
	m.Entry, m.Learned = orNil(r.Bytes()), orNil(r.Bytes())
	return r.Err()
}

// appendLife appends what changes of a message when its life goes on and nobody looks it up by.
func appendLife(b []byte, m *rapport.Message) []byte {
	b = wire.AppendText(wire.AppendText(b, m.To), m.Subject)
	b = wire.AppendUint(wire.AppendInt(b, int64(m.HandedAt)), uint64(m.Attempts))
	return wire.AppendText(b, m.Reason)
}

func readLife(data []byte, m *rapport.Message) error {
	r := wire.NewReader(data)
	m.To, m.Subject = r.Text(), r.Text()
	m.HandedAt, m.Attempts = rapport.Instant(r.Int()), int(r.Uint())
	m.Reason = r.Text()
	return r.Err()
}

// orNil returns data; what is empty is nil.
func orNil(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	return data
}

// createdAt returns the instant that an id begins with: that of its message's creation, for
// those that journeys make.
func createdAt(id rapport.MessageID) rapport.Instant {
	return rapport.Instant(int64(binary.BigEndian.Uint64(id[:8])) >> 16)
}

// moveMessage touches no index but those of few messages.
func (c *conn) moveMessage(m *rapport.Message) error {
	c.packed = appendLife(c.packed[:0], m)
	_, err := c.exec("update message set status = ?, due_at = ?, life = ? where created_at = ? and id = ?",
		int64(m.Status), int64(m.DueAt), c.packed, int64(m.CreatedAt), m.ID[:])
	return err
}

func orEmpty(data []byte) []byte {
	if data == nil {
		return []byte{}
	}
	return data
}

const messageColumns = "created_at, id, customer, journey, channel, class, status, due_at, born, life"

func messageOf(r row) (rapport.Message, error) {
	m := rapport.Message{
		CreatedAt: rapport.Instant(r.int(0)), ID: messageID(r.blob(1)), Customer: customerOf(r.blob(2)), Journey: r.text(3),
		Channel: rapport.Channel(r.text(4)), Class: rapport.Class(r.int(5)), Status: rapport.Status(r.int(6)), DueAt: rapport.Instant(r.int(7)),
	}
	return m, errors.Join(readBorn(r.blob(8), &m), readLife(r.blob(9), &m))
}

func messageID(data []byte) (id rapport.MessageID) {
	copy(id[:], data)
	return id
}

func (s *Store) messages(ctx context.Context, rest string, args ...any) (list []rapport.Message, err error) {
	err = s.query(ctx, func(r row) error {
		m, err := messageOf(r)
		list = append(list, m)
		return err
	}, "select "+messageColumns+" from message"+rest, args...)
	return list, err
}

// Messages returns the messages that a filter chooses, from new to old.
func (s *Store) Messages(ctx context.Context, f store.MessageFilter) ([]rapport.Message, error) {
	if f.Status == rapport.Attempting && f.Customer.IsZero() {
		return s.attemptingOf(ctx, f)
	}
	conditions := []string{"true"}
	var args []any
	where := func(condition string, values ...any) {
		conditions = append(conditions, condition)
		args = append(args, values...)
	}
	if !f.Customer.IsZero() {
		where("customer = ?", f.Customer[:])
	}
	if f.Journey != "" {
		where("journey = ?", f.Journey)
	}
	if f.Channel != "" {
		where("channel = ?", string(f.Channel))
	}
	if f.Status != 0 {
		where(statusIs(f.Status))
	}
	if f.Before != (store.MessageCursor{}) {
		where("(created_at, id) < (?, ?)", int64(f.Before.CreatedAt), f.Before.ID[:])
	}
	index := ""
	if f.Customer.IsZero() {
		index = indexOf(f.Status)
	}
	return s.messages(ctx, index+" where "+strings.Join(conditions, " and ")+" order by created_at desc, id desc limit ?+0",
		append(args, int64(store.LimitOf(f.Limit)))...)
}

// statusIs names the status in the statement itself: only so can SQLite see that
// an index of some states holds it.
func statusIs(s rapport.Status) string { return "status = " + strconv.Itoa(int(s)) }

// indexOf names the index that holds the messages of a state, if few are in it.
// SQLite, which does not know how few, would rather read the table in order.
func indexOf(s rapport.Status) string {
	switch s {
	case rapport.Waiting:
		return " indexed by message_lane"
	case rapport.Claimed, rapport.Bounced, rapport.Failed, rapport.Unclear:
		return " indexed by message_notable"
	}
	return ""
}

// Message returns one message, or an error of kind NotFound.
func (s *Store) Message(ctx context.Context, id rapport.MessageID) (rapport.Message, error) {
	list, err := s.messages(ctx, " where created_at = ? and id = ?", int64(createdAt(id)), id[:])
	if err == nil && len(list) == 0 {
		list, err = s.messages(ctx, " where created_at = (select created_at from odd_message where id = ?1) and id = ?1", id[:])
	}
	if err == nil && len(list) == 0 {
		err = store.ErrNoMessage(id)
	}
	if err != nil {
		return rapport.Message{}, err
	}
	return list[0], nil
}

// Content returns a message's body as it was rendered, or an error of kind NotFound.
func (s *Store) Content(ctx context.Context, id rapport.MessageID) (store.Content, error) {
	found := store.Content{Message: id}
	err := store.ErrNoContent(id)
	failed := s.query(ctx, func(r row) error {
		found.At, found.Subject, found.HTML, found.Text = rapport.Instant(r.int(0)), r.text(1), r.text(2), r.text(3)
		err = nil
		return nil
	}, "select at, subject, html, text from content where message = ?", id[:])
	if failed != nil {
		err = failed
	}
	return found, err
}

// inLane chooses the messages of a lane that wait; three arguments follow: the channel, the
// urgency and until when they are due.
const inLane = " from message where status = 1 and channel = ? and min(class, 3) = ? and due_at <= ?"

// Pending returns messages of a lane that wait and are due by until, by when they are
// due, then by id.
func (s *Store) Pending(ctx context.Context, lane store.Lane, until rapport.Instant, limit int) (list []rapport.Message, err error) {
	err = s.query(ctx, func(r row) error {
		m, err := messageOf(r)
		list = append(list, m)
		return err
	}, "select "+messageColumns+inLane+" order by due_at, id limit ?+0", string(lane.Channel), int64(lane.Urgency), int64(until), limited(limit))
	return list, err
}

// NextPending returns the instant at which the first waiting message of a lane is due,
// and Never if none waits.
func (s *Store) NextPending(ctx context.Context, lane store.Lane) (rapport.Instant, error) {
	next := rapport.Never
	err := s.query(ctx, func(r row) error {
		next = rapport.Instant(r.int(0))
		return nil
	}, "select due_at"+inLane+" order by due_at limit 1", string(lane.Channel), int64(lane.Urgency), int64(rapport.Never))
	return next, err
}

// CountPending returns how many messages of a lane wait that are due by until, at most so many.
func (s *Store) CountPending(ctx context.Context, lane store.Lane, until rapport.Instant, most int) (n int, err error) {
	err = s.query(ctx, func(r row) error {
		n = int(r.int(0))
		return nil
	}, "select count(*) from (select 1"+inLane+" limit ?+0)", string(lane.Channel), int64(lane.Urgency), int64(until), limited(most))
	return n, err
}

// InStatus returns messages in one state of their life, from old to new.
func (s *Store) InStatus(ctx context.Context, status rapport.Status, limit int) ([]rapport.Message, error) {
	if status == rapport.Attempting {
		list, err := s.attempting(ctx, func(*rapport.Message) bool { return true })
		return list[:min(max(limit, 0), len(list))], err
	}
	return s.messages(ctx, indexOf(status)+" where "+statusIs(status)+" order by created_at, id limit ?+0", limited(limit))
}
