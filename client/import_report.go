package client

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"rapport"
	"rapport/client/mapping"
)

// told is how many bad rows are told to a person; a report holds all.
const told = 20

// report is where bad rows are told. Its file keeps what earlier runs of the same
// import found, since a row that the server has refused is not sent again.
type report struct {
	file   string // that is imported
	id     string
	told   int
	out    *os.File
	writer *bufio.Writer
	known  map[string]bool
	whole  bool // lines of other imports are kept too: the report is a whole folder's
}

// reported is a line of the file.
type reported struct {
	Import string `json:"import"`
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

func openReport(name, file, id string, whole bool) (*report, error) {
	r := &report{file: file, id: id, known: map[string]bool{}, whole: whole}
	if name == "" {
		return r, nil
	}
	earlier, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, reportFailed(err)
	}
	if r.out, err = os.Create(name); err != nil {
		return nil, reportFailed(err)
	}
	r.writer = bufio.NewWriter(r.out)
	r.keep(earlier)
	return r, nil
}

func reportFailed(err error) error {
	return rapport.Errorf(rapport.Invalid, "the report can't be written: %w", err)
}

// keep takes over the lines of an earlier run of the same import, or folder.
func (r *report) keep(text []byte) {
	for line := range bytes.Lines(text) {
		var old reported
		if json.Unmarshal(line, &old) == nil && (r.whole || old.Import == r.id) {
			r.write(old)
		}
	}
}

// add tells of a bad row, to diag with what a person needs to find it.
func (r *report) add(diag io.Writer, b mapping.Bad) {
	r.write(reported{r.id, r.file, b.Line, b.Code, b.Reason})
	switch r.told++; {
	case r.told <= told:
		fmt.Fprintf(diag, "%s:%d: %s\n", r.file, b.Line, b.Reason)
	case r.told == told+1 && r.out == nil:
		fmt.Fprintln(diag, "there are more bad rows: --report FILE writes all of them to a file")
	case r.told == told+1:
		fmt.Fprintln(diag, "there are more bad rows: the report has all of them")
	}
}

func (r *report) write(line reported) {
	if r.out == nil {
		return
	}
	text, err := json.Marshal(line)
	if err != nil || r.known[string(text)] {
		return
	}
	r.known[string(text)] = true
	_, _ = r.writer.Write(append(text, '\n')) // it keeps the first error for close
}

func (r *report) close() error {
	if r.out == nil {
		return nil
	}
	if err := errors.Join(r.writer.Flush(), r.out.Close()); err != nil {
		return reportFailed(err)
	}
	return nil
}
