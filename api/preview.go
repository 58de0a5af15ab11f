package api

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/profile"
	"rapport/rule"
	"rapport/store"
)

type preview struct {
	Count     int64    `json:"count" doc:"Customers for whom the rule holds, among those looked at"`
	Exact     bool     `json:"exact" doc:"Whether all customers were looked at"`
	Sample    []member `json:"sample"`
	Scanned   int64    `json:"scanned" doc:"How many customers were looked at"`
	Customers int64    `json:"customers" doc:"How many there are"`
	// Estimate is nil of an exact count, and where those looked at were no fair sample.
	Estimate *int64 `json:"estimate,omitempty" doc:"Only if not exact: about how many it would be of all, if those looked at were like the others"`
}

func (a *api) previewOperations() {
	register(a, operation{
		method: http.MethodPost, path: "/v1/segments/preview", id: "preview-segment", group: "Segments", summary: "How many customers a rule would hold for",
		detail: "Every customer is looked at, as of now. What rules in force read is kept in memory, so that most answers take milliseconds; a trait that no rule read before is read from the records once, " +
			"and what no rule in force keeps of the past from the history. If that takes too long, exact is false and scanned says how many were looked at: a count of some is never passed off as one of all.",
	}, a.previewSegment)
}

// What a preview may take, at most. Reading the log through from end to end gets
// the first share of the time: it is by far the cheaper way to read many histories,
// but half of it is good for nothing.
const (
	previewHistories = 200_000 // unless Config says otherwise
	previewTime      = 20 * time.Second
	previewReading   = 18 * time.Second // of records, for the mirror in memory
	previewLogTime   = 12 * time.Second
	previewSample    = 10
	previewChunks    = 64 // read at a time
)

func (a *api) previewSegment(ctx context.Context, in *struct {
	Body struct {
		Where string `json:"where" maxLength:"20000" doc:"A rule"`
	}
}) (*answer[preview], error) {
	out, err := a.preview(ctx, in.Body.Where, time.Now().Add(previewTime))
	if err != nil {
		return nil, err
	}
	return &answer[preview]{*out}, nil
}

// preview counts the customers for whom a rule holds, and gives up at an instant.
func (a *api) preview(ctx context.Context, where string, until time.Time) (*preview, error) {
	current := a.Workspaces.Current()
	r, err := rule.Compile(where, rule.Env{Plan: current.Plan})
	if err != nil {
		return nil, err
	}
	p := &previewer{
		api: a, running: current.Running, rule: r, facts: rule.NewFactSet(r.Facts()...),
		now: a.Flow.Now(), histories: cmp.Or(a.Histories, previewHistories), until: until,
	}
	p.out.Sample = []member{}
	if done, err := p.mirrored(ctx); done || err != nil {
		return &p.out, err
	}
	if p.kept = flow.Keeps(r, current.Running.Facts); !p.kept {
		if p.log, err = p.readLog(ctx, until.Add(previewLogTime-previewTime)); err != nil {
			return nil, err
		}
	}
	if err := a.scan(ctx, rapport.CustomerID{}, func(row store.Record) (bool, error) { return p.look(ctx, row) }); err != nil {
		return nil, err
	}
	p.out.Exact = !p.stopped
	p.out.Customers = p.out.Scanned
	if p.stopped {
		var sizes flow.Sizes
		if err := a.Flow.Do(ctx, flow.Count(&sizes)); err != nil {
			return nil, err
		}
		p.out.Customers = sizes.Customers
		p.out.Estimate = p.estimate()
	}
	return &p.out, nil
}

// estimate scales the count up to all customers. Records are read in the order of
// hashes of ids, so those looked at are as good as drawn by lot.
func (p *previewer) estimate() *int64 {
	if p.out.Scanned == 0 {
		return nil
	}
	n := int64(math.Round(float64(p.out.Count) * float64(p.out.Customers) / float64(p.out.Scanned)))
	return &n
}

// mirrored answers from memory, if that holds all that the rule reads.
func (p *previewer) mirrored(ctx context.Context) (done bool, err error) {
	if p.api.Columns == nil {
		return false, nil
	}
	counted, customers, done, err := p.api.Columns.Count(ctx, flow.Question{
		Workspace: p.running, Rule: p.rule, Now: p.now, Sample: previewSample,
		Patience: flow.Patience{
			Reading: func() bool { return time.Now().After(p.until.Add(previewReading-previewTime)) || ctx.Err() != nil },
			Whole:   func() bool { return time.Now().After(p.until) || ctx.Err() != nil },
		},
	})
	if !done || err != nil {
		return done, err
	}
	p.out.Count, p.out.Scanned, p.out.Exact, p.out.Customers = counted.Count, counted.LookedAt, counted.Whole, customers
	if p.out.Exact {
		p.out.Customers = p.out.Scanned
	}
	return true, p.nameSample(ctx, counted.Sample)
}

func (p *previewer) nameSample(ctx context.Context, ids []rapport.CustomerID) error {
	rows, err := p.api.Customers.Load(ctx, ids)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Data == nil {
			continue // gone in between
		}
		r, err := profile.Decode(row.Customer, row.Data)
		if err != nil {
			return err
		}
		p.out.Sample = append(p.out.Sample, member{ID: row.Customer, Name: nameOf(r)})
	}
	return nil
}

// previewer counts the customers for whom a rule holds.
type previewer struct {
	api       *api
	running   *flow.Workspace
	rule      *rule.Rule
	facts     *rule.FactSet // that the rule reads
	kept      bool          // the records hold them
	log       pasts         // of all customers, if the log could be read through; else nil
	upTo      uint64        // the last chunk of it that was read
	now       rapport.Instant
	histories int       // that may still be read one by one
	until     time.Time // when to give up
	stopped   bool
	out       preview
}

func (p *previewer) look(ctx context.Context, row store.Record) (bool, error) {
	if p.stopped = !p.kept && p.log == nil && p.histories == 0 || time.Now().After(p.until); p.stopped {
		return false, nil
	}
	look, err := flow.LookAt(ctx, p.api.Customers, p.running, row, p.now)
	if err != nil {
		return false, err
	}
	singly := !p.kept && (p.log == nil || look.Record().Head > p.upTo) // or met while the log was read
	who := look.Subject(nil)
	switch {
	case singly:
		p.histories--
		one := pasts{}
		events, err := flow.Events(ctx, p.api.Customers, look.Record())
		if err != nil {
			return false, err
		}
		for _, e := range events {
			one.add(row.Customer, e, p.facts, p.now)
		}
		who = remembering{who, one[row.Customer]}
	case !p.kept:
		who = remembering{who, p.log[row.Customer]}
	}
	p.out.Scanned++
	if p.rule.Eval(who, p.now) != rule.Yes {
		return true, nil
	}
	p.out.Count++
	if len(p.out.Sample) < previewSample {
		p.out.Sample = append(p.out.Sample, member{ID: row.Customer, Name: nameOf(look.Record())})
	}
	return true, nil
}

// remembering is a customer whose past was built for one rule.
type remembering struct {
	rule.Subject
	past map[rule.FactID]*rule.History
}

// History returns what was built of a fact.
func (r remembering) History(id rule.FactID) *rule.History { return r.past[id] }

// pasts is what a rule reads of customers' pasts.
type pasts map[rapport.CustomerID]map[rule.FactID]*rule.History

// add takes an event into the past of its customer.
func (p pasts) add(who rapport.CustomerID, e *profile.Event, facts *rule.FactSet, now rapport.Instant) {
	if e.Type == rapport.Noted {
		return
	}
	for _, told := range e.Told() {
		p.add(who, told, facts, now)
	}
	for f := range facts.Of(e) {
		point, ok := f.Observe(e)
		if !ok {
			continue
		}
		past := p[who]
		if past == nil {
			past = map[rule.FactID]*rule.History{}
			p[who] = past
		}
		if past[f.ID] == nil {
			past[f.ID] = new(rule.History)
		}
		past[f.ID].Add(point, f.Keep, now)
	}
}

// readLog reads the log of events from end to end. It returns nil if there are too
// many customers or too little time.
func (p *previewer) readLog(ctx context.Context, until time.Time) (pasts, error) {
	whose, err := p.owners(ctx)
	if err != nil || whose == nil {
		return nil, err
	}
	all := pasts{}
	for from := uint64(1); ; {
		chunks, err := p.api.Customers.Chunks(ctx, from, previewChunks)
		if err != nil || len(chunks) == 0 {
			return all, err
		}
		if time.Now().After(until) {
			return nil, nil
		}
		for _, chunk := range chunks {
			if err := p.readChunk(all, whose, chunk); err != nil {
				return nil, err
			}
			p.upTo, from = chunk.Number, chunk.Number+1
		}
	}
}

func (p *previewer) readChunk(all pasts, whose owners, chunk store.Chunk) error {
	for _, block := range chunk.Blocks {
		entries, err := store.DecodeBlock(block.Data)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			for i := range entry.Events {
				e := profile.Read(&entry.Events[i])
				if len(p.facts.ByEvent(e.Name())) == 0 {
					continue
				}
				if who, ok := whose.of(e.Event, entry.Customer); ok {
					all.add(who, e, p.facts, p.now)
				}
			}
		}
	}
	return nil
}

// owners says whose an event is by what the records know of their identifiers; of
// a device more than one may know something.
type owners map[rapport.Identifier][]*profile.Record

func (o owners) of(e *rapport.Event, filed rapport.CustomerID) (rapport.CustomerID, bool) {
	id := rapport.Identifier{Kind: rapport.UserID, Value: e.UserID}
	if e.UserID == "" {
		id = rapport.Identifier{Kind: rapport.AnonymousID, Value: e.AnonymousID}
	}
	if id.Value == "" {
		return filed, true
	}
	for _, r := range o[id] {
		if r.Owns(e) {
			return r.ID, true
		}
	}
	return rapport.CustomerID{}, false
}

// owners reads all records, or returns nil if there are too many.
func (p *previewer) owners(ctx context.Context) (owners, error) {
	found, left := owners{}, p.histories
	err := p.api.scan(ctx, rapport.CustomerID{}, func(row store.Record) (bool, error) {
		if left--; left < 0 {
			found = nil
			return false, nil
		}
		whole, err := profile.Decode(row.Customer, row.Data)
		if err != nil {
			return false, err
		}
		slim := &profile.Record{ID: whole.ID, Identifiers: whole.Identifiers}
		for _, id := range slim.Identifiers {
			found[id.Identifier] = append(found[id.Identifier], slim)
		}
		return true, nil
	})
	return found, err
}
