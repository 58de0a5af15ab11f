package operate_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/emersion/go-smtp"
)

// mark stands in all that is personal, and in what else nobody may read in a log; nowhere else.
const mark = "zq7mark"

// secretMark stands in all secrets.
const secretMark = "zq7secret"

const markedDocuments = `
kind: channel
name: mail
provider: smtp
from: { name: Shop, address: shop@shop.example }
smtp: { host: 127.0.0.1, port: PORT, tls: none }
retry: { first: 1s, longest: 2s, give_up: 1d }
---
kind: template
name: hello
subject: "order {{ event.order_id | default: '?' }}"
text: "zq7mark-body {{ customer.name | default: '?' }} {{ event.note | default: '?' }}"
---
kind: journey
name: hello
entry: { event: Order Completed }
key: event.order_id
steps:
  - send: { template: hello, channel: email, class: transactional }
  - webhook:
      url: "http://127.0.0.1:1/hook"
      body: { name: customer.name, mail: customer.email, note: '"zq7mark"' }
      timeout: 1s
`

// echo is a mail server's answer that repeats whom a mail was for, as many do.
func echo(code int) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "<zq7mark@shop.example> zq7mark-name is unknown here"}
}

// Nothing personal and no secret stands in the log, in figures or in answers that are
// errors, whatever succeeds or fails, on the level at which most is logged.
func TestNothingPersonalIsLogged(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			data, s := t.TempDir(), newSink(t)
			p := serve(t, data, "--log-level", "debug", "--log-format", format, "--allow-private-webhooks")
			p.must(http.MethodPost, "/v1/apply", strings.ReplaceAll(markedDocuments, "PORT", strconv.Itoa(s.port)), nil)
			p.must(http.MethodPut, "/v1/secrets/mail-password", `{"value": "`+secretMark+`"}`, nil)
			errs := markedLoad(p, s)
			errs = append(errs, markedFaults(p)...)
			_, figures, err := p.ask(http.MethodGet, "/metrics", "")
			if err != nil {
				t.Fatal(err)
			}
			p.command.Process.Signal(syscall.SIGTERM)
			<-p.ended
			for _, m := range []string{mark, secretMark, adminKey, writeKey} {
				judgeMark(t, "the log", p.log.String(), m)
				judgeMark(t, "the figures", string(figures), m)
				for _, answer := range errs {
					judgeMark(t, "an answer", answer, m)
				}
			}
			judgeForm(t, format, p.log.String())
			if !strings.Contains(p.log.String(), "request") || len(errs) < 10 {
				t.Errorf("hardly anything was logged or refused: %d answers\n%s", len(errs), p.log)
			}
		})
	}
}

func judgeMark(t *testing.T, where, text, mark string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.Contains(strings.ToLower(line), strings.ToLower(mark)) {
			t.Errorf("%s has %q in it: %s", where, mark, line)
		}
	}
}

// judgeForm sees that each line has a time, a level and a fixed sentence.
func judgeForm(t *testing.T, format, log string) {
	t.Helper()
	for line := range strings.Lines(log) {
		if format == "text" {
			if !strings.HasPrefix(line, "time=") || !strings.Contains(line, " level=") || !strings.Contains(line, " msg=") {
				t.Errorf("a line is %s", line)
			}
			continue
		}
		var entry struct{ Time, Level, Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Time == "" || entry.Level == "" || entry.Msg == "" || strings.ContainsAny(entry.Msg, "0123456789{%") {
			t.Errorf("a line is %s", line)
		}
	}
}

// markedLoad lets marked people do things that succeed, and mails to them fail in every way;
// it returns the answers that were errors.
func markedLoad(p *program, s *sink) (errs []string) {
	p.Helper()
	batch := func(items string) {
		p.Helper()
		request, _ := http.NewRequest(http.MethodPost, p.url+"/v1/batch", strings.NewReader(`{"batch": [`+items+`]}`))
		request.SetBasicAuth(writeKey, "")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			p.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			p.Fatal(response.Status)
		}
	}
	order := func(n int) string {
		return fmt.Sprintf(`{"type": "track", "userId": "zq7mark-id", "messageId": "zq7mark-m%d", "event": "Order Completed", "properties": {"order_id": "zq7mark-o%d", "note": "zq7mark-note"}}`, n, n)
	}
	batch(`{"type": "identify", "userId": "zq7mark-id", "anonymousId": "zq7mark-device", "traits": {"email": "zq7mark@shop.example", "phone": "+6591234567", "name": "zq7mark-name", "address": {"street": "zq7mark street"}},
		"context": {"ip": "203.0.113.7", "consent": {"categoryPreferences": {"marketing": true}}}}`)
	await := func(status string, n int) {
		p.Helper()
		p.await("at "+status, func() bool {
			var found struct{ Messages []struct{ Channel string } }
			p.must(http.MethodGet, "/v1/messages?channel=email&status="+status, "", &found)
			return len(found.Messages) >= n
		})
	}
	batch(order(1))
	await("handed", 1)
	s.refuseWith(echo(550))
	batch(`{"type": "identify", "userId": "zq7mark-id2", "traits": {"email": "zq7mark2@shop.example"}}`)
	batch(strings.ReplaceAll(order(2), "zq7mark-id", "zq7mark-id2"))
	await("failed", 1)
	s.refuseWith(echo(451))
	batch(order(3))
	await("waiting", 1)
	s.refuseWith(nil)
	await("handed", 2)
	return nil
}

// markedFaults asks for what can't be, with marked texts for every value. Names of fields
// that there are not are told to who sent them.
func markedFaults(p *program) (answers []string) {
	for _, x := range []struct{ method, path, body string }{
		{http.MethodGet, "/v1/customers/zq7mark-nobody", ""},
		{http.MethodGet, "/v1/customers?email=zq7mark-nobody", ""},
		{http.MethodGet, "/v1/customers?mail=zq7mark", ""},
		{http.MethodGet, "/zq7mark", ""},
		{http.MethodPatch, "/v1/customers/zq7mark", ""},
		{http.MethodGet, "/v1/customers/zq7mark-nobody/timeline", ""},
		{http.MethodGet, "/v1/messages?customer=zq7mark-nobody", ""},
		{http.MethodGet, "/v1/messages/zq7mark", ""},
		{http.MethodPost, "/v1/customers/zq7mark-nobody/consents", `{"purpose": "marketing", "channel": "email", "state": "zq7mark"}`},
		{http.MethodPost, "/v1/customers/zq7mark-nobody/consents", `zq7mark`},
		{http.MethodPost, "/v1/journeys/hello/runs", `{"customer": "zq7mark-nobody", "more": "zq7mark"}`},
		{http.MethodGet, "/v1/explain?customer=zq7mark-nobody&journey=hello", ""},
		{http.MethodPut, "/v1/secrets/" + secretMark + "!", `{"value": "` + secretMark + `"}`},
		{http.MethodPut, "/v1/secrets/mail-password", `{"value": {"zq7secret": 1}}`},
		{http.MethodPost, "/v1/templates/hello/preview", `{"customer": "zq7mark-nobody"}`},
		{http.MethodPost, "/v1/messages/zq7mark/feedback", `{"kind": "zq7mark"}`},
		{http.MethodGet, "/u/zq7mark", ""},
		{http.MethodPost, "/v1/imports/zq7mark/rows", `{"from": 0, "events": [{"type": "zq7mark"}]}`},
		{http.MethodPost, "/v1/clock", `{"advance": "zq7mark"}`},
	} {
		status, body, err := p.ask(x.method, x.path, x.body)
		if err != nil {
			p.Fatal(err)
		}
		if status >= http.StatusBadRequest {
			answers = append(answers, fmt.Sprintf("%s %s: %d %s", x.method, strings.Map(noMark, x.path), status, body))
		}
	}
	answers = append(answers, strangers(p)...)
	return answers
}

// noMark takes the marks out of what the test itself says of a request.
func noMark(r rune) rune {
	if r == 'q' || r == 'Q' {
		return '_'
	}
	return r
}

// strangers calls with keys that are not known, and sends what is no event.
func strangers(p *program) (answers []string) {
	for _, key := range []string{adminKey + "x", writeKey, "zq7secret"} {
		request, _ := http.NewRequest(http.MethodGet, p.url+"/v1/customers", nil)
		request.Header.Set("Authorization", "Bearer "+key)
		answers = append(answers, answer(p, request))
	}
	for _, body := range []string{`zq7mark`, `{"batch": "zq7mark"}`, `{"zq7mark": 1}`} {
		request, _ := http.NewRequest(http.MethodPost, p.url+"/v1/batch", strings.NewReader(body))
		request.SetBasicAuth(writeKey, "")
		answers = append(answers, answer(p, request))
	}
	for _, call := range []string{"track", "identify"} {
		request, _ := http.NewRequest(http.MethodPost, p.url+"/v1/"+call, strings.NewReader(`{"userId": ["zq7mark"], "event": {"zq7mark": 1}, "timestamp": "zq7mark"}`))
		request.SetBasicAuth(writeKey, "")
		answers = append(answers, answer(p, request))
	}
	return slices.DeleteFunc(answers, func(a string) bool { return a == "" })
}

func answer(p *program, request *http.Request) string {
	p.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	body := make([]byte, 64<<10)
	n, _ := response.Body.Read(body)
	if response.StatusCode < http.StatusBadRequest {
		return ""
	}
	return fmt.Sprintf("%d %s", response.StatusCode, body[:n])
}
