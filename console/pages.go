package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
)

// page is what every page is filled with.
type page struct {
	*Console
	Title string
	Data  any
}

// titled is data that gives its page a title.
type titled interface{ title() string }

// show answers with a page.
func (c *Console) show(w http.ResponseWriter, status int, name string, data titled) {
	c.write(w, status, "text/html; charset=utf-8", func(b *bytes.Buffer) error {
		return c.templates.ExecuteTemplate(b, name+".html", page{c, data.title(), data})
	})
}

func (c *Console) write(w http.ResponseWriter, status int, contentType string, fill func(*bytes.Buffer) error) {
	var b bytes.Buffer
	if err := fill(&b); err != nil {
		http.Error(w, "This page could not be drawn.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a reader that has gone cannot be told so
}

// failure is a page that says why there is no other.
type failure struct{ Title, Text string }

func (f failure) title() string { return f.Title }

// fail answers with what the face said is wrong.
func (c *Console) fail(w http.ResponseWriter, err error) {
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = &refusal{Status: http.StatusInternalServerError, Detail: "The server could not answer that. Its log says why."}
	}
	c.show(w, refused.Status, "failure", failure{http.StatusText(refused.Status), refused.Detail})
}

func (c *Console) nothing(w http.ResponseWriter, _ *http.Request) {
	c.show(w, http.StatusNotFound, "failure", failure{"There is no such page", "The start page leads to all there are, and /openapi.json lists the addresses for programs."})
}

type startPage struct{ Live live }

func (startPage) title() string { return "Start" }

func (c *Console) start(w http.ResponseWriter, r *http.Request) {
	c.show(w, http.StatusOK, "start", startPage{c.look(r.Context())})
}

// fragments answers with the parts of the start page that move, by their names.
func (c *Console) fragments(w http.ResponseWriter, r *http.Request) {
	filled := page{c, "", startPage{c.look(r.Context())}}
	parts := map[string]string{}
	c.write(w, http.StatusOK, "application/json", func(b *bytes.Buffer) error {
		for _, name := range []string{"notice", "tiles", "story", "latest", "segments", "journeys", "captured", "clock"} {
			var part bytes.Buffer
			if err := c.templates.ExecuteTemplate(&part, name, filled); err != nil {
				return err
			}
			parts[name] = part.String()
		}
		return json.NewEncoder(b).Encode(parts)
	})
}

type customersPage struct {
	Query     string
	Customers []person
	Next      string
}

func (customersPage) title() string { return "Customers" }

func (c *Console) customers(w http.ResponseWriter, r *http.Request) {
	p := customersPage{Query: r.FormValue("q")}
	query := url.Values{"q": {p.Query}, "cursor": {r.FormValue("cursor")}, "limit": {"50"}}
	if err := c.get(r.Context(), "/v1/customers?"+query.Encode(), &p); err != nil {
		c.fail(w, err)
		return
	}
	c.show(w, http.StatusOK, "customers", p)
}

type customerPage struct {
	Customer  customer
	Stays     []stay
	Events    []event
	Next      string // of the timeline
	Later     bool   // the timeline does not begin with the newest
	Messages  []message
	Decisions []decision
}

func (p customerPage) title() string { return p.Customer.Name }

func (c *Console) customer(w http.ResponseWriter, r *http.Request) {
	at := "/v1/customers/" + url.PathEscape(r.PathValue("id"))
	cursor := r.FormValue("cursor")
	p := customerPage{Later: cursor != ""}
	for path, into := range map[string]any{
		at: &p.Customer, at + "/timeline?limit=50&cursor=" + url.QueryEscape(cursor): &p,
		at + "/segments/history?limit=50": &p.Stays, at + "/messages?limit=50": &p.Messages, at + "/decisions?limit=20": &p.Decisions,
	} {
		if err := c.get(r.Context(), path, unwrapped(into)); err != nil {
			c.fail(w, err)
			return
		}
	}
	c.show(w, http.StatusOK, "customer", p)
}

// unwrapped reads a list out of the object that the face puts it into.
func unwrapped(into any) any {
	switch list := into.(type) {
	case *[]message:
		return &struct{ Messages *[]message }{list}
	case *[]stay:
		return &struct{ Stays *[]stay }{list}
	case *[]decision:
		return &struct{ Decisions *[]decision }{list}
	case *customerPage:
		return &struct {
			Events *[]event
			Next   *string
		}{&list.Events, &list.Next}
	}
	return into
}

type segmentPage struct {
	Segment segment
	Members []person
	Next    string
	Drawing drawing
}

func (p segmentPage) title() string { return p.Segment.Name }

func (c *Console) segment(w http.ResponseWriter, r *http.Request) {
	at := "/v1/segments/" + url.PathEscape(r.PathValue("name"))
	var p segmentPage
	err := c.get(r.Context(), at, &p.Segment)
	if err == nil {
		err = c.get(r.Context(), at+"/members?limit=50&cursor="+url.QueryEscape(r.FormValue("cursor")), &p)
	}
	if err == nil {
		p.Drawing, err = c.drawing(r.Context(), at, r.FormValue("by"))
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	c.show(w, http.StatusOK, "segment", p)
}

// drawing draws a segment's curve by days or by hours. If neither is asked for it
// is days, hours while there are hardly any days.
func (c *Console) drawing(ctx context.Context, at, by string) (drawing, error) {
	var told struct{ History curve }
	if by != "hour" {
		if err := c.get(ctx, at+"/history?by=day", &told); err != nil || by == "day" || len(told.History) > 2 {
			return draw(told.History, "day"), err
		}
	}
	err := c.get(ctx, at+"/history?by=hour", &told)
	return draw(told.History, "hour"), err
}

type messagesPage struct {
	Journey, Status string
	Messages        []message
	Next            string
}

func (messagesPage) title() string { return "Messages" }

func (c *Console) messages(w http.ResponseWriter, r *http.Request) {
	p := messagesPage{Journey: r.FormValue("journey"), Status: r.FormValue("status")}
	query := url.Values{"limit": {"50"}}
	for name, value := range map[string]string{"journey": p.Journey, "status": p.Status, "cursor": r.FormValue("cursor")} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if err := c.get(r.Context(), "/v1/messages?"+query.Encode(), &p); err != nil {
		c.fail(w, err)
		return
	}
	c.show(w, http.StatusOK, "messages", p)
}

type messagePage struct {
	Message  message
	Customer customer
	Why      *decision // nil if it is too old to be among the last
	Pictures bool      // may be loaded from where the mail says
}

func (p messagePage) title() string {
	if p.Message.Subject == "" {
		return "Message"
	}
	return p.Message.Subject
}

func (c *Console) message(w http.ResponseWriter, r *http.Request) {
	p := messagePage{Pictures: r.FormValue("pictures") == "shown"}
	if err := c.get(r.Context(), "/v1/messages/"+url.PathEscape(r.PathValue("id")), &p.Message); err != nil {
		c.fail(w, err)
		return
	}
	// A customer who is gone, or whose decisions are, leaves her messages readable.
	at := "/v1/customers/" + url.PathEscape(p.Message.Customer)
	_ = c.get(r.Context(), at, &p.Customer)
	var list struct{ Decisions []decision }
	_ = c.get(r.Context(), at+"/decisions?limit=500&journey="+url.QueryEscape(p.Message.Journey), &list)
	for i := range list.Decisions {
		if list.Decisions[i].Message == p.Message.ID {
			p.Why = &list.Decisions[i]
		}
	}
	c.show(w, http.StatusOK, "message", p)
}

// The policies of a message's body, which others wrote: it runs nothing, sends
// nothing and is of no origin; pictures are loaded only when asked for, because
// loading one tells its server.
const (
	bodyPolicy     = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; img-src data:"
	picturesPolicy = bodyPolicy + " https: http:"
)

// body answers with a message's HTML as it was rendered, for the frame in its page.
func (c *Console) body(w http.ResponseWriter, r *http.Request) {
	var m message
	if err := c.get(r.Context(), "/v1/messages/"+url.PathEscape(r.PathValue("id")), &m); err != nil {
		c.fail(w, err)
		return
	}
	if m.Content == nil || m.Content.HTML == "" {
		c.show(w, http.StatusNotFound, "failure", failure{"No HTML", "This message has no HTML part, or its content is not kept."})
		return
	}
	w.Header().Set("Content-Security-Policy", bodyPolicy)
	if r.FormValue("pictures") == "shown" {
		w.Header().Set("Content-Security-Policy", picturesPolicy)
	}
	c.write(w, http.StatusOK, "text/html; charset=utf-8", func(b *bytes.Buffer) error {
		_, err := b.WriteString(m.Content.HTML)
		return err
	})
}
