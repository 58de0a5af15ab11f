//go:build unix

package sqlite

import (
	"os"
	"path/filepath"
	"testing"
)

// TestNobodyElseReadsTheFiles: neither the database's files nor a backup, though the
// folder is open to all and the database was made by a program that let all read it.
func TestNobodyElseReadsTheFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "rapport.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := openTest(t, dir)
	if err := s.Commit(t.Context(), fill(s, 3)); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(dir, "backup.db")
	if err := Copy(t.Context(), dir, backup, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", backup, filepath.Join(dir, "rapport.lock")} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s may be used by %v", filepath.Base(name), got)
		}
	}
}
