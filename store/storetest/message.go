package storetest

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"rapport"
	"rapport/store"
)

func messages(list ...rapport.Message) func(*store.Batch) {
	return func(b *store.Batch) { b.Messages = list }
}

func testMessages(t *testing.T, b *bench) {
	full := rapport.Message{
		ID: message(1), Customer: who(1), Journey: "welcome", Version: math.MaxUint64, Run: math.MaxUint64 - 1, Step: "first", Template: "hello",
		Channel: rapport.Email, Class: rapport.Promotional, Status: rapport.Waiting, To: "ann@shop.example", Subject: "Grüße ☂ \x00 'quoted'",
		CreatedAt: 100, DueAt: 200, UsefulUntil: rapport.Never, HandedAt: 300, Attempts: 3, Reason: "why", Entry: []byte(`{"a":1}`), Learned: []byte(`{"b":2}`), Purpose: "marketing", Topic: "arrivals",
	}
	for i, v := 0, reflect.ValueOf(full); i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Fatalf("the sample says nothing of a message's %s, so the suite would not notice its loss", v.Type().Field(i).Name)
		}
	}
	read := func(id rapport.MessageID) rapport.Message {
		m, err := b.Message(b.ctx, id)
		return must(t, m, err)
	}
	b.commit(messages(full, rapport.Message{ID: message(2)}))
	equal(t, "message", full, read(full.ID))
	equal(t, "a message of zeros", rapport.Message{ID: message(2)}, read(message(2)))

	full.Status, full.Attempts, full.HandedAt, full.Entry, full.Learned, full.Subject = rapport.Handed, 4, 400, nil, nil, "later"
	b.commit(messages(full))
	equal(t, "message after it was handed over", full, read(full.ID))

	// What seldom changes may change too.
	full.Customer, full.Journey, full.Class, full.Channel = who(2), "other", rapport.Transactional, rapport.SMS
	b.commit(messages(full))
	equal(t, "message after all of it changed", full, read(full.ID))
	list, err := b.Messages(b.ctx, store.MessageFilter{Customer: who(1)})
	equal(t, "of the customer before", []rapport.Message{}, must(t, list, err))
	list, err = b.Messages(b.ctx, store.MessageFilter{Journey: "other"})
	equal(t, "of the journey after", []rapport.Message{full}, must(t, list, err))
}

// What a message is never changes when its life goes on, whatever is said of it then.
func testMovedMessages(t *testing.T, b *bench) {
	born := rapport.Message{
		ID: message(1), Customer: who(1), Journey: "welcome", Version: 1, Run: 2, Step: "first", Template: "hello", Channel: rapport.Email,
		Class: rapport.Promotional, Status: rapport.Waiting, To: "ann@shop.example", CreatedAt: 100, DueAt: 200, UsefulUntil: 300,
		Entry: []byte(`{"a":1}`), Learned: []byte(`{"b":2}`), Purpose: "marketing", Topic: "arrivals",
	}
	said := rapport.Message{
		ID: born.ID, CreatedAt: born.CreatedAt, Customer: who(2), Journey: "other", Run: 9, Class: rapport.Transactional, Channel: rapport.SMS, UsefulUntil: 400,
		Status: rapport.Attempting, To: "ann@other.example", Subject: "Hello", DueAt: 210, HandedAt: 220, Attempts: 1, Reason: "why",
	}
	want := born
	want.Status, want.To, want.Subject, want.DueAt, want.HandedAt, want.Attempts, want.Reason = said.Status, said.To, said.Subject, 210, 220, 1, "why"
	nobody, elsewhen := said, said
	nobody.ID, elsewhen.CreatedAt = message(2), 99
	b.commit(func(batch *store.Batch) {
		batch.Messages, batch.Moved = []rapport.Message{born}, []rapport.Message{said}
	})
	b.commit(func(batch *store.Batch) { batch.Moved = []rapport.Message{nobody, elsewhen} })
	list, err := b.Messages(b.ctx, store.MessageFilter{Customer: who(1)})
	equal(t, "moved in the batch that it was new in", []rapport.Message{want}, must(t, list, err))
	if list, err := b.Messages(b.ctx, store.MessageFilter{}); err != nil || len(list) != 1 {
		t.Errorf("%d messages, error %v; one that is not known was added", len(list), err)
	}
	equal(t, "waiting before", []int(nil), b.pending(rapport.InTurn, 1000, 10))

	said.Status = rapport.Waiting
	b.commit(func(batch *store.Batch) { batch.Moved = []rapport.Message{said} })
	equal(t, "waiting again", []int{1}, b.pending(rapport.InTurn, 1000, 10))
	equal(t, "due again", rapport.Instant(210), b.nextPending(rapport.InTurn))
	said.Status = rapport.Handed
	b.commit(func(batch *store.Batch) { batch.Moved = []rapport.Message{said} })
	equal(t, "handed over", []int(nil), b.pending(rapport.InTurn, 1000, 10))
}

// spread returns messages that differ in all that a filter looks at.
func spread(n int) (list []rapport.Message) {
	for i := range n {
		list = append(list, rapport.Message{
			ID: message(i), Customer: who(i % 3), Journey: fmt.Sprint("journey ", i%2), Channel: []rapport.Channel{rapport.Email, rapport.SMS}[i%5/4],
			Status: rapport.Status(1 + i%10), CreatedAt: rapport.Instant(i / 4 * 10), Class: rapport.Transactional, DueAt: rapport.Instant(i),
		})
	}
	return list
}

func testMessageLists(t *testing.T, b *bench) {
	all := spread(120)
	b.commit(messages(all...))
	for _, f := range []store.MessageFilter{
		{}, {Customer: who(1)}, {Journey: "journey 1"}, {Channel: rapport.SMS}, {Status: rapport.Waiting}, {Status: rapport.Failed},
		{Status: rapport.Handed}, {Customer: who(2), Status: rapport.Bounced}, {Customer: who(0), Journey: "journey 0", Channel: rapport.Email, Status: rapport.Waiting},
		{Journey: "no such"}, {Customer: who(77)},
	} {
		var want []string
		for i := len(all) - 1; i >= 0; i-- {
			if m := all[i]; (f.Customer.IsZero() || f.Customer == m.Customer) && (f.Journey == "" || f.Journey == m.Journey) &&
				(f.Channel == "" || f.Channel == m.Channel) && (f.Status == 0 || f.Status == m.Status) {
				want = append(want, m.ID.String())
			}
		}
		for _, limit := range []int{1, 3, 4, 1000} {
			equal(t, fmt.Sprintf("pages of %d of %+v", limit, f), want, b.pages(f, limit))
		}
		f.Limit = 0
		list, err := b.Messages(b.ctx, f)
		equal(t, "at most 50 if no limit is named", min(50, len(want)), len(must(t, list, err)))
	}
	for s := rapport.Waiting; s <= rapport.Withheld; s++ {
		list, err := b.InStatus(b.ctx, s, 5)
		must(t, list, err)
		var got []string
		for _, m := range list {
			got = append(got, m.ID.String())
		}
		var want []string
		for i := int(s) - 1; i < 50; i += 10 {
			want = append(want, all[i].ID.String())
		}
		equal(t, "the five oldest that are "+s.String(), want, got)
	}
}

// pages reads a list page by page.
func (b *bench) pages(f store.MessageFilter, limit int) (ids []string) {
	f.Limit = limit
	for {
		list, err := b.Messages(b.ctx, f)
		if len(must(b.t, list, err)) == 0 {
			return ids
		}
		if len(list) > limit {
			b.t.Fatalf("%d messages where at most %d were asked for", len(list), limit)
		}
		for _, m := range list {
			ids = append(ids, m.ID.String())
		}
		last := list[len(list)-1]
		f.Before = store.MessageCursor{CreatedAt: last.CreatedAt, ID: last.ID}
	}
}

func (b *bench) nextPending(u rapport.Urgency) rapport.Instant {
	b.t.Helper()
	at, err := b.NextPending(b.ctx, store.Lane{Channel: rapport.Email, Urgency: u})
	return must(b.t, at, err)
}

func (b *bench) pending(u rapport.Urgency, until rapport.Instant, limit int) (numbers []int) {
	b.t.Helper()
	list, err := b.Pending(b.ctx, store.Lane{Channel: rapport.Email, Urgency: u}, until, limit)
	for _, m := range must(b.t, list, err) {
		numbers = append(numbers, int(m.ID[0])<<8|int(m.ID[1]))
	}
	return numbers
}

func testPending(t *testing.T, b *bench) {
	m := func(n int, class rapport.Class, status rapport.Status, due rapport.Instant) rapport.Message {
		return rapport.Message{
			ID: message(n), Customer: who(n), Channel: rapport.Email, Class: class, Status: status, DueAt: due, CreatedAt: rapport.Instant(1000 - n),
		}
	}
	other := m(10, rapport.Transactional, rapport.Waiting, 3)
	other.Channel = rapport.SMS
	b.commit(messages(other,
		m(1, rapport.Promotional, rapport.Waiting, 10), m(2, rapport.Transactional, rapport.Waiting, 20), m(3, rapport.MustSend, rapport.Waiting, 5),
		m(4, rapport.Transactional, rapport.Waiting, 15), m(5, rapport.Transactional, rapport.Attempting, 1), m(6, rapport.ContentClass, rapport.Waiting, 30),
		m(8, rapport.Transactional, rapport.Waiting, 15), m(7, rapport.Transactional, rapport.Waiting, 15), m(9, rapport.Transactional, rapport.Waiting, 40),
	))
	equal(t, "next at once", rapport.Instant(15), b.nextPending(rapport.AtOnce))
	equal(t, "next soon", rapport.Instant(5), b.nextPending(rapport.Soon))
	equal(t, "next in turn", rapport.Instant(10), b.nextPending(rapport.InTurn))
	equal(t, "at once by 30", []int{4, 7, 8, 2}, b.pending(rapport.AtOnce, 30, 100))
	equal(t, "at once by 29, at most 3", []int{4, 7, 8}, b.pending(rapport.AtOnce, 29, 3))
	equal(t, "soon by 30", []int{3}, b.pending(rapport.Soon, 30, 100))
	equal(t, "in turn by 30", []int{1, 6}, b.pending(rapport.InTurn, 30, 100))
	equal(t, "in turn by 29", []int{1}, b.pending(rapport.InTurn, 29, 100))
	equal(t, "at once by 4", []int{}, b.pending(rapport.AtOnce, 4, 10))
	equal(t, "none asked for", []int{}, b.pending(rapport.AtOnce, 30, 0))
	for most, want := range []int{0, 1, 2, 2} {
		n, err := b.CountPending(b.ctx, store.Lane{Channel: rapport.Email, Urgency: rapport.InTurn}, 30, most)
		equal(t, fmt.Sprint("number in turn, at most ", most), want, must(t, n, err))
	}
	b.commit(messages(
		m(3, rapport.MustSend, rapport.Claimed, 5), m(4, rapport.Transactional, rapport.Waiting, 50), m(5, rapport.Transactional, rapport.Waiting, 12),
		m(7, rapport.Transactional, rapport.Handed, 15),
	))
	equal(t, "next at once after changes", rapport.Instant(12), b.nextPending(rapport.AtOnce))
	equal(t, "next soon after changes", rapport.Never, b.nextPending(rapport.Soon))
	equal(t, "at once by 50 after changes", []int{5, 8, 2, 9, 4}, b.pending(rapport.AtOnce, 50, 100))
}

func testContent(t *testing.T, b *bench) {
	want := store.Content{Message: message(1), At: 7, Content: rapport.Content{Subject: "Hallo ☂", HTML: strings.Repeat("<p>ß</p>", 3000), Text: "plain"}}
	b.commit(func(batch *store.Batch) { batch.Contents = []store.Content{want, {Message: message(2)}} })
	read := func(n int) store.Content {
		c, err := b.Content(b.ctx, message(n))
		return must(t, c, err)
	}
	equal(t, "content", want, read(1))
	equal(t, "content that is empty", store.Content{Message: message(2)}, read(2))
	want.HTML = "short"
	b.commit(func(batch *store.Batch) { batch.Contents = []store.Content{want} })
	equal(t, "content that was rendered again", want, read(1))
}

func testDecisions(t *testing.T, b *bench) {
	d := func(c int, journey string, at rapport.Instant) rapport.Decision {
		return rapport.Decision{
			Customer: who(c), Journey: journey, Step: "s", Outcome: "drop", At: at, Message: message(int(at)), Change: "grant consent", Workspace: 3,
			Checks: []rapport.Check{{Name: "consent", Passed: true, Values: "granted"}, {Name: "caps", Reason: "4 of 3 „heute“"}},
		}
	}
	b.commit(func(batch *store.Batch) {
		batch.Decisions = []rapport.Decision{d(1, "a", 10), d(1, "b", 30), d(2, "a", 20), {Customer: who(3)}}
	})
	b.commit(func(batch *store.Batch) {
		batch.Decisions = []rapport.Decision{d(1, "a", 20), d(1, "b", 20), d(1, "c", 20)}
	})
	read := func(f store.DecisionFilter) []rapport.Decision {
		list, err := b.Decisions(b.ctx, f)
		return must(t, list, err)
	}
	all := []rapport.Decision{d(1, "b", 30), d(1, "c", 20), d(1, "b", 20), d(1, "a", 20), d(1, "a", 10)}
	equal(t, "of one customer", all, read(store.DecisionFilter{Customer: who(1)}))
	equal(t, "at most two", all[:2], read(store.DecisionFilter{Customer: who(1), Limit: 2}))
	equal(t, "of one journey", []rapport.Decision{all[3], all[4]}, read(store.DecisionFilter{Customer: who(1), Journey: "a"}))
	equal(t, "a decision of zeros", []rapport.Decision{{Customer: who(3)}}, read(store.DecisionFilter{Customer: who(3)}))
	equal(t, "of nobody", []rapport.Decision{}, read(store.DecisionFilter{Customer: who(9)}))
}

// A decision that made a message of its batch is told like any other, in the order in which
// they were made, whatever becomes of the message.
func testDecisionsOfMessages(t *testing.T, b *bench) {
	const at = 20 << 32
	sent := func(n int, journey string) (rapport.Message, rapport.Decision) {
		id := rapport.MessageID{1: 20, 15: byte(n)} // begins with the instant
		m := rapport.Message{ID: id, Customer: who(1), Journey: journey, Step: "s", CreatedAt: at, Status: rapport.Attempting}
		return m, rapport.Decision{
			Customer: who(1), Journey: journey, Step: "s", Outcome: "send", At: at, Message: id, Workspace: uint64(n),
			Checks: []rapport.Check{{Name: "consent", Passed: true, Values: "granted \x00 ☂"}, {Name: "useful", Passed: true, Reason: "why"}},
		}
	}
	dropped := func(journey string) rapport.Decision {
		return rapport.Decision{Customer: who(1), Journey: journey, Step: "s", Outcome: "drop", At: at}
	}
	m1, d1 := sent(1, "a")
	m2, d2 := sent(2, "b")
	m3, d3 := sent(3, "a")
	b.commit(func(batch *store.Batch) {
		batch.Messages = []rapport.Message{m2, m1}
		batch.Decisions = []rapport.Decision{d1, dropped("a"), d2}
	})
	again := d1
	again.Workspace = 99
	b.commit(func(batch *store.Batch) {
		m1.Subject = "again"
		batch.Messages = []rapport.Message{m1, m3}
		batch.Decisions = []rapport.Decision{dropped("b"), again, d3}
	})
	other := d3 // says something else than its message's row
	other.Step = "t"
	m3.Status = rapport.Handed
	b.commit(func(batch *store.Batch) {
		batch.Moved, batch.Decisions = []rapport.Message{m3}, []rapport.Decision{other}
	})
	all := []rapport.Decision{other, d3, again, dropped("b"), d2, dropped("a"), d1}
	for limit := 1; limit <= len(all)+1; limit++ {
		list, err := b.Decisions(b.ctx, store.DecisionFilter{Customer: who(1), Limit: limit})
		equal(t, fmt.Sprint("the newest ", limit), all[:min(limit, len(all))], must(t, list, err))
	}
	list, err := b.Decisions(b.ctx, store.DecisionFilter{Customer: who(1), Journey: "b"})
	equal(t, "of one journey", []rapport.Decision{dropped("b"), d2}, must(t, list, err))
	stats, err := b.Stats(b.ctx)
	equal(t, "number of decisions", int64(len(all)), must(t, stats, err).Decisions)
	m, err := b.Message(b.ctx, m1.ID)
	equal(t, "a message that was added again", m1, must(t, m, err))
	equal(t, "being handed over", 2, b.attempting())
	b.reopen()
	equal(t, "being handed over, after opening again", 2, b.attempting())
	b.commit(func(batch *store.Batch) { m1.Status = rapport.Waiting; batch.Moved = []rapport.Message{m1} })
	b.commit(func(batch *store.Batch) { m1.Status = rapport.Attempting; batch.Moved = []rapport.Message{m1} })
	equal(t, "being handed over, one for the second time", 2, b.attempting())
}

func (b *bench) attempting() int {
	b.t.Helper()
	list, err := b.InStatus(b.ctx, rapport.Attempting, 10)
	return len(must(b.t, list, err))
}

// lanes are some queues, those of messages without a channel among them.
func lanes() (all []store.Lane) {
	for _, channel := range append(rapport.Channels(), "") {
		for _, urgency := range append(rapport.Urgencies(), 0) {
			all = append(all, store.Lane{Channel: channel, Urgency: urgency})
		}
	}
	return all
}
