package flow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/internal/clock"
	"rapport/store"
	"rapport/store/memory"
)

// bell rings at once for whatever it is set to, so that nobody has to wait.
type bell struct{ rung chan struct{} }

func (b bell) Set(at rapport.Instant) {
	if at == rapport.Never {
		return
	}
	select {
	case b.rung <- struct{}{}:
	default:
	}
}

func (b bell) C() <-chan struct{} { return b.rung }

func TestFlowIsUnwellUntilItCanWriteAgain(t *testing.T) {
	t.Parallel()
	st := memory.New()
	engine, err := flow.Open(context.Background(), flow.Config{Key: rapport.Key{1}, Store: st, Workspace: build(t, 1, nil, nil)}, start)
	if err != nil {
		t.Fatal(err)
	}
	f := flow.Start(engine, clock.NewStepped(start.Time()), bell{make(chan struct{}, 1)}, flow.Limits{}, slog.New(slog.DiscardHandler))
	defer func() { _ = f.Stop(context.Background()) }()

	st.FailNext(errors.New("the disk is full"))
	event := identify("ana", "", `{"first_name":"Ana"}`)
	event.MessageID, event.Timestamp, event.ReceivedAt = "m1", start, start
	if err := f.Submit(context.Background(), []rapport.Event{event}); rapport.KindOf(err) != rapport.Unavailable {
		t.Fatalf("a batch that could not be written was answered with %v", err)
	}
	// Nobody sends anything; the flow finds out by itself that it can write again.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		changed := f.Changed() // before the question, so that no answer is missed
		if f.Failure() == nil {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatal("it never found out that it can write again")
		}
	}
	if err := f.Submit(context.Background(), []rapport.Event{event}); err != nil {
		t.Fatal(err)
	}
	if st.State().Position == 0 {
		t.Fatal("nothing was committed")
	}
}

// A batch that was kept although the disk failed on the way back counts once,
// however often it is sent again.
func TestBatchThatWasKeptAfterAllCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.store.LoseNext(errors.New("the disk refused"))
	order := track("ana", "", "Order Completed", `{"total":1}`)
	order.MessageID = "order"
	w.admit(order)
	w.admit(order, track("ana", "", "Order Completed", `{"total":1}`))
	if n := w.person("ana").Facts[0].History.Count; n != 2 || w.store.State().Position != 2 {
		t.Errorf("%d orders count at position %d, wanted 2 at 2", n, w.store.State().Position)
	}
	w.restart()
	w.admit(order)
	if n := w.person("ana").Facts[0].History.Count; n != 2 {
		t.Errorf("after a restart %d orders count", n)
	}
}

// A new rule's facts come to be built however busy the stream is.
func TestBuildingEndsWhileEventsComeIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	for i := range 300 {
		w.admit(track(fmt.Sprint("user", i), "", "Order Completed", `{"total":1}`))
	}
	next := ledger(t, 2)
	next.Providers = w.engine.Workspace().Providers
	f := flow.Start(w.engine, clock.NewStepped(w.now.Time()), bell{make(chan struct{}, 1)}, flow.Limits{}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer func() { _ = f.Stop(context.Background()) }()
	if err := f.Apply(ctx, next); err != nil {
		t.Fatal(err)
	}
	var sizes flow.Sizes
	for n := 0; !sizes.Exact; n++ {
		e := track(fmt.Sprint("user", n%300), "", "Order Completed", `{"total":1}`)
		e.MessageID, e.Timestamp, e.ReceivedAt = fmt.Sprint("more", n), w.now, w.now
		if err := f.Submit(ctx, []rapport.Event{e}); err != nil {
			t.Fatal(err)
		}
		if err := f.Do(ctx, flow.Count(&sizes)); err != nil {
			t.Fatal(err)
		}
	}
	if sizes.Segments["buyers"] != 300 {
		t.Errorf("%d buyers", sizes.Segments["buyers"])
	}
}

// conflicted is a store that says of itself where it stands, whoever it was that brought it there.
type conflicted struct {
	*memory.Store
	now *memory.Store // in the hands of the next owner
}

func (c conflicted) State() store.State {
	state := c.now.State()
	state.Epoch = c.Store.State().Epoch
	return state
}

// Who was replaced and does not know yet must not take the next owner's batch for its own.
func TestBatchOfTheNextOwnerIsNotOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.admit(identify("ana", "", `{}`))
	shared := conflicted{Store: w.store}
	shared.now = shared.Store
	engine, err := flow.Open(t.Context(), flow.Config{Key: key, Store: &shared, Workspace: build(t, 1, nil, nil)}, w.now)
	if err != nil {
		t.Fatal(err)
	}
	old := func() error {
		event := identify("bob", "", `{}`)
		event.MessageID, event.Timestamp, event.ReceivedAt = "b", w.now, w.now
		_, err := engine.Run(t.Context(), w.now, flow.Admit([]rapport.Event{event}))
		return err
	}
	w.restart()
	shared.now = w.store
	w.admit(identify("cat", "", `{}`))
	if err := old(); rapport.KindOf(err) != rapport.Conflict {
		t.Errorf("the batch of an owner that was replaced came to %v", err)
	}
}
