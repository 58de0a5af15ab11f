package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/profile"
	"rapport/rule"
	"rapport/store"
)

// SegmentPath is the name of a segment in an address.
type SegmentPath struct {
	Name string `path:"name" maxLength:"80"`
}

type segmentSize struct {
	Name  string `json:"name"`
	Size  int64  `json:"size" doc:"How many customers are in it now"`
	State string `json:"state" enum:"exact,building" doc:"Building while customers are still being brought up to a new definition"`
	Where string `json:"where" doc:"The rule, in its canonical form"`
}

type segmentPage struct {
	Segments []segmentSize `json:"segments"`
	Next     string        `json:"next,omitempty"`
}

type member struct {
	ID    rapport.CustomerID `json:"id"`
	Name  string             `json:"name" doc:"What to show: a name, else an address, else an id"`
	Since rapport.Instant    `json:"since,omitzero"`
}

type memberPage struct {
	Members []member `json:"members"`
	Next    string   `json:"next,omitempty"`
}

type preview struct {
	Count     int64    `json:"count" doc:"Customers for whom the rule holds, among those looked at"`
	Exact     bool     `json:"exact" doc:"Whether all customers were looked at"`
	Sample    []member `json:"sample"`
	Scanned   int64    `json:"scanned" doc:"How many customers were looked at"`
	Customers int64    `json:"customers" doc:"How many there are"`
}

func (a *api) segmentOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/segments", id: "list-segments", group: "Segments", summary: "All segments with their sizes, as of now",
	}, func(ctx context.Context, in *Page) (*answer[segmentPage], error) {
		all, err := a.segmentSizes(ctx)
		if err != nil {
			return nil, err
		}
		page, next, err := offsetPage(namesList, all, *in)
		return &answer[segmentPage]{segmentPage{page, next}}, err
	})
	register(a, operation{
		method: http.MethodGet, path: "/v1/segments/{name}", id: "get-segment", group: "Segments", summary: "One segment with its size, as of now",
	}, func(ctx context.Context, in *SegmentPath) (*answer[segmentSize], error) {
		if _, err := a.segment(in.Name); err != nil {
			return nil, err
		}
		all, err := a.segmentSizes(ctx)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(s segmentSize) bool { return s.Name == in.Name })
		if i < 0 {
			return nil, rapport.Errorf(rapport.NotFound, "There is no segment %q any more.", in.Name)
		}
		return &answer[segmentSize]{all[i]}, nil
	})
	register(a, operation{
		method: http.MethodGet, path: "/v1/segments/{name}/members", id: "list-members", group: "Segments", summary: "Who is in a segment, as of now",
	}, a.listMembers)
	register(a, operation{
		method: http.MethodPost, path: "/v1/segments/preview", id: "preview-segment", group: "Segments", summary: "How many customers a rule would hold for",
		detail: "Every customer is looked at; what no rule in force keeps of the past is read from the history. If that takes too long, exact is false and scanned says how many were looked at.",
	}, a.previewSegment)
}

// segment returns a segment's rule.
func (a *api) segment(name string) (*rule.Rule, error) {
	if r := a.Workspaces.Current().Running.Segments.Rule(name); r != nil {
		return r, nil
	}
	_, err := a.document("segment", name) // says what there is instead
	if err == nil {
		err = rapport.Errorf(rapport.Unavailable, "The segment %q is being put in force. Try again in a moment.", name)
	}
	return nil, err
}

func (a *api) segmentSizes(ctx context.Context) ([]segmentSize, error) {
	set := a.Workspaces.Current().Running.Segments
	var sizes flow.Sizes
	if err := a.Flow.Do(ctx, flow.Count(&sizes)); err != nil {
		return nil, err
	}
	state := "building"
	if sizes.Exact {
		state = "exact"
	}
	names := set.Names()
	slices.Sort(names)
	all := make([]segmentSize, len(names))
	for i, name := range names {
		all[i] = segmentSize{name, sizes.Segments[name], state, set.Rule(name).Text()}
	}
	return all, nil
}

// scanSize is how many records are read at a time.
const scanSize = 500

// scan calls visit with every stored record behind an id, until it returns false.
func (a *api) scan(ctx context.Context, after rapport.CustomerID, visit func(store.Record) (bool, error)) error {
	for {
		rows, err := a.Customers.Scan(ctx, after, scanSize)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if more, err := visit(row); err != nil || !more {
				return err
			}
		}
		after = rows[len(rows)-1].Customer
	}
}

func (a *api) listMembers(ctx context.Context, in *struct {
	SegmentPath
	Page
}) (*answer[memberPage], error) {
	if _, err := a.segment(in.Name); err != nil {
		return nil, err
	}
	place, err := decodeCursor(membersList, in.Cursor, customerIDLen)
	if err != nil {
		return nil, err
	}
	var after rapport.CustomerID
	copy(after[:], place)
	running, now := a.Workspaces.Current().Running, a.Flow.Now()
	out := memberPage{Members: []member{}}
	err = a.scan(ctx, after, func(row store.Record) (bool, error) {
		look, err := flow.LookAt(ctx, a.Customers, running, row.Customer, row.Data, now)
		if err != nil {
			return false, err
		}
		for _, m := range look.Memberships() {
			if m.Segment != in.Name {
				continue
			}
			if len(out.Members) == in.Limit {
				out.Next = encodeCursor(membersList, out.Members[in.Limit-1].ID[:])
				return false, nil
			}
			out.Members = append(out.Members, member{row.Customer, nameOf(look.Record()), m.Since})
		}
		return true, nil
	})
	return &answer[memberPage]{out}, err
}

// What a preview looks at, at most: histories are read from disk one by one.
const (
	previewHistories = 20_000 // unless Config says otherwise
	previewTime      = 20 * time.Second
	previewSample    = 10
)

func (a *api) previewSegment(ctx context.Context, in *struct {
	Body struct {
		Where string `json:"where" maxLength:"20000" doc:"A rule"`
	}
}) (*answer[preview], error) {
	current := a.Workspaces.Current()
	r, err := rule.Compile(in.Body.Where, rule.Env{Plan: current.Plan})
	if err != nil {
		return nil, err
	}
	p := &previewer{api: a, running: current.Running, rule: r, now: a.Flow.Now(), histories: cmp.Or(a.Histories, previewHistories), until: time.Now().Add(previewTime)}
	p.out.Sample = []member{}
	p.kept = keptAlready(r, current.Running.Facts)
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
	}
	return &answer[preview]{p.out}, nil
}

// keptAlready reports whether the records hold all that a rule reads of the past.
func keptAlready(r *rule.Rule, facts *rule.FactSet) bool {
	for _, f := range r.Facts() {
		if kept := facts.Get(f.ID); kept == nil || !kept.Keep.Covers(f.Keep) {
			return false
		}
	}
	return true
}

// previewer counts the customers for whom a rule holds.
type previewer struct {
	api       *api
	running   *flow.Workspace
	rule      *rule.Rule
	kept      bool // the records hold what the rule reads
	now       rapport.Instant
	histories int       // that may still be read
	until     time.Time // when to give up
	stopped   bool
	out       preview
}

func (p *previewer) look(ctx context.Context, row store.Record) (bool, error) {
	if p.stopped = !p.kept && p.histories == 0 || time.Now().After(p.until); p.stopped {
		return false, nil
	}
	look, err := flow.LookAt(ctx, p.api.Customers, p.running, row.Customer, row.Data, p.now)
	if err != nil {
		return false, err
	}
	who := look.Subject(nil)
	if !p.kept {
		p.histories--
		events, err := flow.Events(ctx, p.api.Customers, look.Record())
		if err != nil {
			return false, err
		}
		past := profile.New(row.Customer)
		past.BuildFacts(events, rule.NewFactSet(p.rule.Facts()...), p.now)
		who = remembering{who, past}
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
	past *profile.Record
}

// History returns what was built of a fact.
func (r remembering) History(id rule.FactID) *rule.History { return r.past.History(id) }
