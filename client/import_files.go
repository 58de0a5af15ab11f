package client

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rapport"
)

// filesOf returns the files that a path names: itself or, if it is a folder, all files
// in it and below, in the order of their names. Files that are empty are passed over, as
// are those whose names begin with a point or an underscore: programs put them there.
func filesOf(path string) (files []string, folder bool, err error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, false, nil // whoever opens it says what is wrong
	}
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := name != path && strings.ContainsAny(entry.Name()[:1], "._")
		switch info, err := entry.Info(); {
		case err != nil:
			return err
		case entry.IsDir() && hidden:
			return filepath.SkipDir
		case !hidden && info.Mode().IsRegular() && info.Size() > 0:
			files = append(files, name)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, true, rapport.Errorf(rapport.Invalid, "the folder can't be read: %w", err)
	case len(files) == 0:
		return nil, true, rapport.Errorf(rapport.Invalid, "there are no files in %s", path)
	}
	return files, true, nil
}

// summary says what came of a file, or of all files of a folder.
type summary struct {
	of       string
	files    int
	rows     int64
	skipped  int64            // left out by the mapping
	repeated int64            // told by another file before
	bad      int64            // told to be wrong
	names    map[string]int64 // events by name; "" of customers and lines in Segment's form
}

func (s *summary) add(one summary) {
	s.files++
	s.rows, s.skipped, s.repeated, s.bad = s.rows+one.rows, s.skipped+one.skipped, s.repeated+one.repeated, s.bad+one.bad
	for name, n := range one.names {
		s.names[name] += n
	}
}

func (s *summary) tell(out io.Writer, o ImportOptions) {
	var events int64
	for _, n := range s.names {
		events += n
	}
	verb := "taken in"
	if o.Dry {
		verb = "would be sent"
	}
	fmt.Fprintf(out, "%s: ", s.of)
	if s.files > 1 {
		fmt.Fprintf(out, "%d files, ", s.files)
	}
	fmt.Fprintf(out, "%s, %s %s", count(s.rows, "row"), count(events, nounOf(o.Kind)), verb)
	for _, part := range [...]struct {
		n    int64
		text string
	}{{s.skipped, "left out by the mapping"}, {s.repeated, "told by another file before"}, {s.bad, "bad"}} {
		if part.n > 0 {
			fmt.Fprintf(out, ", %s %s", count(part.n, "row"), part.text)
		}
	}
	fmt.Fprintln(out)
	if o.Dry {
		return // the preview knows the names of lines in Segment's form as well
	}
	tellNames(out, s.names)
}

func tellNames(out io.Writer, names map[string]int64) {
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if name != "" && names[name] > 0 {
			fmt.Fprintf(out, "%10s  %s\n", grouped(names[name]), name)
		}
	}
}
