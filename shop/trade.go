package shop

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"rapport"
)

// Server is the program that the shop talks to, over its HTTP face. A request that
// the server wants to have later is sent again by it, not by the shop.
type Server interface {
	Call(ctx context.Context, method, path string, body, out any) error
}

// Trade lets a shop live at a server: it tells what happens, and brings the people
// the messages that were captured for them.
//
// What it guarantees: everything is told in the order of its time and is acknowledged
// when Live returns; what is told again after a failure has the same messageIds.
type Trade struct {
	Collect  Server // takes events, with the write key
	Server   Server // knows the rest, with the admin's key; needed where Reads says so
	WriteKey string
	Shop     *Shop
	Lived    time.Time // up to when everything is told

	// Reads says that messages are fetched from the server and met, which needs the
	// admin's key and a server that keeps them: a sandbox.
	Reads bool
	// Stamp says what the world's clock shows at an instant of the shop's; the same
	// unless said.
	Stamp func(time.Time) time.Time
	// Keep is told of each letter as it was met. Replay gives those of an earlier run
	// back, in their order, before any new one is fetched. Both may be nil.
	Keep   func(Met) error
	Replay []Met

	// What was done so far; of letters that were met, in earlier runs too.
	Events, Letters int
	Reactions       map[string]int

	reader *Reader
	post   postbox
}

// Met is a letter, when it was brought to its reader, and what she read if she is
// going to open it.
type Met struct {
	Now     time.Time `json:"now"`
	Letter  Letter    `json:"letter"`
	Content *Content  `json:"content,omitempty"`
}

// batchEvents is how many events a request holds, well below 4 MB; hands is how many
// reactions are told at once.
const (
	batchEvents = 1000
	hands       = 16
)

// Live tells what happens up to an instant, and then brings the letters that have
// been sent since.
func (t *Trade) Live(ctx context.Context, to time.Time) error {
	var events []Event
	stamp := t.stamp()
	t.post.open(stamp(t.Lived))
	for len(t.Replay) > 0 && !t.Replay[0].Now.After(to) {
		met := t.Replay[0]
		events = append(events, t.Shop.Stamped(met.Now, stamp)...)
		if err := t.Shop.Deliver(met.Now, met.Letter, met.content); err != nil {
			return err
		}
		t.post.know(met.Letter)
		t.Replay = t.Replay[1:]
	}
	if err := t.tell(ctx, append(events, t.Shop.Stamped(to, stamp)...)); err != nil {
		return err
	}
	t.Lived = to
	if t.Reads && len(t.Replay) == 0 {
		return t.bring(ctx)
	}
	return nil
}

// Recall lets what happened up to an instant have happened, letters of an earlier run
// included, without telling it. What was sent in that run and has waited since is
// brought once it is handed over.
func (t *Trade) Recall(to time.Time) error {
	t.post.open(t.stamp()(to).Add(-longestWait))
	for len(t.Replay) > 0 && !t.Replay[0].Now.After(to) {
		met := t.Replay[0]
		t.count(t.Shop.Skip(met.Now))
		if err := t.Shop.Deliver(met.Now, met.Letter, met.content); err != nil {
			return err
		}
		t.post.know(met.Letter)
		t.Replay = t.Replay[1:]
	}
	t.count(t.Shop.Skip(to))
	t.Lived = to
	return nil
}

func (t *Trade) count(met []*Reaction) {
	if t.Reactions == nil {
		t.Reactions = map[string]int{}
	}
	for _, r := range met {
		t.Reactions[r.Kind]++
	}
}

func (m Met) content() (Content, error) {
	if m.Content == nil {
		return Content{}, nil // she would not have opened it
	}
	return *m.Content, nil
}

// tell sends events, then reactions, and returns once all are acknowledged. It gives
// up between two requests when ctx ends, not within one.
func (t *Trade) tell(ctx context.Context, all []Event) error {
	var events []json.RawMessage
	var reactions []*Reaction
	for _, e := range all {
		if e.Reaction != nil {
			reactions = append(reactions, e.Reaction)
		} else {
			events = append(events, e.JSON)
		}
	}
	for batch := range slices.Chunk(events, batchEvents) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.send(ctx, batch); err != nil {
			return err
		}
		t.Events += len(batch)
	}
	return t.answer(ctx, reactions)
}

// call is the body of a request to /v1/batch.
type call struct {
	WriteKey string            `json:"writeKey"`
	Batch    []json.RawMessage `json:"batch"`
}

func (t *Trade) send(ctx context.Context, batch []json.RawMessage) error {
	var said struct {
		Refused []struct{ Code, Detail string }
	}
	err := t.Collect.Call(ctx, "POST", "/v1/batch", call{t.WriteKey, batch}, &said)
	switch {
	case rapport.KindOf(err) == rapport.Unauthorised:
		return rapport.Errorf(rapport.Unauthorised, "the shop's events were not taken: the server does not know the write key")
	case err != nil:
		return fmt.Errorf("the shop's events were not taken: %w", err)
	}
	if len(said.Refused) > 0 {
		return rapport.Errorf(rapport.Internal, "%d of the shop's events were refused: %s", len(said.Refused), said.Refused[0].Detail)
	}
	return nil
}

// answer tells how letters were met, several at once, those of one letter in order.
func (t *Trade) answer(ctx context.Context, reactions []*Reaction) error {
	if len(reactions) == 0 {
		return ctx.Err()
	}
	t.count(reactions)
	byLetter := map[string][]*Reaction{}
	var order []string
	for _, r := range reactions {
		if byLetter[r.Letter.ID] == nil {
			order = append(order, r.Letter.ID)
		}
		byLetter[r.Letter.ID] = append(byLetter[r.Letter.ID], r)
	}
	letters := make(chan string, len(order))
	for _, id := range order {
		letters <- id
	}
	close(letters)
	var busy sync.WaitGroup
	failed := make(chan error, hands)
	for range min(hands, len(order)) {
		busy.Go(func() {
			for id := range letters {
				if err := t.answerAll(ctx, byLetter[id]); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	busy.Wait()
	close(failed)
	return <-failed
}

func (t *Trade) answerAll(ctx context.Context, reactions []*Reaction) error {
	for _, r := range reactions {
		if err := ctx.Err(); err != nil {
			return err
		}
		method, path, body := "POST", "/v1/messages/"+r.Letter.ID+"/feedback", any(map[string]string{"kind": r.Kind})
		if r.Kind == "left" {
			path, body = r.Leave, nil
		}
		var page []byte
		if err := t.Server.Call(ctx, method, path, body, &page); err != nil && rapport.KindOf(err) != rapport.NotFound {
			return fmt.Errorf("how a letter was met was not taken: %w", err)
		}
	}
	return nil
}

// postbox knows which messages of the server were brought already.
type postbox struct {
	since   rapport.Instant            // the newest that was seen was created then
	known   map[string]struct{}        // those created at since or a little before
	waiting map[string]rapport.Instant // those that were not handed over yet, and when they are due
}

// longestWait is how long a message waits to be handed over, hardly ever longer: until
// its quiet hours end, or until a provider takes it after all.
const longestWait = 4 * day

// open begins to look for messages that are created from an instant on, unless it has
// begun before.
func (p *postbox) open(from time.Time) {
	if p.waiting == nil {
		p.waiting, p.known = map[string]rapport.Instant{}, map[string]struct{}{}
		p.since = rapport.InstantOf(from)
	}
}

// know notes a letter of an earlier run.
func (p *postbox) know(l Letter) { p.known[l.ID] = struct{}{} }

// message is a message as the server lists it.
type message struct {
	ID, Channel, To, Class, Status string
	CreatedAt, DueAt, HandedAt     rapport.Instant
	Content                        *struct{ Subject, HTML, Text string }
}

// bring fetches the messages that were handed over since, old to new, and brings each
// to its reader.
func (t *Trade) bring(ctx context.Context) error {
	found, err := t.fetch(ctx)
	if err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b message) int {
		return cmp.Or(cmp.Compare(a.HandedAt, b.HandedAt), cmp.Compare(a.To, b.To), cmp.Compare(a.CreatedAt, b.CreatedAt))
	})
	for i := range found {
		if err := t.meet(ctx, &found[i]); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		return nil
	}
	return t.tell(ctx, t.Shop.Stamped(t.Lived.Add(1), t.stamp())) // that they have arrived
}

// stamp returns what the world's clock shows at an instant of the shop's.
func (t *Trade) stamp() func(time.Time) time.Time {
	if t.Stamp != nil {
		return t.Stamp
	}
	return func(at time.Time) time.Time { return at }
}

// meet brings one message to its reader.
func (t *Trade) meet(ctx context.Context, m *message) error {
	met := Met{Now: t.Lived, Letter: Letter{ID: m.ID, Channel: m.Channel, To: m.To, Class: m.Class, At: m.HandedAt.Time()}}
	if t.Stamp != nil {
		met.Letter.At = t.Lived // the server's clock is another
	}
	err := t.Shop.Deliver(met.Now, met.Letter, func() (Content, error) {
		var whole message
		if err := t.Server.Call(ctx, "GET", "/v1/messages/"+m.ID, nil, &whole); err != nil {
			return Content{}, err
		}
		c := Content{}
		if whole.Content != nil {
			if t.reader == nil {
				t.reader = NewReader()
			}
			c = t.reader.Read(cmp.Or(whole.Content.HTML, whole.Content.Text))
		}
		met.Content = &c
		return c, nil
	})
	if err != nil || t.Keep == nil {
		t.Letters++
		return err
	}
	t.Letters++
	return t.Keep(met)
}

// fetch returns the messages that were handed over and not fetched yet.
func (t *Trade) fetch(ctx context.Context) ([]message, error) {
	p := &t.post
	handed, err := t.fetchDue(ctx)
	if err != nil {
		return nil, err
	}
	newest := p.since
	fresh := map[string]struct{}{}
	for cursor, limit, more := "", 20, true; more; limit = 200 {
		var page struct {
			Messages []message
			Next     string
		}
		if err := t.Server.Call(ctx, "GET", "/v1/messages?limit="+strconv.Itoa(limit)+"&cursor="+url.QueryEscape(cursor), nil, &page); err != nil {
			return nil, err
		}
		for _, m := range page.Messages {
			if m.CreatedAt < p.since {
				page.Next = ""
				break
			}
			newest = max(newest, m.CreatedAt)
			fresh[m.ID] = struct{}{}
			if _, seen := p.known[m.ID]; seen {
				continue
			}
			switch {
			case m.Status == "handed" && (m.Channel == "email" || m.Channel == "sms"):
				handed = append(handed, m)
			case underWay(m.Status):
				p.waiting[m.ID] = m.DueAt
			}
		}
		cursor, more = page.Next, page.Next != ""
	}
	p.since, p.known = newest, fresh
	return handed, nil
}

// fetchDue returns those that were waiting, and were handed over since.
func (t *Trade) fetchDue(ctx context.Context) (handed []message, err error) {
	p := &t.post
	now := rapport.InstantOf(t.Lived)
	if t.Stamp != nil {
		now = rapport.InstantOf(t.Stamp(t.Lived))
	}
	for id, due := range p.waiting {
		if due > now {
			continue
		}
		var m message
		if err := t.Server.Call(ctx, "GET", "/v1/messages/"+id, nil, &m); err != nil && rapport.KindOf(err) != rapport.NotFound {
			return nil, err
		}
		if underWay(m.Status) {
			p.waiting[id] = max(m.DueAt, due)
			continue
		}
		delete(p.waiting, id)
		if m.Status == "handed" {
			handed = append(handed, m)
		}
	}
	return handed, nil
}

func underWay(status string) bool {
	return status == "waiting" || status == "claimed" || status == "attempting"
}
