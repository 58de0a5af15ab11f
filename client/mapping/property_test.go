package mapping

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Sorting in files gives what sorting in memory gives.
func TestSorterSpills(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		size := func(text string) int { return 30 + len(text) }
		spilling, holding := newSorter(dir, 300, size), newSorter(dir, 1<<20, size)
		defer spilling.close()
		groups := rapid.SliceOfN(rapid.StringMatching(`[a-c]{0,3}`), 0, 60).Draw(t, "groups")
		for i, group := range groups {
			for _, s := range []*sorter[string]{spilling, holding} {
				if err := s.add(group, int64(i), fmt.Sprint(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(groups) > 10 && len(spilling.runs) == 0 {
			t.Fatal("nothing was written to files")
		}
		if diff := cmp.Diff(all(t, holding), all(t, spilling)); diff != "" {
			t.Errorf("(-in memory +in files)\n%s", diff)
		}
	})
}

func all(t *rapid.T, s *sorter[string]) (list []string) {
	var last sorted[string]
	err := s.each(func(it sorted[string]) error {
		if len(list) > 0 && last.compare(it) >= 0 {
			t.Errorf("%v comes before %v", last, it)
		}
		last = it
		list = append(list, fmt.Sprintf("%s/%d/%s", it.group, it.row, it.data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Whatever the standard library writes as CSV is read back as it was.
func TestCellsReadBack(t *testing.T) {
	t.Parallel()
	cell := rapid.StringMatching(`[a-z,;"\n é]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		delimiter := rapid.SampledFrom([]rune(",;\t|")).Draw(t, "delimiter")
		width := rapid.IntRange(2, 4).Draw(t, "width")
		want := rapid.SliceOfN(rapid.SliceOfN(cell, width, width), 1, 10).Draw(t, "records")
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.Comma, w.UseCRLF = delimiter, false
		if err := w.WriteAll(want); err != nil {
			t.Fatal(err)
		}
		c := &cells{lines: newLines(&text), delimiter: byte(delimiter), width: width}
		for _, record := range want {
			got, err := c.next()
			if err != nil || got.fault != "" {
				t.Fatalf("%q: %v %s", record, err, got.fault)
			}
			if diff := cmp.Diff(record, got.cells); diff != "" {
				t.Fatalf("(-written +read)\n%s", diff)
			}
		}
	})
}

// A bad line, wherever it stands, takes none of the good ones with it.
func TestBadLinesAreAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		good := rapid.IntRange(1, 20).Draw(t, "good")
		bad := rapid.MapOf(rapid.IntRange(0, good), rapid.SampledFrom([]string{
			`"never closed,x`, `x,"never closed`, `"a"b,c`, `one cell`, `a,b,c`, "\xff\xfe,x",
		})).Draw(t, "bad")
		text := "userId,name\n"
		for i := range good + 1 {
			if line, ok := bad[i]; ok {
				text += line + "\n"
			}
			if i < good {
				text += fmt.Sprintf("u%d,n%d\n", i, i)
			}
		}
		found := 0
		r := &Reader{Kind: Customers, Format: "csv", ID: testID}
		err := r.Read(strings.NewReader(text), func(item Item) error {
			if strings.Contains(string(item.JSON), fmt.Sprintf(`"userId":"u%d"`, found)) {
				found++
			}
			return nil
		})
		if err != nil || found != good || r.Bad != int64(len(bad)) {
			t.Errorf("%v: %d of %d rows, %d of %d bad ones\n%s", err, found, good, r.Bad, len(bad), text)
		}
	})
}

// The items of a file of groups are the same whatever memory there is for them.
func TestGroupsInLittleMemory(t *testing.T) {
	t.Parallel()
	m, err := Parse("m.yaml", []byte("userId: u\nevent: Bought\ntimestamp: {column: t, layout: unix}\ngroup: g\nproperties: {n: {column: n, sum: true}}\nproducts: {id: n}\n"), Events)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := "u,t,g,n\n"
		for i, g := range rapid.SliceOfN(rapid.IntRange(0, 8), 0, 60).Draw(t, "groups") {
			text += fmt.Sprintf("u%d,1763803800,g%d,%d\n", g%3, g, i)
		}
		got := map[int]string{}
		for _, memory := range []int{200, 1 << 20} {
			r := &Reader{Kind: Events, Format: "csv", Mapping: m, ID: testID, TempDir: dir, Memory: memory}
			if err := r.Read(strings.NewReader(text), func(item Item) error {
				got[memory] += fmt.Sprintf("%d %d %s\n", item.Line, item.Rows, item.JSON)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(got[1<<20], got[200]); diff != "" {
			t.Errorf("(-much +little)\n%s", diff)
		}
	})
}

// Any bytes are read to their end: every row becomes an item or is told.
func FuzzRead(f *testing.F) {
	f.Add([]byte("userId,name\n1,\"Ann\n2,Ben\n"), false)
	f.Add([]byte("a;b\r\n\"1\";\"2\"\"\"\r\n"), false)
	f.Add([]byte("{\"userId\":\"1\",\"event\":\"x\",\"timestamp\":\"2026-11-22\"}\n{\n"), true)
	f.Add([]byte("\x1f\x8b\x08\x00"), false)
	f.Add([]byte("\xff\xfea\x00\n\x00"), false)
	f.Fuzz(func(t *testing.T, text []byte, ndjson bool) {
		r := &Reader{Kind: Events, Format: "csv", ID: testID, Mapping: &Mapping{
			UserID: &Value{Column: "userId"}, Event: []Case{{Name: "x"}}, Timestamp: &Time{Column: "timestamp"},
			Columns: []string{"userId", "timestamp", "n"}, Properties: map[string]Value{"n": {Column: "n", As: "number"}, "m": {Multiply: []string{"n", "n"}}},
		}}
		if ndjson {
			r.Format, r.Mapping.Columns = "ndjson", nil
		}
		var items, told int64
		r.OnBad = func(Bad) { told++ }
		err := r.Read(bytes.NewReader(text), func(item Item) error {
			if items++; item.JSON == nil {
				told--
			}
			return nil
		})
		if err == nil && (items != r.Rows || told != 0) {
			t.Errorf("%d rows, %d items, %d told too much", r.Rows, items, told)
		}
	})
}

// Any text is a mapping or is refused with a place.
func FuzzParse(f *testing.F) {
	f.Add("userId: a\nevent: b\ntimestamp: {column: c, layout: YYYY, zone: UTC}\n")
	f.Add("userId: {text: '{a}'}\nevent: [{when: {column: a, is: b}, name: c}, d]\ntimestamp: c\ngroup: a\nproperties: {a: {add: [b], sum: true}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Parse("m.yaml", []byte(text), Events)
		if err == nil {
			_ = (&Reader{Kind: Events, Format: "csv", Mapping: m, ID: testID, TempDir: t.TempDir()}).Read(strings.NewReader("a,b,c\n1,2,3\n"), func(Item) error { return nil })
		} else if !strings.Contains(err.Error(), "m.yaml:") {
			t.Errorf("no place: %v", err)
		}
	})
}
