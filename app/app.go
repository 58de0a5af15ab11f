package app

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"rapport"
	"rapport/api"
	"rapport/flow"
	"rapport/internal/clock"
	"rapport/store/move"
)

// Config is how a program is to run. Data is required; of the rest the zero value
// is right for a live server on this machine.
type Config struct {
	Data     string // the data folder
	Database string // the address of a PostgreSQL database to keep everything in but what is the machine's; "" for the data folder
	Listen   string // address and port; 127.0.0.1:8080 unless said
	URL      string // where customers reach the server; http:// and Listen unless said
	Sandbox  bool
	Begin    time.Time // what a new sandbox's clock shows at first; the machine's time unless said
	AdminKey string    // made and shown once unless given
	WriteKey string

	// AllowPrivateWebhooks lets the calls of journeys go into private networks and to
	// this machine.
	AllowPrivateWebhooks bool

	// MinFree is how many bytes must be left on the disk for the program to be ready;
	// 0 means 100 MB.
	MinFree int64

	Log *slog.Logger

	// InCommit, if set, is called in every commit after all rows are written and
	// before the transaction is committed. It is for tests that kill the program there.
	InCommit func()
}

// App is a running program.
type App struct {
	Flow       *flow.Flow
	Store      Store
	Workspaces *Workspaces
	Admin      apiKey // the server's own
	Write      string // the key that events are sent with

	config  Config
	keys    *keyring
	key     rapport.Key
	within  string // the key with which the program calls its own face
	lives   atomic.Pointer[Demo]
	clock   clock.Clock
	ahead   *clock.Offset // nil in a live environment
	alarm   *alarm
	server  *http.Server
	closing chan struct{}
	stopBy  time.Time // when what is under way must have ended; zero until it is to stop
	health  *health
	tracing *tracing // nil if nobody asks for traces

	committed atomic.Pointer[*api.Metrics] // which are told of commits

	secretsMu sync.Mutex // held by who changes secrets
}

// Open opens the data folder and starts the flow. Nothing is served yet.
func Open(ctx context.Context, c Config) (*App, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
	}
	if c.URL == "" {
		c.URL = "http://" + c.Listen
	}
	st, err := openStore(ctx, c)
	if err != nil {
		return nil, err
	}
	a := &App{Store: st, config: c, closing: make(chan struct{}), within: newKey("within")}
	if err := a.start(ctx); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return a, nil
}

func (a *App) start(ctx context.Context) (err error) {
	if err := move.Check(ctx, a.Store); err != nil {
		return err
	}
	if err := checkEnvironment(ctx, a.Store, a.config.Sandbox); err != nil {
		return err
	}
	if a.key, err = installationKey(ctx, a.Store); err != nil {
		return err
	}
	kind := "live"
	if a.config.Sandbox {
		kind = "test"
	}
	if a.Admin, err = openAdminKey(ctx, a.Store, a.config.AdminKey, "rk_"+kind); err != nil {
		return err
	}
	a.keys = &keyring{settings: a.Store, prefix: "rk_" + kind, now: a.Now}
	if err := a.keys.load(ctx); err != nil {
		return err
	}
	if a.Write, err = openWriteKey(ctx, a.Store, a.config.WriteKey, "wk_"+kind); err != nil {
		return err
	}
	if !a.config.Sandbox && a.isAdmin(a.Write) {
		return rapport.Errorf(rapport.Invalid, "the write key, which everybody can read in your pages, is the admin's key too: set RAPPORT_ADMIN_KEY to another")
	}
	if err := a.openClock(ctx); err != nil {
		return err
	}
	a.Workspaces = &Workspaces{store: a.Store, sandbox: a.config.Sandbox, private: a.config.AllowPrivateWebhooks, secrets: a.secret, log: a.config.Log, now: a.Now, unsubscribe: a.unsubscribeURL}
	running, err := a.Workspaces.load(ctx)
	if err != nil {
		return err
	}
	if a.tracing, err = openTracing(ctx, a.config.Log); err != nil {
		return err
	}
	sending, err := a.sending(ctx)
	if err != nil {
		return err
	}
	engine, err := flow.Open(ctx, flow.Config{
		Key: a.key, Store: timedStore{a.Store, a.onCommit}, Workspace: running, KeepContents: a.config.Sandbox, Unsubscribe: a.unsubscribeURL, Sending: sending,
	}, a.Now())
	if err != nil {
		return err
	}
	a.alarm = newAlarm(a.clock)
	a.Flow = flow.Start(engine, a.clock, a.alarm, flow.Limits{}, a.config.Log)
	if a.tracing != nil {
		a.Flow.Follow(a.tracing.follow)
	}
	a.health = &health{flow: a.Flow, disk: diskOf(a.Store), minFree: cmp.Or(a.config.MinFree, minFree), now: time.Now}
	if sending.Held {
		a.config.Log.Warn("all sending is held; let it go on with: rapport sending resume", "since", sending.At, "reason", sending.Reason)
	}
	a.Workspaces.flow = a.Flow
	a.Flow.OnStop(a.Workspaces.stopped)
	return nil
}

// openClock sets the clock going: the machine's, or in sandbox one that is ahead
// of it by as much as it was moved before.
func (a *App) openClock(ctx context.Context) error {
	a.clock = clock.System{}
	if !a.config.Sandbox {
		return nil
	}
	kept, err := a.Store.Setting(ctx, flow.ClockSetting)
	if err != nil {
		return err
	}
	ahead := time.Duration(0)
	if !a.config.Begin.IsZero() {
		ahead = time.Until(a.config.Begin)
	}
	if kept != nil {
		if ahead, err = time.ParseDuration(string(kept)); err != nil {
			return rapport.Errorf(rapport.Internal, "the clock's offset in the data folder is damaged")
		}
	}
	a.ahead = clock.NewOffset(clock.System{}, ahead)
	a.clock = a.ahead
	// A move that was cut short by a crash has left batches of a later time.
	if last := a.Store.State().At; a.Now() < last {
		return a.ahead.MoveTo(last.Time())
	}
	return nil
}

// Now returns the instant that the program's clock shows.
func (a *App) Now() rapport.Instant { return rapport.InstantOf(a.clock.Now()) }

// Serve answers HTTP until ctx ends, then stops in order: no new requests, those
// under way are answered, the flow finishes its batch, the store is closed. Ready
// is called once requests are taken. It also stops once another program owns the
// store, with an error of kind Conflict.
func (a *App) Serve(ctx context.Context, handler http.Handler, ready func(address string)) error {
	listener, err := net.Listen("tcp", a.config.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return &rapport.Error{Kind: rapport.Unavailable, Message: a.config.Listen + " is taken by another program: stop it, or choose another address with --listen", Err: err}
	case err != nil:
		return &rapport.Error{Kind: rapport.Invalid, Message: "can't listen on " + a.config.Listen + ": an address is a host and a port, such as 127.0.0.1:8080", Err: err}
	}
	a.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(a.config.Log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- a.server.Serve(listener) }()
	if ready != nil {
		ready(listener.Addr().String())
	}
	owning, leave := context.WithCancel(ctx)
	defer leave()
	owning = a.replaced(owning)
	select {
	case err := <-failed:
		return err
	case <-owning.Done():
	}
	a.stopBy = time.Now().Add(grace)
	stop, cancel := context.WithTimeout(context.Background(), graceOfRequests)
	defer cancel()
	if err = a.server.Shutdown(stop); err != nil {
		a.config.Log.Warn("requests under way were broken off, since the program is to stop", "after", graceOfRequests)
		err = a.server.Close()
	}
	if ctx.Err() == nil {
		err = errors.Join(context.Cause(owning), err)
	}
	return err
}

// How long what is under way may take once the program is to stop: requests, then what is
// being handed over to providers, all from when it was told to. After that connections to
// providers are broken, and what came of their messages is written down. So it ends within
// ten seconds, with some left for the store.
const (
	graceOfRequests = 4 * time.Second
	grace           = 7 * time.Second
	graceOfBroken   = time.Second
)

// Close stops the flow and closes the store.
func (a *App) Close() error {
	if a.stopBy.IsZero() {
		a.stopBy = time.Now().Add(grace)
	}
	stop, cancel := context.WithDeadline(context.Background(), a.stopBy)
	defer cancel()
	err := a.Flow.Stop(stop)
	a.alarm.stop()
	a.Workspaces.carriers.close(stop)
	if err != nil {
		a.config.Log.Warn("messages were being handed over when the program was to stop; their connections were broken", "after", grace)
		last, cancel := context.WithTimeout(context.Background(), graceOfBroken)
		defer cancel()
		err = a.Flow.Wait(last)
	}
	if a.tracing != nil {
		a.tracing.close()
	}
	return errors.Join(err, a.Store.Close())
}

// unsubscribeURL returns where the customer of a message says that she wants no
// more of them.
func (a *App) unsubscribeURL(id rapport.MessageID) string {
	mac := a.key.Sum("unsubscribe", string(id[:]))
	return a.config.URL + "/u/" + base64.RawURLEncoding.EncodeToString(append(id[:], mac[:16]...))
}
