package rapport

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// ErrorKind says what sort of thing went wrong. The list is closed: the HTTP
// face turns each kind into one status, in one table.
type ErrorKind uint8

// The kinds of error.
const (
	Internal     ErrorKind = iota // a fault of ours or of the machine; the cause is for the operator only
	Invalid                       // what was asked is malformed or against the rules
	Unauthorised                  // no key, or an unknown one
	Forbidden                     // a known key that may not do this
	NotFound                      // there is no such thing
	Conflict                      // it contradicts what is already there
	TooLarge                      // over a stated limit of size
	Exhausted                     // too much at once; may be tried again after a while
	Unavailable                   // not now (starting, stopping, handing over); may be tried again
	kinds
)

var kindNames = [kinds]string{
	"internal", "invalid", "unauthorised", "forbidden", "not found",
	"conflict", "too large", "exhausted", "unavailable",
}

// String returns the kind's name in lower case.
func (k ErrorKind) String() string {
	if k >= kinds {
		return "internal"
	}
	return kindNames[k]
}

// Error is an error with a kind, a message for the person who asked, and a
// cause for the operator. Message never holds a secret or personal data.
type Error struct {
	Kind    ErrorKind
	Code    string // stable word for programs, such as "event_too_large"; may be empty
	Message string // one or more sentences for the person
	Err     error  // the cause; logged, never shown
}

// Error returns the message and, where it adds something, the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	cause := e.Err.Error()
	if e.Message == "" || strings.Contains(e.Message, cause) {
		return cmp.Or(e.Message, cause)
	}
	return e.Message + ": " + cause
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error of a kind with a message for the person. A %w verb
// keeps its operand as the cause's chain, and its text becomes part of the
// message, so wrap only what the person may read.
func Errorf(kind ErrorKind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Err: errors.Unwrap(err)}
}

// KindOf returns the kind of the first [Error] in err's chain, and Internal if
// there is none.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// MessageOf returns what a person may read of err: the message of the first
// [Error] in its chain, or a sentence that says nothing about the inside.
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Message != "" {
		return e.Message
	}
	return "Something went wrong on our side. The log has the cause."
}
