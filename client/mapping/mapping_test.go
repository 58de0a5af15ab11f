package mapping

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// outcome is what reading a file came to.
type outcome struct{ items, bad, counts string }

const testID = "0123456789abcdef0123"

func read(t testing.TB, r *Reader, text string) (o outcome) {
	t.Helper()
	r.ID, r.TempDir = testID, t.TempDir()
	r.OnBad = func(b Bad) { o.bad += fmt.Sprintln(b.Line, b.Code, b.Reason) }
	err := r.Read(strings.NewReader(text), func(item Item) error {
		o.items += strings.TrimSpace(fmt.Sprintf("%d %s", item.Line, item.JSON)) + "\n"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o.counts = fmt.Sprintf("rows %d skipped %d bad %d\n", r.Rows, r.Skipped, r.Bad)
	return o
}

func TestRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/read/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string]string{}
			for _, f := range archive.Files {
				parts[f.Name] = string(f.Data)
			}
			kind := Events
			if parts["kind"] != "" {
				kind = Kind(strings.TrimSpace(parts["kind"]))
			}
			r := &Reader{Kind: kind, Format: "csv"}
			in := parts["in.csv"]
			if in == "" {
				r.Format, in = "ndjson", parts["in.ndjson"]
			}
			if text := parts["mapping.yaml"]; text != "" {
				if r.Mapping, err = Parse("mapping.yaml", []byte(text), kind); err != nil {
					t.Fatal(err)
				}
			}
			want := outcome{parts["items"], parts["bad"], parts["counts"]}
			if diff := cmp.Diff(want, read(t, r, in), cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestRefusedMappings(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/refused/mappings.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, cases, _ := strings.Cut(string(text), "the cases.\n")
	for i, one := range strings.Split(cases, "===\n") {
		given, want, ok := strings.Cut(one, "\n\n")
		if !ok {
			t.Fatalf("case %d has no words", i)
		}
		m, err := Parse("m.yaml", []byte(given), Events)
		if err == nil {
			t.Errorf("case %d is accepted: %+v", i, m)
			continue
		}
		if diff := cmp.Diff("the mapping is not right:\n"+strings.TrimSpace(want), err.Error()); diff != "" {
			t.Errorf("case %d (-want +got)\n%s", i, diff)
		}
	}
}

// What is wrong with a file as a whole is said before anything is made of it.
func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	m, err := Parse("m.yaml", []byte("userId: customer\nevent: Seen\ntimestamp: at\n"), Events)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		mapping  *Mapping
		in, want string
	}{
		{nil, "", "the file is empty: its first line should name the columns"},
		{nil, "user_id,timestamp\n", `the file has no column "event": say with --mapping which column means what`},
		{nil, "user_id,event,timestamp,a,a.b\n", `the column "a" can't hold "a.b", for it is a value of its own: say with --mapping what they mean`},
		{m, "custommer,at\n", `the file has no column "customer", did you mean "custommer"?`},
		{m, "at,when\n", `the file has no column "customer", only at, when`},
		{m, "at,at\n", `two columns are called "at": give them names of their own with "columns" in the mapping`},
		{m, "\"at\n", "line 1, which should name the columns, can't be read: a quote is never closed"},
		{m, "\x1f\x8bno gzip", "the file can't be read to its end: unexpected EOF"},
	} {
		r := &Reader{Kind: Events, Format: "csv", Mapping: c.mapping, ID: testID}
		err := r.Read(strings.NewReader(c.in), func(Item) error { return errors.New("an item") })
		if err == nil || err.Error() != c.want {
			t.Errorf("%q:\ngot  %v\nwant %s", c.in, err, c.want)
		}
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	const want = `2 {"type":"identify","messageId":"import-0123456789abcdef-0","userId":"1","traits":{"name":"Zoë €"}}` + "\n"
	for encoding, text := range map[string]string{
		"utf-8":        "\xef\xbb\xbfuserId,name\r\n1,Zoë €\r\n",
		"windows-1252": "userId,name\r\n1,Zo\xeb \x80\r\n",
	} {
		m, err := Parse("m.yaml", []byte("userId: userId\ntraits: {name: name}\nencoding: "+encoding), Customers)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, &Reader{Kind: Customers, Format: "csv", Mapping: m}, text); got.items != want {
			t.Errorf("%s: got %swant %s", encoding, got.items, want)
		}
	}
	utf16 := "\xff\xfe"
	for _, r := range "userId\tname\n1\tZoë €\n" {
		utf16 += string([]byte{byte(r), byte(r >> 8)})
	}
	if got := read(t, &Reader{Kind: Customers, Format: "csv"}, utf16); got.items != want {
		t.Errorf("UTF-16: got %swant %s", got.items, want)
	}
	got := read(t, &Reader{Kind: Customers, Format: "csv"}, "userId,name\n1,Zo\xeb\n2,Zoe\n")
	if !strings.HasPrefix(got.bad, "2 row_malformed the line is not text in UTF-8") || !strings.Contains(got.items, `"userId":"2"`) {
		t.Errorf("%+v", got)
	}
}
