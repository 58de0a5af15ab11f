package workspace_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/render"
	"rapport/workspace"
)

// stranger is a customer of whom nothing is known.
type stranger struct{}

func (stranger) Trait(string) rapport.Value { return rapport.Value{} }
func (stranger) Cart(string) render.Cart    { return render.Cart{} }
func (stranger) Orders() []render.Order     { return nil }

// letter is what a message of a template says in a market.
func letter(t *testing.T, w *workspace.Compiled, template string, channel rapport.Channel, market render.Market) render.Letter {
	t.Helper()
	l, err := w.Templates.Get(template).Render(render.Request{
		Message:  &rapport.Message{Template: template, Channel: channel, Class: rapport.Promotional, Entry: []byte("{}")},
		Customer: stranger{}, Market: market, Unsubscribe: "https://rapport.example/u/1",
	}, start)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const start rapport.Instant = 1_795_339_800_000 // 2026-11-22T09:30Z

// TestPageBrand: what the page's brand says is what messages show, whole, and it speaks
// where a template names no other.
func TestPageBrand(t *testing.T) {
	t.Parallel()
	page := readPage(t)
	docs := parse(t, strings.Join([]string{examples(page, "yaml market")[0], examples(page, "yaml brand")[0], `
kind: brand
name: outlet
title: Lila Outlet
---
kind: template
name: mail
subject: "{{ brand.name }}"
html: |
  <p>{{ brand.url }} {{ brand.logo }} {{ brand.reply_to }} {{ brand.colours.accent }} {{ brand.fonts.body }} {{ brand.values.hotline }}</p>
---
kind: template
name: short
channel: sms
text: "{{ brand.name }} {{ message.unsubscribe_url }}"
---
kind: template
name: outlet
brand: outlet
subject: "{{ brand.name }}"
text: Cheap
`}, "---\n"))
	w, problems := workspace.Compile(docs, 1)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	thai := letter(t, w, "mail", rapport.Email, render.Market{Name: "thailand", Language: "th"})
	other := letter(t, w, "mail", rapport.Email, render.Market{Name: "elsewhere", Language: "en"})
	if thai.Content.Subject != "Maison Lila" || letter(t, w, "outlet", rapport.Email, render.Market{}).Content.Subject != "Lila Outlet" {
		t.Error("another brand speaks than the one that is named, or default")
	}
	for _, part := range []string{
		"https://shop.example https://shop.example/logo.png service@shop.example #6b3f69 Helvetica, Arial, sans-serif +65 6123 4567</p>",
		"Maison Lila Pte. Ltd.<br>1 Orchard Road, Singapore 238824", "ยกเลิกการรับข่าวสาร</a>",
	} {
		if !strings.Contains(thai.Content.HTML, part) {
			t.Errorf("it does not show %q:\n%s", part, thai.Content.HTML)
		}
	}
	if !strings.Contains(other.Content.HTML, "No more of these</a>") {
		t.Errorf("the link is not called as the brand says:\n%s", other.Content.HTML)
	}
	from := []rapport.Sender{thai.From, other.From, letter(t, w, "short", rapport.SMS, render.Market{}).From}
	want := []rapport.Sender{
		{Name: "Maison Lila Bangkok", Address: "bangkok@shop.example"}, {Name: "Maison Lila", Address: "hello@shop.example"}, {Address: "LILA"},
	}
	if diff := cmp.Diff(want, from); diff != "" || thai.ReplyTo != "service@shop.example" {
		t.Errorf("answers to %q, senders (-want +got):\n%s", thai.ReplyTo, diff)
	}
}
