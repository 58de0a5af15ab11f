package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/client"
	"rapport/client/mapping"
)

// desk is a server that takes in rows as the real one does, and has its moods.
type desk struct {
	*httptest.Server
	mu       sync.Mutex
	marks    map[string]int64
	taken    []string // message ids
	requests int
	before   func(request int) int // returns a status to answer with, or 0
	after    func(request int)     // after the rows were taken in
	refuse   string                // events with this in them are refused
	repeated []int64               // rows that it knows from elsewhere
	known    []string              // customers
}

func newDesk(t *testing.T) *desk {
	d := &desk{marks: map[string]int64{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/imports/{id}", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		fmt.Fprintf(w, `{"rows":%d}`, d.marks[r.PathValue("id")])
	})
	mux.HandleFunc("POST /v1/imports/{id}/rows", d.rows)
	mux.HandleFunc("GET /v1/customers/{id}", func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(d.known, r.PathValue("id")) {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	d.Server = httptest.NewServer(mux)
	t.Cleanup(d.Close)
	return d
}

func (d *desk) rows(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests++
	if d.before != nil {
		if status := d.before(d.requests); status != 0 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(status)
			return
		}
	}
	var body struct {
		From   int64
		Events []json.RawMessage
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.ContentLength > 4<<20 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	id := r.PathValue("id")
	if body.From > d.marks[id] {
		w.WriteHeader(http.StatusConflict)
		return
	}
	refused := []map[string]any{}
	for i, event := range body.Events {
		row := body.From + int64(i)
		switch {
		case row < d.marks[id] || string(event) == "null":
		case d.refuse != "" && bytes.Contains(event, []byte(d.refuse)):
			refused = append(refused, map[string]any{"row": row, "code": "event_odd", "detail": "The event is odd."})
		default:
			var e struct{ MessageID string }
			_ = json.Unmarshal(event, &e)
			d.taken = append(d.taken, e.MessageID)
		}
	}
	d.marks[id] = max(d.marks[id], body.From+int64(len(body.Events)))
	if d.after != nil {
		d.after(d.requests)
	}
	repeated := slices.DeleteFunc(slices.Clone(d.repeated), func(row int64) bool { return row < body.From || row >= d.marks[id] })
	_ = json.NewEncoder(w).Encode(map[string]any{"rows": d.marks[id], "refused": refused, "repeated": repeated})
}

// each fails unless every message id was taken in once.
func (d *desk) each(t *testing.T, want int) {
	t.Helper()
	once := map[string]bool{}
	for _, id := range d.taken {
		once[id] = true
	}
	if len(once) != want || len(d.taken) != want {
		t.Errorf("%d events, %d different ones, want %d", len(d.taken), len(once), want)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// visits is a file of n events, of which the bad ones have no time.
func visits(n int, bad ...int) string {
	lines := []string{"user_id,event,timestamp,page"}
	for i := range n {
		at := "2026-11-22T09:30:00Z"
		for _, b := range bad {
			if b == i {
				at = "then"
			}
		}
		lines = append(lines, fmt.Sprintf("u%d,Visited,%s,p%d-", i%7, at, i))
	}
	return strings.Join(lines, "\n") + "\n"
}

func run(ctx context.Context, d *desk, o client.ImportOptions) (out, diag string, err error) {
	var told, complained bytes.Buffer
	o.Kind = mapping.Events
	err = client.New(d.URL, "key").Import(ctx, o, &told, &complained)
	return strings.ReplaceAll(told.String(), o.File, "FILE"), strings.ReplaceAll(complained.String(), o.File, "FILE"), err
}

func TestImport(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.refuse = "p9-"
	o := client.ImportOptions{File: write(t, "v.csv", visits(100, 3, 50)), Batch: 30, Report: filepath.Join(t.TempDir(), "report")}
	out, diag, err := run(t.Context(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("FILE: 100 rows, 97 events taken in, 3 rows bad\n        97  Visited\n", out); diff != "" {
		t.Errorf("(-want +told)\n%s", diff)
	}
	for _, want := range []string{"FILE:5: column \"timestamp\" is no time", "FILE:11: The event is odd.", "FILE:52: column"} {
		if !strings.Contains(diag, want) {
			t.Errorf("%q is not told:\n%s", want, diag)
		}
	}
	first := report(t, o.Report)
	if len(first) != 3 || d.requests != 4 {
		t.Errorf("%d lines, %d requests", len(first), d.requests)
	}
	d.each(t, 97)

	out, _, err = run(t.Context(), d, o)
	if want := "FILE: 100 rows, 0 events taken in, 2 rows bad\nthe whole file had been taken in before: nothing has changed\n"; err != nil || out != want {
		t.Errorf("again: %v\n%s", err, out)
	}
	if diff := cmp.Diff(first, report(t, o.Report)); diff != "" {
		t.Errorf("the report after the second run (-first +second)\n%s", diff)
	}
	d.each(t, 97)
}

// report returns the lines of a report as a set.
func report(t *testing.T, name string) map[string]int {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	set := map[string]int{}
	for line := range strings.Lines(string(text)) {
		set[line]++
	}
	return set
}

// A report keeps what the server refused in earlier runs of the import, each once, and
// nothing of others, however long it has become.
func TestReportKeepsWhatWasRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.refuse = "p9-"
	o := client.ImportOptions{File: write(t, "v.csv", visits(100, 3, 50)), Report: filepath.Join(t.TempDir(), "report")}
	if _, _, err := run(t.Context(), d, o); err != nil {
		t.Fatal(err)
	}
	var refused string
	first := report(t, o.Report)
	for line := range first {
		if strings.Contains(line, "event_odd") {
			refused = line
		}
	}
	var long strings.Builder
	want := map[string]int{}
	for i := range 20_000 {
		ours := strings.Replace(refused, `"line":11`, fmt.Sprintf(`"line":%d`, 1000+i/2), 1) // each twice
		want[ours] = 1
		long.WriteString("nothing\n" + ours + strings.Replace(ours, `"import":"`, `"import":"another`, 1))
	}
	maps.Copy(want, first)
	delete(want, refused) // it was not in what is there now, and is not sent again
	if err := os.WriteFile(o.Report, []byte(long.String()+"cut"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := run(t.Context(), d, o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, report(t, o.Report)); diff != "" {
		t.Errorf("(-want +report)\n%.2000s", diff)
	}
}

// An import that is interrupted goes on where the server's mark stands, also if the
// server's last answer was lost.
func TestImportGoesOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := client.ImportOptions{File: write(t, "v.csv", visits(100)), Batch: 10}
	ctx, stop := context.WithCancel(t.Context())
	d.after = func(request int) {
		if request == 4 {
			stop()
		}
	}
	_, _, err := run(ctx, d, o)
	if err == nil || !strings.Contains(err.Error(), "interrupted; run the same command again to go on") {
		t.Fatalf("interrupted: %v", err)
	}
	d.each(t, 40)
	out, _, err := run(t.Context(), d, o)
	if want := "FILE: 100 rows, 60 events taken in\n        60  Visited\nthe first 40 rows had been taken in before\n"; err != nil || out != want {
		t.Errorf("%v\n%s", err, out)
	}
	d.each(t, 100)
	if d.requests != 10 {
		t.Errorf("%d requests, want 10", d.requests)
	}
}

// What another file has told before is told apart from what is new.
func TestImportTellsWhatWasThere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.repeated = []int64{2, 41, 42}
	out, _, err := run(t.Context(), d, client.ImportOptions{File: write(t, "v.csv", visits(50, 3)), Batch: 40})
	if want := "FILE: 50 rows, 46 events taken in, 3 rows told by another file before, 1 row bad\n        46  Visited\n"; err != nil || out != want {
		t.Errorf("%v\n%s", err, out)
	}
}

// A server that is busy is asked again.
func TestImportWaits(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.before = func(request int) int {
		switch request % 3 {
		case 1:
			return http.StatusTooManyRequests
		case 2:
			return http.StatusServiceUnavailable
		}
		return 0
	}
	if _, _, err := run(t.Context(), d, client.ImportOptions{File: write(t, "v.csv", visits(100)), Batch: 50}); err != nil {
		t.Error(err)
	}
	d.each(t, 100)
}

func TestImportFails(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.before = func(request int) int {
		if request > 2 {
			return http.StatusForbidden
		}
		return 0
	}
	folder := t.TempDir()
	for name, c := range map[string]struct {
		o    client.ImportOptions
		want string
	}{
		"strict":     {client.ImportOptions{File: write(t, "v.csv", visits(3, 1)), Strict: true}, "1 row of FILE can't be taken in as they are"},
		"no file":    {client.ImportOptions{File: filepath.Join(folder, "none")}, "the file can't be read: open FILE: no such file or directory"},
		"a folder":   {client.ImportOptions{File: folder}, "there are no files in FILE"},
		"a pipe":     {client.ImportOptions{File: os.DevNull}, "FILE is no file: an import reads it twice, so write what comes out of a pipe to a file first"},
		"no mapping": {client.ImportOptions{File: write(t, "v.csv", ""), Mapping: "none"}, "the mapping can't be read: open none: no such file or directory"},
		"no names":   {client.ImportOptions{File: write(t, "v.csv", "ana@example.com,Ana\nben@example.com,Ben\n"), Mapping: write(t, "m.yaml", "userId: mail\ntimestamp: at\nevent: Seen\n")}, `the first line does not name the columns, it tells of somebody: name them with "columns" in the mapping`},
		"no report":  {client.ImportOptions{File: write(t, "v.csv", visits(1)), Report: folder}, "the report can't be written: open " + folder + ": is a directory"},
		"empty":      {client.ImportOptions{File: write(t, "v.csv", "")}, "the file is empty: its first line should name the columns"},
	} {
		_, _, err := run(t.Context(), d, c.o)
		if err == nil || strings.ReplaceAll(err.Error(), c.o.File, "FILE") != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, err := run(t.Context(), d, client.ImportOptions{File: write(t, "v.csv", visits(30)), Batch: 10})
	if err == nil || !strings.Contains(err.Error(), "10 rows of this run stay taken in") {
		t.Errorf("refused in the middle: %v", err)
	}
}

// A dry run needs no server.
func TestImportDry(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Close()
	out, diag, err := run(t.Context(), d, client.ImportOptions{File: write(t, "v.csv", visits(5, 0)), Dry: true})
	if err != nil {
		t.Fatal(err)
	}
	want := `FILE: 5 rows, 4 events would be sent, 1 row bad
         4  Visited
customers   4; whether they are known the server can't be asked
time        2026-11-22T09:30:00.000Z to 2026-11-22T09:30:00.000Z
currencies  none
consents    none
bad rows    1: column "timestamp" is no time with its zone, as in 2026-11-22T09:30:00Z; a mapping can say another "layout" and a "zone"
refused     none
altered     none
not used    none
{"type":"track","event":"Visited",`
	if !strings.HasPrefix(out, want) || strings.Count(out, "\n") != 13 {
		t.Errorf("(-want +told)\n%s", cmp.Diff(want, out))
	}
	if !strings.Contains(diag, "FILE:2: ") {
		t.Error(diag)
	}
}

const dryMapping = `
userId: who
timestamp: {column: at, layout: YYYY-MM-DD, zone: UTC}
event: {column: what}
group: order
properties: {currency: money}
products: {sku: sku}
consents: {marketing.email: mail, location: place}
`

// A dry run tells all that would come of a file, of the server whom it knows and what
// it has taken in, and sends nothing.
func TestImportDryTellsAll(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.known = []string{"ana"}
	rows := "order,who,at,what,money,sku,mail,place,shelf,note\n" +
		"1,ana,2026-01-02,Bought,EUR,A,yes,no,,\n1,ana,2026-01-02,Bought,EUR,B,yes,no,,\n1,eve,2026-01-02,Bought,EUR,B,yes,no,,\n" +
		"2,ben,2026-01-05,Bought,SGD,A,no,,,\n3,ben,2026-01-04,Returned,SGD,A,,,,\n4,ben,soon,Bought,SGD,A,,,,\n5,null,2026-01-03,Bought,JPY,A,,,,\n"
	o := client.ImportOptions{File: write(t, "v.csv", rows), Mapping: write(t, "m.yaml", strings.Replace(dryMapping, "event: {column: what}", "event:\n  - {column: what}", 1))}
	dry := o
	dry.Dry = true
	out, diag, err := run(t.Context(), d, dry)
	if err != nil || d.requests != 0 {
		t.Fatal(err, d.requests)
	}
	want := `FILE: 7 rows, 3 events would be sent, 3 rows bad
         2  Bought
         1  Returned
customers   2: 1 known, 1 new
time        2026-01-02T00:00:00.000Z to 2026-01-05T00:00:00.000Z
currencies  EUR in 1 event; SGD in 2 events
consents    location: 0 yes, 1 no; marketing by email: 1 yes, 1 no
bad rows    1: column "at" is no time written as YYYY-MM-DD
            1: the customer or the event is another one than in line …, the first of the same group
refused     1: An id (messageId, userId, anonymousId or previousId) is no id`
	if !strings.HasPrefix(out, want) || !strings.Contains(out, "\naltered     none\nnot used    note, shelf\n{") {
		t.Errorf("(-want +told)\n%s", cmp.Diff(want, out))
	}
	if lines := strings.Count(diag, "\n"); lines != 3 || !strings.Contains(diag, "FILE:8: An id ") {
		t.Error(diag)
	}

	if _, _, err := run(t.Context(), d, o); err != nil {
		t.Fatal(err)
	}
	if out, _, err = run(t.Context(), d, dry); err != nil || !strings.Contains(out, "\nbefore      all of it has been taken in: importing it again changes nothing\n") {
		t.Error(out, err)
	}
}

// Of a folder each file is an import of its own, packed or not and whatever its name; a
// file that is added later is all that is taken in then.
func TestImportFolder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	folder := t.TempDir()
	put := func(name, text string) {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	line := func(id, kind string) string {
		return fmt.Sprintf(`{"type":%q,"event":"Visited","messageId":%q,"userId":"ana","timestamp":"2026-01-02T10:00:00Z","receivedAt":"2026-01-02T10:00:01Z"}`+"\n", kind, id)
	}
	put("1767312000000/part-0.gz", packed(t, line("a", "track")+line("b", "page")))
	put("1767398400000/part-0.json", line("c", "identify")+"{\n"+line("d", "audit"))
	put("1767398400000/_SUCCESS", "")
	put(".state", "not ours")
	put("empty.json", "")
	o := client.ImportOptions{File: folder, Dry: true, Report: filepath.Join(t.TempDir(), "report")}
	out, _, err := run(t.Context(), d, o)
	want := `FILE: 2 files, 5 rows, 3 events would be sent, 2 rows bad
         1  Identified
         1  Page Viewed
         1  Visited
customers   1: 0 known, 1 new
time        2026-01-02T10:00:00.000Z to 2026-01-02T10:00:00.000Z
currencies  none
consents    none
bad rows    1: the line is not a JSON object
refused     1: The type is none of identify, track, page, screen, group and alias.
altered     none
not used    none
`
	if err != nil || !strings.HasPrefix(out, want) || d.requests != 0 {
		t.Errorf("%v (-want +told)\n%s", err, cmp.Diff(want, out))
	}
	if lines := report(t, o.Report); len(lines) != 2 {
		t.Error(lines)
	}
	o.Dry, o.Report, d.refuse = false, filepath.Join(t.TempDir(), "report"), "audit"
	for range 2 {
		if out, _, err = run(t.Context(), d, o); err != nil {
			t.Fatal(err)
		}
		d.each(t, 3)
	}
	if !strings.Contains(out, "FILE: 2 files, 5 rows, 0 events taken in, 1 row bad\n") {
		t.Error(out)
	}
	if lines := report(t, o.Report); len(lines) != 2 {
		t.Error(lines)
	}
	put("1767484800000/part-0.gz", packed(t, line("e", "track")))
	if out, _, err = run(t.Context(), d, o); err != nil || !strings.Contains(out, "FILE: 3 files, 6 rows, 1 event taken in, 1 row bad\n") {
		t.Error(out, err)
	}
	d.each(t, 4)
}

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Another mapping makes another import; packing a file does not.
func TestImportIsNamedAfterContents(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	mapped := write(t, "m.yaml", "userId: user_id\nevent: Seen\ntimestamp: timestamp\n")
	for _, o := range []client.ImportOptions{
		{File: write(t, "a.csv", visits(10))}, {File: write(t, "b.csv", visits(10))}, {File: write(t, "c.csv", visits(10)), Mapping: mapped},
	} {
		if _, _, err := run(t.Context(), d, o); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.marks) != 2 {
		t.Errorf("%d imports, want 2", len(d.marks))
	}
	d.each(t, 20)
}
