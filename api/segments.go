package api

import (
	"context"
	"net/http"
	"slices"

	"rapport"
	"rapport/flow"
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
		look, err := flow.LookAt(ctx, a.Customers, running, row, now)
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
