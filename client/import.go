package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"rapport"
	"rapport/client/mapping"
)

// ImportOptions say how a file is imported.
type ImportOptions struct {
	Kind    mapping.Kind
	File    string
	Mapping string // a file; empty for the usual names of columns
	Report  string // a file for the bad rows, one JSON object a line; empty for none
	Strict  bool   // fail if there are bad rows
	Dry     bool   // send nothing, show what would be sent
	Batch   int    // items of one request; 500 unless said
}

// Import takes a file in: it is read, mapped and sent to the server, which keeps
// a mark of how far it has come. So an import that was interrupted goes on where it
// stood, and one that is done changes nothing when it is run again. What came of
// it is told to out; progress and bad rows, with line and reason, to diag. It fails
// if the file as a whole can't be taken in, or with Strict if a row is bad.
func (c *Client) Import(ctx context.Context, o ImportOptions, out, diag io.Writer) error {
	im, err := newImporter(c, o, diag)
	if err != nil {
		return err
	}
	if err := im.identify(ctx); err != nil {
		return err
	}
	if im.report, err = openReport(o.Report, o.File, im.id); err != nil {
		return err
	}
	err = im.run(ctx)
	im.progress.end()
	if closed := im.report.close(); err == nil {
		err = closed
	}
	if err != nil {
		return im.stopped(ctx, err)
	}
	im.tell(out)
	if bad := im.reader.Bad + im.refused; o.Strict && bad > 0 {
		return rapport.Errorf(rapport.Invalid, "%s of %s can't be taken in as they are", count(bad, "row"), o.File)
	}
	return nil
}

// importer is one run of an import.
type importer struct {
	client   *Client
	options  ImportOptions
	text     []byte // of the mapping
	reader   mapping.Reader
	id       string
	size     int64 // bytes of the file, as it stands on disk
	report   *report
	progress *progress
	diag     io.Writer

	at      int64 // items that were read
	mark    int64 // items that the server has taken in
	before  int64 // mark when the run began
	batch   []mapping.Item
	bytes   int // of batch
	refused int64
	names   map[string]int64 // events by name, nothing and bad ones left out
	sample  []json.RawMessage
}

func newImporter(c *Client, o ImportOptions, diag io.Writer) (*importer, error) {
	if o.Batch == 0 {
		o.Batch = 500
	}
	im := &importer{client: c, options: o, diag: diag, names: map[string]int64{}, progress: newProgress(diag)}
	im.reader = mapping.Reader{Kind: o.Kind, Format: formatOf(o.File), OnBad: im.bad}
	if o.Mapping == "" {
		return im, nil
	}
	var err error
	if im.text, err = os.ReadFile(o.Mapping); err != nil {
		return nil, rapport.Errorf(rapport.Invalid, "the mapping can't be read: %w", err)
	}
	im.reader.Mapping, err = mapping.Parse(o.Mapping, im.text, o.Kind)
	return im, err
}

// formatOf tells the format of a file from its name.
func formatOf(name string) string {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	for _, ending := range [...]string{".ndjson", ".jsonl", ".json"} {
		if strings.HasSuffix(name, ending) {
			return "ndjson"
		}
	}
	return "csv"
}

func (im *importer) open() (*os.File, error) {
	f, err := os.Open(im.options.File)
	if err != nil {
		return nil, rapport.Errorf(rapport.Invalid, "the file can't be read: %w", err)
	}
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, rapport.Errorf(rapport.Invalid, "%s is no file: an import reads it twice, so write what comes out of a pipe to a file first", im.options.File)
	}
	return f, nil
}

// identify names the import after its file's contents and its mapping. Another
// mapping makes another import.
func (im *importer) identify(ctx context.Context) error {
	f, err := im.open()
	if err != nil {
		return err
	}
	defer f.Close()
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\x00%d\x00%s\x00%s\x00", im.options.Kind, len(im.text), im.text, im.reader.Format)
	text, err := mapping.Unpack(&countingReader{ctx: ctx, r: f, n: &im.size}, "")
	if err != nil {
		return err
	}
	if _, err := io.Copy(hash, text); err != nil {
		return rapport.Errorf(rapport.Invalid, "the file can't be read to its end: %w", err)
	}
	im.id = hex.EncodeToString(hash.Sum(nil))[:32]
	im.reader.ID = im.id
	return nil
}

// countingReader counts what is read, and fails once its context ends.
type countingReader struct {
	ctx  context.Context
	r    io.Reader
	n    *int64
	then func() // after each read; may be nil
}

// Read reads and counts.
func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	*c.n += int64(n)
	if c.then != nil {
		c.then()
	}
	return n, err
}

// importState is the server's answer.
type importState struct {
	Rows    int64 `json:"rows"`
	Refused []struct {
		Row    int64  `json:"row"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
	} `json:"refused"`
}

func (im *importer) path() string { return "/v1/imports/" + url.PathEscape(im.id) }

func (im *importer) run(ctx context.Context) error {
	if !im.options.Dry {
		var state importState
		if err := im.client.Call(ctx, "GET", im.path(), nil, &state); err != nil {
			return err
		}
		im.mark, im.before = state.Rows, state.Rows
	}
	f, err := im.open()
	if err != nil {
		return err
	}
	defer f.Close()
	im.progress.begin(im.size, "row")
	var read int64
	counted := &countingReader{ctx: ctx, r: f, n: &read, then: func() { im.progress.show(read, im.reader.Rows) }}
	if err := im.reader.Read(counted, func(item mapping.Item) error { return im.take(ctx, item) }); err != nil {
		return err
	}
	return im.send(ctx)
}

// maxRequest is how many bytes of events a request may hold; the server takes
// in 4 MB.
const maxRequest = 3 << 20

// sampled is how many events a dry run shows.
const sampled = 3

// take puts an item into the batch that is to be sent.
func (im *importer) take(ctx context.Context, item mapping.Item) error {
	if groups := im.reader.Groups; groups > 0 {
		if im.at == 0 {
			im.progress.begin(groups, im.noun())
		}
		im.progress.show(im.at, im.at)
	}
	if im.at++; im.at <= im.mark {
		return ctx.Err() // it is there already
	}
	if item.JSON != nil {
		im.names[item.Name]++
	}
	if im.options.Dry {
		if item.JSON != nil && len(im.sample) < sampled {
			im.sample = append(im.sample, item.JSON)
		}
		return ctx.Err()
	}
	im.batch = append(im.batch, item)
	if im.bytes += len(item.JSON) + 8; len(im.batch) < im.options.Batch && im.bytes < maxRequest {
		return nil
	}
	return im.send(ctx)
}

// send sends the batch. It may be sent again: the server passes over what it has
// taken in before.
func (im *importer) send(ctx context.Context) error {
	if len(im.batch) == 0 {
		return nil
	}
	events := make([]json.RawMessage, len(im.batch))
	for i, item := range im.batch {
		events[i] = item.JSON // nil becomes null
	}
	from := im.at - int64(len(im.batch))
	state, err := im.post(ctx, map[string]any{"from": from, "events": events})
	if err != nil {
		return err
	}
	for _, r := range state.Refused {
		if i := r.Row - from; i >= 0 && i < int64(len(im.batch)) {
			im.refuse(im.batch[i], r.Code, r.Detail)
		}
	}
	im.mark = max(im.mark, state.Rows)
	im.batch, im.bytes = im.batch[:0], 0
	return nil
}

// patience is how often a request is tried while the server can't be reached, a
// second longer each time: long enough for it to be started anew.
const patience = 6

func (im *importer) post(ctx context.Context, body any) (state importState, err error) {
	for try := range patience {
		err = im.client.Call(ctx, "POST", im.path()+"/rows", body, &state)
		if rapport.KindOf(err) != rapport.Unavailable || err == nil || try == patience-1 {
			break
		}
		if err := sleep(ctx, time.Duration(try)*time.Second); err != nil {
			return state, err
		}
	}
	return state, err
}

// bad tells of a row of which nothing could be made.
func (im *importer) bad(b mapping.Bad) {
	im.progress.clear()
	im.report.add(im.diag, b)
}

// refuse tells of an event that the server does not take in.
func (im *importer) refuse(item mapping.Item, code, detail string) {
	im.refused += item.Rows
	im.names[item.Name]--
	im.bad(mapping.Bad{Line: item.Line, Code: code, Reason: detail})
}

// stopped says what is to be done after a failure.
func (im *importer) stopped(ctx context.Context, err error) error {
	said := fmt.Sprintf("; run the same command again to go on: %s", count(im.mark-im.before, im.unit())+" of this run stay taken in")
	switch {
	case im.options.Dry:
		said = ""
	case ctx.Err() != nil:
		return rapport.Errorf(rapport.Unavailable, "interrupted%s", said)
	case im.mark == im.before:
		said = ""
	}
	var known *rapport.Error
	if said == "" || !errors.As(err, &known) {
		return err
	}
	return &rapport.Error{Kind: known.Kind, Message: known.Message + said, Err: err}
}

// tell says what came of it.
func (im *importer) tell(out io.Writer) {
	o := im.options
	verb := "taken in"
	if o.Dry {
		verb = "would be sent"
	}
	fmt.Fprintf(out, "%s: %s, %s", o.File, count(im.reader.Rows, "row"), count(im.events(), im.noun())+" "+verb)
	for _, part := range [...]struct {
		n    int64
		text string
	}{{im.reader.Skipped, "left out by the mapping"}, {im.reader.Bad + im.refused, "bad"}} {
		if part.n > 0 {
			fmt.Fprintf(out, ", %s %s", count(part.n, "row"), part.text)
		}
	}
	fmt.Fprintln(out)
	for _, name := range slices.Sorted(maps.Keys(im.names)) {
		if name != "" && im.names[name] > 0 {
			fmt.Fprintf(out, "%10s  %s\n", grouped(im.names[name]), name)
		}
	}
	switch {
	case o.Dry:
		for _, event := range im.sample {
			fmt.Fprintf(out, "%s\n", event)
		}
	case im.before >= im.at && im.at > 0:
		fmt.Fprintln(out, "the whole file had been taken in before: nothing has changed")
	case im.before > 0:
		fmt.Fprintf(out, "the first %s had been taken in before\n", count(im.before, im.unit()))
	}
}

// noun is what the rows tell of.
func (im *importer) noun() string {
	if im.options.Kind == mapping.Customers {
		return "customer"
	}
	return "event"
}

// unit is what the server's mark counts.
func (im *importer) unit() string {
	if im.reader.Groups > 0 {
		return im.noun()
	}
	return "row"
}

func (im *importer) events() (n int64) {
	for _, k := range im.names {
		n += k
	}
	return n
}
