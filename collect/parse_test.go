package collect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/collect"
)

func at(t testing.TB, s string) rapport.Instant {
	t.Helper()
	i, err := rapport.ParseInstant(s)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func parse(t testing.TB, call rapport.EventType, body string) collect.Result {
	t.Helper()
	result, err := collect.Parse(call, []byte(body), collect.Meta{ReceivedAt: now, RequestID: "req"})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return result
}

// single parses one item of a batch with nothing else in it.
func single(t testing.TB, item string) collect.Result {
	t.Helper()
	return parse(t, collect.Batch, `{"batch":[`+item+`]}`)
}

// TestCalls reads one whole call of each type.
func TestCalls(t *testing.T) {
	t.Parallel()
	base := rapport.Event{MessageID: "m", UserID: "u", Timestamp: now, ReceivedAt: now}
	for _, test := range []struct {
		call, body string
		want       func(*rapport.Event)
	}{
		{"identify", `{"messageId":"m","userId":"u","anonymousId":"a","traits":{"email":"x@example.com"},"context":{"ip":"::1"}}`, func(e *rapport.Event) {
			e.Type, e.AnonymousID = rapport.Identify, "a"
			e.Properties, e.Context = []byte(`{"email":"x@example.com"}`), []byte(`{"ip":"::1"}`)
		}},
		{"track", `{"messageId":"m","userId":"u","event":"Order Completed","properties":{"total": 12.50},"context":{"traits":{"vip":true}}}`, func(e *rapport.Event) {
			e.Type, e.Name = rapport.Track, "Order Completed"
			e.Properties, e.Context = []byte(`{"total": 12.50}`), []byte(`{"traits":{"vip":true}}`)
		}},
		{"page", `{"messageId":"m","userId":"u","name":"Home","category":"Shop","properties":{"url":"/"}}`, func(e *rapport.Event) {
			e.Type, e.Name, e.Properties = rapport.Page, "Home", []byte(`{"category":"Shop","url":"/"}`)
		}},
		{"screen", `{"messageId":"m","userId":"u","name":"Cart"}`, func(e *rapport.Event) {
			e.Type, e.Name = rapport.Screen, "Cart"
		}},
		{"group", `{"messageId":"m","userId":"u","groupId":"g","traits":{"plan":"b2b"}}`, func(e *rapport.Event) {
			e.Type, e.GroupID, e.Properties = rapport.Group, "g", []byte(`{"plan":"b2b"}`)
		}},
		{"alias", `{"messageId":"m","userId":"u","previousId":"p"}`, func(e *rapport.Event) {
			e.Type, e.PreviousID = rapport.Alias, "p"
		}},
	} {
		want := base
		test.want(&want)
		call, ok := collect.ParseCall(test.call)
		if !ok {
			t.Errorf("%s is no call", test.call)
		}
		if diff := cmp.Diff([]rapport.Event{want}, parse(t, call, test.body).Events); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.call, diff)
		}
		typed := strings.Replace(test.body, "{", `{"type":"`+test.call+`",`, 1)
		if diff := cmp.Diff([]rapport.Event{want}, single(t, typed).Events); diff != "" {
			t.Errorf("%s in a batch (-want +got):\n%s", test.call, diff)
		}
	}
}

func TestCallNames(t *testing.T) {
	t.Parallel()
	want := map[string]rapport.EventType{
		"batch": collect.Batch, "b": collect.Batch, "import": collect.Batch,
		"identify": rapport.Identify, "i": rapport.Identify, "track": rapport.Track, "t": rapport.Track,
		"page": rapport.Page, "p": rapport.Page, "screen": rapport.Screen, "s": rapport.Screen,
		"group": rapport.Group, "g": rapport.Group, "alias": rapport.Alias, "a": rapport.Alias,
	}
	got := map[string]rapport.EventType{}
	for _, name := range collect.CallNames() {
		got[name], _ = collect.ParseCall(name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if _, ok := collect.ParseCall("m"); ok {
		t.Error("m is a call")
	}
}

// refusals are items that are no events, by the code that says why.
var refusals = []struct{ code, item string }{
	{"not_an_object", `0`},
	{"not_an_object", `null`},
	{"not_an_object", `"track"`},
	{"not_an_object", `[{"type":"page","userId":"u"}]`},
	{"event_too_large", `{"type":"page","userId":"u","properties":{"x":"` + strings.Repeat("x", collect.MaxEvent) + `"}}`},
	{"nested_too_deep", `{"type":"page","userId":"u","properties":{"x":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}}`},
	{"nested_too_deep", `{"type":"page","userId":"u","unknown":` + strings.Repeat("[", 10_100) + strings.Repeat("]", 10_100) + `}`},
	{"type_unknown", `{"userId":"u"}`},
	{"type_unknown", `{"type":"derived","userId":"u"}`},
	{"type_unknown", `{"type":["page"],"userId":"u"}`},
	{"type_unknown", `{"type":"Page","userId":"u"}`},
	{"user_missing", `{"type":"page"}`},
	{"user_missing", `{"type":"page","userId":"","anonymousId":null}`},
	{"user_missing", `{"type":"page","userId":"  "}`},
	{"event_missing", `{"type":"track","userId":"u"}`},
	{"event_missing", `{"type":"track","userId":"u","event":"  "}`},
	{"event_missing", `{"type":"track","userId":"u","event":{"name":"x"}}`},
	{"event_invalid", `{"type":"track","userId":"u","event":"` + strings.Repeat("e", 201) + `"}`},
	{"event_invalid", `{"type":"track","userId":"u","event":"a\nb"}`},
	{"group_missing", `{"type":"group","userId":"u"}`},
	{"alias_incomplete", `{"type":"alias","userId":"u"}`},
	{"alias_incomplete", `{"type":"alias","previousId":"p","anonymousId":"a"}`},
	{"id_invalid", `{"type":"page","userId":true}`},
	{"id_invalid", `{"type":"page","userId":{"id":1},"anonymousId":"a"}`},
	{"id_invalid", `{"type":"page","userId":"` + strings.Repeat("u", 257) + `"}`},
	{"id_invalid", `{"type":"page","userId":"u\u0000"}`},
	{"id_invalid", `{"type":"page","userId":"u","messageId":[]}`},
	{"id_invalid", `{"type":"group","userId":"u","groupId":false}`},
	{"id_invalid", `{"type":"alias","userId":"u","previousId":{}}`},
	{"id_placeholder", `{"type":"page","userId":"null"}`},
	{"id_placeholder", `{"type":"page","userId":"undefined","anonymousId":"a"}`},
	{"id_placeholder", `{"type":"identify","userId":"[object Object]"}`},
	{"id_placeholder", `{"type":"identify","userId":" NaN "}`},
	{"id_placeholder", `{"type":"identify","userId":"\"None\""}`},
	{"id_placeholder", `{"type":"page","userId":"0"}`},
	{"id_placeholder", `{"type":"page","userId":0}`},
	{"id_placeholder", `{"type":"page","userId":"unde\u0066ined"}`},
	{"id_placeholder", `{"type":"page","anonymousId":"00000000-0000-0000-0000-000000000000"}`},
	{"id_placeholder", `{"type":"alias","userId":"u","previousId":"guest"}`},
	{"id_placeholder", `{"type":"page","userId":"u","messageId":"undefined"}`},
	{"properties_invalid", `{"type":"page","userId":"u","properties":"x"}`},
	{"properties_invalid", `{"type":"page","userId":"u","properties":[1]}`},
	{"properties_invalid", `{"type":"identify","userId":"u","traits":7}`},
	{"context_invalid", `{"type":"page","userId":"u","context":true}`},
}

// TestRefusals puts each bad item between two good ones.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const good = `{"type":"page","userId":"u","messageId":"m%d"}`
	for _, test := range refusals {
		body := fmt.Sprintf(`{"batch":[`+good+`,%s,`+good+`]}`, 1, strings.ReplaceAll(test.item, "%", "%%"), 3)
		result := parse(t, collect.Batch, body)
		if len(result.Events) != 2 || result.Events[0].MessageID != "m1" || result.Events[1].MessageID != "m3" {
			t.Errorf("%.80s: its neighbours are gone: %v", test.item, result.Events)
		}
		if len(result.Refused) != 1 || result.Refused[0].Index != 1 || result.Refused[0].Code != test.code {
			t.Errorf("%.80s: refused %v, not %s", test.item, result.Refused, test.code)
		}
	}
}

// TestLimits is about what is still allowed.
func TestLimits(t *testing.T) {
	t.Parallel()
	rest := `{"type":"track","userId":"u","event":"e","properties":{"x":""}}`
	for _, item := range []string{
		strings.Replace(rest, `""`, `"`+strings.Repeat("x", collect.MaxEvent-len(rest))+`"`, 1),
		strings.Replace(rest, `""`, strings.Repeat("[", 62)+strings.Repeat("]", 62), 1),
		strings.Replace(rest, `"u"`, `"`+strings.Repeat("u", 256)+`"`, 1),
		strings.Replace(rest, `"e"`, `"`+strings.Repeat("e", 200)+`"`, 1),
		strings.Replace(rest, `"u"`, `"nullo"`, 1), // ids that only resemble placeholders
		strings.Replace(rest, `"u"`, `1`, 1),
		strings.Replace(rest, `"u"`, `"00"`, 1),
		strings.Replace(rest, `"u"`, `"undefined@example.com"`, 1),
	} {
		if result := single(t, item); len(result.Events) != 1 {
			t.Errorf("%.80s: refused %v", item, result.Refused)
		}
	}
}

func TestRefusalNamesTheMessage(t *testing.T) {
	t.Parallel()
	result := single(t, `{"type":"track","userId":"secret@example.com","messageId":"m-1"},{"type":"track","messageId":"a\u0007"}`)
	want := []collect.Remark{
		{Index: 0, MessageID: "m-1", Code: "event_missing", Detail: `A track call needs the name of its event in "event".`},
		{Index: 1, Code: "id_invalid", Detail: "An id (messageId, userId, anonymousId, previousId or groupId) is longer than 256 bytes, holds a control character, or is neither a text nor a number."},
	}
	if diff := cmp.Diff(want, result.Refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

// TestWholeBodies is about bodies in which no items can be told apart.
func TestWholeBodies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		call rapport.EventType
		code string
		body string
	}{
		{collect.Batch, "not_json", ``},
		{collect.Batch, "not_json", `{"batch":[{"type":"page"`},
		{collect.Batch, "not_json", `{"batch":[]} x`},
		{collect.Batch, "not_json", `{"batch":[{"type":"page","userId":"u",}]}`},
		{collect.Batch, "not_json", `{"batch":[{"type":"page","userId":"u"},]}`},
		{collect.Batch, "not_json", "{\"batch\":[{\"type\":\"page\",\"userId\":\"a\nb\"}]}"},
		{collect.Batch, "not_json", `{"batch":[{"n":01}]}`},
		{collect.Batch, "not_an_object", `[{"type":"page","userId":"u"}]`},
		{collect.Batch, "batch_missing", `{}`},
		{collect.Batch, "batch_missing", `{"batch":null}`},
		{collect.Batch, "batch_missing", `{"batch":[{"type":"page","userId":"u"}],"batch":{}}`},
		{rapport.Track, "not_an_object", `"x"`},
		{rapport.Track, "not_json", `{"event":'x'}`},
	} {
		result, err := collect.Parse(test.call, []byte(test.body), collect.Meta{ReceivedAt: now})
		fault, ok := err.(*rapport.Error)
		if !ok || fault.Code != test.code || fault.Kind != rapport.Invalid || len(result.Events) > 0 {
			t.Errorf("%s: %v %v, not %s", test.body, result, err, test.code)
		}
	}
}

func TestSingleCallTypes(t *testing.T) {
	t.Parallel()
	for body, code := range map[string]string{
		`{"userId":"u","event":"e"}`:                   "",
		`{"type":"track","userId":"u","event":"e"}`:    "",
		`{"type":"","userId":"u","event":"e"}`:         "",
		`{"type":"identify","userId":"u","event":"e"}`: "type_mismatch",
		`{"type":"order","userId":"u","event":"e"}`:    "type_unknown",
	} {
		result := parse(t, rapport.Track, body)
		got := ""
		if len(result.Refused) > 0 {
			got = result.Refused[0].Code
		}
		if got != code {
			t.Errorf("%s: %q, not %q", body, got, code)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ item, user, anonymous, message string }{
		{`"userId":42,"anonymousId":-7,"messageId":1e3`, "42", "-7", "1e3"},
		{`"userId":"\u00e9\/\u4e2d","messageId":"m"`, "é/中", "", "m"},
		{`"userId":"a","userId":"b","messageId":"m"`, "b", "", "m"},
		{`"user\u0049d":"u","messageId":"m"`, "u", "", "m"},
		{`"anonymousId":"a","userId":null,"messageId":"m"`, "", "a", "m"},
	} {
		result := single(t, `{"type":"page",`+test.item+`}`)
		if len(result.Events) != 1 {
			t.Errorf("%s: refused %v", test.item, result.Refused)
			continue
		}
		e := result.Events[0]
		if e.UserID != test.user || e.AnonymousID != test.anonymous || e.MessageID != test.message {
			t.Errorf("%s: %q %q %q", test.item, e.UserID, e.AnonymousID, e.MessageID)
		}
	}
}

// TestMadeMessageIDs: the same request gives the same ids, another request others.
func TestMadeMessageIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, meta := range []collect.Meta{{ReceivedAt: now, RequestID: "a"}, {ReceivedAt: now, RequestID: "b"}, {ReceivedAt: now + 1, RequestID: "a"}, {ReceivedAt: now, RequestID: "a"}} {
		result, err := collect.Parse(collect.Batch, []byte(`{"batch":[{"type":"page","userId":"u"},{"type":"page","userId":"u","messageId":""}]}`), meta)
		if err != nil || len(result.Events) != 2 {
			t.Fatal(result, err)
		}
		for _, e := range result.Events {
			seen[e.MessageID]++
		}
	}
	if len(seen) != 6 {
		t.Errorf("the made ids: %v", seen)
	}
}

func TestWriteKey(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"batch":[{"type":"page","writeKey":"item"}],"writeKey":"batch"}`:   "batch",
		`{"writeKey":"batch","batch":[{"type":"page","writeKey":"item"}]}`:   "batch",
		`{"batch":[{"type":"page"},{"writeKey":"item"},{"writeKey":"two"}]}`: "item",
		`{"batch":[],"writeKey":null}`:                                       "",
	} {
		if got := parse(t, collect.Batch, body).WriteKey; got != want {
			t.Errorf("%s: %q, not %q", body, got, want)
		}
	}
	if got := parse(t, rapport.Page, `{"writeKey":"k"}`).WriteKey; got != "k" {
		t.Errorf("of a single call: %q", got)
	}
}

// TestEmptyObjects: what says nothing is nothing; PHP writes {} as [].
func TestEmptyObjects(t *testing.T) {
	t.Parallel()
	for _, nothing := range []string{"null", "{}", "{ \n}", "[]", "[ ]"} {
		result := single(t, `{"type":"page","userId":"u","properties":`+nothing+`,"context":`+nothing+`}`)
		if len(result.Events) != 1 || result.Events[0].Properties != nil || result.Events[0].Context != nil {
			t.Errorf("%s: %v", nothing, result)
		}
	}
}

// TestText: what cannot be stored as UTF-8 becomes U+FFFD, and nothing else changes.
func TestText(t *testing.T) {
	t.Parallel()
	for sent, kept := range map[string]string{
		`"\ud83d\ude00"`:       `"\ud83d\ude00"`,
		`"\ud83d x"`:           `"\ufffd x"`,
		`"\ude00\ud83d"`:       `"\ufffd\ufffd"`,
		`"\uD83D\uD83D\uDE00"`: `"\ufffd\uD83D\uDE00"`,
		`"\ud83d\n"`:           `"\ufffd\n"`,
		"\"a\xffb\"":           "\"a\ufffdb\"",
		"\"\xed\xa0\x80\"":     "\"\ufffd\"",
		`"é 中 😀"`:              `"é 中 😀"`,
		`"\u0000"`:             `"\u0000"`,
	} {
		result := single(t, `{"type":"page","userId":"u","properties":{"x":`+sent+`}}`)
		if want := `{"x":` + kept + `}`; string(result.Events[0].Properties) != want {
			t.Errorf("%q became %q, not %q", sent, result.Events[0].Properties, want)
		}
	}
	result := single(t, `{"type":"page","userId":"`+"\xff"+`u\ud800"}`)
	if got := result.Events[0].UserID; got != "\ufffdu\ufffd" {
		t.Errorf("the id became %q", got)
	}
}

func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	if result := parse(t, rapport.Page, "\ufeff"+`{"userId":"u"}`); len(result.Events) != 1 {
		t.Error(result)
	}
}

// TestTitles: a page is not lost for its long title.
func TestTitles(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 101)
	result := single(t, `{"type":"page","userId":"u","messageId":"1","name":"`+long+`"},{"type":"screen","userId":"u","messageId":"2","name":"a\nb"},{"type":"page","userId":"u","messageId":"3","name":"fine"}`)
	names := []string{result.Events[0].Name, result.Events[1].Name, result.Events[2].Name}
	if diff := cmp.Diff([]string{strings.Repeat("ü", 100), "a b", "fine"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if len(result.Noted) != 2 || result.Noted[0].Code != "name_changed" || result.Noted[1].MessageID != "2" {
		t.Errorf("noted %v", result.Noted)
	}
}

// TestBodyIsCopied: the caller may reuse the body at once.
func TestBodyIsCopied(t *testing.T) {
	t.Parallel()
	body := batchOf(3)
	meta := collect.Meta{ReceivedAt: now, RequestID: "r"}
	result, _ := collect.Parse(collect.Batch, body, meta)
	fresh, _ := collect.Parse(collect.Batch, body, meta)
	for i := range body {
		body[i] = '#'
	}
	if diff := cmp.Diff(fresh, result); diff != "" {
		t.Errorf("the events changed with the body:\n%s", diff)
	}
}

// TestManyBadItems: the answer does not outgrow the request.
func TestManyBadItems(t *testing.T) {
	t.Parallel()
	const items = 30_000
	result := single(t, strings.Repeat("0,", items)+`{"type":"page","userId":"u"}`)
	if len(result.Events) != 1 || len(result.Refused) != 10_000 || result.Unlisted != items-10_000 {
		t.Errorf("%d events, %d refused, %d unlisted", len(result.Events), len(result.Refused), result.Unlisted)
	}
}
