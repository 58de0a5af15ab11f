package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"rapport"
	"rapport/store"
	"rapport/store/postgres"
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

// remote is what an engine tells besides that is not on this machine alone.
type remote interface {
	// Replaced waits until somebody else owns the store, and returns why this program
	// must stop; nil if ctx ends first.
	Replaced(ctx context.Context) error
	// Trouble returns why a commit under way can't end, and nil if none is stuck.
	Trouble() error
}

// openStore opens the store that a program is to run on: in the data folder, or in the
// database that is named.
func openStore(ctx context.Context, c Config) (Store, error) {
	if c.Database == "" {
		return sqlite.Open(c.Data, sqlite.Options{InCommit: c.InCommit})
	}
	unlock, err := sqlite.Lock(c.Data)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(c.Data, sqlite.File)); err == nil {
		c.Log.Warn("the data folder holds a database, which is not used: what is used is " + postgres.Place(c.Database))
	}
	st, err := postgres.Open(ctx, c.Database, postgres.Options{Log: c.Log, InCommit: c.InCommit})
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	return &elsewhere{st, unlock}, nil
}

// Place says where a database is that an address leads to, without the password.
func Place(database string) string { return postgres.Place(database) }

// elsewhere is a store in a database, and the lock on the folder that holds what
// belongs to the machine: the key of the secrets.
type elsewhere struct {
	*postgres.Store
	unlock func() error
}

// Close lets go of both.
func (s *elsewhere) Close() error { return errors.Join(s.Store.Close(), s.unlock()) }

// replaced calls the context off that it returns with what an owner hears that was
// replaced, if the store can be.
func (a *App) replaced(ctx context.Context) context.Context {
	st, ok := a.Store.(remote)
	if !ok {
		return ctx
	}
	told, tell := context.WithCancelCause(ctx)
	go func() { tell(st.Replaced(ctx)) }()
	return told
}

// trouble returns why nothing can be written at the moment, as far as the store knows.
func (a *App) trouble() error {
	if st, ok := a.Store.(remote); ok {
		return st.Trouble()
	}
	return nil
}

// ready returns why requests that write can't be served.
func (a *App) ready() error {
	if err := a.trouble(); err != nil {
		return err
	}
	return a.health.Ready()
}

// refusal is what callers hear while a commit is stuck.
func refusal(err error) error {
	return &rapport.Error{Kind: rapport.Unavailable, Message: "The store cannot be written to at the moment. Send it again.", Err: err}
}
