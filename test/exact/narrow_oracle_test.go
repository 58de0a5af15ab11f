package exact_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Selections with all that the language knows to narrow them: any window, several
// filters, and what follows, or does not, in any order.

// narrowing is one of them, as it is written and as the oracle judges it.
type narrowing struct {
	texts  []string // functions behind dots
	window frame
	spans  []length
	units  []string
}

// step is followed_by or not_followed_by.
type step struct {
	then   selection
	soon   length
	absent bool
	shared string // the property that both must have and share, if any
}

// holds judges the step of one event. That nothing followed is known when the time is
// over.
func (s step) holds(v *view, a *event) bool {
	if s.shared != "" && a.property(s.shared) == nil {
		return false
	}
	end := v.clock.back(a.stamp, s.soon.ahead())
	followed := slices.ContainsFunc(v.events, func(b *event) bool {
		return b.stamp > a.stamp && b.stamp < end && b.stamp <= v.now && s.then.takes(b) &&
			(s.shared == "" || b.property(s.shared) == a.property(s.shared))
	})
	if s.absent {
		return !followed && v.now >= end
	}
	return followed
}

// property is a property of an event; nil if it has none of that name.
func (e *event) property(name string) any {
	switch {
	case name == "n" && e.n != nil:
		return *e.n
	case name == "colour" && e.colour != "":
		return e.colour
	case name == "currency":
		return e.currency
	}
	return nil
}

func (s step) text() string {
	text := fmt.Sprintf("followed_by(%s, %q", s.then.text, s.soon.text)
	if s.absent {
		text = "not_" + text
	}
	if s.shared != "" {
		text += fmt.Sprintf(", %q", s.shared)
	}
	return text + ")"
}

// unitOf numbers the day, week, month or year that a day is in.
func unitOf(unit string, n int64) int64 {
	on := time.UnixMilli(n * day).UTC()
	switch unit {
	case "day":
		return n
	case "week":
		return (n + 3) / 7 // 1970 began on a Thursday
	case "month":
		return int64(on.Year())*12 + int64(on.Month())
	}
	return int64(on.Year())
}

// selection draws a selection with so many steps, which may share a property. What
// happens says where a window may begin, and what follows on what, how soon.
func (e *enricher) selection(shared string, steps int) selection {
	s, from := selection{name: pick(e.dice, "Bought", "Bought", "Looked", "Identified")}, e.leader()
	if steps > 0 {
		s.name = from.named()
	}
	w := e.window()
	texts := w.texts
	s.window, s.spans, s.units = w.window, w.spans, w.units
	for range pick(e.dice, 0, 0, 0, 1, 2) {
		if text, f := e.filter(); f != nil {
			texts, s.filters = append(texts, text), append(s.filters, f)
		}
	}
	for range steps {
		then := e.step(from, shared)
		texts, s.steps = append(texts, then.text()), append(s.steps, then)
		if then.absent {
			s.ends = append(s.ends, then.soon)
		}
	}
	e.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	s.text = strings.Join(append([]string{fmt.Sprintf("events(%q)", s.name)}, texts...), ".")
	return s
}

// filter draws a filter, at times of the currency.
func (e *enricher) filter() (text string, f filter) {
	if e.chance(30) {
		code := pick(e.dice, currencies()...)
		return fmt.Sprintf("where(e, e.currency == %q)", code), func(e *event) int {
			if e.currency == nil {
				return 0
			}
			return yes(e.currency == code)
		}
	}
	return anyFilter(e.dice)
}

// leader is something that happens, mostly something that another came after.
func (e *enricher) leader() (from *event) {
	for range 5 {
		from = pick(e.dice, e.events...)
		if next, _ := e.after(from); next != nil {
			break
		}
	}
	return from
}

// step draws what follows on an event, or does not: often something that does, and
// just at the end of the time.
func (e *enricher) step(from *event, shared string) step {
	s := step{soon: pick(e.dice, lengths()...), absent: e.chance(50)}
	s.then.name = pick(e.dice, "Bought", "Bought", "Looked", "Identified")
	if next, l := e.after(from); next != nil && e.chance(70) {
		s.then.name, s.soon = next.named(), l
	}
	if e.chance(70) {
		s.shared = shared
	}
	s.then.text = fmt.Sprintf("events(%q)", s.then.name)
	if text, f := e.filter(); f != nil && e.chance(50) {
		s.then.where(text, f)
	}
	return s
}

// after returns something that came later from the same sender, and a length of time
// that mostly ends just then; nil if there is none.
func (e *enricher) after(from *event) (next *event, l length) {
	for range 30 {
		next = pick(e.dice, e.events...)
		ms := next.stamp - from.stamp
		if next.source() != from.source() || ms <= 0 || ms > 100*day {
			continue
		}
		if l := (length{fmt.Sprintf("%dd", (ms+12*hour)/day), 0, (ms + 12*hour) / day}); l.days > 0 && e.clock.back(from.stamp, l.ahead()) == next.stamp {
			return next, l
		}
		if ms%1000 == 0 {
			ms += pick[int64](e.dice, 0, 0, 0, 1000, hour)
			return next, length{fmt.Sprintf("%ds", ms/1000), ms, 0}
		}
	}
	return nil, l
}

func (e *enricher) window() narrowing {
	unit := pick(e.dice, "day", "week", "month", "month", "year")
	switch e.IntN(9) {
	case 0, 1, 2:
		l := pick(e.dice, lengths()...)
		return narrowing{[]string{fmt.Sprintf("within(%q)", l.text)}, within(l), []length{l}, nil}
	case 3:
		return narrowing{[]string{fmt.Sprintf("this(%q)", unit)}, calendar(unit, 0), nil, []string{unit}}
	case 4:
		return narrowing{[]string{fmt.Sprintf("previous(%q)", unit)}, calendar(unit, 1), nil, []string{unit}}
	case 5:
		return e.between()
	case 6:
		return e.dated()
	}
	return narrowing{}
}

// calendar is the day, week, month or year that it is now, or so many before.
func calendar(unit string, before int64) frame {
	return func(v *view) func(at int64) bool {
		wanted := unitOf(unit, v.clock.dayAt(v.now)) - before
		return func(at int64) bool { return unitOf(unit, v.clock.dayAt(at)) == wanted }
	}
}

func (e *enricher) between() narrowing {
	nominal := func(l length) int64 { return l.ms + l.days*day }
	far, near := pick(e.dice, lengths()...), pick(e.dice, lengths()...)
	if nominal(far) < nominal(near) {
		far, near = near, far
	}
	if nominal(far) == nominal(near) {
		near = length{"20m", 20 * minute, 0}
	}
	return narrowing{[]string{fmt.Sprintf("between(%q, %q)", far.text, near.text)}, func(v *view) func(at int64) bool {
		after, upto := v.clock.back(v.now, far), v.clock.back(v.now, near)
		return func(at int64) bool { return at > after && at <= upto }
	}, []length{far, near}, nil}
}

// dated is from, until or both, at or beside something that happens.
func (e *enricher) dated() narrowing {
	from, until := pick(e.dice, e.events...).stamp, pick(e.dice, e.events...).stamp+e.dice.between(0, 1)
	plain := e.chance(50)
	if until-from < day {
		until = from + pick[int64](e.dice, 1, 2, 30)*day
	}
	w, which := narrowing{}, pick(e.dice, "from", "until", "both")
	if which != "until" {
		w.texts = append(w.texts, fmt.Sprintf("from(%q)", written(from, plain)))
	}
	if which != "from" {
		w.texts = append(w.texts, fmt.Sprintf("until(%q)", written(until, plain)))
	}
	w.window = func(v *view) func(at int64) bool {
		begins, ends := from, until
		if plain {
			begins, ends = v.clock.first(from/day*day), v.clock.first(until/day*day)
		}
		return func(at int64) bool { return (which == "until" || at >= begins) && (which == "from" || at < ends) }
	}
	return w
}

// written is an instant in text, or its date alone.
func written(at int64, plain bool) string {
	if plain {
		return stamp(at)[:len(time.DateOnly)]
	}
	return stamp(at)
}
