package liquid

import (
	"fmt"

	"rapport"
)

// Position is a place in a template, for a person: lines and columns count from
// 1, a column is a character.
type Position struct {
	Block  string // the block it stands in; empty for the template itself
	Line   int
	Column int
}

// String returns the position as it begins a message.
func (p Position) String() string {
	if p.Block != "" {
		return fmt.Sprintf("block %q, line %d, column %d", p.Block, p.Line, p.Column)
	}
	return fmt.Sprintf("line %d, column %d", p.Line, p.Column)
}

// Reason says why a template was refused or a rendering ended.
type Reason uint8

// The reasons.
const (
	Malformed     Reason = iota // the template is not Liquid, or asks for what there is not
	Failed                      // a filter or comparison cannot do what it is asked to with these values
	Missing                     // StrictVariables is on and a path has no value
	TooMuchOutput               // over Limits.Output
	TooManySteps                // over Limits.Steps
	TooDeep                     // over Limits.Depth
	Stopped                     // RenderOptions.Stop said so
	reasons
)

var reasonKinds = [reasons]rapport.ErrorKind{
	rapport.Invalid, rapport.Invalid, rapport.Invalid,
	rapport.TooLarge, rapport.TooLarge, rapport.TooLarge, rapport.Unavailable,
}

var reasonCodes = [reasons]string{
	"template_malformed", "template_failed", "template_value_missing",
	"template_output_limit", "template_step_limit", "template_depth_limit", "template_stopped",
}

// Error is what Parse and Render return: why, where, and a sentence for the
// person who wrote the template. It never holds a value of the data. In its
// chain stands a [rapport.Error] with the kind and the whole message.
type Error struct {
	Reason   Reason
	Position Position
	Message  string
	Path     string // of Missing: the path that has no value
	Err      error  // of Failed: what a filter of the caller's returned
}

// Error returns the position and the message.
func (e *Error) Error() string { return e.Position.String() + ": " + e.Message }

// Unwrap returns e as the [rapport.Error] that the rest of the product reads.
func (e *Error) Unwrap() error {
	return &rapport.Error{Kind: reasonKinds[e.Reason], Code: reasonCodes[e.Reason], Message: e.Error(), Err: e.Err}
}

// fail makes an error whose position is filled in by whoever knows it.
func fail(format string, args ...any) error {
	return &Error{Reason: Failed, Message: fmt.Sprintf(format, args...)}
}

// locate gives err a position unless it has one already.
func (u *unit) locate(err error, at int) error {
	if e, ok := err.(*Error); ok && e.Position.Line == 0 {
		e.Position = u.position(at)
	}
	return err
}

func (u *unit) malformed(at int, format string, args ...any) error {
	return &Error{Reason: Malformed, Position: u.position(at), Message: fmt.Sprintf(format, args...)}
}
