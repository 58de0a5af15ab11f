package postgres

import (
	"context"
	"crypto/sha256"

	"rapport"
	"rapport/store"
)

// putNamed keeps data under names in one of the two tables of that shape.
func putNamed[T any](w *script, table string, list []T, of func(*T) (name string, data []byte)) {
	put, gone := split(last(list, func(v *T) string { name, _ := of(v); return name }), func(v *T) bool { _, data := of(v); return data != nil })
	if len(gone) > 0 {
		r := newRows(len(gone), typeBytes)
		for _, v := range gone {
			name, _ := of(v)
			r.text(name)
		}
		w.add("delete from "+table+" where name = any($1::bytea[])", r.columns...)
	}
	if len(put) > 0 {
		r := newRows(len(put), typeBytes, typeBytes)
		for _, v := range put {
			name, data := of(v)
			r.text(name).bytes(data)
		}
		w.add("insert into "+table+` (name, data) select * from unnest($1::bytea[], $2::bytea[])
			on conflict (name) do update set data = excluded.data`, r.columns...)
	}
}

// SaveVersion keeps the next version of the workspace; kind Conflict if its number is
// not the last one's plus one.
func (s *Store) SaveVersion(ctx context.Context, v store.Version) error {
	return s.write(ctx, func(store.State) (*script, error) {
		last := int64(0)
		if err := s.query(ctx, func(r row) error { last = r.int(0); return nil }, "select coalesce(max(number), 0) from version"); err != nil {
			return nil, err
		}
		if err := store.CheckVersion(v.Number, uint64(last)); err != nil {
			return nil, err
		}
		work := &script{}
		work.owned(s.epoch) // nobody else has saved one meanwhile
		work.add("insert into version (number, at, key, author, note) values ($1::bigint, $2::bigint, $3::bytea, $4::bytea, $5::bytea)",
			anInt(int64(v.Number)), anInt(int64(v.At)), aText(v.Key), aText(v.Author), aText(v.Note))
		work.putDocuments(&v)
		return work, nil
	}, nil)
}

func (w *script) putDocuments(v *store.Version) {
	if len(v.Documents) == 0 {
		return
	}
	type body struct{ hash, data []byte }
	bodies := make([]body, len(v.Documents))
	documents := newRows(len(v.Documents), typeInt, typeInt, typeBytes, typeBytes, typeBytes)
	for i := range v.Documents {
		d := &v.Documents[i]
		hash := sha256.Sum256(d.Body)
		bodies[i] = body{hash[:], d.Body}
		documents.int(int64(v.Number)).int(int64(i)).text(d.Kind).text(d.Name).bytes(hash[:])
	}
	kept := last(bodies, func(b *body) string { return string(b.hash) })
	r := newRows(len(kept), typeBytes, typeBytes)
	for _, b := range kept {
		r.bytes(b.hash).bytes(b.data)
	}
	w.add("insert into body (hash, data) select * from unnest($1::bytea[], $2::bytea[]) on conflict do nothing", r.columns...)
	w.add(`insert into document (version, place, kind, name, body)
		select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[])`, documents.columns...)
}

// Version returns a version of the workspace with its documents, 0 meaning the last,
// or an error of kind NotFound. A version is never changed, so its documents need not
// be read in the snapshot in which it was found.
func (s *Store) Version(ctx context.Context, number uint64) (v store.Version, err error) {
	err = s.query(ctx, func(r row) error { v = versionOf(r); return nil },
		"select number, at, key, author, note from version where $1::bigint in (0, number) order by number desc limit 1", anInt(int64(number)))
	if err == nil && v.Number == 0 {
		err = store.ErrNoVersion(number)
	}
	if err != nil {
		return v, err
	}
	err = s.query(ctx, func(r row) error {
		v.Documents = append(v.Documents, store.Document{Kind: r.text(0), Name: r.text(1), Body: r.bytes(2)})
		return nil
	}, "select kind, name, data from document join body on hash = body where version = $1::bigint order by place", anInt(int64(v.Number)))
	return v, err
}

func versionOf(r row) store.Version {
	return store.Version{Number: uint64(r.int(0)), At: rapport.Instant(r.int(1)), Key: r.text(2), Author: r.text(3), Note: r.text(4)}
}

// Versions returns the versions without their documents, newest first.
func (s *Store) Versions(ctx context.Context, limit int) (list []store.Version, err error) {
	err = s.query(ctx, func(r row) error { list = append(list, versionOf(r)); return nil },
		"select number, at, key, author, note from version order by number desc limit $1::bigint", limited(limit))
	return list, err
}
