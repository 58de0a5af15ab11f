package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"rapport"
	"rapport/flow"
	"rapport/profile"
	"rapport/store"
)

// CustomerPath is the id of a customer in an address.
type CustomerPath struct {
	ID string `path:"id" maxLength:"512" doc:"Any id of the customer: cus_…, a userId, or an anonymousId. Escape slashes as %2F"`
}

// CustomerBrief is a customer as lists show her.
type CustomerBrief struct {
	ID          rapport.CustomerID `json:"id"`
	Name        string             `json:"name" doc:"What to show: a name, else an address, else an id"`
	Identifiers []identifier       `json:"identifiers"`
	FirstSeen   rapport.Instant    `json:"firstSeen,omitzero"`
	LastSeen    rapport.Instant    `json:"lastSeen,omitzero"`
	EventsCount int64              `json:"eventsCount"`
}

type identifier struct {
	Kind  string          `json:"kind" enum:"userId,anonymousId"`
	Value string          `json:"value"`
	From  rapport.Instant `json:"from,omitzero" doc:"Of a device: since when what is done on it without logging in is hers"`
	Until rapport.Instant `json:"until,omitzero" doc:"Until when; absent if for good"`
	Hers  *bool           `json:"hers,omitempty" doc:"False of a device on which nothing done without logging in is hers"`
}

type customer struct {
	CustomerBrief
	// Quarantined is when a machine that sends events as a person is heard again.
	Quarantined rapport.Instant `json:"quarantinedUntil,omitzero" doc:"There were so many events in a day that it must be a machine: until then they stand in the timeline and change nothing"`

	Zone      string                     `json:"zone" doc:"The time zone by which her days and quiet hours are told, such as Asia/Singapore"`
	Traits    map[string]json.RawMessage `json:"traits"`
	Groups    []string                   `json:"groups"`
	Addresses []address                  `json:"addresses"`
	Consents  []consentState             `json:"consents" doc:"What she last said, by purpose and channel"`
	Cart      *cart                      `json:"cart,omitempty" doc:"The open cart that changed last"`
	Orders    []order                    `json:"orders" doc:"The newest 40, new to old"`
	Returns   []goodsBack                `json:"returns" doc:"The newest 30, new to old"`
	Segments  []membership               `json:"segments"`
	Journeys  []journeyRun               `json:"journeys" doc:"Runs under way"`
	Merges    []merge                    `json:"merges" doc:"Profiles that became part of this one, new to old"`
}

type address struct {
	Channel    rapport.Channel `json:"channel"`
	Address    string          `json:"address"`
	Suppressed string          `json:"suppressed,omitempty" doc:"Why nothing is sent there: bounced or complained"`
	Current    bool            `json:"current" doc:"False of an address she had before and that must not be written to"`
}

type cart struct {
	ID    string     `json:"id,omitempty" doc:"Absent for the one cart of a shop that names none"`
	Lines []cartLine `json:"lines"`
}

type cartLine struct {
	Product  string          `json:"product"`
	Quantity float64         `json:"quantity"`
	Item     json.RawMessage `json:"item,omitempty" doc:"The product as the shop told it"`
}

type order struct {
	ID        string          `json:"id"`
	At        rapport.Instant `json:"at"`
	Total     float64         `json:"total"`
	Currency  string          `json:"currency,omitempty"`
	Products  int             `json:"products"`
	Cancelled bool            `json:"cancelled"`
}

type goodsBack struct {
	Order    string          `json:"order,omitempty"`
	At       rapport.Instant `json:"at"`
	Amount   float64         `json:"amount,omitempty"`
	Currency string          `json:"currency,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Products []string        `json:"products"`
}

type membership struct {
	Name  string          `json:"name"`
	Since rapport.Instant `json:"since"`
}

type journeyRun struct {
	Journey string          `json:"journey"`
	Step    string          `json:"step,omitempty" doc:"The step she stands on"`
	Key     string          `json:"key,omitempty" doc:"The cart or order that the run is for"`
	Entered rapport.Instant `json:"entered"`
	Until   rapport.Instant `json:"until,omitzero" doc:"When the step is over by itself"`
}

type merge struct {
	From rapport.CustomerID `json:"from"`
	Into rapport.CustomerID `json:"into"`
	At   rapport.Instant    `json:"at"`
	By   string             `json:"by" doc:"The messageId of the event that said so"`
	Via  identifier         `json:"via"`
}

func (a *api) customerOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/customers", id: "list-customers", group: "Customers", summary: "Look for customers",
		detail: "By e-mail address or phone number (exact), or by q: any id exactly, or the beginning of an address. Without any of them all customers, in the order of their ids.",
	}, a.listCustomers)
	register(a, operation{
		method: http.MethodGet, path: "/v1/customers/{id}", id: "get-customer", group: "Customers", summary: "All that is known of a customer, as of now",
	}, func(ctx context.Context, in *CustomerPath) (*answer[customer], error) {
		look, err := a.look(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &answer[customer]{a.customer(look)}, nil
	})
	register(a, operation{
		method: http.MethodGet, path: "/v1/customers/{id}/segments", id: "list-customer-segments", group: "Customers", summary: "The segments a customer is in, as of now",
	}, a.listCustomerSegments)
	register(a, operation{
		method: http.MethodPost, path: "/v1/customers/{id}/unmerge", id: "unmerge-customer", group: "Customers", summary: "Take the joining of two profiles back",
		detail: "Both profiles are built anew from their own events. Withdrawn consents, suppressed addresses and recent contacts stay on both.",
	}, a.unmerge)
}

type customerQuery struct {
	Email string `query:"email" maxLength:"254" doc:"An e-mail address"`
	Phone string `query:"phone" maxLength:"40" doc:"A phone number with its country code"`
	Q     string `query:"q" maxLength:"512" doc:"Any id, or the beginning of an e-mail address or phone number"`
	Page
}

type customerPage struct {
	Customers []CustomerBrief `json:"customers"`
	Next      string          `json:"next,omitempty"`
}

// maxMatches is how many customers a search looks through at most.
const maxMatches = 2000

func (a *api) listCustomers(ctx context.Context, in *customerQuery) (*answer[customerPage], error) {
	if in.Email == "" && in.Phone == "" && in.Q == "" {
		return a.allCustomers(ctx, in.Page)
	}
	found, err := a.search(ctx, in)
	if err != nil {
		return nil, err
	}
	page, next, err := offsetPage(addressList, found, in.Page)
	if err != nil {
		return nil, err
	}
	rows, err := a.Customers.Load(ctx, page)
	if err != nil {
		return nil, err
	}
	out := customerPage{Customers: []CustomerBrief{}, Next: next}
	for i, id := range page {
		if rows[i].Data == nil {
			continue // joined into another since
		}
		r, err := profile.Decode(id, rows[i].Data)
		if err != nil {
			return nil, err
		}
		out.Customers = append(out.Customers, brief(r))
	}
	return &answer[customerPage]{out}, nil
}

func (a *api) allCustomers(ctx context.Context, p Page) (*answer[customerPage], error) {
	place, err := decodeCursor(customerList, p.Cursor, customerIDLen)
	if err != nil {
		return nil, err
	}
	var after rapport.CustomerID
	copy(after[:], place)
	rows, err := a.Customers.Scan(ctx, after, p.Limit+1)
	if err != nil {
		return nil, err
	}
	out := customerPage{Customers: []CustomerBrief{}}
	for i, row := range rows {
		if i == p.Limit {
			out.Next = encodeCursor(customerList, rows[i-1].Customer[:])
			break
		}
		r, err := profile.Decode(row.Customer, row.Data)
		if err != nil {
			return nil, err
		}
		out.Customers = append(out.Customers, brief(r))
	}
	return &answer[customerPage]{out}, nil
}

// search returns the customers that every part of a query fits.
func (a *api) search(ctx context.Context, in *customerQuery) ([]rapport.CustomerID, error) {
	var found []rapport.CustomerID
	asked := false
	narrow := func(ids []rapport.CustomerID) {
		if asked {
			ids = slices.DeleteFunc(ids, func(id rapport.CustomerID) bool { return !slices.Contains(found, id) })
		}
		found, asked = ids, true
	}
	for kind, value := range map[store.AddressKind]string{store.EmailAddress: in.Email, store.PhoneAddress: in.Phone} {
		if value == "" {
			continue
		}
		ids, err := a.byAddress(ctx, kind, value)
		if err != nil {
			return nil, err
		}
		narrow(ids)
	}
	if in.Q != "" {
		ids, err := a.byAnything(ctx, in.Q)
		if err != nil {
			return nil, err
		}
		narrow(ids)
	}
	return found, nil
}

func (a *api) byAddress(ctx context.Context, kind store.AddressKind, value string) ([]rapport.CustomerID, error) {
	form := profile.EmailOf
	if kind == store.PhoneAddress {
		form = phoneOf
	}
	if value = form(value); value == "" {
		return nil, rapport.Errorf(rapport.Invalid, "This is no %s. An e-mail address has an @; a phone number begins with + and its country code.", kind)
	}
	return a.Customers.Customers(ctx, kind, value, maxMatches)
}

// phoneOf reads a phone number from a query, in which a + that was not escaped has
// become a space.
func phoneOf(s string) string {
	if strings.HasPrefix(s, " ") {
		s = "+" + strings.TrimLeft(s, " ")
	}
	return profile.PhoneOf(s)
}

// byAnything returns the customer of an id first, then those whose address begins
// with the text.
func (a *api) byAnything(ctx context.Context, q string) ([]rapport.CustomerID, error) {
	var found []rapport.CustomerID
	id, _, err := a.lookup(ctx).find(q)
	switch {
	case err == nil:
		found = append(found, id)
	case rapport.KindOf(err) != rapport.NotFound:
		return nil, err
	}
	prefix := cmp.Or(phoneOf(q), strings.ToLower(strings.TrimSpace(q)))
	if prefix == "" {
		return found, nil
	}
	addresses, err := a.Customers.SearchAddresses(ctx, prefix, maxMatches)
	for _, hit := range addresses {
		if !slices.Contains(found, hit.Customer) {
			found = append(found, hit.Customer)
		}
	}
	return found, err
}

type membershipList struct {
	Segments []membership `json:"segments"`
}

func (a *api) listCustomerSegments(ctx context.Context, in *CustomerPath) (*answer[membershipList], error) {
	look, err := a.look(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[membershipList]{membershipList{memberships(look)}}, nil
}

type unmergeRequest struct {
	CustomerPath
	Body struct {
		From rapport.CustomerID `json:"from" doc:"The profile that became part of this one, as merges tells it"`
	}
}

type unmerged struct {
	Customer    rapport.CustomerID `json:"customer"`
	From        rapport.CustomerID `json:"from"`
	Explanation string             `json:"explanation"`
}

func (a *api) unmerge(ctx context.Context, in *unmergeRequest) (*answer[unmerged], error) {
	id, _, err := a.lookup(ctx).find(in.ID)
	if err != nil {
		return nil, err
	}
	if err := a.Flow.Do(ctx, flow.Undo(id, in.Body.From)); err != nil {
		return nil, err
	}
	return &answer[unmerged]{unmerged{id, in.Body.From, "These are two profiles again, each built from its own events. " +
		"What either has withdrawn, addresses that must not be written to and recent contacts stay with both."}}, nil
}

// customer shows a record.
func (a *api) customer(look *flow.Look) customer {
	r := look.Record()
	c := customer{
		CustomerBrief: brief(r), Zone: a.Workspaces.Current().Running.Places.Zone(r).String(), Traits: map[string]json.RawMessage{}, Groups: append([]string{}, r.Groups...),
		Addresses: addresses(r), Consents: a.consentStates(r), Cart: openCart(r), Orders: []order{}, Returns: []goodsBack{},
		Segments: memberships(look), Journeys: a.runs(look), Merges: []merge{},
	}
	c.Quarantined = r.QuarantinedUntil(a.Flow.Now())
	for _, t := range r.Traits {
		if t.Value.IsSet() {
			c.Traits[t.Name] = t.Value.AppendJSON(nil)
		}
	}
	for _, o := range slices.Backward(r.Orders) {
		c.Orders = append(c.Orders, order{o.ID, o.At, amount(o.Total), o.Currency, o.Products, o.Cancelled})
	}
	for _, g := range slices.Backward(r.Returns) {
		c.Returns = append(c.Returns, goodsBack{g.Order, g.At, amount(g.Amount), g.Currency, g.Reason, append([]string{}, g.Products...)})
	}
	for _, m := range slices.Backward(r.Merges) {
		c.Merges = append(c.Merges, merge{m.From, m.Into, m.At, m.By, identifier{Kind: m.Via.Kind.String(), Value: m.Via.Value}})
	}
	return c
}

// amount returns an amount that is kept in millionths.
func amount(micros int64) float64 { return float64(micros) / 1e6 }

func brief(r *profile.Record) CustomerBrief {
	b := CustomerBrief{
		ID: r.ID, Name: nameOf(r), Identifiers: []identifier{}, FirstSeen: r.FirstSeen, LastSeen: r.LastSeen, EventsCount: r.Events,
	}
	for _, id := range r.Identifiers {
		shown := identifier{Kind: id.Kind.String(), Value: id.Value}
		if id.Kind == rapport.AnonymousID {
			hers := id.Until != 0
			shown.From, shown.Hers = id.From, &hers
			if hers && id.Until != rapport.Never {
				shown.Until = id.Until
			}
		}
		b.Identifiers = append(b.Identifiers, shown)
	}
	return b
}

// nameOf returns what to call a customer: as she is named, else by an address or id.
func nameOf(r *profile.Record) string {
	text := func(names ...string) string {
		for _, name := range names {
			if s := strings.TrimSpace(r.Trait(name).Text()); s != "" {
				return s
			}
		}
		return ""
	}
	full := strings.TrimSpace(text("first_name", "firstName") + " " + text("last_name", "lastName"))
	return cmp.Or(text("name"), full, r.Email(), r.Phone(), r.Primary().Value, r.ID.String())
}

func addresses(r *profile.Record) []address {
	shown := []address{}
	for _, channel := range channels() {
		if to, ok := r.Address(channel); ok {
			reason, _ := r.SuppressionOf(channel, to)
			shown = append(shown, address{channel, to, reason, true})
		}
	}
	for _, s := range r.Suppressed {
		if to, _ := r.Address(s.Channel); to != s.Address {
			shown = append(shown, address{s.Channel, s.Address, s.Reason, false})
		}
	}
	return shown
}

func channels() []rapport.Channel { return []rapport.Channel{rapport.Email, rapport.SMS} }

func openCart(r *profile.Record) *cart {
	open := r.OpenCart()
	if open == nil {
		return nil
	}
	shown := &cart{ID: open.ID, Lines: []cartLine{}}
	for _, l := range open.Lines() {
		line := cartLine{Product: l.Product, Quantity: l.Quantity}
		if l.Item.IsSet() {
			line.Item = l.Item.AppendJSON(nil)
		}
		shown.Lines = append(shown.Lines, line)
	}
	return shown
}

func memberships(look *flow.Look) []membership {
	shown := []membership{}
	for _, m := range look.Memberships() {
		shown = append(shown, membership{m.Segment, m.Since})
	}
	return shown
}

// runs shows the journeys that a customer is in.
func (a *api) runs(look *flow.Look) []journeyRun {
	journeys := a.Workspaces.Current().Running.Journeys
	shown := []journeyRun{}
	for _, run := range look.Runs() {
		j := journeys.Of(run)
		if j == nil {
			continue // it is not there any more, and ends when she is next met
		}
		step, _ := j.StepAt(run)
		out := journeyRun{Journey: j.Name(), Step: step, Key: run.Key, Entered: run.Entered}
		if run.Due != rapport.Never {
			out.Until = run.Due
		}
		shown = append(shown, out)
	}
	return shown
}
