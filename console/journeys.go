package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
)

// place is where the pages of campaigns or those of journeys are.
type place struct{ Kind string }

// At returns the address of the list.
func (p place) At() string { return "/" + p.Kind + "s" }

// Plural returns what the list is called.
func (p place) Plural() string { return strings.ToUpper(p.Kind[:1]) + p.Kind[1:] + "s" }

// Scheduled reports whether those of the list are entered by schedules.
func (p place) Scheduled() bool { return p.Kind == "campaign" }

type journeysPage struct {
	place
	Journeys, Campaigns []journey
	Archived            bool // are among them
	Next                string
}

func (p journeysPage) title() string { return p.Plural() }

// All returns what is listed.
func (p journeysPage) All() []journey { return append(p.Campaigns, p.Journeys...) }

// journeys lists the campaigns, or the journeys.
func (c *Console) journeys(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := journeysPage{place: place{kind}, Archived: r.FormValue("archived") == "true"}
		query := url.Values{"limit": {"50"}}
		if p.Archived {
			query.Set("archived", "true")
		}
		if cursor := r.FormValue("cursor"); cursor != "" {
			query.Set("cursor", cursor)
		}
		if err := c.get(r.Context(), "/v1"+p.At()+"?"+query.Encode(), &p); err != nil {
			c.fail(w, err)
			return
		}
		c.show(w, http.StatusOK, "journeys", p)
	}
}

type journeyPage struct {
	place
	Journey  journey
	Document document
	Written  string // the document, to the byte
	Messages []message
}

func (p journeyPage) title() string { return p.Journey.Name }

// State says in a word where it stands.
func (p journeyPage) State() string { return p.Journey.State(p.Document.Days() != nil) }

// Acts returns what can be done with it now.
func (p journeyPage) Acts() []act {
	switch {
	case p.Journey.Standing.State == "archived":
		return []act{{p, "restore"}}
	case p.Journey.Active():
		return []act{{p, "pause"}, {p, "archive"}}
	}
	return []act{{p, "resume"}, {p, "archive"}}
}

// journey shows a campaign or journey. One that is asked for as the other is shown where
// it belongs, so that whoever knows a name alone can ask for either.
func (c *Console) journey(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, err := c.lookJourney(r.Context(), r.PathValue("name"))
		switch {
		case err != nil:
			c.fail(w, err)
		case p.Kind != kind:
			http.Redirect(w, r, p.At()+"/"+url.PathEscape(p.Journey.Name), http.StatusSeeOther)
		default:
			c.show(w, http.StatusOK, "journey", p)
		}
	}
}

func (c *Console) lookJourney(ctx context.Context, name string) (p journeyPage, err error) {
	if p.Document, err = c.lookDocument(ctx, name); err != nil {
		return p, err
	}
	p.place = place{p.Document.Kind}
	name = url.PathEscape(name)
	written, err := c.ask(ctx, http.MethodGet, "/v1/documents/"+p.Kind+"/"+name+"?raw=true", nil)
	p.Written = string(written)
	if err == nil {
		err = c.get(ctx, "/v1/journeys/"+name, &p.Journey)
	}
	if err == nil && p.Document.Days() != nil {
		p.Journey = journey{WorstCase: p.Journey.WorstCase}
		err = c.get(ctx, "/v1/campaigns/"+name, &p.Journey)
	}
	if err == nil {
		err = c.get(ctx, "/v1/messages?limit=5&journey="+url.QueryEscape(p.Journey.Name), unwrapped(&p.Messages))
	}
	if err == nil {
		err = c.lookVersions(ctx, p.Journey.Versions)
	}
	p.Journey.Description = cmp.Or(p.Journey.Description, p.Document.Description)
	return p, err
}

// lookDocument finds the document of a name, which a campaign has or a journey.
func (c *Console) lookDocument(ctx context.Context, name string) (d document, err error) {
	for _, kind := range []string{"campaign", "journey"} {
		if err = c.get(ctx, "/v1/documents/"+kind+"/"+url.PathEscape(name), &d); err == nil {
			d.Kind = kind
			break
		}
	}
	return d, err
}

// lookVersions adds what is known of versions, as far as they are among the last.
func (c *Console) lookVersions(ctx context.Context, of []edition) error {
	if len(of) == 0 {
		return nil
	}
	var told struct{ Versions []edition }
	err := c.get(ctx, "/v1/versions?limit=500", &told)
	for i := range of {
		for _, v := range told.Versions {
			if v.Version == of[i].Version {
				of[i].At, of[i].Key, of[i].Author, of[i].Note = v.At, v.Key, v.Author, v.Note
			}
		}
	}
	return err
}
