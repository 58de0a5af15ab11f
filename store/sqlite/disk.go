package sqlite

import (
	"path/filepath"

	"rapport/store"
)

// Disk says what the database takes of its disk, and how much is left there. It asks
// the system only, so it may be called at any time.
func (s *Store) Disk() store.Disk {
	return store.Disk{Bytes: sizeOf(s.path), WriteAhead: sizeOf(s.path + "-wal"), Free: free(filepath.Dir(s.path))}
}
