package api

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"rapport"
	"rapport/collect"
)

// Admitter takes events in.
type Admitter interface {
	// Admit returns nil once the events are durable, and takes none otherwise as
	// far as the sender is concerned: one that is sent again under the same
	// message id counts once. It may keep the events. An error of kind
	// [rapport.Exhausted] or [rapport.Unavailable] asks the sender to try again.
	Admit(ctx context.Context, events []rapport.Event) error
}

// Collect serves Segment's HTTP Tracking API, as official clients call it:
//
//   - A call is answered with 200 only when its events are durable. What is
//     refused of a batch stands in the answer; the rest is taken in.
//   - A single call that is refused is answered with 400, as is a body that is
//     not JSON; a body over 4 MB, unpacked, with 413. Clients drop what is
//     answered so, and so nothing else is: what may succeed later is answered
//     with 429 or 503 and Retry-After, or with 500.
//   - The write key comes as the user of Basic authentication, as a Bearer token
//     or, as phones and browsers do it, as "writeKey" in the body, where the
//     request's own or its first item's counts.
//   - What bodies take of the memory is bounded, however many are sent at once and
//     however slowly: see Held.
//   - Any web page may call it, without credentials of the browser's.
//
// # How clients retry
//
// As of @segment/analytics-node 3.1.0: 2xx and 3xx are success. 400 and 413 and
// every other 4xx but 408, 410, 429 and 460 drop the batch at once. 429 with
// Retry-After holds back all batches for that time (1 s at least, 300 s at most)
// without counting as a retry. Other failures (dropped connections, 5xx but 501,
// 505 and 511, no answer within 10 s) count: ten retries, each after a random
// 0.5 to 1 s times 2 to the power of the retry's number, 60 s at most;
// Retry-After of a 503 is not looked at. Its own check of 32 KB an event lets
// larger ones pass, so they do arrive here. @segment/analytics-next 1.84.3, in
// browsers, is alike but for heeding Retry-After of every status that it retries,
// and marks retries with an X-Retry-Count header, which preflights must allow.
type Collect struct {
	to    Admitter
	keys  [][sha256.Size]byte // hashes, so that comparing takes the same time for keys of any length
	clock func() rapport.Instant
	newID func() string
	log   *slog.Logger

	// OnRefused, if set before the first call, is told which events of a call were
	// refused for good, and how many besides.
	OnRefused func(refused []collect.Remark, unlisted int)

	// Held is how many bytes of bodies, beyond the first 64 KB of each, may be in
	// memory at once; what comes above is answered with 429. 64 MB unless set before
	// the first call.
	Held int64

	room    *room
	buffers sync.Pool // of *bytes.Buffer, for bodies while they are read and parsed
	gunzips sync.Pool // of *gzip.Reader
}

// NewCollect returns a Collect that hands events to an Admitter. It accepts the
// given write keys; clock tells the time of receipt, newID makes a text that is
// new each time.
func NewCollect(to Admitter, writeKeys []string, clock func() rapport.Instant, newID func() string, log *slog.Logger) *Collect {
	c := &Collect{to: to, clock: clock, newID: newID, log: log, Held: allHeld, room: newRoom()}
	for _, key := range writeKeys {
		if key != "" {
			c.keys = append(c.keys, sha256.Sum256([]byte(key)))
		}
	}
	c.buffers.New = func() any { return new(bytes.Buffer) }
	c.gunzips.New = func() any { return new(gzip.Reader) }
	return c
}

// metricsCall is where browsers report on their client itself. It is answered
// and not looked at.
const metricsCall = "m"

// Mount registers every path of the API.
func (c *Collect) Mount(mux *http.ServeMux) {
	for _, name := range append(collect.CallNames(), metricsCall) {
		mux.Handle("/v1/"+name, c)
		mux.Handle("/v1/"+name+"/{$}", c)
	}
}

// ServeHTTP serves one call, which the last part of the path names.
func (c *Collect) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	allowAnyPage(w.Header())
	name := path.Base(r.URL.Path)
	call, known := collect.ParseCall(name)
	switch {
	case !known && name != metricsCall:
		writeStatus(w, http.StatusNotFound, "There is no such call. The calls are identify, track, page, screen, group, alias and batch.", "")
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "POST, OPTIONS")
		writeStatus(w, http.StatusMethodNotAllowed, "Events are sent with POST.", "")
	case name == metricsCall:
		writeBody(w, http.StatusOK, "application/json", []byte(`{"success":true}`))
	default:
		c.serve(w, r, call)
	}
}

func allowAnyPage(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding, X-Retry-Count")
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	h.Set("Access-Control-Max-Age", "86400")
}

func (c *Collect) serve(w http.ResponseWriter, r *http.Request, call rapport.EventType) {
	result, err := c.take(w, r, call)
	if err == nil {
		writeBody(w, http.StatusOK, "application/json", appendResult(nil, &result))
		return
	}
	kind := rapport.KindOf(err)
	if kind == rapport.Internal && r.Context().Err() == nil {
		c.log.ErrorContext(r.Context(), "events were not admitted", "error", err)
	}
	if kind == rapport.Unauthorised {
		// Not Basic, though it is accepted: browsers would ask people for a password.
		w.Header().Set("WWW-Authenticate", `Bearer realm="collect"`)
	}
	writeProblem(w, err)
}

// take reads a call and admits its events.
func (c *Collect) take(w http.ResponseWriter, r *http.Request, call rapport.EventType) (collect.Result, error) {
	key, given := headerKey(r)
	if given && !c.accepts(key) {
		return collect.Result{}, errUnknownKey
	}
	held := &share{room: c.room, limit: c.Held, free: freeBody}
	defer held.giveBack()
	result, err := c.parse(w, r, call, held)
	if err != nil {
		return collect.Result{}, err
	}
	if !given && !c.accepts(result.WriteKey) {
		return collect.Result{}, errUnknownKey
	}
	if len(result.Refused)+result.Unlisted > 0 && c.OnRefused != nil {
		c.OnRefused(result.Refused, result.Unlisted)
	}
	if call != collect.Batch && len(result.Refused) > 0 {
		why := result.Refused[0]
		return collect.Result{}, &rapport.Error{Kind: rapport.Invalid, Code: why.Code, Message: why.Detail}
	}
	if len(result.Events) == 0 {
		return result, nil
	}
	return result, c.to.Admit(r.Context(), result.Events)
}

var errUnknownKey = &rapport.Error{
	Kind: rapport.Unauthorised, Code: "write_key_unknown",
	Message: `There is no write key, or an unknown one. Send it as the user of Basic authentication, or as "writeKey" in the body.`,
}

// headerKey returns the write key of the Authorization header, and whether there
// is such a header.
func headerKey(r *http.Request) (key string, given bool) {
	header := r.Header.Get("Authorization")
	if user, _, ok := r.BasicAuth(); ok {
		return user, true
	}
	if scheme, token, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token), true
	}
	return "", header != ""
}

// accepts reports whether a write key is one of ours, in the same time whatever it is.
func (c *Collect) accepts(key string) bool {
	sum := sha256.Sum256([]byte(key))
	found := 0
	for i := range c.keys {
		found |= subtle.ConstantTimeCompare(sum[:], c.keys[i][:])
	}
	return found == 1
}

// maxKept is the largest buffer that is kept for another body.
const maxKept = 1 << 20

// parse reads the body into a buffer that is used again afterwards: what the
// events need of it, Parse has copied.
func (c *Collect) parse(w http.ResponseWriter, r *http.Request, call rapport.EventType, held *share) (result collect.Result, err error) {
	buffer := c.buffers.Get().(*bytes.Buffer)
	defer func() {
		if buffer.Cap() <= maxKept {
			c.buffers.Put(buffer)
		}
	}()
	buffer.Reset()
	if err := c.read(buffer, w, r, held); err != nil {
		return collect.Result{}, err
	}
	meta := collect.Meta{ReceivedAt: c.clock(), RequestID: c.newID()}
	gone := c.room.parse(r.Context(), func() { result, err = collect.Parse(call, buffer.Bytes(), meta) })
	return result, cmp.Or(gone, err)
}

var errTooLarge = &rapport.Error{
	Kind: rapport.TooLarge, Code: "body_too_large",
	Message: "The body is larger than 4 MB. Send fewer events at once.",
}

// read reads the body, unpacked, no more of it than is allowed.
func (c *Collect) read(buffer *bytes.Buffer, w http.ResponseWriter, r *http.Request, held *share) error {
	if r.ContentLength > collect.MaxBody {
		return errTooLarge
	}
	buffer.Grow(int(min(max(r.ContentLength, 0), 64<<10)) + bytes.MinRead) // a length is only a promise
	body := &bodyReader{r: http.MaxBytesReader(w, r.Body, collect.MaxBody)}
	var err error
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
		_, err = buffer.ReadFrom(weighed{body, held})
	case "gzip", "x-gzip":
		err = c.gunzip(buffer, body, held)
	default:
		return &rapport.Error{
			Kind: rapport.Invalid, Code: "encoding_unknown",
			Message: "The body's Content-Encoding is neither gzip nor identity.",
		}
	}
	var over *http.MaxBytesError
	switch {
	case err == errNoRoom:
		return err
	case errors.As(err, &over) || buffer.Len() > collect.MaxBody:
		return errTooLarge
	case body.err != nil: // no fault of what was sent: a retry may mend it
		return &rapport.Error{Kind: rapport.Unavailable, Code: "body_incomplete", Message: "The body did not arrive whole.", Err: err}
	case err != nil:
		return &rapport.Error{Kind: rapport.Invalid, Code: "gzip_invalid", Message: "The body is not whole gzip, though its Content-Encoding says so.", Err: err}
	}
	return nil
}

// gunzip unpacks a body, one byte more of it than is allowed.
func (c *Collect) gunzip(buffer *bytes.Buffer, body io.Reader, held *share) error {
	packed := c.gunzips.Get().(*gzip.Reader)
	defer c.gunzips.Put(packed)
	if err := packed.Reset(body); err != nil {
		return err
	}
	_, err := buffer.ReadFrom(weighed{io.LimitReader(packed, collect.MaxBody+1), held})
	return err
}

// bodyReader remembers the error by which reading a body failed, to tell it
// from a fault in what was read.
type bodyReader struct {
	r   io.Reader
	err error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// appendResult appends the answer to a call that was taken in.
func appendResult(b []byte, result *collect.Result) []byte {
	b = append(b, `{"success":true`...)
	b = appendRemarks(b, "refused", result.Refused)
	if result.Unlisted > 0 {
		b = strconv.AppendInt(append(b, `,"refusedBesides":`...), int64(result.Unlisted), 10)
	}
	return append(appendRemarks(b, "noted", result.Noted), '}')
}

func appendRemarks(b []byte, name string, remarks []collect.Remark) []byte {
	if len(remarks) == 0 {
		return b
	}
	b = append(rapport.AppendQuoted(append(b, ','), name), ':', '[')
	for i, r := range remarks {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"index":`...), int64(r.Index), 10)
		if r.MessageID != "" {
			b = rapport.AppendQuoted(append(b, `,"messageId":`...), r.MessageID)
		}
		b = rapport.AppendQuoted(append(b, `,"code":`...), r.Code)
		b = rapport.AppendQuoted(append(b, `,"detail":`...), r.Detail)
		b = append(b, '}')
	}
	return append(b, ']')
}
