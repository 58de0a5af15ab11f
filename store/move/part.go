package move

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"reflect"

	"rapport"
	"rapport/store"
)

// part is one sort of rows: how it is read from the first row to the last, in an order
// that is the same in every engine, as rows of batches.
type part struct {
	name string
	read func(ctx context.Context, s Store, each func(*store.Batch) error) error
}

// versions are not rows of batches: they are saved one by one.
const versions = "versions"

// parts returns all sorts. Events come first: they are most of it.
func parts() []part {
	list := []part{{"events", readEvents}, {"customers", readRecords}, {"messages", readMessages}, {"counters", readCounters}}
	for _, sort := range store.Sorts() {
		list = append(list, part{string(sort), func(ctx context.Context, s Store, each func(*store.Batch) error) error {
			return s.Export(ctx, sort, func(b *store.Batch) error { return each(withoutNote(b)) })
		}})
	}
	return append(list, part{name: versions})
}

// withoutNote leaves out what a store says of its own move.
func withoutNote(b *store.Batch) *store.Batch {
	for i, s := range b.Settings {
		if s.Name == setting {
			b.Settings = append(b.Settings[:i:i], b.Settings[i+1:]...)
			break
		}
	}
	return b
}

func readEvents(ctx context.Context, s Store, each func(*store.Batch) error) error {
	for from := uint64(0); ; {
		chunks, err := s.Chunks(ctx, from, 16)
		if err != nil || len(chunks) == 0 {
			return err
		}
		for _, c := range chunks {
			if err := each(&store.Batch{Position: c.Number - 1, At: c.At, Workspace: c.Workspace, Events: c.Blocks}); err != nil {
				return err
			}
			from = c.Number + 1
		}
	}
}

func readRecords(ctx context.Context, s Store, each func(*store.Batch) error) error {
	for after := (rapport.CustomerID{}); ; {
		list, err := s.Scan(ctx, after, 500)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := each(&store.Batch{Records: list}); err != nil {
			return err
		}
		after = list[len(list)-1].Customer
	}
}

func readMessages(ctx context.Context, s Store, each func(*store.Batch) error) error {
	for f := (store.MessageFilter{Limit: 1000}); ; {
		list, err := s.Messages(ctx, f)
		if err != nil || len(list) == 0 {
			return err
		}
		if err := each(&store.Batch{Messages: list}); err != nil {
			return err
		}
		last := list[len(list)-1]
		f.Before = store.MessageCursor{CreatedAt: last.CreatedAt, ID: last.ID}
	}
}

func readCounters(ctx context.Context, s Store, each func(*store.Batch) error) error {
	totals, err := s.Counters(ctx, "")
	if err != nil || len(totals) == 0 {
		return err
	}
	b := &store.Batch{}
	for _, t := range totals {
		b.Counters = append(b.Counters, store.Counter{Name: t.Name, Bucket: t.Bucket, Delta: t.Sum})
	}
	return each(b)
}

// pass reads a part of a store to its end, keeps it in another unless that is nil, and
// returns how many rows it has and their hash.
func (p *Plan) pass(ctx context.Context, part part, from, to Store) (rows int64, sum string, err error) {
	f := fingerprint{hash: sha256.New()}
	if part.name == versions {
		err = p.passVersions(ctx, &f, from, to)
	} else {
		err = part.read(ctx, from, func(b *store.Batch) error {
			f.batch(b)
			p.tell(part.name, f.rows)
			if to == nil {
				return nil
			}
			if len(b.Events) == 0 { // it stands where the source stands, then
				b.Position, b.At = from.State().Position-1, from.State().At
			}
			return to.Import(ctx, b)
		})
	}
	return f.rows, hex.EncodeToString(f.hash.Sum(nil)), err
}

func (p *Plan) passVersions(ctx context.Context, f *fingerprint, from, to Store) error {
	last, err := from.Version(ctx, 0)
	if rapport.KindOf(err) == rapport.NotFound && err != nil {
		return nil
	}
	for n := uint64(1); err == nil && n <= last.Number; n++ {
		var v store.Version
		if v, err = from.Version(ctx, n); err != nil {
			return err
		}
		f.row(v)
		p.tell(versions, f.rows)
		if to != nil {
			err = to.SaveVersion(ctx, v)
		}
	}
	return err
}

func (p *Plan) tell(part string, rows int64) {
	if p.Progress != nil {
		p.Progress(part, rows)
	}
}

// fingerprint hashes rows one after another, however they are parted in batches.
type fingerprint struct {
	hash hash.Hash
	rows int64
}

func (f *fingerprint) batch(b *store.Batch) {
	if len(b.Events) > 0 {
		f.row(store.Chunk{Number: b.Position + 1, At: b.At, Workspace: b.Workspace, Blocks: b.Events})
		return
	}
	v := reflect.ValueOf(b).Elem()
	for i := range v.NumField() {
		if list := v.Field(i); list.Kind() == reflect.Slice {
			for n := range list.Len() {
				f.row(list.Index(n).Interface())
			}
		}
	}
}

// row hashes whatever a row consists of, so that nothing is forgotten that a row will
// once have.
func (f *fingerprint) row(row any) {
	f.rows++
	f.value(reflect.ValueOf(row))
}

func (f *fingerprint) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.value(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		f.number(uint64(v.Len()))
		if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			f.hash.Write(v.Bytes())
			return
		}
		for i := range v.Len() {
			f.value(v.Index(i))
		}
	case reflect.String:
		f.number(uint64(v.Len()))
		f.hash.Write([]byte(v.String()))
	case reflect.Bool:
		if v.Bool() {
			f.number(1)
		} else {
			f.number(0)
		}
	default:
		if v.CanUint() {
			f.number(v.Uint())
		} else {
			f.number(uint64(v.Int())) // panics for what no row has: better than a hash that leaves it out
		}
	}
}

func (f *fingerprint) number(n uint64) {
	f.hash.Write(binary.BigEndian.AppendUint64(nil, n))
}
