package api_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rapport"
	"rapport/api"
)

// unsubscribing is a world in which Ana was sent a message, and its page.
func unsubscribing(t *testing.T) (w *world, page string) {
	t.Helper()
	w = newWorld(t, options{})
	w.apply("testdata/workspace.yaml")
	w.must(http.MethodPost, "/v1/batch", `{"batch":[
		{"type":"identify","userId":"ana","traits":{"email":"ana@example.com"}},
		{"type":"track","userId":"ana","event":"Signed Up","properties":{"plan":"free"}}]}`, "Authorization", basic(writeKey))
	w.must(http.MethodPost, "/v1/customers/ana/consents", `{"purpose":"marketing","channel":"email","state":"granted","textVersion":"v2"}`)
	w.must(http.MethodPost, "/v1/clock", `{"advance":"1h"}`)
	var list struct {
		Messages []struct{ ID rapport.MessageID }
	}
	if err := json.Unmarshal([]byte(w.must(http.MethodGet, "/v1/messages", "")), &list); err != nil || len(list.Messages) != 1 {
		t.Fatal(list, err)
	}
	return w, api.UnsubscribePath(theKey, list.Messages[0].ID)
}

// browse asks for a page as a reader does, without any key.
func (w *world) browse(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	headers = append(headers, "Authorization", "")
	if body != "" {
		headers = append(headers, "Content-Type", "application/x-www-form-urlencoded")
	}
	return w.call(method, target, body, headers...)
}

// marketing returns what Ana said last, and where.
func (w *world) marketing() (state, source string, acts int) {
	w.t.Helper()
	var page struct {
		Consents []struct{ State, Source string }
	}
	if err := json.Unmarshal([]byte(w.must(http.MethodGet, "/v1/customers/ana/consents", "")), &page); err != nil {
		w.t.Fatal(err)
	}
	return page.Consents[0].State, page.Consents[0].Source, len(page.Consents)
}

func TestLookingAtThePageChangesNothing(t *testing.T) {
	t.Parallel()
	w, page := unsubscribing(t)
	for range 2 {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if answer := w.browse(method, page, ""); answer.Code != http.StatusOK {
				t.Fatalf("%s: %d %s", method, answer.Code, answer.Body)
			}
		}
	}
	if state, _, acts := w.marketing(); state != "granted" || acts != 1 {
		t.Errorf("after looking: %s, %d acts", state, acts)
	}
}

func TestUnsubscribeAndBack(t *testing.T) {
	t.Parallel()
	w, page := unsubscribing(t)
	first := w.browse(http.MethodGet, page, "").Body.String()
	if !strings.Contains(first, "Lumen &amp; Co") || !strings.Contains(first, "e-mail") || strings.Contains(first, "ana@") {
		t.Errorf("the page does not say whose messages of which kind, or says too much:\n%s", first)
	}
	left := w.browse(http.MethodPost, form(t, first), "")
	if state, source, _ := w.marketing(); left.Code != http.StatusOK || state != "withdrawn" || source != "unsubscribe page" {
		t.Fatalf("after the button: %s by %s, %d", state, source, left.Code)
	}
	if again := w.browse(http.MethodGet, page, "").Body.String(); again != left.Body.String() {
		t.Errorf("looked at again, the page says something else:\n%s\n%s", again, left.Body)
	}
	w.must(http.MethodPost, "/v1/clock", `{"advance":"1m"}`)
	undo := form(t, left.Body.String())
	if back := w.browse(http.MethodPost, undo, ""); back.Code != http.StatusOK || !strings.Contains(back.Body.String(), "subscribed again") {
		t.Fatalf("taking it back: %d %s", back.Code, back.Body)
	}
	if state, source, acts := w.marketing(); state != "granted" || source != "unsubscribe page, taken back" || acts != 3 {
		t.Errorf("after taking it back: %s by %s, %d acts", state, source, acts)
	}
}

// form returns where the page's one button posts to.
func form(t *testing.T, page string) string {
	t.Helper()
	m := regexp.MustCompile(`<form method="post" action="([^"]+)">`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("there is no button:\n%s", page)
	}
	target, err := url.PathUnescape(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestOneClick(t *testing.T) {
	t.Parallel()
	w, page := unsubscribing(t)
	if answer := w.browse(http.MethodPost, page, "List-Unsubscribe=One-Click"); answer.Code != http.StatusOK {
		t.Fatalf("%d %s", answer.Code, answer.Body)
	}
	if state, source, _ := w.marketing(); state != "withdrawn" || source != "one-click unsubscribe" {
		t.Errorf("after one click: %s by %s", state, source)
	}
}

// topical is unsubscribing where the message is about a topic.
func topical(t *testing.T) (w *world, page string) {
	t.Helper()
	w = newWorld(t, options{})
	w.apply("testdata/workspace.yaml")
	w.must(http.MethodPut, "/v1/documents/topic/arrivals", `{"title":{"en":"New arrivals","de":"Neuheiten"}}`)
	w.must(http.MethodPut, "/v1/documents/journey/shelf", `{"entry":{"event":"Shelf Filled"},
		"steps":[{"name":"tell","send":{"template":"hello","channel":"email","class":"promotional","topic":"arrivals"}}]}`)
	w.must(http.MethodPost, "/v1/batch", `{"batch":[
		{"type":"identify","userId":"ana","traits":{"email":"ana@example.com"},"context":{"consent":{"categoryPreferences":{"marketing":true}}}},
		{"type":"track","userId":"ana","event":"Shelf Filled"}]}`, "Authorization", basic(writeKey))
	w.must(http.MethodPost, "/v1/clock", `{"advance":"1h"}`)
	var list struct {
		Messages []struct {
			ID    rapport.MessageID
			Topic string
		}
	}
	if err := json.Unmarshal([]byte(w.must(http.MethodGet, "/v1/messages", "")), &list); err != nil || len(list.Messages) != 1 || list.Messages[0].Topic != "arrivals" {
		t.Fatal(list, err)
	}
	return w, api.UnsubscribePath(theKey, list.Messages[0].ID)
}

// left returns what Ana has left, by e-mail.
func (w *world) left() (left []string) {
	w.t.Helper()
	var page struct {
		Current []struct{ Purpose, Topic, Channel, State string }
	}
	if err := json.Unmarshal([]byte(w.must(http.MethodGet, "/v1/customers/ana/consents", "")), &page); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range page.Current {
		if c.State == "withdrawn" && c.Channel == "email" {
			left = append(left, c.Purpose+c.Topic)
		}
	}
	return left
}

// The page asks about the topic first, by its title; she may leave it, come back, and
// leave everything.
func TestLeavingATopic(t *testing.T) {
	t.Parallel()
	w, page := topical(t)
	german := w.browse(http.MethodGet, page, "", "Accept-Language", "de").Body.String()
	if !strings.Contains(german, "Nicht mehr: Neuheiten") || !strings.Contains(german, "Gar keine") {
		t.Errorf("the page does not ask about the topic in German:\n%s", german)
	}
	steps := []struct {
		post, body string
		says       string
		left       string
	}{
		{page, "", "no more messages about “New arrivals”", "arrivals"},
		{page + "/undo", "", "subscribed again", ""},
		{page, "List-Unsubscribe=One-Click", "no more messages about “New arrivals”", "arrivals"},
		{page, "all=1", "You are unsubscribed", "marketing arrivals"},
		{page + "/undo", "", "no more messages about “New arrivals”", "arrivals"},
		{page + "/undo", "", "subscribed again", ""},
	}
	for i, step := range steps {
		w.must(http.MethodPost, "/v1/clock", `{"advance":"1m"}`)
		answer := w.browse(http.MethodPost, step.post, step.body)
		if left := strings.Join(w.left(), " "); answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), step.says) || left != step.left {
			t.Fatalf("step %d: left %q, wanted %q; %d %s", i, left, step.left, answer.Code, answer.Body)
		}
	}
}

// Whoever has the link, perhaps forwarded, can take back what was said on the
// page, and agree to nothing else.
func TestUndoGrantsNothingNew(t *testing.T) {
	t.Parallel()
	w, page := unsubscribing(t)
	w.must(http.MethodPost, "/v1/clock", `{"advance":"1m"}`)
	w.must(http.MethodPost, "/v1/customers/ana/consents", `{"purpose":"marketing","state":"withdrawn","source":"phone call"}`)
	w.must(http.MethodPost, "/v1/clock", `{"advance":"1m"}`)
	for range 2 {
		w.browse(http.MethodPost, page+"/undo", "")
		if state, source, _ := w.marketing(); state != "withdrawn" {
			t.Fatalf("the page undid what was said elsewhere: %s by %s", state, source)
		}
		w.browse(http.MethodPost, page, "")
		w.must(http.MethodPost, "/v1/clock", `{"advance":"1m"}`)
	}
	if text := w.browse(http.MethodGet, page, "").Body.String(); strings.Contains(text, "<form") {
		t.Errorf("the page offers to undo what it can't:\n%s", text)
	}
}

func TestUnknownLinks(t *testing.T) {
	t.Parallel()
	w, page := unsubscribing(t)
	token := strings.TrimPrefix(page, "/u/")
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	tokens := []string{"x", token[1:], token + "A", token[:len(token)-1], strings.ToLower(token)}
	for i := range raw {
		forged := append([]byte{}, raw...)
		forged[i] ^= 1
		tokens = append(tokens, base64.RawURLEncoding.EncodeToString(forged))
	}
	tokens = append(tokens, strings.TrimPrefix(api.UnsubscribePath(rapport.Key{8}, rapport.MessageID(raw)), "/u/"), // of another installation
		strings.TrimPrefix(api.UnsubscribePath(theKey, rapport.MessageID{1}), "/u/")) // of no message
	for _, token := range tokens {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if answer := w.browse(method, "/u/"+token, ""); answer.Code != http.StatusNotFound || strings.Contains(answer.Body.String(), "Lumen") {
				t.Errorf("%s %s: %d", method, token, answer.Code)
			}
		}
	}
	if state, _, _ := w.marketing(); state != "granted" {
		t.Error("a link that is none has unsubscribed")
	}
}

func TestThePageSpeaksTheReadersLanguage(t *testing.T) {
	t.Parallel()
	w, page := unsubscribing(t)
	for accept, want := range map[string][2]string{
		"": {"en", "Unsubscribe"}, "ko-KR,ko;q=0.9,en;q=0.8": {"ko", "수신 거부"}, "de-AT": {"de", "Abmelden"}, "th": {"th", "ยกเลิก"},
		"fr, de;q=0.5": {"de", "Abmelden"}, "fr": {"en", "Unsubscribe"}, "\x00;;q=": {"en", "Unsubscribe"},
	} {
		answer := w.browse(http.MethodGet, page, "", "Accept-Language", accept)
		if !strings.Contains(answer.Body.String(), `<html lang="`+want[0]+`">`) || !strings.Contains(answer.Body.String(), want[1]) {
			t.Errorf("%q: %s", accept, answer.Body)
		}
	}
}

func TestThePageIsSafe(t *testing.T) {
	t.Parallel()
	w, page := unsubscribing(t)
	answer := w.browse(http.MethodGet, page, "")
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'sha256-", "Referrer-Policy": "no-referrer",
		"X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8",
	} {
		if got := answer.Header().Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if answer.Header().Get("Set-Cookie") != "" || strings.Contains(answer.Body.String(), "<script") {
		t.Error("the page needs a cookie or a script")
	}
}
