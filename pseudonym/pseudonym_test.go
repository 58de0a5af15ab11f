package pseudonym_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
	"rapport/pseudonym"
)

var key = rapport.Key{7}

// people are so many who have the same country and each a mail address of her own.
func people(n int, traits string) (all [][]rapport.Event) {
	for i := range n {
		user := fmt.Sprint("user-", i)
		all = append(all, []rapport.Event{{
			Type: rapport.Identify, MessageID: user + "-1", UserID: user, AnonymousID: "device-" + user, Timestamp: 10, ReceivedAt: 11,
			Properties: []byte(strings.ReplaceAll(traits, "$", user)),
			Context:    []byte(`{"ip":"203.0.113.7","userAgent":"Firefox","timezone":"Asia/Singapore","consent":{"categoryPreferences":{"marketing":true}},"traits":{"email":"` + user + `@shop.test"}}`),
		}})
	}
	return all
}

func scrubbed(all [][]rapport.Event, sensitive ...string) (out [][]rapport.Event) {
	common := pseudonym.NewTexts()
	for _, events := range all {
		common.Count(events)
	}
	common.Settle()
	p := pseudonym.New(key, sensitive, common)
	for _, events := range all {
		var hers []rapport.Event
		for i := range events {
			if e, ok := p.Event(&events[i]); ok {
				hers = append(hers, e)
			}
		}
		out = append(out, hers)
	}
	return out
}

func get(t *testing.T, data []byte, path ...string) rapport.Value {
	t.Helper()
	v, err := rapport.ParseJSON(data)
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	for _, name := range path {
		v = v.Get(name)
	}
	return v
}

func TestWhatStaysAndWhatGoes(t *testing.T) {
	t.Parallel()
	traits := `{"email":"$@shop.test","phone":"+65 9123 4567","name":"Anna $","first_name":"Anna","country":"Singapore","tier":"g","born":"1990-05-17",
		"points":120.5,"member":true,"address":{"street":"Church Road 7 $","country":"SG"},"note":"likes cats $","health":"ill","$@shop.test":1,
		"home":{"lat":1.3521,"lng":103.8198},"seen_at":"2026-11-01T10:00:00Z","page":"https://shop.test/$?token=1","customer_id":778812}`
	e := scrubbed(people(pseudonym.Shared, traits), "health")[0][0]
	for name, want := range map[string]string{"country": "Singapore", "tier": "g", "first_name": "", "seen_at": "2026-11-01T10:00:00Z"} {
		got := get(t, e.Properties, name).Text()
		if want == "" && (got == "Anna" || got == "") || want != "" && got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if v := get(t, e.Properties, "points"); v.Number() != 120.5 {
		t.Errorf("points are %v", v)
	}
	if v := get(t, e.Properties, "home", "lng"); v.Number() != 103 {
		t.Errorf("home is at %v", v)
	}
	if v := get(t, e.Properties, "address"); v.Get("country").Text() != "SG" || v.Len() != 1 {
		t.Errorf("the address is %v", v)
	}
	if v := get(t, e.Properties, "phone").Text(); !strings.HasPrefix(v, "+999") || len(v) != 14 {
		t.Errorf("the phone is %s", v)
	}
	if get(t, e.Properties, "health").IsSet() || get(t, e.Properties, "customer_id").Number() == 778812 {
		t.Errorf("%s", e.Properties)
	}
	if v := get(t, e.Context, "timezone").Text(); v != "Asia/Singapore" {
		t.Errorf("the time zone is %q", v)
	}
	if !get(t, e.Context, "consent", "categoryPreferences", "marketing").Bool() || !get(t, e.Context, "pseudonymised").Bool() {
		t.Errorf("the context is %s", e.Context)
	}
	all := string(e.Properties) + string(e.Context) + e.UserID + e.AnonymousID + e.MessageID
	for _, leak := range []string{"user-0", "shop.test\"", "9123", "Anna", "Church", "cats", "203.0.113.7", "Firefox", "token", "103.8198"} {
		if strings.Contains(all, leak) {
			t.Errorf("%q is still in it: %s", leak, all)
		}
	}
}

// A birthday that is not that of many becomes one near it, the same every time.
func TestDaysAreMoved(t *testing.T) {
	t.Parallel()
	moved := 0
	for day := 1; day <= 28; day++ {
		born := time.Date(1990, 5, day, 0, 0, 0, 0, time.UTC)
		traits := fmt.Sprintf(`{"born":%q}`, born.Format(time.DateOnly))
		first, again := scrubbed(people(1, traits))[0][0], scrubbed(people(1, traits))[0][0]
		got, err := time.Parse(time.DateOnly, get(t, first.Properties, "born").Text())
		if err != nil || string(first.Properties) != string(again.Properties) {
			t.Fatalf("%s, and then %s", first.Properties, again.Properties)
		}
		near := born.AddDate(got.Year()-born.Year(), 0, 0).Sub(got).Abs() <= 3*24*time.Hour
		if years := got.Year() - born.Year(); years < -1 || years > 1 || !near {
			t.Errorf("%s has become %s", born, got)
		}
		if !got.Equal(born) {
			moved++
		}
	}
	if moved < 20 {
		t.Errorf("%d of 28 days were moved", moved)
	}
}

// A text that one person fewer than Shared has is replaced.
func TestTextsOfFewAreReplaced(t *testing.T) {
	t.Parallel()
	for n, stays := range map[int]bool{pseudonym.Shared - 1: false, pseudonym.Shared: true} {
		e := scrubbed(people(n, `{"club":"Chess club"}`))[0][0]
		if got := get(t, e.Properties, "club").Text() == "Chess club"; got != stays {
			t.Errorf("with %d people it stays: %t", n, got)
		}
	}
	// one person who says it often is one
	one := people(1, `{"club":"Chess club"}`)
	for range 10 {
		one[0] = append(one[0], one[0][0])
	}
	if e := scrubbed(one)[0][0]; get(t, e.Properties, "club").Text() == "Chess club" {
		t.Error("it stays")
	}
}

func TestNamesOfPagesAreTexts(t *testing.T) {
	t.Parallel()
	for call, want := range map[rapport.EventType]bool{rapport.Track: true, rapport.Page: false, rapport.Screen: false} {
		e := scrubbed([][]rapport.Event{{{Type: call, Name: "Hello Ana Li", UserID: "u"}}})[0][0]
		if got := e.Name == "Hello Ana Li"; got != want {
			t.Errorf("%s is called %q", call, e.Name)
		}
	}
	if e := scrubbed([][]rapport.Event{{{Type: rapport.Track, Name: "Mail to ana@a.b", UserID: "u"}}})[0][0]; strings.Contains(e.Name, "ana") {
		t.Errorf("it is called %q", e.Name)
	}
}

func TestConsentsBecomeCalls(t *testing.T) {
	t.Parallel()
	act := rapport.Event{Type: rapport.Derived, Name: "Consent Changed", UserID: "ann", Timestamp: 5, Properties: []byte(`{"purpose":"marketing","channel":"email","state":"withdrawn","source":"page"}`)}
	sent := rapport.Event{Type: rapport.Derived, Name: "Message Sent", UserID: "ann", Properties: []byte(`{"message":"msg_1"}`)}
	out := scrubbed([][]rapport.Event{{act, sent}})[0]
	if len(out) != 1 || out[0].Type != rapport.Identify || out[0].Timestamp != 5 {
		t.Fatalf("%+v", out)
	}
	if v := get(t, out[0].Context, "consent", "categoryPreferences", "marketing"); v.Kind() != rapport.Bool || v.Bool() {
		t.Errorf("%s", out[0].Context)
	}
}

// Who was one person stays one and who were two stay two, under whatever ids, and nothing
// of what she is called is left, wherever it stands.
func TestPseudonymsAreStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-zA-Z]{8,12}`)
		secrets := rapid.SliceOfNDistinct(word, 2, 4, func(s string) string { return strings.ToLower(s) }).Draw(t, "secrets")
		value := rapid.SampledFrom([]string{`"%s"`, `["%s","x"]`, `{"deep":{"er":"%s"}}`, `"%s@shop.test"`, `"https://shop.test/%s"`, `{"email":"%s@a.b"}`})
		name := rapid.SampledFrom([]string{"a", "email", "name", "address", "products", "user_id", "note"})
		var all [][]rapport.Event
		for _, s := range secrets {
			n, v := name.Draw(t, "name"), value.Draw(t, "value")
			body := []byte(fmt.Sprintf(`{"`+n+`":`+v+`}`, s))
			call := rapid.SampledFrom([]rapport.EventType{rapport.Identify, rapport.Track, rapport.Page, rapport.Group}).Draw(t, "type")
			all = append(all, []rapport.Event{
				{Type: call, Name: "Seen", MessageID: s + "1", UserID: s, Properties: body, Context: body},
				{Type: rapport.Alias, MessageID: s + "2", UserID: s, PreviousID: s},
			})
		}
		out, again := scrubbed(all), scrubbed(all)
		ids := map[string]bool{}
		for i, hers := range out {
			if fmt.Sprint(hers) != fmt.Sprint(again[i]) {
				t.Fatal("the second time is another")
			}
			if hers[0].UserID != hers[1].UserID || hers[1].UserID != hers[1].PreviousID {
				t.Fatalf("she has become two: %s, %s and %s", hers[0].UserID, hers[1].UserID, hers[1].PreviousID)
			}
			ids[hers[0].UserID] = true
			for _, e := range hers {
				told := strings.ToLower(fmt.Sprint(e.MessageID, e.UserID, e.PreviousID, e.AnonymousID, string(e.Properties), string(e.Context)))
				for _, s := range secrets {
					if strings.Contains(told, strings.ToLower(s)) {
						t.Fatalf("%q is still in %s", s, told)
					}
				}
			}
		}
		if len(ids) != len(secrets) {
			t.Fatalf("%d people have become %d", len(secrets), len(ids))
		}
	})
}

func TestMalformedSaysNothing(t *testing.T) {
	t.Parallel()
	e := scrubbed([][]rapport.Event{{{Type: rapport.Track, Name: "x", UserID: "u", Properties: []byte(`{"a":`), Context: []byte(`[`)}}})[0][0]
	if string(e.Properties) != "{}" || !get(t, e.Context, "pseudonymised").Bool() {
		t.Errorf("%s %s", e.Properties, e.Context)
	}
}

// What says who somebody is goes also where it is short, a number, a place, a link or the
// name of a property.
func TestWhatIsHersGoesInEveryForm(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{`{"recipient_nick":"김민지"}`, "김민지"},
		{`{"nick":"王伟"}`, "王伟"},
		{`{"nick":"Ana"}`, "Ana"},
		{`{"order_id":450789469}`, "450789469"},
		{`{"orderID":450789469}`, "450789469"},
		{`{"loyalty":{"card_number":6789}}`, "6789"},
		{`{"items":[{"orderid":77}]}`, "77"},
		{`{"where":{"type":"Point","coordinates":[103.8198,1.3521]}}`, "103.8198"},
		{`{"from":"instagram://anna.smith/x"}`, "anna"},
		{`{"from":"https://anna-smith.shop.test/x"}`, "anna"},
		{`{"friends":{"user-48151623":true}}`, "48151623"},
		{`{"seen":{"+65 9123 4567":2}}`, "4567"},
		{`{"seen":{"Anna Smith":2}}`, "Anna"},
		{`{"birthday":"1990-05-16T16:00:00.000Z"}`, "1990-05-16"},
		{`{"born":642871200000}`, "642871200000"},
	} {
		body := []byte(c[0])
		event := rapport.Event{Type: rapport.Track, Name: "Seen", UserID: "u", Properties: body, Context: []byte(`{"locale":"Anna Smith","timezone":"Anna/Smith","campaign":` + c[0] + `}`)}
		e := scrubbed([][]rapport.Event{{event, {Type: rapport.Identify, UserID: "u", Properties: body}}})[0]
		if told := string(e[0].Properties) + string(e[0].Context) + string(e[1].Properties); strings.Contains(told, c[1]) || strings.Contains(told, "Anna") {
			t.Errorf("%s becomes %s", c[0], told)
		}
	}
	if e := scrubbed([][]rapport.Event{{{Type: rapport.Track, Name: "Order 48151623", UserID: "u"}}})[0][0]; strings.Contains(e.Name, "4815") {
		t.Errorf("it is called %q", e.Name)
	}
}

// What many have in common, and what is counted or paid, stays.
func TestWhatManyHaveStays(t *testing.T) {
	t.Parallel()
	const body = `{"product_id":4711,"total":1500000,"currency":"VND","size":"XL","quantity":12,"paid":4500.5,"url":"https://shop.test/sale","Order Count":1,"year":1990}`
	var all [][]rapport.Event
	for i := range pseudonym.Shared {
		all = append(all, []rapport.Event{{Type: rapport.Track, Name: "장바구니 담기", UserID: fmt.Sprint(i), Properties: []byte(body), Context: []byte(`{"locale":"zh-Hant-TW","timezone":"Asia/Singapore"}`)}})
	}
	e := scrubbed(all)[0][0]
	if string(e.Properties) != body || e.Name != "장바구니 담기" {
		t.Errorf("%s: %s", e.Name, e.Properties)
	}
	if get(t, e.Context, "locale").Text() != "zh-Hant-TW" || get(t, e.Context, "timezone").Text() != "Asia/Singapore" {
		t.Errorf("%s", e.Context)
	}
	few := scrubbed([][]rapport.Event{{{Type: rapport.Track, Name: "Bought", UserID: "u", Properties: []byte(`{"total":1500000,"currency":"VND","size":"XL","quantity":12,"paid":4500.5}`)}}})[0][0]
	if get(t, few.Properties, "total").Number() != 1500000 || get(t, few.Properties, "paid").Number() != 4500.5 || get(t, few.Properties, "currency").Text() != "VND" {
		t.Errorf("%s", few.Properties)
	}
}

// What a data plan calls sensitive is left out wherever something is called so, also where
// many say the same.
func TestSensitiveIsLeftOutEverywhere(t *testing.T) {
	t.Parallel()
	body := []byte(`{"health":"asthma","survey":[{"health":"asthma","mood":"fine"}]}`)
	var all [][]rapport.Event
	for i := range pseudonym.Shared {
		user := fmt.Sprint("user-", i)
		all = append(all, []rapport.Event{
			{Type: rapport.Track, Name: "Survey Answered", UserID: user, Properties: body, Context: []byte(`{"traits":` + string(body) + `,"campaign":` + string(body) + `}`)},
			{Type: rapport.Identify, UserID: user, Properties: body},
		})
	}
	for _, e := range scrubbed(all, "health")[0] {
		if told := string(e.Properties) + string(e.Context); strings.Contains(told, "asthma") || !strings.Contains(told, "fine") {
			t.Errorf("%s", told)
		}
	}
}
