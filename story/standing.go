package story

import (
	"fmt"

	"rapport/flow"
	"rapport/journey"
	"rapport/store"
)

// stands reads the name of a journey that is put in a standing.
func stands(s journey.Standing) func(l *line) play {
	return func(l *line) play {
		name := l.text("a journey's name")
		return func(w *world) error { return w.stand(name, s) }
	}
}

func (w *world) stand(name string, s journey.Standing) error {
	if err := w.started(); err != nil {
		return err
	}
	if w.compiled.Journeys.Get(name) == nil {
		return fmt.Errorf("there is no journey %q", name)
	}
	w.standings[name] = s
	next := *w.engine.Workspace()
	next.Journeys = next.Journeys.With(w.standings)
	return w.do(flow.Stand(&next, store.Setting{Name: "standings"}))
}
