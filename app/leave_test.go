package app_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"rapport"
	"rapport/api"
	"rapport/flow"
	"rapport/journey"
	"rapport/workspace"
)

// Whoever asks for a change and leaves before it is in force leaves nothing half done: what
// has begun is ended.
func TestLeavingLeavesNothingHalfDone(t *testing.T) {
	t.Parallel()
	a := open(t, t.TempDir(), io.Discard)
	defer shut(t, a)
	leave := func(what string, begun func() bool, change func(ctx context.Context) error) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		busy, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			_ = a.Flow.Do(context.WithoutCancel(ctx), func(*flow.Batch) error {
				close(busy)
				<-free
				return nil
			})
		}()
		<-busy
		go func() { done <- change(ctx) }()
		for !begun() {
			runtime.Gosched()
		}
		cancel()
		close(free)
		if err := <-done; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	latest := func() uint64 {
		v, err := a.Store.Version(t.Context(), 0)
		if err != nil && rapport.KindOf(err) != rapport.NotFound {
			t.Fatal(err)
		}
		return v.Number
	}
	leave("apply", func() bool { return latest() == 1 }, func(ctx context.Context) error {
		_, _, err := a.Workspaces.Apply(ctx, []workspace.File{{Name: "tips.yaml", Body: []byte(`
kind: journey
name: tips
entry: { event: Signed Up }
steps: [{ wait: 1d }]
`)}}, false, "test", "")
		return err
	})
	if v := a.Workspaces.Current().Running.Version; v != latest() {
		t.Errorf("version %d is in force, and %d was kept", v, latest())
	}
	for i := range 20 { // who has left before it began may still be heard
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		state := api.Standing{State: journey.Paused, Reason: fmt.Sprint(i)}
		if err := a.Workspaces.Stand(ctx, "tips", func(api.Standing) (api.Standing, error) { return state, nil }); err != nil {
			t.Errorf("pause: %v", err)
		}
	}
	var running journey.Standing
	if err := a.Flow.Alone(t.Context(), func(_ context.Context, g *flow.Engine) error {
		running = g.Workspace().Journeys.Standing("tips")
		return nil
	}); err != nil || running != journey.Paused || a.Workspaces.Current().Standings["tips"].State != journey.Paused {
		t.Errorf("it is %v in the flow, %v, and %v outside", running, err, a.Workspaces.Current().Standings["tips"].State)
	}
}
