package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"rapport"
	"rapport/recipes"
	"rapport/shop"
	"rapport/store/postgres"
	"rapport/store/sqlite"
	"rapport/workspace"
)

// Shopping says which simulated shop a demo is about.
type Shopping struct {
	Visitors  int     // who know it when the demo is made
	Newcomers float64 // who come for the first time, each day of the shop
	Days      int     // that the shop has been open when the demo is made
	Speed     float64 // how much faster than a watch its days pass from then on
	Festival  bool    // the demo is made on the evening before the last 11.11
}

// Begin returns what the clock of a new demo shows at first, so that it is now, or
// the evening before the last 11.11, when the shop's past is lived.
func (s Shopping) Begin(now time.Time) time.Time {
	made := now
	if s.Festival {
		made = time.Date(now.Year(), time.November, 10, 12, 0, 0, 0, time.UTC)
		if made.After(now) {
			made = made.AddDate(-1, 0, 0)
		}
	}
	return made.AddDate(0, 0, -s.Days)
}

// oldCustomers is the part of a demo's visitors who have bought in the two years before,
// so that there is somebody who has not come for long.
const oldCustomers = 0.3

// Demo is a simulated shop that lives at the program over HTTP, as any shop would:
// it sends its events, and its people meet the messages that are captured for them.
// What the program has not acknowledged when it stops is sent again at the next
// start, under the same messageIds.
type Demo struct {
	app     *App
	trade   *shop.Trade
	speed   float64
	memory  memory
	letters *os.File
	loaded  progress
	url     string // of the program

	mu      sync.Mutex
	reacted map[string]int // how letters were met so far
	told    chan struct{}
	moves   chan going
	ended   chan struct{}
}

// memory is what the shop knows of itself between two runs.
type memory struct {
	Seed      uint64    `json:"seed"`
	Visitors  int       `json:"visitors"`
	Newcomers float64   `json:"newcomers"`
	Past      float64   `json:"past,omitempty"` // the part of the visitors who bought before it opened
	Festival  bool      `json:"festival,omitempty"`
	Opened    time.Time `json:"opened"`
	Made      time.Time `json:"made"`  // when the demo was made: until then its days are history
	Lived     time.Time `json:"lived"` // up to when its events were acknowledged
}

// memoryFile lies in the data folder of a demo, and tells that it is one. Beside it
// lie the letters that the shop's people have met: what they do follows from them.
const (
	memoryFile  = "shop.json"
	lettersFile = "shop-letters.ndjson"
)

// OpenDemo returns the demo of the program's data folder: a new one, or the one
// that was there. A folder that holds somebody's data and no demo is refused. The
// clock of a new one is to show what Shopping.Begin says.
func (a *App) OpenDemo(ctx context.Context, s Shopping) (*Demo, error) {
	d := &Demo{app: a, speed: s.Speed, told: make(chan struct{}), moves: make(chan going), ended: make(chan struct{})}
	switch err := d.recall(); {
	case errors.Is(err, fs.ErrNotExist):
		if a.Store.State().Position > 0 || a.Workspaces.Current().Running.Version > 0 {
			return nil, rapport.Errorf(rapport.Invalid, "the data folder %s holds something else than a demo; name another with --data", a.config.Data)
		}
		opened := a.clock.Now().UTC().Truncate(time.Millisecond)
		d.memory = memory{
			Seed: 1, Visitors: s.Visitors, Newcomers: s.Newcomers, Past: oldCustomers, Festival: s.Festival,
			Opened: opened, Made: opened.AddDate(0, 0, s.Days), Lived: opened,
		}
		if err := d.remember(); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case s.Festival && !d.memory.Festival:
		return nil, rapport.Errorf(rapport.Invalid, "the demo in %s is of another day: begin anew with --fresh, or name another folder with --data", a.config.Data)
	}
	if err := d.furnish(ctx); err != nil {
		return nil, err
	}
	return d, d.openShop()
}

// openShop opens the shop as it was, letters and all.
func (d *Demo) openShop() error {
	m := d.memory
	people, err := shop.New(shop.Config{Seed: m.Seed, Visitors: m.Visitors, Newcomers: m.Newcomers, Past: m.Past, Start: m.Opened})
	if err != nil {
		return err
	}
	d.trade = &shop.Trade{WriteKey: d.app.Write, Shop: people, Lived: m.Lived, Reads: true, Keep: d.keepLetter}
	if d.letters, err = os.OpenFile(filepath.Join(d.app.config.Data, lettersFile), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	d.trade.Replay, err = recallLetters(d.letters)
	return err
}

func (d *Demo) keepLetter(met shop.Met) error {
	line, err := json.Marshal(met)
	if err == nil {
		_, err = d.letters.Write(append(line, '\n'))
	}
	return err
}

// recallLetters returns the letters of earlier runs. One that was not written down to
// its end is the last, and was not met: the next one takes its place in the file.
func recallLetters(file *os.File) (all []shop.Met, err error) {
	data, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	whole := int64(0)
	for line := range bytes.Lines(data) {
		var met shop.Met
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &met) != nil {
			break
		}
		all = append(all, met)
		whole += int64(len(line))
	}
	if err := file.Truncate(whole); err != nil {
		return nil, err
	}
	_, err = file.Seek(whole, io.SeekStart)
	return all, err
}

func (d *Demo) path() string { return filepath.Join(d.app.config.Data, memoryFile) }

func (d *Demo) recall() error {
	data, err := os.ReadFile(d.path())
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &d.memory); err != nil || d.memory.Visitors <= 0 || d.memory.Lived.Before(d.memory.Opened) {
		return rapport.Errorf(rapport.Invalid, "%s is damaged; start anew with --fresh", d.path())
	}
	return nil
}

// remember writes the memory beside the old one and then puts it in its place.
func (d *Demo) remember() error {
	data, err := json.MarshalIndent(d.memory, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.path()+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(d.path()+".new", d.path())
}

// furnish puts the shop's documents and all recipes in force in a demo that has
// none yet. Afterwards they are the user's to change.
func (d *Demo) furnish(ctx context.Context) error {
	if d.app.Workspaces.Current().Running.Version > 0 {
		return nil
	}
	files, err := demoDocuments()
	if err != nil {
		return err
	}
	_, problems, err := d.app.Workspaces.Apply(ctx, files, false, "demo", "what the demo begins with")
	if len(problems) > 0 {
		return rapport.Errorf(rapport.Internal, "the demo's own documents are wrong: %v", problems[0])
	}
	return err
}

// demoDocuments returns the shop's documents and those of all recipes; what recipes
// share is there once.
func demoDocuments() ([]workspace.File, error) {
	folders := []fs.FS{shop.Workspace()}
	all, err := recipes.List()
	for _, recipe := range all {
		folder, err := recipes.Files(recipe.Name)
		if err != nil {
			return nil, err
		}
		folders = append(folders, folder)
	}
	var files []workspace.File
	known := map[string]bool{}
	for _, folder := range folders {
		more, err := documentsIn(folder)
		if err != nil {
			return nil, err
		}
		for _, f := range more {
			if !known[string(f.Body)] {
				known[string(f.Body)] = true
				files = append(files, f)
			}
		}
	}
	return files, err
}

// documentsIn returns the documents of a folder and those below it.
func documentsIn(folder fs.FS) (files []workspace.File, err error) {
	err = fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		body, err := fs.ReadFile(folder, path)
		files = append(files, workspace.File{Name: path, Body: body})
		return err
	})
	return files, err
}

// ForgetDemo removes the demo in a data folder, and in its database if it has one that is
// named. A folder that is in use or that
// holds no demo is refused.
func ForgetDemo(ctx context.Context, data, database string) error {
	if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(data, memoryFile)); err != nil {
		return rapport.Errorf(rapport.Invalid, "the folder %s holds no demo, so it is not removed", data)
	}
	if database != "" {
		if err := emptySandbox(ctx, database); err != nil {
			return err
		}
	}
	unlock, err := sqlite.Lock(data) // nobody else uses it
	if err == nil {
		err = unlock()
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(data)
}

// emptySandbox forgets everything in a database, unless that is live. Whoever runs on it
// is stopped by it.
func emptySandbox(ctx context.Context, database string) (err error) {
	st, err := postgres.Open(ctx, database, postgres.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	switch found, err := st.Setting(ctx, settingEnvironment); {
	case err != nil:
		return err
	case string(found) == live:
		return rapport.Errorf(rapport.Invalid, "%s is live, so nothing is removed from it", postgres.Place(database))
	}
	return st.Empty(ctx)
}
