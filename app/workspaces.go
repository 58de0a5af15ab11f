package app

import (
	"context"
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
}

// Workspaces keeps the versions of the workspace and puts a new one in force.
type Workspaces struct {
	store   versions
	sandbox bool
	secrets channel.Secrets
	log     *slog.Logger
	now     func() rapport.Instant
	// unsubscribe returns the page where a message can be answered with leaving.
	unsubscribe func(rapport.MessageID) string

	mu       sync.Mutex // held by who applies
	flow     *flow.Flow // set once it runs
	channels map[string]channel.Doc
	opened   []channel.Provider
	current  atomic.Pointer[api.Workspace]
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
	running, opened, err := w.run(compiled)
	if err != nil {
		return nil, err
	}
	w.channels, w.opened = compiled.Channels, opened
	w.current.Store(&api.Workspace{Documents: docs, Plan: compiled.Plan, Running: running})
	for _, name := range compiled.Missing(w.hasSecret) {
		w.log.Warn("messages of a channel wait for a secret; set it with: rapport secret set NAME", "name", name)
	}
	return running, nil
}

// run turns a compiled workspace into what flow runs, and returns the providers
// that were opened for it.
func (w *Workspaces) run(c *workspace.Compiled) (*flow.Workspace, []channel.Provider, error) {
	providers, opened, err := openProviders(c.Channels, w.sandbox, w.secrets)
	if err != nil {
		return nil, nil, err
	}
	running, err := flow.Assemble(c, providers, w.unsubscribe)
	return running, opened, err
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
	compiled, problems := workspace.Review(docs, current.Running.Version+1)
	if len(problems) > 0 {
		return api.Applied{}, problems, nil
	}
	applied := api.Applied{Version: compiled.Version, Changes: workspace.Plan(current.Documents, docs)}
	applied.Report(compiled)
	return applied, nil, w.put(ctx, docs, compiled, author, "deleted "+kind+" "+name)
}

func (w *Workspaces) prepare(current api.Workspace, files []workspace.File, prune bool) (api.Applied, []workspace.Document, *workspace.Compiled, []workspace.Problem) {
	given, problems := workspace.Parse(files)
	if len(problems) > 0 {
		return api.Applied{}, nil, nil, problems
	}
	docs := workspace.Upsert(current.Documents, given, prune)
	compiled, problems := workspace.Review(docs, current.Running.Version+1)
	if len(problems) > 0 {
		return api.Applied{}, nil, nil, problems
	}
	applied := api.Applied{Version: current.Running.Version, Changes: workspace.Plan(current.Documents, docs), Missing: compiled.Missing(w.hasSecret)}
	applied.Report(compiled)
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
	running, opened, err := w.run(compiled)
	if err != nil {
		return err
	}
	version := store.Version{Number: compiled.Version, At: w.now(), Author: author, Note: note}
	for _, d := range docs {
		version.Documents = append(version.Documents, store.Document{Kind: d.Kind, Name: d.Name, Body: d.Body})
	}
	if err := w.store.SaveVersion(ctx, version); err != nil {
		closeProviders(ctx, opened)
		return err
	}
	if err := w.swap(ctx, running, opened); err != nil {
		return err
	}
	w.channels = compiled.Channels
	w.current.Store(&api.Workspace{Documents: docs, Plan: compiled.Plan, Running: running})
	return nil
}

// swap lets flow run a workspace, and closes the providers of the one before.
func (w *Workspaces) swap(ctx context.Context, running *flow.Workspace, opened []channel.Provider) error {
	if err := w.flow.Apply(ctx, running); err != nil {
		closeProviders(ctx, opened)
		return err
	}
	closeProviders(ctx, w.opened)
	w.opened = opened
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
// those that need this one. There is no new version: the documents are the same.
func (w *Workspaces) reopen(ctx context.Context, secret string) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	names := w.using(secret)
	if len(names) == 0 || w.sandbox {
		return names, nil
	}
	providers, opened, err := openProviders(w.channels, w.sandbox, w.secrets)
	if err != nil {
		return nil, err
	}
	current := w.Current()
	running := *current.Running
	running.Providers = providers
	if err := w.swap(ctx, &running, opened); err != nil {
		return nil, err
	}
	current.Running = &running
	w.current.Store(&current)
	return names, nil
}
