package collect_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rapport"
	"rapport/collect"
)

// FuzzParse: whatever the body, there is no panic, it is taken for JSON exactly
// if encoding/json takes it for JSON, no item of a batch gets lost, and what
// comes out is sound.
func FuzzParse(f *testing.F) {
	body := batchOf(2)
	f.Add(byte(0), body)
	for _, r := range refusals {
		if len(r.item) < 2_000 {
			f.Add(byte(0), []byte(`{"batch":[{"type":"page","userId":"u"},`+r.item+`],"context":{"a":1},"timestamp":"2026-01-01"}`))
			f.Add(byte(3), []byte(r.item))
		}
	}
	f.Add(byte(0), []byte("{\"batch\":[{\"type\":\"page\",\"userId\":\"\xff\\ud800\\udc00\\ud800\",\"name\":\"\\u0007\",\"category\":\"x\"}],\"batch\":[]}"))
	f.Add(byte(5), []byte(`{"userId":1,"groupId":-1.5e3,"traits":[],"sentAt":"2026-01-01T00:00:00Z","timestamp":1e12}`))
	f.Fuzz(func(t *testing.T, call byte, body []byte) {
		if bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > 9_000 {
			t.Skip("encoding/json gives up at a depth of 10,000; the scanner does not")
		}
		checkParse(t, rapport.EventType(call%7), body)
	})
}

func checkParse(t *testing.T, call rapport.EventType, body []byte) {
	t.Helper()
	sent := bytes.Clone(body)
	result, err := collect.Parse(call, body, collect.Meta{ReceivedAt: now, RequestID: "r"})
	if !bytes.Equal(sent, body) {
		t.Fatal("the body was written to")
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if err != nil {
		if e, ok := err.(*rapport.Error); !ok || e.Kind != rapport.Invalid || (e.Code == "not_json") == json.Valid(body) {
			t.Fatalf("%q: %v", body, err)
		}
		return
	}
	if !json.Valid(body) {
		t.Fatalf("%q was taken for JSON", body)
	}
	if want, got := itemsIn(t, call, body), len(result.Events)+len(result.Refused)+result.Unlisted; got != want {
		t.Fatalf("%q: %d items became %d", body, want, got)
	}
	for i := range result.Events {
		checkEvent(t, &result.Events[i])
	}
	for _, list := range [][]collect.Remark{result.Refused, result.Noted} {
		if !slices.IsSortedFunc(list, func(a, b collect.Remark) int { return a.Index - b.Index }) {
			t.Fatalf("%q: %v is not in order", body, list)
		}
	}
}

// itemsIn counts the items of a body that is JSON.
func itemsIn(t *testing.T, call rapport.EventType, body []byte) int {
	if call != collect.Batch {
		return 1
	}
	var members map[string]json.RawMessage
	var items []json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(members["batch"], &items); err != nil {
		t.Fatal(err)
	}
	return len(items)
}

func checkEvent(t *testing.T, e *rapport.Event) {
	t.Helper()
	if _, ok := rapport.ParseEventType(e.Type.String()); !ok {
		t.Fatalf("the type of %+v", e)
	}
	if e.MessageID == "" || e.UserID+e.AnonymousID == "" || e.Type == rapport.Track && e.Name == "" {
		t.Fatalf("something is missing of %+v", e)
	}
	if e.ReceivedAt != now || e.Timestamp > now || e.Timestamp < at(t, "1990-01-01") {
		t.Fatalf("the time of %+v", e)
	}
	for _, s := range []string{e.MessageID, e.UserID, e.AnonymousID, e.PreviousID, e.GroupID, e.Name} {
		if len(s) > 256 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("the text %q of %+v", s, e)
		}
	}
	for _, raw := range [][]byte{e.Properties, e.Context} {
		if raw == nil {
			continue
		}
		var object map[string]any
		if !utf8.Valid(raw) || json.Unmarshal(raw, &object) != nil {
			t.Fatalf("%q is no JSON object", raw)
		}
		if value, err := rapport.ParseJSON(raw); err != nil || value.Kind() != rapport.Object {
			t.Fatalf("%q: %v", raw, err)
		}
	}
}

// TestEveryCutAndFlip cuts a sound batch at every place and changes every byte.
func TestEveryCutAndFlip(t *testing.T) {
	t.Parallel()
	body := batchOf(2)
	for i := range body {
		checkParse(t, collect.Batch, body[:i])
		for _, c := range []byte{'"', '\\', '{', '}', ',', '0', 0, 0xff} {
			changed := bytes.Clone(body)
			changed[i] = c
			checkParse(t, collect.Batch, changed)
		}
	}
}
