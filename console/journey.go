package console

import (
	"encoding/json"
	"strings"

	"rapport"
)

// journey is a journey or campaign as the face tells of it.
type journey struct {
	Name                            string
	Description, Hypothesis, Result string // of campaigns

	Running, Entered, Goal int64
	Exited, Refused        map[string]int64
	Steps                  []struct {
		Name                   string
		Passed, Asked, Dropped int64
		Ways                   map[string]int64
	}
	Standing struct {
		State, By, Author, Reason string
		At                        rapport.Instant
	}
	Versions  []edition
	WorstCase *struct {
		Messages          *int64
		Exact             bool
		Unbounded, PerKey string
	}

	// Of those that a schedule enters.
	Canary *struct {
		Stages []float64
		Wait   string
		Stop   struct{ Unsubscribes, Complaints, Failures float64 }
	}
	Next      rapport.Instant
	Occasions []occasion
}

// edition is how many runs follow a version, and what is known of that.
type edition struct {
	Version           uint64
	Runs              int64
	Newest            bool
	At                rapport.Instant
	Key, Author, Note string
}

// occasion is one day of a campaign.
type occasion struct {
	Day, State, Why                                   string
	Begun, Ended                                      rapport.Instant
	Share                                             float64
	Entered, Handed, Failed, Unsubscribed, Complained int64
}

// open reports whether turns of the day may still come.
func (o occasion) open() bool { return o.State != "over" && o.State != "missed" && o.Ended.IsZero() }

// Active reports whether it is neither paused nor archived.
func (j journey) Active() bool { return j.Standing.State == "active" }

// Stopped returns why it has stopped by itself; nothing if it goes on, or is put away.
func (j journey) Stopped() string {
	for _, o := range j.Occasions {
		if o.State == "stopped" && o.open() && j.Standing.State != "archived" {
			return o.Why
		}
	}
	return ""
}

// State says in a word where it stands; of what a schedule enters that is where its days
// stand, as long as nobody keeps it from going on.
func (j journey) State(scheduled bool) string {
	switch {
	case j.Stopped() != "":
		return "stopped"
	case !j.Active() || !scheduled:
		return j.Standing.State
	case len(j.Occasions) > 0 && j.Occasions[0].open():
		return j.Occasions[0].State
	case !j.Next.IsZero():
		return "scheduled"
	}
	return "over"
}

// Now says in a word where one of its days stands: one that is open stands still while
// the whole does.
func (j journey) Now(o occasion) string {
	if !j.Active() && o.open() && o.State != "stopped" {
		return j.Standing.State
	}
	return o.State
}

// recent is how many of its days are shown at once.
const recent = 7

// Recent returns its newest days, and all that are open.
func (j journey) Recent() []occasion {
	n := 0
	for n < len(j.Occasions) && (n < recent || j.Occasions[n].open()) {
		n++
	}
	return j.Occasions[:n]
}

// Earlier returns the days before.
func (j journey) Earlier() []occasion { return j.Occasions[len(j.Recent()):] }

// Last returns its newest day, "" if it has had none.
func (j journey) Last() string {
	if len(j.Occasions) == 0 {
		return ""
	}
	return j.Occasions[0].Day
}

// Sum adds up its days.
func (j journey) Sum() (sum occasion) {
	for _, o := range j.Occasions {
		sum.Entered += o.Entered
		sum.Handed += o.Handed
		sum.Failed += o.Failed
		sum.Unsubscribed += o.Unsubscribed
		sum.Complained += o.Complained
	}
	return sum
}

// Sends returns how many messages its steps asked for, and how many of these were
// decided against.
func (j journey) Sends() (sum struct{ Asked, Dropped int64 }) {
	for _, s := range j.Steps {
		sum.Asked += s.Asked
		sum.Dropped += s.Dropped
	}
	return sum
}

// document is what the pages read of the document of a journey or campaign.
type document struct {
	Kind                  string
	Description, Audience string
	Schedule              *schedule
	Versions              string
	Entry                 struct {
		Event, Trait   texts
		Segment, Where string
		Left, API      bool
		Schedule       *schedule
	}
	Goal *struct {
		Event         texts
		Where, Within string
	}
}

// Days returns when it begins by itself; nil if it does not.
func (d document) Days() *schedule {
	if d.Schedule != nil {
		return d.Schedule
	}
	return d.Entry.Schedule
}

// Who returns the rule that holds of those who enter.
func (d document) Who() string {
	if d.Audience != "" {
		return d.Audience
	}
	return d.Entry.Where
}

// Begins says what starts a run that no schedule does.
func (d document) Begins() string {
	e := d.Entry
	switch {
	case len(e.Event) > 0:
		return strings.Join(e.Event, " or ")
	case len(e.Trait) > 0:
		return "A change of " + strings.Join(e.Trait, " or ")
	case e.Segment != "" && e.Left:
		return "Leaving the segment " + e.Segment
	case e.Segment != "":
		return "Entering the segment " + e.Segment
	case e.API:
		return "A request of a program"
	}
	return ""
}

// texts are one text or a list of them.
type texts []string

// UnmarshalJSON takes a list, or one text for a list of it.
func (t *texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = texts{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}
