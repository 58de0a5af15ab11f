package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"rapport"
	"rapport/api"
	"rapport/channel"
	"rapport/flow"
	"rapport/store"
	"rapport/workspace"
)

// versions is what of a store keeps the workspace's versions.
type versions interface {
	Version(ctx context.Context, number uint64) (store.Version, error)
	SaveVersion(ctx context.Context, v store.Version) error
	Counters(ctx context.Context, prefix string) ([]store.Total, error)
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSettings(ctx context.Context, settings []store.Setting) error
}

// Workspaces keeps the versions of the workspace and puts a new one in force.
type Workspaces struct {
	store   versions
	sandbox bool
	private bool // calls may go into private networks
	secrets channel.Secrets
	log     *slog.Logger
	now     func() rapport.Instant
	// unsubscribe returns the page where a message can be answered with leaving.
	unsubscribe func(rapport.MessageID) string

	mu        sync.Mutex // held by who applies
	flow      *flow.Flow // set once it runs
	channels  map[string]channel.Doc
	carriers  carriers
	origins   map[string]origin       // of the journeys in force
	standings map[string]api.Standing // of the journeys that are not active
	current   atomic.Pointer[api.Workspace]
}

// load compiles the last version.
func (w *Workspaces) load(ctx context.Context) (*flow.Workspace, error) {
	last, err := w.store.Version(ctx, 0)
	if err != nil && rapport.KindOf(err) != rapport.NotFound {
		return nil, err
	}
	docs := make([]workspace.Document, len(last.Documents))
	for i, d := range last.Documents {
		docs[i] = workspace.Document{Kind: d.Kind, Name: d.Name, Body: d.Body}
	}
	if err := errors.Join(w.readOrigins(ctx), w.readStandings(ctx)); err != nil {
		return nil, err
	}
	w.origins = w.originsOf(docs, last.Number)
	past, err := w.past(ctx, w.origins)
	if err != nil {
		return nil, err
	}
	compiled, problems := past.Compile(docs, last.Number)
	if len(problems) > 0 {
		return nil, rapport.Errorf(rapport.Internal, "version %d of the workspace can't be read by this program: %v", last.Number, problems[0])
	}
	running, opened, err := w.run(compiled)
	if err != nil {
		return nil, err
	}
	w.channels, w.carriers = compiled.Channels, opened
	w.current.Store(&api.Workspace{
		Documents: docs, Plan: compiled.Plan, Topics: compiled.Topics, Running: running, Standings: w.standings, Channels: w.opened(w.channels, opened),
	})
	for _, name := range compiled.Missing(w.hasSecret) {
		w.log.Warn("messages of a channel wait for a secret; set it with: rapport secret set NAME", "name", name)
	}
	return running, nil
}

// run turns a compiled workspace into what flow runs, and returns the providers
// that carry its messages.
func (w *Workspaces) run(c *workspace.Compiled) (*flow.Workspace, carriers, error) {
	opened, err := w.open(c.Channels)
	if err != nil {
		return nil, nil, err
	}
	running, err := flow.Assemble(c, opened.providers(), w.unsubscribe)
	if err != nil {
		opened.retire(w.carriers)
		return nil, nil, err
	}
	running.Journeys = running.Journeys.With(api.StatesOf(w.standings))
	return running, opened, nil
}

// Current returns the workspace in force.
func (w *Workspaces) Current() api.Workspace { return *w.current.Load() }

// Plan says what an edit would change. Problems are what is wrong with the documents; if
// there are any, nothing else is said.
func (w *Workspaces) Plan(ctx context.Context, edit workspace.Edit) (api.Applied, []workspace.Problem, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next, problems, err := w.prepare(ctx, edit)
	return next.applied, problems, err
}

// Change puts in force what an edit makes of the documents, and returns when it is. What
// is in force already makes no new version.
func (w *Workspaces) Change(ctx context.Context, edit workspace.Edit, by api.Signature) (api.Applied, []workspace.Problem, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := by.Expected(w.Current().Running.Version); err != nil {
		return api.Applied{}, nil, err
	}
	next, problems, err := w.prepare(ctx, edit)
	if err != nil || len(problems) > 0 || !next.differs {
		return next.applied, problems, err
	}
	return next.applied, nil, w.put(ctx, next, by)
}

// Apply puts documents among those in force, or in their place if prune is set. By is
// which part of the program does so.
func (w *Workspaces) Apply(ctx context.Context, files []workspace.File, prune bool, by, note string) (api.Applied, []workspace.Problem, error) {
	return w.Change(ctx, workspace.Put(files, prune), api.Signature{Key: by, Note: note})
}

// candidate is a version of the workspace that may come to be in force.
type candidate struct {
	docs     []workspace.Document
	compiled *workspace.Compiled
	origins  map[string]origin
	applied  api.Applied
	differs  bool // from what is in force
}

// prepare compiles what an edit makes of the workspace.
func (w *Workspaces) prepare(ctx context.Context, edit workspace.Edit) (candidate, []workspace.Problem, error) {
	edited, problems, err := edit(w.Current().Documents)
	if err != nil || len(problems) > 0 {
		return candidate{}, problems, err
	}
	next, problems, err := w.compile(ctx, edited.Documents)
	next.applied.Warnings = slices.Concat(edited.Warnings, next.applied.Warnings)
	return next, problems, err
}

// compile compiles documents that somebody wants to put in force.
func (w *Workspaces) compile(ctx context.Context, docs []workspace.Document) (candidate, []workspace.Problem, error) {
	current := w.Current()
	version := current.Running.Version + 1
	next := candidate{docs: docs, origins: w.originsOf(docs, version), differs: workspace.Differ(current.Documents, docs)}
	past, err := w.past(ctx, next.origins)
	if err != nil {
		return next, nil, err
	}
	var problems []workspace.Problem
	if next.compiled, problems = past.Review(docs, version); len(problems) > 0 {
		return next, problems, nil
	}
	next.applied = api.Applied{
		Version: version, Changes: workspace.Plan(current.Documents, docs), Missing: next.compiled.Missing(w.hasSecret),
	}
	if !next.differs {
		next.applied.Version = current.Running.Version
	}
	next.applied.Report(next.compiled)
	ended, err := w.ended(ctx, next)
	next.applied.Warnings = slices.Concat(ended, next.applied.Warnings)
	return next, nil, err
}

func (w *Workspaces) hasSecret(name string) bool {
	_, ok := w.secrets(name)
	return ok
}

// put saves a version and puts it in force, whether or not who asked for it stays: a
// version that was kept and is not in force, or is without being shown, would be neither.
func (w *Workspaces) put(ctx context.Context, next candidate, by api.Signature) error {
	ctx = context.WithoutCancel(ctx)
	running, opened, err := w.run(next.compiled)
	if err != nil {
		return err
	}
	version := store.Version{Number: next.compiled.Version, At: w.now(), Key: by.Key, Author: by.Author, Note: by.Note}
	for _, d := range next.docs {
		version.Documents = append(version.Documents, store.Document{Kind: d.Kind, Name: d.Name, Body: d.Body})
	}
	if err := w.store.SaveVersion(ctx, version); err != nil {
		opened.retire(w.carriers)
		return err
	}
	if err := w.swap(ctx, running, opened); err != nil {
		return err
	}
	w.keepOrigins(ctx, next.origins)
	w.channels = next.compiled.Channels
	w.current.Store(&api.Workspace{
		Documents: next.docs, Plan: next.compiled.Plan, Topics: next.compiled.Topics, Running: running, Standings: w.standings, Channels: w.opened(w.channels, opened),
	})
	return nil
}

// swap lets flow run a workspace, and closes those providers of the one before that it
// does not have.
func (w *Workspaces) swap(ctx context.Context, running *flow.Workspace, opened carriers) error {
	if err := w.flow.Apply(ctx, running); err != nil {
		opened.retire(w.carriers)
		return err
	}
	w.carriers.retire(opened)
	w.carriers = opened
	return nil
}

// Using returns the names of the channels in force that need a secret, in order.
func (w *Workspaces) Using(secret string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.using(secret)
}

func (w *Workspaces) using(secret string) []string {
	names := []string{}
	for name, doc := range w.channels {
		if slices.Contains(doc.Secrets(), secret) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// reopen opens the channels again with the secrets as they are now, and returns
// those that need this one. There is no new version: the documents are the same. It goes
// on when who set the secret leaves.
func (w *Workspaces) reopen(ctx context.Context, secret string) ([]string, error) {
	ctx = context.WithoutCancel(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	names := w.using(secret)
	if len(names) == 0 || w.sandbox {
		return names, nil
	}
	opened, err := w.open(w.channels)
	if err != nil {
		return nil, err
	}
	current := w.Current()
	running := *current.Running
	running.Providers = opened.providers()
	if err := w.swap(ctx, &running, opened); err != nil {
		return nil, err
	}
	current.Running, current.Channels = &running, w.opened(w.channels, opened)
	w.current.Store(&current)
	return names, nil
}
