package flow_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rapport/decide"
	"rapport/flow"
	"rapport/workspace"
)

// spenders is a workspace whose documents tell money at a rate of the dollar.
func spenders(t *testing.T, version uint64, rate string) *flow.Workspace {
	t.Helper()
	const documents = `
kind: rates
name: bank
base: SGD
periods:
  - {from: 2026-01-01, per: {USD: %s}}
---
kind: segment
name: spender
where: events("Order Completed").within("365d").sum(e, e.total, "SGD") >= 135
---
kind: segment
name: buyer
where: events("Order Completed").exists()
---
kind: template
name: thanks
subject: Thank you
text: Thank you
---
kind: journey
name: by-her-doing
entry: {segment: spender}
steps: [{send: {template: thanks, channel: email, class: transactional}}]
---
kind: journey
name: by-definition
entry: {segment: spender, existing: true}
steps: [{send: {template: thanks, channel: email, class: transactional}}]
---
kind: journey
name: waits
entry: {event: Order Completed}
steps:
  - wait_until:
      when: events("Order Completed").sum(e, e.total, "SGD") >= 135
      timeout: 30d
      then: [{send: {template: thanks, channel: email, class: transactional}}]
`
	docs, problems := workspace.Parse([]workspace.File{{Name: "shop.yaml", Body: fmt.Appendf(nil, documents, rate)}})
	w, more := workspace.Compile(docs, version)
	if problems = append(problems, more...); len(problems) > 0 {
		t.Fatal(problems)
	}
	policy, err := decide.NewPolicy(decide.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return &flow.Workspace{Version: version, Facts: w.Facts, Segments: w.Segments, Journeys: w.Journeys, Policy: policy, Places: utc{}, Renderer: plain{}}
}

// Other rates move members, which is the definition's doing and not hers. Nothing
// is kept otherwise for it.
func TestOtherRatesMoveMembersByDefinition(t *testing.T) {
	t.Parallel()
	w := newWorld(t, spenders(t, 1, "1.3"))
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`), identify("bob", "", `{"email":"bob@example.com"}`))
	w.admit(track("ana", "", "Order Completed", `{"total":100,"currency":"USD"}`), track("bob", "", "Order Completed", `{"total":99.99,"currency":"usd"}`))
	size := func(at string, want int64) {
		t.Helper()
		if sizes, _, exact := w.engine.Sizes(); sizes["spender"] != want || sizes["buyer"] != 2 || !exact {
			t.Fatalf("%s: %v, exact %v", at, sizes, exact)
		}
	}
	sent := func() (journeys []string) {
		for _, m := range w.messages() {
			journeys = append(journeys, m.Journey)
		}
		slices.Sort(journeys)
		return journeys
	}
	size("at 1.30", 0)

	facts := w.engine.Workspace().Facts.Hash()
	w.apply(spenders(t, 2, "1.35"))
	size("at 1.35", 1)
	if got := sent(); !slices.Equal(got, []string{"by-definition", "waits"}) {
		t.Errorf("at 1.35 %v went out", got)
	}
	if w.engine.Workspace().Facts.Hash() != facts {
		t.Error("other rates changed what is kept")
	}

	w.apply(spenders(t, 3, "1.350"))
	size("at the same rate", 1)
	w.apply(spenders(t, 4, "1.34999999"))
	size("a trifle below", 0)
	w.advance(time.Hour)
	w.admit(track("bob", "", "Order Completed", `{"total":60,"currency":"USD"}`))
	size("after bob's order", 1)
	if got := sent(); !slices.Equal(got, []string{"by-definition", "by-definition", "by-her-doing", "waits", "waits", "waits"}) {
		t.Errorf("in the end %v went out", got)
	}
}
