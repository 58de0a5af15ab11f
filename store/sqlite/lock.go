package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"rapport"
)

// Lock makes this program the only owner of a data folder without opening a database
// in it, until unlock is called or the program dies. The folder is made if need be.
func Lock(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, folderError(dir, err)
	}
	f, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(unlockFile(f), f.Close()) }, nil
}

// lockFolder makes this program the folder's only owner until the file is
// closed, which the system does when the program dies. The file says who it is.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "rapport.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, folderError(dir, err)
	}
	if err := lockFile(f); err != nil {
		other, _ := io.ReadAll(io.LimitReader(f, 200))
		f.Close()
		return nil, &rapport.Error{Kind: rapport.Unavailable, Code: "folder_in_use", Err: err,
			Message: fmt.Sprintf("The folder %s is in use by another rapport (%s). Stop it, or name another folder.", dir, whoever(other))}
	}
	host, _ := os.Hostname()
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, folderError(dir, err)
	}
	if _, err := f.WriteAt(fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), 0); err != nil {
		f.Close()
		return nil, folderError(dir, err)
	}
	return f, nil
}

func whoever(text []byte) string {
	if who := strings.TrimSpace(string(text)); who != "" {
		return who
	}
	return "it has not said which process"
}

func folderError(dir string, err error) error {
	return &rapport.Error{Kind: rapport.Unavailable, Err: err,
		Message: fmt.Sprintf("The data folder %s can't be used: look whether it exists and may be written.", dir)}
}
