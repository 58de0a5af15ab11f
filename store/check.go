package store

import (
	"bytes"
	"sort"

	"rapport"
)

// What follows is for the engines, so that they refuse alike and in the same words.

// CheckBatch returns an error of kind Conflict if b does not follow state.
func CheckBatch(b *Batch, state State) error {
	if err := CheckEpoch(b.Epoch, state.Epoch); err != nil {
		return err
	}
	if b.Position != state.Position {
		return rapport.Errorf(rapport.Conflict, "the batch follows position %d, but the store stands at %d", b.Position, state.Position)
	}
	return nil
}

// CheckEpoch returns an error of kind Conflict if an owner's epoch is not the store's.
func CheckEpoch(owner, epoch uint64) error {
	if owner != epoch {
		return rapport.Errorf(rapport.Conflict, "the store has a new owner: its epoch is %d, this owner's %d", epoch, owner)
	}
	return nil
}

// CheckVersion returns an error of kind Conflict if number does not follow the last version.
func CheckVersion(number, last uint64) error {
	if number != last+1 {
		return rapport.Errorf(rapport.Conflict, "the workspace was changed meanwhile: its last version is %d, so %d cannot be saved", last, number)
	}
	return nil
}

// Move brings a message to where its life went: its status, address, subject, reason and
// number of attempts, when it is due and when it was handed over. Nothing else of it
// changes after it was created.
func Move(m, to *rapport.Message) {
	m.Status, m.To, m.Subject, m.Reason, m.Attempts = to.Status, to.To, to.Subject, to.Reason, to.Attempts
	m.DueAt, m.HandedAt = to.DueAt, to.HandedAt
}

// ErrNoMessage says that there is no such message.
func ErrNoMessage(id rapport.MessageID) error {
	return rapport.Errorf(rapport.NotFound, "there is no message %s", id)
}

// ErrNoContent says that a message's content is not kept.
func ErrNoContent(id rapport.MessageID) error {
	return rapport.Errorf(rapport.NotFound, "the content of message %s is not kept", id)
}

// ErrNoVersion says that there is no such version of the workspace.
func ErrNoVersion(number uint64) error {
	if number == 0 {
		return rapport.Errorf(rapport.NotFound, "the workspace has no version yet")
	}
	return rapport.Errorf(rapport.NotFound, "the workspace has no version %d", number)
}

// LimitOf returns a filter's limit, of which 0 means 50.
func LimitOf(limit int) int {
	if limit == 0 {
		return 50
	}
	return max(limit, 0)
}

// BlockOf returns which of n blocks holds customer, if any does, given the first
// customer of each in ascending order; -1 if she comes before all of them.
func BlockOf(n int, customer rapport.CustomerID, first func(int) rapport.CustomerID) int {
	return sort.Search(n, func(i int) bool {
		id := first(i)
		return bytes.Compare(id[:], customer[:]) > 0
	}) - 1
}

// BlocksOf returns which of n blocks may hold customers between two, both in: from
// low on, before high.
func BlocksOf(n int, from, to rapport.CustomerID, first func(int) rapport.CustomerID) (low, high int) {
	return max(BlockOf(n, from, first), 0), BlockOf(n, to, first) + 1
}
