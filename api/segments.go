package api

import (
	"context"
	"encoding/binary"
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
	// Progress is nil of what is exact.
	Progress *float64 `json:"progress,omitempty" minimum:"0" maximum:"1" doc:"While it is building: which part of the customers has been brought up to the definition"`
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
		detail: "In an order of the server's own, which stays: whoever is a member the whole time stands on one page and on one only, also if others come and go between two pages.",
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
	names := set.Names()
	slices.Sort(names)
	all := make([]segmentSize, len(names))
	for i, name := range names {
		all[i] = segmentSize{Name: name, Size: sizes.Segments[name], State: "exact", Where: set.Rule(name).Text()}
		if sizes.Building[name] {
			all[i].State, all[i].Progress = "building", &sizes.Progress
		}
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
	place, err := decodeCursor(membersList, in.Cursor, 4)
	if err != nil {
		return nil, err
	}
	l := memberList{api: a, segment: in.Name, limit: in.Limit, page: memberPage{Members: []member{}}}
	if place != nil {
		l.last = binary.BigEndian.Uint32(place)
	}
	for more := true; more && err == nil; {
		more, err = l.read(ctx)
	}
	return &answer[memberPage]{l.page}, err
}

// memberList is a page of a segment's members as it is made.
type memberList struct {
	api     *api
	segment string
	limit   int
	last    uint32 // the seat that was looked at last
	page    memberPage
}

// read looks at some of those who may be members, and reports whether to go on.
func (l *memberList) read(ctx context.Context) (more bool, err error) {
	var some flow.Members
	room := l.limit - len(l.page.Members)
	if err := l.api.Flow.Do(ctx, flow.List(l.segment, l.last, room+1, &some)); err != nil || len(some.Customers) == 0 {
		return false, err
	}
	rows, err := l.api.Customers.Load(ctx, some.Customers)
	if err != nil {
		return false, err
	}
	running, now := l.api.Workspaces.Current().Running, l.api.Flow.Now()
	for i, row := range rows {
		if row.Data == nil {
			continue // gone in between
		}
		look, err := flow.LookAt(ctx, l.api.Customers, running, row, now)
		if err != nil {
			return false, err
		}
		since, in := look.Since(l.segment)
		if !in {
			continue
		}
		if len(l.page.Members) == l.limit {
			l.page.Next = encodeCursor(membersList, binary.BigEndian.AppendUint32(nil, l.last))
			return false, nil
		}
		l.page.Members = append(l.page.Members, member{some.Customers[i], nameOf(look.Record()), since})
		l.last = some.Seats[i]
	}
	l.last = some.Seats[len(some.Seats)-1]
	return some.More, nil
}
