package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"rapport"
	"rapport/internal/wire"
	"rapport/store"
)

// decisionsPerBatch is how many numbers of decisions each batch has for itself.
const decisionsPerBatch = 1 << 20

// decided are the decisions of a batch. One that made a message of the batch is kept in that
// message's row; the others are rows of their own.
type decided struct {
	batch *store.Batch
	by    map[rapport.MessageID]int // of those that made a message, its place
	taken map[int]struct{}          // places of those that are kept with their message
}

func newDecided(b *store.Batch) *decided {
	d := &decided{batch: b, by: map[rapport.MessageID]int{}, taken: map[int]struct{}{}}
	if len(b.Messages) == 0 {
		return d
	}
	for i := range b.Decisions {
		if id := b.Decisions[i].Message; !id.IsZero() {
			d.by[id] = i
		}
	}
	return d
}

// sendOutcome is what the decision says that made a message.
const sendOutcome = "send"

// append appends the decision that made a message as its row keeps it; nothing if the batch
// holds none that can be told from the row.
func (d *decided) append(b []byte, m *rapport.Message) []byte {
	i, ok := d.by[m.ID]
	if !ok {
		return b
	}
	by := &d.batch.Decisions[i]
	if by.Outcome != sendOutcome || by.Customer != m.Customer || by.Journey != m.Journey || by.Step != m.Step || by.At != m.CreatedAt {
		return b
	}
	return appendDecision(b, d.number(i), by)
}

// took says that a message was added with its decision.
func (d *decided) took(m *rapport.Message) { d.taken[d.by[m.ID]] = struct{}{} }

// number returns that of a decision: later ones have higher ones, in batches and within one.
func (d *decided) number(place int) int64 {
	return int64(d.batch.Position+1)*decisionsPerBatch + int64(place)
}

// appendDecision appends what a message's row does not say of its decision.
func appendDecision(b []byte, number int64, d *rapport.Decision) []byte {
	b = wire.AppendUint(b, uint64(number))
	b = wire.AppendUint(b, d.Workspace)
	b = wire.AppendText(wire.AppendText(b, d.Step), d.Change)
	b = wire.AppendUint(b, uint64(len(d.Checks)))
	for i := range d.Checks {
		c := &d.Checks[i]
		b = wire.AppendText(wire.AppendText(wire.AppendText(append(b, byte(bit(c.Passed))), c.Name), c.Values), c.Reason)
	}
	return b
}

// readDecision reads what appendDecision wrote.
func readDecision(data []byte, d *rapport.Decision) (number int64, err error) {
	r := wire.NewReader(data)
	number, d.Workspace, d.Step, d.Change = int64(r.Uint()), r.Uint(), r.Text(), r.Text()
	for range r.Count(4) {
		passed := r.Byte() != 0
		d.Checks = append(d.Checks, rapport.Check{Passed: passed, Name: r.Text(), Values: r.Text(), Reason: r.Text()})
	}
	return number, r.Err()
}

// putDecisions adds those decisions that no message took along.
func (c *conn) putDecisions(d *decided) error {
	if len(d.batch.Decisions) > decisionsPerBatch {
		return rapport.Errorf(rapport.TooLarge, "a batch of %d decisions: at most %d", len(d.batch.Decisions), decisionsPerBatch)
	}
	for i := range d.batch.Decisions {
		if _, with := d.taken[i]; with {
			continue
		}
		if err := c.putDecision(d.number(i), &d.batch.Decisions[i]); err != nil {
			return err
		}
	}
	if len(d.taken) == 0 {
		return nil
	}
	_, err := c.exec("update state set decided = decided + ?", int64(len(d.taken)))
	return err
}

func (c *conn) putDecision(number int64, d *rapport.Decision) error {
	checks, err := json.Marshal(d.Checks)
	if err != nil {
		return err
	}
	_, err = c.exec(`insert into decision (n, customer, journey, step, outcome, at, message, checks, change, workspace)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		number, d.Customer[:], d.Journey, d.Step, d.Outcome, int64(d.At), d.Message[:], string(checks), d.Change, int64(d.Workspace))
	return err
}

// partDecision gives the decision in a message's row a row of its own.
func (c *conn) partDecision(m *rapport.Message) error {
	var parted []numbered
	err := c.query(context.Background(), func(r row) error {
		d, err := decisionOf(customerOf(r.blob(10)), r)
		parted = append(parted, d)
		return err
	}, "select journey, '', 'send', created_at, id, 0, 0, '', '', decided, customer from message where created_at = ? and id = ? and decided <> x''",
		int64(m.CreatedAt), m.ID[:])
	if err != nil || len(parted) == 0 {
		return err
	}
	if err := c.putDecision(parted[0].number, &parted[0].Decision); err != nil {
		return err
	}
	if _, err := c.exec("update message set decided = x'' where created_at = ? and id = ?", int64(m.CreatedAt), m.ID[:]); err != nil {
		return err
	}
	_, err = c.exec("update state set decided = decided - 1")
	return err
}

// numbered is a decision with its number.
type numbered struct {
	rapport.Decision
	number int64
}

// Decisions returns a customer's decisions, newest first; of one instant, the
// one committed last first.
func (s *Store) Decisions(ctx context.Context, f store.DecisionFilter) ([]rapport.Decision, error) {
	var found []numbered
	err := s.snapshot(ctx, func(c *conn) error {
		return each([]string{aloneQuery, withMessageQuery}, func(text *string) error {
			return c.query(ctx, func(r row) error {
				d, err := decisionOf(f.Customer, r)
				found = append(found, d)
				return err
			}, *text, f.Customer[:], f.Journey, int64(store.LimitOf(f.Limit)))
		})
	})
	slices.SortFunc(found, func(a, b numbered) int {
		return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.number, a.number))
	})
	list := make([]rapport.Decision, 0, len(found))
	for _, d := range found[:min(len(found), store.LimitOf(f.Limit))] {
		list = append(list, d.Decision)
	}
	return list, err
}

// Each chooses a customer's decisions, of one journey or of all, at most so many. Of those with
// a message, all of the last instant come, since only what they hold says in which order they
// were made.
const (
	aloneQuery = `select journey, step, outcome, at, message, n, workspace, change, checks, x'' from decision
		where customer = ?1 and (?2 = '' or journey = ?2) order by at desc, n desc limit ?3+0`
	withMessageQuery = `select journey, '', 'send', created_at, id, 0, 0, '', '', decided from message
		where customer = ?1 and decided <> x'' and (?2 = '' or journey = ?2) and ?3+0 > 0 and created_at >= coalesce((
			select created_at from message where customer = ?1 and decided <> x'' and (?2 = '' or journey = ?2)
			order by created_at desc limit 1 offset ?3-1), -9223372036854775808)`
)

func decisionOf(customer rapport.CustomerID, r row) (numbered, error) {
	d := numbered{number: r.int(5), Decision: rapport.Decision{
		Customer: customer, Journey: r.text(0), Step: r.text(1), Outcome: r.text(2), At: rapport.Instant(r.int(3)),
		Message: messageID(r.blob(4)), Workspace: uint64(r.int(6)), Change: r.text(7),
	}}
	var err error
	if data := r.blob(9); len(data) > 0 {
		d.number, err = readDecision(data, &d.Decision)
	} else {
		err = json.Unmarshal([]byte(r.text(8)), &d.Checks)
	}
	return d, err
}
