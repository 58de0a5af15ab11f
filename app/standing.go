package app

import (
	"context"
	"encoding/json"
	"maps"

	"rapport"
	"rapport/api"
	"rapport/flow"
	"rapport/journey"
	"rapport/store"
)

// standingSetting keeps which journeys are paused or archived, since when, by whom and
// why. It is no part of the documents, so no apply ever ends a pause.
const standingSetting = "journey standings"

func (w *Workspaces) readStandings(ctx context.Context) error {
	w.standings = map[string]api.Standing{}
	data, err := w.store.Setting(ctx, standingSetting)
	if err != nil || data == nil {
		return err
	}
	return json.Unmarshal(data, &w.standings)
}

// Stand puts a journey in the standing that to returns for its present one, and returns
// when it is. Who asked for it and leaves changes nothing about that: flow and what is
// shown may not come to differ.
func (w *Workspaces) Stand(ctx context.Context, name string, to func(present api.Standing) (api.Standing, error)) error {
	ctx = context.WithoutCancel(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	present := w.standings[name]
	s, err := to(present)
	if err != nil || s == present {
		return err
	}
	next := maps.Clone(w.standings)
	next[name] = s
	if s.State == journey.Active {
		delete(next, name)
	}
	data, _ := json.Marshal(next) // holds nothing that JSON can't
	current := w.Current()
	running := *current.Running
	running.Journeys = running.Journeys.With(api.StatesOf(next))
	if err := w.flow.Do(ctx, flow.Stand(&running, store.Setting{Name: standingSetting, Data: data})); err != nil {
		return err
	}
	w.standings = next
	current.Running, current.Standings = &running, next
	w.current.Store(&current)
	return nil
}

// stopped pauses a journey that has stopped by itself, so that nothing else of it goes on
// either until somebody has looked into it.
func (w *Workspaces) stopped(name, why string) {
	err := w.Stand(context.Background(), name, func(present api.Standing) (api.Standing, error) {
		if present.State != journey.Active {
			return present, nil
		}
		return api.Standing{State: journey.Paused, At: w.now(), By: "rapport", Reason: "it stopped by itself: " + why}, nil
	})
	if err != nil && rapport.KindOf(err) != rapport.Unavailable { // of a program that is stopping, which tells it again
		w.log.Error("pausing a journey that has stopped by itself", "journey", name, "err", err)
	}
}
