package flow

import (
	"context"

	"rapport"
	"rapport/profile"
)

// directory is the rows of identifiers: those that the open batch has set, over
// a cache, over the store. It is profile's Directory.
type directory struct {
	store  Store
	ctx    context.Context // of the open batch
	staged map[rapport.IdentifierKey]*profile.Row
	cache  map[rapport.IdentifierKey]*profile.Row // nil: known to be absent
	max    int
	err    error // the first that a Row could not return
}

func newDirectory(st Store, max int) *directory {
	return &directory{
		store: st, max: max,
		staged: map[rapport.IdentifierKey]*profile.Row{}, cache: map[rapport.IdentifierKey]*profile.Row{},
	}
}

// Row returns what is known of an identifier, nil if it was never seen.
func (d *directory) Row(key rapport.IdentifierKey) *profile.Row {
	if row, ok := d.staged[key]; ok {
		return row
	}
	if row, ok := d.cache[key]; ok {
		return row
	}
	d.load([]rapport.IdentifierKey{key})
	return d.cache[key]
}

// SetRow changes a row as part of the open batch; nil takes it away.
func (d *directory) SetRow(key rapport.IdentifierKey, row *profile.Row) { d.staged[key] = row }

// load brings rows into the cache in one go.
func (d *directory) load(keys []rapport.IdentifierKey) {
	if len(keys) == 0 {
		return
	}
	d.shrink(len(keys))
	rows, err := d.store.Identifiers(d.ctx, keys)
	if err != nil {
		d.fail(err)
		return
	}
	for i, data := range rows {
		if data == nil {
			d.cache[keys[i]] = nil
			continue
		}
		row, err := profile.DecodeRow(data)
		if err != nil {
			d.fail(err) // and not known to be absent
			continue
		}
		d.cache[keys[i]] = row
	}
}

func (d *directory) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// shrink makes room; which rows go does not matter, they can be loaded again.
func (d *directory) shrink(room int) {
	for key := range d.cache {
		if len(d.cache)+room <= d.max {
			return
		}
		delete(d.cache, key)
	}
}

// missing reports whether a row would have to be loaded.
func (d *directory) missing(key rapport.IdentifierKey) bool {
	if _, ok := d.staged[key]; ok {
		return false
	}
	_, ok := d.cache[key]
	return !ok
}

// isNew reports whether an identifier was never seen before the open batch: then
// there is no record of the customer of that id either.
func (d *directory) isNew(key rapport.IdentifierKey) bool {
	if _, ok := d.staged[key]; !ok {
		return false
	}
	row, known := d.cache[key]
	return known && row == nil
}

// keep makes what the batch has set the truth; drop forgets it.
func (d *directory) keep() {
	d.shrink(len(d.staged))
	for key, row := range d.staged {
		d.cache[key] = row
	}
	clear(d.staged)
}

func (d *directory) drop() {
	clear(d.staged)
	d.err = nil
}
