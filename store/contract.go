package store

import (
	"context"

	"rapport"
)

// The interfaces below are what every engine keeps, cut into the parts that its
// callers need: each caller names the parts it uses. A method is one transaction
// and may be called by many at once. A limit of 0 means 50.

// Committer keeps batches.
type Committer interface {
	// State returns where the store stands. Of an owner that was replaced it says where
	// that left the store: what others have kept since is none of its batches.
	State() State
	// Commit keeps a batch whole, or refuses it with kind Conflict if it does not
	// follow the store's position and epoch. On any other error the batch may be
	// committed again; State then says whether it was kept after all.
	Commit(ctx context.Context, b *Batch) error
}

// Records reads what is kept of customers.
type Records interface {
	// Load returns the records of customers with their pages, each at the place of
	// its id; one without Data for one that is not there.
	Load(ctx context.Context, ids []rapport.CustomerID) ([]Record, error)
	// Scan returns records with their pages by ascending id, those after the given
	// one; the zero id is before all.
	Scan(ctx context.Context, after rapport.CustomerID, limit int) ([]Record, error)
	// Walk returns records with their pages in the order in which they are read
	// fastest: those behind a place, and the place to go on behind; none at the end.
	// Who is there the whole time is met once.
	Walk(ctx context.Context, after Place, limit int) ([]Record, Place, error)
	// Identifiers returns what is known of identifiers, each at the place of its
	// key; nil for one that is not there.
	Identifiers(ctx context.Context, keys []rapport.IdentifierKey) ([][]byte, error)
}

// Directory finds customers by their addresses.
type Directory interface {
	// Customers returns those who have an address, ascending.
	Customers(ctx context.Context, kind AddressKind, value string, limit int) ([]rapport.CustomerID, error)
	// SearchAddresses returns addresses of any kind that begin with prefix, by
	// value, kind and customer.
	SearchAddresses(ctx context.Context, prefix string, limit int) ([]Address, error)
}

// Events reads chunks.
type Events interface {
	// Entry returns a customer's events of one chunk, and false if there are none
	// or the chunk is no longer kept.
	Entry(ctx context.Context, chunk uint64, customer rapport.CustomerID) (Entry, bool, error)
	// Chunks returns chunks by ascending number, the first of them from or the next
	// one after it.
	Chunks(ctx context.Context, from uint64, limit int) ([]Chunk, error)
	// ChunksOf is Chunks with only those blocks of each that may hold a customer
	// between two, both in.
	ChunksOf(ctx context.Context, from uint64, limit int, first, last rapport.CustomerID) ([]Chunk, error)
	// ChunkAt returns the lowest number of a chunk committed at or after an
	// instant, and 0 if there is none.
	ChunkAt(ctx context.Context, at rapport.Instant) (uint64, error)
}

// Queue reads what falls due.
type Queue interface {
	// Due returns the wake-ups at or before until, by instant and customer.
	Due(ctx context.Context, until rapport.Instant, limit int) ([]Wake, error)
	// NextWake returns the instant of the earliest wake-up, and Never if there is none.
	NextWake(ctx context.Context) (rapport.Instant, error)
	// Pending returns messages of a lane that wait and are due by until, by when they
	// are due, then by id.
	Pending(ctx context.Context, lane Lane, until rapport.Instant, limit int) ([]rapport.Message, error)
	// NextPending returns the instant at which the first waiting message of a lane is
	// due, and Never if none waits.
	NextPending(ctx context.Context, lane Lane) (rapport.Instant, error)
	// CountPending returns how many messages of a lane wait that are due by until, at
	// most so many. It looks at each, so it is not for every batch.
	CountPending(ctx context.Context, lane Lane, until rapport.Instant, most int) (int, error)
	// InStatus returns messages in one state of their life, from old to new.
	InStatus(ctx context.Context, status rapport.Status, limit int) ([]rapport.Message, error)
}

// Messages reads messages and the decisions behind them.
type Messages interface {
	// Messages returns the messages that a filter chooses, from new to old.
	Messages(ctx context.Context, f MessageFilter) ([]rapport.Message, error)
	// Message returns one message, or an error of kind NotFound.
	Message(ctx context.Context, id rapport.MessageID) (rapport.Message, error)
	// Content returns a message's body as it was rendered, or an error of kind NotFound.
	Content(ctx context.Context, id rapport.MessageID) (Content, error)
	// Decisions returns a customer's decisions, newest first; of one instant, the
	// one committed last first.
	Decisions(ctx context.Context, f DecisionFilter) ([]rapport.Decision, error)
}

// Versions keeps the versions of the workspace.
type Versions interface {
	// SaveVersion keeps the next version; kind Conflict if its number is not the
	// last one's plus one.
	SaveVersion(ctx context.Context, v Version) error
	// Version returns a version with its documents, 0 meaning the last, or an error
	// of kind NotFound.
	Version(ctx context.Context, number uint64) (Version, error)
	// Versions returns the versions without their documents, newest first.
	Versions(ctx context.Context, limit int) ([]Version, error)
}

// Values reads the small named values, and keeps settings outside of batches.
type Values interface {
	// Counters returns the sums whose names begin with prefix, by name and bucket.
	Counters(ctx context.Context, prefix string) ([]Total, error)
	// Mark returns how far a job has come; nil if there is no such mark.
	Mark(ctx context.Context, name string) ([]byte, error)
	// Setting returns a setting; nil if there is no such one.
	Setting(ctx context.Context, name string) ([]byte, error)
	// PutSettings keeps settings outside of any batch, all or none.
	PutSettings(ctx context.Context, settings []Setting) error
	// Stats says how much is held. It counts rows, so it is not for every second.
	Stats(ctx context.Context) (Stats, error)
}
