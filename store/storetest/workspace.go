package storetest

import (
	"fmt"
	"testing"

	"rapport"
	"rapport/store"
)

func testCounters(t *testing.T, b *bench) {
	count := func(list ...store.Counter) { b.commit(func(batch *store.Batch) { batch.Counters = list }) }
	read := func(prefix string) []store.Total {
		list, err := b.Counters(b.ctx, prefix)
		return must(t, list, err)
	}
	count(store.Counter{Name: "step.b", Bucket: 3600, Delta: 2}, store.Counter{Name: "step.a", Delta: 5}, store.Counter{Name: "step.b", Bucket: 0, Delta: 1})
	count(store.Counter{Name: "step.b", Bucket: 3600, Delta: 3}, store.Counter{Name: "step.a", Delta: -5}, store.Counter{Name: "stept", Delta: -1 << 40})
	b.reopen()
	all := []store.Total{{Name: "step.a"}, {Name: "step.b", Sum: 1}, {Name: "step.b", Bucket: 3600, Sum: 5}, {Name: "stept", Sum: -1 << 40}}
	equal(t, "all", all, read(""))
	equal(t, "a prefix", all[:3], read("step."))
	equal(t, "a whole name", all[1:3], read("step.b"))
	equal(t, "none", []store.Total{}, read("x"))
}

func testMarksAndSettings(t *testing.T, b *bench) {
	b.commit(func(batch *store.Batch) {
		batch.Marks = []store.Mark{{Name: "import 1", Data: []byte("row 7")}, {Name: "empty", Data: []byte{}}}
		batch.Settings = []store.Setting{{Name: "import 1", Data: []byte("not the mark")}}
	})
	mark, err := b.Mark(b.ctx, "import 1")
	equal(t, "mark", "row 7", string(must(t, mark, err)))
	mark, err = b.Mark(b.ctx, "empty")
	if must(t, mark, err) == nil || len(mark) != 0 {
		t.Errorf("an empty mark is not there: %v", mark)
	}
	read := func(name string) []byte {
		data, err := b.Setting(b.ctx, name)
		return must(t, data, err)
	}
	equal(t, "setting", "not the mark", string(read("import 1")))
	state := b.State()
	if err := b.PutSettings(b.ctx, []store.Setting{{Name: "key", Data: []byte("ключ")}, {Name: "import 1"}, {Name: "nothing", Data: []byte{}}}); err != nil {
		t.Fatal(err)
	}
	equal(t, "settings move no position", state, b.State())
	b.reopen()
	equal(t, "setting", "ключ", string(read("key")))
	if read("import 1") != nil || read("nothing") == nil {
		t.Errorf("settings: want none and empty, got %v and %v", read("import 1"), read("nothing"))
	}
	b.commit(func(batch *store.Batch) { batch.Marks = []store.Mark{{Name: "import 1"}} })
	mark, err = b.Mark(b.ctx, "import 1")
	equal(t, "a mark that was deleted", []byte(nil), must(t, mark, err))
}

func testVersions(t *testing.T, b *bench) {
	version := func(n uint64) store.Version {
		return store.Version{Number: n, At: rapport.Instant(n), Key: "desk", Author: "Ann Lê", Note: fmt.Sprint("№ ", n), Documents: []store.Document{
			{Kind: "journey", Name: "welcome", Body: []byte("same in all\n")}, {Kind: "journey", Name: "copy", Body: []byte("same in all\n")},
			{Kind: "template", Name: "a", Body: fmt.Append(nil, "body ", n, " \x00\xff")}, {Kind: "segment", Name: "empty"},
		}}
	}
	wantKind(t, rapport.Conflict, b.SaveVersion(b.ctx, version(2)))
	for n := range uint64(3) {
		if err := b.SaveVersion(b.ctx, version(n+1)); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, rapport.Conflict, b.SaveVersion(b.ctx, version(3)))
	wantKind(t, rapport.Conflict, b.SaveVersion(b.ctx, version(5)))
	b.reopen()
	for asked, number := range map[uint64]uint64{0: 3, 1: 1, 2: 2, 3: 3} {
		got, err := b.Version(b.ctx, asked)
		equal(t, fmt.Sprint("version ", asked), version(number), must(t, got, err))
	}
	_, err := b.Version(b.ctx, 4)
	wantKind(t, rapport.NotFound, err)
	list, err := b.Versions(b.ctx, 2)
	third, second := version(3), version(2)
	third.Documents, second.Documents = nil, nil
	equal(t, "the last two", []store.Version{third, second}, must(t, list, err))
}
