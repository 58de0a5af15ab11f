package journey_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"rapport"
	"rapport/journey"
)

var update = flag.Bool("update", false, "write what happens into the stories")

// TestStories plays testdata/stories: each is a few journeys (NAME.yaml) and a
// story, whose lines are what happens and, below each and indented, what comes of
// it.
//
//	zone Asia/Singapore                        the customer's zone; times are written in it
//	2026-03-01 10:00 Cart Updated {"cart_id":"a"}
//	10:30 Order Completed happened 10:20       an event that was admitted ten minutes late
//	11:00 enters loyal                         a segment; leaves; "by definition" may follow
//	11:00 is country "SG"                      a trait changes, told by an Identified event
//	2026-03-05 00:00 ...                       time passes
//	drop cart-recovery                         the journey is not there any more
//	now cart-recovery is other.yaml            the journey is replaced by another version
//	pause cart-recovery                        or resume, archive, restore
//	11:00 answers scoring/score {"tier":1}     a call is answered; refuses scoring/score
func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/stories/*.test")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories:", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i := range archive.Files {
				if archive.Files[i].Name == "story" {
					want := string(archive.Files[i].Data)
					got := tell(t, archive)
					archive.Files[i].Data = []byte(got)
					if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" && !*update {
						t.Errorf("(-story +what happened):\n%s", diff)
					}
				}
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// teller plays one story.
type teller struct {
	t        *testing.T
	archive  *txtar.Archive
	journeys map[string]*journey.Journey
	earlier  []*journey.Journey
	standing map[string]journey.Standing
	set      *journey.Set
	who      *customer
	st       *journey.State
	now      rapport.Instant
	count    int
	out      strings.Builder
}

func tell(t *testing.T, archive *txtar.Archive) string {
	p := &teller{t: t, archive: archive, journeys: map[string]*journey.Journey{}, standing: map[string]journey.Standing{}, st: &journey.State{}}
	var story string
	for _, f := range archive.Files {
		if name, ok := strings.CutSuffix(f.Name, ".yaml"); ok {
			if !strings.Contains(name, "/") { // those in folders are later versions
				p.journeys[name] = mustCompile(t, name, string(f.Data))
			}
		} else {
			story = string(f.Data)
		}
	}
	p.who = newCustomer(values(p.journeys)...)
	p.who.zone = time.UTC
	p.set = journey.NewSet(values(p.journeys))
	for line := range strings.Lines(story) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue
		}
		fmt.Fprintln(&p.out, line)
		if line != "" && !strings.HasPrefix(line, "#") {
			p.play(line)
		}
	}
	return p.out.String()
}

func values(m map[string]*journey.Journey) []*journey.Journey {
	var all []*journey.Journey
	for _, j := range m {
		all = append(all, j)
	}
	return all
}

func (p *teller) play(line string) {
	if p.setting(line) {
		return
	}
	at, rest := p.when(line)
	p.wait(at, rest == "...")
	in := journey.Input{}
	switch verb, what, _ := strings.Cut(rest, " "); verb {
	case "...":
		return
	case "enters", "leaves":
		name, byDefinition := strings.CutSuffix(what, " by definition")
		in.Segment = &journey.SegmentChange{Name: name, Entered: verb == "enters", ByDefinition: byDefinition}
		p.who.segments[name] = verb == "enters"
	case "answers", "refuses": // JOURNEY/STEP and what: the call of its first run that stands there, or of its first
		place, body, _ := strings.Cut(what, " ")
		name, step, _ := strings.Cut(place, "/")
		in.Answer = &journey.Answer{Step: step, Refused: verb == "refuses"}
		waits := false
		for _, run := range p.st.Runs() {
			at, _ := p.journeys[name].StepAt(run)
			if run.Journey == journey.NameHash(name) && (in.Answer.Run == 0 || at == step && !waits) {
				in.Answer.Run, waits = run.Number, at == step
			}
		}
		kept, problem := p.set.Keep(name, 0, step, []byte(body))
		in.Answer.Body = kept
		if problem != "" {
			fmt.Fprintf(&p.out, "  %s\n", problem)
		}
	case "is":
		name, value, _ := strings.Cut(what, " ")
		v, err := rapport.ParseJSON([]byte(value))
		if err != nil {
			p.t.Fatalf("%q: %v", line, err)
		}
		p.who.traits[name] = v
		in.Event = newEvent(p.t, "", rapport.Identified, at, "")
	default:
		in.Event = p.event(rest, at)
		p.who.fold(in.Event, at)
	}
	p.step(in)
}

func (p *teller) setting(line string) bool {
	words := strings.Fields(line)
	switch words[0] {
	case "zone":
		zone, err := time.LoadLocation(words[1])
		if err != nil {
			p.t.Fatal(err)
		}
		p.who.zone = zone
	case "drop":
		delete(p.journeys, words[1])
	case "now":
		p.replace(words[1], words[3])
	case "pause":
		p.standing[words[1]] = journey.Paused
	case "archive":
		p.standing[words[1]] = journey.Archived
	case "resume", "restore":
		delete(p.standing, words[1])
	default:
		return false
	}
	p.set = journey.NewSet(values(p.journeys), p.earlier...).With(p.standing)
	if p.now > 0 {
		p.step(journey.Input{})
	}
	return true
}

// replace puts a journey's next version in force, which is one later than the last one.
func (p *teller) replace(name, file string) {
	last := p.journeys[name]
	p.earlier = append(p.earlier, last)
	for _, f := range p.archive.Files {
		if f.Name == file {
			p.journeys[name] = compileAs(p.t, name, string(f.Data), last.Version()+1)
		}
	}
}

func (p *teller) when(line string) (at rapport.Instant, rest string) {
	day, clock := p.now.In(p.who.zone).Format(time.DateOnly), ""
	first, rest, _ := strings.Cut(line, " ")
	if strings.Contains(first, "-") {
		day = first
		first, rest, _ = strings.Cut(rest, " ")
	}
	clock = first
	return p.at(day, clock), rest
}

func (p *teller) at(day, clock string) rapport.Instant {
	for _, layout := range [...]string{"15:04", "15:04:05", "15:04:05.000"} {
		if at, err := time.ParseInLocation("2006-01-02 "+layout, day+" "+clock, p.who.zone); err == nil {
			return rapport.InstantOf(at)
		}
	}
	p.t.Fatalf("%s %s is no time", day, clock)
	return 0
}

func (p *teller) event(rest string, now rapport.Instant) journey.Event {
	name, json, found := strings.Cut(rest, " {")
	if found {
		json = "{" + json
	}
	at := now
	if n, happened, ok := strings.Cut(name, " happened "); ok {
		name = n
		day, clock := now.In(p.who.zone).Format(time.DateOnly), happened
		if d, c, ok := strings.Cut(happened, " "); ok {
			day, clock = d, c
		}
		at = p.at(day, clock)
	}
	p.count++
	return newEvent(p.t, fmt.Sprint("m", p.count), name, at, json)
}

// wait does what falls due before at, or also at it.
func (p *teller) wait(at rapport.Instant, inclusive bool) {
	for {
		next := p.st.Next()
		if next > at || next == at && !inclusive {
			p.now = at
			return
		}
		p.now = next
		p.step(journey.Input{})
		if p.st.Next() <= next {
			p.t.Fatalf("at %s something stays due", next)
		}
	}
}

// step gives one input, with the state written and read on the way.
func (p *teller) step(in journey.Input) {
	for _, f := range p.who.step(p.t, p.set, p.st, in, p.now) {
		fmt.Fprintf(&p.out, "  %s\n", p.line(f))
	}
	st, err := journey.Decode(p.st.AppendBinary(nil))
	if err != nil {
		p.t.Fatal(err)
	}
	p.st = st
}

func (p *teller) line(f journey.Effect) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: ", f.At.In(p.who.zone).Format("2006-01-02 15:04:05"), f.Journey)
	if f.Key != "" {
		fmt.Fprintf(&b, "[%s] ", f.Key)
	}
	b.WriteString(f.Kind.String())
	for _, part := range [...]string{f.Step, f.Choice, string(f.Reason), f.Detail} {
		if part != "" {
			b.WriteString(", " + part)
		}
	}
	if w := f.Wish; w != nil {
		fmt.Fprintf(&b, " (%s by %s, %s, purpose %q", w.Template, w.Channel, w.Class, w.Purpose)
		if w.UsefulUntil != rapport.Never {
			fmt.Fprintf(&b, ", until %s", w.UsefulUntil.In(p.who.zone).Format("2006-01-02 15:04"))
		}
		fmt.Fprintf(&b, ") %s", w.Entry)
		if len(w.Learned) > 0 {
			fmt.Fprintf(&b, " %s", w.Learned)
		}
	}
	if c := f.Change; c != nil {
		fmt.Fprintf(&b, " %s left %v %s %s", c.Traits, c.Left, c.Event, c.Properties)
	}
	if c := f.Call; c != nil {
		fmt.Fprintf(&b, " %s %s, until %s", c.URL, c.Body, c.GiveUp.In(p.who.zone).Format("2006-01-02 15:04"))
	}
	if f.Offer != nil {
		fmt.Fprintf(&b, " %s", f.Offer)
	}
	return b.String()
}
