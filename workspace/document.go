package workspace

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"

	"rapport/internal/strictyaml"
)

// File is a file's name, as problems tell it, and what is in it.
type File struct {
	Name string
	Body []byte
}

// Document is one thing that the marketer has built.
type Document struct {
	Kind string
	Name string
	Body []byte // YAML or JSON, as it was written
	File string // where it was read; empty if from nowhere in particular
	Line int    // lines of the file before Body
}

// Problem is one thing that is wrong with a document. Its String is
// file:line:column: path: message.
type Problem = strictyaml.Problem

// source is the document as the reader of YAML takes it.
func (d Document) source() strictyaml.Source {
	file := d.File
	if file == "" && d.Kind != "" {
		file = d.file()
	}
	return strictyaml.Source{File: file, Line: d.Line, Text: d.Body}
}

// file is the name of the file that [Files] puts the document into.
func (d Document) file() string {
	if text := bytes.TrimSpace(d.Body); len(text) > 0 && text[0] == '{' {
		return d.Kind + "/" + d.Name + ".json"
	}
	return d.Kind + "/" + d.Name + ".yaml"
}

// compare orders documents by kind, in the order of the table of kinds, and name.
func (d Document) compare(e Document) int {
	return cmp.Or(cmp.Compare(rank(d.Kind), rank(e.Kind)), cmp.Compare(d.Kind, e.Kind), cmp.Compare(d.Name, e.Name))
}

// key is what no two documents of a workspace share.
type key struct{ kind, name string }

func (d Document) key() key { return key{d.Kind, d.Name} }

// index finds documents by kind and name.
func index(docs []Document) map[key]Document {
	byKey := make(map[key]Document, len(docs))
	for _, d := range docs {
		byKey[d.key()] = d
	}
	return byKey
}

func rank(name string) int {
	return slices.IndexFunc(kinds(), func(k kind) bool { return k.name == name })
}

// maxName is how long a document's name may be.
const maxName = 80

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

// nameRemedy says what a name must look like.
const nameRemedy = "write small letters, digits and dashes only, beginning with a letter or digit, such as cart-recovery"

func goodName(name string) bool { return len(name) <= maxName && namePattern.MatchString(name) }

// Upsert returns the documents after given have been put among current: new ones
// are added, those of the same kind and name replaced, and the others stay, unless
// prune says that what is not given goes. The result is in the order of kinds and
// names; neither slice is changed.
func Upsert(current, given []Document, prune bool) []Document {
	next := slices.Clone(given)
	if !prune {
		among := index(given)
		for _, d := range current {
			if _, replaced := among[d.key()]; !replaced {
				next = append(next, d)
			}
		}
	}
	slices.SortStableFunc(next, Document.compare)
	return next
}

// Delete returns the documents without one of them, and whether it was there.
// Whether others need it, Compile says.
func Delete(current []Document, kind, name string) ([]Document, bool) {
	gone := key{kind, name}
	next := slices.DeleteFunc(slices.Clone(current), func(d Document) bool { return d.key() == gone })
	return next, len(next) < len(current)
}
