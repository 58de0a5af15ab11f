package client

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"rapport"
	"rapport/client/mapping"
)

// ImportOptions say how a file is imported.
type ImportOptions struct {
	Kind    mapping.Kind
	File    string          // or a folder, of which every file is imported as one of its own
	Mapping string          // a file; empty for the usual names of columns
	Report  string          // a file for the bad rows, one JSON object a line; empty for none
	Strict  bool            // fail if there are bad rows
	Dry     bool            // send nothing, tell what would come of it
	AsOf    rapport.Instant // when customers were as a file without times tells them; 0 is the time of the import
	Batch   int             // items of one request; 500 unless said
}

// Import takes a file in: it is read, mapped and sent to the server, which keeps
// a mark of how far it has come. So an import that was interrupted goes on where it
// stood, and one that is done changes nothing when it is run again. What came of
// it is told to out; progress and bad rows, with line and reason, to diag. It fails
// if the file as a whole can't be taken in, or with Strict if a row is bad. Of a
// folder all files are taken in, in the order of their names, each as one of its own.
func (c *Client) Import(ctx context.Context, o ImportOptions, out, diag io.Writer) error {
	files, folder, err := filesOf(o.File)
	if err != nil {
		return err
	}
	p := newPreview()
	whole := summary{of: o.File, names: map[string]int64{}}
	var r *report
	for _, file := range files {
		one := o
		one.File = file
		im, err := newImporter(ctx, c, one, diag)
		if err == nil && r == nil {
			r, err = im.openReport(folder)
		}
		if err == nil {
			im.preview, im.report = p, r
			err = im.runWhole(ctx)
		}
		if err != nil {
			_ = r.close()
			return err
		}
		whole.add(im.summary())
		if !o.Dry {
			im.tell(out)
		}
	}
	if err := r.close(); err != nil {
		return err
	}
	if folder || o.Dry {
		whole.tell(out, o)
	}
	if o.Dry {
		p.tell(ctx, c, o.Kind, out)
	}
	if o.Strict && whole.bad > 0 {
		return rapport.Errorf(rapport.Invalid, "%s of %s can't be taken in as they are", count(whole.bad, "row"), o.File)
	}
	return nil
}

func (im *importer) openReport(folder bool) (*report, error) {
	if folder {
		return openReport(im.options.Report, "")
	}
	return openReport(im.options.Report, im.id)
}

// runWhole runs the import, and says what is to be done if it fails.
func (im *importer) runWhole(ctx context.Context) error {
	err := im.run(ctx)
	im.progress.end()
	if err != nil {
		return im.stopped(ctx, err)
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
	// repeated are rows whose events another file has told before.
	repeated int64
	names    map[string]int64 // events by name, nothing and bad ones left out
	preview  *preview         // of a dry run
}

func newImporter(ctx context.Context, c *Client, o ImportOptions, diag io.Writer) (*importer, error) {
	if o.Batch == 0 {
		o.Batch = 500
	}
	im := &importer{client: c, options: o, diag: diag, names: map[string]int64{}, progress: newProgress(diag)}
	im.reader = mapping.Reader{Kind: o.Kind, Format: formatOf(o.File), AsOf: o.AsOf, OnBad: im.bad}
	if o.Mapping == "" {
		return im, im.identify(ctx)
	}
	var err error
	if im.text, err = os.ReadFile(o.Mapping); err != nil {
		return nil, rapport.Errorf(rapport.Invalid, "the mapping can't be read: %w", err)
	}
	if im.reader.Mapping, err = mapping.Parse(o.Mapping, im.text, o.Kind); err != nil {
		return nil, err
	}
	return im, im.identify(ctx)
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
	unpacked, err := mapping.Unpack(&countingReader{ctx: ctx, r: f, n: &im.size}, "")
	if err != nil {
		return err
	}
	text := bufio.NewReader(unpacked)
	if first, _ := text.Peek(1); string(first) == "{" {
		im.reader.Format = "ndjson" // whatever it is called: archives name their files by hour
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\x00%d\x00%s\x00%s\x00", im.options.Kind, len(im.text), im.text, im.reader.Format)
	if im.options.AsOf != 0 {
		fmt.Fprintf(hash, "as of %d\x00", im.options.AsOf)
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
	Repeated []int64 `json:"repeated"`
}

func (im *importer) path() string { return "/v1/imports/" + url.PathEscape(im.id) }

func (im *importer) run(ctx context.Context) error {
	if err := im.resume(ctx); err != nil {
		return err
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
	if err := im.send(ctx); err != nil {
		return err
	}
	im.preview.read(im)
	return nil
}

// resume asks the server how far the import has come. A dry run needs no server, and
// looks at the whole file.
func (im *importer) resume(ctx context.Context) error {
	var state importState
	switch err := im.ask(ctx, &state); {
	case im.options.Dry:
		im.before = state.Rows
	case err != nil:
		return err
	default:
		im.mark, im.before = state.Rows, state.Rows
	}
	return nil
}

func (im *importer) ask(ctx context.Context, state *importState) error {
	if im.options.Dry && im.client.Key == "" {
		return nil
	}
	return im.client.Call(ctx, "GET", im.path(), nil, state)
}

// maxRequest is how many bytes of events a request may hold; the server takes
// in 4 MB.
const maxRequest = 3 << 20

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
	if im.options.Dry {
		return cmp.Or(im.judge(), ctx.Err())
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
	for _, row := range state.Repeated {
		if i := row - from; i >= 0 && i < int64(len(im.batch)) {
			im.repeated += im.batch[i].Rows
			im.names[im.batch[i].Name]--
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
		if err := Sleep(ctx, time.Duration(try)*time.Second); err != nil {
			return state, err
		}
	}
	return state, err
}

// bad tells of a row of which nothing could be made.
func (im *importer) bad(b mapping.Bad) {
	im.preview.bad.add(b.Reason)
	im.complain(b)
}

func (im *importer) complain(b mapping.Bad) {
	im.progress.clear()
	im.report.add(im.diag, im.id, im.options.File, b)
}

// refuse tells of an event that the server does not take in.
func (im *importer) refuse(item mapping.Item, code, detail string) {
	im.refused += item.Rows
	im.names[item.Name]--
	im.preview.refused.add(detail)
	im.complain(mapping.Bad{Line: item.Line, Code: code, Reason: detail})
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
	s := im.summary()
	s.tell(out, im.options)
	switch {
	case im.before >= im.at && im.at > 0:
		fmt.Fprintln(out, "the whole file had been taken in before: nothing has changed")
	case im.before > 0:
		fmt.Fprintf(out, "the first %s had been taken in before\n", count(im.before, im.unit()))
	}
}

func (im *importer) summary() summary {
	return summary{of: im.options.File, rows: im.reader.Rows, skipped: im.reader.Skipped, repeated: im.repeated, bad: im.reader.Bad + im.refused, names: im.names}
}

// nounOf is what the rows of a kind of file tell of.
func nounOf(kind mapping.Kind) string {
	if kind == mapping.Customers {
		return "customer"
	}
	return "event"
}

func (im *importer) noun() string { return nounOf(im.options.Kind) }

// unit is what the server's mark counts.
func (im *importer) unit() string {
	if im.reader.Groups > 0 {
		return im.noun()
	}
	return "row"
}
