package client

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
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
	sent := make([]file, len(files))
	for i, f := range files {
		sent[i] = file{Name: f.Name, Body: string(f.Body)}
	}
	body := map[string]any{"files": sent, "prune": o.Prune, "note": o.Note}
	target := "/v1/apply"
	if o.Dry {
		target = "/v1/plan"
	}
	var answer applied
	if err := c.Call(ctx, "POST", target, body, &answer); err != nil {
		return err
	}
	answer.tell(out, o.Dry)
	return nil
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
	changed := 0
	for _, ch := range a.Changes {
		if ch.Action == "unchanged" {
			continue
		}
		changed++
		fmt.Fprintf(out, "%-8s %s %s\n", ch.Action, ch.Kind, ch.Name)
		if dry && ch.Diff != "" {
			fmt.Fprintln(out, indent(ch.Diff))
		}
	}
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

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}

// ExportTo writes one file a document into a folder.
func (c *Client) ExportTo(ctx context.Context, dir string, out io.Writer) error {
	var answer struct {
		Documents []struct{ Kind, Name string }
		Next      string
	}
	for cursor := ""; ; cursor = answer.Next {
		answer.Documents, answer.Next = nil, ""
		if err := c.Call(ctx, "GET", "/v1/documents?limit=500&cursor="+url.QueryEscape(cursor), nil, &answer); err != nil {
			return err
		}
		for _, d := range answer.Documents {
			if err := c.exportOne(ctx, dir, d.Kind, d.Name, out); err != nil {
				return err
			}
		}
		if answer.Next == "" {
			return nil
		}
	}
}

func (c *Client) exportOne(ctx context.Context, dir, kind, name string, out io.Writer) error {
	var body []byte
	if err := c.Call(ctx, "GET", "/v1/documents/"+url.PathEscape(kind)+"/"+url.PathEscape(name)+"?raw=true", nil, &body); err != nil {
		return err
	}
	extension := ".yaml"
	if len(body) > 0 && body[0] == '{' {
		extension = ".json"
	}
	path := filepath.Join(dir, kind, name+extension)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, body, 0o644); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, path)
	return err
}
