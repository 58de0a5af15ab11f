package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rapport"
	"rapport/workspace"
)

// ApplyOptions say how documents are applied.
type ApplyOptions struct {
	Prune bool   // delete what is not among them
	Dry   bool   // only say what would change
	Note  string // why
}

// applied is what the server answers to an apply.
type applied struct {
	Version uint64   `json:"version"`
	Changes []change `json:"changes"`
	Missing []string `json:"missingSecrets"`

	Warnings []workspace.Problem `json:"warnings"`
	Journeys []struct {
		Name  string    `json:"name"`
		Worst worstCase `json:"worstCase"`
		Reach *reach    `json:"reach"`
	} `json:"journeys"`
}

type change struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Action string `json:"action"`
	Diff   string `json:"diff"`
}

// Apply reads documents from a file, a folder or, called -, from in, and applies
// them. What changed is told to out. If documents are wrong the error says what,
// with file and line.
func (c *Client) Apply(ctx context.Context, path string, in io.Reader, o ApplyOptions, out io.Writer) error {
	files, err := load(path, in)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return rapport.Errorf(rapport.Invalid, "there are no documents in %s: they end in .yaml, .yml or .json", path)
	}
	return c.apply(ctx, files, o, out)
}

// ApplyFS applies the documents of a file system, such as a recipe, as Apply does.
func (c *Client) ApplyFS(ctx context.Context, fsys fs.FS, o ApplyOptions, out io.Writer) error {
	files, err := workspace.LoadFS(fsys)
	if err != nil {
		return err
	}
	return c.apply(ctx, files, o, out)
}

func (c *Client) apply(ctx context.Context, files []workspace.File, o ApplyOptions, out io.Writer) error {
	body := applyBody(files, o.Prune, o.Note)
	target := "/v1/apply"
	if o.Dry {
		target = "/v1/plan"
	}
	return c.change(ctx, "POST", target, body, o.Dry, out)
}

// change asks for a change of documents, and tells what the server says of it.
func (c *Client) change(ctx context.Context, method, target string, body any, dry bool, out io.Writer) error {
	var answer applied
	if err := c.Call(ctx, method, target, body, &answer); err != nil {
		return err
	}
	answer.tell(out, dry)
	return nil
}

// applyBody is what an apply sends.
func applyBody(files []workspace.File, prune bool, note string) map[string]any {
	sent := make([]file, len(files))
	for i, f := range files {
		sent[i] = file{Name: f.Name, Body: string(f.Body)}
	}
	return map[string]any{"files": sent, "prune": prune, "note": note}
}

type file struct {
	Name string `json:"name"`
	Body string `json:"body"`
}

func load(path string, in io.Reader) ([]workspace.File, error) {
	if path == "-" {
		body, err := io.ReadAll(io.LimitReader(in, 64<<20))
		return []workspace.File{{Name: "standard input", Body: body}}, err
	}
	return workspace.Load(path)
}

func (a *applied) tell(out io.Writer, dry bool) {
	changed := tellChanges(a.Changes, dry, out)
	switch {
	case changed == 0:
		fmt.Fprintf(out, "nothing to change: version %d is in force already\n", a.Version)
	case dry:
		fmt.Fprintf(out, "%d of %d documents would change\n", changed, len(a.Changes))
	default:
		fmt.Fprintf(out, "version %d is in force\n", a.Version)
	}
	for _, j := range a.Journeys {
		fmt.Fprintf(out, "worst case of journey %s: %s\n", j.Name, j.Worst)
		if j.Reach != nil {
			fmt.Fprintf(out, "reach of journey %s: %s\n", j.Name, j.Reach)
		}
	}
	for _, w := range a.Warnings {
		fmt.Fprintf(out, "warning: %s\n", w)
	}
	for _, name := range a.Missing {
		fmt.Fprintf(out, "missing: set the secret with: rapport secret set %s\n", name)
	}
}

// changes reports whether anything does.
func (a *applied) changes() bool {
	return slices.ContainsFunc(a.Changes, func(c change) bool { return c.Action != "unchanged" })
}

// tellChanges lists what becomes of documents, with the lines if they are wanted, and
// returns how many change.
func tellChanges(changes []change, lines bool, out io.Writer) (changed int) {
	for _, ch := range changes {
		if ch.Action == "unchanged" {
			continue
		}
		changed++
		fmt.Fprintf(out, "%-8s %s %s\n", ch.Action, ch.Kind, ch.Name)
		if lines && ch.Diff != "" {
			fmt.Fprintln(out, indent(ch.Diff))
		}
	}
	return changed
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}

// Export returns all documents of a version, or those in force if it is 0, as one stream.
func (c *Client) Export(ctx context.Context, version uint64) ([]byte, error) {
	path := "/v1/export"
	if version > 0 {
		path = fmt.Sprintf("/v1/versions/%d/export", version)
	}
	var stream []byte
	err := c.Call(ctx, "GET", path, nil, &stream)
	return stream, err
}

// files returns what Export returns, one file a document.
func (c *Client) files(ctx context.Context, version uint64) ([]workspace.File, error) {
	stream, err := c.Export(ctx, version)
	if err != nil {
		return nil, err
	}
	docs, problems := workspace.Parse([]workspace.File{{Name: "the export", Body: stream}})
	if len(problems) > 0 {
		return nil, rapport.Errorf(rapport.Invalid, "this program is older than the server and can't take its documents apart: %s", problems[0])
	}
	return workspace.Files(docs), nil
}

// ExportTo writes what Export returns into a folder, one file a document: into the file that
// holds it there by itself, if there is one, else into a new one. It tells of documents that
// are there besides: applied together with these they would come back.
func (c *Client) ExportTo(ctx context.Context, version uint64, dir string, out io.Writer) error {
	files, err := c.files(ctx, version)
	if err != nil {
		return err
	}
	there, err := loadFolder(dir)
	if err != nil {
		return err
	}
	homes, written := homesOf(there), map[string]bool{}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if home, ok := homes[homeOf(f)]; ok {
			path = filepath.FromSlash(home)
		}
		written[filepath.ToSlash(path)] = true
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Body, 0o644); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, path); err != nil {
			return err
		}
	}
	for _, f := range there {
		if docs, _ := workspace.Parse([]workspace.File{f}); len(docs) > 0 && !written[f.Name] {
			fmt.Fprintf(out, "still there, and not what is in force: %s\n", f.Name)
		}
	}
	return nil
}

// loadFolder returns the documents of a folder; none if it is not there yet.
func loadFolder(dir string) ([]workspace.File, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return workspace.Load(dir)
}

// home is which document a file holds by itself, and in which language.
type home struct {
	kind, name string
	json       bool
}

// homeOf returns what a file holds; the zero home if that is not one document.
func homeOf(f workspace.File) home {
	docs, problems := workspace.Parse([]workspace.File{f})
	if len(docs) != 1 || len(problems) > 0 {
		return home{}
	}
	return home{docs[0].Kind, docs[0].Name, filepath.Ext(f.Name) == ".json"}
}

// homesOf returns the files that hold one document each. One that several hold has no home.
func homesOf(files []workspace.File) map[home]string {
	homes, several := map[home]string{}, map[home]bool{{}: true}
	for _, f := range files {
		h := homeOf(f)
		if _, again := homes[h]; again {
			several[h] = true
		}
		homes[h] = f.Name
	}
	maps.DeleteFunc(homes, func(h home, _ string) bool { return several[h] })
	return homes
}
