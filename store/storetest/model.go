package storetest

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"rapport"
	"rapport/store"
	"rapport/store/memory"
)

// testLikeTheModel commits whatever rapid thinks of to the store and to the
// engine in memory and asks both the same questions.
func testLikeTheModel(t *testing.T, b *bench) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		engine := b.open(t, dir)
		defer func() { engine.Close() }()
		model := memory.New()
		for range rapid.IntRange(1, 6).Draw(rt, "batches") {
			batch := drawBatch(rt)
			batch.Position, batch.Epoch, batch.At = engine.State().Position, engine.State().Epoch, rapport.Instant(engine.State().Position*10)
			if err := engine.Commit(b.ctx, batch); err != nil {
				rt.Fatal(err)
			}
			batch.Epoch = model.State().Epoch
			if err := model.Commit(b.ctx, batch); err != nil {
				rt.Fatal(err)
			}
		}
		if rapid.Bool().Draw(rt, "reopen") {
			engine.Close()
			engine = b.open(t, dir)
		}
		sameAnswers(rt, b, model, engine)
	})
}

func drawBatch(t *rapid.T) *store.Batch {
	few := rapid.IntRange(0, 9)
	data := rapid.SampledFrom([][]byte{nil, {}, []byte("a"), []byte("bb"), make([]byte, 5000)})
	instant := rapid.Custom(func(t *rapid.T) rapport.Instant {
		return rapid.SampledFrom([]rapport.Instant{-1, 0, 1, 2, 3, rapport.Never}).Draw(t, "instant")
	})
	text := rapid.SampledFrom([]string{"", "a", "ab", "b", "ä"})
	b := &store.Batch{Workspace: uint64(few.Draw(t, "workspace"))}
	for range few.Draw(t, "records") {
		b.Records = append(b.Records, store.Record{Customer: who(few.Draw(t, "who")), Data: data.Draw(t, "data"), Wake: instant.Draw(t, "wake")})
	}
	for range few.Draw(t, "addresses") {
		kind := rapid.SampledFrom([]store.AddressKind{store.EmailAddress, store.PhoneAddress}).Draw(t, "kind")
		b.Addresses = append(b.Addresses, store.Address{Kind: kind, Value: text.Draw(t, "value"), Customer: who(few.Draw(t, "who")), Gone: rapid.Bool().Draw(t, "gone")})
	}
	for range few.Draw(t, "identifiers") {
		b.Identifiers = append(b.Identifiers, store.Identifier{Key: rapport.IdentifierKey(who(few.Draw(t, "key"))), Data: data.Draw(t, "data")})
	}
	for range few.Draw(t, "messages") {
		id := few.Draw(t, "id")
		b.Messages = append(b.Messages, rapport.Message{
			ID: message(id), CreatedAt: created(id), Customer: who(few.Draw(t, "who") % 3), Journey: text.Draw(t, "journey"), Class: rapport.Class(few.Draw(t, "class") % 5),
			Status: rapport.Status(1 + few.Draw(t, "status")), DueAt: instant.Draw(t, "due"), Subject: text.Draw(t, "subject"),
		})
	}
	for range few.Draw(t, "moves") {
		id := few.Draw(t, "id")
		b.Moved = append(b.Moved, rapport.Message{
			ID: message(id), Status: rapport.Status(1 + few.Draw(t, "status")), CreatedAt: rapid.SampledFrom([]rapport.Instant{created(id), created(id), 1}).Draw(t, "created"),
			DueAt: instant.Draw(t, "due"), Subject: text.Draw(t, "subject"), To: text.Draw(t, "to"), Attempts: few.Draw(t, "attempts"),
		})
	}
	for range few.Draw(t, "decisions") {
		d := rapport.Decision{Customer: who(few.Draw(t, "who") % 3), Journey: text.Draw(t, "journey"), At: instant.Draw(t, "at"), Workspace: b.Workspace}
		if n := few.Draw(t, "of message"); n < len(b.Messages) {
			m := &b.Messages[n]
			d.Customer, d.Journey, d.Outcome, d.Message, d.At = m.Customer, m.Journey, "send", m.ID, m.CreatedAt
			d.Checks = []rapport.Check{{Name: "consent", Passed: true, Values: text.Draw(t, "values")}}
		}
		b.Decisions = append(b.Decisions, d)
	}
	for range few.Draw(t, "counters") {
		b.Counters = append(b.Counters, store.Counter{Name: text.Draw(t, "name"), Bucket: instant.Draw(t, "bucket"), Delta: int64(few.Draw(t, "delta") - 4)})
	}
	for n := range few.Draw(t, "entries") {
		entries := []store.Entry{{Customer: who(n), Events: []rapport.Event{{Name: text.Draw(t, "event")}}}}
		b.Events = append(b.Events, store.EncodeBlocks(entries)...)
	}
	return b
}

// created returns when message n was; the ids of some begin with that instant, as those of
// journeys' messages do.
func created(n int) rapport.Instant {
	if n%2 == 0 {
		return rapport.Instant(n) << 32
	}
	return []rapport.Instant{-1, 0, 1, 2, 3}[n/2%5]
}

// sameAnswers asks both stores every question.
func sameAnswers(t *rapid.T, b *bench, want, got Store) {
	ask := func(what string, question func(s Store) (any, error)) {
		t.Helper()
		w, err := question(want)
		if err != nil {
			t.Fatalf("%s of the model: %v", what, err)
		}
		g, err := question(got)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if !reflect.DeepEqual(w, g) {
			if diff := cmp.Diff(w, g, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s (-model +engine):\n%s", what, diff)
			}
		}
	}
	ctx := b.ctx
	for _, limit := range []int{2, 1000} {
		ask("scan", func(s Store) (any, error) { return s.Scan(ctx, who(3), limit) })
		ask("addresses", func(s Store) (any, error) { return s.SearchAddresses(ctx, "a", limit) })
		ask("chunks", func(s Store) (any, error) { return s.Chunks(ctx, 2, limit) })
		for i := rapport.Instant(-1); i <= 3; i++ {
			ask(fmt.Sprint("due by ", int64(i)), func(s Store) (any, error) { return s.Due(ctx, i, limit) })
			for _, lane := range lanes() {
				ask(fmt.Sprint("pending by ", int64(i)), func(s Store) (any, error) { return s.Pending(ctx, lane, i, limit) })
				ask(fmt.Sprint("number pending by ", int64(i)), func(s Store) (any, error) { return s.CountPending(ctx, lane, i, limit) })
			}
		}
		for status := rapport.Waiting; status <= rapport.Withheld; status++ {
			ask("in status "+status.String(), func(s Store) (any, error) { return s.InStatus(ctx, status, limit) })
			ask("list "+status.String(), func(s Store) (any, error) { return s.Messages(ctx, store.MessageFilter{Status: status, Limit: limit}) })
		}
		ask("of customer", func(s Store) (any, error) {
			return s.Messages(ctx, store.MessageFilter{Customer: who(1), Limit: limit})
		})
		ask("of journey", func(s Store) (any, error) { return s.Messages(ctx, store.MessageFilter{Journey: "ab", Limit: limit}) })
		ask("decisions", func(s Store) (any, error) {
			return s.Decisions(ctx, store.DecisionFilter{Customer: who(1), Limit: limit})
		})
	}
	for n := range 10 {
		if _, err := want.Message(ctx, message(n)); err == nil {
			ask("message", func(s Store) (any, error) { return s.Message(ctx, message(n)) })
		}
	}
	ask("all messages", func(s Store) (any, error) { return s.Messages(ctx, store.MessageFilter{Limit: 1000}) })
	ask("next wake", func(s Store) (any, error) { return s.NextWake(ctx) })
	for _, lane := range lanes() {
		ask("next pending", func(s Store) (any, error) { return s.NextPending(ctx, lane) })
	}
	ask("counters", func(s Store) (any, error) { return s.Counters(ctx, "") })
	var ids []rapport.CustomerID
	var keys []rapport.IdentifierKey
	for n := range 11 {
		ids, keys = append(ids, who(n)), append(keys, rapport.IdentifierKey(who(n)))
	}
	ask("load", func(s Store) (any, error) { return s.Load(ctx, ids) })
	ask("identifiers", func(s Store) (any, error) { return s.Identifiers(ctx, keys) })
	ask("stats", func(s Store) (any, error) {
		stats, err := s.Stats(ctx)
		stats.Bytes, stats.WriteAhead = 0, 0
		return stats, err
	})
}
