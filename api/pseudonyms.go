package api

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"sync"

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
	ID        string         `json:"id" doc:"Her pseudonym, the same every time"`
	Histories []pseudoDoings `json:"histories" doc:"What she did: under her own pseudonym, and under that of each who has become part of her, by which it was given before"`
}

type pseudoDoings struct {
	ID     string            `json:"id" doc:"The pseudonym of whose it was when it was admitted"`
	Events []json.RawMessage `json:"events" doc:"Calls of Segment's batch, in the order in which they were admitted. Nothing but new ones at the end is ever added"`
}

func (a *api) pseudonymOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/pseudonymised", id: "get-pseudonymised", group: "Customers", summary: "What some customers did, under pseudonyms",
		detail: "For trying things out elsewhere. Ids, addresses, names, texts that fewer than five of the first 2,000 customers have in common, and where they are from are replaced; " +
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
	common, err := a.commonTexts(ctx, place == nil)
	if err != nil {
		return nil, err
	}
	p := pseudonym.New(a.Key, a.sensitive(), common)
	page := pseudonymPage{Customers: []pseudonymous{}}
	last, err := a.people(ctx, after, in.Customers, func(who somebody) {
		page.Customers = append(page.Customers, underPseudonyms(p, who))
	})
	if err != nil {
		return nil, err
	}
	if !last.IsZero() {
		page.Next = encodeCursor(pseudonymList, last[:])
	}
	return &answer[pseudonymPage]{page}, nil
}

func underPseudonyms(p *pseudonym.Pseudonyms, who somebody) pseudonymous {
	out := pseudonymous{p.Customer(who.id), []pseudoDoings{}}
	for _, doings := range who.histories {
		calls := []json.RawMessage{}
		for i := range doings.events {
			if e, ok := p.Event(&doings.events[i]); ok {
				calls = append(calls, call(&e))
			}
		}
		out.Histories = append(out.Histories, pseudoDoings{p.Customer(doings.owner), calls})
	}
	return out
}

// common is the texts that are common enough to be kept. They are found anew when
// somebody begins to ask for customers, and kept for whoever asks for those that follow:
// what is a text to one of them is none to another otherwise.
type common struct {
	mu    sync.Mutex
	texts *pseudonym.Texts
}

// judged is among how many customers texts are judged. Which, is chance, and the same
// every time.
const judged = 2000

func (a *api) commonTexts(ctx context.Context, anew bool) (*pseudonym.Texts, error) {
	a.common.mu.Lock()
	defer a.common.mu.Unlock()
	if a.common.texts != nil && !anew {
		return a.common.texts, nil
	}
	texts := pseudonym.NewTexts()
	_, err := a.people(ctx, rapport.CustomerID{}, judged, func(who somebody) {
		var all []rapport.Event
		for _, doings := range who.histories {
			all = append(all, doings.events...)
		}
		texts.Count(all)
	})
	if err != nil {
		return nil, err
	}
	texts.Settle()
	a.common.texts = texts
	return texts, nil
}

// somebody is a customer and all that she did.
type somebody struct {
	id        rapport.CustomerID
	histories []doings
}

// doings are what was admitted of somebody while she was called so. Who becomes part of
// somebody else has done nothing more under her own name.
type doings struct {
	owner  rapport.CustomerID
	events []rapport.Event
}

// people visits customers behind one, and returns the last of them if there may be others.
// Ids are hashes, so who comes next has nothing to do with who they are.
func (a *api) people(ctx context.Context, after rapport.CustomerID, limit int, visit func(somebody)) (last rapport.CustomerID, err error) {
	for events, n := 0, 0; n < limit && events < maxPseudonymEvents; {
		rows, err := a.Customers.Scan(ctx, after, min(limit-n, 10))
		if err != nil || len(rows) == 0 {
			return rapport.CustomerID{}, err
		}
		for i := range rows {
			who, err := a.somebody(ctx, &rows[i])
			if err != nil {
				return after, err
			}
			for _, d := range who.histories {
				events += len(d.events)
			}
			after, n = who.id, n+1
			visit(who)
		}
	}
	return after, nil
}

// somebody reads a customer's history as it was admitted, whoever it was of then: so a
// join or its undoing moves nothing of it.
func (a *api) somebody(ctx context.Context, row *store.Record) (somebody, error) {
	who := somebody{id: row.Customer}
	r, err := profile.Decode(row.Customer, row.Data)
	if err != nil {
		return who, err
	}
	entries := map[rapport.CustomerID][][]rapport.Event{} // new to old
	err = flow.History(ctx, a.Customers, r.ID, r.Head, func(e store.Entry) bool {
		entries[e.Customer] = append(entries[e.Customer], e.Events)
		return true
	})
	for _, owner := range slices.SortedFunc(maps.Keys(entries), func(a, b rapport.CustomerID) int { return bytes.Compare(a[:], b[:]) }) {
		d := doings{owner: owner}
		for _, some := range slices.Backward(entries[owner]) {
			d.events = append(d.events, some...)
		}
		who.histories = append(who.histories, d)
	}
	return who, err
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
