package flow

import (
	"context"
	"slices"
	"time"

	"rapport"
	"rapport/internal/circuit"
	"rapport/store"
)

// lanes returns all queues of messages, the most urgent first.
func lanes() (all []store.Lane) {
	for _, urgency := range rapport.Urgencies() {
		for _, channel := range rapport.Channels() {
			all = append(all, store.Lane{Channel: channel, Urgency: urgency})
		}
	}
	return all
}

// lane is how a Flow hands over the messages of one queue. Lanes do not wait for one
// another: what is in the air of one takes no room of another's, and one that rests does
// not hold the others up.
type lane struct {
	store.Lane
	most int // in the air at once, at most

	flying  int // in the air
	landing int // of these, those of which it is being committed what came of them
	room    int // how many may be
	circuit circuit.Breaker
}

// What may be left out is handed over a little at a time: what is in the air when the
// program dies is unclear afterwards. There may be as much of it as the provider takes
// within reach. A lane whose provider takes nothing rests, and after each rest tries a few.
const (
	fewFlying   = 100 // at first
	fewest      = 10
	reach       = time.Second
	firstRest   = time.Second
	longestRest = time.Minute
)

func newLanes(most int) (all []*lane) {
	for _, l := range lanes() {
		one := &lane{Lane: l, most: most, room: most, circuit: circuit.Breaker{First: firstRest, Longest: longestRest}}
		if l.Urgency == rapport.InTurn {
			one.room = min(fewFlying, most)
		}
		all = append(all, one)
	}
	return all
}

// free returns how many messages may be claimed now.
func (l *lane) free(now rapport.Instant) int {
	switch l.circuit.State(now.Time()) {
	case circuit.Open:
		return 0
	case circuit.Trying:
		return min(fewest, l.most)
	}
	return max(0, l.room-l.flying+l.landing)
}

// backlog is what is known of the messages that wait in a lane. Whatever waits was written
// here, so the store need not be asked in every batch.
type backlog struct {
	first   rapport.Instant // before which nothing is due
	counted rapport.Instant // when they were counted
	most    int             // how many were due soon then, and how many were added since
}

// nextPending returns an instant before which no message of a lane is due, and at which
// there is one, if it is not after now.
func (g *Engine) nextPending(ctx context.Context, lane store.Lane, now rapport.Instant) (rapport.Instant, error) {
	waiting := g.backlog(lane)
	switch {
	case g.sending.Held:
		return rapport.Never, nil
	case waiting.first > now:
		return waiting.first, nil
	}
	at, err := g.store.NextPending(ctx, lane)
	if err == nil {
		waiting.first = at
	}
	return at, err
}

// isCrowded reports whether more messages than may wait do, of those of a lane that are due
// soon. Those that left within a second may be among them.
func (g *Engine) isCrowded(ctx context.Context, lane store.Lane, now rapport.Instant) (bool, error) {
	waiting := g.backlog(lane)
	if waiting.most <= g.crowd && now >= waiting.counted && now < waiting.counted.Add(crowdTime) {
		return false, nil
	}
	n, err := g.store.CountPending(ctx, lane, now.Add(crowdSpan), g.crowd+1)
	if err == nil {
		waiting.counted, waiting.most = now, n
	}
	return n > g.crowd, err
}

// backlog returns what is known of a lane, at first nothing.
func (g *Engine) backlog(lane store.Lane) *backlog {
	if g.backlogs[lane] == nil {
		g.backlogs[lane] = &backlog{}
	}
	return g.backlogs[lane]
}

// notePending notes the messages that wait since a batch was committed.
func (g *Engine) notePending(messages []rapport.Message) {
	for i := range messages {
		if m := &messages[i]; m.Status == rapport.Waiting {
			waiting := g.backlog(store.LaneOf(m))
			waiting.first = min(waiting.first, m.DueAt)
			waiting.most++
		}
	}
}

// next returns when something of the lane is to be claimed; Never while what comes back
// has to make room first.
func (l *lane) next(ctx context.Context, now rapport.Instant, g *Engine) (rapport.Instant, error) {
	until, rests := l.circuit.Until()
	if !rests && l.free(now) == 0 {
		return rapport.Never, nil
	}
	at, err := g.nextPending(ctx, l.Lane, max(now, g.now))
	at = g.rings(at, now)
	if rests {
		at = max(at, rapport.InstantOf(until))
	}
	return at, err
}

// parcel is what is handed over in one call: what is known of it when it comes back.
type parcel struct {
	flying int // of the lane when it was begun, itself included
	turn   int // of the circuit
	begun  rapport.Instant
}

// begin notes that so many messages are handed over.
func (l *lane) begin(messages int, now rapport.Instant) parcel {
	l.flying += messages
	return parcel{flying: l.flying, turn: l.circuit.Begin(), begun: now}
}

// heard notes what came of a parcel, and when.
func (l *lane) heard(p parcel, outcomes []rapport.Outcome, came, now rapport.Instant) {
	if l.Channel == rapport.Webhook {
		l.circuit.Worked(p.turn)
		return // each call goes to a machine of its own: one that is down tells nothing of the others
	}
	answered, down, retryAt := verdict(outcomes)
	if answered {
		l.circuit.Worked(p.turn)
	}
	switch {
	case down:
		l.circuit.Failed(p.turn, now.Time(), retryAt.Time())
		l.room = min(fewest, l.most)
	case l.Urgency == rapport.InTurn:
		l.room = l.fit(p, came.Sub(p.begun))
	default:
		l.room = l.most
	}
}

// fit returns how many messages the provider takes within reach, as far as a parcel tells;
// at most twice as many as before.
func (l *lane) fit(p parcel, took time.Duration) int {
	room := 2 * l.room
	if took > 0 {
		room = min(room, int(float64(p.flying)*float64(reach)/float64(took)))
	}
	return min(max(room, fewest), l.most)
}

// verdict says what outcomes tell of the provider: whether one message at least was
// answered for what it is, and whether the provider is down, which it says itself or
// shows by answering nothing, and until when.
func verdict(outcomes []rapport.Outcome) (answered, down bool, retryAt rapport.Instant) {
	for i := range outcomes {
		o := &outcomes[i]
		answered = answered || !o.Down && o.Kind != rapport.Vague
		if o.Down {
			down, retryAt = true, max(retryAt, o.RetryAt)
		}
	}
	return answered, down || !answered, retryAt
}

// claim starts handing over messages that are due, of each lane as many as may be in the
// air.
func (f *Flow) claim(ctx context.Context) {
	for _, l := range f.lanes {
		room := f.room(ctx, l)
		if room == 0 {
			continue
		}
		parcels, err := f.engine.Claim(ctx, f.reached(), l.Lane, room)
		if err != nil {
			f.report("claiming messages", err)
			f.stuck = true // the next turn tries again
			return
		}
		f.handLane(l, parcels)
	}
}

// roomOf returns how many messages of a lane may leave with a batch.
func (f *Flow) roomOf(of store.Lane) int {
	if f.grounded {
		return 0
	}
	l := f.lane(of)
	return min(l.free(f.Now()), batchSends)
}

func (f *Flow) lane(of store.Lane) *lane {
	i := slices.IndexFunc(f.lanes, func(l *lane) bool { return l.Lane == of })
	return f.lanes[i]
}

// handAll gives parcels of several lanes to their providers.
func (f *Flow) handAll(parcels []Parcel) {
	byLane := map[store.Lane][]Parcel{}
	for i := range parcels {
		of := store.LaneOf(&parcels[i].Message)
		byLane[of] = append(byLane[of], parcels[i])
	}
	for _, l := range f.lanes {
		f.handLane(l, byLane[l.Lane])
	}
}

// handLane gives parcels of one lane to their providers, so many at a time.
func (f *Flow) handLane(l *lane, parcels []Parcel) {
	size := f.limits.Parcel
	if l.Channel == rapport.Webhook {
		size = 1 // each call goes to a machine of its own: its answer waits for no other's
	}
	for len(parcels) > 0 {
		n := min(len(parcels), size)
		f.hand(l, parcels[:n])
		parcels = parcels[n:]
	}
}

// room returns how many messages of a lane are to be claimed. Those that nobody can carry
// are told so a few at a time.
func (f *Flow) room(ctx context.Context, l *lane) int {
	now := f.Now()
	free := min(l.free(now), batchSends)
	if free == 0 {
		return 0
	}
	if at, err := f.engine.nextPending(ctx, l.Lane, f.reached()); err == nil && at > f.reached() {
		return 0
	}
	if f.engine.workspace.Providers[l.Channel] != nil {
		return free
	}
	l.circuit.Failed(l.circuit.Begin(), now.Time(), now.Add(noProvider).Time())
	return min(free, fewest)
}

// hand gives parcels to their provider beside the loop, and what came of them back to it.
func (f *Flow) hand(l *lane, parcels []Parcel) {
	p := l.begin(len(parcels), f.Now())
	f.flying += len(parcels)
	f.sending.Go(func() {
		began := f.clock.Now()
		outcomes := handFollowed(parcels)
		came := f.Now()
		if observe := f.handed.Load(); observe != nil {
			(*observe)(Handover{Channel: l.Channel, Outcomes: outcomes, Took: f.clock.Now().Sub(began)})
		}
		f.inbox <- &request{from: l, landed: len(parcels), heard: func() {
			l.heard(p, outcomes, came, f.Now())
		}, settled: func() {
			f.flying -= len(parcels)
			l.flying -= len(parcels)
			f.engine.settleTrails(parcels, outcomes)
		}, work: func(b *Batch) error {
			for i := range parcels {
				m := parcels[i].Message
				b.settle(&m, outcomes[i])
			}
			return nil
		}}
	})
}

// changeProviders gives lanes another chance whose provider is another one now.
func (f *Flow) changeProviders(before, now *Workspace) {
	for _, l := range f.lanes {
		if before.Providers[l.Channel] != now.Providers[l.Channel] {
			l.circuit.Reset()
		}
	}
}
