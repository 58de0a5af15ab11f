package sqlite

import (
	"os"

	"rapport"
)

// files are those that a store has open, as they were found when it opened them. A file
// that is moved away or deleted stays open, and what is written to it then is lost to
// whoever looks under its name: so before something is written they are looked for.
type files struct {
	paths []string
	found []os.FileInfo
}

// note notes files that were opened.
func (f *files) note(paths ...string) error {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		f.paths, f.found = append(f.paths, path), append(f.found, info)
	}
	return nil
}

// there returns an error unless the files are where they were.
func (f *files) there() error {
	for i, path := range f.paths {
		now, err := os.Stat(path)
		if err != nil {
			return &rapport.Error{Kind: rapport.Unavailable, Err: err,
				Message: "The database's files are not where they were: the folder or its disk is gone. Nothing was written; bring it back, then it goes on."}
		}
		if !os.SameFile(f.found[i], now) {
			return rapport.Errorf(rapport.Unavailable, "Other files stand where the database was. Nothing was written; bring the old ones back, or start the program anew with those.")
		}
	}
	return nil
}
