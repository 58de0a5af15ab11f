package kill_test

import (
	"slices"
	"strings"
	"testing"
)

// sound returns a short history in which every promise was kept. Ana agreed to
// marketing, Bob did not; the program was killed at 9000, with the reminder of
// Ana's second cart and a confirmation of Bob's in flight.
func sound() *history {
	event := func(shopper, id string, k kind, at int64) sent {
		return sent{id: id, shopper: shopper, kind: k, key: id, at: at, acknowledged: at + 20}
	}
	told := func(id string, at int64) seen { return seen{id: id, kind: "track", at: at, received: at + 5} }
	change := func(id, name string, at int64) seen {
		return seen{id: id, name: name, kind: "noted", segment: browsing, at: at, received: at}
	}
	open := event("bob", "b3", looked, 9000)
	open.acknowledged = 0
	return &history{
		kills:    []int64{9000},
		shoppers: map[string]shopper{"ana": {agreed: true, device: "phone"}, "bob": {}},
		sent: []sent{
			event("ana", "a1", viewed, 1000), event("ana", "a2", viewed, 1500), event("ana", "a3", filled, 2000),
			event("ana", "a4", ordered, 3000), event("ana", "a5", filled, 7900),
			event("bob", "b1", filled, 4000), event("bob", "b2", ordered, 8900), open,
		},
		profiles: map[string]profile{
			"ana": {id: "cus_a", device: "cus_a", events: 5, segments: []string{"orders-1"}, timeline: []seen{
				told("a1", 1000), told("a2", 1500), told("a3", 2000), told("a4", 3000), told("a5", 7900),
				change("n1", entered, 1505), change("n2", left, 3000), {id: "d1", kind: "derived", name: "Message Sent", at: 3100},
			}},
			"bob": {id: "cus_b", events: 2, segments: []string{"orders-1"}, timeline: []seen{
				told("b1", 4000), told("b2", 8900), {id: "d2", kind: "derived", name: "Message Sent", at: 9600},
			}},
		},
		sizes: map[string]int{"orders-1": 2}, customers: 2,
		messages: []message{
			{id: "m1", journey: reminder, class: "promotional", status: "handed", subject: "cart a3", created: 3005},
			{id: "m2", journey: confirm, class: "transactional", status: "handed", subject: "order a4", created: 3010},
			{id: "m3", journey: reminder, class: "promotional", status: "unclear", reason: programDied + " while …", subject: "cart a5", created: 8950},
			{id: "m4", journey: confirm, class: "transactional", status: "handed", subject: "order b2", created: 8910},
		},
		mails: []mail{
			{id: "m1", subject: "cart a3", to: "ana@shop.example", at: 3020, verdict: putOff}, {id: "m2", subject: "order a4", to: "ana@shop.example", at: 3030},
			{id: "m1", subject: "cart a3", to: "ana@shop.example", at: 4100}, {id: "m4", subject: "order b2", to: "bob@shop.example", at: 8990},
			{id: "m3", subject: "cart a5", to: "ana@shop.example", at: 8995}, {id: "m4", subject: "order b2", to: "bob@shop.example", at: 9500},
		},
	}
}

func TestOracleAcceptsWhatIsSound(t *testing.T) {
	t.Parallel()
	if complaints := judge(sound()); len(complaints) > 0 {
		t.Error(complaints)
	}
}

// TestOracleCanFail changes one thing in a sound history at a time.
func TestOracleCanFail(t *testing.T) {
	t.Parallel()
	ana := func(change func(*profile)) func(*history) {
		return func(h *history) {
			p := h.profiles["ana"]
			change(&p)
			h.profiles["ana"] = p
		}
	}
	for name, c := range map[string]struct {
		doctor func(*history)
		want   string
	}{
		"a lost event": {ana(func(p *profile) { p.timeline = p.timeline[1:] }), "a1 was acknowledged and is lost"},
		"a lost customer": {func(h *history) { delete(h.profiles, "ana") },
			"ana: acknowledged, but there is no such customer"},
		"a doubled event": {ana(func(p *profile) { p.timeline = append(p.timeline, p.timeline[0]) }), "a1 stands 2 times"},
		"an invented event": {ana(func(p *profile) { p.timeline = append(p.timeline, seen{id: "x", kind: "page"}) }),
			"x in the timeline was never sent"},
		"another's event": {ana(func(p *profile) { p.timeline = append(p.timeline, seen{id: "b1", kind: "track"}) }),
			"b1 in the timeline was never sent of her"},
		"an open event twice": {func(h *history) {
			p := h.profiles["bob"]
			p.timeline = append(p.timeline, seen{id: "b3", kind: "track"}, seen{id: "b3", kind: "track"})
			h.profiles["bob"] = p
		}, "b3 stands 2 times"},
		"an event that is not counted": {ana(func(p *profile) { p.events-- }), "4 events of hers are counted, the timeline holds 5"},
		"an order counted twice in rules": {ana(func(p *profile) { p.segments = append(p.segments, "orders-2") }),
			"made 1 orders, and in segment orders-2: true"},
		"an order not counted in rules": {ana(func(p *profile) { p.segments = nil }), "in segment orders-1: false"},
		"a size that is wrong":          {func(h *history) { h.sizes["orders-1"] = 3 }, "its size is 3, it has 2 members"},
		"a size of a segment without members": {func(h *history) { h.sizes["orders-9"] = 1 },
			"segment orders-9: its size is 1, it has 0 members"},
		"a device astray":     {ana(func(p *profile) { p.device = "cus_x" }), "she is cus_a, and her device leads to cus_x"},
		"a mail to another":   {func(h *history) { h.mails[0].to = "bob@shop.example" }, "went to bob@shop.example"},
		"a customer too many": {func(h *history) { h.customers++ }, "3 customers, of 2 shoppers"},
		"a window never entered": {ana(func(p *profile) {
			p.timeline = slices.DeleteFunc(p.timeline, func(e seen) bool { return e.segment != "" })
		}), "was never browsing"},
		"a window never left": {ana(func(p *profile) {
			p.timeline = slices.DeleteFunc(p.timeline, func(e seen) bool { return e.name == left })
		}), "never left"},
		"a window left too late":   {ana(func(p *profile) { p.timeline[6].at++ }), "left browsing at 3001, when no page fell"},
		"a window entered twice":   {ana(func(p *profile) { p.timeline = append(p.timeline, p.timeline[5]) }), "change 2 of browsing"},
		"still in a window":        {ana(func(p *profile) { p.segments = append(p.segments, browsing) }), "still browsing"},
		"a lost reminder":          {func(h *history) { h.messages, h.mails = h.messages[1:], without(h.mails, "m1") }, `no message "cart a3"`},
		"a lost transactional":     {func(h *history) { h.messages = slices.Delete(h.messages, 1, 2); h.mails = without(h.mails, "m2") }, `no message "order a4"`},
		"a journey entered twice":  {func(h *history) { h.messages = append(h.messages, renamed(h.messages[0], "m9")) }, `2 messages "cart a3"`},
		"a reminder without a yes": {func(h *history) { h.messages[0].subject = "cart b1" }, `"cart b1": nothing that was kept calls for it`},
		"a message out of nothing": {func(h *history) { h.messages[0].subject = "cart z" }, `"cart z": nothing that was kept calls for it`},
		"an early wake":            {func(h *history) { h.messages[0].created = 3004 }, "was made 1 ms too early"},
		"an early mail":            {func(h *history) { h.mails[0].at = 2999 }, "came 1 ms too early"},
		"a doubled promotional":    {func(h *history) { h.mails = append(h.mails, h.mails[2]) }, "sent again after it may have arrived"},
		"sent again when unclear":  {func(h *history) { h.mails = append(h.mails, h.mails[4]) }, "sent again after it may have arrived"},
		"sent again after a cut":   {func(h *history) { h.mails[0].verdict = notTakenAndCut }, "sent again after it may have arrived"},
		"handed, never accepted":   {func(h *history) { h.mails[1].verdict = putOff }, "the mail server has not accepted it"},
		"a transactional unclear":  {func(h *history) { h.messages[1].status = "unclear" }, "it must not be lost and was left unclear"},
		"a transactional given up": {func(h *history) { h.messages[1].status = "failed" }, "it is failed"},
		"unclear without a kill":   {func(h *history) { h.kills = nil }, "unclear although nobody killed the program"},
		"unclear without a cut":    {func(h *history) { h.messages[2].reason = "the connection broke" }, "unclear although no connection broke"},
		"repeated without a kill": {func(h *history) {
			h.mails = append(h.mails, mail{id: "m2", subject: "order a4", to: "ana@shop.example", at: 3100})
		}, "accepted and nothing came between"},
		"accepted, yet unclear": {func(h *history) {
			h.mails[4].at = 5000
			h.kills[0], h.mails[5].verdict = 2000, accepted
		}, "says unclear though nothing came between"},
		"another Message-ID": {func(h *history) { h.mails[5].id = "m2" }, `mail "order b2" came as m2 and as m4`},
		"a mail of no message": {func(h *history) {
			h.mails = append(h.mails, mail{id: "m9", subject: "cart a3", to: "ana@shop.example", at: 5000})
		}, "no message of the program's"},
	} {
		h := sound()
		c.doctor(h)
		complaints := judge(h)
		if !slices.ContainsFunc(complaints, func(s string) bool { return strings.Contains(s, c.want) }) {
			t.Errorf("%s: the oracle says %q, nothing with %q", name, complaints, c.want)
		}
	}
}

func TestGlanceCanFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doctor func(*profile)
		want   string
	}{
		"nothing":         {func(*profile) {}, ""},
		"more to come":    {func(p *profile) { p.segments = append(p.segments, "orders-2") }, ""},
		"lost":            {func(p *profile) { p.timeline = p.timeline[1:] }, "a1 was acknowledged and is lost"},
		"doubled":         {func(p *profile) { p.timeline = append(p.timeline, p.timeline[0]) }, "a1 stands 2 times"},
		"doubled in rule": {func(p *profile) { p.segments = append(p.segments, "orders-3") }, "made 1 to 2 orders, and in segment orders-3: true"},
		"lost in rule":    {func(p *profile) { p.segments = nil }, "made 1 to 2 orders, and in segment orders-1: false"},
	} {
		h := sound()
		p := h.profiles["ana"]
		c.doctor(&p)
		events := append(h.sent, sent{id: "a9", shopper: "ana", kind: ordered, at: 9500}) // still on its way
		complaints := strings.Join(glance("ana", events, 9600, p), "; ")
		if !strings.Contains(complaints, c.want) || c.want == "" && complaints != "" {
			t.Errorf("%s: the oracle says %q instead of %q", name, complaints, c.want)
		}
	}
}

func without(mails []mail, id string) []mail {
	return slices.DeleteFunc(mails, func(m mail) bool { return m.id == id })
}

func renamed(m message, id string) message {
	m.id = id
	return m
}
