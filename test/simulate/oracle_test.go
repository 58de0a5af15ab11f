package simulate_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// The oracle hears which calls each kept batch has admitted, and works everything else
// out from them anew: who is who, who is in which segment, which journeys ask for what
// and when, what may be handed over. Instants are milliseconds.

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// call is what a client tells.
type call struct {
	id      string // messageId
	kind    string // identify, or the name of a track
	user    string
	device  string
	cart    string
	order   string
	club    string
	agrees  string // what an identify says of marketing: yes, no or nothing
	country string
	at      int64 // when it happened, by the client's clock
}

// told is a call as it was admitted, or a word of consent that came over the API.
type told struct {
	call
	stamp int64 // when it happened, never after it was admitted
	at    int64 // when it was admitted
	batch uint64
}

// ruling is one answer to a wish to send.
type ruling struct {
	journey, step, who string
	sends              bool
	at                 int64
	day                string // of the campaign's turn, if it sends
}

func (r ruling) String() string {
	return fmt.Sprintf("%s %s/%s at %s: %s", r.who, r.journey, r.step, stamp(r.at), map[bool]string{true: "send", false: "drop"}[r.sends])
}

func stamp(at int64) string { return time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.000Z") }

// letter is a message as far as the oracle follows it.
type letter struct {
	id, journey, step, who, class, channel string
	status, reason                         string
	attempts                               int
	tries                                  []try // of handing it over
	end                                    uint64
}

// try is one hand-over: what the provider did, and what it said.
type try struct {
	taken  bool   // the provider has it
	answer string // accepted, retry, refused, vague, or lost with the program
}

func (l *letter) optional() bool { return l.class == "promotional" || l.class == "content" }

// taken is how often the provider has taken it.
func (l *letter) taken() (n int) {
	for _, t := range l.tries {
		if t.taken {
			n++
		}
	}
	return n
}

// circle is a segment: who did something so often within a time.
type circle struct {
	name, event string
	hours       int64
	least       int
}

// holds says whether calls make somebody a member at an instant.
func (c circle) holds(calls []*told, now int64) bool {
	n := 0
	for _, t := range calls {
		if t.kind == c.event && t.stamp <= now && t.stamp > now-c.hours*hour {
			n++
		}
	}
	return n >= c.least
}

// buyers is the segment that a journey and a campaign begin by. It is the same in all versions.
func buyers() circle { return circle{"buyers", "Order Completed", 72, 1} }

// act is one word of consent.
type word struct {
	at  int64
	yes bool
}

// person is what the oracle knows of one user.
type person struct {
	name  string
	known bool // has told her addresses
	zone  string
	words []word
	calls []*told // under her user id
	carts map[string]*basket
	tips  int64 // when the second letter of welcome is due; 0: not begun, -1: it ended
	gold  bool  // a club has said so
	clubs int   // that were to be asked
	after int64 // when the letter of the new buyer is due; 0: none is under way
}

// basket is a run of the cart's journey.
type basket struct{ since, due int64 }

// agrees says whether she agreed by what she last said; of two words at one instant the no counts.
func (p *person) agrees() bool {
	var last word
	for _, w := range p.words {
		if w.at > last.at || w.at == last.at && !w.yes {
			last = w
		}
	}
	return last.yes
}

// oracle has heard of some batches.
type oracle struct {
	people    map[string]*person
	owners    map[string]string // user by device
	admitted  []*told
	byID      map[string]*told
	wishes    []ruling
	rulings   []ruling
	letters   map[string]*letter
	standings map[string]string   // of journeys that are not active
	loose     map[string]bool     // journeys that were ever paused or put away
	turns     map[string][]ruling // in the campaign, of each
	wrong     []string            // what was violated
	over      map[string]int64    // days of the campaign of which all turns were given, until when
	began     int64               // the first instant that the clock showed
	clock     int64               // the latest instant that it ever showed
}

func newOracle() *oracle {
	return &oracle{
		people: map[string]*person{}, owners: map[string]string{}, byID: map[string]*told{}, letters: map[string]*letter{},
		standings: map[string]string{}, loose: map[string]bool{}, over: map[string]int64{}, turns: map[string][]ruling{},
	}
}

func (o *oracle) fault(format string, args ...any) {
	o.wrong = append(o.wrong, fmt.Sprintf(format, args...))
}

func (o *oracle) person(name string) *person {
	p := o.people[name]
	if p == nil {
		p = &person{name: name, carts: map[string]*basket{}}
		o.people[name] = p
	}
	return p
}

// owner is whose a call is by now.
func (o *oracle) owner(t *told) string {
	if t.user != "" {
		return t.user
	}
	if user := o.owners[t.device]; user != "" {
		return user
	}
	return "@" + t.device
}

// keep takes in what a batch has kept of calls, in their order, and whom it has written.
func (o *oracle) keep(batch uint64, at int64, calls []*told, touched []string) {
	if at > o.clock {
		o.fault("batch %d is of %s, when no clock had shown more than %s", batch, stamp(at), stamp(o.clock))
	}
	for _, t := range calls {
		o.admit(t)
	}
	for _, name := range touched {
		if p := o.people[name]; p != nil {
			o.settle(p, at+1)
		}
	}
}

func (o *oracle) admit(t *told) {
	if t.id != "" {
		if before := o.byID[t.id]; before != nil {
			o.fault("%s was counted twice: in batch %d and in batch %d", t.id, before.batch, t.batch)
		}
		o.byID[t.id] = t
	}
	o.admitted = append(o.admitted, t)
	if t.user == "" {
		return
	}
	p := o.person(t.user)
	o.settle(p, t.at)
	if t.device != "" {
		if o.owners[t.device] == "" && o.met(t.device) {
			o.settle(p, t.at+1) // two become one: what is due at the instant is done before the event
		}
		o.owners[t.device] = t.user
	}
	o.hear(p, t)
}

// met says whether something was done on a device by nobody who is known.
func (o *oracle) met(device string) bool {
	return slices.ContainsFunc(o.admitted, func(t *told) bool { return t.user == "" && t.device == device })
}

// hear lets a person do what she told.
func (o *oracle) hear(p *person, t *told) {
	was := buyers().holds(p.calls, t.at)
	p.calls = append(p.calls, t)
	switch t.agrees {
	case "yes", "no":
		p.words = append(p.words, word{t.stamp, t.agrees == "yes"})
	}
	fresh := t.stamp+day >= t.at
	switch t.kind {
	case "identify":
		p.known, p.zone = true, map[string]string{"SG": "Asia/Singapore", "DE": "Europe/Berlin"}[t.country]
	case "Order Completed":
		o.bought(p, t, fresh)
	case "Product Added":
		o.added(p, t, fresh)
	case "Joined":
		if fresh {
			p.clubs++
		}
	case "Signed Up":
		if fresh && p.tips == 0 {
			o.wish(p, "welcome", "hello", t.at)
			p.tips = t.at + 30*hour
		}
	}
	if !was && buyers().holds(p.calls, t.at) && p.after == 0 {
		p.after = t.at + 2*hour
	}
}

func (o *oracle) bought(p *person, t *told, fresh bool) {
	if run := p.carts[t.cart]; run != nil && t.stamp >= run.since {
		delete(p.carts, t.cart)
	}
	if fresh {
		o.wish(p, "receipt", "thanks", t.at)
		o.wish(p, "recall", "notice", t.at)
	}
}

// added begins a run of the cart, or puts it back to its beginning, unless something later
// has done so or the cart was bought since.
func (o *oracle) added(p *person, t *told, fresh bool) {
	if !fresh {
		return
	}
	if run := p.carts[t.cart]; run != nil && t.stamp < run.since {
		return
	}
	for _, other := range p.calls {
		if other.kind == "Order Completed" && other.cart == t.cart && other.stamp >= t.stamp {
			return
		}
	}
	p.carts[t.cart] = &basket{since: t.stamp, due: t.at + hour}
}

// settle does what fell due for a person before an instant.
func (o *oracle) settle(p *person, until int64) {
	for _, cart := range slices.Sorted(maps.Keys(p.carts)) {
		if due := p.carts[cart].due; due < until {
			delete(p.carts, cart)
			o.wish(p, "cart", "reminder", due)
		}
	}
	if p.tips > 0 && p.tips < until {
		o.wish(p, "welcome", "tips", p.tips)
		p.tips = -1
	}
	if p.after > 0 && p.after < until {
		o.wish(p, "regulars", "thanks", p.after)
		p.after = 0
	}
}

// classOf is the class of what a journey sends.
func classOf(journey string) string {
	switch journey {
	case "receipt":
		return "transactional"
	case "recall":
		return "must-send"
	case "regulars":
		return "content"
	}
	return "promotional"
}

// wish is a journey's wish to send. Nothing she says between the instant at which it is due
// and that at which it is done is told before it is done.
func (o *oracle) wish(p *person, journey, step string, at int64) {
	sends := p.known && (classOf(journey) == "transactional" || p.agrees())
	o.wishes = append(o.wishes, ruling{journey: journey, step: step, who: p.name, sends: sends, at: at})
}

// rule takes in what a batch has decided.
func (o *oracle) rule(r ruling, at int64) {
	if r.at > at {
		o.fault("%s was decided at %s, before it was due", r, stamp(at))
	}
	if r.journey == "daily" {
		o.turn(r)
		return
	}
	o.rulings = append(o.rulings, r)
}

// turn takes in that somebody had her turn in the campaign.
func (o *oracle) turn(r ruling) {
	p := o.person(r.who)
	if r.day != "" && o.had(r.who, r.day) > 0 {
		o.fault("%s had two turns in the campaign on %s", r.who, r.day)
	}
	o.turns[r.who] = append(o.turns[r.who], r)
	if !buyers().holds(p.calls, r.at) {
		o.fault("%s had her turn in the campaign at %s and was no buyer", r.who, stamp(r.at))
	}
	if want := p.known && p.agrees(); want != r.sends {
		o.fault("%s: consent says %v", r, want)
	}
}

// had is how often somebody had the turn of a day; of "" the turns that came to nothing, of
// which nobody says which day's they were.
func (o *oracle) had(who, day string) (n int) {
	for _, r := range o.turns[who] {
		if r.day == day {
			n++
		}
	}
	return n
}

// location is where she is at home; who told no country is in Singapore.
func (p *person) location() *time.Location {
	zone, err := time.LoadLocation(cmp.Or(p.zone, "Asia/Singapore"))
	if err != nil {
		panic(err)
	}
	return zone
}

// move takes in that a message's life went on in a batch.
func (o *oracle) move(batch uint64, m letter) {
	l := o.letters[m.id]
	if l == nil {
		l = &letter{id: m.id, journey: m.journey, step: m.step, who: m.who, class: m.class, channel: m.channel}
		o.letters[m.id] = l
	}
	if l.end != 0 && m.status != l.status {
		o.fault("%s of %s was %s and became %s", m.id, m.who, l.status, m.status)
	}
	l.status, l.reason = m.status, m.reason
	switch m.status {
	case "attempting":
		l.attempts++
		o.attempt(batch, l)
	case "handed", "delivered", "failed", "dropped", "unclear":
		o.person(l.who).gold = o.person(l.who).gold || l.status == "delivered"
		l.end = batch
		o.ended(l)
	}
}

// attempt judges that a message is about to be handed over.
func (o *oracle) attempt(batch uint64, l *letter) {
	p := o.person(l.who)
	if l.class != "transactional" && !p.agrees() {
		o.fault("batch %d attempts %s/%s to %s, who has said no", batch, l.journey, l.step, l.who)
	}
	if standing := o.standings[l.journey]; standing != "" {
		o.fault("batch %d attempts %s/%s to %s, while the journey is %s", batch, l.journey, l.step, l.who, standing)
	}
	if n := len(l.tries); l.optional() && n > 0 && l.tries[n-1].answer != "retry" {
		o.fault("batch %d attempts %s/%s to %s again, though it may have been taken (%s)", batch, l.journey, l.step, l.who, l.tries[n-1].answer)
	}
}

// ended judges why a message has ended.
func (o *oracle) ended(l *letter) {
	answered := func(answer string) bool {
		return slices.ContainsFunc(l.tries, func(t try) bool { return t.answer == answer })
	}
	ok := true
	switch l.status {
	case "handed", "delivered":
		ok = answered("accepted") && (l.status == "delivered") == (l.channel == "webhook")
	case "failed":
		ok = answered("refused")
	case "unclear":
		ok = l.optional() && l.attempts > 0
	case "dropped":
		ok = l.class != "transactional" && !o.person(l.who).agrees() || o.standings[l.journey] == "archived"
	}
	if !ok {
		o.fault("%s/%s to %s is %s (%s), after %v", l.journey, l.step, l.who, l.status, l.reason, l.tries)
	}
}

// stand takes in which journeys are paused or put away from a batch on.
func (o *oracle) stand(standings map[string]string) {
	o.standings = standings
	for name := range standings {
		o.loose[name] = true
	}
}

// handing judges what a provider is given: what stands in the store as being attempted.
func (o *oracle) handing(id, kept string) {
	if kept != "attempting" {
		o.fault("%s is given to its provider and is %s", id, kept)
	}
}

// heard takes in what a provider did with a message.
func (o *oracle) heard(id string, t try) {
	l := o.letters[id]
	if l == nil {
		o.fault("a provider was given %s, of which no batch knows", id)
		return
	}
	l.tries = append(l.tries, t)
	if l.optional() && l.taken() > 1 {
		o.fault("%s/%s to %s was taken twice", l.journey, l.step, l.who)
	}
}

// conclude judges what must be so when everything has come to rest at an instant.
func (o *oracle) conclude(now int64) {
	for _, name := range slices.Sorted(maps.Keys(o.people)) {
		o.settle(o.people[name], now+1)
	}
	o.compareWishes()
	o.compareCalls()
	for _, id := range slices.Sorted(maps.Keys(o.letters)) {
		o.concludeLetter(o.letters[id])
	}
	o.concludeTurns()
}

func (o *oracle) concludeLetter(l *letter) {
	held := o.standings[l.journey] == "paused"
	if (l.status == "waiting" || l.status == "attempting") && !held {
		o.fault("%s/%s to %s is %s when all has come to rest", l.journey, l.step, l.who, l.status)
	}
	if l.class == "transactional" && l.status == "handed" && l.taken() == 0 {
		o.fault("%s/%s to %s is handed and no provider has it", l.journey, l.step, l.who)
	}
}

// compareWishes compares what was decided with what had to be, each once.
func (o *oracle) compareWishes() {
	count := func(list []ruling) map[string]int {
		n := map[string]int{}
		for _, r := range list {
			if !o.loose[r.journey] {
				n[r.String()]++
			}
		}
		return n
	}
	want, got := count(o.wishes), count(o.rulings)
	for _, r := range slices.Sorted(maps.Keys(want)) {
		if got[r] != want[r] {
			o.fault("it had to be decided %d times and was %d times: %s", want[r], got[r], r)
		}
	}
	for _, r := range slices.Sorted(maps.Keys(got)) {
		if want[r] == 0 {
			o.fault("nobody asked for it, and it was decided %d times: %s", got[r], r)
		}
	}
}

// compareCalls compares how often clubs were to be asked of somebody with how often they were.
func (o *oracle) compareCalls() {
	calls := map[string]int{}
	for _, l := range o.letters {
		if l.channel == "webhook" {
			calls[l.who]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.people)) {
		if want := o.people[name].clubs; calls[name] != want && !o.loose["score"] {
			o.fault("of %s %d clubs were asked, want %d", name, calls[name], want)
		}
	}
}

// concludeTurns says who has missed a turn in the campaign that was hers: she was a buyer from
// when it came until the last one of that day was given, as the campaign says.
func (o *oracle) concludeTurns() {
	if o.loose["daily"] {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(o.people)) {
		p, missing := o.people[name], []string{}
		for _, date := range slices.Sorted(maps.Keys(o.over)) {
			opens, err := time.ParseInLocation(time.DateOnly+" 15:04", date+" 09:00", p.location())
			if err != nil {
				panic(err)
			}
			if o.steady(p, opens.UnixMilli(), o.over[date]) && o.had(name, date) == 0 {
				missing = append(missing, date)
			}
		}
		if len(missing) > o.had(name, "") {
			o.fault("%s had no turn in the campaign on one of %s", name, missing)
		}
		if all, most := len(o.turns[name]), int((o.clock-o.began)/day)+2; all > most {
			o.fault("%s had %d turns in the campaign within %d days", name, all, most)
		}
	}
}

// steady says whether somebody was a buyer from one instant to another, by what was admitted
// before the first.
func (o *oracle) steady(p *person, from, until int64) bool {
	var before []*told
	home := false
	for _, t := range p.calls {
		if t.at < from {
			before = append(before, t)
			home = home || t.kind == "identify"
		}
	}
	return home && buyers().holds(before, from) && buyers().holds(before, until)
}

// shares says which of what was admitted is whose by now.
func (o *oracle) shares() map[string][]*told {
	all := map[string][]*told{}
	for _, t := range o.admitted {
		all[o.owner(t)] = append(all[o.owner(t)], t)
	}
	return all
}

// memberOf returns the segments that somebody is in, by name.
func (o *oracle) memberOf(all []circle, name string, calls []*told, now int64) []string {
	in := []string{}
	if p := o.people[name]; p != nil && p.gold && !o.loose["score"] {
		in = append(in, "gold")
	}
	for _, c := range all {
		if c.holds(calls, now) {
			in = append(in, c.name)
		}
	}
	slices.Sort(in)
	return in
}

// counters returns what some counters have to be.
func (o *oracle) counters() map[string]int64 {
	n := map[string]int64{"events": 0}
	for _, t := range o.admitted {
		if t.id != "" {
			n["events"]++
		}
	}
	for _, l := range o.letters {
		n[map[bool]string{true: "webhooks", false: "messages"}[l.channel == "webhook"]]++
		if l.end != 0 {
			n["messages/"+l.status]++
		}
	}
	return n
}
