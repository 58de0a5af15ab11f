package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"rapport"
	"rapport/store"
)

func testChunks(t *testing.T, b *bench) {
	var want []store.Chunk
	for n := 1; n <= 6; n++ {
		b.commit(func(batch *store.Batch) {
			batch.At, batch.Workspace = rapport.Instant(10*n), uint64(n)
			if n%3 == 0 {
				return // a batch without events makes no chunk
			}
			batch.Events = NewSample(uint64(n), 200, false).Blocks(300)
			want = append(want, store.Chunk{Number: uint64(n), At: batch.At, Workspace: uint64(n), Blocks: batch.Events})
		})
	}
	chunks := func(from uint64, limit int) []store.Chunk {
		list, err := b.Chunks(b.ctx, from, limit)
		return must(t, list, err)
	}
	equal(t, "all chunks", want, chunks(0, 100))
	equal(t, "from the third, which is none", want[2:], chunks(3, 100))
	equal(t, "from the second, at most two", want[1:3], chunks(2, 2))
	equal(t, "after the last", []store.Chunk{}, chunks(6, 10))
	equal(t, "none", []store.Chunk{}, chunks(0, 0))
	for at, number := range map[rapport.Instant]uint64{0: 1, 10: 1, 11: 2, 20: 2, 21: 4, 50: 5, 51: 0, rapport.Never: 0} {
		got, err := b.ChunkAt(b.ctx, at)
		equal(t, fmt.Sprint("chunk at ", int64(at)), number, must(t, got, err))
	}
	b.reopen()
	equal(t, "all chunks after a reopen", want, chunks(0, 100))
}

// Of the customers between two, every event is in the blocks that are chosen, and
// blocks that can hold none of theirs are not read.
func testChunksOf(t *testing.T, b *bench) {
	for n := range 5 {
		b.commit(func(batch *store.Batch) { batch.Events = NewSample(uint64(n), 300, false).Blocks(40 + 400*n) })
	}
	all, err := b.Chunks(b.ctx, 0, 100)
	must(t, all, err)
	inside := func(chunks []store.Chunk, low, high rapport.CustomerID) (events, blocks int) {
		for _, chunk := range chunks {
			for _, block := range chunk.Blocks {
				blocks++
				entries, err := store.DecodeBlock(block.Data)
				for _, e := range must(t, entries, err) {
					if bytes.Compare(e.Customer[:], low[:]) >= 0 && bytes.Compare(e.Customer[:], high[:]) <= 0 {
						events += len(e.Events)
					}
				}
			}
		}
		return events, blocks
	}
	var none, most rapport.CustomerID
	for i := range most {
		most[i] = 0xff
	}
	ids := []rapport.CustomerID{none, {0x20}, {0x7f, 0xff}, Customer(7), Customer(100), {0xf0}, most}
	slices.SortFunc(ids, func(x, y rapport.CustomerID) int { return bytes.Compare(x[:], y[:]) })
	_, allBlocks := inside(all, none, most)
	for i, low := range ids {
		for _, high := range ids[i:] {
			some, err := b.ChunksOf(b.ctx, 0, 100, low, high)
			if len(must(t, some, err)) != len(all) {
				t.Fatalf("%d chunks of %d", len(some), len(all))
			}
			want, _ := inside(all, low, high)
			got, blocks := inside(some, low, high)
			if got != want || low == high && blocks > len(all) || blocks > allBlocks {
				t.Errorf("between %v and %v: %d events in %d blocks, wanted %d", low, high, got, blocks, want)
			}
		}
	}
}

// A customer's history is read backwards along her entries.
func testHistory(t *testing.T, b *bench) {
	last := map[int]uint64{}
	for n := 1; n <= 12; n++ {
		b.commit(func(batch *store.Batch) {
			var entries []store.Entry
			for c := range 400 {
				if (c+n)%(c%4+1) == 0 {
					entries = append(entries, store.Entry{Customer: who(c), Prev: last[c], Events: []rapport.Event{{Name: fmt.Sprint(c, " in ", n)}}})
					last[c] = uint64(n)
				}
			}
			batch.Events = store.EncodeBlocks(entries)
			if len(batch.Events) < 1 {
				t.Fatal("no blocks")
			}
		})
	}
	for c := range 400 {
		var got, want []string
		for n := last[c]; n > 0; {
			entry, found, err := b.Entry(b.ctx, n, who(c))
			if err != nil || !found {
				t.Fatalf("customer %d, chunk %d: found %v, error %v", c, n, found, err)
			}
			got = append(got, entry.Events[0].Name)
			n = entry.Prev
		}
		for n := 12; n >= 1; n-- {
			if (c+n)%(c%4+1) == 0 {
				want = append(want, fmt.Sprint(c, " in ", n))
			}
		}
		equal(t, fmt.Sprint("history of ", c), want, got)
	}
	for _, c := range []rapport.CustomerID{{}, who(3), who(1000)} {
		if _, found, err := b.Entry(b.ctx, 2, c); found || err != nil {
			t.Errorf("customer %v has no entry in chunk 2: found %v, error %v", c, found, err)
		}
	}
}
