package api_test

import (
	"encoding/json"
	"regexp"
	"testing"
)

// What is shown before is what is sent, to the byte, but for the place that the link
// to unsubscribe leads to.
func TestPreviewIsWhatIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.apply("testdata/preview.yaml")
	w.must("POST", "/v1/batch", `{"batch": [
		{"type": "identify", "userId": "eva", "traits": {"email": "eva@example.com", "first_name": "Eva <3", "country": "DE", "locale": "de_AT"}},
		{"type": "track", "userId": "eva", "event": "Product Added", "properties": {"cart_id": "c1", "product_id": "p1", "name": "Hemd & Hose", "price": 39.9, "currency": "EUR"}}
	]}`, "Authorization", basic(writeKey))
	w.must("POST", "/v1/customers/eva/consents", `{"purpose": "marketing", "state": "granted"}`)
	for _, c := range []struct{ template, journey, class string }{{"cart", "asks", "promotional"}, {"receipt", "tells", "transactional"}} {
		shown := w.must("POST", "/v1/templates/"+c.template+"/preview", `{"customer": "eva", "class": "`+c.class+`", "entry": {"journey": "`+c.journey+`", "cart_id": "c1"}}`)
		w.must("POST", "/v1/journeys/"+c.journey+"/runs", `{"userId": "eva", "properties": {"cart_id": "c1"}}`)
		w.must("POST", "/v1/clock", `{"advance": "1s"}`) // what is due has been sent when this is answered
		var list struct{ Messages []struct{ ID string } }
		decode(t, w.must("GET", "/v1/messages?journey="+c.journey, ""), &list)
		if len(list.Messages) != 1 {
			t.Fatalf("%s: %d messages", c.journey, len(list.Messages))
		}
		type body struct{ Subject, HTML, Text string }
		var before body
		var sent struct{ Content body }
		decode(t, shown, &before)
		decode(t, w.must("GET", "/v1/messages/"+list.Messages[0].ID, ""), &sent)
		id := regexp.MustCompile(`msg_[a-z0-9]+`)
		same := func(s string) string { return id.ReplaceAllString(s, "msg_") }
		if sent.Content.Subject == "" || sent.Content.Text == "" {
			t.Fatalf("%s: nothing was sent", c.journey)
		}
		if b, s := before, sent.Content; b.Subject != s.Subject || same(b.HTML) != same(s.HTML) || same(b.Text) != same(s.Text) {
			t.Errorf("%s: shown %+v, sent %+v", c.template, b, s)
		}
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}
