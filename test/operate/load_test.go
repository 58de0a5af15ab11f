package operate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// loyalFrom is how many orders make somebody a member of the segment loyal.
const loyalFrom = 10

// documents are the workspace under load: a segment that counts, and a mail for each order.
const documents = `
kind: segment
name: loyal
where: events("Order Completed").count() >= 10
---
kind: channel
name: mail
provider: smtp
from: { name: Shop, address: shop@shop.example }
smtp: { host: 127.0.0.1, port: PORT, tls: none }
retry: { first: 1s, longest: 2s, give_up: 1d }
---
kind: template
name: receipt
subject: "order {{ event.order_id | default: '?' }}"
text: "Thank you."
---
kind: journey
name: receipts
entry: { event: Order Completed }
key: event.order_id
steps:
  - send: { template: receipt, channel: email, class: transactional }
`

// load is shoppers who order again and again. Each sends what was not acknowledged again
// until it is.
type load struct {
	*testing.T
	url     atomic.Pointer[string]
	halt    chan struct{}
	work    sync.WaitGroup
	refused atomic.Int64 // answers with 429 or 503
	broken  atomic.Int64 // requests that were not answered

	mu    sync.Mutex
	sent  map[string][]string // messageIds of each shopper that were sent, acknowledged or not
	acked map[string][]string
	fault string // an answer that should not have been; "" if there was none
}

// shop lets so many shoppers order at a program until the load is stopped.
func shop(p *program, shoppers int) *load {
	l := &load{T: p.T, halt: make(chan struct{}), sent: map[string][]string{}, acked: map[string][]string{}}
	l.url.Store(&p.url)
	for i := range shoppers {
		l.work.Go(func() { l.live(fmt.Sprintf("shopper-%d", i)) })
	}
	p.Cleanup(l.stop)
	return l
}

// stop lets every shopper come to the end of what he is at.
func (l *load) stop() {
	select {
	case <-l.halt:
	default:
		close(l.halt)
	}
	l.work.Wait()
}

func (l *load) live(who string) {
	for n := 0; ; n++ {
		select {
		case <-l.halt:
			return
		default:
			l.order(who, n)
		}
	}
}

// order sends one order until it is acknowledged or the load is stopped.
func (l *load) order(who string, n int) {
	id := fmt.Sprintf("%s-%d", who, n)
	var batch []map[string]any
	if n == 0 {
		batch = append(batch, map[string]any{"type": "identify", "userId": who, "messageId": id + "-who", "traits": map[string]any{"email": who + "@shop.example"}})
	}
	batch = append(batch, map[string]any{"type": "track", "userId": who, "messageId": id, "event": "Order Completed", "properties": map[string]any{"order_id": id}})
	body, _ := json.Marshal(map[string]any{"batch": batch})
	l.note(l.sent, who, id)
	for {
		status, retryAfter, answer, err := l.post(body)
		switch {
		case err != nil:
			l.broken.Add(1)
		case status == http.StatusOK:
			l.note(l.acked, who, id)
			return
		case status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable:
			l.complain("%d: %s", status, answer)
			return
		default:
			l.refused.Add(1)
			if seconds, err := strconv.Atoi(retryAfter); err != nil || seconds < 1 {
				l.complain("%d with Retry-After %q", status, retryAfter)
			}
		}
		select {
		case <-l.halt:
			return
		case <-time.After(20 * time.Millisecond): // not Retry-After: the test is in a hurry
		}
	}
}

func (l *load) complain(format string, about ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fmt.Sprintf(format, about...)
}

func (l *load) post(body []byte) (status int, retryAfter string, answer []byte, err error) {
	request, err := http.NewRequest(http.MethodPost, *l.url.Load()+"/v1/batch", strings.NewReader(string(body)))
	if err != nil {
		return 0, "", nil, err
	}
	request.SetBasicAuth(writeKey, "")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, response.Header.Get("Retry-After"), answer, err
}

func (l *load) note(in map[string][]string, who, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	in[who] = append(in[who], id)
}

// acknowledged returns what was acknowledged so far, by shopper.
func (l *load) acknowledged() map[string][]string { return l.copyOf(l.acked) }

func (l *load) copyOf(of map[string][]string) map[string][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string][]string{}
	for who, ids := range of {
		all[who] = append([]string(nil), ids...)
	}
	return all
}

// count returns how many orders were acknowledged so far.
func (l *load) count() (n int) {
	for _, ids := range l.acknowledged() {
		n += len(ids)
	}
	return n
}

// orders returns the orders that stand in a shopper's timeline.
func (p *program) orders(who string) (ids []string, err error) {
	for cursor := ""; ; {
		status, body, err := p.ask(http.MethodGet, "/v1/customers/"+url.PathEscape(who)+"/timeline?limit=500&cursor="+url.QueryEscape(cursor), "")
		if status == http.StatusNotFound && err == nil {
			return nil, nil
		}
		if err != nil || status != http.StatusOK {
			return nil, errors.Join(err, fmt.Errorf("%d: %s", status, body))
		}
		var page struct {
			Events []struct{ MessageID, Event string }
			Next   string
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			if e.Event == "Order Completed" {
				ids = append(ids, e.MessageID)
			}
		}
		if cursor = page.Next; cursor == "" {
			return ids, nil
		}
	}
}

// judge compares what a program holds with what was acknowledged and what was sent at all:
// everything of the first is there, each order once, and nothing that was never sent; and
// what it says of all customers is what their timelines come to.
func (l *load) judge(p *program, acked map[string][]string) {
	l.Helper()
	l.mu.Lock()
	fault := l.fault
	l.mu.Unlock()
	if fault != "" {
		l.Errorf("a request was answered with %s", fault)
	}
	loyal := 0
	for who, sent := range l.copyOf(l.sent) {
		found, err := p.orders(who)
		if err != nil {
			l.Fatal(err)
		}
		there, known := map[string]int{}, map[string]bool{}
		for _, id := range found {
			there[id]++
		}
		for _, id := range sent {
			known[id] = true
		}
		for _, id := range acked[who] {
			if there[id] == 0 {
				l.Errorf("order %s was acknowledged and is lost", id)
			}
		}
		for id, n := range there {
			if n > 1 || !known[id] {
				l.Errorf("order %s is there %d times", id, n)
			}
		}
		if len(found) >= loyalFrom {
			loyal++
		}
	}
	var segment struct {
		Size  int
		State string
	}
	p.must(http.MethodGet, "/v1/segments/loyal", "", &segment)
	if segment.Size != loyal || segment.State != "exact" {
		l.Errorf("the segment has %d members, %s; the timelines come to %d", segment.Size, segment.State, loyal)
	}
}
