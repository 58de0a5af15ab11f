package flow

import (
	"strconv"
	"strings"

	"rapport"
	"rapport/profile"
	"rapport/store"
)

// Row is one row of a file as what it tells: some events, usually one, or none
// if nothing could be made of it.
type Row []rapport.Event

// ConsentImported is the source of consents that came with rows of a file.
const ConsentImported = "import"

// Taken says what came of a call of an import.
type Taken struct {
	Rows     int64   // of the file that are taken in by now
	Repeated []int64 // rows of this call that told nothing new: all of their events came with another import before
}

// Import is the work of taking in rows of a file, of which from stand before
// them. The import's mark is committed along with them, so a row is taken in once
// however often it is sent and whatever breaks in between: rows that were taken
// in are passed over. A gap before the first row is refused with kind Conflict.
// Of several imports an event that names itself, by a messageId that was not made of
// its row, is taken in by the first, for ever: files may overlap. Consents that the
// rows carry have the source [ConsentImported].
func Import(id string, from int64, rows []Row, taken *Taken) Work {
	return func(b *Batch) error {
		before, err := b.imported(id)
		if err != nil {
			b.fail(err)
			return err
		}
		*taken = Taken{Rows: before}
		if from > before {
			return rapport.Errorf(rapport.Conflict, "Row %d of this import comes next, not %d. Send the rows in between first.", before, from)
		}
		var events []rapport.Event
		for i, row := range rows {
			if from+int64(i) < before {
				continue
			}
			fresh, err := b.notImported(row)
			if err != nil {
				b.fail(err)
				return err
			}
			if events = append(events, fresh...); len(fresh) == 0 && len(row) > 0 {
				taken.Repeated = append(taken.Repeated, from+int64(i))
			}
		}
		if err := b.g.Preload(b.ctx, events); err != nil {
			b.fail(err)
			return err
		}
		for i := range events {
			events[i].Context = profile.WithConsentSource(events[i].Context, ConsentImported)
			b.admit(&events[i])
		}
		if taken.Rows = max(before, from+int64(len(rows))); taken.Rows > before {
			b.out.Marks = append(b.out.Marks, store.Mark{Name: ImportMark(id), Data: strconv.AppendInt(nil, taken.Rows, 10)})
		}
		return nil
	}
}

// notImported returns those events of a row that no import has taken in before, and
// marks them.
func (b *Batch) notImported(row Row) (fresh Row, err error) {
	for i := range row {
		e := &row[i]
		if madeOfRow(e.MessageID) {
			fresh = append(fresh, *e)
			continue
		}
		key := b.g.seen.keyOf(e)
		if _, known := b.named[key]; known {
			continue
		}
		name := namedMark + strconv.FormatUint(key, 16)
		switch mark, err := b.g.store.Mark(b.ctx, name); {
		case err != nil:
			return nil, err
		case mark != nil:
			continue
		}
		if b.named == nil {
			b.named = map[uint64]struct{}{}
		}
		b.named[key] = struct{}{}
		b.out.Marks = append(b.out.Marks, store.Mark{Name: name, Data: []byte{}})
		fresh = append(fresh, *e)
	}
	return fresh, nil
}

// namedMark begins the names of marks that say which events imports have taken in.
const namedMark = "imported/"

// madeOfRow reports whether a messageId was made of a row, by who reads the file or by
// collect: then it says nothing that the import's own mark does not say.
func madeOfRow(messageID string) bool {
	return strings.HasPrefix(messageID, "import-") || strings.HasPrefix(messageID, "rapport-import-")
}

// imported returns how many rows of an import are taken in, those of the open
// batch among them.
func (b *Batch) imported(id string) (int64, error) {
	name := ImportMark(id)
	for i := len(b.out.Marks) - 1; i >= 0; i-- {
		if b.out.Marks[i].Name == name {
			return Imported(b.out.Marks[i].Data)
		}
	}
	data, err := b.g.store.Mark(b.ctx, name)
	if err != nil {
		return 0, err
	}
	return Imported(data)
}

// ImportMark returns the name of the store's mark that says how far an import
// has come; [Imported] reads it.
func ImportMark(id string) string { return "import/" + id }

// Imported reads the mark of an import: how many rows are taken in. No mark means
// none.
func Imported(mark []byte) (rows int64, err error) {
	if mark == nil {
		return 0, nil
	}
	rows, err = strconv.ParseInt(string(mark), 10, 64)
	if err != nil || rows < 0 {
		return 0, rapport.Errorf(rapport.Internal, "the mark of an import is damaged")
	}
	return rows, nil
}
