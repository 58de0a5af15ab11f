package console_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rapport/console"
)

// The answers of the face about one campaign that goes on, and after it has stopped by
// itself, was paused and was archived.
const (
	careful = `"name":"careful","description":"What is new","hypothesis":"2 of 100 come back","running":7,"entered":1234,"goal":3,"exited":{"finished":1224},"refused":{},
		"steps":[{"name":"tell","passed":1234,"asked":1234,"dropped":40},{"name":"which","passed":90,"ways":{"1":60,"otherwise":30}}],
		"versions":[{"version":4,"runs":5,"newest":true},{"version":2,"runs":2}],
		"canary":{"stages":[2,20,100],"wait":"30m","stop":{"unsubscribes":0.5,"complaints":0.1,"failures":10}}`
	days = `{"day":"2026-11-10","state":"over","begun":"2026-11-10T02:00:00Z","ended":"2026-11-10T09:00:00Z","share":100,"entered":1000,"handed":990,"failed":4,"unsubscribed":3,"complained":0}`

	going   = `{` + careful + `,"standing":{"state":"active"},"next":"2026-11-21T23:30:00Z","occasions":[{"day":"2026-11-21","state":"watching","share":2,"entered":234,"handed":230,"failed":0,"unsubscribed":1,"complained":0},` + days + `]}`
	stopped = `{` + careful + `,"standing":{"state":"paused","at":"2026-11-21T23:05:00Z","by":"rapport","reason":"it stopped by itself: too much"},"occasions":[{"day":"2026-11-21","state":"stopped","share":2,"entered":234,"handed":230,"failed":0,"unsubscribed":9,"complained":0,"why":"9 of 230 messages were answered by unsubscribing"},` + days + `]}`
	paused  = `{` + careful + `,"standing":{"state":"paused","at":"2026-11-21T23:05:00Z","by":"mai-li","author":"Mai Li","reason":"wrong price"},"occasions":[{"day":"2026-11-21","state":"going","share":2,"entered":234,"handed":230,"failed":0,"unsubscribed":1,"complained":0},` + days + `]}`
)

func archived() string {
	return strings.NewReplacer(`"state":"paused"`, `"state":"archived"`, "wrong price", "not in season").Replace(paused)
}

// withCampaigns adds what the face tells of a campaign, a journey and the channels.
func (f *face) withCampaigns() *face {
	f.says("GET /v1/campaigns/careful", going)
	for path, answer := range map[string]string{
		"/v1/documents/campaign/careful": `{"kind":"campaign","audience":"true","versions":"move","goal":{"event":"Order Completed","within":"1d"},
			"schedule":{"repeat":"FREQ=WEEKLY;BYDAY=MO,TH","from":"2026-11-02","at":"10:00","zone":"Asia/Singapore","rate":"20000/h"}}`,
		"/v1/documents/journey/cart-recovery": `{"kind":"journey","description":"Reminds","entry":{"event":["Product Added","Cart Viewed"],"where":"event.price > 3"}}`,
		"/v1/journeys/careful":                `{"name":"careful","worstCase":{"messages":2,"exact":true}}`,
		"/v1/journeys/cart-recovery":          `{"name":"cart-recovery","running":2,"entered":7,"standing":{"state":"active"},"versions":[],"worstCase":{"messages":null,"unbounded":"nothing bounds it"},"steps":[]}`,
		"/v1/versions":                        `{"versions":[{"version":4,"at":"2026-11-20T00:00:00Z","key":"admin","author":"Kai","note":"another price"},{"version":2,"at":"2026-11-01T00:00:00Z","key":"admin"}]}`,
		"/v1/channels": `{"channels":[{"name":"mail","channel":"email","provider":"smtp","since":"2026-11-01T00:00:00Z","servers":[
			{"name":"east","weight":3,"state":"open","handed":1200,"failed":1},
			{"name":"south","weight":2,"state":"resting","until":"2026-11-21T23:08:00Z","why":"no connection","handed":12,"failed":30},
			{"name":"west","weight":1,"state":"waiting","why":"there is no secret mail-password yet","handed":0,"failed":0}]}]}`,
		"/v1/documents":              `{"documents":[{"kind":"topic","name":"styles"}]}`,
		"/v1/documents/topic/styles": `{"title":{"en":"New styles","de":"Neue Mode"},"description":"What came in"}`,
		"/v1/documents/brand/styles": `{"title":"Maison Lila","sender":{"name":"Lila","address":"hello@shop.example"},"address":"1 Orchard Road\nSingapore"}`,
	} {
		f.answers["GET "+path] = answer
	}
	f.after = map[string]map[string]string{
		"POST /v1/journeys/careful/pause":   {"GET /v1/campaigns/careful": paused},
		"POST /v1/journeys/careful/archive": {"GET /v1/campaigns/careful": archived()},
	}
	for act := range f.after {
		f.answers[act] = `{"state":"done"}`
	}
	f.answers["POST /v1/journeys/careful/resume"], f.answers["POST /v1/journeys/careful/restore"] = `{}`, `{}`
	return f
}

// says lets the face answer so of a campaign, alone and in the list.
func (f *face) says(path, answer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path], f.answers["GET /v1/campaigns"] = answer, `{"campaigns":[`+answer+`],"next":"page2"}`
}

// posted returns the paths and bodies of what was asked to be done.
func (f *face) posted() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, r := range f.asked {
		if r.Method == http.MethodPost {
			all = append(all, r.URL.Path+" "+f.bodies[i])
		}
	}
	return all
}

// tells reports what a page lacks, and what it should not hold.
func tells(t *testing.T, address string, want, not []string) {
	t.Helper()
	status, _, body := get(t, address)
	if status != http.StatusOK {
		t.Errorf("%s: status %d", address, status)
	}
	for _, text := range want {
		if !strings.Contains(body, text) {
			t.Errorf("%s does not tell %q", address, text)
		}
	}
	for _, text := range not {
		if strings.Contains(body, text) {
			t.Errorf("%s tells %q", address, text)
		}
	}
}

func TestCampaignsAndJourneysAreTold(t *testing.T) {
	t.Parallel()
	server := site(t, newFace(), nil)
	tells(t, server.URL+"/campaigns", []string{
		`href="/campaigns/careful"`, ">watching<", "21 Nov 2026, 23:30:00 UTC", "last on 21 Nov 2026", ">1\u202f234<", ">1\u202f220<", `wrong">4<`, `unsubscribed" class="num">4<`, "cursor=page2",
	}, nil)
	tells(t, server.URL+"/campaigns/careful", []string{
		"What is new", "Every week on Monday and Thursday", "At 10:00 in Singapore", "From 2 November 2026 on", "22 Nov 2026, 07:30:00 Singapore", "Everybody", "Order Completed within 1 day", "2 messages to one customer",
		"At most 20000 an hour", "2 of 100, then 20 of 100, then all; each watched for 30 minutes", "more than 0.5 of 100 messages make somebody unsubscribe, 0.1 are complained of, or 10 fail",
		"2 of 100 come back", "not written down yet", "another price", "by Kai, with the key admin,", "by admin,", "moves runs under way", "60 case 1, 30 otherwise", "2 of 100 so far", "/messages?journey=careful", "/messages/msg_1",
		`href="/campaigns/careful/pause"`, `href="/campaigns/careful/archive"`,
	}, []string{"Go on", "/restore", `method="post"`})
	tells(t, server.URL+"/journeys", []string{`href="/journeys/cart-recovery"`}, nil)
	tells(t, server.URL+"/journeys/cart-recovery", []string{
		"Reminds", "Product Added or Cart Viewed", "event.price &gt; 3", "Any number of messages: nothing bounds it", "No run is under way", `href="/journeys/cart-recovery/pause"`,
	}, []string{"Its days", "How fast", "Hypothesis"})
	tells(t, server.URL+"/journeys/careful", []string{`<a href="/campaigns">Campaigns</a>`}, nil) // was led to where it belongs
}

func TestStandingsAreTold(t *testing.T) {
	t.Parallel()
	f := newFace()
	server := site(t, f, nil)
	for _, c := range []struct {
		answer    string
		want, not []string
	}{
		{stopped, []string{">stopped<", "It stopped by itself", "9 of 230 messages were answered by unsubscribing", "Go on in spite of that", "none while it is paused"}, []string{"/pause\"", "rapport: it"}},
		{paused, []string{">paused<", "<b>Paused</b>", "by Mai Li, with the key mai-li: wrong price", ">Go on<"}, []string{"in spite", ">going<", ">watching<"}},
		{archived(), []string{"<b>Archived</b>", "not in season", ">Restore<"}, []string{">Go on<", ">Archive<"}},
	} {
		f.says("GET /v1/campaigns/careful", c.answer)
		tells(t, server.URL+"/campaigns/careful", c.want, c.not)
	}
	f.says("GET /v1/campaigns/careful", stopped)
	tells(t, site(t, f, nil).URL, []string{"stopped by itself: 9 of 230"}, nil)
}

func TestScheduleIsSaidInWords(t *testing.T) {
	t.Parallel()
	f := newFace()
	server := site(t, f, nil)
	for schedule, want := range map[string][]string{
		`{"on":"11-11","at":"14:00","late":"3h"}`:                                                     {"On 11 November of every year", "At 14:00 by the clocks of each customer&#39;s market", "up to 3 hours late", "As fast as their turns come"},
		`{"on":["2026-12-24","2027-01-01"],"at":"9:00"}`:                                              {"On 24 December 2026 and 1 January 2027"},
		`{"feast":"dog-day","shift":"-7d","at":"9:00","to":"2027-01-01"}`:                             {"On the feast dog-day of each customer&#39;s market, 7 days earlier", "Until 1 January 2027"},
		`{"date":"customer.birthday","yearly":true,"at":"9:00","rate":"600/m"}`:                       {"On the day of each customer&#39;s birthday, every year", "At most 600 a minute"},
		`{"date":"customer.trial_ends","shift":"1d","at":"9:00"}`:                                     {"On the day of each customer&#39;s trial_ends, 1 day later"},
		`{"repeat":"FREQ=MONTHLY;BYMONTHDAY=1,-1","at":"9:00","from":"2026-01-01","to":"2026-12-31"}`: {"Every month on day 1 and the last day", "From 1 January 2026 to 31 December 2026"},
		`{"repeat":"FREQ=WEEKLY;INTERVAL=2","at":"9:00","zone":"UTC"}`:                                {"Every 2 weeks", "At 9:00 UTC, for everybody"},
		`{"repeat":"FREQ=MONTHLY;BYDAY=1MO","at":"9:00"}`:                                             {"By the rule FREQ=MONTHLY;BYDAY=1MO"},
		`{"repeat":"FREQ=YEARLY;BYEASTER=-2","at":"9:00"}`:                                            {"By the rule FREQ=YEARLY;BYEASTER=-2"},
	} {
		f.mu.Lock()
		f.answers["GET /v1/documents/campaign/careful"] = `{"audience":"x","schedule":` + schedule + `}`
		f.mu.Unlock()
		tells(t, server.URL+"/campaigns/careful", want, nil)
	}
}

func TestWhatIsDoneIsConfirmedFirst(t *testing.T) {
	t.Parallel()
	f := newFace()
	server := site(t, f, nil)
	at := server.URL + "/campaigns/careful"
	tells(t, at+"/pause", []string{`<form method="post" action="/campaigns/careful/pause">`, "messages that wait are held", "7 runs are under way", `name="reason"`}, nil)
	tells(t, at+"/archive", []string{"Runs under way end"}, nil)
	tells(t, at+"/resume", []string{`href="/campaigns/careful/pause"`}, []string{"<form"}) // it is not paused: back to its page
	f.says("GET /v1/campaigns/careful", stopped)
	tells(t, at+"/resume", []string{"9 of 230 messages", "What was met so far is forgiven", "however late that is", "Go on in spite of that</button>"}, []string{`name="reason"`})
	for _, path := range []string{"/spite", "/delete", "/runs"} {
		if status, _, _ := get(t, at+path); status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, status)
		}
		if status, _, _ := post(t, at+path, "same-origin", ""); status != http.StatusNotFound {
			t.Errorf("posted %s: status %d", path, status)
		}
	}
	if done := f.posted(); len(done) > 0 {
		t.Errorf("looking did %q", done)
	}
	for _, verb := range []string{"pause", "resume", "archive", "restore"} {
		status, header, _ := send(t, at+"/"+verb, url.Values{"reason": {"wrong price"}}, http.Header{"Sec-Fetch-Site": {"same-origin"}})
		if status != http.StatusSeeOther || header.Get("Location") != "/campaigns/careful" {
			t.Errorf("%s: %d to %q", verb, status, header.Get("Location"))
		}
	}
	want := []string{}
	for _, verb := range []string{"pause", "resume", "archive", "restore"} {
		want = append(want, "/v1/journeys/careful/"+verb+` {"reason":"wrong price"}`)
	}
	if done := f.posted(); !slices.Equal(done, want) {
		t.Errorf("asked for %q", done)
	}
}

func TestARefusalIsShown(t *testing.T) {
	t.Parallel()
	server := site(t, newFace(), nil)
	for _, path := range []string{"/campaigns/none", "/journeys/none", "/campaigns/none/pause"} {
		if status, _, body := get(t, server.URL+path); status != http.StatusNotFound || !strings.Contains(body, "There is no such &lt;thing&gt;.") {
			t.Errorf("%s: status %d", path, status)
		}
	}
	if status, _, body := post(t, server.URL+"/journeys/none/pause", "same-origin", ""); status != http.StatusNotFound || !strings.Contains(body, "There is no such") {
		t.Errorf("status %d", status)
	}
}

// A browser sends a key along whoever made the form, so it has to be a form of these
// pages. Older browsers, and addresses without TLS, tell of that by the origin.
func TestAFormOfAnotherSiteDoesNothing(t *testing.T) {
	t.Parallel()
	f := newFace()
	server := site(t, f, func(c *console.Config) { c.Authorised = func(string) bool { return true } })
	own := http.Header{"Authorization": {"Basic YW55Om9uZQ=="}, "Origin": {server.URL}}
	for _, verb := range []string{"pause", "resume", "archive", "restore"} {
		for name, value := range map[string][]string{"Sec-Fetch-Site": {"cross-site", "same-site"}, "Origin": {"https://elsewhere.example", "null"}} {
			for _, v := range value {
				header := own.Clone()
				header.Set(name, v)
				status, _, body := send(t, server.URL+"/campaigns/careful/"+verb, nil, header)
				if status != http.StatusForbidden || !strings.Contains(body, "Nothing was done") {
					t.Errorf("%s with %s %s: status %d", verb, name, v, status)
				}
			}
		}
	}
	if done := f.posted(); len(done) > 0 {
		t.Errorf("it did %q", done)
	}
	if status, header, _ := send(t, server.URL+"/campaigns/careful/pause", nil, own); status != http.StatusSeeOther {
		t.Errorf("a form of its own: status %d, %v", status, header)
	}
	done := f.asked[len(f.asked)-1].Header
	if done.Get("Authorization") != "Bearer one" || done.Get("Rapport-Author") != "any" {
		t.Errorf("it was done by %v", done)
	}
	if status, _, _ := send(t, server.URL+"/campaigns/careful/pause", nil, http.Header{"Origin": {server.URL}}); status != http.StatusUnauthorized {
		t.Errorf("without a key: status %d", status)
	}
}

func TestListsGoOnAndTellWhatIsArchived(t *testing.T) {
	t.Parallel()
	f := newFace()
	server := site(t, f, nil)
	get(t, server.URL+"/campaigns?archived=true&cursor=page2")
	last := f.asked[len(f.asked)-1].URL.Query()
	if last.Get("archived") != "true" || last.Get("cursor") != "page2" {
		t.Errorf("asked for %v", last)
	}
	tells(t, server.URL+"/campaigns?archived=true", []string{"archived=true&amp;cursor=page2", "Leave them out"}, nil)
}

func TestChannelsAreTold(t *testing.T) {
	t.Parallel()
	f := newFace()
	tells(t, site(t, f, func(c *console.Config) { c.Sandbox = false }).URL+"/channels", []string{
		"1 Nov 2026", ">open<", "1\u202f200", ">resting<", "no connection", "tried again", "23:08:00 UTC", ">waiting<", "there is no secret mail-password yet",
		"Neue Mode / New styles", "What came in", "Maison Lila", "hello@shop.example",
	}, []string{"Channels of the documents"})
	for _, path := range []string{"GET /v1/channels", "GET /v1/documents"} {
		f.answers[path] = `{"channels":[],"documents":[]}`
	}
	tells(t, site(t, f, nil).URL+"/channels", []string{"No channel yet", "Channels of the documents", "leaves all that her consent allowed"}, nil)
}

func TestEmptyListsSayWhatToDo(t *testing.T) {
	t.Parallel()
	f := &face{answers: map[string]string{"GET /v1/campaigns": `{"campaigns":[]}`, "GET /v1/journeys": `{"journeys":[]}`}}
	server := site(t, f, nil)
	tells(t, server.URL+"/campaigns", []string{"No campaigns yet", "docs/campaigns.md"}, nil)
	tells(t, server.URL+"/journeys", []string{"No journeys yet"}, nil)
}

// What the tests let the face answer is JSON.
func TestTheFaceAnswersJSON(t *testing.T) {
	t.Parallel()
	for path, answer := range newFace().answers {
		if !json.Valid([]byte(answer)) {
			t.Errorf("%s: %s", path, answer)
		}
	}
}
