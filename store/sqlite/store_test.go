package sqlite_test

import (
	"testing"

	"rapport/store/sqlite"
	"rapport/store/storetest"
)

func open(t testing.TB, dir string) storetest.Store {
	t.Helper()
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}
