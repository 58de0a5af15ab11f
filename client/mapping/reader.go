package mapping

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"rapport"
)

// Item is what the server takes in as one row of an import.
type Item struct {
	Line int64           // in the file, of the item's first row
	Rows int64           // of the file that it is made of
	Name string          // of the event; empty of customers and of lines in Segment's form
	JSON json.RawMessage `json:",omitempty"` // an event in the form of Segment's batch; nil if the row tells nothing
}

// size is about what an item takes in memory.
func (i Item) size() int { return len(i.JSON) + 150 }

// Bad is a row of which nothing could be made.
type Bad struct {
	Line   int64  // from 1
	Code   string // a stable word for programs
	Reason string // for a person; it quotes nothing of the row
}

// Codes of bad rows.
const (
	BadRow   = "row_malformed" // it can't be read
	BadValue = "value_invalid" // a cell is not what the mapping says
	BadGroup = "group_mixed"   // it contradicts the first row of its group
	BadEvent = "event_invalid" // what came of the rows can't be taken in
)

// Reader makes items of a file.
type Reader struct {
	Kind    Kind
	Mapping *Mapping        // nil for the usual names
	Format  string          // csv or ndjson, unless the mapping says it
	ID      string          // of the import; message ids begin with it
	TempDir string          // for sorting; the system's unless said
	AsOf    rapport.Instant // when customers were as a file without times tells them; 0 leaves it open
	Memory  int             // bytes for sorting before files are used; 64 MB unless said
	OnBad   func(Bad)

	Rows    int64 // that were read so far
	Skipped int64 // of these, left out because the mapping says so
	Bad     int64 // of these, told to OnBad
	Groups  int64 // how many groups there are, once all rows have been read

	unused map[string]bool // names of columns: whether nothing uses them
}

// maxNames is how many names of members are looked at for [Reader.Unused].
const maxNames = 1000

// Unused returns the columns of the file, or the members of its objects, that nothing
// in the mapping reads, in order. Of lines in Segment's form all are used.
func (r *Reader) Unused() (names []string) {
	for name, unused := range r.unused {
		if unused {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// met notes the names of columns, or of an object's members.
func (r *Reader) met(names iter.Seq[string]) {
	for name := range names {
		if _, known := r.unused[name]; known || name == "" || len(r.unused) == maxNames {
			continue
		}
		if r.unused == nil {
			r.unused = map[string]bool{}
		}
		r.unused[name] = !slices.ContainsFunc(r.Mapping.columns(), func(column string) bool {
			return column == name || r.Format == "ndjson" && strings.HasPrefix(column, name+".")
		})
	}
}

// Read reads a file and calls yield with each item, in order. Of a file of groups
// nothing comes before all of it has been read.
func (r *Reader) Read(in io.Reader, yield func(Item) error) error {
	encoding := ""
	if r.Mapping != nil {
		encoding, r.Format = r.Mapping.Encoding, cmp.Or(r.Mapping.Format, r.Format)
	}
	text, err := Unpack(in, encoding)
	if err != nil {
		return err
	}
	source := newLines(text)
	if r.Format == "ndjson" && r.Mapping == nil {
		return r.segment(source, yield)
	}
	next, err := r.rows(source)
	if err != nil {
		return err
	}
	if r.Mapping.Group == nil {
		return r.single(next, yield)
	}
	return r.grouped(next, yield)
}

func (r *Reader) bad(line int64, code, reason string) {
	r.Bad++
	if r.OnBad != nil {
		r.OnBad(Bad{line, code, reason})
	}
}

// messageID makes a name for the event of a row or group of this import.
func (r *Reader) messageID(label string) string {
	if len(label) > 100 {
		label = fmt.Sprintf("%x", sha256.Sum256([]byte(label)))
	}
	return "import-" + r.ID[:min(16, len(r.ID))] + "-" + label
}

// segment reads lines in the form of Segment's batch.
func (r *Reader) segment(source *lines, yield func(Item) error) error {
	for {
		l, err := source.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if strings.TrimSpace(l.text) == "" && l.fault == "" {
			continue
		}
		item := Item{Line: l.n, Rows: 1}
		if l.fault != "" {
			r.bad(l.n, BadRow, l.fault)
		} else if item.JSON, err = segmentItem(l.text, r.Kind, r.messageID(strconv.FormatInt(r.Rows, 10))); err != nil {
			r.bad(l.n, BadRow, err.Error())
			item.JSON = nil
		}
		r.Rows++
		if err := yield(item); err != nil {
			return err
		}
	}
}

// rows returns a function that returns the next row of a table or of JSON lines.
// A row without cells and object was bad, and told.
func (r *Reader) rows(source *lines) (func() (*row, error), error) {
	if r.Format == "ndjson" {
		return func() (*row, error) { return r.object(source) }, nil
	}
	table, header, err := r.table(source)
	if err != nil {
		return nil, err
	}
	if r.Mapping == nil {
		if r.Mapping, err = usual(header, r.Kind); err != nil {
			return nil, err
		}
	}
	index, err := r.Mapping.indexOf(header)
	if err != nil {
		return nil, err
	}
	r.met(slices.Values(header))
	return func() (*row, error) {
		rec, err := table.next()
		if err != nil {
			return nil, err
		}
		r.Rows++
		if rec.fault != "" {
			r.bad(rec.line, BadRow, rec.fault)
			return &row{line: rec.line}, nil
		}
		return &row{line: rec.line, mapping: r.Mapping, index: index, cells: rec.cells}, nil
	}, nil
}

func (r *Reader) object(source *lines) (*row, error) {
	l, err := source.next()
	for err == nil && l.fault == "" && strings.TrimSpace(l.text) == "" {
		l, err = source.next()
	}
	if err != nil {
		return nil, err
	}
	r.Rows++
	object, err := rapport.ParseJSON([]byte(l.text))
	switch {
	case l.fault != "":
		r.bad(l.n, BadRow, l.fault)
		return &row{line: l.n}, nil
	case err != nil || object.Kind() != rapport.Object:
		r.bad(l.n, BadRow, errNotObject.Message)
		return &row{line: l.n}, nil
	}
	r.met(func(yield func(string) bool) {
		for i := range object.Len() {
			if name, _ := object.Pair(i); !yield(name) {
				return
			}
		}
	})
	return &row{line: l.n, mapping: r.Mapping, object: object}, nil
}

// table reads the names of the columns.
func (r *Reader) table(source *lines) (*cells, []string, error) {
	c := &cells{lines: source}
	m := r.Mapping
	if m != nil && m.Delimiter != "" {
		c.delimiter = m.Delimiter[0]
	} else {
		first, err := source.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, err
		}
		if err == nil {
			c.delimiter = delimiterOf(first.text)
			source.giveBack([]line{first})
		}
	}
	if m != nil && len(m.Columns) > 0 {
		c.width = len(m.Columns)
		return c, m.Columns, nil
	}
	header, err := c.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil, rapport.Errorf(rapport.Invalid, "the file is empty: its first line should name the columns")
	case err != nil:
		return nil, nil, err
	case header.fault != "":
		return nil, nil, rapport.Errorf(rapport.Invalid, "line %d, which should name the columns, can't be read: %s", header.line, header.fault)
	}
	for i := range header.cells {
		header.cells[i] = strings.TrimSpace(header.cells[i])
	}
	c.width = len(header.cells)
	return c, header.cells, nil
}

// readPart makes a part of a row; ok is false if it is left out or bad.
func (r *Reader) readPart(from *row) (p part, ok bool) {
	if from.mapping == nil {
		return p, false
	}
	p, skipped, err := r.Mapping.part(from, r.Kind)
	if p.At == 0 && r.Kind == Customers {
		p.At = r.AsOf
	}
	switch {
	case err != nil:
		r.bad(from.line, BadValue, err.Error())
	case skipped:
		r.Skipped++
		p.Out = r.Mapping.Continues != nil // so that what goes on with it is left out as well
	}
	return p, err == nil && (!skipped || p.Out)
}

// single makes an item of each row.
func (r *Reader) single(next func() (*row, error), yield func(Item) error) error {
	for {
		from, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		item := Item{Line: from.line, Rows: 1}
		if p, ok := r.readPart(from); ok {
			item.Name = p.Name
			if item.JSON, err = r.Mapping.item(r.Kind, []part{p}, r.messageID(strconv.FormatInt(r.Rows-1, 10))); err != nil {
				r.bad(from.line, BadEvent, err.Error())
				item.JSON = nil
			}
		}
		if err := yield(item); err != nil {
			return err
		}
	}
}

// grouped makes an item of each group: the rows are sorted by group, the groups by
// their first rows.
func (r *Reader) grouped(next func() (*row, error), yield func(Item) error) error {
	memory := cmp.Or(r.Memory, 64<<20)
	byGroup, byRow := newSorter(r.TempDir, memory/2, part.size), newSorter(r.TempDir, memory/2, Item.size)
	defer byGroup.close()
	defer byRow.close()
	if err := r.collect(next, byGroup); err != nil {
		return err
	}
	g := &gatherer{reader: r, into: byRow}
	if err := byGroup.each(g.take); err != nil {
		return err
	}
	if err := g.finish(); err != nil {
		return err
	}
	byGroup.close()
	return byRow.each(func(s sorted[Item]) error { return yield(s.data) })
}

func (r *Reader) collect(next func() (*row, error), into *sorter[part]) error {
	for {
		from, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		p, ok := r.readPart(from)
		if !ok {
			continue
		}
		group, err := r.Mapping.Group.label(from)
		if err != nil || group == "" {
			r.bad(from.line, BadValue, "the row does not say to which group it belongs")
			continue
		}
		if err := into.add(group, r.Rows, p); err != nil {
			return err
		}
	}
}

// gatherer makes items of rows that come group by group.
type gatherer struct {
	reader *Reader
	into   *sorter[Item]
	group  string
	row    int64 // of the first one
	parts  []part
	out    string // the group whose last first row was left out
	again  bool   // the open group is told once more, as in files that were joined
}

// maxGroup is how many rows a group can have: many more than fit into an event.
const maxGroup = 10_000

func (g *gatherer) take(s sorted[part]) error {
	if g.parts != nil && s.group != g.group {
		if err := g.finish(); err != nil {
			return err
		}
	}
	p := s.data
	switch {
	case p.Out:
		if g.parts == nil {
			g.out = s.group
		}
		return nil
	case g.parts == nil && p.More && g.out == s.group:
		g.reader.Skipped++
		return nil
	case g.parts == nil && p.More:
		g.reader.bad(p.Line, BadGroup, "the row goes on with a group whose first row is missing or bad")
		return nil
	case g.parts == nil:
		g.group, g.row, g.again = s.group, s.row, false
	case g.again || !p.More && g.reader.Mapping.Continues != nil:
		g.again = true
		g.reader.bad(p.Line, BadGroup, fmt.Sprintf("the group that begins in line %d is told once more", g.parts[0].Line))
		return nil
	case g.differs(p):
		g.reader.bad(p.Line, BadGroup, fmt.Sprintf("the customer or the event is another one than in line %d, the first of the same group", g.parts[0].Line))
		return nil
	case len(g.parts) == maxGroup:
		g.reader.bad(p.Line, BadGroup, fmt.Sprintf("the group that begins in line %d has more than %d rows", g.parts[0].Line, maxGroup))
		return nil
	}
	g.parts = append(g.parts, p)
	return nil
}

func (g *gatherer) differs(p part) bool {
	first := g.parts[0]
	return !p.More && (p.UserID != first.UserID || p.AnonymousID != first.AnonymousID || p.Name != first.Name)
}

// finish hands on the item of the group that is open.
func (g *gatherer) finish() error {
	if g.parts == nil {
		return nil
	}
	r, parts := g.reader, g.parts
	g.parts = nil
	item := Item{Line: parts[0].Line, Rows: int64(len(parts)), Name: parts[0].Name}
	text, err := r.Mapping.item(r.Kind, parts, r.messageID(g.group))
	if item.JSON = text; err != nil {
		item.JSON = nil
		for _, p := range parts {
			r.bad(p.Line, BadEvent, err.Error())
		}
	}
	r.Groups++
	return g.into.add("", g.row, item)
}
