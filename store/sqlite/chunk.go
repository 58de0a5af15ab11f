package sqlite

import (
	"context"

	"rapport"
	"rapport/store"
)

// blocksPerChunk is how many numbers of blocks each chunk has for itself.
const blocksPerChunk = 1 << 20

func firstBlock(chunk uint64) int64 { return int64(chunk) * blocksPerChunk }

func (c *conn) putChunk(b *store.Batch) error {
	if len(b.Events) == 0 {
		return nil
	}
	if len(b.Events) > blocksPerChunk {
		return rapport.Errorf(rapport.TooLarge, "a batch of %d blocks of events: at most %d", len(b.Events), blocksPerChunk)
	}
	chunk, events := b.Position+1, 0
	firsts := make([]byte, 0, 16*len(b.Events))
	for i := range b.Events {
		block := &b.Events[i]
		firsts = append(firsts, block.First[:]...)
		events += block.Events
		if _, err := c.exec("insert into block (number, events, data) values (?, ?, ?)",
			firstBlock(chunk)+int64(i), int64(block.Events), block.Data); err != nil {
			return err
		}
	}
	_, err := c.exec("insert into chunk (number, at, workspace, events, firsts) values (?, ?, ?, ?, ?)",
		int64(chunk), int64(b.At), int64(b.Workspace), int64(events), firsts)
	return err
}

// firstOf returns the first customer of block i.
func firstOf(firsts []byte, i int) rapport.CustomerID {
	var id rapport.CustomerID
	copy(id[:], firsts[16*i:])
	return id
}

// Entry returns a customer's events of one chunk.
func (s *Store) Entry(ctx context.Context, chunk uint64, customer rapport.CustomerID) (entry store.Entry, found bool, err error) {
	block := -1
	var data []byte
	err = s.snapshot(ctx, func(c *conn) error {
		if err := c.query(ctx, func(r row) error {
			firsts := r.blob(0)
			block = store.BlockOf(len(firsts)/16, customer, func(i int) rapport.CustomerID { return firstOf(firsts, i) })
			return nil
		}, "select firsts from chunk where number = ?", int64(chunk)); err != nil || block < 0 {
			return err
		}
		return c.query(ctx, func(r row) error { data = r.blob(0); return nil },
			"select data from block where number = ?", firstBlock(chunk)+int64(block))
	})
	if err != nil || data == nil {
		return store.Entry{}, false, err
	}
	return store.FindEntry(data, customer)
}

// Chunks returns chunks by ascending number, the first of them from or the next
// one after it.
func (s *Store) Chunks(ctx context.Context, from uint64, limit int) (chunks []store.Chunk, err error) {
	return s.chunks(ctx, from, limit, func(firsts []byte) (int, int) { return 0, len(firsts) / 16 })
}

// ChunksOf is Chunks with only those blocks of each that may hold a customer
// between two, both in.
func (s *Store) ChunksOf(ctx context.Context, from uint64, limit int, first, last rapport.CustomerID) (chunks []store.Chunk, err error) {
	return s.chunks(ctx, from, limit, func(firsts []byte) (int, int) {
		return store.BlocksOf(len(firsts)/16, first, last, func(i int) rapport.CustomerID { return firstOf(firsts, i) })
	})
}

// chunks returns chunks with those blocks that choose says: from one on, before
// another.
func (s *Store) chunks(ctx context.Context, from uint64, limit int, choose func(firsts []byte) (int, int)) (chunks []store.Chunk, err error) {
	var firsts [][]byte
	err = s.snapshot(ctx, func(c *conn) error {
		if err := c.query(ctx, func(r row) error {
			chunks = append(chunks, store.Chunk{Number: uint64(r.int(0)), At: rapport.Instant(r.int(1)), Workspace: uint64(r.int(2))})
			firsts = append(firsts, r.blob(3))
			return nil
		}, "select number, at, workspace, firsts from chunk where number >= ? order by number limit ?+0", int64(from), limited(limit)); err != nil {
			return err
		}
		for i := range chunks {
			low, high := choose(firsts[i])
			if low >= high {
				continue
			}
			if err := c.readBlocks(ctx, &chunks[i], firsts[i], low, high); err != nil {
				return err
			}
		}
		return nil
	})
	return chunks, err
}

func (c *conn) readBlocks(ctx context.Context, chunk *store.Chunk, firsts []byte, low, high int) error {
	start := firstBlock(chunk.Number)
	return c.query(ctx, func(r row) error {
		i := int(r.int(0) - start)
		chunk.Blocks = append(chunk.Blocks, store.Block{First: firstOf(firsts, i), Events: int(r.int(1)), Data: r.blob(2)})
		return nil
	}, "select number, events, data from block where number >= ? and number < ? order by number", start+int64(low), start+int64(high))
}

// ChunkAt returns the lowest number of a chunk committed at or after an instant,
// and 0 if there is none.
func (s *Store) ChunkAt(ctx context.Context, at rapport.Instant) (number uint64, err error) {
	err = s.query(ctx, func(r row) error { number = uint64(r.int(0)); return nil },
		"select min(number) from chunk where at >= ?", int64(at))
	return number, err
}
