package flow

import (
	"strconv"

	"rapport"
	"rapport/profile"
	"rapport/store"
)

// Row is one row of a file as what it tells: some events, usually one, or none
// if nothing could be made of it.
type Row []rapport.Event

// ConsentImported is the source of consents that came with rows of a file.
const ConsentImported = "import"

// Import is the work of taking in rows of a file, of which from stand before
// them. The import's mark is committed along with them, so a row is taken in once
// however often it is sent and whatever breaks in between: rows that were taken
// in are passed over. A gap before the first row is refused with kind Conflict.
// Done is set to how many rows are taken in by now. Consents that the rows carry have
// the source [ConsentImported].
func Import(id string, from int64, rows []Row, done *int64) Work {
	return func(b *Batch) error {
		before, err := b.imported(id)
		if err != nil {
			b.fail(err)
			return err
		}
		*done = before
		if from > before {
			return rapport.Errorf(rapport.Conflict, "Row %d of this import comes next, not %d. Send the rows in between first.", before, from)
		}
		var events []rapport.Event
		for i, row := range rows {
			if from+int64(i) >= before {
				events = append(events, row...)
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
		if *done = max(before, from+int64(len(rows))); *done > before {
			b.out.Marks = append(b.out.Marks, store.Mark{Name: ImportMark(id), Data: strconv.AppendInt(nil, *done, 10)})
		}
		return nil
	}
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
