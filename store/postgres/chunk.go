package postgres

import (
	"context"

	"rapport"
	"rapport/store"
)

// blocksPerChunk is how many numbers of blocks each chunk has for itself.
const blocksPerChunk = 1 << 20

func firstBlock(chunk uint64) int64 { return int64(chunk) * blocksPerChunk }

func (w *script) putChunk(b *store.Batch, chunk uint64) error {
	if len(b.Events) == 0 {
		return nil
	}
	if len(b.Events) > blocksPerChunk {
		return rapport.Errorf(rapport.TooLarge, "a batch of %d blocks of events: at most %d", len(b.Events), blocksPerChunk)
	}
	events := 0
	firsts := make([]byte, 0, 16*len(b.Events))
	r := newRows(len(b.Events), typeInt, typeInt, typeBytes)
	for i := range b.Events {
		block := &b.Events[i]
		firsts = append(firsts, block.First[:]...)
		events += block.Events
		r.int(firstBlock(chunk) + int64(i)).int(int64(block.Events)).bytes(block.Data)
	}
	w.add("insert into block (number, events, data) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])", r.columns...)
	w.add("insert into chunk (number, at, workspace, events, firsts) values ($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bytea)",
		anInt(int64(chunk)), anInt(int64(b.At)), anInt(int64(b.Workspace)), anInt(int64(events)), firsts)
	return nil
}

// firstOf returns the first customer of block i.
func firstOf(firsts []byte, i int) rapport.CustomerID {
	return rapport.CustomerID(firsts[16*i : 16*i+16])
}

// Entry returns a customer's events of one chunk. A chunk's blocks are never changed,
// so they need not be read in the snapshot in which the chunk was found.
func (s *Store) Entry(ctx context.Context, chunk uint64, customer rapport.CustomerID) (entry store.Entry, found bool, err error) {
	block := -1
	err = s.query(ctx, func(r row) error {
		firsts := r[0]
		block = store.BlockOf(len(firsts)/16, customer, func(i int) rapport.CustomerID { return firstOf(firsts, i) })
		return nil
	}, "select firsts from chunk where number = $1::bigint", anInt(int64(chunk)))
	if err != nil || block < 0 {
		return store.Entry{}, false, err
	}
	data, err := s.one(ctx, "select data from block where number = $1::bigint", anInt(firstBlock(chunk)+int64(block)))
	if err != nil || data == nil {
		return store.Entry{}, false, err
	}
	return store.FindEntry(data, customer)
}

// Chunks returns chunks by ascending number, the first of them from or the next one
// after it.
func (s *Store) Chunks(ctx context.Context, from uint64, limit int) (chunks []store.Chunk, err error) {
	return s.chunks(ctx, from, limit, func(firsts []byte) (int, int) { return 0, len(firsts) / 16 })
}

// ChunksOf is Chunks with only those blocks of each that may hold a customer between
// two, both in.
func (s *Store) ChunksOf(ctx context.Context, from uint64, limit int, first, last rapport.CustomerID) (chunks []store.Chunk, err error) {
	return s.chunks(ctx, from, limit, func(firsts []byte) (int, int) {
		return store.BlocksOf(len(firsts)/16, first, last, func(i int) rapport.CustomerID { return firstOf(firsts, i) })
	})
}

// chunks returns chunks with those blocks that choose says: from one on, before
// another.
func (s *Store) chunks(ctx context.Context, from uint64, limit int, choose func(firsts []byte) (int, int)) (chunks []store.Chunk, err error) {
	places := map[uint64]int{}
	var firsts [][]byte
	err = s.query(ctx, func(r row) error {
		chunk := store.Chunk{Number: uint64(r.int(0)), At: rapport.Instant(r.int(1)), Workspace: uint64(r.int(2))}
		places[chunk.Number] = len(chunks)
		chunks, firsts = append(chunks, chunk), append(firsts, r.bytes(3))
		return nil
	}, "select number, at, workspace, firsts from chunk where number >= $1::bigint order by number limit $2::bigint", anInt(int64(from)), limited(limit))
	if err != nil || len(chunks) == 0 {
		return chunks, err
	}
	ranges := newRows(len(chunks), typeInt, typeInt)
	for i := range chunks {
		low, high := choose(firsts[i])
		start := firstBlock(chunks[i].Number)
		ranges.int(start + int64(low)).int(start + int64(max(low, high)))
	}
	err = s.query(ctx, func(r row) error {
		number := r.int(0)
		at := places[uint64(number/blocksPerChunk)]
		first := firstOf(firsts[at], int(number%blocksPerChunk))
		chunks[at].Blocks = append(chunks[at].Blocks, store.Block{First: first, Events: int(r.int(1)), Data: r.bytes(2)})
		return nil
	}, `select number, events, data from unnest($1::bigint[], $2::bigint[]) as part (low, high)
		join block on number >= low and number < high order by number`, ranges.columns...)
	return chunks, err
}

// ChunkAt returns the lowest number of a chunk committed at or after an instant, and 0
// if there is none.
func (s *Store) ChunkAt(ctx context.Context, at rapport.Instant) (number uint64, err error) {
	// With a bare number PostgreSQL would go through the chunks from the first on.
	err = s.query(ctx, func(r row) error { number = uint64(r.int(0)); return nil },
		"select coalesce(min(number + 0), 0) from chunk where at >= $1::bigint", anInt(int64(at)))
	return number, err
}
