package flow

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"rapport"
	"rapport/journey"
	"rapport/store"
)

// Stand is the work of putting a workspace in force that is as the present one save for
// the standings of its journeys, and of keeping what it is restored from. It holds from
// the end of the batch on: of what comes after, nothing of a paused journey goes out.
func Stand(w *Workspace, kept store.Setting) Work {
	return func(b *Batch) error {
		b.out.Settings = append(b.out.Settings, kept)
		for _, name := range b.g.workspace.released(w) {
			b.out.Marks = append(b.out.Marks, store.Mark{Name: releaseMark + name, Data: []byte("{}")})
			if b.g.agendas.all[name] != nil {
				b.agenda(name).goOn(b.now)
			}
		}
		b.next = w
		return nil
	}
}

// released returns the names of the journeys of which, with another workspace, the messages
// that wait come to be looked at: those that are paused and will not be, and those that
// will be put away.
func (w *Workspace) released(next *Workspace) (names []string) {
	for _, name := range w.Journeys.Inactive() {
		if w.Journeys.Standing(name) == journey.Paused && next.Journeys.Standing(name) != journey.Paused {
			names = append(names, name)
		}
	}
	for _, name := range next.Journeys.Inactive() {
		if next.Journeys.Standing(name) == journey.Archived && w.Journeys.Standing(name) == journey.Active {
			names = append(names, name)
		}
	}
	return names
}

// releaseMark begins the names of the marks that say how far the messages of a journey
// that goes on, or was put away, have been let go.
const releaseMark = "release/"

// stands keeps back a message whose journey is paused, and drops one whose journey is
// archived. It reports whether it did either.
func (b *Batch) stands(m *rapport.Message, c *customer) bool {
	switch b.g.workspace.Journeys.Standing(m.Journey) {
	case journey.Paused:
		m.DueAt, m.Reason = rapport.Never, "the journey is paused"
		b.move(m)
	case journey.Archived:
		if c != nil {
			b.release(m, c)
		}
		b.end(m, rapport.Dropped, "the journey is archived")
	default:
		return false
	}
	return true
}

// readReleases finds the journeys whose messages were being let go when the last owner
// stopped.
func (g *Engine) readReleases(ctx context.Context) error {
	g.releases = map[string]store.MessageCursor{}
	for _, j := range g.workspace.Journeys.Journeys() {
		data, err := g.store.Mark(ctx, releaseMark+j.Name())
		if err != nil {
			return err
		}
		if data == nil || g.workspace.Journeys.Standing(j.Name()) == journey.Paused {
			continue
		}
		var from store.MessageCursor
		if err := json.Unmarshal(data, &from); err != nil {
			return err
		}
		g.releases[j.Name()] = from
	}
	return nil
}

// notePauses begins to let go the messages of journeys that go on or were put away, and no
// others.
func (g *Engine) notePauses(old *Workspace) {
	for _, name := range old.released(g.workspace) {
		g.releases[name] = store.MessageCursor{}
	}
	maps.DeleteFunc(g.releases, func(name string, _ store.MessageCursor) bool {
		return g.workspace.Journeys.Standing(name) == journey.Paused
	})
}

// letGo makes some of the messages due that were kept back while their journey was
// paused, and drops some of those whose journey was put away. Whether they may still go
// out is asked when they are claimed.
func (g *Engine) letGo(ctx context.Context, now rapport.Instant) error {
	for _, name := range slices.Sorted(maps.Keys(g.releases)) {
		page, err := g.store.Messages(ctx, store.MessageFilter{
			Journey: name, Status: rapport.Waiting, Limit: batchSends, Before: g.releases[name],
		})
		if err != nil {
			return err
		}
		if _, err := g.Run(ctx, now, letGo(name, page)); err != nil {
			return err
		}
		if len(page) < batchSends {
			delete(g.releases, name)
			continue
		}
		last := &page[len(page)-1]
		g.releases[name] = store.MessageCursor{CreatedAt: last.CreatedAt, ID: last.ID}
		return nil
	}
	return nil
}

func (f *Flow) letGo(ctx context.Context) {
	err := f.engine.letGo(ctx, f.Now())
	if f.stuck = err != nil; f.stuck {
		f.report("letting messages go", err) // the next turn tries again
	}
}

func letGo(name string, page []rapport.Message) Work {
	return func(b *Batch) error {
		mark := store.Mark{Name: releaseMark + name}
		if len(page) == batchSends {
			last := &page[len(page)-1]
			mark.Data, _ = json.Marshal(store.MessageCursor{CreatedAt: last.CreatedAt, ID: last.ID}) // holds nothing that JSON can't
		}
		b.out.Marks = append(b.out.Marks, mark)
		for i := range page {
			m := &page[i]
			if b.g.workspace.Journeys.Standing(name) == journey.Archived {
				b.stands(m, b.recipient(m))
			} else if m.DueAt == rapport.Never {
				m.DueAt, m.Reason = b.now, ""
				b.move(m)
			}
		}
		return nil
	}
}

// countVersion counts the runs under way by the version of their journey that they
// follow.
func (b *Batch) countVersion(e *journey.Effect) {
	add := func(version uint64, n int64) {
		b.counts["journey/"+e.Journey+"/version/"+strconv.FormatUint(version, 10)] += n
	}
	switch e.Kind {
	case journey.Entered:
		add(e.Version, 1)
	case journey.Restarted, journey.Carried:
		add(e.Before, -1)
		add(e.Version, 1)
	case journey.Exited:
		add(e.Version, -1)
	}
}
