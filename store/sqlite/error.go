package sqlite

import (
	"context"
	"errors"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"rapport"
)

// explain turns what SQLite says into an error with a kind and a sentence for
// the operator's screen. Errors that have a kind, and those of a context, stay
// what they are.
func explain(err error) error {
	var known *rapport.Error
	var theirs *sqlite.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &theirs):
		kind, message := meaning(theirs.Code())
		return &rapport.Error{Kind: kind, Message: message, Err: err}
	}
	return &rapport.Error{Kind: rapport.Internal, Message: "The database failed.", Err: err}
}

// meaning says what a result code means; its low byte is the sort, the rest detail.
func meaning(code int) (rapport.ErrorKind, string) {
	switch code & 0xff {
	case sqlite3.SQLITE_FULL:
		return rapport.Unavailable, "The disk is full. Nothing was written; make room, then it goes on."
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return rapport.Unavailable, "Another program holds a lock on the database. Nothing was written; end that program, then it goes on."
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return rapport.Unavailable, "The database can't be written: its file or folder is read-only."
	case sqlite3.SQLITE_CANTOPEN:
		return rapport.Unavailable, "The database can't be opened: look at its folder and who may write there."
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return rapport.Internal, "The database file is damaged. Restore the last backup."
	case sqlite3.SQLITE_IOERR:
		return rapport.Unavailable, "The disk refused to read or write: it may be read-only, broken or gone. Look at the disk; it is tried again by itself."
	case sqlite3.SQLITE_NOMEM:
		return rapport.Unavailable, "The database has not enough memory."
	case sqlite3.SQLITE_TOOBIG:
		return rapport.TooLarge, "A value is larger than the database can hold."
	case sqlite3.SQLITE_INTERRUPT:
		return rapport.Unavailable, "The question was called off."
	}
	return rapport.Internal, "The database failed."
}
