package flow

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"rapport"
	"rapport/profile"
	"rapport/segment"
	"rapport/store"
)

// Config is what an Engine needs. Key and Store are required.
type Config struct {
	Key       rapport.Key // the installation's; it never changes
	Store     Store
	Workspace *Workspace
	// KeepContents keeps what was rendered, for sandbox and tests.
	KeepContents bool
	// Unsubscribe returns the URL of the one-click page of a message.
	Unsubscribe func(rapport.MessageID) string
	// Customers is how many records are kept decoded in memory; 0 means 100,000.
	Customers int
	// EventsPerDay is how many events a customer may have in a day before she is
	// taken for a machine and quarantined until the next; 0 means 100,000.
	EventsPerDay int64
	// AnonymousFor is how long somebody who is only a device is remembered without
	// being met again; 0 means 90 days, less than 0 for ever.
	AnonymousFor time.Duration
	// Sending is what was said of all sending.
	Sending Sending
	// Span is how many customers are brought up to another workspace together; 0
	// means as many as is cheapest.
	Span int
}

// Engine is the flow without goroutines: each call takes one micro-batch through
// all stages and commits it. It is not safe for concurrent use.
type Engine struct {
	key         rapport.Key
	store       Store
	workspace   *Workspace
	keep        bool
	unsubscribe func(rapport.MessageID) string
	perDay      int64
	anonymous   time.Duration
	spanSize    int // of the first span; 0: the usual
	sending     Sending
	trails      trails

	state      store.State
	now        rapport.Instant // of the last batch: time never goes back
	cache      map[rapport.CustomerID]*customer
	max        int
	heavy      map[rapport.CustomerID]int // points of those in the cache who are kept in pages
	rows       *directory
	identities *profile.Identities
	seen       *window
	seats      *seats
	members    members
	curve      curve
	touched    *roaring.Bitmap // seats of those whose records have changed since somebody asked; nil if nobody did
	customers  int64
	recordSize int                            // bytes that a record is likely to take, from the last batch
	releases   map[string]store.MessageCursor // journeys that go on, or were put away, whose messages wait, and how far these have been let go
	sweep      *sweep                         // bringing everybody up to the workspace; nil when that is done
	facts      *factSets
	agendas    agendas
	backlogs   map[store.Lane]*backlog
	stops      []stop // that nobody was told of yet
	homes      homes
	crowd      int // messages that may wait while turns are given
	turnPage   int // customers who are read together to be given their turns
}

// Open returns an Engine that goes on where the store's last owner stopped: it
// remembers the events of the last day, who is in which segment, and what a
// message that was being handed over when the last owner died must become.
func Open(ctx context.Context, c Config, now rapport.Instant) (*Engine, error) {
	g := &Engine{
		key: c.Key, store: c.Store, workspace: c.Workspace, keep: c.KeepContents, unsubscribe: c.Unsubscribe,
		state: c.Store.State(), cache: map[rapport.CustomerID]*customer{}, max: c.Customers,
		heavy: map[rapport.CustomerID]int{}, backlogs: map[store.Lane]*backlog{},
		seen: newWindow(c.Key), seats: newSeats(), members: members{},
		curve:    curve{counted: map[string]int64{}, names: map[segment.Key]string{}, off: map[string]int64{}},
		spanSize: c.Span, sending: c.Sending,
		perDay: cmp.Or(c.EventsPerDay, 100_000), anonymous: cmp.Or(c.AnonymousFor, 90*24*time.Hour),
	}
	g.turnPage, g.crowd = 256, crowd
	if g.max == 0 {
		g.max = 100_000
	}
	g.now = max(now, g.state.At)
	g.rows = newDirectory(c.Store, 4*g.max)
	g.identities = &profile.Identities{Key: c.Key, Directory: g.rows}
	var err error
	if g.facts, err = readFactSets(ctx, c.Store); err != nil {
		return nil, err
	}
	g.facts.add(g.workspace.Facts)
	if err := g.remember(ctx); err != nil {
		return nil, err
	}
	if err := g.seat(ctx); err != nil {
		return nil, err
	}
	if err := g.readCurve(ctx); err != nil {
		return nil, err
	}
	if g.agendas, err = readAgendas(ctx, c.Store, g.workspace.Journeys); err != nil {
		return nil, err
	}
	g.plan()
	g.noteStops(g.agendas.all)
	if err := g.readReleases(ctx); err != nil {
		return nil, err
	}
	if err := g.recoverMessages(ctx); err != nil {
		return nil, err
	}
	return g, nil
}

// remember fills the window of known messageIds from the last day's chunks.
func (g *Engine) remember(ctx context.Context) error {
	from, err := g.store.ChunkAt(ctx, edgeOf(g.now))
	if err != nil {
		return err
	}
	for from != 0 && from <= g.state.Position {
		chunks, err := g.store.Chunks(ctx, from, 64)
		if err != nil {
			return err
		}
		if len(chunks) == 0 {
			return nil
		}
		for _, chunk := range chunks {
			if err := g.rememberChunk(chunk); err != nil {
				return err
			}
			from = chunk.Number + 1
		}
	}
	return nil
}

func (g *Engine) rememberChunk(chunk store.Chunk) error {
	for _, block := range chunk.Blocks {
		entries, err := store.DecodeBlock(block.Data)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			for i := range entry.Events {
				g.seen.add(g.seen.keyOf(&entry.Events[i]), chunk.At)
			}
		}
	}
	return nil
}

// current reports whether a customer has been brought up to the workspace. Of whom
// nothing was folded yet there is nothing to bring up: what she enters is her first
// event's doing.
func (g *Engine) current(c *customer) bool {
	walking := len(c.runs.Runs()) > 0
	return c.record.Events == 0 || g.workspace.holds(c.record.Homes, c.record.Walks, walking, c.segments)
}

// expiry returns when a customer is forgotten for being nobody known and not met
// again. While a journey is under way she is not.
func (g *Engine) expiry(c *customer) rapport.Instant {
	if len(c.runs.Runs()) > 0 {
		return rapport.Never
	}
	return c.record.ExpiresAt(g.anonymous)
}

// Work is something to be done within a micro-batch. It returns an error of its
// own if it asks for what can't be; it must then not have changed anything.
type Work func(b *Batch) error

// Run takes works through one micro-batch at an instant and commits it. The
// errors are the works' own, in their order, nil for those that were done. If
// err is not nil nothing was done at all.
func (g *Engine) Run(ctx context.Context, now rapport.Instant, works ...Work) (errs []error, err error) {
	return g.begin(ctx, now).run(works)
}

func (b *Batch) run(works []Work) (errs []error, err error) {
	errs = make([]error, len(works))
	for i, work := range works {
		errs[i] = work(b)
	}
	if err := b.commit(); err != nil {
		return nil, err
	}
	return errs, nil
}

// Admit is the work of admitting events. Preload brings what they need into
// memory in one go. Where consents that they carry come from is not theirs to claim.
func Admit(events []rapport.Event) Work {
	return func(b *Batch) error {
		for i := range events {
			events[i].Context = profile.WithConsentSource(events[i].Context, "")
			b.admit(&events[i])
		}
		return nil
	}
}

// Preload brings the rows and records that events will need into memory.
func (g *Engine) Preload(ctx context.Context, groups ...[]rapport.Event) error {
	g.rows.ctx = ctx
	wanted := map[rapport.IdentifierKey]struct{}{}
	want := func(kind rapport.IdentifierKind, value string) {
		if value != "" {
			wanted[g.key.Identifier(rapport.Identifier{Kind: kind, Value: value})] = struct{}{}
		}
	}
	for _, events := range groups {
		for i := range events {
			want(rapport.UserID, events[i].UserID)
			want(rapport.AnonymousID, events[i].AnonymousID)
		}
	}
	keys := slices.Collect(maps.Keys(wanted))
	missing := make([]rapport.IdentifierKey, 0, len(keys))
	for _, key := range keys {
		if g.rows.missing(key) {
			missing = append(missing, key)
		}
	}
	g.rows.load(missing)
	if g.rows.err != nil {
		err := g.rows.err
		g.rows.drop()
		return err
	}
	return g.preloadRecords(ctx, keys)
}

func (g *Engine) preloadRecords(ctx context.Context, keys []rapport.IdentifierKey) error {
	var ids []rapport.CustomerID
	for _, key := range keys {
		row := g.rows.Row(key)
		if row == nil {
			continue
		}
		id := g.identities.Root(key.CustomerID())
		if row.Kind == rapport.AnonymousID && len(row.Links) > 0 {
			id = g.identities.Root(row.Links[0].User.CustomerID())
		}
		if g.cache[id] == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.SortFunc(ids, func(a, b rapport.CustomerID) int { return slices.Compare(a[:], b[:]) })
	_, err := g.load(ctx, slices.Compact(ids))
	return err
}

// load reads records into the cache and returns them, nil for those that are not there.
func (g *Engine) load(ctx context.Context, ids []rapport.CustomerID) ([]*customer, error) {
	rows, err := g.store.Load(ctx, ids)
	if err != nil {
		return nil, err
	}
	loaded := make([]*customer, len(ids))
	for i, row := range rows {
		if row.Data == nil {
			continue
		}
		c, err := decode(row)
		if err != nil {
			return nil, err
		}
		c.zone = g.workspace.Places.Zone(c.record)
		g.noteKept(c)
		if seat, ok := g.seats.unwritten[ids[i]]; ok {
			c.record.Seat = seat
		}
		g.cache[ids[i]] = c
		g.homes.note(c.record.Seat, c.zone)
		g.weigh(c)
		loaded[i] = c
	}
	return loaded, nil
}

// shrink makes room in the cache; whom it forgets can be loaded again. It never
// runs while a batch is open.
func (g *Engine) shrink() {
	for id := range g.cache {
		if len(g.cache) <= g.max {
			break
		}
		delete(g.cache, id)
	}
	g.lighten()
}

// maxHeavy is how many points those in the cache may have together who have so
// many that they are kept in pages: about 200 MB, and as much again for what makes
// them quick to ask.
const maxHeavy = 6_000_000

// weigh notes how much room a customer takes who has very many points.
func (g *Engine) weigh(c *customer) {
	if c.record.Paged() {
		g.heavy[c.record.ID] = c.record.Points()
	}
}

// lighten forgets some of the customers who take most room.
func (g *Engine) lighten() {
	points := 0
	for id, n := range g.heavy {
		if g.cache[id] == nil {
			delete(g.heavy, id)
			continue
		}
		points += n
	}
	for id, n := range g.heavy {
		if points <= maxHeavy {
			return
		}
		points -= n
		delete(g.heavy, id)
		delete(g.cache, id)
	}
}

// State returns where the store stands.
func (g *Engine) State() store.State { return g.state }

// Workspace returns the workspace in force.
func (g *Engine) Workspace() *Workspace { return g.workspace }

// Sizes returns how many customers there are in each segment and in all, and
// whether every customer has been brought up to the workspace, so that the sizes
// are exact.
func (g *Engine) Sizes() (segments map[string]int64, customers int64, exact bool) {
	segments = map[string]int64{}
	for _, name := range g.workspace.Segments.Names() {
		segments[name] = g.members.size(segment.KeyOf(name))
	}
	return segments, g.customers, g.sweep == nil
}
