package app

import (
	"rapport/store"
	"rapport/store/sqlite"
)

// Store is what the program needs of an engine; package store says what each part promises.
type Store interface {
	store.Committer
	store.Records
	store.Directory
	store.Events
	store.Queue
	store.Messages
	store.Versions
	store.Values
	// Close lets go of the store. What was committed stays.
	Close() error
}

// openStore opens the store that a program is to run on.
func openStore(c Config) (Store, error) {
	return sqlite.Open(c.Data, sqlite.Options{InCommit: c.InCommit})
}
