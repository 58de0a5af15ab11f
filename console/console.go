package console

import (
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"

	"rapport"
)

// Config is what the pages need of the rest of the program.
type Config struct {
	Face    http.Handler // the program's HTTP face
	Key     string       // with which the pages call the face
	Figures Figures
	Pulse   *Pulse // is told of every event that is admitted
	Sandbox bool   // messages are captured and the clock can be moved

	// Authorised reports whether a key is an admin's. Nil lets everybody in, which is
	// right only where nobody can come from elsewhere.
	Authorised func(key string) bool

	// Synthetic says that nobody here is real.
	Synthetic bool
	// Progress returns what is being loaded, and how much of it is there, from 0 to
	// 1; "" for nothing. Optional.
	Progress func() (what string, part float64)
	// Story returns what is worth a look, in which order. Optional.
	Story func(ctx context.Context) []Beat
	// What stands in the commands to try next: where the server is, its keys ("" for
	// the variables of the environment that hold them), how the program is called.
	URL, ShownKey, ShownWriteKey, Program string
}

// Beat is one thing that is worth a look, and the page that shows it.
type Beat struct{ Title, Text, Path string }

// Figures counts what is there.
type Figures interface {
	// Figures may be asked often. What can't be counted at the moment is an error.
	Figures(ctx context.Context) (Count, error)
	// Reached returns the instant up to which everything is done.
	Reached() rapport.Instant
}

// Count is how much there is.
type Count struct {
	Customers int64
	Events    int64
	Messages  map[string]int64 // by what became of them; "" for all
}

//go:embed page
var pages embed.FS

//go:embed asset
var assets embed.FS

// Console serves the pages. It is safe for concurrent use.
type Console struct {
	Config
	templates *template.Template
	live      latest
	mover     mover
}

// New returns the handler of the pages.
func New(c Config) (http.Handler, error) {
	if c.Face == nil || c.Figures == nil || c.Pulse == nil {
		return nil, rapport.Errorf(rapport.Internal, "the start page lacks the HTTP face, the figures or the pulse")
	}
	templates, err := template.New("").Funcs(words()).ParseFS(pages, "page/*.html")
	if err != nil {
		return nil, err
	}
	return (&Console{Config: c, templates: templates}).guarded()
}

func (c *Console) guarded() (http.Handler, error) {
	files, err := fs.Sub(assets, "asset")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", c.start)
	mux.HandleFunc("GET /live", c.fragments)
	mux.HandleFunc("GET /customers", c.customers)
	mux.HandleFunc("GET /customers/{id}", c.customer)
	mux.HandleFunc("GET /segments/{name}", c.segment)
	mux.HandleFunc("GET /messages", c.messages)
	mux.HandleFunc("GET /messages/{id}", c.message)
	mux.HandleFunc("GET /messages/{id}/body", c.body)
	for _, kind := range []string{"campaign", "journey"} {
		at := "/" + kind + "s"
		mux.HandleFunc("GET "+at, c.journeys(kind))
		mux.HandleFunc("GET "+at+"/{name}", c.journey(kind))
		mux.HandleFunc("GET "+at+"/{name}/{act}", c.confirm)
		mux.HandleFunc("POST "+at+"/{name}/{act}", c.act)
	}
	mux.HandleFunc("GET /channels", c.channels)
	mux.HandleFunc("POST /clock", c.moveClock)
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(files)))
	mux.HandleFunc("/", c.nothing)
	return strict(c.ours(c.signedIn(mux))), nil
}
