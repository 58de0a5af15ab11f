package console

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"rapport"
)

// channel is a channel in force and how its servers are.
type channel struct {
	Name, Channel, Provider string
	Since                   rapport.Instant
	Servers                 []struct {
		Name, State, Why string
		Weight           int
		Until            rapport.Instant
		Handed, Failed   int64
	}
}

// sending is what the page reads of the documents that messages go out by: topics, brands
// and, in a sandbox, the channels that are not used there.
type sending struct {
	Name, Provider, Purpose, Description string
	Channel                              string
	Channels                             texts
	Title                                title
	Sender                               *struct{ Name, Address string }
	Address                              string
}

// title is a title; of one by language all of them.
type title string

// UnmarshalJSON takes either.
func (t *title) UnmarshalJSON(data []byte) error {
	var by map[string]string
	if json.Unmarshal(data, &by) != nil {
		*t = title(plain(data))
		return nil
	}
	var all []string
	for _, language := range slices.Sorted(maps.Keys(by)) {
		all = append(all, by[language])
	}
	*t = title(strings.Join(all, " / "))
	return nil
}

type channelsPage struct {
	Channels []channel
	Kinds    []kindOfSending
	Next     string
}

func (channelsPage) title() string { return "Channels" }

// kindOfSending are the documents of a kind.
type kindOfSending struct {
	Kind, Plural, None string
	Documents          []sending
}

// channels shows how messages leave.
func (c *Console) channels(w http.ResponseWriter, r *http.Request) {
	p := channelsPage{Kinds: []kindOfSending{
		{Kind: "topic", Plural: "Topics", None: "None, so whoever unsubscribes leaves all that her consent allowed. docs/documents.md says how to make one."},
		{Kind: "brand", Plural: "Brands", None: "None, so e-mails come from whom their channel names, and show no postal address."},
	}}
	if c.Sandbox {
		p.Kinds = slices.Insert(p.Kinds, 0, kindOfSending{Kind: "channel", Plural: "Channels of the documents", None: "None. A live environment needs one: docs/operations.md says how to set up a mail server."})
	}
	err := c.get(r.Context(), "/v1/channels?limit=500", &p)
	for i := 0; i < len(p.Kinds) && err == nil; i++ {
		p.Kinds[i].Documents, err = c.lookSending(r.Context(), p.Kinds[i].Kind)
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	c.show(w, http.StatusOK, "channels", p)
}

// lookSending reads the documents of a kind, as many as a page holds.
func (c *Console) lookSending(ctx context.Context, kind string) (all []sending, err error) {
	var list struct{ Documents []struct{ Name string } }
	err = c.get(ctx, "/v1/documents?limit=50&kind="+kind, &list)
	for _, d := range list.Documents {
		var s sending
		if err = cmp.Or(err, c.get(ctx, "/v1/documents/"+kind+"/"+url.PathEscape(d.Name), &s)); err != nil {
			break
		}
		s.Name = d.Name
		all = append(all, s)
	}
	return all, err
}
