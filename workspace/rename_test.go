package workspace_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/workspace"
)

// everything refers to a document of each kind that can be referred to, in each way that
// a name can be written.
const everything = `# A shop
kind: market
name: old   # not the new one
countries: [TH]
language: th
currency: THB
zone: Asia/Bangkok
---
kind: brand
name: 'old'
title: old
senders:
  old: { name: old, address: old@shop.example }
---
kind: brand
name: default
title: Other
senders: { "old": { address: old@shop.example } }
---
kind: segment
name: "old"
where: customer.old == "old"
---
{"kind": "segment", "name": "by-old", "where": "segment(\"old\") && customer.country == \"old\""}
---
kind: segment
name: both
where: >-
  segment('old') ||
  !segment("old") && customer.name == 'it is old'
---
kind: block
name: old
text: old
---
kind: template
name: old
brand: old
subject: old
text: "old {% render 'old' %} and {% render \"old\" %}"
markets:
  old: { text: old }
---
kind: journey
name: old-ways
entry: { segment: old, where: 'segment("old") && !segment("both")' }
exit:
  - when: |
      customer.old == "x" &&
        segment("old")
steps:
  - name: old
    send: { template: old, channel: email, class: promotional } # old
  - branch:
      - when: segment("old")
        steps:
          - send:
              template:   "old"
              channel: email
              class: promotional
---
kind: campaign
name: older
audience: segment("old")
schedule: { on: 11-11, at: "10:00" }
steps: [ { send: { template: 'old', channel: email, class: content } } ]
`

// renamed is what is put in force, as one text, and what is warned of.
func renamed(t *testing.T, docs []workspace.Document, kind, from, to string) ([]workspace.Document, []string) {
	t.Helper()
	edited, problems, err := workspace.Rename(kind, from, to)(docs)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	if _, problems := workspace.Compile(edited.Documents, 1); len(problems) > 0 {
		t.Fatal(problems)
	}
	var warned []string
	for _, w := range edited.Warnings {
		warned = append(warned, w.String())
	}
	return edited.Documents, warned
}

// TestRename: just the lines that name the document change, and of them just the name.
func TestRename(t *testing.T) {
	t.Parallel()
	docs := parse(t, everything)
	before := string(workspace.Export(docs))
	for kind, want := range map[string][]string{
		"market": {`name: NEW   # not the new one`, `  NEW: { name: old, address: old@shop.example }`,
			`senders: { "NEW": { address: old@shop.example } }`, `  NEW: { text: old }`},
		"brand": {`name: 'NEW'`, `brand: NEW`},
		"segment": {`name: "NEW"`, `{"kind": "segment", "name": "by-old", "where": "segment(\"NEW\") && customer.country == \"old\""}`,
			`  segment('NEW') ||`, `  !segment("NEW") && customer.name == 'it is old'`,
			`entry: { segment: NEW, where: 'segment("NEW") && !segment("both")' }`, `        segment("NEW")`, `      - when: segment("NEW")`, `audience: segment("NEW")`},
		"block": {`name: NEW`, `text: "old {% render 'NEW' %} and {% render \"NEW\" %}"`},
		"template": {`name: NEW`, `    send: { template: NEW, channel: email, class: promotional } # old`, `              template:   "NEW"`,
			`steps: [ { send: { template: 'NEW', channel: email, class: content } } ]`},
	} {
		after, _ := renamed(t, docs, kind, "old", "brand-new")
		var changed []string
		for _, line := range strings.Split(string(workspace.Export(after)), "\n") {
			if strings.Contains(line, "brand-new") {
				changed = append(changed, strings.ReplaceAll(line, "brand-new", "NEW"))
			}
		}
		sorted := cmp.Transformer("set", func(lines []string) map[string]int {
			set := map[string]int{}
			for _, l := range lines {
				set[l]++
			}
			return set
		})
		if diff := cmp.Diff(want, changed, sorted); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		back, _ := renamed(t, after, kind, "brand-new", "old")
		if diff := cmp.Diff(before, string(workspace.Export(back))); diff != "" {
			t.Errorf("%s there and back:\n%s", kind, diff)
		}
	}
	if string(workspace.Export(docs)) != before {
		t.Error("the documents in force were changed")
	}
}

// TestRenameRecipes renames each document of each recipe and back.
func TestRenameRecipes(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../recipes/*")
	if err != nil || len(folders) < 5 {
		t.Fatal(folders, err)
	}
	for _, folder := range folders {
		if _, err := os.Stat(filepath.Join(folder, "README.md")); err != nil {
			continue
		}
		files, err := workspace.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		docs, _ := workspace.Parse(files)
		before := string(workspace.Export(docs))
		for _, d := range docs {
			if d.Kind == "purpose" || d.Kind == "topic" {
				continue
			}
			after, _ := renamed(t, docs, d.Kind, d.Name, "a-name-of-its-own")
			if string(workspace.Export(after)) == before {
				t.Errorf("%s: %s %s kept its name", folder, d.Kind, d.Name)
			}
			back, _ := renamed(t, after, d.Kind, "a-name-of-its-own", d.Name)
			if diff := cmp.Diff(before, string(workspace.Export(back))); diff != "" {
				t.Errorf("%s: %s %s there and back:\n%s", folder, d.Kind, d.Name, diff)
			}
		}
	}
}

func TestRenameWarns(t *testing.T) {
	t.Parallel()
	docs := parse(t, everything+`---
kind: segment
name: reminded
where: 'events("Message Sent").where(e, e.journey == "old-ways").exists()'
description: 'the "old-ways" people'
---
kind: journey
name: again
entry: { segment: old, existing: true }
steps: [ { wait: 1d } ]
`)
	for _, c := range []struct {
		kind, from string
		want       []string
	}{
		{"segment", "old", []string{
			`segment/new.yaml:2:7: name: its members are found anew under the new name: since when they are in it, and how its size went, is told from now on`,
			`segment/new.yaml:2:7: name: the journey "again" starts anew for all its members, as far as its reentry lets them: it says existing: true`,
		}},
		{"journey", "old-ways", []string{`segment/reminded.yaml:4:20: "old-ways" is a text here and stays: if it means the journey, write "new"`}},
		{"block", "old", nil},
		{"brand", "old", nil},
	} {
		_, warned := renamed(t, docs, c.kind, c.from, "new")
		if diff := cmp.Diff(c.want, warned); diff != "" {
			t.Errorf("%s (-want +warned):\n%s", c.kind, diff)
		}
	}
	if _, warned := renamed(t, docs, "market", "old", "new"); len(warned) < 2 || !strings.Contains(warned[0], `whose trait market says "old"`) {
		t.Errorf("%q", warned)
	}
}

func TestRenameRefuses(t *testing.T) {
	t.Parallel()
	docs := parse(t, everything+"---\nkind: topic\nname: news\ntitle: { en: News }\n---\nkind: purpose\nname: games\n"+
		"---\n{\"kind\": \"segment\", \"name\": \"hidden\", \"where\": \"segment(\\\"\\u006fld\\\")\"}\n")
	for _, c := range []struct {
		kind, from, to string
		is             rapport.ErrorKind
		says           string
	}{
		{"segmnt", "old", "new", rapport.NotFound, `Did you mean "segment"?`},
		{"segment", "older", "new", rapport.NotFound, `There is no segment "older".`},
		{"segment", "old", "both", rapport.Conflict, `There is a segment "both" already.`},
		{"segment", "old", "old", rapport.Conflict, `There is a segment "old" already.`},
		{"segment", "old", "New Ones", rapport.Invalid, `"New Ones" cannot be a name: write small letters`},
		{"topic", "news", "tidings", rapport.Conflict, "kept under the name of the topic \"news\""},
		{"purpose", "games", "play", rapport.Conflict, "kept under the name of the purpose \"games\""},
	} {
		_, problems, err := workspace.Rename(c.kind, c.from, c.to)(docs)
		if err == nil || rapport.KindOf(err) != c.is || !strings.Contains(err.Error(), c.says) || len(problems) > 0 {
			t.Errorf("%s %s: %v, %v", c.kind, c.from, err, problems)
		}
	}
	// A name that is not written out can't be found; then nothing is changed, and it is said where it is.
	_, problems, err := workspace.Rename("segment", "old", "new")(docs)
	if err != nil || len(problems) == 0 || problems[0].File != "segment/hidden.json" || !strings.Contains(problems[0].Message, `there is no segment "old"`) {
		t.Errorf("%v %v", problems, err)
	}
	// No journey may be called as a campaign is.
	if _, problems, _ := workspace.Rename("journey", "old-ways", "older")(docs); len(problems) != 1 {
		t.Errorf("%v", problems)
	}
	// Of several brands, one that templates take unsaid keeps its name.
	two := parse(t, "kind: brand\nname: default\ntitle: A\n---\nkind: brand\nname: b\ntitle: B\n---\nkind: template\nname: t\nsubject: s\ntext: t\n")
	if _, problems, _ := workspace.Rename("brand", "default", "a")(two); len(problems) != 1 || !strings.Contains(problems[0].Message, "none is called default") {
		t.Errorf("%v", problems)
	}
}

// TestDeleteChecksReferences: of each kind, what is referred to stays. What nothing can
// refer to may always go.
func TestDeleteChecksReferences(t *testing.T) {
	t.Parallel()
	const shop = everything + `---
kind: purpose
name: games
---
kind: topic
name: news
title: { en: News }
purpose: games
---
kind: rates
name: bank
base: THB
periods: [ { from: 2026-01-01, per: { SGD: 26.4 } } ]
---
kind: segment
name: spenders
where: events("Order Completed").sum(e, e.total, "SGD") > 100
---
kind: journey
name: about-news
entry: { event: Signed Up }
steps: [ { send: { template: old, channel: email, class: content, purpose: games, topic: news } } ]
---
kind: plan
name: data
---
kind: channel
name: mail
channel: email
provider: capture
---
kind: stacking
name: old
lanes: [{ name: items }]
---
kind: offer
name: sale
lane: items
gives: [{ percent: 10 }]
`
	docs := parse(t, shop)
	if _, problems := workspace.Compile(docs, 1); len(problems) > 0 {
		t.Fatal(problems)
	}
	free := map[string]string{"plan": "data", "channel": "mail", "journey": "about-news", "campaign": "older", "offer": "sale"}
	needed := map[string][2]string{
		"market": {"old", `there is no market "old"`}, "brand": {"old", `there is no brand "old"`}, "segment": {"old", `there is no segment "old"`},
		"block": {"old", `"old"`}, "template": {"old", `there is no template "old"`}, "purpose": {"games", `there is no purpose "games"`},
		"topic": {"news", `there is no topic "news"`}, "rates": {"bank", "rate"}, "stacking": {"old", `there is no lane "items"`},
	}
	for kind := range workspace.Schemas() {
		name, mayGo := free[kind]
		if !mayGo {
			name = needed[kind][0]
		}
		edited, problems, err := workspace.Remove(kind, name)(docs)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%s %q: %v %v", kind, name, problems, err)
		}
		_, problems = workspace.Compile(edited.Documents, 1)
		switch {
		case mayGo && len(problems) > 0:
			t.Errorf("%s: %v", kind, problems)
		case !mayGo && (len(problems) == 0 || !strings.Contains(problems[0].Message, needed[kind][1])):
			t.Errorf("a %s that is needed goes: %v", kind, problems)
		}
	}
	if _, _, err := workspace.Remove("segment", "nobody")(docs); rapport.KindOf(err) != rapport.NotFound {
		t.Errorf("%v", err)
	}
}

// TestRenameInRules: where rules compare the journey of what the product tells, its name is
// written over, and no other text that happens to be the same.
func TestRenameInRules(t *testing.T) {
	t.Parallel()
	docs := parse(t, `kind: segment
name: met
where: customer.name == "old" || events("Message Sent").where(e, e.journey == "old" && e.template == "old").exists()
---
kind: segment
name: listed
where: >-
  events("Message Opened").where(e,
    e.journey in ["other", 'old']).exists() || events("My Own").where(e, e.journey == "old").exists()
---
kind: template
name: old
channel: sms
text: hello
---
kind: journey
name: after
entry: { event: Message Sent, where: 'event.journey == "old"' }
exit: [ { event: Signed Up, where: 'event.journey == "old"' } ]
steps: [ { wait: 1d } ]
---
kind: campaign
name: other
audience: '!events("Message Sent").where(m, m.journey == "old").exists()'
schedule: { on: 11-11, at: "10:00" }
steps: [ { send: { template: old, channel: sms, class: transactional } } ]
---
kind: journey
name: old
entry: { event: Signed Up }
steps: [ { wait: 1d } ]
`)
	if w, problems := workspace.Compile(docs, 1); len(problems) > 0 || len(w.Mentions) > 0 {
		t.Fatal(problems, w)
	}
	after, _ := renamed(t, docs, "journey", "old", "new")
	text := string(workspace.Export(after))
	for _, want := range []string{
		`customer.name == "old" || events("Message Sent").where(e, e.journey == "new" && e.template == "old")`, `["other", 'new']`,
		`events("My Own").where(e, e.journey == "old")`, `entry: { event: Message Sent, where: 'event.journey == "new"' }`,
		`exit: [ { event: Signed Up, where: 'event.journey == "old"' } ]`, `m.journey == "new"`, "template: old",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	back, _ := renamed(t, after, "journey", "new", "old")
	if diff := cmp.Diff(string(workspace.Export(docs)), string(workspace.Export(back))); diff != "" {
		t.Errorf("there and back:\n%s", diff)
	}
	// Without the journey, each place is warned of, and nothing is refused.
	edited, _, err := workspace.Remove("journey", "old")(docs)
	if err != nil {
		t.Fatal(err)
	}
	w, problems := workspace.Review(edited.Documents, 2)
	if len(problems) > 0 || len(w.Mentions) != 4 {
		t.Fatalf("%v, %v", problems, w)
	}
	const want = `f.yaml:3:79: where: there is no journey or campaign "old": there is after, other; what was told of one that was called so is found still`
	var warned []string
	for _, p := range w.Warnings {
		warned = append(warned, p.String())
	}
	if !strings.Contains(strings.Join(warned, "\n"), want) {
		t.Errorf("warned of\n%s", strings.Join(warned, "\n"))
	}
}
