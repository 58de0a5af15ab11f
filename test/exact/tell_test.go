package exact_test

import (
	"fmt"
	"slices"
	"strings"
)

// tell is a history as a story that can be read.
func (h *history) tell() string {
	var b strings.Builder
	fmt.Fprintf(&b, "It is %s.", stamp(h.start))
	if h.small {
		b.WriteString(" One record is kept in memory.")
	}
	b.WriteString("\n")
	tellDefinition(&b, nil, h.def)
	for i := range h.acts {
		a := &h.acts[i]
		fmt.Fprintf(&b, "%2d. %s ", i, stamp(a.at))
		a.tell(&b, h.before(i))
	}
	return b.String()
}

// before is the definition in force before an act.
func (h *history) before(i int) *definition {
	def := h.def
	for _, a := range h.acts[:i] {
		if a.def != nil {
			def = a.def
		}
	}
	return def
}

func (a *act) tell(b *strings.Builder, before *definition) {
	late := ""
	switch {
	case a.along:
		late = "; what fell due is done in the same batch"
	case !a.punctual:
		late = "; what fell due before is not done yet"
	}
	switch a.what {
	case "calls":
		if a.fails {
			late += "; the store can't be written at first"
		}
		fmt.Fprintf(b, "a batch%s:\n", late)
		for i := range a.calls {
			fmt.Fprintf(b, "      %s\n", a.calls[i].tell(a.at))
		}
	case "apply":
		fmt.Fprintf(b, "other definitions come into force, everybody is brought up to them at %s%s:\n", stamp(a.end()), late)
		tellDefinition(b, before, a.def)
		for i := range a.calls {
			fmt.Fprintf(b, "      meanwhile: %s\n", a.calls[i].tell(a.end()))
		}
	case "undo":
		fmt.Fprintf(b, "two who were joined are told apart (join %d of those that stand)\n", a.pick)
	default:
		fmt.Fprintln(b, map[string]string{"wake": "whatever fell due is done", "restart": "the program starts again"}[a.what])
	}
}

func (c *call) tell(received int64) string {
	text := fmt.Sprintf("%s %s %s", c.id, c.kind, c.name)
	for _, part := range [][2]string{{"user", c.user}, {"device", c.device}, {"previous", c.previous}, {"colour", c.colour}} {
		if part[1] != "" {
			text += " " + part[0] + "=" + part[1]
		}
	}
	if c.n != nil {
		text += fmt.Sprintf(" n=%v", *c.n)
	}
	if c.paid != nil {
		text += " paid=" + decimal(*c.paid)
	}
	if c.currency != nil {
		text += fmt.Sprintf(" currency=%v", c.currency)
	}
	if c.traits != nil {
		text += fmt.Sprintf(" %v", c.traits)
	}
	text += " of " + stamp(c.happened(received))
	if c.happened(received) == received && c.at != received && c.sent == 0 {
		text += ", told as of " + stamp(c.at)
	}
	return text
}

// tellDefinition tells what is other than before.
func tellDefinition(b *strings.Builder, before, after *definition) {
	for i, m := range after.markets {
		if before == nil && m.standard {
			fmt.Fprintf(b, "      who told no country lives in %s\n", m.name)
		}
		if before == nil && m != withStandard(markets()[i], m.standard) || before != nil && m != before.markets[i] {
			fmt.Fprintf(b, "      market %s is in %s\n", m.name, m.zone)
		}
	}
	if after.rated() && (before == nil || before.rates != after.rates) {
		fmt.Fprintf(b, "      %s\n", after.rates.tell())
	}
	for _, s := range after.segments {
		if was, ok := find(before, s.name); !ok || was.text != s.text {
			fmt.Fprintf(b, "      segment %s: %s\n", s.name, s.text)
		}
	}
	if before == nil {
		return
	}
	for _, s := range before.segments {
		if _, ok := after.segment(s.name); !ok {
			fmt.Fprintf(b, "      no segment %s\n", s.name)
		}
	}
}

// rated says whether any segment reads the rates.
func (d *definition) rated() bool {
	return slices.ContainsFunc(d.segments, func(s segment) bool { return s.rated })
}

func withStandard(m market, standard bool) market {
	m.standard = standard
	return m
}

func find(d *definition, name string) (segment, bool) {
	if d == nil {
		return segment{}, false
	}
	return d.segment(name)
}

// shrink makes a history that fails smaller as long as it still fails, trying so
// many times at most.
func shrink(h history, tries int, fails func(history) *failure) (history, *failure) {
	failed := fails(h)
	if failed == nil {
		return h, nil
	}
	for progress := true; progress; {
		progress = false
		for smaller := range h.smaller() {
			if tries--; tries < 0 {
				return h, failed
			}
			if f := fails(smaller); f != nil {
				h, failed, progress = smaller, f, true
				break
			}
		}
	}
	return h, failed
}

// smaller goes through histories that are a little smaller than this one: an act
// less, a call less, a segment less, a simpler rule.
func (h *history) smaller() func(yield func(history) bool) {
	return func(yield func(history) bool) {
		for i := range slices.Backward(h.acts) {
			s := *h
			s.acts = slices.Delete(slices.Clone(h.acts), i, i+1)
			if !yield(s) {
				return
			}
		}
		for i, a := range h.acts {
			for j := range a.calls {
				if (len(a.calls) > 1 || a.what == "apply") && !yield(h.with(i, func(a *act) { a.calls = slices.Delete(slices.Clone(a.calls), j, j+1) })) {
					return
				}
			}
			if a.fails && !yield(h.with(i, func(a *act) { a.fails = false })) ||
				!a.punctual && a.what == "calls" && !yield(h.with(i, func(a *act) { a.punctual = true })) ||
				a.later > 0 && !yield(h.with(i, func(a *act) { a.later = 0 })) {
				return
			}
		}
		for _, name := range h.segmentNames() {
			for _, s := range h.simpler(name) {
				if !yield(s) {
					return
				}
			}
		}
		if s := *h; h.small {
			s.small = false
			yield(s)
		}
	}
}

// with returns the history with one act changed.
func (h *history) with(i int, change func(*act)) history {
	s := *h
	s.acts = slices.Clone(h.acts)
	change(&s.acts[i])
	return s
}

func (h *history) segmentNames() (names []string) {
	for _, d := range h.definitions() {
		for _, s := range d.segments {
			if !slices.Contains(names, s.name) {
				names = append(names, s.name)
			}
		}
	}
	return names
}

func (h *history) definitions() []*definition {
	all := []*definition{h.def}
	for _, a := range h.acts {
		if a.def != nil {
			all = append(all, a.def)
		}
	}
	return all
}

// simpler returns the history without a segment, and with a part of its rule in its
// place, in all definitions.
func (h *history) simpler(name string) (all []history) {
	read, parts := false, 0
	for _, d := range h.definitions() {
		for _, s := range d.segments {
			read = read || slices.Contains(s.reads, name)
			if s.name == name {
				parts = max(parts, len(s.parts))
			}
		}
	}
	if !read {
		all = append(all, h.mapped(func(s segment) (segment, bool) { return s, s.name != name }))
	}
	for i := range parts {
		all = append(all, h.mapped(func(s segment) (segment, bool) {
			if s.name == name && i < len(s.parts) {
				s.clause = s.parts[i]
			}
			return s, true
		}))
	}
	return all
}

// mapped returns the history with each segment changed, or left out.
func (h *history) mapped(change func(segment) (segment, bool)) history {
	s := *h
	s.def = h.def.mapped(change)
	s.acts = slices.Clone(h.acts)
	for i := range s.acts {
		if s.acts[i].def != nil {
			s.acts[i].def = s.acts[i].def.mapped(change)
		}
	}
	return s
}

func (d *definition) mapped(change func(segment) (segment, bool)) *definition {
	m := &definition{markets: d.markets, rates: d.rates}
	for _, s := range d.segments {
		if s, stays := change(s); stays {
			m.segments = append(m.segments, s)
		}
	}
	return m
}
