package journey

import (
	"fmt"
	"time"

	"rapport"
	"rapport/internal/durations"
)

// period is a length of the calendar in which at most one run of a key begins; the zero
// period is none.
type period uint8

const (
	eachDay period = iota + 1
	eachWeek
	eachMonth
	eachYear
)

func (c *compiler) period(word, path string) period {
	for p, name := range [...]string{"", "day", "week", "month", "year"} {
		if word == name {
			return period(p)
		}
	}
	c.problem(path, fmt.Sprintf("%q is no part of the calendar", word), "write day, week, month or year")
	return 0
}

// end returns when the period around an instant is over: the first midnight of the next
// one on the calendar of a zone. Weeks begin on Monday.
func (p period) end(at rapport.Instant, zone *time.Location) rapport.Instant {
	if zone == nil {
		zone = time.UTC
	}
	from := at.In(zone)
	year, month, today := from.Date()
	next := time.Date(year, month, today+1, 0, 0, 0, 0, time.UTC)
	switch p {
	case eachWeek:
		next = time.Date(year, month, today+7-int(from.Weekday()+6)%7, 0, 0, 0, 0, time.UTC)
	case eachMonth:
		next = time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
	case eachYear:
		next = time.Date(year+1, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	days := next.Sub(time.Date(year, month, today, 0, 0, 0, 0, time.UTC)) / day
	return rapport.InstantOf(durations.TimeOfDay(from, int(days), 0))
}

// further returns how many runs may begin within seven days of a run's message, at most;
// late says that the message may come later than the period in which the run began.
func (p period) further(late bool) int {
	n := 1
	switch p {
	case 0:
		return unlimited
	case eachDay:
		n = 7
	}
	if late {
		n++
	}
	return n
}

// afterMoves is how much longer a run is remembered than its period lasts, since the
// customer may move to a place where that lasts longer.
const afterMoves = 26 * time.Hour

// nextPeriod returns when a run may begin again as far as the calendar limits that.
func (w *walk) nextPeriod(j *Journey, key string) rapport.Instant {
	if j.oncePer == 0 {
		return 0
	}
	begun, ok := w.st.lastBegun(j.hash, key)
	if !ok {
		return 0
	}
	return j.oncePer.end(begun, w.view.Zone())
}

// lastBegun returns when the latest of the ended runs of a journey and key began.
func (st *State) lastBegun(journey uint64, key string) (at rapport.Instant, ok bool) {
	if len(st.ends) == 0 {
		return 0, false
	}
	hash := NameHash(key)
	for i := range st.ends {
		if e := &st.ends[i]; e.journey == journey && e.key == hash && e.entered != 0 {
			at, ok = max(at, e.entered), true
		}
	}
	return at, ok
}
