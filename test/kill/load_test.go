package kill_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ledger is what is known of the events on the side of those who send them.
type ledger struct {
	mu       sync.Mutex
	sent     []*sent
	shoppers map[string]shopper
	figures  figures
}

// figures are told at the end.
type figures struct {
	kills, inside, starting int
	crashes                 int // of the database
	retried, again          int // batches sent again for want of an answer, and on purpose
	acrossRestarts          int // of those on purpose, after the program that took them was killed
	abandoned               int // batches never acknowledged and not sent again
}

// snapshot returns a copy that no sender changes.
func (l *ledger) snapshot() ([]sent, map[string]shopper) {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := make([]sent, len(l.sent))
	for i, e := range l.sent {
		events[i] = *e
	}
	who := make(map[string]shopper, len(l.shoppers))
	for name, s := range l.shoppers {
		who[name] = s
	}
	return events, who
}

// edge is where the program takes events, while it runs.
type edge struct {
	url  atomic.Pointer[string]
	life atomic.Int64 // how often the program was started
}

func (e *edge) moved(url string) {
	e.url.Store(&url)
	e.life.Add(1)
}

// errRefused is what a batch is answered with that is not to be sent again. It
// never should be.
var errRefused = errors.New("a batch was refused")

// post sends a batch and returns nil if it was acknowledged, as a whole.
func (e *edge) post(client *http.Client, body []byte) error {
	request, err := http.NewRequest(http.MethodPost, *e.url.Load()+"/v1/batch", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.SetBasicAuth(writeKey, "")
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode == http.StatusOK && string(said) == `{"success":true}`:
		return nil
	case answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode >= 500:
		return errors.New(answer.Status)
	}
	return fmt.Errorf("%w: %s %s", errRefused, answer.Status, said)
}

// batch is some events on their way.
type batch struct {
	body   []byte
	events []*sent
	life   int64 // in which it was acknowledged
}

// visitor is a shopper in the hands of a sender.
type visitor struct {
	name, device string // the device is empty for those who are always logged in
	twice        bool   // both name and device have profiles before they are linked
	linked       bool
	n            int
}

// sender posts the events of some shoppers, one batch after the other, each again
// and again until it is acknowledged, as SDKs do.
type sender struct {
	*ledger
	edge     *edge
	ended    <-chan struct{} // when the test is over, however it went
	random   *rand.Rand
	client   *http.Client
	visitors []*visitor
	kept     []*batch // to be sent again on purpose
	refused  error    // a batch that was refused for good
}

func newSender(l *ledger, e *edge, ended <-chan struct{}, seed uint64) *sender {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
	return &sender{ledger: l, edge: e, ended: ended, random: rand.New(rand.NewPCG(seed, 11)), client: client}
}

// meet makes the shoppers of a round known.
func (s *sender) meet(round, first, count int) {
	s.visitors = nil
	var fresh []item
	for i := first; i < first+count; i++ {
		v := &visitor{name: fmt.Sprintf("shopper-%d-%d", round, i), linked: true}
		if i%8 == 0 {
			v.device, v.twice, v.linked = fmt.Sprintf("device-%d-%d", round, i), i%16 == 0, false
		}
		s.visitors = append(s.visitors, v)
		s.mu.Lock()
		s.shoppers[v.name] = shopper{agreed: i%4 != 3, joined: v.twice, device: v.device}
		s.mu.Unlock()
		if v.linked || v.twice {
			fresh = append(fresh, s.identify(v, ""))
		}
	}
	s.send(fresh, false)
}

// item is an event as it is posted.
type item map[string]any

// event notes an event and returns how it is posted.
func (s *sender) event(v *visitor, k kind, fields item) (item, *sent) {
	v.n++
	e := &sent{id: fmt.Sprintf("%s-%d", v.name, v.n), shopper: v.name, kind: k, at: now(), unknown: !v.linked}
	fields["messageId"] = e.id
	fields["timestamp"] = time.UnixMilli(e.at).UTC().Format("2006-01-02T15:04:05.000Z")
	if v.linked {
		fields["userId"] = v.name
	}
	if v.device != "" && fields["anonymousId"] == nil {
		fields["anonymousId"] = v.device
	}
	fields["sent"] = e // taken out again before it is posted
	return fields, e
}

// identify tells who she is, and links a device to her.
func (s *sender) identify(v *visitor, device string) item {
	s.mu.Lock()
	agreed := s.shoppers[v.name].agreed
	s.mu.Unlock()
	fields, e := s.event(v, identified, item{
		"type": "identify", "userId": v.name, "traits": item{"email": addressOf(v.name), "name": v.name},
		"context": item{"consent": item{"categoryPreferences": item{"marketing": agreed}}},
	})
	e.unknown = false
	if device == "" {
		delete(fields, "anonymousId")
	}
	return fields
}

// anything makes an event of a shopper: mostly she looks around.
func (s *sender) anything(v *visitor) item {
	n := s.random.IntN(20)
	switch {
	case n < 2 && v.linked:
		fields, e := s.event(v, ordered, item{"type": "track", "event": "Order Completed"})
		e.key = e.id
		fields["properties"] = item{"order_id": e.key, "total": 49.5, "currency": "USD"}
		return fields
	case n < 5:
		fields, e := s.event(v, filled, item{"type": "track", "event": "Product Added"})
		e.key = e.id
		fields["properties"] = item{"cart_id": e.key, "product_id": "shirt", "price": 49.5, "quantity": 1}
		return fields
	case n < 12:
		fields, _ := s.event(v, viewed, item{"type": "page", "name": "Shirts"})
		return fields
	}
	fields, _ := s.event(v, looked, item{"type": "track", "event": "Product Viewed", "properties": item{"product_id": "shirt"}})
	return fields
}

// work sends until stop is closed, then sees to it that every device is linked.
func (s *sender) work(stop <-chan struct{}) {
	for s.refused == nil {
		select {
		case <-stop:
			s.linkAll()
			return
		case <-s.ended:
			return
		case <-time.After(time.Duration(20+s.random.IntN(120)) * time.Millisecond):
		}
		var items []item
		link := false
		for range 4 + s.random.IntN(12) {
			v := s.visitors[s.random.IntN(len(s.visitors))]
			if !v.linked && s.random.IntN(6) == 0 {
				items = append(items, s.link(v))
				link = true
				continue
			}
			items = append(items, s.anything(v))
		}
		s.send(items, !link && s.random.IntN(8) == 0)
		s.sendAgain()
	}
}

func (s *sender) link(v *visitor) item {
	v.linked = true
	return s.identify(v, v.device)
}

func (s *sender) linkAll() {
	var items []item
	for _, v := range s.visitors {
		if !v.linked {
			items = append(items, s.link(v))
		}
	}
	s.send(items, false)
	for range 3 {
		s.sendAgain()
	}
}

// send posts a batch until it is acknowledged, or once only if it may be lost.
func (s *sender) send(items []item, mayBeLost bool) {
	if len(items) == 0 {
		return
	}
	b := &batch{}
	for _, i := range items {
		b.events = append(b.events, i["sent"].(*sent))
		delete(i, "sent")
	}
	b.body, _ = json.Marshal(item{"batch": items})
	s.mu.Lock()
	s.sent = append(s.sent, b.events...)
	s.mu.Unlock()
	for tries := 0; ; tries++ {
		b.life = s.edge.life.Load()
		err := s.edge.post(s.client, b.body)
		if err == nil {
			s.acknowledged(b)
			return
		}
		if s.failed(err, tries, mayBeLost) {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-s.ended:
			return
		}
	}
}

// failed reports whether a batch is not to be tried again.
func (s *sender) failed(err error, tries int, mayBeLost bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.Is(err, errRefused):
		s.refused = err
		return true
	case mayBeLost:
		s.figures.abandoned++
		return true
	}
	if tries == 0 {
		s.figures.retried++
	}
	return false
}

func (s *sender) acknowledged(b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := now()
	for _, e := range b.events {
		e.acknowledged = at
	}
	if s.random.IntN(5) == 0 {
		s.kept = append(s.kept, b)
	}
}

// sendAgain sends a batch again that was acknowledged, sometimes long ago.
func (s *sender) sendAgain() {
	if len(s.kept) == 0 || s.random.IntN(4) != 0 {
		return
	}
	b := s.kept[s.random.IntN(len(s.kept))]
	life := s.edge.life.Load()
	if s.edge.post(s.client, b.body) != nil {
		return // it was killed; nothing depends on it
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.figures.again++
	if life != b.life {
		s.figures.acrossRestarts++
	}
}
