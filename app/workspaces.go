package app

import (
	"context"
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
}

// Workspaces keeps the versions of the workspace and puts a new one in force.
type Workspaces struct {
	store   versions
	sandbox bool
	secrets channel.Secrets
	now     func() rapport.Instant
	// unsubscribe returns the page where a message can be answered with leaving.
	unsubscribe func(rapport.MessageID) string

	mu      sync.Mutex // held by who applies
	flow    *flow.Flow // set once it runs
	opened  []channel.Provider
	current atomic.Pointer[api.Workspace]
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
	compiled, problems := workspace.Compile(docs, last.Number)
	if len(problems) > 0 {
		return nil, rapport.Errorf(rapport.Internal, "version %d of the workspace can't be read by this program: %v", last.Number, problems[0])
	}
	running, err := w.run(compiled)
	if err != nil {
		return nil, err
	}
	w.current.Store(&api.Workspace{Documents: docs, Plan: compiled.Plan, Running: running})
	return running, nil
}

// run turns a compiled workspace into what flow runs.
func (w *Workspaces) run(c *workspace.Compiled) (*flow.Workspace, error) {
	docs := make([]channel.Doc, 0, len(c.Channels))
	for _, doc := range c.Channels {
		docs = append(docs, doc)
	}
	providers, opened, err := openProviders(docs, w.sandbox, w.secrets)
	if err != nil {
		return nil, err
	}
	w.opened = append(w.opened, opened...)
	return flow.Assemble(c, providers, w.unsubscribe)
}

// Current returns the workspace in force.
func (w *Workspaces) Current() api.Workspace { return *w.current.Load() }

// Plan says what applying documents would change. Problems are what is wrong with
// them; if there are any, nothing else is said.
func (w *Workspaces) Plan(files []workspace.File, prune bool) (api.Applied, []workspace.Problem) {
	applied, _, _, problems := w.prepare(w.Current(), files, prune)
	return applied, problems
}

// Apply puts documents among those in force, or in their place if prune is set,
// and returns when they are in force. The same bytes again make no new version.
func (w *Workspaces) Apply(ctx context.Context, files []workspace.File, prune bool, author, note string) (api.Applied, []workspace.Problem, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	applied, docs, compiled, problems := w.prepare(w.Current(), files, prune)
	if len(problems) > 0 || compiled == nil {
		return applied, problems, nil
	}
	return applied, nil, w.put(ctx, docs, compiled, author, note)
}

// Delete takes a document away, unless another needs it.
func (w *Workspaces) Delete(ctx context.Context, kind, name, author string) (api.Applied, []workspace.Problem, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	current := w.Current()
	docs, found := workspace.Delete(current.Documents, kind, name)
	if !found {
		return api.Applied{}, nil, rapport.Errorf(rapport.NotFound, "There is no %s %q.", kind, name)
	}
	compiled, problems := workspace.Compile(docs, current.Running.Version+1)
	if len(problems) > 0 {
		return api.Applied{}, problems, nil
	}
	applied := api.Applied{Version: compiled.Version, Changes: workspace.Plan(current.Documents, docs)}
	return applied, nil, w.put(ctx, docs, compiled, author, "deleted "+kind+" "+name)
}

func (w *Workspaces) prepare(current api.Workspace, files []workspace.File, prune bool) (api.Applied, []workspace.Document, *workspace.Compiled, []workspace.Problem) {
	given, problems := workspace.Parse(files)
	if len(problems) > 0 {
		return api.Applied{}, nil, nil, problems
	}
	docs := workspace.Upsert(current.Documents, given, prune)
	compiled, problems := workspace.Compile(docs, current.Running.Version+1)
	if len(problems) > 0 {
		return api.Applied{}, nil, nil, problems
	}
	applied := api.Applied{Version: current.Running.Version, Changes: workspace.Plan(current.Documents, docs), Missing: compiled.Missing(w.hasSecret)}
	if !workspace.Differ(current.Documents, docs) {
		return applied, docs, nil, nil
	}
	applied.Version = compiled.Version
	return applied, docs, compiled, nil
}

func (w *Workspaces) hasSecret(name string) bool {
	_, ok := w.secrets(name)
	return ok
}

// put saves a version and puts it in force.
func (w *Workspaces) put(ctx context.Context, docs []workspace.Document, compiled *workspace.Compiled, author, note string) error {
	before := w.opened
	w.opened = nil
	running, err := w.run(compiled)
	if err != nil {
		w.opened = before
		return err
	}
	version := store.Version{Number: compiled.Version, At: w.now(), Author: author, Note: note}
	for _, d := range docs {
		version.Documents = append(version.Documents, store.Document{Kind: d.Kind, Name: d.Name, Body: d.Body})
	}
	if err := w.store.SaveVersion(ctx, version); err != nil {
		return err
	}
	if err := w.flow.Apply(ctx, running); err != nil {
		return err
	}
	w.current.Store(&api.Workspace{Documents: docs, Plan: compiled.Plan, Running: running})
	closeProviders(ctx, before)
	return nil
}
