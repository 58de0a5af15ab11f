package liquid

import (
	"errors"
	"time"

	"rapport"
)

// Breaking out of a loop travels up as an error does, until the loop takes it.
var (
	errBreak     = errors.New("break")
	errContinue  = errors.New("continue")
	errNoSuchTag = errors.New("no such tag")
)

// node is a piece of a template that prints something or changes something.
type node interface {
	render(r *renderer) error
	inspect(a *analysis)
}

// body is nodes in order, each with where it begins.
type body struct {
	unit  *unit
	nodes []node
	at    []int
	blank bool // prints nothing but white space, which is then left out
}

func (b *body) render(r *renderer) error {
	for i, n := range b.nodes {
		if err := r.step(); err != nil {
			return b.unit.locate(err, b.at[i])
		}
		if err := n.render(r); err != nil {
			return b.unit.locate(err, b.at[i])
		}
	}
	return nil
}

// renderer is the state of one rendering. It is used again by later ones.
type renderer struct {
	template *Template
	out      []byte
	start    int // of this rendering in out
	data     Data
	opts     RenderOptions
	zone     *time.Location
	maxOut   int
	maxSteps int
	steps    int
	nextStop int // when to ask opts.Stop again
	depth    int

	globals []global  // by symbol: what data answered
	scope   []binding // names of loops and arguments, the innermost last
	floor   int       // scope below is out of sight, inside {% render %}
	frames  []*frame  // one for each {% render %} inside another
	frame   *frame    // the innermost
	loop    *loop     // the innermost {% for %}
	args    []value   // of the filters being called, a stack
	boxes   [][]rapport.Value
	boxed   int
}

type global struct {
	asked bool
	value rapport.Value
}

type binding struct {
	symbol int
	value  value
}

// frame holds what {% render %} keeps apart from its surroundings.
type frame struct {
	vars    []variable     // by symbol
	offsets []int          // by loop, for offset: continue
	cycles  map[string]int // by name or by what they cycle through
	changed string         // what {% ifchanged %} printed last
}

type variable struct {
	assigned bool
	counted  bool
	value    value
	count    int64
}

const boxesAtOnce = 16

func newRenderer(t *Template) *renderer {
	return &renderer{template: t, globals: make([]global, len(t.names))}
}

func (r *renderer) begin(dst []byte, data Data, opts RenderOptions) {
	r.out, r.start, r.data, r.opts, r.zone = dst, len(dst), data, opts, opts.Zone
	if r.zone == nil {
		r.zone = time.UTC
	}
	r.maxOut = orDefault(opts.Limits.Output, defaultOutput)
	r.maxSteps = orDefault(opts.Limits.Steps, defaultSteps)
	r.steps, r.nextStop, r.depth, r.floor, r.loop, r.boxed = 0, stopInterval, 0, 0, nil, 0
	r.openFrame()
}

// run prints a whole template. A break or continue outside of a loop ends it.
func (r *renderer) run(u *unit) error {
	err := u.body.render(r)
	if err != nil && err != errBreak && err != errContinue {
		return err
	}
	if r.spent() {
		return u.locate(r.checkSteps(), len(u.src))
	}
	return nil
}

// end gives back what was printed and lets go of the caller's data.
func (r *renderer) end() []byte {
	out := r.out
	r.out, r.data, r.opts, r.loop, r.frame = nil, nil, RenderOptions{}, nil, nil
	clear(r.globals)
	clear(r.scope[:cap(r.scope)])
	clear(r.args[:cap(r.args)])
	for i := 0; i*boxesAtOnce < r.boxed; i++ {
		clear(r.boxes[i])
	}
	for _, f := range r.frames {
		f.clear()
	}
	r.scope, r.args, r.depth = r.scope[:0], r.args[:0], 0
	return out
}

func orDefault(n, standard int) int {
	if n <= 0 {
		return standard
	}
	return n
}

// openFrame makes r.frame a fresh one for the present depth.
func (r *renderer) openFrame() {
	for len(r.frames) <= r.depth {
		r.frames = append(r.frames, &frame{
			vars:    make([]variable, len(r.template.names)),
			offsets: make([]int, r.template.offsets),
		})
	}
	r.frame = r.frames[r.depth]
}

func (f *frame) clear() {
	clear(f.vars)
	clear(f.offsets)
	clear(f.cycles)
	f.changed = ""
}

// box keeps a list or object at a place that a value can point to. Places are
// used again by the next rendering, so that most need no memory of their own.
func (r *renderer) box(v rapport.Value) *rapport.Value {
	i := r.boxed / boxesAtOnce
	if i == len(r.boxes) {
		if i == maxBoxes {
			place := new(rapport.Value)
			*place = v
			return place
		}
		r.boxes = append(r.boxes, make([]rapport.Value, boxesAtOnce))
	}
	place := &r.boxes[i][r.boxed%boxesAtOnce]
	*place = v
	r.boxed++
	return place
}

// maxBoxes bounds how much a renderer holds on to between renderings.
const maxBoxes = 64

// stopInterval is how many steps pass between two questions to Stop.
const stopInterval = 256

// step counts one step and ends the rendering where it is one too many.
func (r *renderer) step() error {
	r.steps++
	if r.steps <= r.nextStop && r.steps <= r.maxSteps {
		return nil
	}
	return r.checkSteps()
}

func (r *renderer) checkSteps() error {
	if r.steps > r.maxSteps {
		return &Error{Reason: TooManySteps, Message: "this template takes too many steps: look for a loop over too many items"}
	}
	r.nextStop = r.steps + stopInterval
	if r.opts.Stop != nil && r.opts.Stop() {
		return &Error{Reason: Stopped, Message: "the rendering was stopped before it was done"}
	}
	return nil
}

// spend counts n steps, and refuses before work is done that costs too many.
func (r *renderer) spend(n int) error {
	r.steps += min(n, r.maxSteps+1)
	if r.steps <= r.nextStop && r.steps <= r.maxSteps {
		return nil
	}
	return r.checkSteps()
}

// bytesAStep is how many bytes can be gone through or made for one step.
const bytesAStep = 64

// fieldsAStep is how many names can be looked through for one step.
const fieldsAStep = 64

// spendBytes counts the steps of making n bytes.
func (r *renderer) spendBytes(n int) error { return r.spend(n / bytesAStep) }

// charge counts n steps where stopping can wait for the next one.
func (r *renderer) charge(n int) { r.steps += min(n, r.maxSteps+1) }

// spent reports whether there are no steps left.
func (r *renderer) spent() bool { return r.steps > r.maxSteps }

func (r *renderer) tooMuchOutput() error {
	return &Error{Reason: TooMuchOutput, Message: "this template prints more than is allowed"}
}

// write prints a text.
func (r *renderer) write(s string) error {
	if len(r.out)-r.start+len(s) > r.maxOut {
		return r.tooMuchOutput()
	}
	r.out = append(r.out, s...)
	return nil
}

// print prints a value, escaped for HTML if that is asked for and it is none.
func (r *renderer) print(v value, escape bool) error {
	from := len(r.out)
	switch {
	case v.kind == textKind && escape && v.num == 0:
		r.out = appendEscaped(r.out, v.text)
	case v.kind == textKind:
		return r.write(v.text)
	default:
		r.out = appendText(r.out, v, r.start+r.maxOut)
		if escape && needsEscape(r.out[from:]) {
			text := string(r.out[from:])
			r.out = appendEscaped(r.out[:from], text)
		}
	}
	if len(r.out)-r.start > r.maxOut {
		return r.tooMuchOutput()
	}
	return nil
}

// captured takes back what was printed since from and returns it as a text.
func (r *renderer) captured(from int) (string, error) {
	s := string(r.out[from:])
	r.out = r.out[:from]
	return s, r.spendBytes(len(s))
}

// bind makes a name known in the scope.
func (r *renderer) bind(symbol int, v value) {
	r.scope = append(r.scope, binding{symbol, v})
}

// local returns the value of a name that the template itself set.
func (r *renderer) local(symbol int) (value, bool) {
	r.charge((len(r.scope) - r.floor) / fieldsAStep)
	for i := len(r.scope) - 1; i >= r.floor; i-- {
		if r.scope[i].symbol == symbol {
			return r.scope[i].value, true
		}
	}
	switch v := &r.frame.vars[symbol]; {
	case v.assigned:
		return v.value, true
	case v.counted:
		return intValue(v.count), true
	}
	return value{}, false
}

// global returns the caller's value of a name.
func (r *renderer) global(symbol int, name string) rapport.Value {
	g := &r.globals[symbol]
	if !g.asked {
		g.asked = true
		g.value, _ = r.lookup(name)
	}
	return g.value
}

func (r *renderer) lookup(name string) (rapport.Value, bool) {
	if r.data == nil {
		return rapport.Value{}, false
	}
	return r.data.Lookup(name)
}
