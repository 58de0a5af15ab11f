package webhook_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rapport"
	"rapport/channel"
	"rapport/channel/channeltest"
	"rapport/channel/webhook"
)

// machine is the far side: it takes what it is sent, unless it is told to answer otherwise.
type machine struct {
	mu      sync.Mutex
	reached []string
	heads   []http.Header
	address string
	listen  net.Listener
	server  *http.Server
	answer  http.HandlerFunc // nil: takes it and answers {"ok":true}
}

func newMachine(t *testing.T, answer http.HandlerFunc) *machine {
	m := &machine{address: "127.0.0.1:0", answer: answer}
	m.down(t, false)
	t.Cleanup(func() { m.down(t, true) })
	return m
}

// down stops the machine, or starts it again at the same address.
func (m *machine) down(t *testing.T, stop bool) {
	if stop {
		m.listen.Close() // the server may not have come to know it yet
		m.server.Close()
		return
	}
	var err error
	if m.listen, err = net.Listen("tcp", m.address); err != nil {
		t.Fatal(err)
	}
	m.address, m.server = m.listen.Addr().String(), &http.Server{Handler: http.HandlerFunc(m.serve)}
	go m.server.Serve(m.listen)
}

func (m *machine) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var said struct{ To string }
	_ = json.Unmarshal(body, &said)
	m.mu.Lock()
	m.heads = append(m.heads, r.Header)
	if m.answer == nil {
		m.reached = append(m.reached, said.To)
	}
	m.mu.Unlock()
	if m.answer != nil {
		m.answer(w, r)
		return
	}
	io.WriteString(w, `{"ok":true}`)
}

func (m *machine) taken() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.reached)
}

// delivery is a call of the machine.
func (m *machine) delivery(body string) rapport.Delivery {
	return rapport.Delivery{
		Message: rapport.MessageID{1}, Channel: rapport.Webhook, Content: rapport.Content{Text: body},
		Call: &rapport.Call{URL: "http://" + m.address + "/score?key=SECRETKEY", Method: http.MethodPost, Timeout: 10 * time.Second},
	}
}

// caller makes calls of what channeltest would send.
type caller struct {
	channel.Provider
	machine *machine
}

func (c caller) Deliver(ctx context.Context, batch []rapport.Delivery) []rapport.Outcome {
	calls := slices.Clone(batch)
	for i := range calls {
		body, _ := json.Marshal(map[string]string{"to": calls[i].To})
		d := c.machine.delivery(string(body))
		calls[i].Content, calls[i].Call = d.Content, d.Call
	}
	return c.Provider.Deliver(ctx, calls)
}

func noSecrets(string) (string, bool) { return "", false }

func newProvider(secrets map[string]string) *webhook.Provider {
	return webhook.New(webhook.Config{
		AllowPrivate: true, Patience: time.Hour, Now: func() time.Time { return time.Unix(1_790_000_000, 0) },
		Secrets: func(name string) (string, bool) { v, ok := secrets[name]; return v, ok },
	})
}

func TestProvider(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Subject {
		m := newMachine(t, nil)
		p := webhook.New(webhook.Config{AllowPrivate: true, Patience: time.Hour, Secrets: noSecrets})
		t.Cleanup(func() { p.Close(context.Background()) })
		return channeltest.Subject{Provider: caller{p, m}, Reached: m.taken, Down: func(stop bool) { m.down(t, stop) }, Apart: true}
	})
}

// TestAnswers: what each way of answering comes to.
func TestAnswers(t *testing.T) {
	t.Parallel()
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if len(header) == 2 {
				w.Header().Set(header[0], header[1])
			}
			w.WriteHeader(code)
		}
	}
	says := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
	}
	hijacked := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			io.WriteString(conn, answer)
			conn.Close()
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   rapport.OutcomeKind
		reason string
		body   string
		after  int64 // seconds until it may be made again
	}{
		"json":          {says(`{"tier":"gold"}`), rapport.Accepted, "", `{"tier":"gold"}`, 0},
		"no content":    {status(204), rapport.Accepted, "", "", 0},
		"huge":          {says(strings.Repeat("x", webhook.MaxAnswer+1)), rapport.Accepted, "", "", 0},
		"just fits":     {says(strings.Repeat("x", webhook.MaxAnswer)), rapport.Accepted, "", strings.Repeat("x", webhook.MaxAnswer), 0},
		"not found":     {status(404), rapport.Refused, "the answer was 404", "", 0},
		"broken":        {status(500), rapport.Retry, "the answer was 500", "", 0},
		"too many":      {status(429, "Retry-After", "90"), rapport.Retry, "the answer was 429", "", 90},
		"busy":          {status(503, "Retry-After", "Mon, 21 Sep 2026 14:33:20 GMT"), rapport.Retry, "the answer was 503", "", 1200},
		"busy for ever": {status(503, "Retry-After", "99999999"), rapport.Retry, "the answer was 503", "", 86400},
		"past":          {status(503, "Retry-After", "Mon, 21 Sep 2020 14:33:20 GMT"), rapport.Retry, "the answer was 503", "", 0},
		"elsewhere":     {status(307, "Location", "http://127.0.0.1:1/"), rapport.Refused, "the answer was 307: it sends the call elsewhere, which is not followed", "", 0},
		"reset":         {hijacked(""), rapport.Vague, "the connection broke before there was an answer", "", 0},
		"lying":         {hijacked("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"), rapport.Vague, "the answer broke off", "", 0},
		"no HTTP":       {hijacked("hello\r\n\r\n"), rapport.Vague, "the connection broke before there was an answer", "", 0},
		"endless head":  {hijacked("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20)), rapport.Vague, "the connection broke before there was an answer", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, c.answer)
			o := newProvider(nil).Deliver(t.Context(), []rapport.Delivery{m.delivery(`{}`)})[0]
			if o.Kind != c.kind || o.Reason != c.reason {
				t.Errorf("it is %d, %q, not %d, %q", o.Kind, o.Reason, c.kind, c.reason)
			}
			if o.Answer != nil && string(o.Answer.Body) != c.body || o.Answer == nil && c.body != "" {
				t.Errorf("the answer is %v, not %.100q", o.Answer, c.body)
			}
			if after := (int64(o.RetryAt) - 1_790_000_000_000) / 1000; c.after > 0 && after != c.after || c.after == 0 && o.RetryAt != 0 {
				t.Errorf("it may be made again after %d s, not %d", after, c.after)
			}
		})
	}
}

// TestHangingHost: who does not answer is left in time, and holds up nobody else.
func TestHangingHost(t *testing.T) {
	t.Parallel()
	free := make(chan struct{})
	hangs := newMachine(t, func(http.ResponseWriter, *http.Request) { <-free })
	quick := newMachine(t, nil)
	p := newProvider(nil)
	slow := hangs.delivery(`{}`)
	many := slices.Repeat([]rapport.Delivery{slow}, 100)
	var calls sync.WaitGroup
	ctx, leave := context.WithCancel(t.Context())
	calls.Go(func() {
		for _, o := range p.Deliver(ctx, many) {
			if o.Kind != rapport.Vague && o.Kind != rapport.Retry {
				t.Errorf("a call without an answer is of kind %d", o.Kind)
			}
		}
	})
	for len(hangs.seen()) == 0 { // until it hangs
		runtime.Gosched()
	}
	if o := p.Deliver(t.Context(), []rapport.Delivery{quick.delivery(`{"to":"x"}`)})[0]; o.Kind != rapport.Accepted {
		t.Errorf("another host's call is of kind %d: %s", o.Kind, o.Reason)
	}
	leave()
	short := slow
	call := *slow.Call
	call.Timeout = time.Millisecond
	short.Call = &call
	calls.Wait()
	if o := p.Deliver(t.Context(), []rapport.Delivery{short})[0]; o.Reason != "there was no answer in time" {
		t.Errorf("a call that takes too long: kind %d, %q", o.Kind, o.Reason)
	}
	close(free)
}

func (m *machine) seen() []http.Header {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.heads)
}

// TestPrivateNetworks: what is dialled is judged, whatever it is called.
func TestPrivateNetworks(t *testing.T) {
	t.Parallel()
	m := newMachine(t, nil)
	_, port, _ := net.SplitHostPort(m.address)
	p := webhook.New(webhook.Config{Secrets: noSecrets})
	for _, host := range []string{
		"127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port, "[::ffff:127.0.0.1]:" + port, "0.0.0.0:" + port, "169.254.169.254", "10.0.0.1", "172.16.0.1",
		"192.168.1.1", "100.64.0.1", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]",
	} {
		d := m.delivery(`{}`)
		call := *d.Call
		call.URL = "http://" + host + "/"
		d.Call = &call
		if o := p.Deliver(t.Context(), []rapport.Delivery{d})[0]; o.Kind == rapport.Accepted || !strings.Contains(o.Reason, "private network") && host != "[::1]:"+port && host != "[fe80::1]" {
			t.Errorf("%s: kind %d, %q", host, o.Kind, o.Reason)
		}
	}
	if n := len(m.taken()); n != 0 {
		t.Errorf("%d calls have come through", n)
	}
	for _, host := range []string{"169.254.169.254", "[::ffff:169.254.169.254]", "0.0.0.0:" + port, "[64:ff9b::7f00:1]"} { // not even where they may
		d := m.delivery(`{}`)
		call := *d.Call
		call.URL = "http://" + host + "/"
		d.Call = &call
		if o := newProvider(nil).Deliver(t.Context(), []rapport.Delivery{d})[0]; o.Kind != rapport.Refused || !strings.Contains(o.Reason, "never called") {
			t.Errorf("%s, allowed: kind %d, %q", host, o.Kind, o.Reason)
		}
	}
}

// TestHeaders: what every call carries, and that reasons tell none of it.
func TestHeaders(t *testing.T) {
	t.Parallel()
	m := newMachine(t, nil)
	p := newProvider(map[string]string{"crm": "Bearer abc", "sign": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "bad": "a\r\nb"})
	d := m.delivery(`{"to":"x"}`)
	d.Call.Headers = []rapport.Header{{Name: "Authorization", Secret: "crm"}, {Name: "X-Shop", Text: "lila"}}
	d.Call.Sign = "sign"
	if o := p.Deliver(t.Context(), []rapport.Delivery{d})[0]; o.Kind != rapport.Accepted {
		t.Fatal(o.Reason)
	}
	id := d.Message.String()
	signature, _ := webhook.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", id, "1790000000", `{"to":"x"}`)
	for name, want := range map[string]string{
		"Authorization": "Bearer abc", "X-Shop": "lila", "Webhook-Id": id, "Idempotency-Key": id, "Webhook-Timestamp": "1790000000",
		"Content-Type": "application/json", "Webhook-Signature": signature,
	} {
		if got := m.seen()[0].Get(name); got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	for _, call := range []rapport.Call{
		{Headers: []rapport.Header{{Name: "A", Secret: "none"}}}, {Headers: []rapport.Header{{Name: "A", Secret: "bad"}}}, {Sign: "none"}, {Sign: "crm"},
	} {
		call.URL, call.Method, call.Timeout = d.Call.URL, d.Call.Method, d.Call.Timeout
		wrong := d
		wrong.Call = &call
		if o := p.Deliver(t.Context(), []rapport.Delivery{wrong})[0]; o.Kind != rapport.Retry || strings.Contains(o.Reason, "abc") {
			t.Errorf("%+v: kind %d, %q", call, o.Kind, o.Reason)
		}
	}
}

func TestReasonsTellNothing(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	for _, url := range []string{server.URL, "http://no-such-host.invalid", "http://127.0.0.1:1", "https://" + strings.TrimPrefix(server.URL, "http://")} {
		d := rapport.Delivery{Content: rapport.Content{Text: `{"email":"ana@example.com"}`}, Call: &rapport.Call{URL: url + "/ana?key=SECRETKEY", Method: "POST", Timeout: 10 * time.Second}}
		o := newProvider(nil).Deliver(t.Context(), []rapport.Delivery{d})[0]
		if o.Kind != rapport.Retry || strings.Contains(o.Reason, "ana") || strings.Contains(o.Reason, "SECRETKEY") || strings.Contains(o.Reason, "127.0.0.1") {
			t.Errorf("%s: kind %d, %q", url, o.Kind, o.Reason)
		}
	}
}

// TestSignature checks the example that the libraries of Standard Webhooks share.
func TestSignature(t *testing.T) {
	t.Parallel()
	got, ok := webhook.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", `{"test": 2432232314}`)
	if !ok || got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("the signature is %s, %t", got, ok)
	}
}
