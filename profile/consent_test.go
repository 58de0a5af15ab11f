package profile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
)

// Consents in an event's context are told for all channels or for each, with where
// they come from; what is no yes and no no is passed over.
func TestPreferences(t *testing.T) {
	t.Parallel()
	e := Read(&rapport.Event{Type: rapport.Identify, UserID: "ana", MessageID: "m", Timestamp: testNow, Context: []byte(
		`{"consent":{"source":"import","categoryPreferences":{"location":false,"marketing":{"email":true,"sms":false,"fax":true,"webhook":"yes"},"in_store":"yes","":true}}}`)})
	var got []string
	for _, told := range e.Told() {
		p := told.Properties()
		got = append(got, told.ID()+" "+p.Get("purpose").Text()+" "+p.Get("channel").Text()+" "+p.Get("state").Text()+" "+p.Get("source").Text())
	}
	want := []string{"m/consent/location location  withdrawn import", "m/consent/marketing/email marketing email granted import", "m/consent/marketing/sms marketing sms withdrawn import"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWithConsentSource(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ context, source, want string }{
		{`{"ip":"1","consent":{"categoryPreferences":{"marketing":true},"source":"desk"}}`, "", `{"consent":{"categoryPreferences":{"marketing":true}},"ip":"1"}`},
		{`{"ip":"1","consent":{"categoryPreferences":{"marketing":true},"source":"desk"}}`, "import", `{"consent":{"categoryPreferences":{"marketing":true},"source":"import"},"ip":"1"}`},
		{`{"ip":"1", "consent":{"categoryPreferences":{}}}`, "", `{"ip":"1", "consent":{"categoryPreferences":{}}}`},
		{`{"ip":"1", "note":"\"categoryPreferences\""}`, "import", `{"ip":"1", "note":"\"categoryPreferences\""}`},
		{`{"consent":["categoryPreferences"]}`, "import", `{"consent":["categoryPreferences"]}`},
		{"", "import", ""},
	} {
		if got := string(WithConsentSource([]byte(c.context), c.source)); got != c.want {
			t.Errorf("%s from %q: got %s, want %s", c.context, c.source, got, c.want)
		}
	}
}
