package api_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"rapport"
	"rapport/api"
)

// ring keeps a world's added keys: the key of mai is key-of-mai.
type ring struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (r *ring) named(key string) (string, bool) {
	if key == adminKey {
		return "admin", true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	name := strings.TrimPrefix(key, "key-of-")
	return name, name != key && r.keys[name]
}

func (r *ring) Keys() (keys []api.Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(r.keys)) {
		keys = append(keys, api.Key{Name: name})
	}
	return keys
}

func (r *ring) AddKey(_ context.Context, name string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil {
		r.keys = map[string]bool{}
	}
	r.keys[name] = true
	return "key-of-" + name, nil
}

func (r *ring) RemoveKey(_ context.Context, name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.keys[name] {
		return rapport.Errorf(rapport.NotFound, "There is no key %q.", name)
	}
	delete(r.keys, name)
	return nil
}

const oneSegment = "kind: segment\nname: all\nwhere: 'true'\n"

// TestVersionsTellKeyAndAuthorApart: whoever holds a key can say that he is anybody, and
// what is recorded of him is the key's name.
func TestVersionsTellKeyAndAuthorApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.call("POST", "/v1/keys", `{"name": "mai"}`)
	for _, change := range [][4]string{
		{"POST", "/v1/apply", oneSegment, "Mai Nguyễn"},
		{"PUT", "/v1/documents/segment/some", `{"where": "customer.age > 1"}`, " admin "},
		{"POST", "/v1/rename", `{"kind": "segment", "name": "some", "to": "others"}`, ""},
		{"POST", "/v1/rollback", `{}`, "Ben"},
		{"DELETE", "/v1/documents/segment/some", "", "Ben"},
	} {
		headers := []string{"Authorization", "Bearer key-of-mai"}
		if change[3] != "" {
			headers = append(headers, "Rapport-Author", change[3])
		}
		if answer := w.call(change[0], change[1], change[2], headers...); answer.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", change[1], answer.Code, answer.Body)
		}
	}
	got, err := w.store.Versions(t.Context(), 10)
	if err != nil || len(got) != 5 {
		t.Fatal(got, err)
	}
	for i, want := range []string{"Ben", "Ben", "", "admin", "Mai Nguyễn"} {
		if got[i].Key != "mai" || got[i].Author != want {
			t.Errorf("version %d is by %q, and says %q, not %q", got[i].Number, got[i].Key, got[i].Author, want)
		}
	}
	if answer := w.call("GET", "/v1/versions/1", ""); !strings.Contains(answer.Body.String(), `"key":"mai","author":"Mai Nguyễn"`) {
		t.Errorf("%s", answer.Body)
	}
}

func TestAuthorsAreText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for _, author := range []string{"Ann\xff", "Ann\x1b[31m", strings.Repeat("ä", 101)} {
		if answer := w.call("POST", "/v1/apply", oneSegment, "Rapport-Author", author); answer.Code != http.StatusBadRequest {
			t.Errorf("%q: %d", author, answer.Code)
		}
	}
	// What is said in a body of files is bounded as what is said in the address is.
	if answer := w.call("POST", "/v1/apply", `{"files": [], "note": "`+strings.Repeat("x", 501)+`"}`); answer.Code != http.StatusBadRequest {
		t.Errorf("a long note: %d", answer.Code)
	}
	if answer := w.call("POST", "/v1/apply", oneSegment, "Rapport-Author", strings.Repeat("ä", 100)); answer.Code != http.StatusOK {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
}

// TestKeysAreNotTold: the answer that tells a key is the only one that does, also where
// answers are kept.
func TestKeysAreNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for range 2 { // the second is no repeat of the first
		answer := w.call("POST", "/v1/keys", `{"name": "mai"}`, "Idempotency-Key", "again")
		if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), "key-of-mai") || answer.Header().Get("Idempotency-Replayed") != "" {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
	}
	if body := w.call("GET", "/v1/keys", "").Body.String(); !strings.Contains(body, `"mai"`) || strings.Contains(body, "key-of-mai") {
		t.Error(body)
	}
	if answer := w.call("GET", "/v1/keys", "", "Authorization", "Bearer key-of-mai"); answer.Code != http.StatusOK {
		t.Errorf("with it: %d", answer.Code)
	}
	if answer := w.call("DELETE", "/v1/keys/mai", ""); answer.Code != http.StatusNoContent {
		t.Fatal(answer.Code)
	}
	if answer := w.call("GET", "/v1/keys", "", "Authorization", "Bearer key-of-mai"); answer.Code != http.StatusUnauthorized {
		t.Errorf("once it is gone: %d", answer.Code)
	}
}
