package bench

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// load is what sending came to.
type load struct {
	wall      time.Duration
	latencies []time.Duration // of each accepted request, ascending
	waited    int64           // requests that the server asked to send again
	noting    sync.Mutex
}

// add adds what sending more came to.
func (l *load) add(more *load) {
	l.wall, l.waited = l.wall+more.wall, l.waited+more.waited
	l.latencies = append(l.latencies, more.latencies...)
	slices.Sort(l.latencies)
}

// send posts bodies over so many connections, each as fast as it is answered.
func send(ctx context.Context, url string, bodies iter.Seq[[]byte], connections int) (*load, error) {
	c := connect(connections)
	defer c.CloseIdleConnections()
	return sendBy(ctx, c, url, bodies, connections)
}

// sendBy is send by a client that is kept.
func sendBy(ctx context.Context, c *http.Client, url string, bodies iter.Seq[[]byte], connections int) (*load, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next, stop := iter.Pull(bodies)
	defer stop()
	l := new(load)
	var making sync.Mutex
	var wait sync.WaitGroup
	start := time.Now()
	for range connections {
		wait.Go(func() {
			for ctx.Err() == nil {
				making.Lock()
				body, ok := next()
				making.Unlock()
				if !ok {
					return
				}
				took, err := l.post(ctx, c, url, body)
				if err != nil {
					cancel(err)
					return
				}
				l.note(took)
			}
		})
	}
	wait.Wait()
	l.wall = time.Since(start)
	slices.Sort(l.latencies)
	return l, context.Cause(ctx)
}

func connect(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
}

func (l *load) note(took time.Duration) {
	l.noting.Lock()
	defer l.noting.Unlock()
	l.latencies = append(l.latencies, took)
}

// post sends one body until it is accepted and returns how long the accepted
// request took.
func (l *load) post(ctx context.Context, c *http.Client, url string, body []byte) (time.Duration, error) {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/batch", bytes.NewReader(body))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(writeKey+":")))
		start := time.Now()
		res, err := c.Do(req)
		if err != nil {
			return 0, err
		}
		answer, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			return 0, err
		}
		if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable {
			atomic.AddInt64(&l.waited, 1)
			seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
			time.Sleep(time.Duration(max(seconds, 1)) * time.Second)
			continue
		}
		return time.Since(start), accepted(res.StatusCode, answer)
	}
}

// accepted says whether a whole body was taken in.
func accepted(status int, answer []byte) error {
	var said struct {
		Success bool
		Refused []json.RawMessage
	}
	if err := json.Unmarshal(answer, &said); err != nil || status != http.StatusOK || !said.Success || len(said.Refused) > 0 {
		return fmt.Errorf("the server answered %d: %.300s", status, answer)
	}
	return nil
}

// figures returns the latencies as they are reported.
func (l *load) figures() Latencies {
	return Latencies{Requests: len(l.latencies), Median: l.at(0.5), P99: l.at(0.99), Worst: l.at(1)}
}

// at returns the latency that so large a part of the requests did not exceed.
func (l *load) at(part float64) float64 {
	if len(l.latencies) == 0 {
		return 0
	}
	i := min(int(part*float64(len(l.latencies))), len(l.latencies)-1)
	return float64(l.latencies[i].Microseconds()) / 1000
}
