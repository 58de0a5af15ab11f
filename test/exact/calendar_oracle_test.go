package exact_test

import (
	"sort"
	"sync"
	"time"
)

// The oracle's calendar: what a clock on a wall shows, written down as stretches of
// constant offset. Instants are milliseconds since 1970; so is what the clock shows,
// as if it stood in UTC.

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
)

// wallClock is one zone between two instants.
type wallClock struct {
	zone string
	from []int64 // when each stretch begins
	off  []int64
}

func newWallClock(zone string, from, to int64) *wallClock {
	place, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	w := &wallClock{zone: zone}
	last := int64(1 << 40)
	for t := from; t < to; t += 15 * minute {
		if _, seconds := time.UnixMilli(t).In(place).Zone(); int64(seconds)*1000 != last {
			last = int64(seconds) * 1000
			w.from, w.off = append(w.from, t), append(w.off, last)
		}
	}
	return w
}

// clocks makes each clock once.
type clocks struct {
	from, to int64
	mu       sync.Mutex
	made     map[string]*wallClock
}

func (c *clocks) of(zone string) *wallClock {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made == nil {
		c.made = map[string]*wallClock{}
	}
	if c.made[zone] == nil {
		c.made[zone] = newWallClock(zone, c.from, c.to)
	}
	return c.made[zone]
}

// end is when stretch i ends.
func (w *wallClock) end(i int) int64 {
	if i+1 < len(w.from) {
		return w.from[i+1]
	}
	return 1 << 60
}

// shown is the latest time that the clock has shown by t: it never goes back.
func (w *wallClock) shown(t int64) int64 {
	most := int64(-1 << 60)
	for i := range w.from {
		if w.from[i] <= t {
			most = max(most, min(t, w.end(i)-1)+w.off[i])
		}
	}
	return most
}

// first is when the clock first shows a time or a later one.
func (w *wallClock) first(shown int64) int64 {
	for i := range w.from {
		if t := max(w.from[i], shown-w.off[i]); t < w.end(i) {
			return t
		}
	}
	panic("beyond the end of time")
}

// dayAt is the day of the calendar, counted from 1970.
func (w *wallClock) dayAt(t int64) int64 { return w.shown(t) / day }

// midnight is the first instant of a day.
func (w *wallClock) midnight(number int64) int64 { return w.first(number * day) }

// jumps are the instants in (from, to] at which the clock is changed.
func (w *wallClock) jumps(from, to int64) (in []int64) {
	for _, jump := range w.from[1:] {
		if jump > from && jump <= to {
			in = append(in, jump)
		}
	}
	return in
}

// length is a span of time as rules write it: exact, or days of the calendar.
type length struct {
	text string
	ms   int64
	days int64
}

// back is the instant a length before t; a negative length is one ahead.
func (w *wallClock) back(t int64, l length) int64 {
	if l.days == 0 {
		return t - l.ms
	}
	return w.first(w.shown(t) - l.days*day)
}

func (l length) ahead() length { return length{ms: -l.ms, days: -l.days} }

// passes is the first instant at which what lies a length back has come to at. It
// is found by trying, since the clock never goes back.
func (w *wallClock) passes(at int64, l length) int64 {
	middle := at + l.ms + l.days*day
	low, wide := middle-27*hour, int(54*hour)
	return low + int64(sort.Search(wide, func(ms int) bool { return w.back(low+int64(ms), l) >= at }))
}
