//go:build unix

package sqlite_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"rapport"
	"rapport/store"
	"rapport/store/sqlite"
	"rapport/store/storetest"
)

// cpu is what this process has used, user and system.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

const benchCustomers = 100_000

// filled opens a store that has a record of 1.5 KB for each customer.
func filled(b *testing.B) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(b.TempDir(), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	for from := 0; from < benchCustomers; from += 10_000 {
		batch := after(s)
		for n := from; n < from+10_000; n++ {
			batch.Records = append(batch.Records, recordOf(storetest.Customer(n), 0))
		}
		commit(b, s, batch)
	}
	return s
}

func after(s *sqlite.Store) *store.Batch {
	state := s.State()
	return &store.Batch{Position: state.Position, Epoch: state.Epoch, At: state.At + 100}
}

func commit(b *testing.B, s *sqlite.Store, batch *store.Batch) {
	b.Helper()
	if err := s.Commit(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
}

func recordOf(id rapport.CustomerID, turn int) store.Record {
	r := rand.New(rand.NewPCG(id.Uint64(), uint64(turn)))
	data := make([]byte, 1450+turn%100)
	for i := 0; i+8 <= len(data); i += 8 {
		v := r.Uint64()
		for j := range 8 {
			data[i+j] = byte(v >> (8 * j))
		}
	}
	return store.Record{Customer: id, Data: data, Wake: rapport.Instant(id.Uint64() >> 24)}
}

// batchOf returns a batch of so many events with the records they touch, and
// for every 40 events a message and a decision; the messages of the batch before
// have been handed over.
func batchOf(s *sqlite.Store, sample *storetest.Sample, events, turn int, before []rapport.Message) *store.Batch {
	batch := after(s)
	entries := sample.Entries(events)
	batch.Events = store.EncodeBlocks(entries)
	for _, e := range entries {
		batch.Records = append(batch.Records, recordOf(e.Customer, turn))
	}
	for _, m := range before {
		m.Status, m.HandedAt, m.Attempts, m.Subject = rapport.Handed, batch.At, 1, "Something for you"
		batch.Moved = append(batch.Moved, m)
	}
	for i := range events / 40 {
		e := &entries[i*len(entries)/(events/40)]
		id := rapport.MessageID(storetest.Customer(turn*1_000_000 + i))
		batch.Messages = append(batch.Messages, rapport.Message{
			ID: id, Customer: e.Customer, Journey: fmt.Sprint("journey-", i%10), Step: "remind", Template: "remind", Channel: rapport.Email,
			Class: rapport.Promotional, Status: rapport.Waiting, To: "somebody@shop.example", CreatedAt: batch.At, DueAt: batch.At, UsefulUntil: rapport.Never, Entry: e.Events[0].Properties,
		})
		batch.Decisions = append(batch.Decisions, rapport.Decision{
			Customer: e.Customer, Journey: fmt.Sprint("journey-", i%10), Step: "remind", Outcome: "send", At: batch.At, Message: id,
			Checks: []rapport.Check{{Name: "consent", Passed: true, Values: "granted"}, {Name: "caps", Passed: true, Values: "1 of 3 this week"}, {Name: "quiet hours", Passed: true}},
		})
	}
	for i := range 60 {
		batch.Counters = append(batch.Counters, store.Counter{Name: fmt.Sprint("journey.step.", i), Bucket: batch.At / 3_600_000 * 3_600_000, Delta: 3})
	}
	return batch
}

// BenchmarkCommit measures what the store costs behind every event: records,
// chunk, messages, decisions, counters, folded into the database until Close.
func BenchmarkCommit(b *testing.B) {
	for _, shape := range []struct {
		name   string
		events int
		zipf   bool
	}{{"uniform-2000", 2000, false}, {"zipf-2000", 2000, true}, {"uniform-20000", 20_000, false}, {"zipf-20000", 20_000, true}, {"zipf-20", 20, true}} {
		b.Run(shape.name, func(b *testing.B) {
			s := filled(b)
			sample := storetest.NewSample(3, benchCustomers, shape.zipf)
			var spent time.Duration
			var records, turn int
			var before []rapport.Message
			for b.Loop() {
				turn++
				batch := batchOf(s, sample, shape.events, turn, before)
				before = batch.Messages
				records += len(batch.Records)
				start := cpu(b)
				commit(b, s, batch)
				spent += cpu(b) - start
			}
			start := cpu(b)
			s.Close()
			spent += cpu(b) - start
			b.ReportMetric(spent.Seconds()/float64(turn*shape.events)*1e5, "CPUs/100kevents")
			b.ReportMetric(spent.Seconds()/float64(records)*1e5, "CPUs/100krecords")
			b.ReportMetric(float64(records)/float64(turn), "records/batch")
		})
	}
}

// BenchmarkMailing measures what the messages of a campaign cost the store: each batch begins
// to hand over 500 that it decides, and those of the batch before have been handed over.
func BenchmarkMailing(b *testing.B) {
	s, err := sqlite.Open(b.TempDir(), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	const mails = 500
	var before []rapport.Message
	start := cpu(b)
	for turn := 0; b.Loop(); turn++ {
		batch := after(s)
		for i := range mails {
			m, d := mailOf(turn*mails+i, batch.At)
			batch.Messages, batch.Decisions = append(batch.Messages, m), append(batch.Decisions, d)
		}
		for _, m := range before {
			m.Status, m.HandedAt = rapport.Handed, batch.At
			batch.Moved = append(batch.Moved, m)
		}
		before = batch.Messages
		commit(b, s, batch)
	}
	s.Close()
	b.ReportMetric(float64((cpu(b)-start).Microseconds())/float64(b.N*mails), "CPU-µs/mail")
}

// mailOf returns the message of customer n, which is being handed over, and its decision.
func mailOf(n int, at rapport.Instant) (rapport.Message, rapport.Decision) {
	who := storetest.Customer(n)
	id := rapport.MessageID(who)
	binary.BigEndian.PutUint16(id[:], uint16(at>>32))
	binary.BigEndian.PutUint32(id[2:], uint32(at))
	return rapport.Message{
			ID: id, Customer: who, Journey: "summer-sale", Version: 3, Run: uint64(n), Step: "invite", Template: "summer", Channel: rapport.Email, Class: rapport.Promotional,
			Status: rapport.Attempting, To: fmt.Sprintf("customer-%d@shop.example", n), Subject: "Something for you", CreatedAt: at, DueAt: at,
			UsefulUntil: rapport.Never, Attempts: 1, Purpose: "marketing",
		}, rapport.Decision{
			Customer: who, Journey: "summer-sale", Step: "invite", Outcome: "send", At: at, Message: id, Workspace: 3, Checks: []rapport.Check{
				{Name: "reachable", Passed: true, Values: "e-mail"}, {Name: "consent", Passed: true, Values: "marketing: granted"}, {Name: "useful", Passed: true},
				{Name: "caps", Passed: true, Values: "1 of 3 this week"}, {Name: "quiet hours", Passed: true},
			},
		}
}

func BenchmarkLoad(b *testing.B) {
	s := filled(b)
	for _, n := range []int{1, 20, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ids := make([]rapport.CustomerID, n)
			for turn := 0; b.Loop(); turn++ {
				for i := range ids {
					ids[i] = storetest.Customer((turn*n + i*37) % benchCustomers)
				}
				got, err := s.Load(b.Context(), ids)
				if err != nil || got[n-1].Data == nil {
					b.Fatal("not loaded", err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/record")
		})
	}
}

func BenchmarkEntry(b *testing.B) {
	s, err := sqlite.Open(b.TempDir(), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	sample := storetest.NewSample(3, 5000, false)
	var entries []store.Entry
	for range 20 {
		batch := after(s)
		entries = sample.Entries(2000)
		batch.Events = store.EncodeBlocks(entries)
		commit(b, s, batch)
	}
	for i := 0; b.Loop(); i++ {
		if _, found, err := s.Entry(b.Context(), 20, entries[i%len(entries)].Customer); err != nil || !found {
			b.Fatal(found, err)
		}
	}
}
