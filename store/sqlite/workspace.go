package sqlite

import (
	"context"
	"crypto/sha256"

	"rapport"
	"rapport/store"
)

// SaveVersion keeps the next version of the workspace; kind Conflict if its
// number is not the last one's plus one.
func (s *Store) SaveVersion(ctx context.Context, v store.Version) error {
	return s.write(ctx, func(w *conn) error {
		if err := w.owned(s.State().Epoch); err != nil {
			return err
		}
		last, err := w.number("select coalesce(max(number), 0) from version")
		if err != nil {
			return err
		}
		if err := store.CheckVersion(v.Number, uint64(last)); err != nil {
			return err
		}
		if _, err := w.exec("insert into version (number, at, key, author, note) values (?, ?, ?, ?, ?)",
			int64(v.Number), int64(v.At), v.Key, v.Author, v.Note); err != nil {
			return err
		}
		return w.putDocuments(&v)
	}, func() {})
}

func (c *conn) putDocuments(v *store.Version) error {
	for i := range v.Documents {
		d := &v.Documents[i]
		hash := sha256.Sum256(d.Body)
		if _, err := c.exec("insert into body (hash, data) values (?, ?) on conflict do nothing", hash[:], orEmpty(d.Body)); err != nil {
			return err
		}
		if _, err := c.exec("insert into document (version, place, kind, name, body) values (?, ?, ?, ?, ?)",
			int64(v.Number), int64(i), d.Kind, d.Name, hash[:]); err != nil {
			return err
		}
	}
	return nil
}

// Version returns a version of the workspace with its documents, 0 meaning the
// last, or an error of kind NotFound.
func (s *Store) Version(ctx context.Context, number uint64) (v store.Version, err error) {
	err = s.snapshot(ctx, func(c *conn) error {
		if err := c.query(ctx, func(r row) error { v = versionOf(r); return nil },
			"select number, at, key, author, note from version where ?1 in (0, number) order by number desc limit 1", int64(number)); err != nil {
			return err
		}
		if v.Number == 0 {
			return store.ErrNoVersion(number)
		}
		return c.query(ctx, func(r row) error {
			v.Documents = append(v.Documents, store.Document{Kind: r.text(0), Name: r.text(1), Body: r.blob(2)})
			return nil
		}, "select kind, name, data from document join body on hash = body where version = ? order by place", int64(v.Number))
	})
	return v, err
}

func versionOf(r row) store.Version {
	return store.Version{Number: uint64(r.int(0)), At: rapport.Instant(r.int(1)), Key: r.text(2), Author: r.text(3), Note: r.text(4)}
}

// Versions returns the versions without their documents, newest first.
func (s *Store) Versions(ctx context.Context, limit int) (list []store.Version, err error) {
	err = s.query(ctx, func(r row) error { list = append(list, versionOf(r)); return nil },
		"select number, at, key, author, note from version order by number desc limit ?+0", limited(limit))
	return list, err
}
