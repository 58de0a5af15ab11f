package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"rapport"
	"rapport/store/move"
	"rapport/store/postgres"
	"rapport/store/sqlite"
)

// Moving says what is moved. From and To are each a data folder or the address of a
// PostgreSQL database.
type Moving struct {
	From, To string
	Keep     bool                          // From stays in use: a copy, not a move
	Progress func(part string, rows int64) // may be nil
}

// Moved is what became of one sort of rows.
type Moved = move.Part

// Move takes a whole installation from one place to another, neither of which a
// program runs on, and says what became of each sort of rows. What lies beside the
// store in a data folder, such as the key of the secrets, stays where it is.
func Move(ctx context.Context, m Moving) (parts []Moved, err error) {
	if m.From == m.To {
		return nil, rapport.Errorf(rapport.Invalid, "an installation can't be moved to where it is")
	}
	from, err := openPlace(ctx, m.From, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := openPlace(ctx, m.To, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return move.Run(ctx, move.Plan{
		From: from, To: to, FromName: nameOf(m.From), ToName: nameOf(m.To), Keep: m.Keep, Progress: m.Progress,
		At: time.Now().UTC().Format("on 2 January 2006 at 15:04 UTC"),
	})
}

// Reopen lets an installation run again that was moved away, as it was then.
func Reopen(ctx context.Context, place string) (err error) {
	st, err := openPlace(ctx, place, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return move.Reopen(ctx, st)
}

// movable is a store that can be moved.
type movable interface {
	move.Store
	Close() error
}

func openPlace(ctx context.Context, place string, there bool) (movable, error) {
	if postgres.IsAddress(place) {
		return postgres.Open(ctx, place, postgres.Options{})
	}
	if _, err := os.Stat(filepath.Join(place, sqlite.File)); there && err != nil {
		return nil, rapport.Errorf(rapport.NotFound, "there is no installation in the folder %s", place)
	}
	return sqlite.Open(place, sqlite.Options{})
}

// nameOf returns how a place is called, without a password.
func nameOf(place string) string {
	if postgres.IsAddress(place) {
		return postgres.Place(place)
	}
	if whole, err := filepath.Abs(place); err == nil {
		place = whole
	}
	return "the data folder " + place
}
