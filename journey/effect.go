package journey

import "rapport"

// EffectKind says what came of an input.
type EffectKind uint8

// The kinds of effect.
const (
	Entered   EffectKind = iota + 1 // a run began
	Restarted                       // a trigger put a run back to its first step; Run is the new number, Previous the old
	Moved                           // the run passed Step
	Asked                           // the run passed a send: Wish says what it asks for
	Exited                          // the run ended, for Reason
	Reached                         // the goal was reached
	Refused                         // a trigger started no run, for Reason
	Carried                         // the run goes on with another version of its journey
	Updated                         // the run changes the customer at Step: Change says how
	Called                          // the run passed a webhook: Call says what it asks for
	Offered                         // the run wants an offer at Step: Offer says which
	effectKinds
)

var effectNames = [effectKinds]string{"", "entered", "restarted", "moved", "asked", "exited", "reached", "refused", "carried", "updated", "called", "offered"}

// String returns the kind's name.
func (k EffectKind) String() string {
	if k >= effectKinds {
		return ""
	}
	return effectNames[k]
}

// Effect is one thing that came of an input, for one journey of one customer.
type Effect struct {
	Kind     EffectKind
	Journey  string
	Version  uint64          // of the workspace that made the journey what the run follows
	Run      uint64          // 0 of a refused entry
	Previous uint64          // of Restarted: the run that it took the place of
	Before   uint64          // of Restarted: the version that that run followed; of Carried: the one that this run did
	Key      string          // "" also of a goal that was reached after the run's end
	Step     string          // of Moved and Asked: the step; of Exited: where the run stood
	Choice   string          // of Moved over a branch: which case; over a wait_until: then or otherwise
	At       rapport.Instant // when, as of the due instant
	Reason   Reason          // of Exited and Refused
	Detail   string          // more about the reason: the event, the rule's text, an instant
	Wish     *Wish           // of Asked
	Change   *Change         // of Updated
	Call     *Call           // of Called
	Offer    []byte          // of Offered: code, text and expires, as JSON
}

// Wish is what a send asks for.
type Wish struct {
	Template    string
	Channel     rapport.Channel
	Class       rapport.Class
	Purpose     string          // "" for none
	Topic       string          // "" for none
	UsefulUntil rapport.Instant // Never if it does not spoil
	Entry       []byte          // the entry event's properties as JSON; may be nil
	Learned     []byte          // what the run has learned on its way: answers and offer, as JSON; may be nil
}

// Reason says why a run ended or did not begin. The words are stable.
type Reason string

// Why a run ended.
const (
	Finished       Reason = "finished"        // it came to its last step or to a stop
	ByExitEvent    Reason = "exit event"      // Detail names the event
	ByExitRule     Reason = "exit rule"       // Detail is the rule
	StepRemoved    Reason = "step removed"    // the step it stood on is not in the journey any more
	WhenArchived   Reason = "archived"        // the journey was archived; also why none began
	JourneyRemoved Reason = "journey removed" // there is no such journey any more
	RunMerged      Reason = "merged"          // the profile became one with another that had an older run of this key
	Looped         Reason = "loop"            // what its updates set off has set them off again, too often
	OverLimit      Reason = "limit"           // two profiles became one and had too many runs together
)

// Why a trigger started no run.
const (
	AlreadyRunning Reason = "running"        // a run of this key is under way
	OutOfDate      Reason = "out of date"    // the run under way was started by something that happened later
	TooEarly       Reason = "reentry"        // the last run of this key ended too recently; Detail says until when, or "never"
	TooOld         Reason = "too old"        // the event happened too long before it arrived
	AlreadyExited  Reason = "already exited" // what ends the run has happened already; Detail names it
	WhilePaused    Reason = "paused"         // the journey is paused
	TooManyRuns    Reason = "too many runs"  // the customer has as many runs as can be kept
)
