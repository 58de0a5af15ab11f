package app

import (
	"context"
	"time"

	"rapport/api"
	"rapport/flow"
	"rapport/store"
)

// timedStore is a store whose commits are timed.
type timedStore struct {
	flow.Store
	told func(took time.Duration, err error)
}

// Commit commits a batch and tells how long it took.
func (s timedStore) Commit(ctx context.Context, b *store.Batch) error {
	began := time.Now()
	err := s.Store.Commit(ctx, b)
	s.told(time.Since(began), err)
	return err
}

// watch has the figures tell of the running program.
func (a *App) watch(m *api.Metrics) {
	a.Flow.OnBatch(m.Batch)
	a.Flow.OnHandover(m.Handover)
	a.committed.Store(&m)
	m.Gauge("rapport_events_waiting", "Events that wait to be admitted.", func() float64 { return float64(a.Flow.Waiting()) })
	m.Gauge("rapport_events_waiting_max", "How many may wait; more are answered with 429.", func() float64 { return float64(a.Flow.MaxWaiting()) })
	m.Watch(api.Insides{
		Pulse: a.Flow.Pulse, Queue: a.Store, Now: a.Now, Ready: a.health.Ready, Stalled: a.health.Stalled,
		Held: func() bool { return a.Flow.Pulse().Sending.Held }, Disk: a.health.disk,
	})
}

// onCommit tells the figures of a commit, once there are any.
func (a *App) onCommit(took time.Duration, err error) {
	if m := a.committed.Load(); m != nil {
		(*m).Commit(took, err)
	}
}

// diskOf returns what tells of a store's disk; nil if it keeps no files.
func diskOf(s any) func() store.Disk {
	if on, ok := s.(interface{ Disk() store.Disk }); ok {
		return on.Disk
	}
	return nil
}
