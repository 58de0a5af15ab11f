package api

import (
	"context"
	"encoding/json"
	"net/http"

	"rapport"
	"rapport/flow"
	"rapport/profile"
	"rapport/pseudonym"
	"rapport/store"
)

const pseudonymList = 'p'

// maxPseudonymEvents is after how many events an answer takes in no more customers.
const maxPseudonymEvents = 100_000

type pseudonymQuery struct {
	Customers int    `query:"customers" minimum:"1" maximum:"2000" default:"500" doc:"How many customers at most. Who they are is chance"`
	Cursor    string `query:"cursor" maxLength:"200" doc:"The next of the answer before, for others"`
}

type pseudonymPage struct {
	Customers []pseudonymous `json:"customers"`
	Next      string         `json:"next,omitempty" doc:"The cursor of the customers that follow"`
}

type pseudonymous struct {
	ID     string            `json:"id" doc:"Her pseudonym, the same every time"`
	Events []json.RawMessage `json:"events" doc:"What she did, as calls of Segment's batch, in the order in which it was admitted"`
}

func (a *api) pseudonymOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/pseudonymised", id: "get-pseudonymised", group: "Customers", summary: "What some customers did, under pseudonyms",
		detail: "For trying things out elsewhere. Ids, addresses, names, texts that fewer than five of these customers have in common, and where they are from are replaced; " +
			"traits that a data plan calls sensitive, machines and devices are left out. It is personal data all the same: the times and amounts are those of real people.",
	}, a.pseudonymised)
}

func (a *api) pseudonymised(ctx context.Context, in *pseudonymQuery) (*answer[pseudonymPage], error) {
	place, err := decodeCursor(pseudonymList, in.Cursor, len(rapport.CustomerID{}))
	if err != nil {
		return nil, err
	}
	var after rapport.CustomerID
	copy(after[:], place)
	people, last, err := a.people(ctx, after, in.Customers)
	if err != nil {
		return nil, err
	}
	p := pseudonym.New(a.Key, a.sensitive())
	for _, who := range people {
		p.Count(who.events)
	}
	page := pseudonymPage{Customers: make([]pseudonymous, 0, len(people))}
	for _, who := range people {
		calls := []json.RawMessage{}
		for i := range who.events {
			if e, ok := p.Event(&who.events[i]); ok {
				calls = append(calls, call(&e))
			}
		}
		page.Customers = append(page.Customers, pseudonymous{p.Customer(who.id), calls})
	}
	if !last.IsZero() {
		page.Next = encodeCursor(pseudonymList, last[:])
	}
	return &answer[pseudonymPage]{page}, nil
}

// somebody is a customer and all that she did.
type somebody struct {
	id     rapport.CustomerID
	events []rapport.Event
}

// people returns customers behind one, and the last of them if there may be others. Ids
// are hashes, so who comes next has nothing to do with who they are.
func (a *api) people(ctx context.Context, after rapport.CustomerID, limit int) (all []somebody, last rapport.CustomerID, err error) {
	for events := 0; len(all) < limit && events < maxPseudonymEvents; {
		rows, err := a.Customers.Scan(ctx, after, min(limit-len(all), 10))
		if err != nil || len(rows) == 0 {
			return all, rapport.CustomerID{}, err
		}
		for i := range rows {
			who, err := a.somebody(ctx, &rows[i])
			if err != nil {
				return nil, after, err
			}
			after, events, all = who.id, events+len(who.events), append(all, who)
		}
	}
	return all, after, nil
}

func (a *api) somebody(ctx context.Context, row *store.Record) (somebody, error) {
	r, err := profile.Decode(row.Customer, row.Data)
	if err != nil {
		return somebody{}, err
	}
	hers, err := flow.Events(ctx, a.Customers, r)
	if err != nil {
		return somebody{}, err
	}
	who := somebody{r.ID, make([]rapport.Event, len(hers))}
	for i, e := range hers {
		who.events[i] = *e.Event
	}
	return who, nil
}

// sensitive returns the traits that a data plan calls so.
func (a *api) sensitive() []string {
	if plan := a.Workspaces.Current().Plan; plan != nil {
		return plan.Sensitive
	}
	return nil
}

// call returns an event as the call that tells it.
func call(e *rapport.Event) json.RawMessage {
	pairs := []rapport.Value{rapport.TextOf("type"), rapport.TextOf(e.Type.String())}
	text := func(name, value string) {
		if value != "" {
			pairs = append(pairs, rapport.TextOf(name), rapport.TextOf(value))
		}
	}
	if e.Type == rapport.Track {
		text("event", e.Name)
	} else {
		text("name", e.Name)
	}
	text("messageId", e.MessageID)
	text("userId", e.UserID)
	text("anonymousId", e.AnonymousID)
	text("previousId", e.PreviousID)
	text("groupId", e.GroupID)
	text("timestamp", e.Timestamp.String())
	told := "properties"
	if e.Type == rapport.Identify || e.Type == rapport.Group {
		told = "traits"
	}
	object := func(name string, data []byte) {
		if v, err := rapport.ParseJSON(data); err == nil {
			pairs = append(pairs, rapport.TextOf(name), v)
		}
	}
	object(told, e.Properties)
	object("context", e.Context)
	return rapport.ObjectOf(pairs).AppendJSON(nil)
}
