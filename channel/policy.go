package channel

import (
	"encoding/binary"
	"time"

	"github.com/cespare/xxhash/v2"

	"rapport"
)

// Policy says when a message is tried again that a provider could not take.
type Policy struct {
	First   time.Duration // the wait after the first try; each one after it is twice as long
	Longest time.Duration // no wait is longer
	GiveUp  time.Duration // so long after the first try a message is given up
}

// DefaultPolicy is for documents that say nothing.
func DefaultPolicy() Policy {
	return Policy{First: time.Minute, Longest: 30 * time.Minute, GiveUp: 72 * time.Hour}
}

// Next returns when a message is tried again after so many tries, of which the
// last has just failed, or that it is given up.
//
//  1. It is given up only when GiveUp has passed since the first try; the last
//     try is made at that very instant, if the provider stays down so long.
//  2. Otherwise at is later than now, by the wait for so many tries, less up to a
//     quarter of it: a hash of the message's id and the number of tries spreads
//     messages that failed together.
//  3. The same arguments give the same answer.
//
// If the provider named an instant ([rapport.Outcome.RetryAt]) the caller takes
// the later of the two.
func Next(p Policy, id rapport.MessageID, attempts int, firstTried, now rapport.Instant) (at rapport.Instant, giveUp bool) {
	end := firstTried.Add(p.GiveUp)
	if now >= end {
		return 0, true
	}
	at = now.Add(p.wait(id, attempts))
	if at > end {
		at = end
	}
	return max(at, now+1), false
}

// wait returns the time until the next try.
func (p Policy) wait(id rapport.MessageID, attempts int) time.Duration {
	wait := p.First
	for range attempts - 1 {
		if wait >= p.Longest/2 {
			wait = p.Longest
			break
		}
		wait *= 2
	}
	wait = min(wait, p.Longest)
	quarter := uint64(wait/time.Millisecond) / 4
	if quarter == 0 {
		return wait
	}
	return wait - time.Duration(jitter(id, attempts)%quarter)*time.Millisecond
}

func jitter(id rapport.MessageID, attempts int) uint64 {
	var key [24]byte
	copy(key[:], id[:])
	binary.LittleEndian.PutUint64(key[16:], uint64(attempts))
	return xxhash.Sum64(key[:])
}
