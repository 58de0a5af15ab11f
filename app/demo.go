package app

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"rapport"
	"rapport/client"
	"rapport/recipes"
	"rapport/shop"
	"rapport/store/sqlite"
	"rapport/workspace"
)

// Shopping says which simulated shop a demo is about.
type Shopping struct {
	Visitors  int     // who know it when the demo is made
	Newcomers float64 // who come for the first time, each day of the shop
	Days      int     // that the shop has been open when the demo is made
	Speed     float64 // how much faster than the clock its days pass from then on
}

// oldCustomers is the part of a demo's visitors who have bought in the two years before,
// so that there is somebody who has not come for long.
const oldCustomers = 0.3

// Demo is a simulated shop that sends its events to the program over HTTP, as any
// shop's would be. What the program has not acknowledged when it stops is sent
// again at the next start, under the same messageIds.
type Demo struct {
	app    *App
	client *client.Client
	shop   *shop.Shop
	speed  float64
	memory memory
	loaded progress
	told   chan struct{}
}

// memory is what the shop knows of itself between two runs.
type memory struct {
	Seed      uint64    `json:"seed"`
	Visitors  int       `json:"visitors"`
	Newcomers float64   `json:"newcomers"`
	Past      float64   `json:"past,omitempty"` // the part of the visitors who bought before it opened
	Opened    time.Time `json:"opened"`
	Made      time.Time `json:"made"`  // when the demo was made: until then its days are history
	Lived     time.Time `json:"lived"` // up to when its events were acknowledged, by its own days
}

// memoryFile lies in the data folder of a demo, and tells that it is one.
const memoryFile = "shop.json"

// OpenDemo returns the demo of the program's data folder: a new one, or the one
// that was there. A folder that holds somebody's data and no demo is refused.
func (a *App) OpenDemo(ctx context.Context, s Shopping) (*Demo, error) {
	d := &Demo{app: a, speed: s.Speed, told: make(chan struct{})}
	switch err := d.recall(); {
	case errors.Is(err, fs.ErrNotExist):
		if a.Store.State().Position > 0 || a.Workspaces.Current().Running.Version > 0 {
			return nil, rapport.Errorf(rapport.Invalid, "the data folder %s holds something else than a demo; name another with --data", a.config.Data)
		}
		now := a.clock.Now().UTC().Truncate(time.Millisecond)
		opened := now.AddDate(0, 0, -s.Days)
		d.memory = memory{Seed: 1, Visitors: s.Visitors, Newcomers: s.Newcomers, Past: oldCustomers, Opened: opened, Made: now, Lived: opened}
		if err := d.remember(); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	}
	if err := d.furnish(ctx); err != nil {
		return nil, err
	}
	var err error
	d.shop, err = shop.New(shop.Config{
		Seed: d.memory.Seed, Visitors: d.memory.Visitors, Newcomers: d.memory.Newcomers, Past: d.memory.Past, Start: d.memory.Opened,
	})
	return d, err
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

// ForgetDemo removes the demo in a data folder. A folder that is in use or that
// holds no demo is refused.
func ForgetDemo(data string) error {
	if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(filepath.Join(data, memoryFile)); err != nil {
		return rapport.Errorf(rapport.Invalid, "the folder %s holds no demo, so it is not removed", data)
	}
	st, err := sqlite.Open(data, sqlite.Options{}) // nobody else uses it
	if err == nil {
		err = st.Close()
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(data)
}
