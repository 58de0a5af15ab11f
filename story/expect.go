package story

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"rapport"
	"rapport/internal/suggest"
	"rapport/store"
)

// expectations returns what a line may expect.
func expectations() []verb {
	return []verb{
		{"message", readMessage}, {"messages", readMessages}, {"webhook", readWebhook}, {"no", readNo},
		{"run", readRun}, {"decision", readDecision}, {"status", readStatus},
		{"segment", readSegment}, {"size", readSize}, {"trait", readTrait}, {"consent", readConsentState},
		{"events", readEvents}, {"customers", readCustomers}, {"same", readSame}, {"different", readDifferent},
	}
}

func readExpect(l *line) play {
	check := choose(l, expectations(), "nothing can be expected that is called")
	return func(w *world) error {
		if err := w.started(); err != nil {
			return err
		}
		return check(w)
	}
}

// absences returns what a line may expect not to be there.
func absences() []verb {
	return []verb{
		{"message", readNoMessages}, {"messages", readNoMessages}, {"webhooks", readNoWebhooks}, {"run", readNoRun}, {"decision", readNoDecision}, {"customer", readNoCustomer},
	}
}

func readNo(l *line) play {
	return choose(l, absences(), "nothing can be missing that is called")
}

// place is a journey, or a step of one: cart-recovery/reminder.
type place struct{ journey, step string }

func (l *line) place() place {
	journey, step, _ := strings.Cut(l.text("a journey, or a step such as cart-recovery/reminder,"), "/")
	return place{journey, step}
}

// String returns the place as a story writes it.
func (p place) String() string {
	if p.step == "" {
		return p.journey
	}
	return p.journey + "/" + p.step
}

func (p place) holds(journey, step string) bool {
	return (p.journey == "" || p.journey == journey) && (p.step == "" || p.step == step)
}

// known reports what is not in the workspace, so that a slip of the pen never
// makes an expectation come true.
func (w *world) known(p place) error {
	if p.journey == "" {
		return nil
	}
	j := w.compiled.Journeys.Get(p.journey)
	if j == nil {
		var names []string
		for _, j := range w.compiled.Journeys.Journeys() {
			names = append(names, j.Name())
		}
		return unknown("journey", p.journey, names)
	}
	if p.step != "" && !slices.Contains(j.Steps(), p.step) {
		return unknown("step of "+p.journey, p.step, j.Steps())
	}
	return nil
}

func unknown(what, name string, names []string) error {
	if near, ok := suggest.Nearest(name, names); ok {
		return fmt.Errorf("there is no %s %q, did you mean %q?", what, name, near)
	}
	return fmt.Errorf("there is no %s %q: there is %s", what, name, orNone(strings.Join(names, ", ")))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func readRun(l *line) play {
	of, at := l.who(), l.place()
	if l.may("at") {
		at.step = l.text("a step")
	}
	return func(w *world) error {
		id, steps, err := w.runs(of, at)
		if err != nil {
			return err
		}
		if len(steps) == 0 || at.step != "" && !slices.Contains(steps, at.step) {
			return w.failure("there is no such run", id, aboutRuns, aboutDecisions)
		}
		return nil
	}
}

func readNoRun(l *line) play {
	of, at := l.who(), place{}
	if l.peek().kind != noToken {
		at = l.place()
	}
	return func(w *world) error {
		id, steps, err := w.runs(of, at)
		if err == nil && len(steps) > 0 {
			return w.failure("there is one", id, aboutRuns)
		}
		return err
	}
}

// runs returns the steps at which somebody's runs of a journey stand.
func (w *world) runs(of who, at place) (id rapport.CustomerID, steps []string, err error) {
	if id, err = w.find(of); err == nil {
		err = w.known(at)
	}
	if err != nil {
		return id, nil, err
	}
	look, err := w.look(id)
	if err != nil {
		return id, nil, err
	}
	for _, run := range look.Runs() {
		j := w.compiled.Journeys.Of(run)
		if j == nil || at.journey != "" && j.Name() != at.journey {
			continue
		}
		step, _ := j.StepAt(run)
		steps = append(steps, step)
	}
	return id, steps, nil
}

func readDecision(l *line) play {
	of, at := l.who(), l.place()
	outcome, check := l.one("outcome", "send", "drop"), ""
	if outcome == "drop" && l.peek().kind != noToken {
		check = l.text("the question that was answered with no")
	}
	return func(w *world) error {
		id, decisions, err := w.decisions(of, at)
		if err != nil {
			return err
		}
		if len(decisions) == 0 {
			return w.failure("nothing was decided there", id, aboutRuns, aboutDecisions)
		}
		d := decisions[0]
		if last := d.Checks[len(d.Checks)-1]; d.Outcome != outcome || check != "" && last.Name != check {
			return w.failure("the latest is another one", id, aboutDecisions)
		}
		return nil
	}
}

func readNoDecision(l *line) play {
	of, at := l.who(), l.place()
	return func(w *world) error {
		id, decisions, err := w.decisions(of, at)
		if err == nil && len(decisions) > 0 {
			return w.failure("there is one", id, aboutDecisions)
		}
		return err
	}
}

// decisions returns what was decided for somebody, from new to old.
func (w *world) decisions(of who, at place) (id rapport.CustomerID, found []rapport.Decision, err error) {
	if id, err = w.find(of); err == nil {
		err = w.known(at)
	}
	if err != nil {
		return id, nil, err
	}
	all, err := w.allDecisions(id, store.DecisionFilter{Journey: at.journey, Limit: 500})
	for _, d := range all {
		if at.holds(d.Journey, d.Step) {
			found = append(found, d)
		}
	}
	return id, found, err
}

func readSegment(l *line) play {
	of, name := l.who(), l.text("a segment")
	want := l.one("answer", "yes", "no") == "yes"
	return func(w *world) error {
		id, err := w.find(of)
		if err == nil {
			err = w.knownSegment(name)
		}
		if err != nil {
			return err
		}
		look, err := w.look(id)
		if err != nil {
			return err
		}
		is := false
		for _, m := range look.Memberships() {
			is = is || m.Segment == name
		}
		if is != want {
			return w.failure(fmt.Sprintf("the rule is %s", w.compiled.Segments.Rule(name).Text()), id, aboutSegments)
		}
		return nil
	}
}

func (w *world) knownSegment(name string) error {
	if w.compiled.Segments.Rule(name) != nil {
		return nil
	}
	return unknown("segment", name, w.compiled.Plan.Segments)
}

func readSize(l *line) play {
	name, want := l.text("a segment"), int64(l.number("the number of customers"))
	return func(w *world) error {
		if err := w.knownSegment(name); err != nil {
			return err
		}
		if sizes, customers, _ := w.engine.Sizes(); sizes[name] != want {
			return fmt.Errorf("there are %d, of %d customers", sizes[name], customers)
		}
		return nil
	}
}

func readCustomers(l *line) play {
	want := int64(l.number("the number of customers"))
	return func(w *world) error {
		if _, customers, _ := w.engine.Sizes(); customers != want {
			return fmt.Errorf("there are %d", customers)
		}
		return nil
	}
}

func readNoCustomer(l *line) play {
	of := l.who()
	return func(w *world) error {
		if _, err := w.find(of); err == nil {
			return fmt.Errorf("there is")
		}
		return nil
	}
}

func readTrait(l *line) play {
	of, name, want := l.who(), l.text("a trait"), l.value()
	return func(w *world) error {
		id, err := w.find(of)
		if err != nil {
			return err
		}
		look, err := w.look(id)
		if err != nil {
			return err
		}
		if is := look.Record().Trait(name); !is.Equal(want) {
			return fmt.Errorf("it is %s", written(is))
		}
		return nil
	}
}

// value takes a value: a quoted text, a number, true, false, JSON, or none.
func (l *line) value() rapport.Value {
	t := l.take()
	switch {
	case t.kind == quoted:
		return rapport.TextOf(t.text)
	case t.kind == word && t.text == "none":
		return rapport.Value{}
	}
	v, err := rapport.ParseJSON([]byte(t.text))
	if err != nil {
		l.fail("a value is missing: write a quoted text, a number, true, false or none")
	}
	return v
}

func written(v rapport.Value) string {
	if !v.IsSet() {
		return "none"
	}
	return string(v.AppendJSON(nil))
}

func readConsentState(l *line) play {
	of, purpose := l.who(), l.text("a purpose")
	channel := l.channel()
	want := l.one("answer", "granted", "withdrawn", "unknown")
	return func(w *world) error {
		id, err := w.find(of)
		if err != nil {
			return err
		}
		look, err := w.look(id)
		if err != nil {
			return err
		}
		address, _ := look.Record().Address(channel)
		if is := look.Record().Consent(purpose, channel, address); is.String() != want {
			return fmt.Errorf("it is %s", is)
		}
		return nil
	}
}

func readEvents(l *line) play {
	of, name, want := l.who(), l.text("the event's name"), l.number("the number of events")
	return func(w *world) error {
		id, err := w.find(of)
		if err != nil {
			return err
		}
		names, err := w.eventNames(id)
		if err != nil {
			return err
		}
		count := 0
		for _, n := range names {
			if n == name {
				count++
			}
		}
		if count != want {
			return fmt.Errorf("there are %d; her events: %s", count, orNone(quotedList(names)))
		}
		return nil
	}
}

func quotedList(names []string) string {
	var list []string
	for _, name := range names[max(0, len(names)-mostTold):] {
		list = append(list, strconv.Quote(name))
	}
	return strings.Join(list, ", ")
}

func readSame(l *line) play      { return readIdentity(l, true, "they are two customers") }
func readDifferent(l *line) play { return readIdentity(l, false, "they are one customer") }

func readIdentity(l *line, want bool, otherwise string) play {
	a := who{user: l.text("who it is")}.sorted()
	b := who{user: l.text("who else it is")}.sorted()
	return func(w *world) error {
		first, err := w.find(a)
		if err != nil {
			return err
		}
		second, err := w.find(b)
		if err == nil && (first == second) != want {
			err = fmt.Errorf("%s", otherwise)
		}
		return err
	}
}

// sorted puts a name into its place: @NAME is a device.
func (o who) sorted() who {
	if device, ok := strings.CutPrefix(o.user, "@"); ok {
		return who{device: device}
	}
	return o
}
