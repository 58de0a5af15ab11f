package postgres_test

import (
	"sync"
	"testing"

	"rapport/store/postgres"
	"rapport/store/postgres/pgtest"
	"rapport/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	var addresses sync.Map // by the folder that it stands for
	storetest.Run(t, func(t testing.TB, dir string) storetest.Store {
		address, known := addresses.Load(dir)
		if !known {
			address = pgtest.URL(t)
			addresses.Store(dir, address)
		}
		s, err := postgres.Open(t.Context(), address.(string), postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
