package journey

import (
	"slices"

	"github.com/cespare/xxhash/v2"

	"rapport"
	"rapport/internal/durations"
	"rapport/rule"
)

// Journey is a compiled document. It is immutable and safe for concurrent use.
type Journey struct {
	name     string
	hash     uint64
	version  uint64
	entry    entry
	campaign bool
	key      []string       // path within the entry event; empty: one run per customer
	restart  bool           // a trigger restarts the run under way
	after    durations.Span // how long after a run's end the next may start
	never    bool           // no run ever follows another
	oncePer  period         // of the calendar, in which at most one run begins
	exits    []happening
	ends     []*rule.Rule // those of exit: when
	goal     *goal
	nodes    []node
	places   map[uint32]int // from the hash of a step's name to its node

	doc        Doc            // as it was written
	moves      bool           // runs of earlier versions go on with this one
	moved      map[uint32]int // from a step of an earlier version to the node that came in its place
	facts      []rule.Fact
	references []Reference
	secrets    []string
	definition uint64 // hash of all that the journey is
}

type entry struct {
	events   []string
	traits   []string // whose changes are the events
	api      bool     // the event is a request
	segment  string
	left     bool
	existing bool
	calendar *Calendar // when it begins by itself
	where    *rule.Rule
	maxAge   durations.Span
}

// need returns which text the event must say somewhere to start anything, nil if it
// may say what it likes.
func (e *entry) need(journey string) *rule.Need {
	switch {
	case e.api:
		return &rule.Need{Property: "journey", Texts: []string{journey}}
	case len(e.traits) > 0:
		return &rule.Need{Property: "trait", Texts: e.traits}
	case e.where == nil:
		return nil
	}
	return e.where.Need("event")
}

// happening is an event that is looked out for, with the rule that must hold.
type happening struct {
	events []string
	where  *rule.Rule // nil: always
}

func (h *happening) listens(event string) bool { return slices.Contains(h.events, event) }

type goal struct {
	happening
	within durations.Span
}

type nodeKind uint8

const (
	waitNode nodeKind = iota + 1
	sendNode
	branchNode
	untilNode
	splitNode
	stopNode
	updateNode
	callNode
	offerNode
)

// node is one step of the flattened document.
type node struct {
	kind   nodeKind
	name   string
	place  uint32
	next   int // the node after it; end if there is none
	wait   durations.Span
	date   *rule.Moment // of a wait until a date
	clock  timetable    // when a wait may end
	stop   bool         // of a wait until a date: missing it ends the run
	send   send
	cases  []choice // of a branch or a split
	until  happening
	when   *rule.Rule // of a wait_until without event
	then   int        // of a wait_until and a webhook
	missed int        // of a wait_until and a webhook: where its otherwise begins
	update *update
	call   *call
	offer  *offer
	parent int    // while compiling: the node whose list it stands in
	path   string // where the document says it
}

// The numbers that stand for no node.
const (
	end        = -1
	unresolved = -2 // while compiling: wherever the node around it goes on
)

type send struct {
	template string
	channel  rapport.Channel
	class    rapport.Class
	purpose  string
	topic    string
	useful   durations.Span
}

type choice struct {
	name string
	rule *rule.Rule // of a branch; nil: otherwise
	upTo int        // of a split: the parts of everybody that go this way or one before it
	to   int
}

// Name returns the document's name.
func (j *Journey) Name() string { return j.name }

// IsCampaign reports whether it was written as a campaign.
func (j *Journey) IsCampaign() bool { return j.campaign }

// EntrySegment returns the segment whose members start runs by entering it, or by leaving
// it, and whether those do who are in it already; empty if it is not entered so.
func (j *Journey) EntrySegment() (name string, left, existing bool) {
	return j.entry.segment, j.entry.left, j.entry.existing
}

// EntryEvents returns the events that start runs.
func (j *Journey) EntryEvents() []string { return j.entry.events }

// Channels returns what the journey's messages and calls go by, each once.
func (j *Journey) Channels() (all []rapport.Channel) {
	add := func(c rapport.Channel) {
		if !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	for i := range j.nodes {
		switch n := &j.nodes[i]; n.kind {
		case sendNode:
			add(n.send.channel)
		case callNode:
			add(rapport.Webhook)
		}
	}
	return all
}

// Within returns segments that a customer must be in to start a run; there may be none.
func (j *Journey) Within() []string {
	if j.entry.where == nil {
		return nil
	}
	return j.entry.where.Within()
}

// Audience returns the text of the rule of the entry, empty if there is none.
func (j *Journey) Audience() string {
	if j.entry.where == nil {
		return ""
	}
	return j.entry.where.Text()
}

// Requested reports whether runs are started by requests.
func (j *Journey) Requested() bool { return j.entry.api }

// Facts returns what must be kept of a customer's past for the journey's rules.
// The slice must not be changed.
func (j *Journey) Facts() []rule.Fact { return j.facts }

// References returns what the journey names, in the document's order. Whether
// it exists is the caller's to check. The slice must not be changed.
func (j *Journey) References() []Reference { return j.references }

// Steps returns the names of the steps in the document's order.
func (j *Journey) Steps() []string {
	names := make([]string, len(j.nodes))
	for i := range j.nodes {
		names[i] = j.nodes[i].name
	}
	return names
}

// StepAt returns the name of the step that a run stands on, and false if the
// journey has no such step any more.
func (j *Journey) StepAt(r Run) (string, bool) {
	i, ok := j.at(r.Place)
	if !ok {
		return "", false
	}
	return j.nodes[i].name, true
}

// ReferenceKind says what a reference names.
type ReferenceKind string

// The kinds of reference.
const (
	ToTemplate ReferenceKind = "template"
	ToSegment  ReferenceKind = "segment"
	ToEvent    ReferenceKind = "event"
	ToPurpose  ReferenceKind = "purpose"
	ToTopic    ReferenceKind = "topic"
	ToFeast    ReferenceKind = "feast"
)

// Reference is the name of something outside that the journey needs.
type Reference struct {
	Kind ReferenceKind
	Name string
	Path string // where the document says so
}

// NameHash returns the hash under which runs keep the name of their journey.
func NameHash(journey string) uint64 { return xxhash.Sum64String(journey) }

func placeHash(step string) uint32 { return uint32(xxhash.Sum64String(step)) }
