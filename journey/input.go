package journey

import "rapport/rule"

// Input is one thing that may move runs. At most one of its fields is set; the
// zero Input says that time has come ([State.Next]).
//
// The caller folds an event into the customer's record before it gives it here,
// so that rules see it; and it does what is due before an instant before it
// gives an input of that instant, and what is due at the instant after it.
type Input struct {
	Event   Event
	Segment *SegmentChange
	Turn    *Turn   // the rule of the entry is asked once more
	Answer  *Answer // of a call
	Do      bool    // do the next thing that a run stands ready for, see [State.Ready]
	Halt    bool    // end the runs that stand ready: they have set off too much
}

// Event is an event as journeys see it.
type Event interface {
	rule.Event
	// ID returns the sender's name for the event, unlike that of any other of hers.
	ID() string
	// JSON returns the event's properties as one JSON object; may be nil.
	JSON() []byte
}

// SegmentChange says that the customer entered or left a segment.
type SegmentChange struct {
	Name         string
	Entered      bool // false: she left
	ByDefinition bool // she did nothing: the segment's rule is new or changed
}
