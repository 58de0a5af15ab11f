package client

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"slices"

	"rapport"
	"rapport/client/mapping"
)

// told is how many bad rows are told to a person; a report holds all.
const told = 20

// report is where bad rows are told. Its file keeps which rows the server has refused in
// earlier runs of the same import, or of any file of a folder, since such a row is not
// sent again. What is wrong with other rows is found anew in each run.
type report struct {
	told   int
	out    *os.File
	writer *bufio.Writer
	known  map[uint64]struct{} // hashes of lines that tell of refused rows
}

// knownMost is how many lines are known. Beyond that one may stand twice after another run.
const knownMost = 1 << 20

// reported is a line of the file.
type reported struct {
	Import string `json:"import"`
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// refused reports whether the line tells of a row that the server has refused.
func (r *reported) refused() bool {
	return !slices.Contains([]string{mapping.BadRow, mapping.BadValue, mapping.BadGroup, mapping.BadEvent}, r.Code)
}

// openReport opens a report of an import, or of all imports of a folder, which have no id
// in common.
func openReport(name, id string) (*report, error) {
	r := &report{known: map[uint64]struct{}{}}
	if name == "" {
		return r, nil
	}
	earlier, err := os.OpenFile(name, os.O_RDONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, reportFailed(err)
	}
	defer earlier.Close()
	if r.out, err = os.OpenFile(name, os.O_WRONLY, 0o644); err != nil {
		return nil, reportFailed(err)
	}
	r.writer = bufio.NewWriter(r.out)
	if info, err := earlier.Stat(); err == nil && info.Mode().IsRegular() {
		if err := r.keep(earlier, id); err != nil {
			return nil, reportFailed(errors.Join(err, r.out.Close()))
		}
	}
	return r, nil
}

func reportFailed(err error) error {
	return rapport.Errorf(rapport.Invalid, "the report can't be written: %w", err)
}

// keep takes over lines of earlier runs. They are written into the file that they are read
// from, never further than it has been read.
func (r *report) keep(earlier io.Reader, id string) error {
	lines, kept := bufio.NewReader(earlier), int64(0)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		var old reported
		if err == nil && json.Unmarshal(line, &old) == nil && old.refused() && (id == "" || old.Import == id) && r.isNew(line) {
			n, _ := r.writer.Write(line) // it keeps the first error for close
			kept += int64(n)
		}
		if err != nil {
			return errors.Join(r.writer.Flush(), r.out.Truncate(kept))
		}
	}
}

// isNew reports whether a line is not there yet, as far as that is known.
func (r *report) isNew(line []byte) bool {
	hash := fnv.New64a()
	_, _ = hash.Write(line)
	if _, there := r.known[hash.Sum64()]; there {
		return false
	}
	if len(r.known) < knownMost {
		r.known[hash.Sum64()] = struct{}{}
	}
	return true
}

// add tells of a bad row of an import's file, to diag with what a person needs to find it.
func (r *report) add(diag io.Writer, id, file string, b mapping.Bad) {
	r.write(reported{id, file, b.Line, b.Code, b.Reason})
	switch r.told++; {
	case r.told <= told:
		fmt.Fprintf(diag, "%s:%d: %s\n", file, b.Line, b.Reason)
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
	if text = append(text, '\n'); err == nil && (!line.refused() || r.isNew(text)) {
		_, _ = r.writer.Write(text) // it keeps the first error for close
	}
}

// close writes down what is left. There may be no report.
func (r *report) close() error {
	if r == nil || r.out == nil {
		return nil
	}
	if err := errors.Join(r.writer.Flush(), r.out.Close()); err != nil {
		return reportFailed(err)
	}
	return nil
}
