package client

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// version is one state of the workspace, as the server tells it.
type version struct {
	Version uint64    `json:"version"`
	At      time.Time `json:"at"`
	Key     string    `json:"key"`
	Author  string    `json:"author"`
	Note    string    `json:"note"`
}

// String puts it in a line. What the key proves and what is only said are told apart.
func (v version) String() string {
	text := fmt.Sprintf("%5d  %s  key %s", v.Version, v.At.UTC().Format("2006-01-02 15:04:05Z"), v.Key)
	if v.Author != "" {
		text += " (says " + v.Author + ")"
	}
	if v.Note != "" {
		text += ": " + v.Note
	}
	return strings.Map(printed, text)
}

// printed leaves out of a text what a terminal would obey.
func printed(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

// Versions lists the newest versions, at most so many.
func (c *Client) Versions(ctx context.Context, most int, out io.Writer) error {
	var page struct {
		Versions []version `json:"versions"`
		Next     string    `json:"next"`
	}
	for {
		path := fmt.Sprintf("/v1/versions?limit=%d&cursor=%s", min(most, 500), url.QueryEscape(page.Next))
		page.Versions, page.Next = nil, ""
		if err := c.Call(ctx, "GET", path, nil, &page); err != nil {
			return err
		}
		for _, v := range page.Versions {
			fmt.Fprintln(out, v)
		}
		if most -= len(page.Versions); page.Next == "" || most <= 0 {
			return nil
		}
	}
}

// Version tells what one version changed, line by line.
func (c *Client) Version(ctx context.Context, number uint64, out io.Writer) error {
	var answer struct {
		version
		Documents int      `json:"documents"`
		Changes   []change `json:"changes"`
	}
	if err := c.Call(ctx, "GET", fmt.Sprintf("/v1/versions/%d", number), nil, &answer); err != nil {
		return err
	}
	fmt.Fprintln(out, answer.version)
	changed := tellChanges(answer.Changes, true, out)
	_, err := fmt.Fprintf(out, "%d documents, of which it changed %d\n", answer.Documents, changed)
	return err
}

// Rollback puts the documents of an earlier version in force again, those of the one
// before that in force if number is 0.
func (c *Client) Rollback(ctx context.Context, number uint64, o ApplyOptions, out io.Writer) error {
	path := "/v1/rollback"
	if o.Dry {
		path += "?dry=true"
	}
	body := struct {
		Version uint64 `json:"version,omitempty"`
		Note    string `json:"note,omitempty"`
	}{number, o.Note}
	return c.change(ctx, "POST", path, body, o.Dry, out)
}
