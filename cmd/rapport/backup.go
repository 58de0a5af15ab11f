package main

import (
	"context"
	"fmt"
	"strings"

	"rapport/app"
)

type backup struct {
	To        string `arg:"" help:"The folder to make; it must not be there yet." type:"path"`
	Data      string `help:"The data folder, whether or not a server runs in it." default:"data" type:"path"`
	SecretKey bool   `name:"with-secret-key" help:"Copy the key of the secrets as well: whoever has the backup has the secrets then."`
}

// Help says more.
func (b *backup) Help() string {
	return "Everything that was acknowledged before it began is in the backup: customers, events, messages, documents with their versions, keys, settings, and secrets in encrypted form. " +
		"Their key (secret.key) is not, unless asked for. The copy is read through and its hash is kept beside it (backup.json). A server that runs goes on; its log grows while the copy is written."
}

// Run writes a backup.
func (b *backup) Run(ctx context.Context, std *streams) error {
	m, err := app.Backup(ctx, b.Data, b.To, app.Backing{SecretKey: b.SecretKey, Progress: func(done, total int64) {
		fmt.Fprintf(std.err, "%d of about %d MB are written\n", done>>20, total>>20)
	}})
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s: %d customers, %d events, %d messages of a %s environment, as of %s; %d bytes, read through, SHA-256 %s\n",
		b.To, m.Customers, m.Events, m.Messages, m.Environment, m.State.At, m.Bytes, m.SHA256)
	switch {
	case m.SecretKey:
		fmt.Fprintln(std.out, "The key of the secrets is in it: keep it as you keep them.")
	case len(m.Secrets) > 0:
		fmt.Fprintf(std.out, "Not in it: secret.key, without which these secrets have to be set again: %s\n", strings.Join(m.Secrets, ", "))
	}
	return nil
}

type restore struct {
	From string `arg:"" help:"The folder of the backup." type:"path"`
	Data string `help:"The data folder to make; it must be empty or not be there." default:"data" type:"path"`
	Send bool   `help:"Let the restored server send at once. Unless said, it holds all sending until rapport sending resume."`
}

// Help says more.
func (r *restore) Help() string {
	return "What happened after the backup is not there. What waited to be sent then may have been sent since by the original, and what fell due since is done at the next start: " +
		"so all sending of a live environment is held until you say rapport sending resume, or rapport sending resume --skip, which drops what may be left out and may have been sent."
}

// Run restores a backup.
func (r *restore) Run(ctx context.Context, std *streams) error {
	done, err := app.Restore(ctx, r.From, r.Data, app.Restoring{Send: r.Send})
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s: %d customers, %d events, %d messages of a %s environment, as of %s\n",
		r.Data, done.Customers, done.Events, done.Messages, done.Environment, done.State.At)
	if len(done.Secrets) > 0 && !done.SecretKey {
		fmt.Fprintf(std.out, "Put secret.key of the original into it, or set these secrets again: %s\n", strings.Join(done.Secrets, ", "))
	}
	if done.Held {
		fmt.Fprintln(std.out, "All sending is held: start the server, look, and say rapport sending resume (--skip drops what the original may have sent).")
	}
	return nil
}
