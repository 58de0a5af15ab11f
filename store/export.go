package store

import "context"

// Porter takes a store's rows out as a whole, and in. It is for a store that nobody
// else uses meanwhile.
type Porter interface {
	// Export gives all rows of a sort to each, in the sort's order, some at a time, as
	// they would stand in a batch.
	Export(ctx context.Context, sort Sort, each func(*Batch) error) error
	// Import keeps rows as they are, whatever position their batch follows; its chunk
	// gets the number after that. The store stands there then, unless it stood beyond.
	Import(ctx context.Context, b *Batch) error
	// Empty forgets everything that is kept.
	Empty(ctx context.Context) error
}

// Sort is a sort of rows that are looked up by their keys, and that nobody but a move
// reads from the first to the last.
type Sort string

// The sorts, each with the order in which a move reads it.
const (
	IdentifierRows Sort = "identifiers" // by key
	AddressRows    Sort = "addresses"   // by kind, value and customer
	ContentRows    Sort = "contents"    // by message
	DecisionRows   Sort = "decisions"   // by customer and instant, then as they were committed
	MarkRows       Sort = "marks"       // by name
	SettingRows    Sort = "settings"    // by name
)

// Sorts returns all there are.
func Sorts() []Sort {
	return []Sort{IdentifierRows, AddressRows, ContentRows, DecisionRows, MarkRows, SettingRows}
}

// Imported returns where a store stands after it took over rows of a batch.
func Imported(was State, b *Batch) State {
	if b.Position+1 >= was.Position {
		was.Position, was.At = b.Position+1, b.At
	}
	return was
}
