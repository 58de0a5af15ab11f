package collect_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/collect"
)

func contentOf(t *rapid.T, e rapport.Event) said {
	s := said{
		Type: e.Type.String(), Name: e.Name, MessageID: e.MessageID, UserID: e.UserID, AnonymousID: e.AnonymousID,
		PreviousID: e.PreviousID, GroupID: e.GroupID, Timestamp: e.Timestamp,
	}
	for raw, value := range map[*[]byte]*any{&e.Properties: &s.Properties, &e.Context: &s.Context} {
		if *raw != nil {
			if err := json.Unmarshal(*raw, value); err != nil {
				t.Fatalf("%s: %v", *raw, err)
			}
		}
	}
	return s
}

// TestParseIsEncodingJSON: of sound events, however they are written, the
// scanner reads what encoding/json reads.
func TestParseIsEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(rapid.Custom(soundItem), 0, 5).Draw(t, "items")
		body, err := json.Marshal(map[string]any{"batch": items, "writeKey": "k", "other": items})
		if err != nil {
			t.Fatal(err)
		}
		body = rewrite(body, rapid.Uint64().Draw(t, "style"))
		result, err := collect.Parse(collect.Batch, body, collect.Meta{ReceivedAt: now, RequestID: "r"})
		if err != nil || len(result.Refused)+len(result.Noted) > 0 {
			t.Fatalf("%s: %v %v %v", body, err, result.Refused, result.Noted)
		}
		var got []said
		for _, e := range result.Events {
			got = append(got, contentOf(t, e))
		}
		if diff := cmp.Diff(oracle(t, body), got); diff != "" {
			t.Fatalf("%s (-encoding/json +collect):\n%s", body, diff)
		}
	})
}

func soundItem(t *rapid.T) map[string]any {
	word := rapid.StringOfN(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("ab\"\\/<é中😀"))), 1, 12, 40).Filter(func(s string) bool {
		return utf8.ValidString(s) && strings.TrimSpace(s) != "" && strings.Trim(s, ` "'`) != "0" && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
	})
	object := rapid.MapOfN(rapid.String(), value(3), 0, 4)
	item := map[string]any{
		"type":        rapid.SampledFrom([]string{"identify", "track", "page", "screen", "group", "alias"}).Draw(t, "type"),
		"messageId":   word.Draw(t, "messageId"),
		"userId":      rapid.OneOf(rapid.Map(word, toAny[string]), rapid.Map(rapid.IntMin(1), toAny[int])).Draw(t, "userId"),
		"anonymousId": word.Draw(t, "anonymousId"),
		"previousId":  word.Draw(t, "previousId"),
		"groupId":     word.Draw(t, "groupId"),
		"event":       word.Draw(t, "event"),
		"name":        word.Draw(t, "name"),
		"timestamp":   rapport.Instant(rapid.Int64Range(946684800000, int64(now)).Draw(t, "timestamp")),
		"_metadata":   value(2).Draw(t, "metadata"),
	}
	for _, name := range []string{"properties", "traits", "context"} {
		if rapid.Bool().Draw(t, "has "+name) {
			item[name] = object.Draw(t, name)
		}
	}
	return item
}

// value generates any JSON value of a depth.
func value(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), toAny[bool]), rapid.Map(rapid.String(), toAny[string]),
		rapid.Map(rapid.Float64Range(-1e30, 1e30), toAny[float64]), rapid.Map(rapid.IntMin(1), toAny[int]),
	}
	if depth > 0 {
		leaves = append(leaves,
			rapid.Map(rapid.SliceOfN(value(depth-1), 0, 3), toAny[[]any]),
			rapid.Map(rapid.MapOfN(rapid.String(), value(depth-1), 0, 3), toAny[map[string]any]))
	}
	return rapid.OneOf(leaves...)
}

func toAny[T any](v T) any { return v }

// rewrite writes JSON in another style: space around the marks, escapes for
// letters, none for what need not be escaped.
func rewrite(body []byte, style uint64) []byte {
	random := rand.New(rand.NewPCG(style, 1))
	var out []byte
	inText := false
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case c == '\\':
			out = append(out, c, body[i+1])
			i++
		case c == '"':
			inText = !inText
			out = append(out, c)
		case inText && c >= 'a' && c <= 'z' && random.IntN(8) == 0 && !bytes.HasSuffix(out, []byte(`\`)) && !inEscape(out):
			out = append(out, `\u00`...)
			out = strconv.AppendInt(out, int64(c), 16)
		case !inText && bytes.IndexByte([]byte("{}[]:,"), c) >= 0 && random.IntN(4) == 0:
			out = append(out, " \t\r\n"[random.IntN(4)], c, ' ')
		default:
			out = append(out, c)
		}
	}
	return out
}

// inEscape reports whether out ends within the four digits of an escape.
func inEscape(out []byte) bool {
	tail := out[max(0, len(out)-5):]
	i := bytes.LastIndex(tail, []byte(`\u`))
	return i >= 0 && len(tail)-i < 6
}
