package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"rapport"
	"rapport/store"
)

func testEmpty(t *testing.T, b *bench) {
	equal(t, "state", store.State{Epoch: 1}, b.State())
	equal(t, "load", []string{"(none)"}, b.load(1))
	equal(t, "load of nobody", []string{}, b.load())
	equal(t, "next wake", rapport.Never, b.nextWake())
	equal(t, "next pending", rapport.Never, b.nextPending(rapport.InTurn))
	_, found, err := b.Entry(b.ctx, 1, who(1))
	if found || err != nil {
		t.Errorf("entry: found %v, error %v", found, err)
	}
	_, err = b.Message(b.ctx, message(1))
	wantKind(t, rapport.NotFound, err)
	_, err = b.Content(b.ctx, message(1))
	wantKind(t, rapport.NotFound, err)
	_, err = b.Version(b.ctx, 0)
	wantKind(t, rapport.NotFound, err)
	stats, err := b.Stats(b.ctx)
	stats.Bytes, stats.WriteAhead = 0, 0
	equal(t, "stats", store.Stats{}, must(t, stats, err))
}

// full returns a batch with a row of every sort, all marked with n.
func (b *bench) full(n int) *store.Batch {
	text := fmt.Sprint("row ", n)
	return b.next(func(batch *store.Batch) {
		batch.Workspace = uint64(n)
		batch.Records = []store.Record{{Customer: who(n), Data: []byte(text), Wake: rapport.Instant(n)}}
		batch.Identifiers = []store.Identifier{{Key: rapport.IdentifierKey(who(n)), Data: []byte(text)}}
		batch.Addresses = []store.Address{{Kind: store.EmailAddress, Value: text, Customer: who(n)}}
		batch.Events = store.EncodeBlocks([]store.Entry{{Customer: who(n), Events: []rapport.Event{{Name: text}}}})
		batch.Messages = []rapport.Message{{ID: message(n), Customer: who(n), Subject: text, Status: rapport.Waiting, DueAt: rapport.Instant(n)}}
		batch.Contents = []store.Content{{Message: message(n), Content: rapport.Content{Subject: text}}}
		batch.Decisions = []rapport.Decision{{Customer: who(n), Journey: text}}
		batch.Counters = []store.Counter{{Name: text, Delta: 1}}
		batch.Marks = []store.Mark{{Name: text, Data: []byte(text)}}
		batch.Settings = []store.Setting{{Name: text, Data: []byte(text)}}
	})
}

// seen returns which sorts of rows of full(n) are there.
func (b *bench) seen(n int) (sorts []string) {
	b.t.Helper()
	text := fmt.Sprint("row ", n)
	note := func(sort string, there bool, err error) {
		if err != nil && rapport.KindOf(err) != rapport.NotFound {
			b.t.Fatalf("%s: %v", sort, err)
		}
		if there && err == nil {
			sorts = append(sorts, sort)
		}
	}
	note("record", b.load(n)[0] == text, nil)
	known, err := b.Identifiers(b.ctx, []rapport.IdentifierKey{rapport.IdentifierKey(who(n))})
	note("identifier", err == nil && string(known[0]) == text, err)
	ids, err := b.Customers(b.ctx, store.EmailAddress, text, 10)
	note("address", slices.Equal(ids, []rapport.CustomerID{who(n)}), err)
	due, err := b.Due(b.ctx, rapport.Never, 1000)
	note("wake", slices.Contains(due, store.Wake{Customer: who(n), At: rapport.Instant(n)}), err)
	chunks, err := b.Chunks(b.ctx, 0, 1000)
	note("chunk", slices.ContainsFunc(chunks, func(c store.Chunk) bool { return c.Workspace == uint64(n) }), err)
	msg, err := b.Message(b.ctx, message(n))
	note("message", msg.Subject == text, err)
	content, err := b.Content(b.ctx, message(n))
	note("content", content.Subject == text, err)
	decisions, err := b.Decisions(b.ctx, store.DecisionFilter{Customer: who(n)})
	note("decision", len(decisions) == 1 && decisions[0].Journey == text, err)
	totals, err := b.Counters(b.ctx, text)
	note("counter", slices.Contains(totals, store.Total{Name: text, Sum: 1}), err)
	mark, err := b.Mark(b.ctx, text)
	note("mark", string(mark) == text, err)
	setting, err := b.Setting(b.ctx, text)
	note("setting", string(setting) == text, err)
	return sorts
}

var allSorts = [...]string{"record", "identifier", "address", "wake", "chunk", "message", "content", "decision", "counter", "mark", "setting"}

func (b *bench) wantWhole(n int) {
	b.t.Helper()
	equal(b.t, fmt.Sprint("what is there of batch ", n), allSorts[:], b.seen(n))
}

func (b *bench) wantNothing(n int) {
	b.t.Helper()
	equal(b.t, fmt.Sprint("what is there of batch ", n), []string{}, b.seen(n))
}

func testBatchIsKeptWhole(t *testing.T, b *bench) {
	for n := 1; n <= 3; n++ {
		b.wantNothing(n)
		batch := b.full(n)
		if err := b.Commit(b.ctx, batch); err != nil {
			t.Fatal(err)
		}
		equal(t, "state", store.State{Position: uint64(n), Epoch: 1, At: batch.At}, b.State())
		b.wantWhole(n)
	}
	stats, err := b.Stats(b.ctx)
	stats.Bytes, stats.WriteAhead = 0, 0
	equal(t, "stats", store.Stats{Customers: 3, Identifiers: 3, Addresses: 3, Chunks: 3, Events: 3, Messages: 3, Decisions: 3}, must(t, stats, err))
}

func testConflictsWriteNothing(t *testing.T, b *bench) {
	b.commit(func(*store.Batch) {})
	b.commit(func(*store.Batch) {})
	state := b.State()
	for name, change := range map[string]func(*store.Batch){
		"a position behind": func(batch *store.Batch) { batch.Position-- },
		"a position ahead":  func(batch *store.Batch) { batch.Position++ },
		"an epoch behind":   func(batch *store.Batch) { batch.Epoch-- },
		"an epoch ahead":    func(batch *store.Batch) { batch.Epoch++ },
	} {
		batch := b.full(1)
		change(batch)
		if err := b.Commit(b.ctx, batch); rapport.KindOf(err) != rapport.Conflict {
			t.Errorf("%s: want a conflict, got %v", name, err)
		}
		b.wantNothing(1)
		equal(t, "state", state, b.State())
	}
	batch := b.full(1)
	if err := b.Commit(b.ctx, batch); err != nil {
		t.Fatal(err)
	}
	wantKind(t, rapport.Conflict, b.Commit(b.ctx, batch))
	b.wantWhole(1)
}

func testCancelledWritesNothing(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	if err := b.Commit(ctx, b.full(1)); err == nil {
		t.Error("a commit whose context is done succeeded")
	}
	b.wantNothing(1)
	if err := b.Commit(b.ctx, b.full(1)); err != nil {
		t.Fatal(err)
	}
	b.wantWhole(1)
}

func testReopen(t *testing.T, b *bench) {
	for n := 1; n <= 3; n++ {
		batch := b.full(n)
		if err := b.Commit(b.ctx, batch); err != nil {
			t.Fatal(err)
		}
		old := b.full(n + 1) // of the owner that is about to go
		b.reopen()
		equal(t, "state", store.State{Position: uint64(n), Epoch: uint64(n) + 1, At: batch.At}, b.State())
		b.wantWhole(n)
		wantKind(t, rapport.Conflict, b.Commit(b.ctx, old))
		b.wantNothing(n + 1)
	}
}

// Every batch writes its number into ten records, a counter and a message, so a
// reader that sees two numbers at once has seen half a batch.
func testReadersSeeWholeBatches(t *testing.T, b *bench) {
	const batches, customers = 60, 10
	ids := make([]rapport.CustomerID, customers)
	for i := range ids {
		ids[i] = who(i)
	}
	write := func(n int) {
		b.commit(func(batch *store.Batch) {
			for _, id := range ids {
				batch.Records = append(batch.Records, store.Record{Customer: id, Data: bytes.Repeat([]byte{byte(n)}, 3000), Wake: rapport.Instant(n)})
			}
		})
	}
	write(0)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			last := 0
			for running := true; running; {
				select {
				case <-done:
					running = false // and look once more
				default:
				}
				acknowledged := int(b.State().Position) - 1
				last = b.wantOneNumber(ids, max(last, acknowledged))
			}
		})
	}
	for n := 1; n <= batches; n++ {
		write(n)
	}
	close(done)
	readers.Wait()
}

// wantOneNumber requires that all records and wakes carry one number of at least
// low, and returns it.
func (b *bench) wantOneNumber(ids []rapport.CustomerID, low int) int {
	loaded, err := b.Load(b.ctx, ids)
	if err != nil {
		b.t.Error(err)
		return low
	}
	number := int(loaded[0].Data[0])
	for _, r := range loaded {
		data := r.Data
		if len(data) != 3000 || int(data[0]) != number || int(data[2999]) != number {
			b.t.Errorf("a reader saw parts of batches %d and %d", number, data[0])
		}
	}
	if number < low {
		b.t.Errorf("a reader saw batch %d after %d was acknowledged or seen", number, low)
	}
	due, err := b.Due(b.ctx, rapport.Never, len(ids)+1)
	if err != nil || len(due) != len(ids) || due[0].At != due[len(due)-1].At {
		b.t.Errorf("wakes of more than one batch: %v, error %v", due, err)
	}
	return number
}

func testLastRowCounts(t *testing.T, b *bench) {
	b.commit(func(batch *store.Batch) {
		first, second := b.full(1), b.full(1)
		second.Records[0].Data = []byte("later")
		second.Identifiers[0].Data = []byte("later")
		second.Messages[0].Subject = "later"
		second.Contents[0].Subject = "later"
		second.Marks[0].Data = []byte("later")
		second.Settings[0].Data = nil
		second.Addresses[0].Gone = true
		batch.Records = append(first.Records, second.Records...)
		batch.Identifiers = append(first.Identifiers, second.Identifiers...)
		batch.Messages = append(first.Messages, second.Messages...)
		batch.Contents = append(first.Contents, second.Contents...)
		batch.Marks = append(first.Marks, second.Marks...)
		batch.Settings = append(first.Settings, second.Settings...)
		batch.Addresses = append(first.Addresses, second.Addresses...)
		batch.Counters = append(first.Counters, second.Counters...)
	})
	equal(t, "record", []string{"later"}, b.load(1))
	known, err := b.Identifiers(b.ctx, []rapport.IdentifierKey{rapport.IdentifierKey(who(1))})
	equal(t, "identifier", "later", string(must(t, known, err)[0]))
	msg, err := b.Message(b.ctx, message(1))
	equal(t, "message", "later", must(t, msg, err).Subject)
	content, err := b.Content(b.ctx, message(1))
	equal(t, "content", "later", must(t, content, err).Subject)
	mark, err := b.Mark(b.ctx, "row 1")
	equal(t, "mark", "later", string(must(t, mark, err)))
	setting, err := b.Setting(b.ctx, "row 1")
	equal(t, "setting", []byte(nil), must(t, setting, err))
	ids, err := b.Customers(b.ctx, store.EmailAddress, "row 1", 10)
	equal(t, "address", []rapport.CustomerID{}, must(t, ids, err))
	totals, err := b.Counters(b.ctx, "row 1")
	equal(t, "counters add up", []store.Total{{Name: "row 1", Sum: 2}}, must(t, totals, err))
}

func testNothingOfTheBatchIsKept(t *testing.T, b *bench) {
	batch := b.full(1)
	if err := b.Commit(b.ctx, batch); err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{batch.Records[0].Data, batch.Identifiers[0].Data, batch.Marks[0].Data, batch.Settings[0].Data, batch.Events[0].Data} {
		clear(data)
	}
	b.wantWhole(1)
	loaded, err := b.Load(b.ctx, []rapport.CustomerID{who(1)})
	clear(must(t, loaded, err)[0].Data)
	b.wantWhole(1)
}

func testLargeBatch(t *testing.T, b *bench) {
	sample := NewSample(1, 1000, false)
	entries := sample.Entries(2000)
	batch := b.next(func(batch *store.Batch) {
		batch.Events = store.EncodeBlocks(entries)
		for i := range 1000 {
			batch.Records = append(batch.Records, store.Record{Customer: Customer(i), Data: bytes.Repeat([]byte{byte(i)}, 2000), Wake: rapport.Never})
		}
		batch.Records = append(batch.Records, store.Record{Customer: who(0), Data: bytes.Repeat([]byte("x"), 64<<10), Wake: 5})
	})
	if err := b.Commit(b.ctx, batch); err != nil {
		t.Fatal(err)
	}
	b.reopen()
	for i := range batch.Records {
		r := &batch.Records[i]
		loaded, err := b.Load(b.ctx, []rapport.CustomerID{r.Customer})
		if !bytes.Equal(must(t, loaded, err)[0].Data, r.Data) {
			t.Fatalf("record %d is not what was written", i)
		}
	}
	for i := range entries {
		got, found, err := b.Entry(b.ctx, 1, entries[i].Customer)
		if err != nil || !found || len(got.Events) != len(entries[i].Events) || got.Events[0].MessageID != entries[i].Events[0].MessageID {
			t.Fatalf("entry %d: found %v, error %v", i, found, err)
		}
	}
}
