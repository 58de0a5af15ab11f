package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"rapport"
	"rapport/channel"
	"rapport/flow"
	"rapport/journey"
	"rapport/rule"
	"rapport/store"
	"rapport/workspace"
)

// Config is what the face needs of the rest of the program. What is not said to
// be optional is required.
type Config struct {
	Flow       Flow
	Customers  Customers
	Messages   Messages
	Ledger     Ledger
	Workspaces Workspaces
	Secrets    Secrets
	Keys       Keys
	Collect    *Collect
	Key        rapport.Key // the installation's
	// Columns answers previews from memory. Optional: without it they read records.
	Columns *flow.Columns

	// KeyNamed returns the name of a key if it is an admin's, in a time that tells nothing.
	KeyNamed func(key string) (name string, ok bool)
	// Ready returns why requests that write can't be served; nil while they can.
	Ready func() error
	// Sandbox moves the clock. Nil in a live environment, where it can't be moved.
	Sandbox Sandbox
	// Brand returns the name by which a message's recipient knows the sender, for
	// the unsubscribe page. Optional.
	Brand func(context.Context, rapport.Message) string
	// Trace begins to follow a request, and returns it as it is to be answered and what is
	// to be called once it is. Optional.
	Trace func(*http.Request) (*http.Request, func(route string, status int))
	// Metrics are served under /metrics. Optional.
	Metrics *Metrics
	// Home serves the start page and whatever else no other address is. Optional.
	Home http.Handler
	// Histories is how many customers' histories the preview of a segment reads at
	// most, where records do not hold what its rule reads. Optional; 200,000.
	Histories int
	// NewID makes a text that is new each time, of letters, digits and dashes.
	NewID func() string
	Log   *slog.Logger
	// Version of the program, for the OpenAPI document. Optional.
	Version string
}

// Flow takes what is asked for through the next micro-batch.
type Flow interface {
	// Now returns the instant that the environment's clock shows.
	Now() rapport.Instant
	// Do returns once the work is committed.
	Do(ctx context.Context, work flow.Work) error
}

// Sandbox is an environment whose clock can be moved.
type Sandbox interface {
	// Advance moves the clock to the instant that to returns, does all that falls
	// due on the way, and returns what the clock shows then. An instant that has
	// passed is refused with kind Conflict.
	Advance(ctx context.Context, to func(now rapport.Instant) rapport.Instant) (rapport.Instant, error)
}

// Workspaces keeps the versions of the workspace and puts new ones in force. The
// list of problems says what is wrong with documents; if it is not empty, nothing
// was changed.
type Workspaces interface {
	// Current returns the workspace in force.
	Current() Workspace
	// Plan says what Change would do.
	Plan(ctx context.Context, edit workspace.Edit) (Applied, []workspace.Problem, error)
	// Change puts in force what an edit makes of the documents, and returns when it is.
	// If that is what is in force already there is no new version. An error of the edit
	// is returned. Kind Conflict if another version is in force than the one that was
	// expected.
	Change(ctx context.Context, edit workspace.Edit, by Signature) (Applied, []workspace.Problem, error)
	// Stand puts a journey in the standing that next returns for its present one, and
	// returns when it is in that. Nobody changes the standing meanwhile. An error of next is
	// returned, and nothing is changed.
	Stand(ctx context.Context, name string, next func(present Standing) (Standing, error)) error
}

// Signature says who makes a version and why.
type Signature struct {
	Key    string // the name of the key, which is proved
	Author string // who it is, as is only said; may be empty
	Note   string
	// Expects is the version that has to be in force before, 0 if there must be none; nil
	// for whichever is.
	Expects *uint64
}

// Expected returns an error of kind Conflict unless the version in force is the one that
// is expected.
func (s Signature) Expected(inForce uint64) error {
	if s.Expects == nil || *s.Expects == inForce {
		return nil
	}
	return &rapport.Error{Kind: rapport.Conflict, Code: "version_changed", Message: fmt.Sprintf(
		"Version %d is in force by now, not %d, so nothing was changed. Look at what it would change again.", inForce, *s.Expects)}
}

// Workspace is one version of what the marketer built.
type Workspace struct {
	Documents []workspace.Document // in the order of kinds and names
	Plan      *rule.Plan           // all data plans together, and the segments' names
	Running   *flow.Workspace      // the same as flow runs it; never nil
	Standings map[string]Standing  // of the journeys that are not active, by name
	Topics    map[string]workspace.Topic
	Channels  []channel.Opened // in the order of names
}

// Applied is what applying documents came to.
type Applied struct {
	Version uint64 // in force afterwards
	Changes []workspace.Change
	Missing []string // names of secrets that are still to be set
	// What is odd about the documents in force afterwards; it keeps nothing from being applied.
	Warnings []workspace.Problem
	// The journeys that become others, by name, and the workspace that they are part of.
	Journeys  []*journey.Journey
	Workspace *workspace.Compiled
}

// Report adds what is to be said of the workspace that an apply comes to.
func (a *Applied) Report(w *workspace.Compiled) {
	a.Warnings = w.Warnings
	a.Workspace = w
	for _, c := range a.Changes {
		j := w.Journeys.Get(c.Name)
		if (c.Kind == "journey" || c.Kind == "campaign") && j != nil && c.Action != workspace.Unchanged {
			a.Journeys = append(a.Journeys, j)
		}
	}
	slices.SortFunc(a.Journeys, func(x, y *journey.Journey) int { return strings.Compare(x.Name(), y.Name()) })
}

// Customers is where customers' records and histories are read; package store says
// what its reads promise.
type Customers interface {
	// Load returns records, each at the place of its id; nil for one that is not there.
	Load(ctx context.Context, ids []rapport.CustomerID) ([]store.Record, error)
	// Identifiers returns the rows of identifiers, each at the place of its key.
	Identifiers(ctx context.Context, keys []rapport.IdentifierKey) ([][]byte, error)
	// Customers returns those who have an address, ascending.
	Customers(ctx context.Context, kind store.AddressKind, value string, limit int) ([]rapport.CustomerID, error)
	// SearchAddresses returns addresses that begin with a text, in order.
	SearchAddresses(ctx context.Context, prefix string, limit int) ([]store.Address, error)
	// Scan returns records by ascending id, those behind the given one.
	Scan(ctx context.Context, after rapport.CustomerID, limit int) ([]store.Record, error)
	// Chunks returns all events by ascending number of their chunk, from one on.
	Chunks(ctx context.Context, from uint64, limit int) ([]store.Chunk, error)
	// Entry returns a customer's events of one chunk, and whether it is kept.
	Entry(ctx context.Context, chunk uint64, customer rapport.CustomerID) (store.Entry, bool, error)
}

// Messages is where messages and decisions are read.
type Messages interface {
	// Messages returns the messages that a filter chooses, from new to old.
	Messages(ctx context.Context, f store.MessageFilter) ([]rapport.Message, error)
	// Message returns one message; kind NotFound if there is none.
	Message(ctx context.Context, id rapport.MessageID) (rapport.Message, error)
	// Content returns a message's body; kind NotFound if it is not kept.
	Content(ctx context.Context, id rapport.MessageID) (store.Content, error)
	// Decisions returns a customer's decisions, newest first.
	Decisions(ctx context.Context, f store.DecisionFilter) ([]rapport.Decision, error)
}

// Ledger is where sums, marks, settings and versions are kept.
type Ledger interface {
	// Counters returns the sums whose names begin with a text.
	Counters(ctx context.Context, prefix string) ([]store.Total, error)
	// Mark returns how far a job has come; nil if there is no such mark.
	Mark(ctx context.Context, name string) ([]byte, error)
	// Setting returns a setting; nil if there is none.
	Setting(ctx context.Context, name string) ([]byte, error)
	// PutSettings keeps settings, all or none.
	PutSettings(ctx context.Context, settings []store.Setting) error
	// Version returns a version of the workspace with its documents.
	Version(ctx context.Context, number uint64) (store.Version, error)
	// Versions returns the versions without their documents, newest first.
	Versions(ctx context.Context, limit int) ([]store.Version, error)
}

// New returns the handler of every address that the program serves. It is safe
// for concurrent use.
func New(c Config) (http.Handler, error) {
	switch {
	case c.Flow == nil || c.Customers == nil || c.Messages == nil || c.Ledger == nil || c.Workspaces == nil || c.Secrets == nil || c.Keys == nil || c.Collect == nil:
		return nil, rapport.Errorf(rapport.Internal, "the HTTP face lacks a flow, a store, a workspace, secrets, keys or collect")
	case c.KeyNamed == nil || c.Ready == nil || c.NewID == nil || c.Log == nil:
		return nil, rapport.Errorf(rapport.Internal, "the HTTP face lacks a key, a probe, a source of ids or a log")
	}
	a := &api{Config: c}
	plane, err := a.plane()
	if err != nil {
		return nil, err
	}
	return a.watched(a.front(plane)), nil
}

// plane returns the control plane: the operations that the OpenAPI document
// describes.
func (a *api) plane() (*http.ServeMux, error) {
	mux := http.NewServeMux()
	a.huma = a.openAPI(mux)
	for _, add := range []func(){
		a.customerOperations, a.timelineOperations, a.consentOperations, a.messageOperations, a.webhookOperations, a.explainOperations,
		a.documentOperations, a.versionOperations, a.renameOperations, a.segmentOperations, a.curveOperations, a.stayOperations, a.previewOperations, a.ruleOperations, a.offerOperations, a.journeyOperations, a.campaignOperations, a.standingOperations, a.feedbackOperations, a.resendOperations, a.clockOperations, a.importOperations, a.secretOperations, a.keyOperations,
		a.templateOperations, a.channelOperations, a.pseudonymOperations, a.sendingOperations,
	} {
		add()
	}
	a.describeRest()
	if a.Metrics == nil {
		a.Metrics = NewMetrics(a.Version)
	}
	return mux, errors.Join(a.Metrics.collectSums(a.Ledger), a.Metrics.collectServers(a.Workspaces))
}

// front says what of the addresses is whose, and which need a key.
func (a *api) front(plane *http.ServeMux) http.Handler {
	open := timed(routed(plane))
	mux := http.NewServeMux()
	a.Collect.Mount(mux)
	a.mountUnsubscribe(mux)
	mux.Handle("/healthz", reading(http.HandlerFunc(alive)))
	mux.Handle("/readyz", reading(http.HandlerFunc(a.ready)))
	mux.Handle("/metrics", reading(a.Metrics.handler()))
	mux.Handle("/openapi.json", open)
	mux.Handle("/openapi.yaml", open)
	mux.Handle("/v1/schemas", open)
	mux.Handle("/v1/schemas/", open)
	// What answers are kept by holds a hash of the body, and that is too much of a secret.
	mux.Handle("PUT "+secretsPath+"/{name}", a.admins(lenient(open)))
	mux.Handle("POST "+keysPath, a.admins(lenient(open))) // its answer is one
	mux.Handle("/v1/", a.admins(lenient(newIdempotency(a.Ledger, a.Flow.Now, a.Log).guard(open))))
	if a.Home != nil {
		mux.Handle("/", a.Home)
	}
	return routed(mux)
}

func alive(w http.ResponseWriter, _ *http.Request) {
	writeBody(w, http.StatusOK, "application/json", []byte(`{"status":"alive"}`))
}

// ready says whether events and changes are taken in, and if not, why not.
func (a *api) ready(w http.ResponseWriter, _ *http.Request) {
	if err := a.Ready(); err != nil {
		writeProblem(w, &rapport.Error{Kind: rapport.Unavailable, Code: "not_ready", Message: "Not ready: " + rapport.MessageOf(err), Err: err})
		return
	}
	writeBody(w, http.StatusOK, "application/json", []byte(`{"status":"ready"}`))
}
