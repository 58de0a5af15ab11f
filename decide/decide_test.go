package decide

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
)

const now = rapport.Instant(1_790_000_000_000)

// person is a customer with one answer to everything.
type person struct {
	address    string
	consent    rapport.ConsentState
	topics     map[string]rapport.ConsentState
	suppressed string
	asked      *[]string
}

func (p person) ID() rapport.CustomerID { return rapport.CustomerID{1, 2, 3} }

func (p person) Address(rapport.Channel) (string, bool) { return p.address, p.address != "" }

func (p person) Consent(purpose string, channel rapport.Channel, address string) rapport.ConsentState {
	if p.asked != nil {
		*p.asked = append(*p.asked, strings.Join([]string{purpose, string(channel), address}, " "))
	}
	if topic, ok := rapport.TopicOf(purpose); ok {
		return p.topics[topic]
	}
	return p.consent
}

func (p person) Suppressed(rapport.Channel, string) (string, bool) {
	return p.suppressed, p.suppressed != ""
}

func policy(t interface{ Fatal(...any) }) *Policy {
	p, err := NewPolicy(Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wish(change func(*Wish)) Wish {
	w := Wish{
		Journey: "cart-recovery", Version: 7, Run: 42, Step: "reminder", Channel: rapport.Email,
		Class: rapport.Promotional, Purpose: "marketing", UsefulUntil: rapport.Never,
	}
	if change != nil {
		change(&w)
	}
	return w
}

// outcome writes a decision as one line: its outcome, the checks (! before the
// one that failed), and the change.
func outcome(d rapport.Decision) string {
	var names []string
	for _, c := range d.Checks {
		name := c.Name
		if !c.Passed {
			name = "!" + name
		}
		names = append(names, name)
	}
	return strings.TrimSpace(d.Outcome + ": " + strings.Join(names, " ") + ". " + d.Change)
}

func TestDecide(t *testing.T) {
	t.Parallel()
	granted := person{address: "ann@example.com", consent: rapport.ConsentGranted}
	with := func(change func(*person)) person {
		p := granted
		change(&p)
		return p
	}
	class := func(c rapport.Class, purpose string) Wish {
		return wish(func(w *Wish) { w.Class, w.Purpose = c, purpose })
	}
	unknown := with(func(p *person) { p.consent = rapport.ConsentUnknown })
	withdrawn := with(func(p *person) { p.consent = rapport.ConsentWithdrawn })
	const all = "send: reachable suppressed consent useful."
	about := func(topic string, c rapport.Class, purpose string) Wish {
		return wish(func(w *Wish) { w.Topic, w.Class, w.Purpose = topic, c, purpose })
	}
	told := func(topic string, s rapport.ConsentState) map[string]rapport.ConsentState {
		return map[string]rapport.ConsentState{topic: s}
	}
	const left = "drop: reachable suppressed !consent. The customer takes back that she wants no more about news by email."
	const consents = "drop: reachable suppressed !consent. The customer consents to marketing by email."
	for name, c := range map[string]struct {
		wish Wish
		who  person
		want string
	}{
		"all is well":              {wish(nil), granted, all},
		"no address":               {wish(nil), with(func(p *person) { p.address = "" }), "drop: !reachable. The customer's email address becomes known, for instance by an identify call."},
		"malformed address":        {wish(nil), with(func(p *person) { p.address = "ann at home" }), "drop: !reachable. The customer's email address is corrected."},
		"bounced":                  {wish(nil), with(func(p *person) { p.suppressed = "bounced" }), "drop: reachable !suppressed. The suppression of the email address is lifted, or another one is known."},
		"bounced, transactional":   {class(rapport.Transactional, ""), with(func(p *person) { p.suppressed = "bounced" }), "drop: reachable !suppressed. The suppression of the email address is lifted, or another one is known."},
		"promotional, never asked": {wish(nil), unknown, consents},
		"promotional, withdrawn":   {wish(nil), withdrawn, consents},
		"content, never asked":     {class(rapport.ContentClass, "marketing"), unknown, consents},
		"must-send, never asked":   {class(rapport.MustSend, "marketing"), unknown, consents},
		"must-send, granted":       {class(rapport.MustSend, "marketing"), granted, all},
		"promotional, no purpose":  {class(rapport.Promotional, ""), granted, "drop: reachable suppressed !consent. The send names a purpose, such as marketing."},
		"transactional, unnamed":   {class(rapport.Transactional, ""), withdrawn, all},
		"transactional, unknown":   {class(rapport.Transactional, "marketing"), unknown, all},
		"transactional, withdrawn": {class(rapport.Transactional, "marketing"), withdrawn, consents},
		"still useful":             {wish(func(w *Wish) { w.UsefulUntil = now + 1 }), granted, all},
		"too late": {wish(func(w *Wish) { w.UsefulUntil = now }), granted,
			"drop: reachable suppressed consent !useful. The message is decided and sent earlier, or the step's useful_for is longer."},
		"no class at all": {class(0, "marketing"), unknown, consents},

		"topic, never spoken of": {about("news", rapport.Promotional, "marketing"), granted, all},
		"topic, come back to":    {about("news", rapport.Promotional, "marketing"), with(func(p *person) { p.topics = told("news", rapport.ConsentGranted) }), all},
		"topic, left":            {about("news", rapport.Promotional, "marketing"), with(func(p *person) { p.topics = told("news", rapport.ConsentWithdrawn) }), left},
		"another topic, left":    {about("news", rapport.Promotional, "marketing"), with(func(p *person) { p.topics = told("sales", rapport.ConsentWithdrawn) }), all},
		"a yes to a topic is none to its purpose": {about("news", rapport.Promotional, "marketing"),
			person{address: "ann@example.com", topics: told("news", rapport.ConsentGranted)}, consents},
		"topic, purpose withdrawn":   {about("news", rapport.Promotional, "marketing"), withdrawn, consents},
		"topic, left, transactional": {about("news", rapport.Transactional, ""), with(func(p *person) { p.topics = told("news", rapport.ConsentWithdrawn) }), left},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := &State{}
			d := policy(t).Decide(c.wish, c.who, st, now)
			if got := outcome(d); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			sent := d.Outcome == Send
			if sent == d.Message.IsZero() || sent != (len(st.Contacts()) == 1) {
				t.Errorf("outcome %s, message %v, contacts %v", d.Outcome, d.Message, st.Contacts())
			}
		})
	}
}

func TestDecisionIsRecorded(t *testing.T) {
	t.Parallel()
	var asked []string
	who := person{address: "ann@example.com", consent: rapport.ConsentGranted, asked: &asked}
	st := &State{}
	d := policy(t).Decide(wish(func(w *Wish) { w.UsefulUntil = now + 1000 }), who, st, now)
	want := rapport.Decision{
		Customer: who.ID(), Journey: "cart-recovery", Step: "reminder", Outcome: Send, At: now, Workspace: 7,
		Message: MessageID(who.ID(), 42, "reminder", 0, now),
		Checks: []rapport.Check{
			{Name: "reachable", Passed: true, Values: "channel=email address=known"},
			{Name: "suppressed", Passed: true, Values: "suppressed=no"},
			{Name: "consent", Passed: true, Values: "class=promotional purpose=marketing channel=email consent=granted"},
			{Name: "useful", Passed: true, Values: "now=2026-09-21T14:13:20.000Z useful_until=2026-09-21T14:13:21.000Z"},
		},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"marketing email ann@example.com"}, asked); diff != "" {
		t.Errorf("consent was asked for (-want +got):\n%s", diff)
	}
	wantContacts := []Contact{{Message: d.Message, At: now, Channel: rapport.Email, Class: rapport.Promotional}}
	if diff := cmp.Diff(wantContacts, st.Contacts()); diff != "" {
		t.Errorf("contacts (-want +got):\n%s", diff)
	}
}

func TestRecheck(t *testing.T) {
	t.Parallel()
	who := person{address: "new@example.com", consent: rapport.ConsentGranted}
	w := wish(nil)
	again := policy(t).Recheck(w, "old@example.com", who, now+1)
	if again.Outcome != Send {
		t.Errorf("nothing has changed, and yet: %s", outcome(again))
	}
	who.consent = rapport.ConsentWithdrawn
	if got := policy(t).Recheck(w, "old@example.com", who, now+1); got.Outcome != Drop {
		t.Errorf("consent was withdrawn, and yet: %s", outcome(got))
	}
}

// What a decision keeps is bounded and holds no address, however odd the input.
func TestNothingPersonalIsKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		address := "secret" + rapid.StringMatching(`[a-z]{0,5}`).Draw(t, "address") + "@example.com"
		who := person{
			address:    address,
			consent:    rapid.SampledFrom([]rapport.ConsentState{rapport.ConsentGranted, rapport.ConsentUnknown, rapport.ConsentWithdrawn}).Draw(t, "consent"),
			suppressed: rapid.SampledFrom([]string{"", "", "bounced"}).Draw(t, "suppressed"),
		}
		w := wish(func(w *Wish) {
			w.Purpose = strings.Repeat(rapid.String().Draw(t, "purpose"), rapid.IntRange(1, 300).Draw(t, "times"))
			w.Class = rapport.Class(rapid.IntRange(0, 5).Draw(t, "class"))
			w.Channel = rapport.Channel(rapid.SampledFrom([]string{"email", "sms", "pigeon"}).Draw(t, "channel"))
		})
		d := policy(t).Decide(w, who, &State{}, now)
		size := 0
		for _, c := range d.Checks {
			size += len(c.Values)
			if strings.Contains(c.Values+c.Reason, address) {
				t.Fatalf("check %s holds the address", c.Name)
			}
			if utf8.ValidString(w.Purpose) && !utf8.ValidString(c.Values) {
				t.Fatalf("check %s was cut inside a character", c.Name)
			}
			if c.Passed == (c.Reason != "") {
				t.Fatalf("check %s: passed %t, reason %q", c.Name, c.Passed, c.Reason)
			}
		}
		if size > MaxValues {
			t.Fatalf("%d bytes of values", size)
		}
		if (d.Outcome == Drop) != (d.Change != "") {
			t.Fatalf("outcome %s, change %q", d.Outcome, d.Change)
		}
	})
}

func TestShapes(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"ann@example.com": true, "ann+cart@mail.example.co.th": true, "o'neil@example.com": true, "สมชาย@ตัวอย่าง.ไทย": true,
		"": false, "ann": false, "@example.com": false, "ann@": false, "ann@localhost": false, "ann@example..com": false,
		"ann@-x.com": false, "ann smith@example.com": false, "Ann <ann@example.com>": false, "a@b@example.com": false,
		"ann@example.com\r\nBcc: eve@example.com": false, "ann@exa\xffmple.com": false, "ann@example.com.": false,
		strings.Repeat("a", 65) + "@example.com": false, "a@" + strings.Repeat("x", 64) + ".com": false,
	} {
		if got := shaped(rapport.Email, address); got != want {
			t.Errorf("email %q: %t, want %t", address, got, want)
		}
	}
	for number, want := range map[string]bool{
		"+6591234567": true, "+14155550100": true,
		"": false, "6591234567": false, "+0591234567": false, "+65 9123 4567": false, "+123456": false, "+1234567890123456": false, "+٦٥٩١٢٣٤٥": false,
	} {
		if got := shaped(rapport.SMS, number); got != want {
			t.Errorf("sms %q: %t, want %t", number, got, want)
		}
	}
}

func TestMessageID(t *testing.T) {
	t.Parallel()
	a, b := rapport.CustomerID{1}, rapport.CustomerID{2}
	ids := map[rapport.MessageID]string{}
	for _, x := range []struct {
		name string
		id   rapport.MessageID
	}{
		{"base", MessageID(a, 1, "reminder", 0, now)},
		{"another customer", MessageID(b, 1, "reminder", 0, now)},
		{"another run", MessageID(a, 2, "reminder", 0, now)},
		{"another step", MessageID(a, 1, "reminder2", 0, now)},
		{"another ordinal", MessageID(a, 1, "reminder", 1, now)},
		{"another instant", MessageID(a, 1, "reminder", 0, now+1)},
	} {
		if other, twice := ids[x.id]; twice {
			t.Errorf("%s has the id of %s", x.name, other)
		}
		ids[x.id] = x.name
	}
	if early, late := MessageID(b, 2, "z", 0, now), MessageID(a, 1, "a", 0, now+1); early.String() >= late.String() {
		t.Errorf("%s is older than %s, but not before it", early, late)
	}
	// The id is in other people's logs and in Message-ID headers: it must never change.
	const want = "msg_06gc8m3c02j3zeqj9w7g9dfbbc"
	if got := MessageID(a, 1, "reminder", 0, now).String(); got != want {
		t.Errorf("the id has become %s, was %s", got, want)
	}
}

func BenchmarkDecide(b *testing.B) {
	who, p := person{address: "ann@example.com", consent: rapport.ConsentGranted}, policy(b)
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(wish(nil), who, &State{}, now)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, remember := range []time.Duration{-1, maxRemember + 1} {
		if _, err := NewPolicy(Settings{Remember: remember}); rapport.KindOf(err) != rapport.Invalid {
			t.Errorf("%s was accepted: %v", remember, err)
		}
	}
	p, err := NewPolicy(Settings{Remember: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	st := &State{}
	who := person{address: "ann@example.com", consent: rapport.ConsentGranted}
	for i := range rapport.Instant(3) {
		p.Decide(wish(func(w *Wish) { w.Run = uint64(i) }), who, st, now.Add(time.Duration(i)*30*time.Minute))
	}
	p.Decide(wish(func(w *Wish) { w.Run = 2 }), who, st, now.Add(time.Hour)) // the same message once more
	if got := len(st.Contacts()); got != 3 {
		t.Errorf("%d contacts at the end of the hour, want 3", got)
	}
	p.Decide(wish(func(w *Wish) { w.Run = 9 }), who, st, now.Add(time.Hour+time.Millisecond))
	if got := len(st.Contacts()); got != 3 {
		t.Errorf("%d contacts when the first is older than an hour, want 3", got)
	}
}
