package collect_test

import (
	"strings"
	"testing"

	"rapport/collect"
)

// TestTimestamps: received at 2026-11-22T09:31:00.100Z.
func TestTimestamps(t *testing.T) {
	t.Parallel()
	const received = "2026-11-22T09:31:00.100Z"
	for _, test := range []struct {
		name, item, batch string // members of the item, of the batch
		want              string
		noted             bool
	}{
		{"nothing stated", ``, ``, received, false},
		{"empty", `"timestamp":""`, ``, received, false},
		{"import keeps its times", `"timestamp":"2010-12-01T08:26:00Z"`, ``, "2010-12-01T08:26:00Z", false},
		{"import with an offset", `"timestamp":"2010-12-01T08:26:00+08:00"`, ``, "2010-12-01T00:26:00Z", false},
		{"import with a date", `"timestamp":"2010-12-01"`, ``, "2010-12-01T00:00:00Z", false},
		{"import in milliseconds", `"timestamp":1291191960000`, ``, "2010-12-01T08:26:00Z", false},
		{"import of an original time", `"originalTimestamp":"2010-12-01T08:26:00Z"`, ``, "2010-12-01T08:26:00Z", false},
		{"import prefers the corrected time", `"timestamp":"2010-12-01T08:26:00Z","originalTimestamp":"2011-12-01T08:26:00Z"`, ``, "2010-12-01T08:26:00Z", false},
		{"clock right", `"timestamp":"2026-11-22T09:30:00Z"`, `"sentAt":"2026-11-22T09:31:00.100Z"`, "2026-11-22T09:30:00Z", false},
		{"clock an hour slow", `"timestamp":"2026-11-22T08:30:00Z"`, `"sentAt":"2026-11-22T08:31:00.100Z"`, "2026-11-22T09:30:00Z", false},
		{"clock a day fast", `"timestamp":"2026-11-23T09:30:00Z"`, `"sentAt":"2026-11-23T09:31:00.100Z"`, "2026-11-22T09:30:00Z", false},
		{"device without a clock", `"timestamp":"1970-01-01T00:00:30Z"`, `"sentAt":"1970-01-01T00:01:30.1Z"`, "2026-11-22T09:30:00Z", false},
		{"kept offline for a week", `"timestamp":"2026-11-15T09:31:00Z"`, `"sentAt":"2026-11-22T09:31:00Z"`, "2026-11-15T09:31:00.100Z", false},
		{"history through a client", `"timestamp":"2012-12-12T00:00:00Z"`, `"sentAt":"2026-11-22T09:31:00.100Z"`, "2012-12-12T00:00:00Z", false},
		{"the item's sentAt wins", `"timestamp":"2026-11-22T08:30:00Z","sentAt":"2026-11-22T08:31:00.100Z"`, `"sentAt":"2030-01-01T00:00:00Z"`, "2026-11-22T09:30:00Z", false},
		{"the original time is what sentAt is held against", `"timestamp":"2026-11-22T00:00:00Z","originalTimestamp":"2026-11-22T08:30:00Z"`, `"sentAt":"2026-11-22T08:31:00.100Z"`, "2026-11-22T09:30:00Z", false},
		{"the batch's time", ``, `"timestamp":"2026-11-21T00:00:00Z"`, "2026-11-21T00:00:00Z", false},
		{"the item's time wins", `"timestamp":"2026-11-20T00:00:00Z"`, `"timestamp":"2026-11-21T00:00:00Z"`, "2026-11-20T00:00:00Z", false},
		{"the future", `"timestamp":"2027-01-01T00:00:00Z"`, ``, received, false},
		{"after it was sent", `"timestamp":"2026-11-22T10:00:00Z"`, `"sentAt":"2026-11-22T09:31:00Z"`, received, false},
		{"sentAt unreadable", `"timestamp":"2026-11-22T09:30:00Z"`, `"sentAt":"now"`, "2026-11-22T09:30:00Z", false},
		{"unreadable", `"timestamp":"01/12/2010 08:26"`, ``, received, true},
		{"no zone", `"timestamp":"2010-12-01T08:26:00"`, ``, received, true},
		{"no time", `"timestamp":{"seconds":1}`, ``, received, true},
		{"too small a number", `"timestamp":7`, ``, received, true},
		{"of a clock that was never set", `"timestamp":"1980-01-01T00:00:59Z"`, ``, received, true},
		{"year one", `"timestamp":"0001-01-01T00:00:00Z"`, `"sentAt":"9999-12-31T23:59:59Z"`, received, true},
	} {
		item := strings.TrimSuffix(`{"type":"page","userId":"u",`+test.item, ",") + `}`
		for _, body := range []string{ // what stands first must not matter
			`{"batch":[` + item + `],` + test.batch,
			`{` + test.batch + `,"batch":[` + item + `]`,
		} {
			body = strings.Replace(strings.TrimSuffix(body, ","), "{,", "{", 1) + "}"
			result := parse(t, collect.Batch, body)
			if len(result.Events) != 1 {
				t.Fatalf("%s: refused %v", test.name, result.Refused)
			}
			if got := result.Events[0].Timestamp; got != at(t, test.want) {
				t.Errorf("%s: %v, not %s", test.name, got, test.want)
			}
			if noted := len(result.Noted) == 1; noted != test.noted {
				t.Errorf("%s: noted %v", test.name, result.Noted)
			}
		}
	}
}
