package exact_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// The oracle keeps whatever was admitted and judges every instant anew from that. It
// knows of no facts, no histories, no indexes and no wake-ups.

// call is what a sender tells.
type call struct {
	id       string // messageId
	kind     string // track, identify or alias
	user     string
	device   string
	previous string // of an alias
	name     string // of a track
	n        *float64
	colour   string
	paid     *int64         // in millionths
	currency any            // nil if none is named
	traits   map[string]any // of an identify; nil takes one back
	at       int64          // when it happened, by the sender's clock
	sent     int64          // when it was sent, by the same clock; 0 if that is not told
}

// event is a call as it was admitted.
type event struct {
	call
	stamp    int64 // when it happened, never after it was admitted
	admitted int64
}

func (e *event) named() string {
	switch e.kind {
	case "identify":
		return "Identified"
	case "alias":
		return "Aliased"
	}
	return e.name
}

// happened is when a call happened by the receiver's clock.
func (c *call) happened(received int64) int64 {
	at := c.at
	if c.sent != 0 {
		at = received - (c.sent - c.at)
	}
	return min(at, received)
}

// source is the identifier that a call came under.
func (c *call) source() string {
	if c.user != "" {
		return c.user
	}
	return "@" + c.device
}

// market is where customers of some countries are at home.
type market struct {
	name, country, zone string
	standard            bool // of those who told no country
}

// definition is what the marketer built.
type definition struct {
	segments []segment // each after those it reads
	markets  []market
	rates    *rates
}

type segment struct {
	name string
	clause
}

// zoneOf is the time zone of a customer.
func (d *definition) zoneOf(traits map[string]any) string {
	for _, trait := range []string{"market", "country"} {
		for _, m := range d.markets {
			if told, _ := traits[trait].(string); told != "" && told == map[string]string{"market": m.name, "country": m.country}[trait] {
				return m.zone
			}
		}
	}
	for _, m := range d.markets {
		if m.standard {
			return m.zone
		}
	}
	panic("no market is the standard one")
}

func (d *definition) segment(name string) (segment, bool) {
	i := slices.IndexFunc(d.segments, func(s segment) bool { return s.name == name })
	if i < 0 {
		return segment{}, false
	}
	return d.segments[i], true
}

// passage is one entry or exit in words.
func passage(entered bool, at int64, cause string) string {
	return map[bool]string{true: "entered", false: "left"}[entered] + " at " + stamp(at) + " by " + cause
}

func stamp(at int64) string { return time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.000Z") }

// members are the segments that one customer is in, since when.
type members map[string]int64

// oracle has admitted some calls.
type oracle struct {
	def      *definition
	clocks   *clocks
	tie      func(messageID string) uint64 // which of two calls of one instant counts as the later
	now      int64
	who      *people
	admitted []*event
	seen     map[string]int64 // when a messageId came under an identifier
	in       map[string]members
	log      map[string]map[string][]string // by customer, by segment
	undoable []join                         // joins of customers that were not undone
	gone     map[string]bool                // who was part of somebody else, or without events, for a time

	brief  []string    // keys of seen that a restart forgets
	former *definition // in force for those who were not brought up to the new one yet
}

func newOracle(def *definition, c *clocks, now int64, lower func(a, b string) bool, tie func(string) uint64) *oracle {
	return &oracle{
		def: def, clocks: c, tie: tie, now: now, who: newPeople(lower), seen: map[string]int64{},
		in: map[string]members{}, log: map[string]map[string][]string{}, gone: map[string]bool{},
	}
}

// shares says which of what was admitted is whose.
func (o *oracle) shares() map[string][]*event {
	all := map[string][]*event{}
	for _, e := range o.admitted {
		owner := o.who.owner(e)
		all[owner] = append(all[owner], e)
	}
	return all
}

// traitsOf returns what events tell of a customer: the latest word counts.
func (o *oracle) traitsOf(events []*event) map[string]any {
	said, traits := map[string]*event{}, map[string]any{}
	for _, e := range events {
		for name, value := range e.traits {
			last := said[name]
			if last == nil || cmp.Or(cmp.Compare(e.stamp, last.stamp), cmp.Compare(o.tie(e.id), o.tie(last.id))) > 0 {
				said[name], traits[name] = e, value
			}
		}
	}
	maps.DeleteFunc(traits, func(_ string, value any) bool { return value == nil })
	return traits
}

// customer is one customer's events and what follows from them, whatever the instant.
type customer struct {
	def    *definition
	clock  *wallClock
	events []*event
	traits map[string]any
	frozen members // who has not been brought up to the definition yet is in these still
	stays  func(segment string) bool
}

func (o *oracle) customer(def *definition, events []*event) *customer {
	c := &customer{def: def, events: slices.Clone(events), traits: o.traitsOf(events)}
	c.clock = o.clocks.of(def.zoneOf(c.traits))
	slices.SortStableFunc(c.events, func(a, b *event) int { return cmp.Compare(a.stamp, b.stamp) })
	return c
}

// owner is a customer by name, who may not have been brought up to the definition.
func (o *oracle) owner(name string, events []*event) *customer {
	c := o.customer(o.def, events)
	if o.former != nil {
		c.frozen, c.stays = maps.Clone(o.in[name]), o.stays
	}
	return c
}

// holds judges a segment's rule at an instant. What it reads of other segments is
// judged at the same instant.
func (c *customer) holds(name string, at int64) bool {
	if c.stays != nil && !c.stays(name) {
		_, in := c.frozen[name]
		return in
	}
	s, _ := c.def.segment(name)
	v := &view{clock: c.clock, now: at, events: c.events, traits: c.traits, rates: c.def.rates}
	v.member = func(other string) bool { return c.holds(other, at) }
	return s.judge(v) == 1
}

// memberAt returns the segments that one is in at an instant, by name.
func (c *customer) memberAt(at int64) []string {
	var in []string
	for _, s := range c.def.segments {
		if c.holds(s.name, at) {
			in = append(in, s.name)
		}
	}
	slices.Sort(in)
	return in
}

// edges returns the instants in (from, to] at which any answer could change though
// nothing happens.
func (c *customer) edges(from, to int64) []int64 {
	var edges []int64
	add := func(at int64) {
		if at > from && at <= to {
			edges = append(edges, at)
		}
	}
	moments := map[int64]bool{}
	for _, e := range c.events {
		moments[e.stamp] = true
	}
	if at, ok := (&view{clock: c.clock, traits: c.traits}).moment("trial"); ok {
		moments[at] = true
	}
	each := func(lengths map[length]bool, try func(at int64, l length)) {
		for l := range lengths {
			for at := range moments {
				if about := at + l.ms + l.days*day; about > from-28*hour && about < to+28*hour {
					try(at, l)
				}
			}
		}
	}
	each(c.def.lengths(func(s segment) []length { return s.spans }), func(at int64, l length) {
		add(c.clock.passes(at, l))
		add(c.clock.passes(at+1, l))
	})
	each(c.def.lengths(func(s segment) []length { return s.ends }), func(at int64, l length) { add(c.clock.back(at, l.ahead())) })
	for n := c.clock.dayAt(from); n <= c.clock.dayAt(to); n++ {
		if c.def.begins(n) {
			add(c.clock.midnight(n))
		}
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}

// lengths are those of all segments, each once.
func (d *definition) lengths(of func(segment) []length) map[length]bool {
	all := map[length]bool{}
	for _, s := range d.segments {
		for _, l := range of(s) {
			l.text = ""
			all[l] = true
		}
	}
	return all
}

// begins says whether a day begins something that a segment asks of.
func (d *definition) begins(n int64) bool {
	return slices.ContainsFunc(d.segments, func(s segment) bool {
		return slices.ContainsFunc(s.units, func(unit string) bool { return unitOf(unit, n) != unitOf(unit, n-1) })
	})
}

// settle lets time pass for everybody.
func (o *oracle) settle(until int64) {
	shares := o.shares()
	for _, name := range slices.Sorted(maps.Keys(o.in)) {
		c := o.owner(name, shares[name])
		for _, at := range c.edges(o.now, until) {
			o.note(name, c, at, "time")
		}
	}
	o.now = until
}

// note compares what a customer is in at an instant with what she was in.
func (o *oracle) note(name string, c *customer, at int64, cause string) {
	for _, s := range c.def.segments {
		_, was := o.in[name][s.name]
		is := c.holds(s.name, at)
		if is == was {
			continue
		}
		if is {
			o.in[name][s.name] = at
		} else {
			delete(o.in[name], s.name)
		}
		o.tell(name, s.name, passage(is, at, cause))
	}
}

func (o *oracle) tell(name, segment, passed string) {
	if o.log[name] == nil {
		o.log[name] = map[string][]string{}
	}
	o.log[name][segment] = append(o.log[name][segment], passed)
}

// window is how long a messageId is remembered.
const window = 24 * hour

func (o *oracle) known(source, id string) bool {
	at, ok := o.seen[source+" "+id]
	return ok && halfDay(at) >= halfDay(o.now-window)
}

// halfDay is the half day (UTC) that an instant is in: what was admitted in one is
// forgotten together, when the last of it is a whole window old.
func halfDay(at int64) int64 { return at / (12 * hour) }

// restart forgets under which other names repeats came: of these nothing is kept.
func (o *oracle) restart() {
	for _, repeat := range o.brief {
		delete(o.seen, repeat)
	}
	o.brief = nil
}

// admit takes a call in, as of now.
func (o *oracle) admit(c call) {
	if o.known(c.source(), c.id) {
		return
	}
	e := &event{call: c, stamp: c.happened(o.now), admitted: o.now}
	before := o.shares()
	joins := o.who.told(e)
	o.joins(joins, before)
	o.redistribute(before)
	owner := o.who.owner(e)
	repeated := o.repeated(owner, e)
	o.seen[e.source()+" "+e.id] = o.now
	if repeated {
		o.brief = append(o.brief, e.source()+" "+e.id)
		return
	}
	o.admitted = append(o.admitted, e)
	if o.in[owner] == nil {
		o.in[owner] = members{}
	}
	o.note(owner, o.owner(owner, o.shares()[owner]), o.now, "event")
}

// joins makes customers one: she is in all that either was in, and what the whole of
// her is or is not in besides is the doing of the event that said so.
func (o *oracle) joins(joins []join, shares map[string][]*event) {
	for _, j := range joins {
		in, existed := o.in[j.from]
		if !existed && j.from[0] == '@' {
			continue
		}
		o.undoable = append(o.undoable, j)
		if o.in[j.into] == nil {
			o.in[j.into] = members{}
		}
		if !existed {
			continue
		}
		for name, since := range in {
			if own, both := o.in[j.into][name]; !both || since < own {
				o.in[j.into][name] = since
			}
		}
		delete(o.in, j.from)
		o.gone[j.from] = true
		shares[j.into] = append(shares[j.into], shares[j.from]...)
		delete(shares, j.from)
		o.note(j.into, o.owner(j.into, shares[j.into]), o.now, "event")
	}
}

// redistribute gives each event to whom it belongs by now. What that changes is not
// an event's doing.
func (o *oracle) redistribute(before map[string][]*event) {
	after := o.shares()
	for name := range before {
		if len(after[name]) == 0 {
			delete(o.in, name)
			o.gone[name] = true
		}
	}
	o.undoable = slices.DeleteFunc(o.standing(), func(j join) bool { return o.in[o.whole(j)] == nil && after[o.whole(j)] == nil })
	for name, events := range after {
		if same(before[name], events) {
			continue
		}
		if o.in[name] == nil {
			o.in[name] = members{}
		}
		o.note(name, o.owner(name, events), o.now, "definition")
	}
}

// same says whether two lists hold the same events.
func same(a, b []*event) bool {
	if len(a) != len(b) {
		return false
	}
	has := map[*event]bool{}
	for _, e := range a {
		has[e] = true
	}
	return !slices.ContainsFunc(b, func(e *event) bool { return !has[e] })
}

// repeated says whether an event of this messageId was admitted under another of her
// identifiers.
func (o *oracle) repeated(owner string, e *event) bool {
	hers := map[string]bool{}
	for user := range o.who.parent {
		if o.who.root(user) == owner {
			hers[user] = true
		}
	}
	for _, other := range o.shares()[owner] {
		hers[other.source()] = true
	}
	for source := range hers {
		if source != e.source() && o.known(source, e.id) {
			return true
		}
	}
	return false
}

// standing returns the joins that can be taken back: that of a device until something
// that is done on it without logging in is nobody's known, once.
func (o *oracle) standing() []join {
	return slices.DeleteFunc(slices.Clone(o.undoable), func(j join) bool {
		first, until := o.who.ownership(strings.TrimPrefix(j.from, "@"))
		return j.from[0] == '@' && (first == j.from || until != forever)
	})
}

// whole is the customer who is called by what was joined: of a device, whose it is.
func (o *oracle) whole(j join) string {
	if j.from[0] == '@' {
		first, _ := o.who.ownership(j.from[1:])
		return first
	}
	return o.who.root(j.into)
}

// undo takes a join back: both are built anew from what is theirs.
func (o *oracle) undo(j join) {
	before := o.shares()
	o.who.part(j, o.now)
	o.undoable = slices.DeleteFunc(o.undoable, func(k join) bool { return k == j })
	o.redistribute(before)
}

// stays says whether a segment has the same rule in the new definition, at the same
// rates if it reads them.
func (o *oracle) stays(name string) bool {
	was, old := o.former.segment(name)
	is, fresh := o.def.segment(name)
	return old && fresh && was.text == is.text && (!is.rated || o.former.rates == o.def.rates)
}

// apply puts another definition in force; sweep brings everybody up to it.
func (o *oracle) apply(def *definition) { o.former, o.def = o.def, def }

func (o *oracle) sweep() {
	if o.former == nil {
		return
	}
	o.former = nil
	shares := o.shares()
	for name, in := range o.in {
		for _, segment := range slices.Sorted(maps.Keys(in)) {
			if _, stands := o.def.segment(segment); !stands {
				delete(in, segment)
				o.tell(name, segment, passage(false, o.now, "definition"))
			}
		}
		o.note(name, o.customer(o.def, shares[name]), o.now, "definition")
	}
}

// sizes counts the members of each segment.
func (o *oracle) sizes() map[string]int64 {
	n := map[string]int64{}
	for _, s := range o.def.segments {
		n[s.name] = 0
		for _, in := range o.in {
			if _, ok := in[s.name]; ok {
				n[s.name]++
			}
		}
	}
	return n
}
