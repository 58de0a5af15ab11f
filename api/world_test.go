package api_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rapport"
	"rapport/api"
	"rapport/channel"
	"rapport/flow"
	"rapport/internal/clock"
	"rapport/journey"
	"rapport/store"
	"rapport/store/memory"
	"rapport/workspace"
)

const adminKey = "rk_test_admin"

// theKey is the installation's key of every world.
var theKey = rapport.Key{7}

// world is the face over a whole flow, with a store in memory, a clock that stands
// still unless it is moved, and a provider that takes everything.
type world struct {
	t       testing.TB
	store   *memory.Store
	flow    *flow.Flow
	clock   *clock.Offset
	desk    *desk
	config  api.Config
	handler http.Handler
	log     *strings.Builder
}

var start = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

// options are what a world has otherwise than usual.
type options struct {
	live     bool // its clock can't be moved
	notReady error
	store    *memory.Store // that an earlier world left behind
	at       time.Time
}

func newWorld(t testing.TB, o options) *world {
	t.Helper()
	if o.store == nil {
		o.store, o.at = memory.New(), start
	}
	w := &world{t: t, store: o.store, clock: clock.NewOffset(clock.NewStepped(o.at), 0), log: new(strings.Builder)}
	w.desk = &desk{store: w.store, now: w.now}
	running := w.desk.open(t)
	engine, err := flow.Open(t.Context(), flow.Config{Key: theKey, Store: w.store, Workspace: running, KeepContents: true}, w.now())
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&locked{to: w.log}, nil))
	w.flow = flow.Start(engine, w.clock, &bell{now: w.now, rung: make(chan struct{}, 1)}, flow.Limits{}, log)
	w.desk.flow = w.flow
	t.Cleanup(func() {
		if err := w.flow.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	var ids atomic.Int64
	newID := func() string { return fmt.Sprintf("request-%d", ids.Add(1)) }
	metrics := api.NewMetrics("test")
	collect := api.NewCollect(metrics.Admitter(admitter{w.flow}), []string{writeKey}, w.now, newID, log)
	collect.OnRefused = metrics.Refused
	keys := &ring{}
	w.config = api.Config{
		Flow: w.flow, Customers: w.store, Messages: w.store, Ledger: w.store, Workspaces: w.desk, Secrets: &drawer{}, Keys: keys, Collect: collect, Key: theKey,
		Columns:  flow.NewColumns(1<<30, w.flow.Do, w.store),
		KeyNamed: keys.named,
		Ready:    func() error { return o.notReady },
		Brand:    func(context.Context, rapport.Message) string { return "Lumen & Co" },
		NewID:    newID, Log: log, Version: "test",
		Home: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "home") }),
	}
	if !o.live {
		w.config.Sandbox = sandbox{w}
	}
	w.handler = w.with(func(c *api.Config) { c.Metrics = metrics })
	return w
}

// with returns the face over the same flow with something otherwise.
func (w *world) with(change func(*api.Config)) http.Handler {
	w.t.Helper()
	config := w.config
	config.Metrics = api.NewMetrics("test")
	change(&config)
	handler, err := api.New(config)
	if err != nil {
		w.t.Fatal(err)
	}
	return handler
}

func (w *world) now() rapport.Instant { return rapport.InstantOf(w.clock.Now()) }

// call asks for something with the admin's key.
func (w *world) call(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminKey)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	return answer
}

// must is call for what has to succeed.
func (w *world) must(method, target, body string, headers ...string) string {
	w.t.Helper()
	answer := w.call(method, target, body, headers...)
	if answer.Code >= 300 {
		w.t.Fatalf("%s %s: %d %s", method, target, answer.Code, answer.Body)
	}
	return answer.Body.String()
}

// apply puts the documents of a file in force.
func (w *world) apply(file string) {
	w.t.Helper()
	docs, err := os.ReadFile(file)
	if err != nil {
		w.t.Fatal(err)
	}
	w.must(http.MethodPost, "/v1/apply", string(docs), "Content-Type", "application/yaml")
}

// admitter takes events through the flow.
type admitter struct{ flow *flow.Flow }

func (a admitter) Admit(ctx context.Context, events []rapport.Event) error {
	return a.flow.Submit(ctx, events)
}

// sandbox moves a world's clock.
type sandbox struct{ *world }

func (s sandbox) Advance(ctx context.Context, to func(rapport.Instant) rapport.Instant) (rapport.Instant, error) {
	return s.flow.Advance(ctx, s.clock, to)
}

// bell rings as soon as something is due: its clock stands still.
type bell struct {
	now  func() rapport.Instant
	rung chan struct{}
}

func (b *bell) Set(at rapport.Instant) {
	if at > b.now() {
		return
	}
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

func (b *bell) C() <-chan struct{} { return b.rung }

// locked is a log that many write to.
type locked struct {
	mu sync.Mutex
	to io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(b)
}

// desk keeps a world's workspace.
type desk struct {
	store   *memory.Store
	now     func() rapport.Instant
	flow    *flow.Flow
	current atomic.Pointer[api.Workspace]
}

func (d *desk) open(t testing.TB) *flow.Workspace {
	t.Helper()
	last, err := d.store.Version(t.Context(), 0)
	if err != nil && rapport.KindOf(err) != rapport.NotFound {
		t.Fatal(err)
	}
	var docs []workspace.Document
	for _, doc := range last.Documents {
		docs = append(docs, workspace.Document{Kind: doc.Kind, Name: doc.Name, Body: doc.Body})
	}
	next, _, problems := compile(docs, last.Number)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	d.current.Store(next)
	return next.Running
}

func compile(docs []workspace.Document, version uint64) (*api.Workspace, *workspace.Compiled, []workspace.Problem) {
	c, problems := workspace.Review(docs, version)
	if len(problems) > 0 {
		return nil, nil, problems
	}
	running, err := flow.Assemble(c, map[rapport.Channel]flow.Provider{rapport.Email: taker{}, rapport.Webhook: taker{}}, func(id rapport.MessageID) string {
		return "https://rapport.example/u/" + id.String()
	})
	if err != nil {
		panic(err)
	}
	return &api.Workspace{Documents: docs, Plan: c.Plan, Topics: c.Topics, Running: running, Channels: opened(c.Channels)}, c, nil
}

// opened opens channels, as there are no secrets.
func opened(docs map[string]channel.Doc) (all []channel.Opened) {
	noSecret := func(string) (string, bool) { return "", false }
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		o := channel.Opened{Doc: docs[name]}
		if !o.Doc.Lacks(noSecret) {
			var err error
			if o.Provider, err = channel.Open(o.Doc, noSecret, func(context.Context, []rapport.Delivery) error { return nil }); err != nil {
				panic(err)
			}
		}
		all = append(all, o)
	}
	return all
}

func (d *desk) Current() api.Workspace { return *d.current.Load() }

func (d *desk) Plan(_ context.Context, edit workspace.Edit) (api.Applied, []workspace.Problem, error) {
	_, applied, problems, err := d.prepare(edit)
	return applied, problems, err
}

func (d *desk) Stand(ctx context.Context, name string, to func(api.Standing) (api.Standing, error)) error {
	next := *d.current.Load()
	s, err := to(next.Standings[name])
	if err != nil || s == next.Standings[name] {
		return err
	}
	next.Standings = maps.Clone(next.Standings)
	if next.Standings == nil {
		next.Standings = map[string]api.Standing{}
	}
	next.Standings[name] = s
	if s.State == journey.Active {
		delete(next.Standings, name)
	}
	running := *next.Running
	running.Journeys = running.Journeys.With(api.StatesOf(next.Standings))
	next.Running = &running
	if err := d.flow.Do(ctx, flow.Stand(&running, store.Setting{Name: "standings", Data: []byte(name)})); err != nil {
		return err
	}
	d.current.Store(&next)
	return nil
}

func (d *desk) prepare(edit workspace.Edit) (*api.Workspace, api.Applied, []workspace.Problem, error) {
	before := d.Current()
	edited, problems, err := edit(before.Documents)
	if err != nil || len(problems) > 0 {
		return nil, api.Applied{}, problems, err
	}
	next, compiled, problems := compile(edited.Documents, before.Running.Version+1)
	if len(problems) > 0 {
		return nil, api.Applied{}, problems, nil
	}
	applied := api.Applied{Version: next.Running.Version, Changes: workspace.Plan(before.Documents, edited.Documents), Missing: []string{"SMTP_PASSWORD"}}
	applied.Report(compiled)
	applied.Warnings = append(edited.Warnings, applied.Warnings...)
	return next, applied, nil, nil
}

func (d *desk) Change(ctx context.Context, edit workspace.Edit, by api.Signature) (api.Applied, []workspace.Problem, error) {
	before := d.Current()
	if err := by.Expected(before.Running.Version); err != nil {
		return api.Applied{}, nil, err
	}
	next, applied, problems, err := d.prepare(edit)
	if err != nil || len(problems) > 0 {
		return applied, problems, err
	}
	if !workspace.Differ(before.Documents, next.Documents) {
		applied.Version = before.Running.Version
		return applied, nil, nil
	}
	return applied, nil, d.put(ctx, next, by)
}

func (d *desk) put(ctx context.Context, next *api.Workspace, by api.Signature) error {
	next.Standings = d.current.Load().Standings
	next.Running.Journeys = next.Running.Journeys.With(api.StatesOf(next.Standings))
	v := store.Version{Number: next.Running.Version, At: d.now(), Key: by.Key, Author: by.Author, Note: by.Note}
	for _, doc := range next.Documents {
		v.Documents = append(v.Documents, store.Document{Kind: doc.Kind, Name: doc.Name, Body: doc.Body})
	}
	if err := d.store.SaveVersion(ctx, v); err != nil {
		return err
	}
	if err := d.flow.Apply(ctx, next.Running); err != nil {
		return err
	}
	d.current.Store(next)
	return nil
}

// taker takes every message.
type taker struct{}

func (taker) Deliver(deliveries []rapport.Delivery) []rapport.Outcome {
	outcomes := make([]rapport.Outcome, len(deliveries))
	for i, d := range deliveries {
		outcomes[i] = rapport.Outcome{Message: d.Message, Kind: rapport.Accepted}
	}
	return outcomes
}

func (taker) Again(*rapport.Message, rapport.Instant) (rapport.Instant, bool) { return 0, true }
