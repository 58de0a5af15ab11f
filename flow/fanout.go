package flow

import (
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"rapport"
	"rapport/internal/calendar"
	"rapport/journey"
	"rapport/rule"
	"rapport/segment"
	"rapport/store"
)

// turns is the work of giving customers their turns in journeys that begin by
// themselves, until enough says so, which is asked now and then. How far it has come
// is committed along with it: a turn is given once, whatever is broken off.
func turns(enough func() bool) Work {
	return func(b *Batch) error {
		tired := false
		for _, name := range slices.Sorted(maps.Keys(b.g.agendas.all)) {
			j, a := b.g.workspace.Journeys.Get(name), b.g.agendas.all[name]
			goesOn := b.g.nextOf(j, a) <= b.now || b.g.waitsForRoom(j, a, b.now) && !b.isFull(b.g.lanesOf(j))
			if !goesOn || tired && !b.g.hasCome(j.Calendar(), a, b.now) {
				continue
			}
			f := &fanOut{b: b, j: j, c: j.Calendar(), a: b.agenda(name), lanes: b.g.lanesOf(j), asks: b.g.workspace.audienceReads(j), enough: enough, tired: tired}
			f.run()
			tired = f.tired
		}
		return nil
	}
}

// fanOut gives the turns of one journey within a batch.
type fanOut struct {
	b      *Batch
	j      *journey.Journey
	c      *journey.Calendar
	a      *Agenda
	o      *Occasion    // at hand
	lanes  []store.Lane // in which its messages may leave with the batch
	asks   []rule.Fact  // by which it is told who belongs to the audience
	looked int          // customers, since enough was asked
	enough func() bool
	tired  bool
}

// run opens the days that have come and goes on with those that are open. Once it is
// tired it only notes whose turns have come, so that these are not late where others
// before them take long.
func (f *fanOut) run() {
	f.b.g.homes.begin()
	for {
		day, ok := f.c.Next(f.a.UpTo, f.b.g.workspace.markets())
		if !ok || f.b.g.homes.instants(f.c, day)[0] > f.b.now {
			break
		}
		f.open(day)
	}
	f.a.later, f.a.full = 0, false
	if f.isCrowded() {
		f.a.later = f.b.now.Add(crowdTime)
		return
	}
	for i := range f.a.Open {
		f.begin(&f.a.Open[i])
	}
	for i := range f.a.Open {
		if f.o = &f.a.Open[i]; f.tired || f.b.err != nil || f.isFull() {
			return
		}
		f.goOn()
	}
	f.a.Open = slices.DeleteFunc(f.a.Open, func(o Occasion) bool {
		over := o.over(f.pace(), f.b.now)
		if over && !o.Begun.IsZero() || over && o.Missed {
			f.a.keep(o, f.b.now)
		}
		return over
	})
}

// While more than crowd messages wait in a lane of a channel that the journey uses, no
// turns are given: who is judged now is written to soon, and a mail server that is down has
// no million messages behind it. After crowdTime it is looked at again.
const (
	crowd     = 20_000
	crowdSpan = time.Hour
	crowdTime = time.Second
)

// isFull reports whether nobody who is given a turn now could be written to with this batch.
// It is looked at again when there is room, and in any case after crowdTime.
func (f *fanOut) isFull() bool {
	if f.b.isFull(f.lanes) {
		f.a.full, f.a.later = true, f.b.now.Add(crowdTime)
	}
	return f.a.full
}

func (f *fanOut) isCrowded() bool {
	for _, channel := range f.j.Channels() {
		for _, urgency := range rapport.Urgencies() {
			crowded, err := f.b.g.isCrowded(f.b.ctx, store.Lane{Channel: channel, Urgency: urgency}, f.b.now)
			if f.b.fail(err); crowded || err != nil {
				return true
			}
		}
	}
	return false
}

// open begins a day. Turns that were due before the journey was there are none.
func (f *fanOut) open(day calendar.Day) {
	o := Occasion{Day: day, Share: f.pace().Stages[0]}
	for _, at := range f.b.g.homes.instants(f.c, day) {
		if at >= f.a.Since {
			o.Waves = append(o.Waves, Wave{At: at})
		}
	}
	f.a.UpTo = day
	if len(o.Waves) > 0 {
		f.a.Open = append(f.a.Open, o)
	}
}

// begin begins the waves of an open day whose time has come. One that begins too late is
// missed; one that has begun is given in full, however long that takes.
func (f *fanOut) begin(o *Occasion) {
	for i := range o.Waves {
		switch w := &o.Waves[i]; {
		case !w.hasCome(f.b.now):
		case f.c.Until(w.At) < f.b.now:
			w.Over, o.Missed = true, true
			f.b.count("journey/" + f.j.Name() + "/missed")
		default:
			w.Upto = o.limit(w, f.pace())
		}
	}
}

// hasCome reports whether it is time for a wave to begin.
func (w *Wave) hasCome(now rapport.Instant) bool {
	return w.At <= now && !w.Over && w.From == 0 && w.Upto == 0
}

// hasCome reports whether there is a day to open or a wave to begin.
func (g *Engine) hasCome(c *journey.Calendar, a *Agenda, now rapport.Instant) bool {
	if day, ok := c.Next(a.UpTo, g.workspace.markets()); ok && g.homes.instants(c, day)[0] <= now {
		return true
	}
	return slices.ContainsFunc(a.Open, func(o Occasion) bool {
		return slices.ContainsFunc(o.Waves, func(w Wave) bool { return w.hasCome(now) })
	})
}

// goOn gives the turns of an open day that are due.
func (f *fanOut) goOn() {
	o := f.o
	f.nextStage()
	for i := range o.Waves {
		w := &o.Waves[i]
		if w.At > f.b.now || f.tired {
			break
		}
		if !w.Over {
			f.wave(i, w)
		}
	}
	if o.Watched.IsZero() && o.settled(f.pace()) {
		o.Watched = f.b.now
	}
}

func (f *fanOut) pace() journey.Pace { return f.c.Pace() }

// nextStage lets more go when those before have been watched for long enough.
func (f *fanOut) nextStage() {
	if o := f.o; !o.given() && !o.Watched.IsZero() && o.watchedUntil(f.pace()) <= f.b.now {
		o.Share, o.Watched = f.pace().After(o.Share), 0
	}
}

// wave goes on with those whose turn came at one instant.
func (f *fanOut) wave(i int, w *Wave) {
	for {
		if w.Upto == w.From {
			w.Upto, w.Seat = f.o.limit(w, f.pace()), 0
		}
		if w.Upto == w.From || !f.pass(i, w) {
			return
		}
		w.From = w.Upto
		w.Over = w.From == journey.Everybody
		if f.o.Entered > 0 {
			f.o.Share = max(f.o.Share, w.From)
		}
	}
}

// pass looks at those customers of a wave who are in the stages under way, in the order
// of their seats, and reports whether it came to the last.
func (f *fanOut) pass(i int, w *Wave) bool {
	var page []uint32
	next := f.candidates(w)
	for seat := next(w.Seat + 1); ; seat = next(uint32(seat) + 1) {
		if seat > 0 && f.maybe(i, w, uint32(seat)) {
			page = append(page, uint32(seat))
		}
		if len(page) == f.b.g.turnPage || seat <= 0 {
			if !f.give(i, w, page) {
				return false
			}
			page = page[:0]
		}
		if seat <= 0 {
			return true
		}
		w.Seat = max(w.Seat, uint32(seat))
	}
}

// candidates returns how to find the next of those who may belong to the audience: the
// members of the segments that they must be in, unless some who have entered one by the
// turn may not stand among these yet.
func (f *fanOut) candidates(w *Wave) func(seat uint32) int64 {
	names := f.j.Within()
	undone, err := f.b.g.store.NextWake(f.b.ctx)
	f.b.fail(err)
	if len(names) == 0 || undone <= w.At || slices.ContainsFunc(names, f.b.g.building) {
		return f.b.g.seats.next
	}
	fewest := f.b.membersNow(segment.KeyOf(names[0]))
	for _, name := range names[1:] {
		if in := f.b.membersNow(segment.KeyOf(name)); in.GetCardinality() < fewest.GetCardinality() {
			fewest = in
		}
	}
	return fewest.NextValue
}

// maybe reports whether somebody may have her turn now, as far as can be told without
// reading her.
func (f *fanOut) maybe(i int, w *Wave, seat uint32) bool {
	share := shareOf(f.j.Name(), f.b.g.seats.id(seat))
	if share < w.From || share >= w.Upto {
		return false
	}
	zone := f.b.g.homes.zone(seat)
	return zone == nil || f.due(i, zone)
}

// due reports whether those of a zone have their turn in a wave of the day.
func (f *fanOut) due(i int, zone *time.Location) bool {
	at, after := f.c.At(f.o.Day, zone), f.a.Since-1
	if i > 0 {
		after = f.o.Waves[i-1].At
	}
	return at > after && at <= f.o.Waves[i].At
}

// give gives some customers their turns, and returns false when it has to stop: there
// is no room left in the rate or for messages, somebody's past is still being read, or enough says so.
// Where it stopped stands in the wave.
func (f *fanOut) give(i int, w *Wave, page []uint32) bool {
	ids := make([]rapport.CustomerID, len(page))
	for k, seat := range page {
		ids[k] = f.b.g.seats.id(seat)
	}
	f.b.preload(ids)
	for k, id := range ids {
		if f.b.err != nil || !f.room() || f.isFull() {
			f.stopBefore(w, page, k)
			return false
		}
		switch began, known := f.turn(i, id); {
		case !known:
			f.a.later = f.b.now.Add(unknownTime)
			f.stopBefore(w, page, k)
			return false
		case began:
			f.o.Entered++
			f.o.Given++
		}
	}
	if f.looked += len(page); f.looked > 0 && f.enough() {
		f.tired = true
		f.stopBefore(w, page, len(page))
		return len(page) == 0
	}
	return true
}

// stopBefore notes that the pass goes on with a customer of a page.
func (f *fanOut) stopBefore(w *Wave, page []uint32, k int) {
	switch {
	case k < len(page):
		w.Seat = page[k] - 1
	case k > 0:
		w.Seat = page[k-1]
	}
}

// room reports whether the rate lets another run begin now.
func (f *fanOut) room() bool {
	if f.o.Begun.IsZero() {
		f.o.Begun = f.b.now
	}
	rate := f.pace().Rate
	if rate == 0 {
		return true
	}
	if slice := int64(f.b.now.Sub(f.o.Begun) / sliceLength); slice != f.o.Slice {
		f.o.Slice, f.o.Given = slice, 0
	}
	return f.o.Given < allowance(f.pace(), f.o.Slice)
}

// sliceLength is for how long a part of the rate is given out at once.
const sliceLength = time.Minute

// allowance returns how many runs may begin in a slice: what the rate comes to until its
// end, less what it came to before.
func allowance(p journey.Pace, slice int64) int64 {
	times, of := max(1, int64(sliceLength/p.Per)), max(1, int64(p.Per/sliceLength))
	return p.Rate*times*(slice+1)/of - p.Rate*times*slice/of
}

// unknownTime is how long a customer is waited for of whom it can't be told yet whether
// she belongs to the audience.
const unknownTime = time.Second

// turn gives a customer her turn if it is hers, and reports whether a run began, and
// whether that can be told already: not while facts that the audience asks for are to be
// built of her, which would leave her out for good or let her in wrongly.
func (f *fanOut) turn(i int, id rapport.CustomerID) (began, known bool) {
	b, t := f.b, journey.Turn{Journey: f.j.Name(), Day: f.o.Day}
	c := b.peek(id)
	if c != nil && (!b.g.current(c) || c.next() <= b.now) {
		c = b.existing(id)
	}
	if c == nil {
		return false, true
	}
	b.g.homes.note(c.record.Seat, c.zone)
	if !f.due(i, c.zone) || !keeps(b.g.workspace, f.c, c.record, f.o.Day) {
		return false, true
	}
	if s := (&subject{customer: c}); s.Lacks(f.asks) || !f.j.Falls(t, s, b.now) {
		return false, !s.Lacks(f.asks)
	}
	if c = b.existing(id); c == nil {
		return false, true
	}
	effects := b.g.workspace.Journeys.Step(c.runs, journey.Input{Turn: &t}, &subject{customer: c}, b.now)
	b.effects(c, effects)
	b.setOff(c)
	return slices.ContainsFunc(effects, func(e journey.Effect) bool { return e.Kind == journey.Entered }), true
}

// given reports whether all turns of an occasion have been given.
func (o *Occasion) given() bool {
	return !slices.ContainsFunc(o.Waves, func(w Wave) bool { return !w.Over })
}

// over reports whether nothing of an occasion is left to do: all turns have been given,
// and whoever had the last ones was watched as well.
func (o *Occasion) over(p journey.Pace, now rapport.Instant) bool {
	return o.given() && (!o.settled(p) || !o.Watched.IsZero() && o.watchedUntil(p) <= now)
}

// limit returns how many of ten thousand may go in a wave. Where so few have brought
// nobody, there is nothing to be watched, and the next may go.
func (o *Occasion) limit(w *Wave, p journey.Pace) int {
	if o.Entered == 0 && w.From >= o.Share {
		return p.After(w.From)
	}
	return max(w.From, o.Share)
}

// settled reports whether all who may go so far have had their turns, and there is
// something to be watched.
func (o *Occasion) settled(p journey.Pace) bool {
	switch {
	case o.Entered == 0:
		return false
	case o.given():
		return p.Stop != journey.Thresholds{}
	}
	return o.Share < journey.Everybody && slices.ContainsFunc(o.Waves, func(w Wave) bool { return w.From >= o.Share })
}

// State says in a word where the occasion stands.
func (o *Occasion) State(p journey.Pace, now rapport.Instant) string {
	switch {
	case o.Stopped != "":
		return "stopped"
	case o.Missed && o.Begun.IsZero():
		return "missed"
	case !o.Ended.IsZero():
		return "over"
	case o.next(p) <= now:
		return "going"
	case !o.Watched.IsZero():
		return "watching"
	}
	return "waiting"
}

func (o *Occasion) watchedUntil(p journey.Pace) rapport.Instant {
	return rapport.InstantOf(p.Wait.Add(o.Watched.Time()))
}

// next returns when the occasion can go on.
func (o *Occasion) next(p journey.Pace) rapport.Instant {
	next := rapport.Never
	if o.given() {
		return o.watchedUntil(p)
	}
	for i := range o.Waves {
		switch w := &o.Waves[i]; {
		case w.Over:
		case w.From < o.limit(w, p):
			next = min(next, max(w.At, o.roomAt(p)))
		case !o.Watched.IsZero():
			next = min(next, o.watchedUntil(p))
		}
	}
	return next
}

// roomAt returns when the rate lets a run begin.
func (o *Occasion) roomAt(p journey.Pace) rapport.Instant {
	if p.Rate == 0 || o.Begun.IsZero() || o.Given < allowance(p, o.Slice) {
		return 0
	}
	slice := o.Slice + 1
	for allowance(p, slice) == 0 {
		slice++
	}
	return o.Begun.Add(time.Duration(slice) * sliceLength)
}

// shareOf returns where a customer stands among ten thousand in the stages of a journey.
func shareOf(name string, id rapport.CustomerID) int {
	var room [128]byte
	b := append(append(room[:0], name...), id[:]...)
	return int(xxhash.Sum64(binary.LittleEndian.AppendUint32(b, 0x57a9)) % journey.Everybody)
}

// pagesOf returns what says enough when it has been asked so often.
func pagesOf(n int) func() bool {
	return func() bool {
		n--
		return n <= 0
	}
}

// ReadAgenda is the work of reading how far a journey that begins by itself has come. It
// must not be read before the work is committed.
func ReadAgenda(name string, into *Agenda) Work {
	return func(b *Batch) error {
		a := b.agendas[name]
		if a == nil {
			a = b.g.agendas.all[name]
		}
		if a == nil {
			return rapport.Errorf(rapport.Unavailable, "The schedule of %q is being put in force. Try again in a moment.", name)
		}
		*into = *a.clone()
		into.Next = b.g.nextOf(b.g.workspace.Journeys.Get(name), a)
		return nil
	}
}
