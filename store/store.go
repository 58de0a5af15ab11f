// Package store says what is kept and in which shape: the batch that a
// micro-batch of the flow commits, the rows it is made of, and the blocks in
// which raw events are packed. The engines beside it (sqlite, memory) keep it;
// the suite storetest proves that they keep it alike.
//
// What every engine guarantees:
//
//  1. A [Batch] is committed whole or not at all, and is durable when Commit
//     returns nil: it survives the death of the program and of the machine.
//  2. Batches are committed one after another. A batch names the position it
//     follows and the epoch of its owner; if either is not the store's own, it
//     is refused with kind Conflict and nothing of it is written. So an owner
//     that has been replaced can write nothing more.
//  3. A read sees every batch committed before it began, and none in part.
//  4. Blocks of events are never changed after they are written, save by
//     erasure.
//
// What it does not do: it knows no rules, no journeys and no encoding of the
// customer's record, which is bytes here; it hands out no transactions and no
// single rows; and one data folder is open in one program at a time.
package store

import "rapport"

// Batch is everything that one micro-batch changes.
//
// Where a slice holds several rows of one key, the last one counts; changes of
// counters add up. The store keeps nothing of the batch's memory.
type Batch struct {
	Position    uint64 // of the batch before it; this one gets Position+1
	Epoch       uint64 // of the owner, as Open returned it
	At          rapport.Instant
	Workspace   uint64 // the version of the workspace it was computed under
	Records     []Record
	Identifiers []Identifier
	Addresses   []Address
	Events      []Block           // the chunk; its number is Position+1
	Messages    []rapport.Message // new ones, or anew; one of a known id was created at the same instant
	Moved       []rapport.Message // known ones whose life went on, see [Move]; after Messages
	Contents    []Content
	Decisions   []rapport.Decision
	Counters    []Counter
	Marks       []Mark
	Settings    []Setting
}

// Record is a customer's record as profile encoded it.
type Record struct {
	Customer rapport.CustomerID
	Data     []byte          // nil deletes the record, its wake-up and its pages
	Wake     rapport.Instant // when something falls due for her by itself; Never if nothing does
	Paged    bool            // parts of the record are kept in pages
	Pages    []Page          // in a batch those that change; when read all there are, by number
}

// Place is where a walk through all records stands. Only the engine that returned
// it knows what it means; the zero Place is the start.
type Place [16]byte

// Page is a part of a record that is kept beside it, so that it need not be written
// with every change.
type Page struct {
	Number uint64
	Data   []byte // nil deletes it
}

// Wake says that something is due for a customer.
type Wake struct {
	Customer rapport.CustomerID
	At       rapport.Instant
}

// Identifier is what is known of one identifier; identity encodes the data.
type Identifier struct {
	Key  rapport.IdentifierKey
	Data []byte // nil deletes it
}

// AddressKind is the sort of an address that customers are looked up by.
type AddressKind string

// The kinds of address.
const (
	EmailAddress AddressKind = "email"
	PhoneAddress AddressKind = "phone"
)

// Address ties an address to a customer. One address may belong to several.
type Address struct {
	Kind     AddressKind
	Value    string // normalised: lower case for e-mail, E.164 for phone
	Customer rapport.CustomerID
	Gone     bool // the tie is cut
}

// Content is a rendered message, kept in sandbox.
type Content struct {
	Message rapport.MessageID
	At      rapport.Instant
	rapport.Content
}

// Counter is a change of a named sum, such as a segment's size or how many runs
// passed a step. Bucket is the start of the hour or day it is counted for, and 0
// for a sum over all time.
type Counter struct {
	Name   string
	Bucket rapport.Instant
	Delta  int64
}

// Mark is how far a resumable job has come. It is committed with the work it
// speaks of, so a job that is resumed does nothing twice.
type Mark struct {
	Name string
	Data []byte // nil deletes it
}

// Setting is a named small value of the installation: its hash key, its
// environment, the offset of its clock.
type Setting struct {
	Name string
	Data []byte // nil deletes it
}

// Total is what the changes of a [Counter] add up to.
type Total struct {
	Name   string
	Bucket rapport.Instant
	Sum    int64
}

// State is where a store stands.
type State struct {
	Position uint64          // number of the last committed batch, 0 for none
	Epoch    uint64          // of the present owner
	At       rapport.Instant // of the last committed batch
}

// MessageFilter chooses messages; what is empty does not choose.
type MessageFilter struct {
	Customer rapport.CustomerID
	Journey  string
	Channel  rapport.Channel
	Status   rapport.Status
	Limit    int           // at most so many; 0 means 50
	Before   MessageCursor // only what comes after it in the list; zero for the start
}

// Lane is one of the queues in which messages wait: one for each channel and urgency, so
// that what hurries never waits for what does not, nor for another channel.
type Lane struct {
	Channel rapport.Channel
	Urgency rapport.Urgency
}

// LaneOf returns the lane of a message.
func LaneOf(m *rapport.Message) Lane { return Lane{m.Channel, m.Class.Urgency()} }

// MessageCursor is a place in a list of messages, which goes from new to old:
// by CreatedAt, then ID, both descending.
type MessageCursor struct {
	CreatedAt rapport.Instant
	ID        rapport.MessageID
}

// DecisionFilter chooses decisions of one customer.
type DecisionFilter struct {
	Customer rapport.CustomerID
	Journey  string // "" for all
	Limit    int    // at most so many, newest first; 0 means 50
}

// Version is one state of the workspace: all its documents.
type Version struct {
	Number    uint64 // 1, 2, 3, ...
	At        rapport.Instant
	Key       string // the name of the key that it was made with
	Author    string // who made it, as was said; "" for nobody
	Note      string
	Documents []Document
}

// Document is one file of the workspace as it was written.
type Document struct {
	Kind string
	Name string
	Body []byte // YAML or JSON, kept to the byte
}

// Disk is what a store takes of the disk of its folder, in bytes.
type Disk struct {
	Bytes      int64 // of the database
	WriteAhead int64 // that are not yet folded into it
	Free       int64 // that may still be written; less than 0 where that can't be told
}

// Stats says how much a store holds.
type Stats struct {
	Customers   int64
	Identifiers int64
	Addresses   int64
	Chunks      int64
	Events      int64
	Messages    int64
	Decisions   int64
	Bytes       int64 // of the database on disk
	WriteAhead  int64 // bytes on disk that are not yet folded into the database
}
