package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"runtime/pprof"

	"rapport/app"
)

// server is what serve and demo have in common.
type server struct {
	Data                 string `help:"The data folder." default:"${data}" type:"path"`
	Database             string `help:"Keep everything in this PostgreSQL database, such as postgres://rapport@db.example/rapport, and in the data folder only what belongs to the machine." placeholder:"URL"`
	Listen               string `help:"Address and port to listen on." default:"127.0.0.1:8080"`
	PublicURL            string `help:"Where customers reach the server, for links in messages; http:// and the address unless said."`
	AdminKey             string `help:"The admin's API key; made and shown once unless given." env:"RAPPORT_ADMIN_KEY"`
	WriteKey             string `help:"The key that events are sent with; made and shown once unless given." env:"RAPPORT_WRITE_KEY"`
	AllowPrivateWebhooks bool   `help:"Let webhooks of journeys call this machine and private networks."`
	LogLevel             string `help:"How much is logged: debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
	LogFormat            string `help:"How it is logged: json, text, or auto, which is text on a terminal and else JSON." default:"auto" enum:"auto,json,text"`
	MinFree              int64  `help:"How many MB must be left on the disk for the server to be ready." default:"100"`
}

func (s *server) config(std *streams, sandbox bool) app.Config {
	return app.Config{
		Data: s.Data, Database: s.Database, Listen: s.Listen, URL: s.PublicURL, Sandbox: sandbox, AdminKey: s.AdminKey, WriteKey: s.WriteKey,
		AllowPrivateWebhooks: s.AllowPrivateWebhooks, MinFree: s.MinFree << 20,
		Log: slog.New(logTo(std.err, s.LogFormat, s.LogLevel)),
	}
}

// place says where the data is, without the password.
func (s *server) place() string {
	if s.Database == "" {
		return s.Data
	}
	return app.Place(s.Database)
}

// logTo returns what writes the log.
func logTo(to io.Writer, format, level string) slog.Handler {
	options := new(slog.HandlerOptions)
	var from slog.Level
	_ = from.UnmarshalText([]byte(level)) // the parser lets only good ones through
	options.Level = from
	if format == "json" || format == "auto" && !isTerminal(to) {
		options.ReplaceAttr = inSeconds
		return slog.NewJSONHandler(to, options)
	}
	return slog.NewTextHandler(to, options)
}

// inSeconds writes lengths of time as seconds, which programs add up and compare.
func inSeconds(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.Float64Value(a.Value.Duration().Seconds())
	}
	return a
}

func isTerminal(to io.Writer) bool {
	f, ok := to.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

type serve struct {
	server  `set:"data=data"`
	Sandbox bool   `help:"Capture messages instead of sending them, with a clock that can be moved."`
	Profile string `help:"Write where the processor's time goes to a file, for go tool pprof." type:"path" placeholder:"FILE"`
}

// Run serves until it is told to stop.
func (s *serve) Run(ctx context.Context, std *streams) error {
	if s.Profile != "" {
		f, err := os.Create(s.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	collectLess()
	a, err := app.Open(ctx, s.config(std, s.Sandbox))
	if err != nil {
		return err
	}
	return serveUntilStopped(ctx, a, app.Page{Program: os.Args[0]}, func(address string) {
		environment := "live"
		if s.Sandbox {
			environment = "sandbox"
		}
		fmt.Fprintf(std.out, "Rapport %s listens on http://%s (%s, data in %s)\n", app.Version, address, environment, s.place())
		showKeys(std, a)
		if !s.Sandbox && s.PublicURL == "" {
			fmt.Fprintf(std.out, "Links in messages lead to http://%s: say with --public-url where customers reach this server.\n", s.Listen)
		}
	})
}

// showKeys tells the write key, and the admin key if it was made just now: only
// its hash is kept.
func showKeys(std *streams, a *app.App) {
	if key := a.Admin.Fresh; key != "" {
		fmt.Fprintf(std.out, "Admin key, shown only now:  %s\n", key)
	}
	fmt.Fprintf(std.out, "Write key, for your pages:  %s\n", a.Write)
}

func serveUntilStopped(ctx context.Context, a *app.App, page app.Page, ready func(address string)) error {
	face, err := a.Face(page)
	if err == nil {
		err = a.Serve(ctx, face, ready)
	}
	if stopped := a.Close(); err == nil {
		err = stopped
	}
	return err
}

// collectLess lets the heap grow to five times what is alive before it is cleared
// of the rest, not to twice. What lives is small (a window of message ids, the
// identities), what passes through is much, and so most of the collector's work
// finds nothing to keep: an eighth less of the processor for two thirds more memory
// (rapport bench pipeline). GOGC goes before it, and GOMEMLIMIT still holds.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}
