package workspace

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"rapport/internal/strictyaml"
	"rapport/internal/suggest"
)

// maxDocuments is how many a workspace may have: more than people write, and few
// enough to be checked while somebody waits.
const maxDocuments = 10_000

// Parse finds the documents in files. A file is a YAML stream, whose documents
// are divided by lines of three dashes, or one JSON object. Each document says its
// kind and its name; which are in the table of kinds, and no two are the same.
func Parse(files []File) ([]Document, []Problem) {
	var docs []Document
	var problems []Problem
	first := map[key]Document{}
	number := 0
	for _, file := range files {
		for _, d := range split(file) {
			if number++; number > maxDocuments {
				return nil, []Problem{{File: d.File, Line: d.Line + 1, Column: 1, Message: fmt.Sprintf("there are more than %d documents; a workspace holds no more", maxDocuments)}}
			}
			found := identify(&d)
			problems = append(problems, found...)
			if len(found) > 0 {
				continue
			}
			if other, taken := first[d.key()]; taken {
				problems = append(problems, doubled(d, other))
				continue
			}
			first[d.key()] = d
			docs = append(docs, d)
		}
	}
	return docs, problems
}

// ParseOne reads the body of a document whose kind and name are known. They need
// not stand in the body; if they do not, they are put at its top.
func ParseOne(kind, name string, body []byte) (Document, []Problem) {
	d := Document{Kind: kind, Name: name, File: Document{Kind: kind, Name: name, Body: body}.file()}
	if problems := checkNames(kind, name, func(_, message string) Problem { return Problem{Message: message} }); len(problems) > 0 {
		return d, problems
	}
	pieces := split(File{Name: d.File, Body: body})
	if len(pieces) != 1 {
		return d, []Problem{{File: d.File, Message: fmt.Sprintf("here should be one document, not %d", len(pieces))}}
	}
	d.Body, d.Line = pieces[0].Body, pieces[0].Line
	tree, problems := read(d)
	if tree == nil {
		return d, problems
	}
	for _, part := range [...]struct{ field, want string }{{"kind", kind}, {"name", name}} {
		if got := tree.Text(part.field); tree.Has(part.field) && got != part.want {
			problems = append(problems, tree.Problem(part.field, fmt.Sprintf("the document is put as %s %q; write %q here or leave the line out", kind, name, part.want)))
		}
	}
	d.Body = withHead(d, tree)
	return d, problems
}

// read parses a document; the tree is nil unless it is names with values.
func read(d Document) (*strictyaml.Tree, []Problem) {
	tree, problems := strictyaml.Parse(d.source())
	if tree == nil {
		return nil, problems
	}
	if shape := tree.Shape(); len(shape) > 0 {
		return nil, shape
	}
	return tree, problems
}

// withHead puts kind and name at the top of a body that lacks them.
func withHead(d Document, tree *strictyaml.Tree) []byte {
	line, column := tree.At("")
	top := offsetOf(d.Body, line-d.Line, column)
	before, rest := d.Body[:top], d.Body[top:]
	inside, flow := bytes.CutPrefix(rest, []byte("{"))
	var head []string
	for _, field := range [...][2]string{{"kind", d.Kind}, {"name", d.Name}} {
		switch {
		case tree.Has(field[0]):
		case flow:
			head = append(head, fmt.Sprintf("%q: %q", field[0], field[1]))
		case field[0] == "kind":
			head = append(head, "kind: "+field[1])
		default:
			head = append(head, fmt.Sprintf("name: %q", field[1])) // it may look like a number
		}
	}
	if len(head) == 0 {
		return d.Body
	}
	if !flow {
		indent := "\n" + strings.Repeat(" ", column-1)
		return slices.Concat(before, []byte(strings.Join(head, indent)+indent), rest)
	}
	text := "{" + strings.Join(head, ", ")
	if !bytes.HasPrefix(bytes.TrimSpace(inside), []byte("}")) {
		text += ", "
	}
	return slices.Concat(before, []byte(text), inside)
}

func offsetOf(text []byte, line, column int) int {
	at := 0
	for range line - 1 {
		at += bytes.IndexByte(text[at:], '\n') + 1
	}
	for range column - 1 {
		at++
		for at < len(text) && text[at]&0xC0 == 0x80 {
			at++
		}
	}
	return min(at, len(text))
}

// identify reads kind and name of a document out of its body.
func identify(d *Document) []Problem {
	tree, problems := read(*d)
	if tree == nil {
		return problems
	}
	d.Kind, d.Name = tree.Text("kind"), tree.Text("name")
	for _, field := range [...]string{"kind", "name"} {
		if !tree.Has(field) {
			problems = append(problems, tree.Problem("", missingHead(field)))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return append(problems, checkNames(d.Kind, d.Name, tree.Problem)...)
}

func missingHead(field string) string {
	if field == "kind" {
		return "\"kind\" is missing: write what the document is, one of " + strings.Join(kindNames(), ", ")
	}
	return "\"name\" is missing: write how it is called, such as name: cart-recovery"
}

func checkNames(kind, name string, problem func(path, message string) Problem) (problems []Problem) {
	if rank(kind) < 0 {
		problems = append(problems, problem("kind", noSuch("kind of document", kind, kindNames())))
	}
	if !goodName(name) && !(kind == "purpose" && slices.Contains(stockPurposes(), name)) {
		problems = append(problems, problem("name", fmt.Sprintf("%q cannot be a name: %s", name, nameRemedy)))
	}
	return problems
}

func doubled(d, first Document) Problem {
	tree, _ := strictyaml.Parse(d.source())
	return tree.Problem("name", fmt.Sprintf("there is a %s %q already, in %s:%d: give this one another name or take one of them out",
		d.Kind, d.Name, first.source().File, first.Line+1))
}

// noSuch says that there is nothing of a name, and what there is.
func noSuch(what, name string, known []string) string {
	if guess, ok := suggest.Nearest(name, known); ok {
		return fmt.Sprintf("there is no %s %q, did you mean %q?", what, name, guess)
	}
	if len(known) == 0 {
		return fmt.Sprintf("there is no %s %q, nor any other: add a document for it", what, name)
	}
	const most = 12
	list := strings.Join(known[:min(len(known), most)], ", ")
	if len(known) > most {
		list += ", ..."
	}
	return fmt.Sprintf("there is no %s %q: there is %s", what, name, list)
}

// split divides a file at its lines of three dashes, or three dots. A piece that
// has no content, only comments, is none.
func split(file File) (docs []Document) {
	body, mark := file.Body, []byte("\ufeff") // of the order of bytes
	begin, line, number := 0, 0, 0
	add := func(end int) {
		text := body[begin:end]
		for bytes.HasPrefix(text, mark) {
			text = text[len(mark):] // it has come in with a file that was appended
		}
		if hasContent(text) {
			docs = append(docs, Document{Body: ended(text), File: file.Name, Line: line})
		}
	}
	for at := 0; at < len(body); number++ {
		next := len(body)
		if i := bytes.IndexByte(body[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		if isDivider(body[at:next]) {
			add(at)
			begin, line = next, number+1
		}
		at = next
	}
	add(len(body))
	return docs
}

// isDivider reports whether a line divides documents: dashes or dots and, at most,
// a comment.
func isDivider(line []byte) bool {
	rest, dashes := bytes.CutPrefix(line, []byte("---"))
	if !dashes {
		if rest, dashes = bytes.CutPrefix(line, []byte("...")); !dashes {
			return false
		}
	}
	after := bytes.TrimLeft(rest, " \t\r\n")
	return len(after) == 0 || len(after) < len(rest) && after[0] == '#'
}

// hasContent reports whether any line is more than a comment.
func hasContent(text []byte) bool {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return true
		}
	}
	return false
}

// ended returns a text that ends in a newline.
func ended(text []byte) []byte {
	if len(text) > 0 && text[len(text)-1] == '\n' {
		return slices.Clone(text)
	}
	return append(slices.Clone(text), '\n')
}
