package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"rapport"
	"rapport/store"
)

const messageColumns = `id, customer, journey, version, run, step, template, channel, class, status, address,
	subject, created_at, due_at, useful_until, handed_at, attempts, reason, entry, purpose, learned, topic`

func (w *script) putMessages(list []rapport.Message) {
	if len(list) == 0 {
		return
	}
	kept := last(list, func(m *rapport.Message) rapport.MessageID { return m.ID })
	r := newRows(len(kept), typeKey, typeKey, typeBytes, typeInt, typeInt, typeBytes, typeBytes, typeBytes, typeInt, typeInt, typeBytes,
		typeBytes, typeInt, typeInt, typeInt, typeInt, typeInt, typeBytes, typeBytes, typeBytes, typeBytes, typeBytes)
	for _, m := range kept {
		r.key(m.ID).key(m.Customer).text(m.Journey).int(int64(m.Version)).int(int64(m.Run)).text(m.Step).text(m.Template)
		r.text(string(m.Channel)).int(int64(m.Class)).int(int64(m.Status)).text(m.To).text(m.Subject).int(int64(m.CreatedAt))
		r.int(int64(m.DueAt)).int(int64(m.UsefulUntil)).int(int64(m.HandedAt)).int(int64(m.Attempts)).text(m.Reason)
		r.bytes(m.Entry).text(m.Purpose).bytes(m.Learned).text(m.Topic)
	}
	w.add(`insert into message (`+messageColumns+`) select * from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bigint[],
			$5::bigint[], $6::bytea[], $7::bytea[], $8::bytea[], $9::bigint[], $10::bigint[], $11::bytea[], $12::bytea[],
			$13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bytea[], $19::bytea[],
			$20::bytea[], $21::bytea[], $22::bytea[])
		on conflict (id) do update set (`+messageColumns+`) = (select `+excluded(messageColumns)+`)`, r.columns...)
}

// excluded names columns as those of a row that was not inserted.
func excluded(columns string) string {
	names := strings.Split(columns, ",")
	for i, name := range names {
		names[i] = "excluded." + strings.TrimSpace(name)
	}
	return strings.Join(names, ", ")
}

func (w *script) moveMessages(list []rapport.Message) {
	if len(list) == 0 {
		return
	}
	type place struct {
		at rapport.Instant
		id rapport.MessageID
	}
	moved := last(list, func(m *rapport.Message) place { return place{m.CreatedAt, m.ID} })
	r := newRows(len(moved), typeKey, typeInt, typeInt, typeBytes, typeBytes, typeInt, typeInt, typeInt, typeBytes)
	for _, m := range moved {
		r.key(m.ID).int(int64(m.CreatedAt)).int(int64(m.Status)).text(m.To).text(m.Subject)
		r.int(int64(m.DueAt)).int(int64(m.HandedAt)).int(int64(m.Attempts)).text(m.Reason)
	}
	w.add(`update message as m set status = v.status, address = v.address, subject = v.subject, due_at = v.due_at,
			handed_at = v.handed_at, attempts = v.attempts, reason = v.reason
		from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bytea[])
			as v (id, created_at, status, address, subject, due_at, handed_at, attempts, reason)
		where m.id = v.id and m.created_at = v.created_at`, r.columns...)
}

func messageOf(r row) rapport.Message {
	m := rapport.Message{
		ID: r.key(0), Customer: r.key(1), Journey: r.text(2), Version: uint64(r.int(3)), Run: uint64(r.int(4)),
		Step: r.text(5), Template: r.text(6), Channel: rapport.Channel(r.text(7)), Class: rapport.Class(r.int(8)),
		Status: rapport.Status(r.int(9)), To: r.text(10), Subject: r.text(11), CreatedAt: rapport.Instant(r.int(12)),
		DueAt: rapport.Instant(r.int(13)), UsefulUntil: rapport.Instant(r.int(14)), HandedAt: rapport.Instant(r.int(15)),
		Attempts: int(r.int(16)), Reason: r.text(17), Purpose: r.text(19), Topic: r.text(21),
	}
	if len(r[18]) > 0 {
		m.Entry = r.bytes(18)
	}
	if len(r[20]) > 0 {
		m.Learned = r.bytes(20)
	}
	return m
}

func (s *Store) messages(ctx context.Context, rest string, args ...[]byte) (list []rapport.Message, err error) {
	err = s.query(ctx, func(r row) error { list = append(list, messageOf(r)); return nil }, "select "+messageColumns+" from message"+rest, args...)
	return list, err
}

// Messages returns the messages that a filter chooses, from new to old.
func (s *Store) Messages(ctx context.Context, f store.MessageFilter) ([]rapport.Message, error) {
	conditions := []string{"true"}
	var args [][]byte
	where := func(condition string, values ...[]byte) {
		numbers := make([]any, len(values))
		for i, v := range values {
			args = append(args, v)
			numbers[i] = len(args)
		}
		conditions = append(conditions, fmt.Sprintf(condition, numbers...))
	}
	if !f.Customer.IsZero() {
		where("customer = $%d::uuid", aKey(f.Customer))
	}
	if f.Journey != "" {
		where("journey = $%d::bytea", aText(f.Journey))
	}
	if f.Channel != "" {
		where("channel = $%d::bytea", aText(string(f.Channel)))
	}
	if f.Status != 0 {
		where(statusIs(f.Status))
	}
	if f.Before != (store.MessageCursor{}) {
		where("(created_at, id) < ($%d::bigint, $%d::uuid)", anInt(int64(f.Before.CreatedAt)), aKey(f.Before.ID))
	}
	args = append(args, anInt(int64(store.LimitOf(f.Limit))))
	return s.messages(ctx, fmt.Sprintf(" where %s order by created_at desc, id desc limit $%d::bigint", strings.Join(conditions, " and "), len(args)), args...)
}

// statusIs names the status in the statement itself: only so it is seen that an index
// of some states holds it.
func statusIs(s rapport.Status) string { return "status = " + strconv.Itoa(int(s)) }

// Message returns one message, or an error of kind NotFound.
func (s *Store) Message(ctx context.Context, id rapport.MessageID) (rapport.Message, error) {
	list, err := s.messages(ctx, " where id = $1::uuid", aKey(id))
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
	there := false
	err := s.query(ctx, func(r row) error {
		found.At, found.Subject, found.HTML, found.Text = rapport.Instant(r.int(0)), r.text(1), r.text(2), r.text(3)
		there = true
		return nil
	}, "select at, subject, html, text from content where message = $1::uuid", aKey(id))
	if err == nil && !there {
		err = store.ErrNoContent(id)
	}
	return found, err
}

// inLane chooses the messages of a lane that wait.
const inLane = " from message where status = 1 and channel = $1::bytea and least(class, 3) = $2::bigint and due_at <= $3::bigint"

func laneArgs(lane store.Lane, until rapport.Instant, more ...[]byte) [][]byte {
	return append([][]byte{aText(string(lane.Channel)), anInt(int64(lane.Urgency)), anInt(int64(until))}, more...)
}

// Pending returns messages of a lane that wait and are due by until, by when they are
// due, then by id.
func (s *Store) Pending(ctx context.Context, lane store.Lane, until rapport.Instant, limit int) (list []rapport.Message, err error) {
	err = s.query(ctx, func(r row) error { list = append(list, messageOf(r)); return nil },
		"select "+messageColumns+inLane+" order by due_at, id limit $4::bigint", laneArgs(lane, until, limited(limit))...)
	return list, err
}

// NextPending returns the instant at which the first waiting message of a lane is due,
// and Never if none waits.
func (s *Store) NextPending(ctx context.Context, lane store.Lane) (rapport.Instant, error) {
	next := rapport.Never
	err := s.query(ctx, func(r row) error { next = rapport.Instant(r.int(0)); return nil },
		"select due_at"+inLane+" order by due_at, id limit 1", laneArgs(lane, rapport.Never)...)
	return next, err
}

// CountPending returns how many messages of a lane wait that are due by until, at most so many.
func (s *Store) CountPending(ctx context.Context, lane store.Lane, until rapport.Instant, most int) (n int, err error) {
	err = s.query(ctx, func(r row) error { n = int(r.int(0)); return nil },
		"select count(*) from (select 1"+inLane+" limit $4::bigint) as few", laneArgs(lane, until, limited(most))...)
	return n, err
}

// InStatus returns messages in one state of their life, from old to new.
func (s *Store) InStatus(ctx context.Context, status rapport.Status, limit int) ([]rapport.Message, error) {
	return s.messages(ctx, " where "+statusIs(status)+" order by created_at, id limit $1::bigint", limited(limit))
}

// decisionColumns are those that decisionOf reads.
const decisionColumns = "customer, journey, step, outcome, at, message, checks, change, workspace"

func decisionOf(r row) (rapport.Decision, error) {
	d := rapport.Decision{
		Customer: r.key(0), Journey: r.text(1), Step: r.text(2), Outcome: r.text(3), At: rapport.Instant(r.int(4)),
		Message: r.key(5), Change: r.text(7), Workspace: uint64(r.int(8)),
	}
	return d, json.Unmarshal(r[6], &d.Checks)
}

// Decisions returns a customer's decisions, newest first; of one instant, the one
// committed last first.
func (s *Store) Decisions(ctx context.Context, f store.DecisionFilter) (list []rapport.Decision, err error) {
	err = s.query(ctx, func(r row) error {
		d, err := decisionOf(r)
		list = append(list, d)
		return err
	}, "select "+decisionColumns+` from decision
		where customer = $1::uuid and ($2::bytea = '' or journey = $2::bytea) order by at desc, n desc limit $3::bigint`,
		aKey(f.Customer), aText(f.Journey), anInt(int64(store.LimitOf(f.Limit))))
	return list, err
}
