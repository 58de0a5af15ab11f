package bench

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
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
}

// send posts bodies over so many connections, each as fast as it is answered.
func send(ctx context.Context, url string, bodies [][]byte, connections int) (*load, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	l := &load{latencies: make([]time.Duration, len(bodies))}
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wait sync.WaitGroup
	start := time.Now()
	for range connections {
		wait.Go(func() {
			c := &http.Client{Transport: transport}
			for i := next.Add(1) - 1; int(i) < len(bodies) && ctx.Err() == nil; i = next.Add(1) - 1 {
				took, err := l.post(ctx, c, url, bodies[i])
				if err != nil {
					failed.CompareAndSwap(nil, &err)
					cancel()
					return
				}
				l.latencies[i] = took
			}
		})
	}
	wait.Wait()
	l.wall = time.Since(start)
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	slices.Sort(l.latencies)
	return l, ctx.Err()
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

// at returns the latency that so large a part of the requests did not exceed.
func (l *load) at(part float64) float64 {
	if len(l.latencies) == 0 {
		return 0
	}
	i := min(int(part*float64(len(l.latencies))), len(l.latencies)-1)
	return float64(l.latencies[i].Microseconds()) / 1000
}
