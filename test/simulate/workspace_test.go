package simulate_test

import (
	"bytes"
	"fmt"

	"rapport"
	"rapport/flow"
	"rapport/workspace"
)

// documents are those of all versions. The oracle knows what they say.
const documents = `
kind: market
name: singapore
countries: [SG]
language: en
currency: SGD
zone: Asia/Singapore
default: true
---
kind: market
name: germany
countries: [DE]
language: en
currency: EUR
zone: Europe/Berlin
---
kind: template
name: letter
subject: A letter
text: Come and look.
---
kind: template
name: text
channel: sms
text: Thank you.
---
kind: journey
name: receipt
entry: { event: Order Completed }
key: event.order_id
steps:
  - name: thanks
    send: { template: text, channel: sms, class: transactional }
---
kind: journey
name: recall
entry: { event: Order Completed }
key: event.order_id
steps:
  - name: notice
    send: { template: letter, channel: email, class: must-send }
---
kind: journey
name: cart
entry: { event: Product Added }
key: event.cart_id
reentry: { running: restart }
exit:
  - event: Order Completed
    where: event.cart_id == entry.cart_id
steps:
  - name: quiet
    wait: 1h
  - name: reminder
    send: { template: letter, channel: email, class: promotional }
---
kind: journey
name: welcome
entry: { event: Signed Up }
reentry: { after: never }
steps:
  - name: hello
    send: { template: letter, channel: email, class: promotional }
  - name: pause
    wait: 30h
  - name: tips
    send: { template: letter, channel: email, class: promotional }
---
kind: journey
name: regulars
entry: { segment: buyers }
steps:
  - name: pause
    wait: 2h
  - name: thanks
    send: { template: letter, channel: email, class: content }
---
kind: segment
name: gold
where: customer.tier == "gold"
---
kind: journey
name: score
entry: { event: Joined }
key: event.club
steps:
  - name: ask
    webhook:
      url: https://club.example/score
      body: { email: customer.email }
      give_up: 90d
      save: { name: club, fields: [tier] }
  - name: note
    update: { traits: { tier: answers.club.tier } }
---
kind: campaign
name: daily
audience: segment("buyers")
schedule: { repeat: FREQ=DAILY, from: 2026-10-01, at: "09:00" }
steps:
  - name: news
    send: { template: letter, channel: email, class: promotional }
`

// text writes a segment as the marketer does.
func (c circle) text() string {
	return fmt.Sprintf("---\nkind: segment\nname: %s\nwhere: events(%q).within(\"%dh\").count() >= %d\n", c.name, c.event, c.hours, c.least)
}

// documents are those of the last version that was saved.
func (s *sim) documents() []byte {
	body := bytes.NewBufferString(documents)
	for _, c := range append([]circle{buyers()}, s.saved...) {
		body.WriteString(c.text())
	}
	return body.Bytes()
}

// workspace returns what a program runs: the last version that was saved, with the journeys'
// standings.
func (s *sim) workspace(o *owner) *flow.Workspace {
	docs, problems := workspace.Parse([]workspace.File{{Name: "all.yaml", Body: s.documents()}})
	if len(problems) > 0 {
		panic(problems)
	}
	compiled, problems := workspace.Compile(docs, 1)
	if len(problems) > 0 {
		panic(problems)
	}
	providers := map[rapport.Channel]flow.Provider{}
	for _, channel := range rapport.Channels() {
		providers[channel] = &carrier{o, &s.port, channel}
	}
	w, err := flow.Assemble(compiled, providers, nil)
	s.must(err)
	w.Journeys = w.Journeys.With(s.standings)
	return w
}
