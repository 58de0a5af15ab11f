package memory

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"

	"rapport"
	"rapport/store"
)

// messages are all messages and the lists they are looked up by.
type messages struct {
	byID       map[rapport.MessageID]rapport.Message
	byTime     []store.MessageCursor // ascending
	byCustomer map[rapport.CustomerID][]store.MessageCursor
	byStatus   map[rapport.Status]map[rapport.MessageID]struct{}
}

func newMessages() messages {
	return messages{
		byID:       map[rapport.MessageID]rapport.Message{},
		byCustomer: map[rapport.CustomerID][]store.MessageCursor{},
		byStatus:   map[rapport.Status]map[rapport.MessageID]struct{}{},
	}
}

func (m *messages) clone() messages {
	c := messages{
		byID:       maps.Clone(m.byID),
		byTime:     slices.Clone(m.byTime),
		byCustomer: maps.Clone(m.byCustomer),
		byStatus:   maps.Clone(m.byStatus),
	}
	for id, list := range c.byCustomer {
		c.byCustomer[id] = slices.Clone(list)
	}
	for status, set := range c.byStatus {
		c.byStatus[status] = maps.Clone(set)
	}
	return c
}

func (m *messages) put(msg rapport.Message) {
	if old, ok := m.byID[msg.ID]; ok {
		m.remove(old)
	}
	msg.Entry, msg.Learned = clip(msg.Entry), clip(msg.Learned)
	m.byID[msg.ID] = msg
	at := store.MessageCursor{CreatedAt: msg.CreatedAt, ID: msg.ID}
	m.byTime = insert(m.byTime, at)
	m.byCustomer[msg.Customer] = insert(m.byCustomer[msg.Customer], at)
	if m.byStatus[msg.Status] == nil {
		m.byStatus[msg.Status] = map[rapport.MessageID]struct{}{}
	}
	m.byStatus[msg.Status][msg.ID] = struct{}{}
}

func (m *messages) remove(msg rapport.Message) {
	at := store.MessageCursor{CreatedAt: msg.CreatedAt, ID: msg.ID}
	m.byTime = remove(m.byTime, at)
	m.byCustomer[msg.Customer] = remove(m.byCustomer[msg.Customer], at)
	delete(m.byStatus[msg.Status], msg.ID)
}

// clip copies data; what is empty is nil.
func clip(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	return bytes.Clone(data)
}

func compareCursors(a, b store.MessageCursor) int {
	return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
}

func insert(list []store.MessageCursor, at store.MessageCursor) []store.MessageCursor {
	i, _ := slices.BinarySearchFunc(list, at, compareCursors)
	return slices.Insert(list, i, at)
}

func remove(list []store.MessageCursor, at store.MessageCursor) []store.MessageCursor {
	if i, found := slices.BinarySearchFunc(list, at, compareCursors); found {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// Messages returns the messages that a filter chooses, from new to old.
func (s *Store) Messages(ctx context.Context, f store.MessageFilter) ([]rapport.Message, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := s.messages.byTime
	if !f.Customer.IsZero() {
		list = s.messages.byCustomer[f.Customer]
	}
	end := len(list)
	if f.Before != (store.MessageCursor{}) {
		end, _ = slices.BinarySearchFunc(list, f.Before, compareCursors)
	}
	var out []rapport.Message
	for _, at := range slices.Backward(list[:end]) {
		if len(out) == store.LimitOf(f.Limit) {
			break
		}
		if msg := s.messages.byID[at.ID]; chosen(f, msg) {
			out = append(out, copyMessage(msg))
		}
	}
	return out, ctx.Err()
}

func chosen(f store.MessageFilter, m rapport.Message) bool {
	return (f.Journey == "" || f.Journey == m.Journey) &&
		(f.Channel == "" || f.Channel == m.Channel) &&
		(f.Status == 0 || f.Status == m.Status)
}

func copyMessage(m rapport.Message) rapport.Message {
	m.Entry, m.Learned = bytes.Clone(m.Entry), bytes.Clone(m.Learned)
	return m
}

// Message returns one message, or an error of kind NotFound.
func (s *Store) Message(ctx context.Context, id rapport.MessageID) (rapport.Message, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m, ok := s.messages.byID[id]
	if !ok {
		return m, store.ErrNoMessage(id)
	}
	return copyMessage(m), ctx.Err()
}

// Content returns a message's body as it was rendered, or an error of kind NotFound.
func (s *Store) Content(ctx context.Context, id rapport.MessageID) (store.Content, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.contents[id]
	if !ok {
		return c, store.ErrNoContent(id)
	}
	return c, ctx.Err()
}

// Pending returns messages of a lane that wait and are due by until, by when they are
// due, then by id.
func (s *Store) Pending(ctx context.Context, lane store.Lane, until rapport.Instant, limit int) ([]rapport.Message, error) {
	return s.inStatus(ctx, rapport.Waiting, limit, func(m rapport.Message) bool { return store.LaneOf(&m) == lane && m.DueAt <= until }, func(a, b rapport.Message) int {
		return cmp.Or(cmp.Compare(a.DueAt, b.DueAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
}

// NextPending returns the instant at which the first waiting message of a lane is due,
// and Never if none waits.
func (s *Store) NextPending(ctx context.Context, lane store.Lane) (rapport.Instant, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	next := rapport.Never
	for id := range s.messages.byStatus[rapport.Waiting] {
		if m := s.messages.byID[id]; store.LaneOf(&m) == lane {
			next = min(next, m.DueAt)
		}
	}
	return next, ctx.Err()
}

// CountPending returns how many messages of a lane wait that are due by until, at most so many.
func (s *Store) CountPending(ctx context.Context, lane store.Lane, until rapport.Instant, most int) (int, error) {
	list, err := s.Pending(ctx, lane, until, most)
	return len(list), err
}

// InStatus returns messages in one state of their life, from old to new.
func (s *Store) InStatus(ctx context.Context, status rapport.Status, limit int) ([]rapport.Message, error) {
	return s.inStatus(ctx, status, limit, func(rapport.Message) bool { return true }, func(a, b rapport.Message) int {
		return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
	})
}

func (s *Store) inStatus(ctx context.Context, status rapport.Status, limit int, wanted func(rapport.Message) bool, order func(a, b rapport.Message) int) ([]rapport.Message, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []rapport.Message
	for id := range s.messages.byStatus[status] {
		if m := s.messages.byID[id]; wanted(m) {
			out = append(out, copyMessage(m))
		}
	}
	slices.SortFunc(out, order)
	return first(out, limit), ctx.Err()
}

// Decisions returns a customer's decisions, newest first; of one instant, the
// one committed last first.
func (s *Store) Decisions(ctx context.Context, f store.DecisionFilter) ([]rapport.Decision, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []rapport.Decision
	for _, d := range slices.Backward(s.decisions[f.Customer]) {
		if f.Journey == "" || f.Journey == d.Journey {
			d.Checks = slices.Clone(d.Checks)
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b rapport.Decision) int { return cmp.Compare(b.At, a.At) })
	return first(out, store.LimitOf(f.Limit)), ctx.Err()
}
