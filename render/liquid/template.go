package liquid

import (
	"sync"
	"time"

	"rapport"
)

// Template is a parsed template. It never changes: any number of goroutines may
// render it at once.
type Template struct {
	unit       *unit
	names      map[string]int // every name read or set anywhere in it, to its symbol
	offsets    int            // how many loops remember where they ended
	autoEscape bool
	paths      []Path
	scratch    sync.Pool // of *renderer
}

// ParseOptions say what a template may use and how it prints. The zero value is
// plain Liquid without blocks.
type ParseOptions struct {
	// Filters are the caller's own, by name; one named like a standard filter
	// takes its place.
	Filters map[string]Filter

	// Load returns the source of a block that {% render %} or {% include %}
	// names. It is called while parsing only, once a name. Its error's message
	// is shown to the person if it is a rapport.Error.
	Load func(name string) (string, error)

	// Editions returns the names of blocks that may be printed instead of the one of
	// a name, as RenderOptions.Edition decides. It may be nil.
	Editions func(name string) []string

	// AutoEscape escapes what {{ }} prints for HTML, unless it went through
	// the filter raw or safe, or is HTML already: from escape, newline_to_br, a
	// capture, or a Filter whose HTML is set.
	AutoEscape bool
}

// Data gives a template the values that its names stand for. A name is looked
// up at most once a rendering, and only when something reads it.
type Data interface {
	Lookup(name string) (rapport.Value, bool)
}

// Object is Data out of one Object value.
type Object rapport.Value

// Lookup returns the value of a name in o.
func (o Object) Lookup(name string) (rapport.Value, bool) {
	return lookUp(rapport.Value(o), name)
}

// RenderOptions are the circumstances of one rendering. The zero value has no
// clock: now is 1970, in UTC.
type RenderOptions struct {
	Now  rapport.Instant // what the date filter calls "now" and "today"
	Zone *time.Location  // where dates are read and printed; UTC if nil

	// StrictVariables makes it an error to read a path that has no value,
	// except in a condition, before a default filter, or as the list of a
	// {% for %} with an {% else %}.
	StrictVariables bool

	// Edition chooses one of the editions of a block; "" is the block itself, and so
	// is a nil Edition.
	Edition func(block string, editions []string) string

	Limits Limits
	Stop   func() bool // asked every few hundred steps; true ends the rendering
}

// Limits bound one rendering; a zero field stands for the default.
type Limits struct {
	Output int // bytes it may print; 4 MB
	Steps  int // tags, outputs, turns of loops, filters, names that are read, and each item, 64 names or 64 bytes gone through; 200,000
	Depth  int // blocks inside blocks; 20
}

const (
	defaultOutput = 4 << 20
	defaultSteps  = 200_000
	defaultDepth  = 20
)

// maxNames bounds the names of a template and its blocks, for each of which every
// block inside a block has room.
const maxNames = 2000

// Parse reads a template. Its error is an *[Error].
func Parse(source string, opts ParseOptions) (*Template, error) {
	c := &compiler{
		opts: opts, tags: standardTags(), filters: standardFilters(),
		names: map[string]int{}, blocks: map[string]*unit{}, loops: map[string]int{},
	}
	u := newUnit("", source)
	if err := c.compile(u); err != nil {
		return nil, err
	}
	if len(c.names) > maxNames || len(c.loops) > maxNames {
		return nil, u.malformed(0, "this template uses more than %d names", maxNames)
	}
	paths, err := analyse(u)
	if err != nil {
		return nil, err
	}
	return &Template{unit: u, names: c.names, offsets: len(c.loops), autoEscape: opts.AutoEscape, paths: paths}, nil
}

// Render appends what t prints to dst and returns it. On an error, which is an
// *[Error], it returns dst as it was.
func (t *Template) Render(dst []byte, data Data, opts RenderOptions) ([]byte, error) {
	r, _ := t.scratch.Get().(*renderer)
	if r == nil {
		r = newRenderer(t)
	}
	r.begin(dst, data, opts)
	err := r.run(t.unit)
	out := r.end()
	t.scratch.Put(r)
	if err != nil {
		return dst, err
	}
	return out, nil
}
