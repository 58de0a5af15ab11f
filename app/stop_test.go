package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A campaign that too many complain of is paused by the program itself, also if that dies
// before it could, and says why.
func TestCampaignStopsByItself(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.ask(http.MethodPost, "/v1/apply", `
kind: template
name: news
channel: sms
text: News.
---
kind: campaign
name: news
audience: 'true'
schedule: { on: 2126-01-01, at: "10:00", canary: { stages: [50] } }
steps:
  - send: { template: news, channel: sms, class: transactional }
`)
	var people []string
	for i := range 60 {
		people = append(people, fmt.Sprintf(`{"type": "identify", "userId": "u%d", "traits": {"phone": "+65912345%02d"}}`, i, i))
	}
	o.ask(http.MethodPost, "/v1/batch", `{"batch": [`+strings.Join(people, ",")+`]}`)
	o.ask(http.MethodPost, "/v1/clock", `{"to": "2126-01-01T10:05:00Z"}`)
	first := o.ask(http.MethodGet, "/v1/messages?limit=2", "")["messages"].([]any)
	for _, m := range first {
		o.ask(http.MethodPost, "/v1/messages/"+m.(map[string]any)["id"].(string)+"/feedback", `{"kind": "complained"}`)
	}
	standing := func() map[string]any {
		return o.ask(http.MethodGet, "/v1/campaigns/news", "")["standing"].(map[string]any)
	}
	for deadline := time.Now().Add(10 * time.Second); standing()["state"] != "paused"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(standing())
		}
	}
	if why := fmt.Sprint(standing()["reason"]); !strings.Contains(why, "2 of ") || !strings.Contains(why, "complained") {
		t.Error(why)
	}
	o.restart()
	o.ask(http.MethodPost, "/v1/clock", `{"advance": "48h"}`)
	if c := o.ask(http.MethodGet, "/v1/campaigns/news", ""); c["entered"].(float64) > 45 || standing()["state"] != "paused" {
		t.Error(c)
	}
	o.ask(http.MethodPost, "/v1/journeys/news/resume", "")
	o.ask(http.MethodPost, "/v1/clock", `{"advance": "2h"}`)
	if c := o.ask(http.MethodGet, "/v1/campaigns/news", ""); c["entered"].(float64) != 60 {
		t.Error(c)
	}
}
