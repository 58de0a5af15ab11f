package workspace_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/workspace"
)

// review says what is refused and warned of.
func review(t *testing.T, text string) (refused, warned []string) {
	t.Helper()
	docs, problems := workspace.Parse([]workspace.File{{Name: "shop.yaml", Body: []byte(text)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w, problems := workspace.Compile(docs, 1)
	if w == nil {
		t.Fatal(problems)
	}
	for _, p := range w.Refused {
		refused = append(refused, p.String())
	}
	for _, p := range w.Warnings {
		warned = append(warned, p.String())
	}
	return refused, warned
}

const someTemplates = `
kind: market
name: thailand
countries: [TH]
language: th
currency: THB
zone: Asia/Bangkok
default: true
---
kind: market
name: austria
countries: [AT]
language: de-AT
currency: EUR
zone: Europe/Vienna
---
kind: template
name: news
language: en
subject: News
text: 'You spent {{ event.total | default: "much" }}'
locales: { de: { text: Hallo } }
---
kind: template
name: plain
subject: News
text: Hello
---
`

func TestWarningsKnowTheWholeWorkspace(t *testing.T) {
	t.Parallel()
	refused, warned := review(t, someTemplates+`
kind: segment
name: written-to
where: events("Message Sent").within("1d").exists()
---
kind: segment
name: left-alone
where: '!segment("written-to")'
---
kind: journey
name: news
entry: { segment: left-alone }
steps:
  - send: { template: news, channel: email, class: content }
  - send: { template: plain, channel: email, class: content }
`)
	want := []string{
		`shop.yaml:40:8: entry: it may start itself again and again: step "send-1" of news brings about "Message Sent", which the segment "left-alone" reads that starts news; let the segment leave out what this journey sends, with e.journey != "news"`,
		`shop.yaml:42:23: steps[0].send.template: at step "send-1" the template "news" reads event.total, which is not told by the segment "left-alone": those customers get what it says without it; let the template read customer or cart instead, or send another one to them`,
		`shop.yaml:42:23: steps[0].send.template: template "news" is not written in th, which the market "thailand" speaks: its customers get the template's own texts; add locales.th to it, or say that these are in th with language`,
	}
	if diff := cmp.Diff(want, warned); diff != "" || len(refused) > 0 {
		t.Errorf("(-want +warned):\n%s\nrefused: %q", diff, refused)
	}
}

// A text message that may be left out says how to get no more of them; a mail gets a footer.
func TestTextsWithoutAWayOut(t *testing.T) {
	t.Parallel()
	_, warned := review(t, someTemplates+`
kind: template
name: short
channel: sms
text: News!
---
kind: block
name: stop
text: "No more: {{ message.unsubscribe_url }}"
---
kind: template
name: fair
channel: sms
text: "News! {% render 'stop' %}"
---
kind: campaign
name: texts
audience: 'true'
schedule: { on: 11-11, at: "10:00" }
steps:
  - send: { template: short, channel: sms, class: promotional }
  - send: { template: short, channel: sms, class: transactional }
  - send: { template: fair, channel: sms, class: content }
  - send: { template: plain, channel: email, class: content }
`)
	want := []string{`shop.yaml:49:23: steps[0].send.template: template "short" does not say how to get no more such texts, which a promotional one has to: print message.unsubscribe_url in it, or write there how to answer`}
	if diff := cmp.Diff(want, warned); diff != "" {
		t.Errorf("(-want +warned):\n%s", diff)
	}
}

// What can't be meant is refused when it is put in force, and is no reason not to run
// what is in force already.
func TestWhatCantBeMeantIsRefusedOnlyWhenItIsApplied(t *testing.T) {
	t.Parallel()
	text := someTemplates + `
kind: journey
name: echo
entry: { event: Message Sent }
steps: [ { send: { template: plain, channel: email, class: content } } ]
`
	docs, _ := workspace.Parse([]workspace.File{{Name: "shop.yaml", Body: []byte(text)}})
	if w, problems := workspace.Compile(docs, 1); w == nil || len(w.Refused) != 1 {
		t.Errorf("what is in force can't run: %v", problems)
	}
	w, problems := workspace.Review(docs, 1)
	if w != nil || len(problems) != 1 || !strings.Contains(problems[0].Message, "starts itself again and again") {
		t.Errorf("it is not refused: %v", problems)
	}
}
