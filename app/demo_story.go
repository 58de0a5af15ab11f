package app

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"rapport"
	"rapport/client"
)

// teller finds out what of a demo is worth a look.
type teller struct {
	demo   *Demo
	client *client.Client
}

// Story returns what to look at, in which order, each with the page that shows it.
// What can't be found out at the moment is left out.
func (d *Demo) Story(ctx context.Context) []Beat {
	t, ok := d.teller()
	if !ok {
		return nil
	}
	var beats []Beat
	for _, tell := range []func(context.Context) (Beat, bool){t.feast, t.cartLeft, t.reminded, t.sentBack, t.backAgain, t.met, t.campaign} {
		if ctx.Err() != nil {
			break
		}
		if b, ok := tell(ctx); ok {
			beats = append(beats, b)
		}
	}
	return beats
}

// Now returns what the sandbox's clock shows.
func (d *Demo) Now() time.Time { return d.app.clock.Now() }

// Feast returns where a demo of a festival stands; false of any other.
func (d *Demo) Feast(ctx context.Context) (Beat, bool) {
	t, ok := d.teller()
	if !ok {
		return Beat{}, false
	}
	return t.feast(ctx)
}

// teller returns who finds it out, once the past is lived.
func (d *Demo) teller() (teller, bool) {
	d.mu.Lock()
	at := d.url
	d.mu.Unlock()
	return teller{d, client.New(at, d.app.within)}, d.loaded.part() >= 1 && at != ""
}

// somebody is a customer of a list.
type somebody struct {
	ID     string
	Traits struct {
		Name   string `json:"first_name"`
		Market string
	}
}

func (s somebody) name() string {
	if s.Traits.Name == "" {
		return "Somebody unknown"
	}
	return s.Traits.Name
}

func (t teller) customer(ctx context.Context, id string) (s somebody, ok bool) {
	return s, t.client.Call(ctx, "GET", "/v1/customers/"+url.PathEscape(id), nil, &s) == nil
}

// member returns one of a segment.
func (t teller) member(ctx context.Context, segment string) (s somebody, size int, ok bool) {
	var count struct{ Size int }
	var page struct{ Members, Customers []somebody }
	at := "/v1/segments/" + segment
	if t.client.Call(ctx, "GET", at, nil, &count) != nil || t.client.Call(ctx, "GET", at+"/members?limit=1", nil, &page) != nil {
		return s, 0, false
	}
	found := append(page.Members, page.Customers...)
	if len(found) == 0 {
		return s, 0, false
	}
	s, ok = t.customer(ctx, found[0].ID)
	return s, count.Size, ok
}

// newest returns the newest message of a journey that has reached somebody.
func (t teller) newest(ctx context.Context, journey string) (id string, s somebody, at rapport.Instant, ok bool) {
	var page struct {
		Messages []struct {
			ID, Customer string
			HandedAt     rapport.Instant
		}
	}
	if t.client.Call(ctx, "GET", "/v1/messages?limit=1&channel=email&journey="+journey, nil, &page) != nil || len(page.Messages) == 0 {
		return "", s, 0, false
	}
	m := page.Messages[0]
	s, ok = t.customer(ctx, m.Customer)
	return m.ID, s, m.HandedAt, ok && !m.HandedAt.IsZero()
}

func (t teller) cartLeft(ctx context.Context) (Beat, bool) {
	s, n, ok := t.member(ctx, "cart-left")
	return Beat{
		s.name() + " has left a cart",
		fmt.Sprintf("One of %d just now. Look at the cart and at what came before it; where letters were agreed to, a journey is under way.", n),
		"/customers/" + s.ID,
	}, ok
}

func (t teller) reminded(ctx context.Context) (Beat, bool) {
	id, s, at, ok := t.newest(ctx, "cart-recovery")
	return Beat{
		s.name() + " was reminded of a cart",
		"On " + at.Time().Format("2 January at 15:04 UTC") + ". See the letter as it arrives, and what was asked before it went.",
		"/messages/" + id,
	}, ok
}

func (t teller) sentBack(ctx context.Context) (Beat, bool) {
	s, n, ok := t.member(ctx, "returned-too-small")
	return Beat{
		s.name() + " sent something back that ran small",
		fmt.Sprintf("%d customers are in this segment, each for thirty days from the return; the letter that came of it is about sizes.", n),
		"/customers/" + s.ID,
	}, ok
}

func (t teller) backAgain(ctx context.Context) (Beat, bool) {
	id, s, _, ok := t.newest(ctx, "win-back")
	return Beat{
		s.name() + " had not bought for ninety days",
		"So an evening letter made an offer. Nobody pressed a button for that: time alone brought her into the segment.",
		"/messages/" + id,
	}, ok
}

func (t teller) met(context.Context) (Beat, bool) {
	n := t.demo.met()
	return Beat{
		"How the letters were met",
		fmt.Sprintf("%d arrived, %d were opened, %d clicked; %d people left and %d complained. The shop's people read what they are sent, and too much annoys them.",
			n["delivered"], n["opened"], n["clicked"], n["left"], n["complained"]),
		"/messages",
	}, n["delivered"] > 0
}

func (t teller) campaign(ctx context.Context) (Beat, bool) {
	var page struct {
		Campaigns []struct {
			Name, Description string
			Next              rapport.Instant
		}
	}
	if t.client.Call(ctx, "GET", "/v1/campaigns?limit=40", nil, &page) != nil {
		return Beat{}, false
	}
	first := -1
	for i, c := range page.Campaigns {
		if !c.Next.IsZero() && (first < 0 || c.Next < page.Campaigns[first].Next) {
			first = i
		}
	}
	if first < 0 {
		return Beat{}, false
	}
	c := page.Campaigns[first]
	return Beat{
		"The campaign " + c.Name + " goes out next",
		"On " + c.Next.Time().Format("2 January at 15:04 UTC") + ". " + c.Description + ".",
		"/campaigns/" + url.PathEscape(c.Name),
	}, true
}

// feast tells where a demo of a festival stands.
func (t teller) feast(ctx context.Context) (Beat, bool) {
	m := t.demo.memory
	if !m.Festival {
		return Beat{}, false
	}
	year := m.Made.Year()
	from := func(month time.Month, day, hour int) time.Time {
		return time.Date(year, month, day, hour, 0, 0, 0, time.UTC)
	}
	now := t.demo.app.clock.Now()
	switch {
	case now.Before(from(time.November, 10, 16)):
		return Beat{"The evening before 11.11", "At midnight in Singapore the rush begins; at two in each customer's afternoon those who have not bought are told that a purchase today earns credit.", "/campaigns/festival-afternoon"}, true
	case now.Before(from(time.November, 12, 0)):
		return Beat{"It is 11.11", t.sent(ctx, "festival-afternoon", "afternoon", "were told in their afternoon that a purchase today earns credit") + " " + t.sent(ctx, "festival-credit", "earned", "have earned some and were told how much"), "/campaigns/festival-afternoon"}, true
	case now.Before(from(time.December, 27, 0)):
		return Beat{"After 11.11: the credit waits for Christmas", "It can be used from 20 to 26 December, and the weeks until then pass twenty times as fast. On the evening of 20 December whoever has not used hers is reminded, once.", "/journeys/festival-credit"}, true
	}
	return Beat{"11.11 and Christmas are over", t.sent(ctx, "festival-credit", "reminder", "were reminded of their credit, once") + " What was not used has expired.", "/journeys/festival-credit"}, true
}

// sent says to how many customers a step of a journey has brought something.
func (t teller) sent(ctx context.Context, journey, step, what string) string {
	var j struct {
		Steps []struct {
			Name           string
			Asked, Dropped int
		}
	}
	if t.client.Call(ctx, "GET", "/v1/journeys/"+journey, nil, &j) != nil {
		return ""
	}
	n := 0
	for _, s := range j.Steps {
		if s.Name == step {
			n += s.Asked - s.Dropped
		}
	}
	return fmt.Sprintf("%d %s.", n, what)
}
