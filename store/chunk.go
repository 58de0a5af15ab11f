package store

import "rapport"

// Block is about 128 events of one chunk, sorted by customer and compressed.
// Blocks of a chunk hold ascending, disjoint ranges of customers, so a
// customer's events of one chunk are all in one block.
type Block struct {
	First  rapport.CustomerID // the lowest customer in it
	Events int
	Data   []byte
}

// Entry is one customer's events of one chunk in the order they were admitted.
//
// The entries of a customer form a chain through the chunks: Prev names the
// chunk with the entry before this one. So her history is read from the newest
// chunk backwards without an index, and an event costs no index entry.
type Entry struct {
	Customer rapport.CustomerID // who she was when they were admitted
	Prev     uint64             // number of the chunk that holds her entry before this one; 0 for none
	Events   []rapport.Event
}

// Chunk is the events of one batch, packed.
type Chunk struct {
	Number    uint64 // the position of its batch
	At        rapport.Instant
	Workspace uint64 // the version it was computed under
	Blocks    []Block
}
