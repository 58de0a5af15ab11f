package story

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"rapport/internal/suggest"
	"rapport/journey"
)

// Story is one story of a file, read and not yet played.
type Story struct {
	Title string
	Line  int
	zone  *time.Location // nil: the default market's
	steps []step
}

// step is one line of a story.
type step struct {
	line int
	text string // as it was written
	play play
}

// play does what a line says. Its error is why the story fails.
type play func(w *world) error

// Problem is a line that can't be read.
type Problem struct {
	Line    int
	Message string
}

// Parse reads a file of stories. If there are problems, the stories are not all.
func Parse(text string) ([]Story, []Problem) {
	p := &parser{}
	for at, line := range joined(text) {
		p.line(at, line)
	}
	if len(p.stories) == 0 && len(p.problems) == 0 {
		p.problem(1, "there is no story here: begin one with story: and its title")
	}
	return p.stories, p.problems
}

// joined calls yield with each line that says something, and its number. A line
// that is indented goes on with the one before it.
func joined(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		number, begun, line := 0, 0, ""
		for next := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
			number++
			content := strings.TrimSpace(next)
			switch {
			case content == "" || content[0] == '#':
				continue
			case line != "" && (next[0] == ' ' || next[0] == '\t'):
				line += " " + content
				continue
			case line != "" && !yield(begun, line):
				return
			}
			begun, line = number, content
		}
		if line != "" {
			yield(begun, line)
		}
	}
}

type parser struct {
	zone     *time.Location // of all stories to come
	stories  []Story
	problems []Problem
}

func (p *parser) problem(line int, format string, args ...any) {
	p.problems = append(p.problems, Problem{line, fmt.Sprintf(format, args...)})
}

func (p *parser) line(at int, text string) {
	if title, ok := strings.CutPrefix(text, "story:"); ok {
		if title = strings.TrimSpace(title); title == "" {
			p.problem(at, "the story has no title")
		}
		p.stories = append(p.stories, Story{Title: title, Line: at, zone: p.zone})
		return
	}
	tokens, err := split(text)
	if err != nil {
		p.problem(at, "%v", err)
		return
	}
	l := &line{tokens: tokens}
	if l.may("zone") {
		p.setZone(at, l)
		return
	}
	play := command(l)
	if l.end(); l.err != nil {
		p.problem(at, "%v", l.err)
		return
	}
	if len(p.stories) == 0 {
		p.problem(at, "this stands before the first story: begin one with story: and its title")
		return
	}
	s := &p.stories[len(p.stories)-1]
	s.steps = append(s.steps, step{at, text, play})
}

// setZone sets the zone of the story it stands in; before the first one, of all.
func (p *parser) setZone(at int, l *line) {
	name := l.text("a time zone")
	zone, err := time.LoadLocation(name)
	if l.err == nil && (err != nil || name == "Local") {
		l.fail("%q is no time zone: write one such as Asia/Singapore, Europe/Berlin or UTC", name)
	}
	if l.end(); l.err != nil {
		p.problem(at, "%v", l.err)
		return
	}
	if len(p.stories) == 0 {
		p.zone = zone
		return
	}
	p.stories[len(p.stories)-1].zone = zone
}

// verb is one thing that a line may begin with.
type verb struct {
	name string
	read func(l *line) play
}

// verbs returns all there are.
func verbs() []verb {
	return []verb{
		{"at", readAt}, {"after", readAfter},
		{"identify", readIdentify}, {"track", readTrack}, {"page", readPage}, {"screen", readScreen},
		{"group", readGroup}, {"alias", readAlias}, {"late", readLate}, {"again", readAgain},
		{"consent", readConsent}, {"unsubscribe", readUnsubscribe},
		{"pause", stands(journey.Paused)}, {"resume", stands(journey.Active)},
		{"archive", stands(journey.Archived)}, {"restore", stands(journey.Active)},
		{"fail", readFail}, {"refuse", readRefuse}, {"bounce", readBounce}, {"answer", readAnswer},
		{"expect", readExpect},
	}
}

// command reads a line.
func command(l *line) play { return choose(l, verbs(), "no line begins with") }

// choose reads what one of the verbs says; none begins the sentence that there is
// no such verb.
func choose(l *line, of []verb, none string) play {
	name := l.text("a word at the end")
	names := []string{}
	for _, v := range of {
		if v.name == name {
			return v.read(l)
		}
		names = append(names, v.name)
	}
	if near, ok := suggest.Nearest(name, names); ok {
		l.fail("%s %q, did you mean %q?", none, name, near)
	}
	l.fail("%s %q: there is %s", none, name, strings.Join(names, ", "))
	return nil
}
