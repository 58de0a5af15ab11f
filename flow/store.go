package flow

import (
	"context"

	"rapport"
	"rapport/store"
)

// Store is what flow needs of a store; package store says what each part promises.
type Store interface {
	store.Committer
	store.Records
	store.Events
	store.Queue
	Finder
}

// Finder is the little that flow looks up by itself.
type Finder interface {
	// Customers returns those who have an address, ascending.
	Customers(ctx context.Context, kind store.AddressKind, value string, limit int) ([]rapport.CustomerID, error)
	// Message returns one message, or an error of kind NotFound.
	Message(ctx context.Context, id rapport.MessageID) (rapport.Message, error)
	// Messages returns the messages that a filter chooses, from new to old.
	Messages(ctx context.Context, f store.MessageFilter) ([]rapport.Message, error)
	// Mark returns how far a job has come; nil if there is no such mark.
	Mark(ctx context.Context, name string) ([]byte, error)
	Counters
}
