package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"rapport/client"
)

// remote is what every command needs that talks to a server.
type remote struct {
	URL    string `help:"The server's address." default:"http://127.0.0.1:8080" env:"RAPPORT_URL"`
	APIKey string `name:"api-key" help:"An API key; better set in the environment than given here." env:"RAPPORT_API_KEY,RAPPORT_ADMIN_KEY"`
}

func (r remote) client() *client.Client { return client.New(r.URL, r.APIKey) }

// between is what every command needs that brings something from one server to another.
type between struct {
	From    string `required:"" help:"The address of the server that it comes from." placeholder:"URL"`
	FromKey string `required:"" help:"An API key of it; better set in the environment than given here." env:"RAPPORT_FROM_API_KEY" placeholder:"KEY"`
	To      string `required:"" help:"The address of the server that it goes to." placeholder:"URL"`
	ToKey   string `required:"" help:"An API key of it; better set in the environment than given here." env:"RAPPORT_TO_API_KEY" placeholder:"KEY"`
}

// keys refuses keys that are set to nothing.
func (b *between) keys() error {
	if b.FromKey == "" || b.ToKey == "" {
		return errors.New("--from-key and --to-key: neither may be empty")
	}
	return nil
}

func (b *between) clients() (from, to *client.Client) {
	return client.New(b.From, b.FromKey), client.New(b.To, b.ToKey)
}

type apply struct {
	remote
	signed
	File  string `short:"f" required:"" help:"A file or folder of documents; - for standard input." placeholder:"PATH"`
	Prune bool   `help:"Delete every document that is not among them."`
	Note  string `help:"Why, for the log of versions."`
}

// Run applies documents.
func (a *apply) Run(ctx context.Context, std *streams) error {
	return a.by(ctx, a.client()).Apply(ctx, a.File, std.in, client.ApplyOptions{Prune: a.Prune, Note: a.Note}, std.out)
}

type plan struct {
	remote
	File  string `short:"f" required:"" help:"A file or folder of documents; - for standard input." placeholder:"PATH"`
	Prune bool   `help:"Also say which documents would be deleted for not being among them."`
}

// Run says what applying would change.
func (p *plan) Run(ctx context.Context, std *streams) error {
	return p.client().Apply(ctx, p.File, std.in, client.ApplyOptions{Prune: p.Prune, Dry: true}, std.out)
}

type export struct {
	remote
	File    string `short:"f" help:"A folder to write one file a document to; without it everything goes to standard output." placeholder:"DIR"`
	Version uint64 `name:"of" help:"The documents of this version; without it those in force." placeholder:"VERSION"`
}

// Run writes the documents in force.
func (e *export) Run(ctx context.Context, std *streams) error {
	if e.File != "" {
		return e.client().ExportTo(ctx, e.Version, filepath.Clean(e.File), std.out)
	}
	stream, err := e.client().Export(ctx, e.Version)
	if err != nil {
		return err
	}
	_, err = std.out.Write(stream)
	return err
}

type secret struct {
	Set    secretSet    `cmd:"" help:"Set a secret. Its value is read from standard input, so that it stands in no history."`
	List   secretList   `cmd:"" help:"List the names of the secrets that are set."`
	Delete secretDelete `cmd:"" help:"Forget a secret, unless a channel needs it."`
}

type secretSet struct {
	remote
	Name string `arg:"" help:"The name by which documents call it."`
}

// Run sets a secret.
func (s *secretSet) Run(ctx context.Context, std *streams) error {
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 && std.in == os.Stdin {
		fmt.Fprintf(std.err, "Value of %s, then Enter and Ctrl-D: ", s.Name)
	}
	value, err := io.ReadAll(io.LimitReader(std.in, maxSecret+2)) // and the line's end
	if err != nil {
		return err
	}
	value = bytes.TrimRight(value, "\r\n")
	var answer struct{ Channels []string }
	if err := s.client().Call(ctx, "PUT", "/v1/secrets/"+url.PathEscape(s.Name), map[string]string{"value": string(value)}, &answer); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "secret %s is set\n", s.Name)
	for _, channel := range answer.Channels {
		fmt.Fprintf(std.out, "channel %s uses it from now on\n", channel)
	}
	return nil
}

// maxSecret is more than the server takes, so that it says what is too large.
const maxSecret = 65 << 10

type secretList struct{ remote }

// Run lists the names of secrets.
func (s *secretList) Run(ctx context.Context, std *streams) error {
	var answer struct {
		Secrets []struct{ Name string }
		Next    string
	}
	for cursor := ""; ; cursor = answer.Next {
		answer.Secrets, answer.Next = nil, ""
		if err := s.client().Call(ctx, "GET", "/v1/secrets?limit=500&cursor="+url.QueryEscape(cursor), nil, &answer); err != nil {
			return err
		}
		for _, secret := range answer.Secrets {
			fmt.Fprintln(std.out, secret.Name)
		}
		if answer.Next == "" {
			return nil
		}
	}
}

type secretDelete struct {
	remote
	Name string `arg:"" help:"The name by which documents call it."`
}

// Run deletes a secret.
func (s *secretDelete) Run(ctx context.Context, std *streams) error {
	if err := s.client().Call(ctx, "DELETE", "/v1/secrets/"+url.PathEscape(s.Name), nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(std.out, "secret %s is deleted\n", s.Name)
	return err
}

type clock struct {
	Show    clockShow    `cmd:"" default:"withargs" help:"Show what the clock shows."`
	Advance clockAdvance `cmd:"" help:"Move it forward by a length of time, such as 1h or 7d, and do everything that falls due."`
	To      clockTo      `cmd:"" help:"Move it forward to an instant, such as 2026-12-24T18:00:00Z, and do everything that falls due."`
}

type clockShow struct{ remote }

// Run shows the clock.
func (c *clockShow) Run(ctx context.Context, std *streams) error {
	return showClock(ctx, c.client(), "GET", nil, std.out)
}

type clockAdvance struct {
	remote
	By string `arg:"" help:"How far, such as 90m, 26h or 7d."`
}

// Run moves the clock by a length of time.
func (c *clockAdvance) Run(ctx context.Context, std *streams) error {
	return showClock(ctx, c.client(), "POST", map[string]string{"advance": c.By}, std.out)
}

type clockTo struct {
	remote
	Instant string `arg:"" help:"To when, such as 2026-12-24T18:00:00Z."`
}

// Run moves the clock to an instant.
func (c *clockTo) Run(ctx context.Context, std *streams) error {
	return showClock(ctx, c.client(), "POST", map[string]string{"to": c.Instant}, std.out)
}

func showClock(ctx context.Context, c *client.Client, method string, body any, out io.Writer) error {
	var answer struct{ Now string }
	if err := c.Call(ctx, method, "/v1/clock", body, &answer); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, answer.Now)
	return err
}
