package journey

import (
	"time"

	"rapport/rule"
)

// way is one way on from a step, as checks see it.
type way struct {
	to    int
	wait  time.Duration // that it takes at least, with days of 24 hours
	clock timetable     // to which the wait is moved on
	loose bool          // it may take any longer
	share int           // of a split: which of its ways it is, from 1; a customer always goes the same
	holds *rule.Rule    // what holds of those who go this way; may be nil
	fails []*rule.Rule  // what does not
}

// ways returns all ways on from a step. A kind of step that is not named here takes no
// time and leads to the next.
func (n *node) ways() []way {
	switch n.kind {
	case waitNode:
		return n.waitWays()
	case branchNode:
		return n.caseWays()
	case splitNode:
		return n.shareWays()
	case untilNode:
		came := n.until.where
		if n.when != nil {
			came = n.when
		}
		return []way{{to: n.then, loose: true, holds: came}, {to: n.missed, wait: n.wait.About()}}
	case stopNode:
		return []way{{to: end}}
	case callNode:
		return n.callWays()
	}
	return []way{{to: n.next}}
}

func (n *node) waitWays() []way {
	ways := []way{{to: n.next, wait: n.wait.About(), clock: n.clock, loose: n.date != nil}}
	if n.date == nil {
		return ways
	}
	missed := way{to: n.next, loose: true}
	if n.stop {
		missed.to = end
	}
	return append(ways, missed)
}

func (n *node) caseWays() []way {
	var ways []way
	var before []*rule.Rule
	for _, x := range n.cases {
		ways = append(ways, way{to: x.to, holds: x.rule, fails: before})
		if x.rule == nil {
			return ways
		}
		before = append(before[:len(before):len(before)], x.rule)
	}
	return append(ways, way{to: n.next, fails: before})
}

func (n *node) shareWays() []way {
	var ways []way
	taken := 0
	for i, x := range n.cases {
		ways = append(ways, way{to: x.to, share: i + 1})
		taken = x.upTo
	}
	if taken < everybody {
		ways = append(ways, way{to: n.next, share: len(ways) + 1})
	}
	return ways
}

// rests reports whether a run may stand on a step, so that it can end or begin anew there.
func (n *node) rests() bool {
	return n.kind == waitNode || n.kind == untilNode || n.kind == callNode && !n.call.forgets
}

// day is how long checks take a day for.
const day = 24 * time.Hour

// slots returns the instants of a week at which a timetable lets a wait end, as what has
// passed since Monday's midnight; none if it names no time of day.
func (c timetable) slots() []time.Duration {
	if !c.hour {
		return nil
	}
	var slots []time.Duration
	for d := range 7 {
		if c.on(time.Weekday((d + 1) % 7)) {
			slots = append(slots, time.Duration(d)*day+c.at)
		}
	}
	return slots
}

// wait returns how long a wait that ends at a moment of the week is moved on.
func (c timetable) wait(moment time.Duration) time.Duration {
	for ahead := range time.Duration(8) {
		midnight := (moment/day + ahead) * day
		if !c.on(time.Weekday((midnight/day + 1) % 7)) {
			continue
		}
		switch at := midnight + c.at; {
		case c.hour && at >= moment:
			return at - moment
		case !c.hour:
			return max(midnight-moment, 0)
		}
	}
	return 0
}
