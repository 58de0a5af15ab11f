package console

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"rapport"
)

// live is all that the start page shows and that moves.
type live struct {
	Now           rapport.Instant
	Count         Count
	Rates         []int64 // events of each second, old to new
	Latest        []latestRow
	Segments      []segment
	Journeys      []journey
	Campaigns     []journey
	Messages      []message
	Story         []Beat
	StoryAt       time.Time // it was told
	Loading       string
	Part          float64 // of what is loading
	Move          move
	Late          bool // some figures are those of a moment ago
	MoreSegments  bool
	MoreCustomers bool // Latest are just some customers: nobody was heard from yet
}

type latestRow struct {
	customer
	Event string
	At    rapport.Instant
}

// shownCustomers is how many of the latest customers the start page shows.
const shownCustomers = 10

// fresh is how long the figures are good for everybody who asks, and patience how
// long one of them is waited for: while the clock is moved some can't be counted.
const (
	fresh    = time.Second
	patience = 700 * time.Millisecond
)

// latest keeps what was looked up last.
type latest struct {
	mu   sync.Mutex
	at   time.Time
	last live
}

// look returns what is there now, or was a moment ago.
func (c *Console) look(ctx context.Context) live {
	c.live.mu.Lock()
	defer c.live.mu.Unlock()
	if time.Since(c.live.at) >= fresh {
		c.live.last = c.lookAnew(context.WithoutCancel(ctx), c.live.last)
		c.live.at = time.Now()
	}
	l := c.live.last
	l.Move = c.mover.now(c.Figures.Reached())
	return l
}

// lookAnew looks everything up. What can't be answered stays as it was.
func (c *Console) lookAnew(ctx context.Context, l live) live {
	l.Late = false
	l.Rates = c.Pulse.Rates(time.Now())
	if l.Loading, l.Part = "", 0; c.Progress != nil {
		l.Loading, l.Part = c.Progress()
	}
	for _, part := range []func(context.Context, *live) error{
		c.lookClock, c.lookFigures, c.lookLatest, c.lookSegments, c.lookJourneys, c.lookCampaigns, c.lookMessages, c.lookStory,
	} {
		ctx, cancel := context.WithTimeout(ctx, patience)
		l.Late = part(ctx, &l) != nil || l.Late
		cancel()
	}
	return l
}

func (c *Console) lookClock(ctx context.Context, l *live) error {
	var clock struct{ Now rapport.Instant }
	err := c.get(ctx, "/v1/clock", &clock)
	if err == nil {
		l.Now = clock.Now
	}
	return err
}

func (c *Console) lookFigures(ctx context.Context, l *live) error {
	count, err := c.Figures.Figures(ctx)
	if err == nil {
		l.Count = count
	}
	return err
}

// lookLatest looks up who was heard from last.
func (c *Console) lookLatest(ctx context.Context, l *live) error {
	rows := []latestRow{}
	for _, seen := range c.Pulse.Latest(2 * shownCustomers) {
		row := latestRow{Event: seen.Event, At: seen.At}
		if err := c.get(ctx, "/v1/customers/"+url.PathEscape(seen.Who), &row.customer); err != nil {
			continue // she may have become somebody else since
		}
		if !slices.ContainsFunc(rows, func(r latestRow) bool { return r.ID == row.ID }) {
			rows = append(rows, row)
		}
		if len(rows) == shownCustomers {
			break
		}
	}
	if l.MoreCustomers = len(rows) == 0; !l.MoreCustomers {
		l.Latest = rows
		return nil
	}
	return c.lookAnyone(ctx, l)
}

// lookAnyone lists customers where nobody was heard from since the program started.
func (c *Console) lookAnyone(ctx context.Context, l *live) error {
	var page struct{ Customers []person }
	err := c.get(ctx, "/v1/customers?limit=10", &page)
	if err != nil {
		return err
	}
	l.Latest = nil
	for _, p := range page.Customers {
		l.Latest = append(l.Latest, latestRow{customer: customer{person: p}, At: p.LastSeen})
	}
	slices.SortStableFunc(l.Latest, func(a, b latestRow) int { return int(b.At - a.At) })
	return nil
}

func (c *Console) lookSegments(ctx context.Context, l *live) error {
	var page struct {
		Segments []segment
		Next     string
	}
	err := c.get(ctx, "/v1/segments?limit=40", &page)
	if err == nil {
		l.Segments, l.MoreSegments = page.Segments, page.Next != ""
	}
	return err
}

func (c *Console) lookJourneys(ctx context.Context, l *live) error {
	var page struct{ Journeys []journey }
	err := c.get(ctx, "/v1/journeys?limit=40", &page)
	if err == nil {
		l.Journeys = page.Journeys
	}
	return err
}

func (c *Console) lookCampaigns(ctx context.Context, l *live) error {
	var page struct{ Campaigns []journey }
	err := c.get(ctx, "/v1/campaigns?limit=40", &page)
	if err == nil {
		l.Campaigns = page.Campaigns
	}
	return err
}

func (c *Console) lookMessages(ctx context.Context, l *live) error {
	var page struct{ Messages []message }
	err := c.get(ctx, "/v1/messages?limit=8", &page)
	if err == nil {
		l.Messages = page.Messages
	}
	return err
}

// storyFresh is how long a story is good for: whoever reads it is not to have it
// changed under her eyes.
const storyFresh = 10 * time.Second

func (c *Console) lookStory(ctx context.Context, l *live) error {
	if c.Story == nil || time.Since(l.StoryAt) < storyFresh {
		return nil
	}
	if story := c.Story(ctx); len(story) > 0 {
		l.Story, l.StoryAt = story, time.Now()
	}
	return nil
}

// Rate returns the events a second over the last ten seconds.
func (l live) Rate() float64 {
	last := l.Rates[max(0, len(l.Rates)-10):]
	if len(last) == 0 {
		return 0
	}
	sum := int64(0)
	for _, n := range last {
		sum += n
	}
	return float64(sum) / float64(len(last))
}

// Outcomes returns what became of messages, the most usual first.
func (l live) Outcomes() []tally { return tallies(l.Count.Messages) }

// tally is a word and how often it was.
type tally struct {
	Word string
	N    int64
}

// tallies returns what was counted by words, the most usual first.
func tallies(counts map[string]int64) []tally {
	var all []tally
	for word, n := range counts {
		if word != "" && n > 0 {
			all = append(all, tally{word, n})
		}
	}
	slices.SortFunc(all, func(a, b tally) int {
		if a.N != b.N {
			return int(b.N - a.N)
		}
		return strings.Compare(a.Word, b.Word)
	})
	return all
}
