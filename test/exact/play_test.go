package exact_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/collect"
	"rapport/flow"
	"rapport/profile"
	"rapport/store"
	"rapport/workspace"
)

// shelf is a store that a history is played on.
type shelf interface {
	flow.Store
	FailNext(error)
	Reopen() (shelf, error)
	Close() error
}

// play is a history on its way through the program and past the oracle.
type play struct {
	history
	ctx             context.Context
	oracle          *oracle
	store           shelf
	engine          *flow.Engine
	dice            dice // chooses where to look
	version         uint64
	key             rapport.Key
	names           map[rapport.CustomerID]string
	log             map[string]map[string][]string // as the timelines tell
	read            uint64                         // the last chunk that was read for the log
	blurred         map[string]int64               // segments of whose first instant it is open what told them
	passages, looks int                            // entries and exits that were compared; customers that were looked at
}

// failure is what differs, and after which act.
type failure struct {
	act  int
	text string
}

// run plays a history and returns what differs from the oracle, nil if nothing does.
func run(h history, c *clocks, open func() (shelf, error)) (p *play, failed *failure) {
	p = &play{
		history: h, ctx: context.Background(), dice: dice{rand.New(rand.NewPCG(h.seed, 11))},
		key: rapport.Key{byte(h.seed), byte(h.seed >> 8)}, names: map[rapport.CustomerID]string{}, log: map[string]map[string][]string{}, blurred: map[string]int64{},
	}
	i := -1
	defer func() {
		if r := recover(); r != nil {
			failed = &failure{i, fmt.Sprint(r)}
		}
		if p.store != nil {
			_ = p.store.Close()
		}
	}()
	var err error
	p.store, err = open()
	p.must(err)
	p.meet()
	p.oracle = newOracle(h.def, c, h.start, p.lower, xxhash.Sum64String)
	p.open(p.compile(h.def))
	for i = range h.acts {
		p.do(&h.acts[i])
		p.look(h.acts[i].end())
		if i+1 < len(h.acts) {
			p.lookBetween(h.acts[i].end(), h.acts[i+1].at)
		}
	}
	p.readLog()
	p.timelines()
	return p, nil
}

// end is when an act is over.
func (a *act) end() int64 { return a.at + a.later }

// meet learns the ids of everybody who may come.
func (p *play) meet() {
	for _, name := range slices.Concat(users(), devices()) { // an alias may make a device's name a user's
		p.names[p.id(name)] = name
		p.names[p.id("@"+name)] = "@" + name
	}
}

// id is the customer id of a user, or of a device with an @ in front.
func (p *play) id(name string) rapport.CustomerID {
	id := rapport.Identifier{Kind: rapport.UserID, Value: name}
	if name[0] == '@' {
		id = rapport.Identifier{Kind: rapport.AnonymousID, Value: name[1:]}
	}
	return p.key.Identifier(id).CustomerID()
}

func (p *play) lower(a, b string) bool {
	x, y := p.id(a), p.id(b)
	return bytes.Compare(x[:], y[:]) < 0
}

func (p *play) must(err error) {
	if err != nil {
		panic(err)
	}
}

// compile makes a workspace of a definition, from the text of its documents.
func (p *play) compile(d *definition) *flow.Workspace {
	p.version++
	docs, problems := workspace.Parse([]workspace.File{{Name: "all.yaml", Body: documents(d)}})
	if len(problems) > 0 {
		panic(problems)
	}
	compiled, problems := workspace.Compile(docs, p.version)
	if len(problems) > 0 {
		panic(problems)
	}
	w, err := flow.Assemble(compiled, nil, nil)
	p.must(err)
	return w
}

// documents writes a definition as the marketer does.
func documents(d *definition) []byte {
	var b bytes.Buffer
	for _, m := range d.markets {
		fmt.Fprintf(&b, "kind: market\nname: %s\ncountries: [%s]\nlanguage: en\ncurrency: EUR\nzone: %s\ndefault: %v\n---\n", m.name, m.country, m.zone, m.standard)
	}
	fmt.Fprintf(&b, "%s---\n", d.rates.text())
	for _, s := range d.segments {
		fmt.Fprintf(&b, "kind: segment\nname: %s\nwhere: '%s'\n---\n", s.name, s.text)
	}
	return b.Bytes()
}

func (p *play) open(w *flow.Workspace) {
	c := flow.Config{Key: p.key, Store: p.store, Workspace: w, AnonymousFor: -1}
	if p.small {
		c.Customers = 1
	}
	var err error
	p.engine, err = flow.Open(p.ctx, c, rapport.Instant(p.oracle.now))
	p.must(err)
}

func (p *play) advance(at int64) { p.must(p.engine.Advance(p.ctx, rapport.Instant(at), nil)) }

// do lets an act happen to the program and to the oracle.
func (p *play) do(a *act) {
	p.oracle.settle(a.at)
	if a.punctual {
		p.advance(a.at)
	}
	switch a.what {
	case "calls":
		p.admit(a, a.at)
	case "wake":
		p.advance(a.at)
		p.compareLogs()
	case "restart":
		p.oracle.restart()
		var err error
		p.store, err = p.store.Reopen()
		p.must(err)
		p.open(p.engine.Workspace())
	case "apply":
		p.apply(a)
	case "undo":
		p.undo(a)
	}
}

// admit lets the calls of an act be taken in at an instant.
func (p *play) admit(a *act, at int64) {
	for i := range a.calls {
		p.oracle.admit(a.calls[i])
	}
	now := rapport.Instant(at)
	result, err := collect.Parse(collect.Batch, body(a.calls), collect.Meta{ReceivedAt: now})
	p.must(err)
	if len(result.Refused) > 0 || len(result.Events) != len(a.calls) {
		panic(fmt.Sprintf("of %d calls %d were taken in: %+v", len(a.calls), len(result.Events), result.Refused))
	}
	if a.fails {
		full := errors.New("the disk is full")
		p.store.FailNext(full)
		_, err := p.engine.Run(p.ctx, now, flow.Admit(slices.Clone(result.Events)))
		if err != nil && !errors.Is(err, full) { // a batch of repeats has nothing to commit
			panic(err)
		}
		p.store.FailNext(nil)
	}
	works := []flow.Work{flow.Admit(result.Events)}
	if a.along {
		works = append(works, flow.Wake(p.due(at)))
	}
	p.must(p.engine.Preload(p.ctx, result.Events))
	_, err = p.engine.Run(p.ctx, now, works...)
	p.must(err)
}

// due is who has something due by an instant, as the store knows.
func (p *play) due(at int64) []rapport.CustomerID {
	wakes, err := p.store.Due(p.ctx, rapport.Instant(at), 1000)
	p.must(err)
	ids := make([]rapport.CustomerID, len(wakes))
	for i, w := range wakes {
		ids[i] = w.Customer
	}
	return ids
}

// body writes calls as a sender does.
func body(calls []call) []byte {
	batch := make([]map[string]any, len(calls))
	for i, c := range calls {
		item := map[string]any{"type": c.kind, "messageId": c.id, "timestamp": stamp(c.at)}
		for name, value := range map[string]string{"userId": c.user, "anonymousId": c.device, "previousId": c.previous, "event": c.name} {
			if value != "" {
				item[name] = value
			}
		}
		if c.sent != 0 {
			item["sentAt"] = stamp(c.sent)
		}
		if c.traits != nil {
			item["traits"] = c.traits
		}
		if c.name != "" {
			item["properties"] = properties(c)
		}
		batch[i] = item
	}
	text, err := json.Marshal(map[string]any{"batch": batch})
	if err != nil {
		panic(err)
	}
	return text
}

func properties(c call) map[string]any {
	properties := map[string]any{}
	if c.n != nil {
		properties["n"] = *c.n
	}
	if c.colour != "" {
		properties["colour"] = c.colour
	}
	if c.paid != nil {
		properties["paid"] = json.RawMessage(decimal(*c.paid))
	}
	if c.currency != nil {
		properties["currency"] = c.currency
	}
	return properties
}

func (p *play) apply(a *act) {
	p.oracle.apply(a.def)
	p.engine.Apply(p.compile(a.def))
	p.oracle.settle(a.end())
	if len(a.calls) > 0 {
		p.meanwhile(a)
	}
	p.oracle.sweep()
	for more := true; more; {
		var err error
		more, err = p.engine.Sweep(p.ctx, rapport.Instant(a.end()))
		p.must(err)
	}
}

// meanwhile admits calls while what new rules ask for is read from the past. Whether
// these are told of them or the definition is open; what they come to is not.
func (p *play) meanwhile(a *act) {
	for _, s := range a.def.segments {
		if !p.oracle.stays(s.name) {
			p.blurred[s.name] = a.end()
		}
	}
	span := p.engine.NextSpan()
	if span == nil { // the definitions change nothing about anybody
		p.admit(a, a.end())
		return
	}
	p.must(span.Read(p.ctx, p.store))
	p.admit(a, a.end())
	for more := true; more; {
		var err error
		more, err = p.engine.Install(p.ctx, rapport.Instant(a.end()), span, nil)
		p.must(err)
	}
}

// told is what is told of a segment, without what is open.
func (p *play) told(segment string, list []string) []string {
	at, blurred := p.blurred[segment]
	return slices.DeleteFunc(slices.Clone(list), func(passed string) bool {
		return blurred && strings.Contains(passed, " at "+stamp(at)+" ")
	})
}

func (p *play) allTold(log map[string][]string) map[string][]string {
	all := map[string][]string{}
	for segment, list := range log {
		if list = p.told(segment, list); len(list) > 0 {
			all[segment] = list
		}
	}
	return all
}

func (p *play) undo(a *act) {
	joins := p.oracle.undoable
	if len(joins) == 0 {
		return
	}
	j := joins[a.pick%len(joins)]
	into := p.oracle.whole(j)
	p.oracle.undo(j)
	errs, err := p.engine.Run(p.ctx, rapport.Instant(a.at), flow.Undo(p.id(into), p.id(j.from)))
	p.must(err)
	if errs[0] != nil {
		panic(fmt.Sprintf("telling %s and %s apart: %v", j.from, into, errs[0]))
	}
}

// lookBetween looks at instants at which nobody does anything, those at which an
// answer may change among them.
func (p *play) lookBetween(from, to int64) {
	if to-from < 2 {
		return
	}
	instants := []int64{from + 1 + p.dice.Int64N(to-from-1)}
	shares := p.oracle.shares()
	for _, name := range slices.Sorted(maps.Keys(p.oracle.in)) {
		c := p.oracle.customer(p.oracle.def, shares[name])
		if edges := c.edges(from+1, to-2); len(edges) > 0 {
			edge := pick(p.dice, edges...)
			instants = append(instants, edge-1, edge)
		}
		if jumps := c.clock.jumps(from, to-hour); len(jumps) > 0 {
			instants = append(instants, pick(p.dice, jumps...)+p.dice.Int64N(hour))
		}
	}
	slices.Sort(instants)
	for _, at := range slices.Compact(instants) {
		p.look(at)
	}
}

// look compares who there is and what each is in at an instant, as a reader of the
// API would see it, with the oracle; where all has been settled, since when as well.
func (p *play) look(at int64) {
	rows, err := p.store.Scan(p.ctx, rapport.CustomerID{}, 1000)
	p.must(err)
	got, want, shares := map[string][]string{}, map[string][]string{}, p.oracle.shares()
	settled := at == p.oracle.now
	for _, row := range rows {
		l, err := flow.LookAt(p.ctx, p.store, p.engine.Workspace(), row, rapport.Instant(at))
		p.must(err)
		in := []string{}
		for _, m := range l.Memberships() {
			in = append(in, inside(m.Segment, int64(m.Since), settled))
		}
		got[p.names[row.Customer]] = in
	}
	for name, since := range p.oracle.in {
		in := []string{}
		for _, segment := range p.oracle.customer(p.oracle.def, shares[name]).memberAt(at) {
			in = append(in, inside(segment, since[segment], settled))
		}
		want[name] = in
		p.looks++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		panic(fmt.Sprintf("who is in which segment at %s (-oracle +program):\n%s", stamp(at), diff))
	}
}

func inside(segment string, since int64, settled bool) string {
	if settled {
		segment += " since " + stamp(since)
	}
	return segment
}

// compareLogs compares every entry and exit that timelines tell, and the sizes.
func (p *play) compareLogs() {
	p.readLog()
	for _, name := range slices.Sorted(maps.Keys(p.oracle.log)) {
		if diff := cmp.Diff(p.allTold(p.oracle.log[name]), p.allTold(p.log[name])); diff != "" {
			panic(fmt.Sprintf("the entries and exits of %s (-oracle +program):\n%s", name, diff))
		}
	}
	for name := range p.log {
		if p.oracle.log[name] == nil && len(p.allTold(p.log[name])) > 0 {
			panic(fmt.Sprintf("the entries and exits of %s: the oracle knows of none, the program of %v", name, p.log[name]))
		}
	}
	sizes, customers, _ := p.engine.Sizes()
	if diff := cmp.Diff(p.oracle.sizes(), sizes); diff != "" || customers != int64(len(p.oracle.in)) {
		panic(fmt.Sprintf("%d customers, want %d; sizes (-oracle +program):\n%s", customers, len(p.oracle.in), diff))
	}
}

// readLog reads what the batches since the last time told of segments, as they stand
// in the chunks.
func (p *play) readLog() {
	for {
		chunks, err := p.store.Chunks(p.ctx, p.read+1, 64)
		p.must(err)
		if len(chunks) == 0 {
			return
		}
		for _, chunk := range chunks {
			p.read = chunk.Number
			for _, block := range chunk.Blocks {
				entries, err := store.DecodeBlock(block.Data)
				p.must(err)
				for _, entry := range entries {
					p.readEntry(entry)
				}
			}
		}
	}
}

func (p *play) readEntry(entry store.Entry) {
	name := p.names[entry.Customer]
	for i := range entry.Events {
		segment, passed, ok := p.passage(&entry.Events[i])
		if !ok {
			continue
		}
		if p.log[name] == nil {
			p.log[name] = map[string][]string{}
		}
		p.log[name][segment] = append(p.log[name][segment], passed)
		p.passages++
	}
}

// passage reads an entry or exit from the timeline.
func (p *play) passage(e *rapport.Event) (segment string, passed string, ok bool) {
	if e.Name != flow.SegmentEntered && e.Name != flow.SegmentLeft || e.Type != rapport.Noted {
		return "", "", false
	}
	var told struct{ Segment, Cause string }
	p.must(json.Unmarshal(e.Properties, &told))
	return told.Segment, passage(e.Name == flow.SegmentEntered, int64(e.Timestamp), told.Cause), true
}

// timelines reads the timelines of those who are left, backwards from their records,
// and compares them with what the batches told.
func (p *play) timelines() {
	rows, err := p.store.Scan(p.ctx, rapport.CustomerID{}, 1000)
	p.must(err)
	for _, row := range rows {
		record, err := profile.Decode(row.Customer, row.Data)
		p.must(err)
		told := map[string][]string{}
		p.must(flow.History(p.ctx, p.store, record.ID, record.Head, func(entry store.Entry) bool {
			if entry.Customer != record.ID {
				return true
			}
			for i := range slices.Backward(entry.Events) {
				if segment, passed, ok := p.passage(&entry.Events[i]); ok {
					told[segment] = append(told[segment], passed)
				}
			}
			return true
		}))
		for _, list := range told {
			slices.Reverse(list)
		}
		name := p.names[row.Customer]
		if want := p.log[name]; len(want)+len(told) > 0 && !p.oracle.gone[name] {
			if diff := cmp.Diff(want, told); diff != "" {
				panic(fmt.Sprintf("the timeline of %s (-batches +timeline):\n%s", name, diff))
			}
		}
	}
}
