package journey

import "rapport/rule"

// Journey is a compiled document. It is immutable and safe for concurrent use.
type Journey struct {
	name string
}

// Env is what a document is compiled against.
type Env struct {
	Plan    *rule.Plan // what is known of the data; may be nil
	Version uint64     // of the workspace that it belongs to
}

// Problem is one thing that is wrong with a document, in words for its author.
type Problem struct {
	Path       string // where: steps[2].branch[0].when
	Message    string
	Suggestion string // what to write instead; may be empty
}

// Compile checks a document and compiles it. It reports every problem it finds;
// the journey is nil if there is one.
func Compile(name string, doc Doc, in Env) (*Journey, []Problem) { return &Journey{name: name}, nil }

// Name returns the document's name.
func (j *Journey) Name() string { return j.name }

// Facts returns what must be kept of a customer's past for the journey's rules.
func (j *Journey) Facts() []rule.Fact { return nil }

// ReferenceKind says what a reference names.
type ReferenceKind string

// The kinds of reference.
const (
	ToTemplate ReferenceKind = "template"
	ToSegment  ReferenceKind = "segment"
	ToEvent    ReferenceKind = "event"
	ToPurpose  ReferenceKind = "purpose"
)

// Reference is the name of something outside that the journey needs.
type Reference struct {
	Kind ReferenceKind
	Name string
	Path string // where the document says so
}

// References returns what the journey names, in the document's order. Whether
// it exists is the caller's to check.
func (j *Journey) References() []Reference { return nil }

// Steps returns the names of the steps in the document's order.
func (j *Journey) Steps() []string { return nil }
