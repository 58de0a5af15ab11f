package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"rapport"
	"rapport/store"
)

// settings is where answers are kept.
type settings interface {
	Setting(ctx context.Context, name string) ([]byte, error)
	PutSettings(ctx context.Context, settings []store.Setting) error
}

// How long answers to writes that carry an Idempotency-Key are kept, and the
// header they carry when they are given again.
const (
	answersKept  = 7 * 24 * time.Hour
	maxKeyLength = 255
	replayed     = "Idempotency-Replayed"
)

// idempotency answers a write that is sent again under the same key with what it
// was answered with before. An answer is kept once its work is committed, and so
// survives restarts; if the program dies between the two, the write is done again.
// What was refused for the moment (401, 403, 429 and 5xx) is not kept.
type idempotency struct {
	settings settings
	now      func() rapport.Instant
	log      *slog.Logger

	mu    sync.Mutex
	under map[string]bool // keys of writes under way
}

func newIdempotency(s settings, now func() rapport.Instant, log *slog.Logger) *idempotency {
	return &idempotency{settings: s, now: now, log: log, under: map[string]bool{}}
}

// kept is one answer.
type kept struct {
	Key     string          `json:"key"`     // hash of the Idempotency-Key
	Request string          `json:"request"` // hash of method, address and body
	At      rapport.Instant `json:"at"`
	Status  int             `json:"status"`
	Type    string          `json:"type"`
	Body    []byte          `json:"body"`
}

// guard keeps answers of the writes of a handler.
func (i *idempotency) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "" || r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		if err := i.once(w, r, key, next); err != nil {
			writeProblem(w, err)
		}
	})
}

// once serves a write that has a key. An error is what to answer instead.
func (i *idempotency) once(w http.ResponseWriter, r *http.Request, key string, next http.Handler) error {
	if len(key) > maxKeyLength {
		return rapport.Errorf(rapport.Invalid, "The Idempotency-Key is longer than %d characters.", maxKeyLength)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxDocuments))
	if over := (*http.MaxBytesError)(nil); errors.As(err, &over) {
		return &rapport.Error{Kind: rapport.TooLarge, Code: "body_too_large", Message: "The body is larger than any address takes."}
	}
	if err != nil {
		return &rapport.Error{Kind: rapport.Unavailable, Code: "body_incomplete", Message: "The body did not arrive whole.", Err: err}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	hash := hashOf(key)
	if !i.begin(hash) {
		return &rapport.Error{Kind: rapport.Conflict, Code: "idempotency_key_in_use", Message: "A request with this Idempotency-Key is still under way. Wait for its answer."}
	}
	defer i.end(hash)
	request := hashOf(r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body))
	before, err := i.find(r.Context(), hash)
	switch {
	case err != nil:
		return err
	case before != nil && before.Request != request:
		return newProblem(http.StatusUnprocessableEntity, "This Idempotency-Key was used for another request. Use a new key for each.", "idempotency_key_reused")
	case before != nil:
		w.Header().Set(replayed, "true")
		writeBody(w, before.Status, before.Type, before.Body)
		return nil
	}
	out := &recording{ResponseWriter: w}
	next.ServeHTTP(out, r)
	if !worthKeeping(out.status) {
		return nil
	}
	made := kept{hash, request, i.now(), out.status, w.Header().Get("Content-Type"), out.body.Bytes()}
	if err := i.keep(context.WithoutCancel(r.Context()), made); err != nil {
		i.log.ErrorContext(r.Context(), "an answer was not kept for its Idempotency-Key", "error", err) // but given
	}
	return nil
}

func worthKeeping(status int) bool {
	return status > 0 && status < 500 && !slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests}, status)
}

func hashOf(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (i *idempotency) begin(key string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.under[key] {
		return false
	}
	i.under[key] = true
	return true
}

func (i *idempotency) end(key string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.under, key)
}

// slot is the setting that holds an answer, along with others whose keys begin
// alike: so what is out of date is found and dropped without a list of all keys.
func slot(key string) string { return "idempotency/" + key[:3] }

// load returns the answers of a slot that are still to be kept.
func (i *idempotency) load(ctx context.Context, key string) ([]kept, error) {
	data, err := i.settings.Setting(ctx, slot(key))
	if err != nil || data == nil {
		return nil, err
	}
	var list []kept
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, &rapport.Error{Kind: rapport.Internal, Message: "The kept answers cannot be read.", Err: err}
	}
	oldest := i.now().Add(-answersKept)
	return slices.DeleteFunc(list, func(k kept) bool { return k.At < oldest }), nil
}

func (i *idempotency) find(ctx context.Context, key string) (*kept, error) {
	list, err := i.load(ctx, key)
	if at := slices.IndexFunc(list, func(k kept) bool { return k.Key == key }); err == nil && at >= 0 {
		return &list[at], nil
	}
	return nil, err
}

func (i *idempotency) keep(ctx context.Context, k kept) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	list, err := i.load(ctx, k.Key)
	if err != nil {
		return err
	}
	data, err := json.Marshal(append(list, k))
	if err != nil {
		return err
	}
	return i.settings.PutSettings(ctx, []store.Setting{{Name: slot(k.Key), Data: data}})
}

// recording keeps a copy of an answer.
type recording struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader keeps the status.
func (r *recording) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write keeps what is written.
func (r *recording) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recording) Unwrap() http.ResponseWriter { return r.ResponseWriter }
