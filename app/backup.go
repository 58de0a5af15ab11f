package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/store"
	"rapport/store/sqlite"
)

// Files of a backup.
const (
	databaseFile = "rapport.db"
	manifestFile = "backup.json"
)

// backupFormat is the number of the form in which backups are written.
const backupFormat = 1

// Manifest says what a backup holds. It lies beside the database as JSON.
type Manifest struct {
	Format      int             `json:"format"`
	Program     string          `json:"program"` // the version that wrote it
	Form        int64           `json:"form"`    // of the database: the number of its last migration
	Environment string          `json:"environment"`
	MadeAt      rapport.Instant `json:"madeAt"` // by the machine's clock, when it began
	State       struct {
		Position uint64          `json:"position"`
		Epoch    uint64          `json:"epoch"`
		At       rapport.Instant `json:"at"` // of the last batch in it
	} `json:"state"`
	Customers int64  `json:"customers"`
	Events    int64  `json:"events"`
	Messages  int64  `json:"messages"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"` // of the database
	// Secrets are the names of those that are kept in the database, encrypted under a key
	// that is in the backup only if SecretKey says so.
	Secrets   []string `json:"secrets"`
	SecretKey bool     `json:"secretKey"`
}

// Backing is how a backup is made.
type Backing struct {
	SecretKey bool // the key of the secrets is copied too: who has the backup has the secrets
	// Progress, if not nil, is told now and then how many bytes of about how many are written.
	Progress func(done, total int64)
}

// Backup writes a whole copy of a data folder into a new folder, whether or not a program
// runs in it, reads the copy through and says what it holds. Whatever was acknowledged
// before it began is in it. If it fails, the folder is not there.
func Backup(ctx context.Context, data, to string, how Backing) (m Manifest, err error) {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return m, rapport.Errorf(rapport.Conflict, "there is something at %s already; a backup overwrites nothing", to)
	}
	part, err := os.MkdirTemp(filepath.Dir(to), "."+filepath.Base(to)+".part-*")
	if err != nil {
		return m, &rapport.Error{Kind: rapport.Unavailable, Message: "The backup can't be written there: look whether the folder exists and may be written.", Err: err}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	m = Manifest{Format: backupFormat, Program: Version, MadeAt: rapport.InstantOf(time.Now())}
	copied := filepath.Join(part, databaseFile)
	if err := sqlite.Copy(ctx, data, copied, how.Progress); err != nil {
		return m, err
	}
	if err := m.describe(ctx, copied); err != nil {
		return m, err
	}
	if how.SecretKey {
		if m.SecretKey, err = copyIfThere(filepath.Join(data, secretKeyFile), filepath.Join(part, secretKeyFile)); err != nil {
			return m, err
		}
	}
	if err := m.write(filepath.Join(part, manifestFile)); err != nil {
		return m, err
	}
	if err := os.Rename(part, to); err != nil {
		return m, err
	}
	return m, syncFolder(filepath.Dir(to))
}

// describe reads what a copy holds.
func (m *Manifest) describe(ctx context.Context, path string) error {
	found, err := sqlite.Inspect(ctx, path, settingEnvironment, secretNames)
	if err != nil {
		return err
	}
	m.Form, m.Environment = found.Form, string(found.Settings[settingEnvironment])
	m.State.Position, m.State.Epoch, m.State.At = found.State.Position, found.State.Epoch, found.State.At
	m.Customers, m.Events, m.Messages, m.Bytes = found.Stats.Customers, found.Stats.Events, found.Stats.Messages, found.Stats.Bytes
	m.Secrets = []string{}
	if names := found.Settings[secretNames]; names != nil {
		if err := json.Unmarshal(names, &m.Secrets); err != nil {
			return rapport.Errorf(rapport.Internal, "the list of secrets in the data folder is damaged")
		}
	}
	m.SHA256, err = hashOf(path)
	return err
}

func (m *Manifest) write(path string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(path, append(text, '\n'))
}

// Restoring is how a backup is put in place.
type Restoring struct {
	// Send lets the restored copy send at once. Unless said, all sending of a live
	// environment is held until somebody resumes it: the original may have sent since what
	// waits in the copy.
	Send bool
}

// Restored is what restoring came to.
type Restored struct {
	Manifest
	Held bool // all sending is held
}

// Restore makes a data folder of a backup. The folder must be empty or not be there. The
// backup is compared with the hash that was taken when it was made and read through first.
// If it fails, or is broken off, no program takes the folder for a data folder with
// something in it, and it can be tried again.
func Restore(ctx context.Context, from, data string, how Restoring) (r Restored, err error) {
	if r.Manifest, err = readManifest(from); err != nil {
		return r, err
	}
	part := filepath.Join(data, databaseFile+".part")
	if err := emptyFolder(data, filepath.Base(part), filepath.Base(part)+"-journal"); err != nil {
		return r, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	if _, err := copyIfThere(filepath.Join(from, databaseFile), part); err != nil {
		return r, err
	}
	switch hash, err := hashOf(part); {
	case err != nil:
		return r, err
	case hash != r.SHA256:
		return r, rapport.Errorf(rapport.Invalid, "the database of the backup is not the one that was written: its hash is another. Take another backup")
	}
	if _, err := sqlite.Inspect(ctx, part); err != nil {
		return r, err
	}
	if r.Held = !how.Send && r.Environment == live; r.Held {
		held := flow.Sending{Held: true, At: rapport.InstantOf(time.Now()), By: "rapport restore", Reason: "restored from a backup of " + r.MadeAt.String()}
		if err := sqlite.Amend(part, []store.Setting{held.Setting()}); err != nil {
			return r, err
		}
	}
	if _, err := copyIfThere(filepath.Join(from, secretKeyFile), filepath.Join(data, secretKeyFile)); err != nil {
		return r, err
	}
	if err := os.Rename(part, filepath.Join(data, databaseFile)); err != nil {
		return r, err
	}
	return r, syncFolder(data)
}

// readManifest reads what a backup says of itself, and refuses what this program can't
// restore.
func readManifest(from string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(from, manifestFile))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil || m.Format < 1 || m.SHA256 == "" {
		return m, &rapport.Error{Kind: rapport.Invalid, Message: fmt.Sprintf("%s is no backup: it has no %s that can be read.", from, manifestFile), Err: err}
	}
	if m.Format > backupFormat || m.Form > sqlite.Form() {
		return m, rapport.Errorf(rapport.Unavailable, "the backup was written by a newer version of rapport (%s); restore it with that version or a later one", m.Program)
	}
	return m, nil
}

// emptyFolder makes a folder, or refuses one in which there is anything but leftovers.
func emptyFolder(dir string, leftovers ...string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &rapport.Error{Kind: rapport.Unavailable, Message: fmt.Sprintf("The folder %s can't be made.", dir), Err: err}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case name == "lost+found": // of a new disk
		case slices.Contains(leftovers, name):
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return err
			}
		default:
			return rapport.Errorf(rapport.Conflict, "the folder %s is not empty; restoring overwrites nothing. Name a new folder, or move that one away", dir)
		}
	}
	return nil
}

// copyIfThere copies a file that nobody but its owner may read then, and reports whether
// it was there. What it writes is on the disk when it returns.
func copyIfThere(from, to string) (found bool, err error) {
	in, err := os.Open(from)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return false, err
	}
	_, err = io.Copy(out, in)
	return true, errors.Join(err, out.Sync(), out.Close())
}

func writeWhole(path string, text []byte) error {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return errors.Join(err, out.Sync(), out.Close())
}

// hashOf returns the SHA-256 of a file, in hexadecimal.
func hashOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// syncFolder has the names in a folder written to the disk, where the system can do that.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = f.Sync() // not every system can
	return f.Close()
}
