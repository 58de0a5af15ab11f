package flow

import (
	"context"
	"time"

	"rapport"
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

	flying  int             // in the air
	room    int             // how many may be
	rest    rapport.Instant // nothing is claimed before
	tired   time.Duration   // how long the last rest was
	refused int             // messages in a row that nobody could take
}

// What may be left out is handed over a little at a time: what is in the air when the
// program dies is unclear afterwards. There may be as much of it as the provider takes
// within soon, and less if it takes longer than late.
const (
	fewFlying = 100
	soon      = 150 * time.Millisecond
	late      = 600 * time.Millisecond
)

// A lane whose provider takes nothing rests: so many refusals in a row say so. After each
// rest it tries a few.
const (
	toRest      = 10
	firstRest   = time.Second
	longestRest = time.Minute
)

func newLanes(most int) (all []*lane) {
	for _, l := range lanes() {
		one := &lane{Lane: l, most: most, room: most}
		if l.Urgency == rapport.InTurn {
			one.room = min(fewFlying, most)
		}
		all = append(all, one)
	}
	return all
}

// free returns how many messages may be claimed now.
func (l *lane) free(now rapport.Instant) int {
	if now < l.rest {
		return 0
	}
	return max(0, l.room-l.flying)
}

// returned notes what came of a parcel, and how long that took.
func (l *lane) returned(outcomes []rapport.Outcome, took time.Duration, now rapport.Instant) {
	isFull := l.flying >= l.room
	l.flying -= len(outcomes)
	if refused(outcomes) {
		l.refused += len(outcomes)
		if l.refused >= toRest {
			l.takeRest(outcomes, now)
		}
		return
	}
	if l.tired > 0 { // it was probing
		l.room = min(fewFlying, l.most)
	}
	l.refused, l.tired = 0, 0
	if l.Urgency != rapport.InTurn {
		l.room = l.most
		return
	}
	switch {
	case took > late:
		l.room = max(l.room/2, min(fewFlying, l.most))
	case took < soon && isFull:
		l.room = min(2*l.room, l.most)
	}
}

// refused reports whether nothing of a parcel could be taken.
func refused(outcomes []rapport.Outcome) bool {
	for i := range outcomes {
		if outcomes[i].Kind != rapport.Retry {
			return false
		}
	}
	return true
}

// takeRest lets a lane rest, twice as long as the last time, or as long as its provider says.
func (l *lane) takeRest(outcomes []rapport.Outcome, now rapport.Instant) {
	if now < l.rest {
		return // it does: these were in the air when it began to
	}
	l.tired = min(max(firstRest, 2*l.tired), longestRest)
	l.rest, l.room = now.Add(l.tired), min(toRest, l.most)
	for i := range outcomes {
		l.rest = max(l.rest, min(outcomes[i].RetryAt, now.Add(longestRest)))
	}
}

// next returns when something of the lane is to be claimed; Never while what comes back
// has to make room first.
func (l *lane) next(ctx context.Context, queue interface {
	NextPending(ctx context.Context, lane store.Lane) (rapport.Instant, error)
}) (rapport.Instant, error) {
	if l.flying >= l.room {
		return rapport.Never, nil
	}
	at, err := queue.NextPending(ctx, l.Lane)
	return max(at, l.rest), err
}
