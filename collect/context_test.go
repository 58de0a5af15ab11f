package collect_test

import (
	"strings"
	"testing"

	"rapport/collect"
)

func TestBatchContext(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ own, batch, want string }{
		{``, `{"a":1}`, `{"a":1}`},
		{`null`, `{"a":1}`, `{"a":1}`},
		{`{"b":2}`, `{"a":1}`, `{"a":1,"b":2}`},
		{`{"b":2}`, `null`, `{"b":2}`},
		{`{"b":2}`, `{}`, `{"b":2}`},
		{`{"a":2}`, `{"a":1}`, `{"a":2}`},
		{`{"\u0061":2}`, `{"a":1}`, `{"\u0061":2}`},
		{`{"consent":{"x":true}}`, `{"consent":{"y":true},"ip":"::1"}`, `{"ip":"::1","consent":{"x":true}}`},
		{`{"b":2}`, `{"a":1,"a":3}`, `{"a":3,"b":2}`},
		{`{ "b" : 2 }`, `{ "a" : [1, 2] }`, `{"a":[1, 2], "b" : 2 }`},
	} {
		item := `{"type":"page","userId":"u"}`
		if test.own != "" {
			item = `{"type":"page","userId":"u","context":` + test.own + `}`
		}
		for _, body := range []string{
			`{"batch":[` + item + `,` + item + `],"context":` + test.batch + `}`,
			`{"context":` + test.batch + `,"batch":[` + item + `,` + item + `]}`,
		} {
			for _, e := range parse(t, collect.Batch, body).Events {
				if string(e.Context) != test.want {
					t.Errorf("%s and %s: %s, not %s", test.own, test.batch, e.Context, test.want)
				}
			}
		}
	}
}

// TestBadBatchContext: it makes every event that would get it a bad one.
func TestBadBatchContext(t *testing.T) {
	t.Parallel()
	const item = `{"type":"page","userId":"u","messageId":"m","context":{"a":1}}`
	for context, code := range map[string]string{
		`7`:   "context_invalid",
		`[1]`: "context_invalid",
		`{"x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`: "context_invalid",
		`{"x":"` + strings.Repeat("x", collect.MaxEvent-60) + `"}`:        "event_too_large",
	} {
		result := parse(t, collect.Batch, `{"batch":[`+item+`,7,`+item+`],"context":`+context+`}`)
		if len(result.Events) != 0 || len(result.Refused) != 3 || result.Refused[0].Code != code || result.Refused[1].Code != "not_an_object" || result.Refused[2].Index != 2 {
			t.Errorf("%.40s: %v", context, result)
		}
	}
}

// TestContextDoesNotMultiply: 16 MB of one context, given again and again, is
// enough for a request of 4 MB.
func TestContextDoesNotMultiply(t *testing.T) {
	t.Parallel()
	const items, size = 2_000, 20 << 10
	item := `{"type":"page","userId":"u","context":{"a":1}},`
	context := `{"x":"` + strings.Repeat("x", size-8) + `"}`
	result := parse(t, collect.Batch, `{"context":`+context+`,"batch":[`+strings.Repeat(item, items-1)+item[:len(item)-1]+`]}`)
	if want := 16 << 20 / size; len(result.Events) != want || len(result.Refused) != items-want {
		t.Errorf("%d events, not %d; %d refused", len(result.Events), want, len(result.Refused))
	}
	if code := result.Refused[0].Code; code != "context_too_large" {
		t.Errorf("refused with %s", code)
	}
}

func TestPageCategory(t *testing.T) {
	t.Parallel()
	for members, want := range map[string]string{
		`"category":"Shop"`:                                            `{"category":"Shop"}`,
		`"category":"a\"b","properties":{"url":"/"}`:                   `{"category":"a\"b","url":"/"}`,
		`"category":"Shop","properties":{"category":"Own","url":"/"}`:  `{"category":"Own","url":"/"}`,
		`"category":"Shop","properties":{"c\u0061tegory":"Own"}`:       `{"c\u0061tegory":"Own"}`,
		`"category":null,"properties":{"url":"/"}`:                     `{"url":"/"}`,
		`"category":{"not":"a text"},"properties":{"url":"/","x":"{"}`: `{"url":"/","x":"{"}`,
	} {
		result := single(t, `{"type":"screen","userId":"u",`+members+`}`)
		if got := string(result.Events[0].Properties); got != want {
			t.Errorf("%s: %s, not %s", members, got, want)
		}
	}
}
