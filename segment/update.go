package segment

import (
	"math/bits"
	"slices"
	"strings"

	"rapport"
	"rapport/rule"
)

// Touched says what of a customer's record has changed.
type Touched struct {
	Traits []string
	Facts  []rule.FactID // to which an event was added
	Fell   []rule.FactID // of these, those for which it measured something below zero
	Built  []rule.FactID // facts that were lacking and are not any more
	Zone   bool          // her calendar is kept in another time zone from now on
	All    bool          // anything may have
}

// Update evaluates the rules that read what has changed, and the segments that
// read those whose answer changed, as of now. The subject shows the record after
// the change; its answers about segments are not asked for.
//
// A new State is that of a customer of whom nothing was known before what is
// touched: all rules are answered for her, though few need to be evaluated. One that was evaluated under another
// Set is rebased first; whoever wants an event's changes kept apart from those of
// the definitions calls [Set.Rebase] before folding the event in.
func (set *Set) Update(st *State, s rule.Subject, touched Touched, now rapport.Instant) []Change {
	if st.Evaluated(set) && !set.reads(touched) {
		return nil
	}
	p := set.pass(st, s)
	if st.set == 0 {
		st.set = set.hash
		p.markAll(set.first)
	}
	p.rebase(now)
	p.touch(touched, now)
	p.run(now, ByEvent)
	return p.changes
}

// reads reports whether any rule reads what was touched.
func (set *Set) reads(t Touched) bool {
	for _, name := range t.Traits {
		if set.traits[name] != nil {
			return true
		}
	}
	for _, id := range t.Facts {
		if set.facts[id] != nil {
			return true
		}
	}
	return t.All || len(t.Built) > 0 || t.Zone && len(set.calendar) > 0
}

// Refresh is Update for what changed not because of an event: a fact that a new
// rule asked for has been built from the past. What had fallen due is done first, as
// of its instant and with the cause time.
func (set *Set) Refresh(st *State, s rule.Subject, touched Touched, now rapport.Instant) []Change {
	p := set.pass(st, s)
	st.set = max(st.set, stale)
	p.rebase(now)
	p.due(now)
	p.touch(touched, now)
	p.run(now, ByDefinition)
	return p.changes
}

// Due does what has fallen due by now, each as of its own instant, the earliest
// first.
func (set *Set) Due(st *State, s rule.Subject, now rapport.Instant) []Change {
	if st.Next() > now && st.Evaluated(set) {
		return nil
	}
	p := set.pass(st, s)
	if st.set != 0 {
		p.rebase(now)
	}
	p.due(now)
	return p.changes
}

// Rebase brings a State that was evaluated under another Set under this one. What
// had fallen due for rules that stayed is done first, as of its instant and with
// the cause time; then every rule that is another, or every one if it is not known
// which these are ([Set.After]), is evaluated as of now, with the cause definition. Segments that are gone are forgotten without a Change. It does
// nothing if the State is of this Set already.
func (set *Set) Rebase(st *State, s rule.Subject, now rapport.Instant) []Change {
	p := set.pass(st, s)
	st.set = max(st.set, stale)
	p.rebase(now)
	return p.changes
}

// Memberships returns the segments she is in, in the order of their names.
func (set *Set) Memberships(st *State) []Membership {
	var in []Membership
	for _, e := range st.entries {
		if i, ok := set.byKey[e.key]; ok && e.member {
			in = append(in, Membership{Segment: set.segments[i].name, Since: e.since})
		}
	}
	slices.SortFunc(in, func(a, b Membership) int { return strings.Compare(a.Segment, b.Segment) })
	return in
}

// pass is one evaluation of some segments. Segments stand in the set's order, so
// that going through the marked ones upwards meets each after all it reads.
type pass struct {
	set     *Set
	state   *State
	subject rule.Subject
	partial rule.Partial // the same, if facts may be missing; else nil
	changed []int        // while what was due under a former set is done: what is new or other since
	former  bool         // changed is known
	marks   []uint64
	room    [16]uint64 // marks of up to 1,024 segments
	changes []Change
}

func (set *Set) pass(st *State, s rule.Subject) *pass {
	p := &pass{set: set, state: st}
	p.subject = &subject{Subject: s, state: st}
	p.partial, _ = s.(rule.Partial)
	if words := (len(set.segments) + 63) / 64; words <= len(p.room) {
		p.marks = p.room[:words]
	} else {
		p.marks = make([]uint64, words)
	}
	return p
}

// subject answers about segments from the state that is being brought up to date.
type subject struct {
	rule.Subject
	state *State
}

// Segment says whether she is in another segment as of this pass.
func (s *subject) Segment(name string) rule.Truth { return rule.TruthOf(s.state.Member(name)) }

func (p *pass) mark(i int) { p.marks[i/64] |= 1 << (i % 64) }

func (p *pass) markAll(segments []int) {
	for _, i := range segments {
		p.mark(i)
	}
}

// markReaders marks those readers that she can be in or get into as her traits are.
func (p *pass) markReaders(r *readers) {
	if r == nil {
		return
	}
	for i := range r.Of(p.subject.Trait) {
		p.mark(i)
	}
}

// markMoved marks those readers of a fact that one more event of it may move, which is what any
// may of which something fell.
func (p *pass) markMoved(r *factReaders, fell bool, now rapport.Instant) {
	if r == nil {
		return
	}
	for reader := range r.Of(p.subject.Trait) {
		if fell || !p.stays(reader, now) {
			p.mark(reader.segment)
		}
	}
}

// stays reports whether a customer stays where she is in a segment, whatever one more event of
// a fact says, and it is early enough to look again when that was due anyway. In the second half
// of a window it is better to look now: who goes on as she does would else be met for nothing.
func (p *pass) stays(r factReader, now rapport.Instant) bool {
	if r.trend == (rule.Trend{}) {
		return false
	}
	member, next := false, rapport.Never
	if i, found := p.state.find(p.set.segments[r.segment].key); found {
		member, next = p.state.entries[i].member, p.state.entries[i].next
	}
	switch {
	case member:
		return r.trend.Up && (next == rapport.Never || next.Sub(now) > r.trend.Window/2)
	case next == rapport.Never:
		return r.trend.Down
	}
	return (r.trend.Down || r.trend.Waits) && next.Sub(now) > r.trend.Pause/2
}

// markNeeding marks the segments she was in, or might have got into by waiting, that
// need a text of a trait: she may have lost it.
func (p *pass) markNeeding(trait string) {
	for i := range p.state.entries {
		at, ok := p.set.byKey[p.state.entries[i].key]
		if ok && p.set.segments[at].needs(trait) {
			p.mark(at)
		}
	}
}

func (p *pass) touch(t Touched, now rapport.Instant) {
	if t.All {
		p.touchAll()
		return
	}
	for _, name := range t.Traits {
		p.markReaders(p.set.traits[name])
		p.markNeeding(name)
	}
	for _, id := range t.Facts {
		p.markMoved(p.set.facts[id], slices.Contains(t.Fell, id), now)
	}
	for _, id := range t.Built {
		p.markAll(p.set.deep[id])
	}
	if t.Zone {
		p.markAll(p.set.calendar)
	}
}

func (p *pass) touchAll() {
	for i := range p.set.segments {
		p.mark(i)
	}
}

// run evaluates the marked segments and, where an answer changed, its readers.
// Readers stand behind what they read, so one way through is enough.
func (p *pass) run(at rapport.Instant, cause Cause) {
	for w := range p.marks {
		for p.marks[w] != 0 {
			bit := bits.TrailingZeros64(p.marks[w])
			p.marks[w] &^= 1 << bit
			p.evaluate(w*64+bit, at, cause)
		}
	}
}

func (p *pass) evaluate(i int, at rapport.Instant, cause Cause) {
	seg := &p.set.segments[i]
	if cause == ByTime && p.replaced(seg) {
		return
	}
	if p.lacks(i, cause) {
		p.hold(seg)
		return
	}
	member, next := seg.rule.Holds(p.subject, at)
	fresh := entry{key: seg.key, text: seg.text, member: member, next: next}
	if !p.keep(fresh, at) {
		return
	}
	p.markAll(seg.readers)
	p.changes = append(p.changes, Change{Segment: seg.name, Entered: fresh.member, At: at, Cause: cause})
}

// lacks reports whether a segment must not be judged yet. Where only segments that it
// reads are still to be built, a rule that was judged before goes on being judged by
// where she is in these meanwhile, so what falls due is told as of its instant; but
// what the definitions change is judged when all of it can be.
func (p *pass) lacks(i int, cause Cause) bool {
	seg := &p.set.segments[i]
	switch {
	case p.partial == nil || len(seg.facts) == 0 || !p.partial.Lacks(seg.facts):
		return false
	case cause == ByDefinition || p.partial.Lacks(seg.rule.Facts()):
		return true
	case p.former:
		_, isNew := slices.BinarySearch(p.changed, i)
		return isNew
	}
	at, found := p.state.find(seg.key)
	return !found || p.state.entries[at].text != seg.text
}

// hold leaves a customer where she is, in a segment or not, until the facts that it
// reads have been built; who calls [Set.Refresh] then finds out.
func (p *pass) hold(seg *compiled) {
	i, found := p.state.find(seg.key)
	p.state.next = 0
	switch {
	case found && p.state.entries[i].member:
		p.state.entries[i].next = rapport.Never
	case found:
		p.state.entries = slices.Delete(p.state.entries, i, i+1)
	}
}

// replaced reports whether what is kept of a segment came from another rule. That
// is so only while a rebase does what was due before: the new rule's turn comes.
func (p *pass) replaced(seg *compiled) bool {
	i, found := p.state.find(seg.key)
	return found && p.state.entries[i].text != seg.text
}

// keep puts an entry in the place of the former one of its segment, and reports
// whether the customer entered or left.
func (p *pass) keep(fresh entry, at rapport.Instant) (changed bool) {
	st := p.state
	i, found := st.find(fresh.key)
	former := entry{next: rapport.Never}
	if found {
		former = st.entries[i]
	}
	if fresh.member {
		fresh.since = at
	}
	if fresh.member && former.member {
		fresh.since = former.since
	}
	wanted := fresh.member || fresh.next != rapport.Never
	st.expect(former.next, fresh.next)
	switch {
	case found && wanted:
		st.entries[i] = fresh
	case found:
		st.entries = slices.Delete(st.entries, i, i+1)
	case wanted:
		st.entries = slices.Insert(st.entries, i, fresh)
	}
	return former.member != fresh.member
}

// expect keeps the state's earliest instant right when one of an entry becomes another.
func (st *State) expect(former, next rapport.Instant) {
	switch {
	case next < st.next:
		st.next = next
	case former == st.next && next > former:
		st.next = 0
	}
}

// due runs what is due by now, instant by instant. An evaluation leaves a later
// instant behind, so it comes to an end.
func (p *pass) due(now rapport.Instant) {
	for at := p.state.Next(); at <= now && at != rapport.Never; at = p.state.Next() {
		p.markDue(at)
		p.run(at, ByTime)
	}
}

func (p *pass) markDue(at rapport.Instant) {
	for _, e := range p.state.entries {
		if e.next <= at {
			p.mark(p.set.byKey[e.key])
		}
	}
}

// rebase is Rebase for a state that was evaluated at least once.
func (p *pass) rebase(now rapport.Instant) {
	if p.state.set == p.set.hash {
		return
	}
	p.forget()
	p.changed, p.former = p.set.since[p.state.set]
	p.due(now)
	if p.former {
		p.markAll(p.changed)
	} else {
		p.touchAll()
	}
	p.former = false
	p.run(now, ByDefinition)
	p.state.set = p.set.hash
}

// forget drops the entries of segments that are gone, and the wake-ups of those
// whose rule is another now: the new rule is evaluated as of now, not of then.
func (p *pass) forget() {
	kept := p.state.entries[:0]
	p.state.next = 0
	for _, e := range p.state.entries {
		i, ok := p.set.byKey[e.key]
		if !ok {
			continue
		}
		if e.text != p.set.segments[i].text {
			e.next = rapport.Never
		}
		kept = append(kept, e)
	}
	p.state.entries = kept
}
