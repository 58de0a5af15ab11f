package flow

import (
	"context"

	"rapport"
	"rapport/store"
)

// Store is what flow needs of a store; package store says what it promises.
type Store interface {
	State() store.State
	Commit(ctx context.Context, b *store.Batch) error
	Load(ctx context.Context, ids []rapport.CustomerID) ([][]byte, error)
	Identifiers(ctx context.Context, keys []rapport.IdentifierKey) ([][]byte, error)
	Customers(ctx context.Context, kind store.AddressKind, value string, limit int) ([]rapport.CustomerID, error)
	Entry(ctx context.Context, chunk uint64, customer rapport.CustomerID) (store.Entry, bool, error)
	Queue
	Log
}

// Queue is what falls due.
type Queue interface {
	Due(ctx context.Context, until rapport.Instant, limit int) ([]store.Wake, error)
	NextWake(ctx context.Context) (rapport.Instant, error)
	Pending(ctx context.Context, until rapport.Instant, limit int) ([]rapport.Message, error)
	NextPending(ctx context.Context) (rapport.Instant, error)
	InStatus(ctx context.Context, status rapport.Status, limit int) ([]rapport.Message, error)
	Message(ctx context.Context, id rapport.MessageID) (rapport.Message, error)
}

// Log is what is read through from end to end.
type Log interface {
	Chunks(ctx context.Context, from uint64, limit int) ([]store.Chunk, error)
	ChunkAt(ctx context.Context, at rapport.Instant) (uint64, error)
	Scan(ctx context.Context, after rapport.CustomerID, limit int) ([]store.Record, error)
	Mark(ctx context.Context, name string) ([]byte, error)
}
