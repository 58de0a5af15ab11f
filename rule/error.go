package rule

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"rapport"
)

// Error is one thing that is wrong with a rule's text, in words for the person
// who wrote it, and the place it is at.
type Error struct {
	Start, End   int    // bytes of the text it is about
	Line, Column int    // of Start, counted from 1; a column is a character
	Message      string // what is wrong
	Suggestion   string // what to write instead, or empty
}

// Error returns line, column, message and suggestion.
func (e *Error) Error() string {
	if e.Line > 1 {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.text())
	}
	return fmt.Sprintf("column %d: %s", e.Column, e.text())
}

func (e *Error) text() string {
	if e.Suggestion == "" {
		return e.Message
	}
	return e.Message + ", " + e.Suggestion
}

// Unwrap returns e as a [rapport.Error] of the kind Invalid.
func (e *Error) Unwrap() error {
	return &rapport.Error{Kind: rapport.Invalid, Code: "rule_invalid", Message: e.Error()}
}

// Errors is everything that was found wrong with a rule, in the text's order;
// there is at least one. errors.As finds the first as *Error.
type Errors []*Error

// Error returns all messages, separated by semicolons.
func (es Errors) Error() string {
	texts := make([]string, len(es))
	for i, e := range es {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the errors as a [rapport.Error] of the kind Invalid and then one by one.
func (es Errors) Unwrap() []error {
	errs := []error{&rapport.Error{Kind: rapport.Invalid, Code: "rule_invalid", Message: es.Error()}}
	for _, e := range es {
		errs = append(errs, e)
	}
	return errs
}

// locate fills in line and column from the text.
func (e *Error) locate(text string) *Error {
	before := text[:min(e.Start, len(text))]
	e.Line = 1 + strings.Count(before, "\n")
	e.Column = 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return e
}
