package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"rapport"
	"rapport/store"
)

// attempts are the messages that are being handed over. They are so for a moment only, all
// of a batch together, and so many that an entry in an index for each would cost more than
// the message: each batch's are one row, which is gone once none of them is left.
type attempts struct {
	batch map[store.MessageCursor]uint64 // which began to hand it over
	left  map[uint64]int                 // of each batch
}

// attemptBytes is what a message takes in a row of attempts.
const attemptBytes = 8 + len(rapport.MessageID{})

func appendAttempt(row []byte, m store.MessageCursor) []byte {
	return append(binary.BigEndian.AppendUint64(row, uint64(m.CreatedAt)), m.ID[:]...)
}

// eachAttempt calls do for each message of a row.
func eachAttempt(row []byte, do func(store.MessageCursor) error) error {
	for ; len(row) >= attemptBytes; row = row[attemptBytes:] {
		if err := do(store.MessageCursor{CreatedAt: rapport.Instant(binary.BigEndian.Uint64(row)), ID: messageID(row[8:attemptBytes])}); err != nil {
			return err
		}
	}
	return nil
}

// readAttempts returns what is being handed over, and forgets rows of which nothing is left.
func (c *conn) readAttempts() (*attempts, error) {
	rows := map[uint64][]byte{}
	err := c.query(context.Background(), func(r row) error { rows[uint64(r.int(0))] = r.blob(1); return nil }, "select batch, messages from attempt")
	if err != nil {
		return nil, err
	}
	a := &attempts{batch: map[store.MessageCursor]uint64{}, left: map[uint64]int{}}
	for batch, row := range rows {
		if err := eachAttempt(row, func(m store.MessageCursor) error {
			n, err := c.number("select count(*) from message where created_at = ? and id = ? and status = 3", int64(m.CreatedAt), m.ID[:])
			if n > 0 && !a.has(m) { // one that was begun again is in two rows
				a.batch[m] = batch
				a.left[batch]++
			}
			return err
		}); err != nil {
			return nil, err
		}
		if a.left[batch] == 0 {
			if err := c.dropAttempts(batch); err != nil {
				return nil, err
			}
		}
	}
	return a, nil
}

func (c *conn) dropAttempts(batch uint64) error {
	_, err := c.exec("delete from attempt where batch = ?", int64(batch))
	return err
}

// turning is what a batch changes of the attempts.
type turning struct {
	number uint64
	begun  []byte                // a row of attempts
	ended  []store.MessageCursor // by the batches that began them
}

// turn finds out what a batch changes.
func (a *attempts) turn(b *store.Batch) turning {
	becomes := make(map[store.MessageCursor]bool, len(b.Messages)+len(b.Moved))
	for _, list := range [][]rapport.Message{b.Messages, b.Moved} {
		for i := range list {
			m := store.MessageCursor{CreatedAt: list[i].CreatedAt, ID: list[i].ID}
			becomes[m] = list[i].Status == rapport.Attempting
		}
	}
	t := turning{number: b.Position + 1}
	for m, attempting := range becomes {
		switch is := a.has(m); {
		case attempting && !is:
			t.begun = appendAttempt(t.begun, m)
		case is && !attempting:
			t.ended = append(t.ended, m)
		}
	}
	return t
}

func (a *attempts) has(m store.MessageCursor) bool { _, ok := a.batch[m]; return ok }

// putAttempts writes down what a batch changes.
func (c *conn) putAttempts(a *attempts, t turning) error {
	if len(t.begun) > 0 {
		if _, err := c.exec("insert into attempt (batch, messages) values (?, ?)", int64(t.number), t.begun); err != nil {
			return err
		}
	}
	ended := map[uint64]int{}
	for _, m := range t.ended {
		batch := a.batch[m]
		if ended[batch]++; ended[batch] == a.left[batch] {
			if err := c.dropAttempts(batch); err != nil {
				return err
			}
		}
	}
	return nil
}

// take makes a change that was committed.
func (a *attempts) take(t turning) {
	for _, m := range t.ended {
		batch := a.batch[m]
		delete(a.batch, m)
		if a.left[batch]--; a.left[batch] == 0 {
			delete(a.left, batch)
		}
	}
	_ = eachAttempt(t.begun, func(m store.MessageCursor) error {
		a.batch[m] = t.number
		a.left[t.number]++
		return nil
	})
}

// attempting returns those of the messages that are being handed over that are wanted, from
// old to new.
func (s *Store) attempting(ctx context.Context, wanted func(*rapport.Message) bool) (list []rapport.Message, err error) {
	err = s.snapshot(ctx, func(c *conn) error {
		var rows [][]byte
		err := c.query(ctx, func(r row) error { rows = append(rows, r.blob(0)); return nil }, "select messages from attempt")
		if err != nil {
			return err
		}
		read := func(r row) error {
			m, err := messageOf(r)
			if wanted(&m) {
				list = append(list, m)
			}
			return err
		}
		return each(rows, func(row *[]byte) error {
			return eachAttempt(*row, func(m store.MessageCursor) error {
				return c.query(ctx, read, "select "+messageColumns+" from message where created_at = ? and id = ? and status = 3", int64(m.CreatedAt), m.ID[:])
			})
		})
	})
	slices.SortFunc(list, compareMessages)
	return slices.CompactFunc(list, func(a, b rapport.Message) bool { return a.ID == b.ID }), err // one that was begun again is in two rows
}

// compareMessages orders messages from old to new.
func compareMessages(a, b rapport.Message) int {
	return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), bytes.Compare(a.ID[:], b.ID[:]))
}

// attemptingOf returns those that a filter chooses, from new to old.
func (s *Store) attemptingOf(ctx context.Context, f store.MessageFilter) ([]rapport.Message, error) {
	before := rapport.Message{CreatedAt: f.Before.CreatedAt, ID: f.Before.ID}
	list, err := s.attempting(ctx, func(m *rapport.Message) bool {
		return (f.Journey == "" || f.Journey == m.Journey) && (f.Channel == "" || f.Channel == m.Channel) &&
			(f.Before == (store.MessageCursor{}) || compareMessages(*m, before) < 0)
	})
	slices.Reverse(list)
	return list[:min(store.LimitOf(f.Limit), len(list))], err
}
