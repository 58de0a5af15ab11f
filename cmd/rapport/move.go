package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"rapport"
	"rapport/app"
)

type moving struct {
	From   string `help:"Where the installation is: a data folder, or a PostgreSQL database such as postgres://rapport@db.example/rapport." placeholder:"PLACE" env:"-"`
	To     string `help:"Where it is to go: the same, and empty." placeholder:"PLACE" env:"-"`
	Keep   bool   `help:"Let the source stay in use: what is made is a copy." env:"-"`
	Reopen string `help:"Move nothing, but let an installation run again that was moved away, as it was then." placeholder:"PLACE" env:"-"`
}

// Help says more.
func (m *moving) Help() string {
	return "Stop the server first. Every row is read again where it has arrived, counted and hashed; the table says what there was of each sort. " +
		"Afterwards the source refuses to run and says where the installation is. A move that was broken off leaves the source as it was, and is begun anew by the same command. " +
		"The file secret.key of the data folder is not moved: run the server with the same --data, or copy it."
}

// Run moves an installation.
func (m *moving) Run(ctx context.Context, std *streams) error {
	switch {
	case m.Reopen != "" && m.From+m.To == "":
		return app.Reopen(ctx, m.Reopen)
	case m.Reopen != "" || m.From == "" || m.To == "":
		return rapport.Errorf(rapport.Invalid, "say from where to where: rapport move --from data --to postgres://rapport@db.example/rapport; or with --reopen alone what is to run again")
	}
	said := time.Now()
	parts, err := app.Move(ctx, app.Moving{From: m.From, To: m.To, Keep: m.Keep, Progress: func(part string, rows int64) {
		if now := time.Now(); now.Sub(said) >= progressEvery {
			said = now
			fmt.Fprintf(std.err, "  ... %s: %d\n", part, rows)
		}
	}})
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, p := range parts {
		verdict := "arrived"
		if !p.Same() {
			verdict = fmt.Sprintf("DIFFERS: %d rows arrived, SHA-256 %s", p.Moved, p.MovedHash)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", p.Name, p.Rows, p.Hash, verdict)
	}
	if flushed := table.Flush(); err == nil {
		err = flushed
	}
	return err
}
