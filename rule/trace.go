package rule

import "strings"

// Trace is an explained answer: one node for the whole rule, and below an and,
// an or or a not one for each part.
type Trace struct {
	Text   string   `json:"text"`             // the part's canonical text; of an and, or or not the word
	Truth  Truth    `json:"truth"`            //
	Saw    string   `json:"saw,omitempty"`    // the value it looked at
	Change string   `json:"change,omitempty"` // the smallest change that would flip it, in words
	Parts  []*Trace `json:"parts,omitempty"`
}

// MarshalText returns yes, no or unknown.
func (t Truth) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// String returns the trace as lines, parts indented below what they are part of.
func (t *Trace) String() string {
	var b strings.Builder
	t.write(&b, 0)
	return b.String()
}

func (t *Trace) write(b *strings.Builder, depth int) {
	b.WriteString(strings.Repeat("  ", depth) + t.Truth.String() + "  " + t.Text)
	if t.Saw != "" {
		b.WriteString("   [saw " + t.Saw + "]")
	}
	b.WriteByte('\n')
	for _, part := range t.Parts {
		part.write(b, depth+1)
	}
}
