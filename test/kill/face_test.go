package kill_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// get reads an answer of the program's.
func (r *running) get(ctx context.Context, path string, into any) error {
	found, err := r.call(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(found, into)
}

// pages reads a list to its end; page is called with each page and returns the
// next one's cursor.
func (r *running) pages(ctx context.Context, path string, page func([]byte) (next string, err error)) error {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for cursor := ""; ; {
		found, err := r.call(ctx, http.MethodGet, path+separator+"limit=500&cursor="+url.QueryEscape(cursor), "", nil)
		if err != nil {
			return err
		}
		if cursor, err = page(found); err != nil || cursor == "" {
			return err
		}
	}
}

// profile reads what the program knows of a shopper; found is false if it does
// not know her.
func (r *running) profile(ctx context.Context, name, device string) (p profile, found bool, err error) {
	var told struct {
		ID          string
		EventsCount int
		Segments    []struct{ Name string }
	}
	path := "/v1/customers/" + url.PathEscape(name)
	if err := r.get(ctx, path, &told); err != nil {
		if strings.Contains(err.Error(), "404") {
			err = nil
		}
		return p, false, err
	}
	p.id, p.events = told.ID, told.EventsCount
	for _, s := range told.Segments {
		p.segments = append(p.segments, s.Name)
	}
	if device != "" {
		if err := r.get(ctx, "/v1/customers/"+url.PathEscape(device), &told); err != nil {
			return p, false, err
		}
		p.device = told.ID
	}
	p.timeline, err = r.timeline(ctx, path)
	return p, true, err
}

func (r *running) timeline(ctx context.Context, path string) (events []seen, err error) {
	err = r.pages(ctx, path+"/timeline", func(page []byte) (string, error) {
		var told struct {
			Next   string
			Events []struct {
				MessageID, Event, Type string
				Timestamp, ReceivedAt  time.Time
				Properties             struct{ Segment string }
			}
		}
		err := json.Unmarshal(page, &told)
		for _, e := range told.Events {
			events = append(events, seen{
				id: e.MessageID, name: e.Event, kind: e.Type, segment: e.Properties.Segment,
				at: e.Timestamp.UnixMilli(), received: e.ReceivedAt.UnixMilli(),
			})
		}
		return told.Next, err
	})
	return events, err
}

// messages reads all messages.
func (r *running) messages(ctx context.Context) (messages []message, err error) {
	err = r.pages(ctx, "/v1/messages", func(page []byte) (string, error) {
		var told struct {
			Next     string
			Messages []struct {
				ID, Journey, Class, Status, Reason, Subject string
				CreatedAt                                   time.Time
			}
		}
		err := json.Unmarshal(page, &told)
		for _, m := range told.Messages {
			messages = append(messages, message{
				id: m.ID, journey: m.Journey, class: m.Class, status: m.Status, reason: m.Reason, subject: m.Subject,
				created: m.CreatedAt.UnixMilli(),
			})
		}
		return told.Next, err
	})
	return messages, err
}

// pending returns how many messages are not at their end.
func (r *running) pending(ctx context.Context) (n int, err error) {
	for _, status := range []string{"waiting", "claimed", "attempting"} {
		var told struct{ Messages []struct{} }
		if err := r.get(ctx, "/v1/messages?limit=500&status="+status, &told); err != nil {
			return 0, err
		}
		n += len(told.Messages)
	}
	return n, nil
}

// sizes reads how many there are in each segment, and of customers in all.
func (r *running) sizes(ctx context.Context) (sizes map[string]int, customers int, err error) {
	var told struct {
		Segments []struct {
			Name, State string
			Size        int
		}
	}
	if err := r.get(ctx, "/v1/segments?limit=500", &told); err != nil {
		return nil, 0, err
	}
	sizes = map[string]int{}
	for _, s := range told.Segments {
		if s.State != "exact" {
			return nil, 0, fmt.Errorf("the size of segment %s is still %s", s.Name, s.State)
		}
		sizes[s.Name] = s.Size
	}
	err = r.pages(ctx, "/v1/customers", func(page []byte) (string, error) {
		var told struct {
			Next      string
			Customers []struct{}
		}
		err := json.Unmarshal(page, &told)
		customers += len(told.Customers)
		return told.Next, err
	})
	return sizes, customers, err
}

// profiles reads what the program knows of all shoppers.
func (r *running) profiles(ctx context.Context, shoppers map[string]shopper) (map[string]profile, error) {
	names := make(chan string)
	go func() {
		defer close(names)
		for name := range shoppers {
			names <- name
		}
	}()
	var mu sync.Mutex
	var work sync.WaitGroup
	var failed error
	profiles := map[string]profile{}
	for range 4 {
		work.Go(func() {
			for name := range names {
				p, found, err := r.profile(ctx, name, shoppers[name].device)
				mu.Lock()
				if failed = errors.Join(failed, err); found {
					profiles[name] = p
				}
				mu.Unlock()
			}
		})
	}
	work.Wait()
	return profiles, failed
}
