package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/internal/npm"
)

const sdkEvents = 10_000

// sent is what the client says became of its events.
type sent struct {
	Events, Delivered, Failed, Requests, Retries int
	Statuses                                     map[string]int
	Errors                                       map[string]int
}

// sdk finds Segment's client, and installs it if that was not done yet.
func sdk(t *testing.T) (folder string) {
	t.Helper()
	folder = filepath.Join("..", "test", "segment-sdk")
	npm.Install(t, folder)
	return folder
}

// send has the client send its events to a server.
func send(t *testing.T, folder, url string) (got sent) {
	t.Helper()
	var out, complaints bytes.Buffer
	client := exec.CommandContext(t.Context(), "node", "send.js")
	client.Dir = folder
	client.Env = append(os.Environ(), "RAPPORT_URL="+url, "RAPPORT_WRITE_KEY="+writeKey)
	client.Stdout, client.Stderr = &out, &complaints
	if err := client.Run(); err != nil {
		t.Fatalf("the client: %v\n%s", err, &complaints)
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%s: %v", &out, err)
	}
	return got
}

// TestSegmentSDK: Segment's official client for node, unchanged, gets each of
// its events in, once.
func TestSegmentSDK(t *testing.T) {
	t.Parallel()
	folder := sdk(t)
	var to ledger
	server := httptest.NewServer(newCollect(&to, io.Discard))
	defer server.Close()
	got := send(t, folder, server.URL)
	want := sent{Events: sdkEvents, Delivered: sdkEvents, Requests: sdkEvents / 100, Statuses: map[string]int{"200": sdkEvents / 100}, Errors: map[string]int{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the client says (-want +got):\n%s", diff)
	}
	checkEachOnce(t, &to)
	if to.admitted != sdkEvents {
		t.Errorf("%d events were admitted", to.admitted)
	}
}

// TestSegmentSDKRetries: the same when connections break before and after the
// events were admitted, and when there is too much or the server is not ready.
func TestSegmentSDKRetries(t *testing.T) {
	t.Parallel()
	folder := sdk(t)
	front := newFaultyFront()
	server := httptest.NewServer(front)
	defer server.Close()
	got := send(t, folder, server.URL)
	if got.Delivered != sdkEvents || got.Failed != 0 {
		t.Errorf("the client says %+v", got)
	}
	checkEachOnce(t, &front.to)
	if front.to.admitted <= sdkEvents {
		t.Error("no event came twice, so nothing was tried")
	}
	if got.Statuses["429"] == 0 || got.Statuses["503"] == 0 || got.Retries < 70 {
		t.Errorf("the faults did not reach the client: %+v", got)
	}
	t.Logf("%d events admitted, %d of them again; the client says %+v", front.to.admitted, front.to.admitted-sdkEvents, got)
}

// faultyFront is a server of which four first attempts in five go wrong, each in
// another way, and one retry in ten.
type faultyFront struct {
	to                      ledger
	fine, exhausted, absent http.Handler
	firstAttempts, retries  atomic.Int64
}

func newFaultyFront() *faultyFront {
	f := &faultyFront{}
	f.fine = newCollect(&f.to, io.Discard)
	f.exhausted = newCollect(&ledger{err: rapport.Errorf(rapport.Exhausted, "Too much at once.")}, io.Discard)
	f.absent = newCollect(&ledger{err: rapport.Errorf(rapport.Unavailable, "Not now.")}, io.Discard)
	return f
}

func (f *faultyFront) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Retry-Count") != "" {
		if f.retries.Add(1)%10 == 0 {
			f.admitAndBreak(r)
		}
		f.fine.ServeHTTP(w, r)
		return
	}
	switch f.firstAttempts.Add(1) % 5 {
	case 0:
		panic(http.ErrAbortHandler) // which breaks the connection
	case 1:
		f.admitAndBreak(r)
	case 2:
		f.exhausted.ServeHTTP(w, r)
	case 3:
		f.absent.ServeHTTP(w, r)
	default:
		f.fine.ServeHTTP(w, r)
	}
}

func (f *faultyFront) admitAndBreak(r *http.Request) {
	f.fine.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// checkEachOnce finds each of the client's events among those that were admitted.
func checkEachOnce(t *testing.T, to *ledger) {
	t.Helper()
	types := map[string]int{}
	numbers := make([]int, sdkEvents)
	for _, e := range to.events {
		var context struct{ N *int }
		if err := json.Unmarshal(e.Context, &context); err != nil || context.N == nil {
			t.Fatalf("the context %s: %v", e.Context, err)
		}
		numbers[*context.N]++
		types[e.Type.String()]++
	}
	for n, times := range numbers {
		if times != 1 {
			t.Fatalf("event %d came in %d times", n, times)
		}
	}
	tenth := sdkEvents / 20
	want := map[string]int{"identify": tenth, "page": tenth, "screen": tenth, "group": tenth, "alias": tenth, "track": 15 * tenth}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("types (-want +got):\n%s", diff)
	}
}
