package workspace

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"rapport"
)

// Rename gives a document another name, and every document that refers to it as well. Of
// their text the bytes of the name change and nothing else. What refers to a document is
// what [Compile] misses once it is gone, so that no reference that is checked is passed
// over.
//
// Errors: kind NotFound if the document is not there, Invalid if nothing can be called so,
// Conflict if there is such a document already, or what customers have agreed to is kept
// under the name. Problems say where the old name has to be written over by hand.
func Rename(kind, from, to string) Edit {
	return func(current []Document) (Edited, []Problem, error) {
		r := renaming{kind: kind, from: from, to: to, docs: slices.Clone(current)}
		if err := r.check(); err != nil {
			return Edited{}, nil, err
		}
		compiled, problems := r.run()
		if len(problems) > 0 {
			return Edited{}, problems, nil
		}
		return Edited{Documents: sorted(r.docs), Warnings: r.warnings(compiled)}, nil, nil
	}
}

type renaming struct {
	kind, from, to string
	docs           []Document
}

// at returns the place of a document among all, -1 if it is not there.
func (r *renaming) at(name string) int {
	return slices.IndexFunc(r.docs, func(d Document) bool { return d.key() == key{r.kind, name} })
}

func (r *renaming) check() error {
	if err := CheckKind(r.kind); err != nil {
		return err
	}
	switch {
	case r.at(r.from) < 0:
		return rapport.Errorf(rapport.NotFound, "There is no %s %q.", r.kind, r.from)
	case !goodName(r.to):
		return rapport.Errorf(rapport.Invalid, "%q cannot be a name: %s.", r.to, nameRemedy)
	case r.at(r.to) >= 0:
		return rapport.Errorf(rapport.Conflict, "There is a %s %q already.", r.kind, r.to)
	case r.kind == "purpose" || r.kind == "topic":
		return &rapport.Error{Kind: rapport.Conflict, Code: "rename_loses", Message: fmt.Sprintf(
			"What customers have agreed to and left is kept under the name of the %s %q, so it can't have another: change its title, which is what they read.", r.kind, r.from)}
	}
	return nil
}

// run renames the document, and then whatever is found to miss it until nothing does.
func (r *renaming) run() (*Compiled, []Problem) {
	for i := range r.docs {
		r.docs[i].File, r.docs[i].Line = "", 0 // problems then name each document by a file of its own
	}
	i := r.at(r.from)
	tree, problems := read(r.docs[i])
	if tree == nil {
		return nil, problems
	}
	if lost := r.write(i, []Problem{tree.Problem("name", fmt.Sprintf("this name can't be written over: put the document in force as %q, and delete this one", r.to))}); len(lost) > 0 {
		return nil, lost
	}
	r.docs[i].Name = r.to
	tried := map[string]bool{}
	for {
		compiled, problems := Compile(r.docs, 0)
		if len(problems) == 0 {
			if problems = r.mentioned(compiled); len(problems) == 0 {
				return compiled, nil
			}
		}
		var lost []Problem
		for j, d := range r.docs {
			missing := slices.DeleteFunc(slices.Clone(problems), func(p Problem) bool { return p.File != d.file() })
			for _, p := range missing {
				if tried[p.String()] {
					lost = append(lost, p)
				}
				tried[p.String()] = true
			}
			lost = append(lost, r.write(j, missing)...)
		}
		if len(lost) > 0 {
			return nil, lost
		}
	}
}

// mentioned returns where rules mention the journey by its old name.
func (r *renaming) mentioned(w *Compiled) (problems []Problem) {
	if r.kind != "journey" && r.kind != "campaign" {
		return nil
	}
	for _, m := range w.Mentions {
		if m.Name == r.from {
			problems = append(problems, m.Problem)
		}
	}
	return problems
}

// write puts the new name where problems of a document are about the old one, and returns
// those where that is not found.
func (r *renaming) write(i int, problems []Problem) (lost []Problem) {
	body := r.docs[i].Body
	var places []int
	for _, p := range problems {
		if at, found := r.find(body, p); found {
			places = append(places, at)
		} else {
			lost = append(lost, p)
		}
	}
	slices.Sort(places)
	for _, at := range slices.Backward(slices.Compact(places)) {
		body = slices.Concat(body[:at], []byte(r.to), body[at+len(r.from):])
	}
	r.docs[i].Body = body
	return lost
}

// find returns where the old name stands that a problem is about: as a value, before the
// colon of one, or in quotes within one.
func (r *renaming) find(body []byte, p Problem) (int, bool) {
	at := offsetOf(body, p.Line, p.Column)
	value := at
	for value < len(body) && bytes.IndexByte([]byte(`"'\`), body[value]) >= 0 {
		value++
	}
	if r.stands(body, value) {
		return value, true
	}
	if strings.HasSuffix(p.Path, "."+r.from) {
		return r.before(body, at)
	}
	for next := at + 1; next < len(body); next++ {
		if r.stands(body, next) && isQuote(body[next-1]) {
			return next, true
		}
	}
	return 0, false
}

// before returns the last place before a value where the old name has a colon behind it.
func (r *renaming) before(body []byte, at int) (int, bool) {
	for ; at >= 0; at-- {
		if !r.stands(body, at) {
			continue
		}
		rest := bytes.TrimLeft(body[at+len(r.from):], "\"' \t")
		return at, bytes.HasPrefix(rest, []byte(":"))
	}
	return 0, false
}

// stands reports whether the old name stands at a place, and is not part of a longer one.
func (r *renaming) stands(body []byte, at int) bool {
	end := at + len(r.from)
	return bytes.HasPrefix(body[at:], []byte(r.from)) &&
		(at == 0 || !isNameByte(body[at-1])) && (end == len(body) || !isNameByte(body[end]))
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

func isNameByte(c byte) bool {
	return c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// warnings says what the new name brings about that no document shows.
func (r *renaming) warnings(w *Compiled) (warnings []Problem) {
	own := r.docs[r.at(r.to)]
	warn := func(format string, args ...any) {
		tree, _ := read(own)
		warnings = append(warnings, tree.Problem("name", fmt.Sprintf(format, args...)))
	}
	switch r.kind {
	case "segment":
		warn("its members are found anew under the new name: since when they are in it, and how its size went, is told from now on")
		for _, j := range w.Journeys.Journeys() {
			if segment, left, existing := j.EntrySegment(); segment == r.to && existing && !left {
				warn("the journey %q starts anew for all its members, as far as its reentry lets them: it says existing: true", j.Name())
			}
		}
	case "market":
		warn("customers whose trait market says %q no longer belong to it by that: give them the new name", r.from)
		warnings = append(warnings, r.mentions()...)
	case "template":
		warn("messages so far are listed under %q", r.from)
		warnings = append(warnings, r.mentions()...)
	case "journey", "campaign":
		warnings = r.mentions()
	}
	return warnings
}

// mentions warns of the old name in quotes where it is only a text, such as in a rule
// about the messages of a journey.
func (r *renaming) mentions() (warnings []Problem) {
	for _, d := range r.docs {
		line, begin := 1, 0
		for at := range d.Body {
			if d.Body[at] == '\n' {
				line, begin = line+1, at+1
			}
			end := at + len(r.from)
			if at > 0 && isQuote(d.Body[at-1]) && r.stands(d.Body, at) && end < len(d.Body) && (isQuote(d.Body[end]) || d.Body[end] == '\\') {
				column := len([]rune(string(d.Body[begin:at]))) + 1
				warnings = append(warnings, Problem{File: d.file(), Line: line, Column: column, Message: fmt.Sprintf(
					"%q is a text here and stays: if it means the %s, write %q", r.from, r.kind, r.to)})
			}
		}
	}
	return warnings
}
