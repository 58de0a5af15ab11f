package simulate_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// shrink makes a script that fails smaller as long as it fails in the same way, trying so
// many times at most.
func shrink(sc script, tries int, plays func(script) (*sim, *failure)) (script, *sim, *failure) {
	s, failed := plays(sc)
	if failed == nil {
		return sc, s, nil
	}
	for progress := true; progress; {
		progress = false
		for smaller := range sc.smaller() {
			if tries--; tries < 0 {
				return sc, s, failed
			}
			if again, f := plays(smaller); f != nil && kind(f.text) == kind(failed.text) {
				sc, s, failed, progress = smaller, again, f, true
				break
			}
		}
	}
	return sc, s, failed
}

// kind is a failure's text without names, numbers and instants.
func kind(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !(r >= 'a' && r <= 'z') })
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) < 4 || slices.Contains(journeys(), w) })
	return strings.Join(words[:min(len(words), 4)], " ")
}

// smaller goes through scripts that are a little smaller: half of the acts less, an act less,
// a call less.
func (sc script) smaller() func(yield func(script) bool) {
	without := func(from, until int) script {
		s := sc
		s.acts = slices.Delete(slices.Clone(sc.acts), from, until)
		return s
	}
	return func(yield func(script) bool) {
		for size := len(sc.acts) / 2; size > 0; size /= 2 {
			for from := 0; from+size <= len(sc.acts); from += size {
				if !yield(without(from, from+size)) {
					return
				}
			}
		}
		for i, a := range sc.acts {
			for j := range a.calls {
				s := sc
				s.acts = slices.Clone(sc.acts)
				s.acts[i].calls = slices.Delete(slices.Clone(a.calls), j, j+1)
				if len(a.calls) > 1 && !yield(s) {
					return
				}
			}
		}
	}
}

// tell is a script that fails as a story that can be read: what it came to, all that happened
// in it, and what those did whom it concerns, as `rapport test` reads it.
func tell(sc script, s *sim, failed *failure) string {
	var b strings.Builder
	fmt.Fprintf(&b, "As small as it gets, %d acts: %s\n", len(sc.acts), failed.text)
	if s == nil {
		return b.String()
	}
	const longest = 150
	if skipped := len(s.tale) - longest; skipped > 0 {
		fmt.Fprintf(&b, "%d lines, and then\n", skipped)
		s.tale = s.tale[skipped:]
	}
	for _, line := range s.tale {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	concerned := slices.DeleteFunc(users(), func(user string) bool { return !strings.Contains(failed.text, user) })
	if len(concerned) == 0 {
		concerned = users()
	}
	fmt.Fprintf(&b, "What the program took in, where nothing goes wrong:\n%s", s.oracle.story(s.seed, concerned))
	return b.String()
}

// story writes what some did, as the program took it in, as a story.
func (o *oracle) story(seed uint64, people []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "story: seed %d\nzone UTC\nat %s\n", seed, stamp(o.began))
	last := o.began
	for _, t := range o.admitted {
		if !slices.Contains(people, strings.TrimPrefix(o.owner(t), "@of-")) {
			continue
		}
		if t.at > last {
			last = t.at
			fmt.Fprintf(&b, "at %s\n", stamp(t.at))
		}
		b.WriteString(t.line() + "\n")
	}
	return b.String()
}

// line is a call as a line of a story.
func (t *told) line() string {
	who := strings.TrimSpace(t.user + " " + strings.TrimSuffix("@"+t.device, "@"))
	if t.kind == "consent" {
		return fmt.Sprintf("consent %s marketing %s", who, map[string]string{"yes": "granted", "no": "withdrawn"}[t.agrees])
	}
	text := ""
	if late := (t.at - t.stamp) / second; late > 0 {
		text = fmt.Sprintf("late %ds ", late)
	}
	one := item(t.call, 0)
	if t.kind == "identify" {
		text += "identify " + who + " " + inJSON(one["traits"])
		if one["context"] != nil {
			text += " context " + inJSON(one["context"])
		}
		return text
	}
	return text + fmt.Sprintf("track %s %q %s", who, t.kind, inJSON(one["properties"]))
}

func inJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
