package postgres

import (
	"context"
	"time"

	"rapport"
)

// Replaced waits until another program owns the store, or the database stands before
// what was acknowledged, and returns an error of kind Conflict that says so; nil once
// the store is closed or ctx ends. While the server can't be reached it goes on waiting.
func (s *Store) Replaced(ctx context.Context) error {
	ticks := time.NewTicker(s.look)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.closing:
			return nil
		case <-ticks.C:
		}
		if err := s.isOwn(ctx); rapport.KindOf(err) == rapport.Conflict {
			return err
		}
	}
}

func (s *Store) isOwn(ctx context.Context) error {
	acknowledged := s.State().Position
	ours, who, position := true, "", acknowledged
	err := s.query(ctx, func(r row) error {
		ours, who, position = r.bool(0), r.text(1), uint64(r.int(2))
		return nil
	}, "select owner = $1::uuid, who, position from state", aKey(s.owner))
	switch {
	case err != nil:
		return err
	case !ours:
		return errReplaced(who)
	case position < acknowledged:
		return rapport.Errorf(rapport.Conflict, "The database stands at batch %d, and batch %d was acknowledged: an older copy of it was put in its place, as by a restore, "+
			"or by a failover to a standby that lagged behind. Start this program again to go on from there.", position, acknowledged)
	}
	return nil
}

func errReplaced(who string) error {
	return rapport.Errorf(rapport.Conflict, "The database has a new owner: %s has opened it. This program has written nothing since and must stop; of two programs on one database the one that came last goes on.", who)
}
