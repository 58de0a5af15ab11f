// Command rapport is the whole product: the server, the commands that talk to
// one, and the tools around it. This package reads flags and the environment and
// sets the exit code; everything else is elsewhere.
//
// The exit codes: 0 done, 1 it failed, 2 the command was used wrongly.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // the calendar must not depend on the machine

	"github.com/alecthomas/kong"

	"rapport"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // told a second time, it ends on the spot
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// commands is what can be asked for on the command line.
type commands struct {
	Serve  serve  `cmd:"" help:"Run the server."`
	Demo   demo   `cmd:"" help:"Run a sandbox with a simulated shop and all recipes."`
	Apply  apply  `cmd:"" help:"Put documents in force: segments, journeys, templates and so on."`
	Plan   plan   `cmd:"" help:"Say what applying documents would change."`
	Export export `cmd:"" help:"Write the documents in force to files or to standard output."`

	Versions versions `cmd:"" help:"List the versions of the workspace, or say what one of them changed."`
	Rollback rollback `cmd:"" help:"Put the documents of an earlier version in force again."`
	Rename   rename   `cmd:"" help:"Give a document another name, and all that refer to it."`
	Delete   remove   `cmd:"" help:"Take a document away, unless another needs it."`
	Promote  promote  `cmd:"" help:"Put the documents of a sandbox in force in the live environment."`

	Schema schema        `cmd:"" help:"Write the JSON Schemas of documents, by which editors complete and check them."`
	Import imports       `cmd:"" help:"Take in files of events or customers; an import that was interrupted goes on where it stood."`
	Copy   copyCustomers `cmd:"" help:"Copy customers of a live server into a sandbox, under pseudonyms. What was copied before is not copied again."`
	Secret secret        `cmd:"" help:"Keep secrets that documents name."`
	Key    keys          `cmd:"" help:"Keep API keys, each under the name of whose it is."`
	Clock  clock         `cmd:"" help:"Show or move a sandbox's clock."`

	Offers offers `cmd:"" help:"Try what an order would get of the offers in force."`

	Sending sending `cmd:"" help:"Hold all sending, or let it go on."`
	Health  health  `cmd:"" help:"Ask a server whether it is alive, or ready."`
	Backup  backup  `cmd:"" help:"Write a whole copy of a data folder, while the server runs."`
	Restore restore `cmd:"" help:"Make a data folder of a backup."`
	Move    moving  `cmd:"" help:"Take a whole installation from its data folder to a PostgreSQL database, or back."`

	Test   test   `cmd:"" help:"Play the stories of a folder against its documents."`
	Recipe recipe `cmd:"" help:"Ready-made journeys: list, apply, write to a folder."`

	Shop    shopping  `cmd:"" help:"Let a simulated shop live at a server: as its demo, its load, or years of practice."`
	Bench   benchmark `cmd:"" help:"Measure this program on this machine."`
	Version version   `cmd:"" help:"Print the version."`
}

// streams is where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// exit is how the parser ends the program after help.
type exit int

func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) (code int) {
	defer func() {
		if e, ok := recover().(exit); ok {
			code = int(e)
		}
	}()
	parser, err := newParser(out, errOut)
	if err != nil {
		fmt.Fprintln(errOut, "rapport:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if err != nil {
		var usage *kong.ParseError
		if errors.As(err, &usage) {
			_ = usage.Context.PrintUsage(true)
		}
		fmt.Fprintln(errOut, "rapport:", err)
		return 2
	}
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(&streams{in, out, errOut}); err != nil {
		fmt.Fprintln(errOut, "rapport:", explain(err))
		return 1
	}
	return 0
}

func newParser(out, errOut io.Writer) (*kong.Kong, error) {
	return kong.New(&commands{},
		kong.Name("rapport"), kong.Description("A customer-engagement platform with a promotion engine inside, in one program."),
		kong.Writers(out, errOut), kong.Exit(func(code int) { panic(exit(code)) }),
		kong.DefaultEnvars("RAPPORT"), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// explain returns an error as the operator reads it: the message first, the cause
// on a line of its own.
func explain(err error) string {
	var e *rapport.Error
	if !errors.As(err, &e) || e.Error() != err.Error() || e.Message == "" || e.Err == nil || strings.Contains(e.Message, e.Err.Error()) {
		return err.Error()
	}
	return e.Message + "\n  The cause: " + e.Err.Error()
}
