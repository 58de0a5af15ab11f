package store_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/store"
	"rapport/store/storetest"
)

func drawEvent(t *rapid.T) rapport.Event {
	text := rapid.OneOf(
		rapid.SampledFrom([]string{"", "a", "Order Completed", "bestellt: Größe 38 ☂", "6f1c3a52-8a0e-4c8e-9d2b-0f3a5b7c9d1e"}),
		rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
		rapid.StringMatching(`[0-9A-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
		rapid.String(),
	)
	return rapport.Event{
		Type:        rapport.EventType(rapid.Byte().Draw(t, "type")),
		Name:        text.Draw(t, "name"),
		MessageID:   text.Draw(t, "message id"),
		UserID:      text.Draw(t, "user id"),
		AnonymousID: text.Draw(t, "anonymous id"),
		PreviousID:  text.Draw(t, "previous id"),
		GroupID:     text.Draw(t, "group id"),
		Timestamp:   rapport.Instant(rapid.Int64().Draw(t, "timestamp")),
		ReceivedAt:  rapport.Instant(rapid.Int64().Draw(t, "received")),
		Properties:  orNil(rapid.SliceOf(rapid.Byte()).Draw(t, "properties")),
		Context:     orNil([]byte(text.Draw(t, "context"))),
	}
}

// orNil returns nil for what is empty, as a block does.
func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func drawEntries(t *rapid.T) []store.Entry {
	ids := rapid.SliceOfNDistinct(rapid.Uint16(), 0, 12, rapid.ID).Draw(t, "ids")
	slices.Sort(ids)
	var entries []store.Entry
	for _, id := range ids {
		entries = append(entries, store.Entry{
			Customer: rapport.CustomerID{byte(id >> 8), 15: byte(id)},
			Prev:     rapid.Uint64().Draw(t, "prev"),
			Events:   orNil(rapid.SliceOfN(rapid.Custom(drawEvent), 0, 6).Draw(t, "events")),
		})
	}
	return slices.CompactFunc(entries, func(a, b store.Entry) bool { return a.Customer == b.Customer })
}

// checkBlocks requires that blocks hold exactly entries, in order.
func checkBlocks(t rapid.TB, blocks []store.Block, entries []store.Entry) {
	t.Helper()
	var got []store.Entry
	for i, b := range blocks {
		decoded, err := store.DecodeBlock(b.Data)
		if err != nil {
			t.Fatalf("block %d: %v", i, err)
		}
		events := 0
		for _, e := range decoded {
			events += len(e.Events)
		}
		if len(decoded) == 0 || decoded[0].Customer != b.First || events != b.Events {
			t.Fatalf("block %d says first %v and %d events, holds %d entries and %d events", i, b.First, b.Events, len(decoded), events)
		}
		got = append(got, decoded...)
	}
	if !reflect.DeepEqual(orNil(entries), got) {
		t.Fatalf("what is read differs from what was written (-written +read):\n%s", cmp.Diff(entries, got))
	}
}

func TestBlocksRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		entries := drawEntries(t)
		blocks := store.EncodeBlocks(entries)
		checkBlocks(t, blocks, entries)
		if diff := cmp.Diff(blocks, store.EncodeBlocks(entries)); diff != "" {
			t.Fatalf("the same entries gave other bytes:\n%s", diff)
		}
	})
}

func TestBlocksOfAShop(t *testing.T) {
	t.Parallel()
	entries := storetest.NewSample(1, 500, true).Entries(3000)
	blocks := store.EncodeBlocks(entries)
	checkBlocks(t, blocks, entries)
	for i, b := range blocks {
		decoded, _ := store.DecodeBlock(b.Data)
		if b.Events > 128 && len(decoded) > 1 {
			t.Errorf("block %d has %d events of %d customers", i, b.Events, len(decoded))
		}
		for _, want := range decoded {
			got, found, err := store.FindEntry(b.Data, want.Customer)
			if !found || err != nil || !reflect.DeepEqual(want, got) {
				t.Fatalf("customer %v: found %v, error %v, difference:\n%s", want.Customer, found, err, cmp.Diff(want, got))
			}
		}
	}
	if _, found, err := store.FindEntry(blocks[0].Data, rapport.CustomerID{}); found || err != nil {
		t.Errorf("a customer who is not there: found %v, error %v", found, err)
	}
}

// The reader must not make more memory than a block's size allows, whatever it claims.
func TestRepeatedEventsAreStillReadable(t *testing.T) {
	t.Parallel()
	events := slices.Repeat([]rapport.Event{{Type: rapport.Track, Name: "x", Properties: bytes.Repeat([]byte("a"), 1000)}}, 20_000)
	entries := []store.Entry{{Customer: rapport.CustomerID{1}, Events: events}}
	checkBlocks(t, store.EncodeBlocks(entries), entries)
}

func TestDamagedBlocksAreRefused(t *testing.T) {
	t.Parallel()
	data := store.EncodeBlocks(storetest.NewSample(1, 50, true).Entries(100))[0].Data
	for i := range data {
		broken := bytes.Clone(data)
		broken[i] ^= 0x10
		if _, err := store.DecodeBlock(broken); err == nil {
			t.Fatalf("byte %d of %d was changed and nobody noticed", i, len(data))
		}
		if _, err := store.DecodeBlock(data[:i]); err == nil {
			t.Fatalf("the block was cut at %d of %d and nobody noticed", i, len(data))
		}
	}
}

func FuzzDecodeBlock(f *testing.F) {
	for _, b := range storetest.NewSample(1, 50, true).Blocks(8) {
		f.Add(b.Data[:len(b.Data)-4])
	}
	tiny := store.EncodeBlocks([]store.Entry{{Events: []rapport.Event{{Name: "a", Context: []byte("{}")}}}})[0]
	f.Add(tiny.Data[:len(tiny.Data)-4])
	f.Add([]byte{1, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		// With the right checksum, or nothing would ever be read beyond it.
		data = binary.LittleEndian.AppendUint32(data, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
		entries, err := store.DecodeBlock(data)
		if err != nil {
			return
		}
		for _, want := range entries {
			if _, found, err := store.FindEntry(data, want.Customer); !found || err != nil {
				t.Fatalf("a customer of the block: found %v, error %v", found, err)
			}
		}
		if blocks := store.EncodeBlocks(entries); len(entries) > 0 {
			checkBlocks(t, blocks, entries)
		}
	})
}

func BenchmarkEncodeBlocks(b *testing.B) {
	for _, n := range []int{1, 100, 2_000, 20_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) { benchmarkEncode(b, n) })
	}
}

func benchmarkEncode(b *testing.B, n int) {
	entries := storetest.NewSample(1, 100_000, true).Entries(n)
	plain := 0
	for _, e := range entries {
		for i := range e.Events {
			text, _ := json.Marshal(&e.Events[i])
			plain += len(text) - len(e.Events[i].Properties)/3 - len(e.Events[i].Context)/3
		}
	}
	b.ReportAllocs()
	var packed int
	for b.Loop() {
		packed = 0
		for _, block := range store.EncodeBlocks(entries) {
			packed += len(block.Data)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*1e5/float64(n), "s/100kevents")
	b.ReportMetric(float64(packed)/float64(n), "B/event")
	b.ReportMetric(float64(plain)/float64(packed), "ratio")
}

func BenchmarkDecodeBlock(b *testing.B) {
	block := storetest.NewSample(1, 100_000, false).Blocks(2_000)[5]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.DecodeBlock(block.Data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindEntry(b *testing.B) {
	block := storetest.NewSample(1, 100_000, false).Blocks(2_000)[5]
	b.ReportAllocs()
	for b.Loop() {
		if _, found, err := store.FindEntry(block.Data, block.First); err != nil || !found {
			b.Fatal(err, found)
		}
	}
}
