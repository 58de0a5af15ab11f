package kill_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What the workspace under test promises, in milliseconds.
const (
	pause       = 1000 // before a cart's reminder
	window      = 2000 // of the segment browsing
	thresholds  = 16   // there are segments orders-1 to orders-16
	browsing    = "browsing"
	entered     = "Segment Entered"
	left        = "Segment Left"
	pageViewed  = "Page Viewed"
	reminder    = "reminder"
	confirm     = "confirmation"
	notYet      = "not finished" // begins complaints that time may mend
	programDied = "the program stopped"
)

// kind is what an event is about.
type kind int

const (
	identified kind = iota
	viewed          // a page
	looked          // at a product
	filled          // a cart: a reminder is due, if she agreed
	ordered         // a confirmation is due
)

// sent is an event that was sent, at least once.
type sent struct {
	id           string
	shopper      string
	kind         kind
	key          string // the cart's or order's id
	at           int64  // when it happened
	acknowledged int64  // when it was first acknowledged; 0 if it never was
	unknown      bool   // sent by a device whose owner wasn't known yet
}

// shopper is whom events are about.
type shopper struct {
	agreed bool   // to marketing
	joined bool   // two profiles of hers became one
	device string // that was linked to her, if any was
}

// seen is an event as a timeline tells it.
type seen struct {
	id, name, kind, segment string
	at, received            int64
}

// own reports whether it is an event that somebody sent.
func (s seen) own() bool { return s.kind != "derived" && s.kind != "noted" }

// profile is a customer as the program tells her.
type profile struct {
	id       string
	device   string // the id of the profile that her device leads to
	events   int    // as it counts them
	segments []string
	timeline []seen
}

// message is a message as the program tells it.
type message struct {
	id, journey, class, status, reason, subject string
	created                                     int64
}

// verdict is what the mail server made of a mail.
type verdict int

const (
	accepted       verdict = iota
	putOff                 // answered 4xx
	takenAndCut            // taken, but the connection broke before the answer
	notTakenAndCut         // the same, not taken
)

// mail is a mail as the mail server got it, whole.
type mail struct {
	id, subject, to string
	at              int64
	verdict         verdict
}

// history is all that the oracle judges by.
type history struct {
	sent      []sent
	shoppers  map[string]shopper
	kills     []int64 // when the program was killed
	outages   []int64 // when the mail server went down, with all its connections
	profiles  map[string]profile
	sizes     map[string]int // of segments
	customers int            // how many profiles there are in all
	messages  []message
	mails     []mail // in the order of their arrival
}

// judge says in what the program broke its promises.
func judge(h *history) []string {
	o := &oracle{history: h, events: map[string][]sent{}}
	for _, e := range h.sent {
		o.events[e.shopper] = append(o.events[e.shopper], e)
	}
	o.index()
	for _, name := range slices.Sorted(maps.Keys(h.shoppers)) {
		o.judgeShopper(name)
	}
	o.judgeSizes()
	o.judgeMessages()
	o.judgeMails()
	return o.complaints
}

// glance says what is wrong with a shopper while events go on coming in: those
// that were acknowledged before somebody asked are there and count, once. The
// events are all that were sent until the answer came.
func glance(name string, events []sent, asked int64, p profile) []string {
	o := &oracle{}
	times := map[string]int{}
	for _, e := range p.timeline {
		times[e.id]++
	}
	least, most := 0, 0 // orders that count
	for _, e := range events {
		known := e.acknowledged != 0 && e.acknowledged < asked
		switch n := times[e.id]; {
		case e.shopper != name || e.unknown:
			continue
		case n > 1:
			o.complain("%s: event %s stands %d times in the timeline", name, e.id, n)
		case n == 0 && known:
			o.complain("%s: event %s was acknowledged and is lost", name, e.id)
		}
		if e.kind == ordered {
			most++
			if known {
				least++
			}
		}
	}
	for k := 1; k <= thresholds; k++ {
		if in := slices.Contains(p.segments, atLeast(k)); in && k > most || !in && k <= least {
			o.complain("%s: made %d to %d orders, and in segment %s: %v", name, least, most, atLeast(k), in)
		}
	}
	return o.complaints
}

type oracle struct {
	*history
	events     map[string][]sent // by shopper
	messaged   map[string][]message
	mailed     map[string][]mail // by message id
	members    map[string]int
	due        map[string]bool // subjects that may be messages
	complaints []string
}

func (o *oracle) complain(format string, args ...any) {
	o.complaints = append(o.complaints, fmt.Sprintf(format, args...))
}

func (o *oracle) index() {
	o.messaged, o.mailed = map[string][]message{}, map[string][]mail{}
	o.members, o.due = map[string]int{browsing: 0}, map[string]bool{}
	for k := 1; k <= thresholds; k++ {
		o.members[atLeast(k)] = 0
	}
	for _, m := range o.messages {
		o.messaged[m.subject] = append(o.messaged[m.subject], m)
	}
	for _, m := range o.mails {
		o.mailed[m.id] = append(o.mailed[m.id], m)
	}
}

// addressOf is where a shopper has her mail.
func addressOf(name string) string { return name + "@shop.example" }

// atLeast is the name of the segment of those who ordered so often.
func atLeast(k int) string { return fmt.Sprintf("orders-%d", k) }

// judgeShopper compares a shopper's profile with what was sent of her.
func (o *oracle) judgeShopper(name string) {
	p, found := o.profiles[name]
	if !found {
		for _, e := range o.events[name] {
			if e.acknowledged != 0 {
				o.complain("%s: acknowledged, but there is no such customer", name)
				return
			}
		}
		return
	}
	if o.shoppers[name].device != "" && p.device != p.id {
		o.complain("%s: she is %s, and her device leads to %s", name, p.id, p.device)
	}
	times := map[string]int{}
	received := map[string]int64{}
	for _, e := range p.timeline {
		times[e.id]++
		received[e.id] = e.received
	}
	var present []sent
	for _, e := range o.events[name] {
		n := times[e.id]
		switch {
		case n > 1:
			o.complain("%s: event %s stands %d times in the timeline", name, e.id, n)
		case n == 0 && e.acknowledged != 0:
			o.complain("%s: event %s was acknowledged and is lost", name, e.id)
		}
		if n > 0 {
			present = append(present, e)
		}
	}
	o.judgeStrangers(name, p)
	o.judgeRules(name, p, present)
	o.judgeWindow(name, p, present)
	for _, e := range present {
		o.judgeDue(name, e, received[e.id])
	}
}

// judgeStrangers looks for events that nobody sent, or that are another's.
func (o *oracle) judgeStrangers(name string, p profile) {
	hers := map[string]bool{}
	for _, e := range o.events[name] {
		hers[e.id] = true
	}
	counted := 0
	for _, e := range p.timeline {
		if e.own() {
			counted++
		}
		if e.own() && !hers[e.id] {
			o.complain("%s: event %s in the timeline was never sent of her", name, e.id)
		}
	}
	if p.events != counted {
		o.complain("%s: %d events of hers are counted, the timeline holds %d", name, p.events, counted)
	}
}

// judgeRules asks whether rules count what the timeline holds.
func (o *oracle) judgeRules(name string, p profile, present []sent) {
	orders := 0
	for _, e := range present {
		if e.kind == ordered {
			orders++
		}
	}
	for k := 1; k <= thresholds; k++ {
		segment := atLeast(k)
		if in := slices.Contains(p.segments, segment); in != (orders >= k) {
			o.complain("%s: made %d orders, and in segment %s: %v", name, orders, segment, in)
		}
		if orders >= k {
			o.members[segment]++
		}
	}
}

// judgeWindow asks whether she was in the segment browsing when she had to be, and
// left it at the very instant. It is over for everybody when it is asked.
func (o *oracle) judgeWindow(name string, p profile, present []sent) {
	var pages []sent
	for _, e := range present {
		if e.kind == viewed {
			pages = append(pages, e)
		}
	}
	if slices.Contains(p.segments, browsing) {
		o.complain("%s: %s, she is still browsing", name, notYet)
	}
	var changes []seen
	for _, e := range p.timeline {
		if e.segment == browsing && (e.name == entered || e.name == left) {
			changes = append(changes, e)
		}
	}
	slices.Reverse(changes) // a timeline goes from new to old
	slices.SortStableFunc(changes, func(a, b seen) int { return cmp.Compare(a.at, b.at) })
	o.judgeChanges(name, changes, pages)
	if surely(pages) && len(changes) == 0 {
		o.complain("%s: viewed two pages within the window and was never browsing", name)
	}
}

func (o *oracle) judgeChanges(name string, changes []seen, pages []sent) {
	for i, c := range changes {
		falls := slices.ContainsFunc(pages, func(e sent) bool { return e.at+window == c.at })
		if c.name == left && !falls {
			o.complain("%s: left browsing at %d, when no page fell out of the window", name, c.at)
		}
		if !o.shoppers[name].joined && (c.name == entered) != (i%2 == 0) {
			o.complain("%s: change %d of browsing is %q, at %d after %d", name, i+1, c.name, c.at, changes[max(i-1, 0)].at)
		}
	}
	if n := len(changes); n > 0 && changes[n-1].name == entered {
		o.complain("%s: %s, entered browsing at %d and never left", name, notYet, changes[n-1].at)
	}
}

// surely reports whether two pages were both acknowledged while both stood in the
// window, so that she must have been a member then.
func surely(pages []sent) bool {
	known := slices.DeleteFunc(slices.Clone(pages), func(e sent) bool { return e.unknown || e.acknowledged == 0 })
	for i, e := range known {
		for _, f := range known[i+1:] {
			if max(e.acknowledged, f.acknowledged) < min(e.at, f.at)+window {
				return true
			}
		}
	}
	return false
}

// judgeDue asks whether what an event calls for was made, once and in time.
func (o *oracle) judgeDue(name string, e sent, received int64) {
	var subject string
	wanted, wait := false, int64(0)
	switch e.kind {
	case filled:
		subject, wanted, wait = "cart "+e.key, o.shoppers[name].agreed, pause
	case ordered:
		subject, wanted = "order "+e.key, true
	default:
		return
	}
	made := o.messaged[subject]
	o.due[subject] = wanted
	switch {
	case len(made) > 1:
		o.complain("%s: %d messages %q", name, len(made), subject)
	case len(made) == 0 && wanted && !e.unknown:
		o.complain("%s: %s, there is no message %q", name, notYet, subject)
	}
	for _, m := range made {
		if m.created < received+wait {
			o.complain("%s: message %q was made %d ms too early", name, subject, received+wait-m.created)
		}
		for _, mail := range o.mailed[m.id] {
			if mail.at < e.at+wait {
				o.complain("%s: mail %q came %d ms too early", name, subject, e.at+wait-mail.at)
			}
			if mail.to != addressOf(name) {
				o.complain("%s: mail %q went to %s", name, subject, mail.to)
			}
		}
	}
}

func (o *oracle) judgeSizes() {
	for _, segment := range slices.Sorted(maps.Keys(o.members)) {
		if got := o.sizes[segment]; got != o.members[segment] {
			o.complain("segment %s: its size is %d, it has %d members", segment, got, o.members[segment])
		}
	}
	if o.customers != len(o.profiles) {
		o.complain("there are %d customers, of %d shoppers", o.customers, len(o.profiles))
	}
}

// judgeMessages compares what the program says of its messages with what the mail
// server saw.
func (o *oracle) judgeMessages() {
	for _, m := range o.messages {
		if wanted := o.due[m.subject]; !wanted && m.subject != "" {
			o.complain("message %s, %q: nothing that was kept calls for it", m.id, m.subject)
		}
		if optional := m.class == "promotional"; optional != (m.journey == reminder) || m.class != "transactional" && !optional {
			o.complain("message %s of journey %s is %s", m.id, m.journey, m.class)
		}
		o.judgeStatus(m)
	}
}

func (o *oracle) judgeStatus(m message) {
	tries := o.mailed[m.id]
	has := func(v verdict) bool {
		return slices.ContainsFunc(tries, func(t mail) bool { return t.verdict == v })
	}
	cut := has(takenAndCut) || has(notTakenAndCut)
	switch {
	case m.status == "handed" && !has(accepted):
		o.complain("message %s, %q: handed over, says the program, but the mail server has not accepted it", m.id, m.subject)
	case m.status == "handed":
	case m.status == "unclear" && m.class == "transactional":
		o.complain("message %s, %q: it must not be lost and was left unclear", m.id, m.subject)
	case m.status == "unclear" && strings.HasPrefix(m.reason, programDied):
		if !within(o.kills, m.created, never) {
			o.complain("message %s, %q: unclear although nobody killed the program", m.id, m.subject)
		}
	case m.status == "unclear" && !cut && !within(o.outages, m.created, never):
		o.complain("message %s, %q: unclear although no connection broke", m.id, m.subject)
	case m.status == "unclear":
	default:
		o.complain("message %s, %q: %s, it is %s (%s)", m.id, m.subject, notYet, m.status, m.reason)
	}
}

// never is later than everything.
const never = 1 << 62

// within reports whether one of some instants lies between two others.
func within(instants []int64, from, to int64) bool {
	return slices.ContainsFunc(instants, func(at int64) bool { return at >= from && at <= to })
}

// disturbed reports whether between two instants an answer of the mail server's
// may have been lost on the way.
func (o *oracle) disturbed(from, to int64) bool {
	return within(o.kills, from-slack, to) || within(o.outages, from-slack, to)
}

// judgeMails asks of each mail whether it may have been sent, and sent again.
func (o *oracle) judgeMails() {
	messages := map[string]message{}
	for _, m := range o.messages {
		messages[m.id] = m
	}
	names := map[string]string{} // from a subject to the Message-ID it came under
	for _, id := range slices.Sorted(maps.Keys(o.mailed)) {
		m, known := messages[id]
		if !known {
			o.complain("mail %s, %q: no message of the program's", id, o.mailed[id][0].subject)
			continue
		}
		for _, try := range o.mailed[id] {
			if other, is := names[try.subject]; is && other != id {
				o.complain("mail %q came as %s and as %s", try.subject, other, id)
			}
			names[try.subject] = id
		}
		o.judgeTries(m, o.mailed[id])
	}
}

// judgeTries looks at two tries that follow each other.
func (o *oracle) judgeTries(m message, tries []mail) {
	for i := 1; i < len(tries); i++ {
		before, again := tries[i-1], tries[i]
		optional := m.class == "promotional"
		switch {
		case before.verdict == putOff:
		case optional:
			o.complain("message %s, %q: it may come once, and was sent again after it may have arrived", m.id, m.subject)
		case before.verdict == accepted && !o.disturbed(before.at, again.at):
			o.complain("message %s, %q: sent again though it was accepted and nothing came between", m.id, m.subject)
		}
	}
	if last := tries[len(tries)-1]; m.status == "unclear" && last.verdict == accepted && !o.disturbed(last.at, never) {
		o.complain("message %s, %q: accepted, and the program says unclear though nothing came between", m.id, m.subject)
	}
}

// slack is how much later than a kill the mail server may notice what was sent
// before it, in milliseconds.
const slack = 2000
