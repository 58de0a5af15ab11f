package memory

import (
	"bytes"
	"context"
	"slices"

	"rapport/store"
)

// SaveVersion keeps the next version of the workspace; kind Conflict if its
// number is not the last one's plus one.
func (s *Store) SaveVersion(ctx context.Context, v store.Version) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.owned(); err != nil {
		return err
	}
	if err := store.CheckVersion(v.Number, uint64(len(s.versions))); err != nil {
		return err
	}
	v.Documents = copyDocuments(v.Documents)
	s.versions = append(s.versions, v)
	return nil
}

func copyDocuments(list []store.Document) []store.Document {
	list = slices.Clone(list)
	for i := range list {
		list[i].Body = bytes.Clone(list[i].Body)
	}
	return list
}

// Version returns a version of the workspace with its documents, 0 meaning the
// last, or an error of kind NotFound.
func (s *Store) Version(ctx context.Context, number uint64) (store.Version, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if number == 0 {
		number = uint64(len(s.versions))
	}
	if number == 0 || number > uint64(len(s.versions)) {
		return store.Version{}, store.ErrNoVersion(number)
	}
	v := s.versions[number-1]
	v.Documents = copyDocuments(v.Documents)
	return v, ctx.Err()
}

// Versions returns the versions without their documents, newest first.
func (s *Store) Versions(ctx context.Context, limit int) ([]store.Version, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []store.Version
	for _, v := range slices.Backward(s.versions) {
		if len(out) >= limit {
			break
		}
		v.Documents = nil
		out = append(out, v)
	}
	return out, ctx.Err()
}
