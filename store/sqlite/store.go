// Package sqlite keeps a store in one SQLite database, the embedded default.
package sqlite

import (
	"context"

	"rapport"
	"rapport/store"
)

// Options of a store; the zero value is right for production.
type Options struct {
	Readers int // connections that read; 0 means 4

	// InCommit, if set, is called in every commit after all rows are written and
	// before the transaction is committed. It is for tests that kill the program there.
	InCommit func()
}

// Store is a store in one SQLite database. It is safe for use by many at once.
type Store struct{}

// Open opens the database rapport.db in the folder dir, creating both if need
// be, and becomes its owner: the epoch is one higher than the owner's before.
func Open(dir string, opts Options) (*Store, error) { return nil, errSoon() }

func errSoon() error { return rapport.Errorf(rapport.Unavailable, "not built yet") }

// Close gives the folder free. Nothing may be called after it.
func (s *Store) Close() error { return errSoon() }

// State returns where the store stands.
func (s *Store) State() store.State { return store.State{} }

// Commit keeps a batch whole, or refuses it with kind Conflict if it does not
// follow the store's position and epoch.
func (s *Store) Commit(ctx context.Context, b *store.Batch) error { return errSoon() }

// Load returns the records of customers, each at the place of its id; nil for
// one that is not there.
func (s *Store) Load(ctx context.Context, ids []rapport.CustomerID) ([][]byte, error) {
	return nil, errSoon()
}

// Identifiers returns what is known of identifiers, each at the place of its
// key; nil for one that is not there.
func (s *Store) Identifiers(ctx context.Context, keys []rapport.IdentifierKey) ([][]byte, error) {
	return nil, errSoon()
}

// Customers returns those who have an address, ascending.
func (s *Store) Customers(ctx context.Context, kind store.AddressKind, value string, limit int) ([]rapport.CustomerID, error) {
	return nil, errSoon()
}

// SearchAddresses returns addresses of any kind that begin with prefix, by
// value, kind and customer.
func (s *Store) SearchAddresses(ctx context.Context, prefix string, limit int) ([]store.Address, error) {
	return nil, errSoon()
}

// Due returns the wake-ups at or before until, by instant and customer.
func (s *Store) Due(ctx context.Context, until rapport.Instant, limit int) ([]store.Wake, error) {
	return nil, errSoon()
}

// NextWake returns the instant of the earliest wake-up, and Never if there is none.
func (s *Store) NextWake(ctx context.Context) (rapport.Instant, error) {
	return rapport.Never, errSoon()
}

// Scan returns records by ascending id, those after the given one; the zero id
// is before all.
func (s *Store) Scan(ctx context.Context, after rapport.CustomerID, limit int) ([]store.Record, error) {
	return nil, errSoon()
}

// Entry returns a customer's events of one chunk.
func (s *Store) Entry(ctx context.Context, chunk uint64, customer rapport.CustomerID) (store.Entry, bool, error) {
	return store.Entry{}, false, errSoon()
}

// Chunks returns chunks by ascending number, the first of them from or the next
// one after it.
func (s *Store) Chunks(ctx context.Context, from uint64, limit int) ([]store.Chunk, error) {
	return nil, errSoon()
}

// ChunkAt returns the lowest number of a chunk committed at or after an instant,
// and 0 if there is none.
func (s *Store) ChunkAt(ctx context.Context, at rapport.Instant) (uint64, error) {
	return 0, errSoon()
}

// Messages returns the messages that a filter chooses, from new to old.
func (s *Store) Messages(ctx context.Context, f store.MessageFilter) ([]rapport.Message, error) {
	return nil, errSoon()
}

// Message returns one message, or an error of kind NotFound.
func (s *Store) Message(ctx context.Context, id rapport.MessageID) (rapport.Message, error) {
	return rapport.Message{}, errSoon()
}

// Content returns a message's body as it was rendered, or an error of kind NotFound.
func (s *Store) Content(ctx context.Context, id rapport.MessageID) (store.Content, error) {
	return store.Content{}, errSoon()
}

// Pending returns messages that wait and are due by until: the transactional
// ones first, then by when they are due, then by id.
func (s *Store) Pending(ctx context.Context, until rapport.Instant, limit int) ([]rapport.Message, error) {
	return nil, errSoon()
}

// NextPending returns the instant at which the first waiting message is due, and
// Never if none waits.
func (s *Store) NextPending(ctx context.Context) (rapport.Instant, error) {
	return rapport.Never, errSoon()
}

// InStatus returns messages in one state of their life, from old to new.
func (s *Store) InStatus(ctx context.Context, status rapport.Status, limit int) ([]rapport.Message, error) {
	return nil, errSoon()
}

// Decisions returns a customer's decisions, newest first; of one instant, the
// one committed last first.
func (s *Store) Decisions(ctx context.Context, f store.DecisionFilter) ([]rapport.Decision, error) {
	return nil, errSoon()
}

// Counters returns the sums whose names begin with prefix, by name and bucket.
func (s *Store) Counters(ctx context.Context, prefix string) ([]store.Total, error) {
	return nil, errSoon()
}

// Mark returns how far a job has come; nil if there is no such mark.
func (s *Store) Mark(ctx context.Context, name string) ([]byte, error) { return nil, errSoon() }

// Setting returns a setting; nil if there is no such one.
func (s *Store) Setting(ctx context.Context, name string) ([]byte, error) { return nil, errSoon() }

// PutSettings keeps settings outside of any batch, all or none.
func (s *Store) PutSettings(ctx context.Context, settings []store.Setting) error { return errSoon() }

// SaveVersion keeps the next version of the workspace; kind Conflict if its
// number is not the last one's plus one.
func (s *Store) SaveVersion(ctx context.Context, v store.Version) error { return errSoon() }

// Version returns a version of the workspace with its documents, 0 meaning the
// last, or an error of kind NotFound.
func (s *Store) Version(ctx context.Context, number uint64) (store.Version, error) {
	return store.Version{}, errSoon()
}

// Versions returns the versions without their documents, newest first.
func (s *Store) Versions(ctx context.Context, limit int) ([]store.Version, error) {
	return nil, errSoon()
}

// Stats says how much is held.
func (s *Store) Stats(ctx context.Context) (store.Stats, error) { return store.Stats{}, errSoon() }

// Backup writes a whole and consistent copy of the database to a new file.
func (s *Store) Backup(ctx context.Context, path string) error { return errSoon() }
