package replay_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/client"
	"rapport/client/mapping"
)

func completed(o order) bool { return o.Event == "Order Completed" }
func refunded(o order) bool  { return o.Event == "Order Refunded" }

const nothingChanged = "the whole file had been taken in before: nothing has changed"

func TestOnlineRetail(t *testing.T) {
	t.Parallel()
	file := dataFile(t, "online-retail-ii/sample_customers_10pct.csv.gz")
	want := onlineRetail(t, rows(t, file))
	figures(t, want, map[string]int{"customers": 439, "orders": 2_143, "cancelled invoices": 480, "lines": 47_413, "countries": 20})

	s := openShop(t)
	s.segment("refunders", `events("Order Refunded").exists()`)
	s.segment("regulars", `events("Order Completed").count() >= 10`)
	s.interrupted(mapping.Events, file, "online-retail-ii", 7)
	out, diag := s.imported(mapping.Events, file, "online-retail-ii")
	if !strings.Contains(out, "the first 700 events had been taken in before") || strings.Contains(diag, file) {
		t.Errorf("the import did not go on where it stood:\n%s%s", out, diag)
	}
	s.imported(mapping.Customers, file, "online-retail-ii-customers")
	events := s.eventsTotal()
	if events != 2_143+480+439 {
		t.Errorf("%d events are counted, want %d", events, 2_143+480+439)
	}

	if out, _ := s.imported(mapping.Events, file, "online-retail-ii"); !strings.Contains(out, nothingChanged) || s.eventsTotal() != events {
		t.Errorf("the second import is to change nothing: %d events, then %d\n%s", events, s.eventsTotal(), out)
	}
	sizes := map[string]int64{"refunders": s.size("refunders"), "regulars": s.size("regulars")}
	if diff := cmp.Diff(map[string]int64{
		"refunders": want.count(func(p *person) bool { return p.has(refunded) > 0 }),
		"regulars":  want.count(func(p *person) bool { return p.has(completed) >= 10 }),
	}, sizes); diff != "" {
		t.Errorf("segments (-oracle +product)\n%s", diff)
	}
	s.previews(want, map[string]func(*person) bool{
		`events("Order Refunded").exists()`:                                        func(p *person) bool { return p.has(refunded) > 0 },
		`events("Order Refunded").exists() && !events("Order Completed").exists()`: func(p *person) bool { return p.has(completed) == 0 },
		`events("Order Completed").where(e, e.country == "EIRE").count() >= 2`: func(p *person) bool {
			return p.has(func(o order) bool { return completed(o) && o.Country == "EIRE" }) >= 2
		},
		`events("Order Completed").where(e, e.total >= 1000).count() >= 2`: func(p *person) bool {
			return p.has(func(o order) bool { return completed(o) && len(o.Total) >= len("1000.00") }) >= 2
		},
	})
	countries := map[string]func(*person) bool{}
	for _, p := range want.people {
		countries[fmt.Sprintf("customer.country == %q", p.Country)] = func(q *person) bool { return q.Country == p.Country }
	}
	s.previews(want, countries)

	for _, p := range want.people {
		p.Country = "" // the previews have shown it
	}
	if diff := cmp.Diff(want.people, s.known()); diff != "" {
		t.Errorf("timelines (-oracle +product)\n%.2000s", diff)
	}
}

// previews compares what the product says of rules with what the oracle says.
func (s *shop) previews(want *ledger, rules map[string]func(*person) bool) {
	s.t.Helper()
	for where, holds := range rules {
		if got, want := s.preview(where), want.count(holds); got != want || want == 0 {
			s.t.Errorf("%s: %d customers, want %d", where, got, want)
		}
	}
}

// figures holds the oracle to what the data's own description says.
func figures(t *testing.T, l *ledger, want map[string]int) {
	t.Helper()
	orders, lines := l.orders(completed)
	cancelled, back := l.orders(refunded)
	got := map[string]int{"customers": len(l.people), "orders": orders, "cancelled invoices": cancelled, "lines": lines + back, "countries": 0}
	countries := map[string]bool{}
	for _, p := range l.people {
		got["coupon redemptions"] += p.Coupons
		if p.Traits != nil {
			got["demographics"]++
		}
		for _, o := range p.Orders {
			countries[o.Country] = true
		}
	}
	got["countries"] = len(countries)
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s: the oracle finds %d, the data's description says %d", name, got[name], n)
		}
	}
}

func TestCompleteJourney(t *testing.T) {
	t.Parallel()
	transactions := dataFile(t, "complete-journey/transactions_sample.csv.gz")
	redemptions := dataFile(t, "complete-journey/coupon_redemptions.csv.gz")
	demographics := dataFile(t, "complete-journey/demographics.csv.gz")
	want := completeJourney(t, rows(t, transactions), rows(t, redemptions), rows(t, demographics))
	figures(t, want, map[string]int{"lines": 75_000, "coupon redemptions": 2_102, "demographics": 801})

	s := openShop(t)
	s.segment("couponers", `events("Coupon Applied").count() >= 5`)
	s.segment("families", `customer.kids_count == "3+"`)
	s.interrupted(mapping.Events, redemptions, "complete-journey-redemptions", 3)
	s.imported(mapping.Events, redemptions, "complete-journey-redemptions")
	s.imported(mapping.Events, transactions, "complete-journey-transactions")
	for range 2 {
		s.imported(mapping.Customers, demographics, "complete-journey-demographics")
	}
	orders, _ := want.orders(completed)
	if got := s.eventsTotal(); got != int64(orders+2_102+801) {
		t.Errorf("%d events are counted, want %d", got, orders+2_102+801)
	}
	if got, want := s.size("couponers"), want.count(func(p *person) bool { return p.Coupons >= 5 }); got != want {
		t.Errorf("couponers: %d, want %d", got, want)
	}
	if got, want := s.size("families"), want.count(func(p *person) bool { return p.Traits["kids_count"] == "3+" }); got != want {
		t.Errorf("families: %d, want %d", got, want)
	}
	s.previews(want, map[string]func(*person) bool{
		`has(customer.age)`: func(p *person) bool { return p.Traits != nil },
		`!has(customer.home_ownership) && has(customer.age)`: func(p *person) bool { return p.Traits != nil && p.Traits["home_ownership"] == "" },
		`events("Coupon Applied").exists()`:                  func(p *person) bool { return p.Coupons > 0 },
		`events("Order Completed").count() >= 40`:            func(p *person) bool { return len(p.Orders) >= 40 },
	})
	for _, p := range want.people {
		p.Traits = nil // the previews have shown them
	}
	if diff := cmp.Diff(want.people, s.known()); diff != "" {
		t.Errorf("timelines (-oracle +product)\n%.2000s", diff)
	}
}

// Real lines with damaged ones among them: each is told with its line, and nothing
// else is lost.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	list := rows(t, dataFile(t, "complete-journey/coupon_redemptions.csv.gz"))[:1_000]
	damage := map[int]string{
		17:  `1029,51380041013,26,first of May`,
		300: `1029,"51380041013,26,2017-05-01`,
		301: `1029,51380041013`,
		640: `,51380041013,26,2017-05-01`,
		999: "1029,\xff\xfe,26,2017-05-01",
	}
	text := "household_id,coupon_upc,campaign_id,redemption_date\n"
	want := newLedger()
	var wrong []int64
	for i, r := range list {
		if line, damaged := damage[i]; damaged {
			text += line + "\n"
			wrong = append(wrong, int64(i+2))
			continue
		}
		want.person(r["household_id"]).Coupons++
		text += strings.Join([]string{r["household_id"], r["coupon_upc"], r["campaign_id"], r["redemption_date"]}, ",") + "\n"
	}
	file, report := filepath.Join(t.TempDir(), "damaged.csv"), filepath.Join(t.TempDir(), "report.ndjson")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openShop(t)
	o := client.ImportOptions{Kind: mapping.Events, File: file, Mapping: shipped("complete-journey-redemptions"), Report: report, Strict: true}
	var out, diag bytes.Buffer
	err := s.Import(t.Context(), o, &out, &diag)
	if err == nil || !strings.HasPrefix(err.Error(), "5 rows of ") {
		t.Errorf("with strict: %v", err)
	}
	if diff := cmp.Diff(wrong, linesOf(t, report)); diff != "" {
		t.Errorf("reported lines (-damaged +reported)\n%s", diff)
	}
	for _, line := range wrong {
		if !strings.Contains(diag.String(), fmt.Sprintf("%s:%d: ", file, line)) {
			t.Errorf("line %d is not told:\n%s", line, &diag)
		}
	}
	if diff := cmp.Diff(want.people, s.known()); diff != "" {
		t.Errorf("timelines (-oracle +product)\n%.2000s", diff)
	}
}

// linesOf returns the lines that a report names.
func linesOf(t *testing.T, report string) []int64 {
	t.Helper()
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[int64]bool{}
	for line := range bytes.Lines(text) {
		var bad struct {
			Line   int64
			Reason string
		}
		if err := json.Unmarshal(line, &bad); err != nil || bad.Reason == "" {
			t.Errorf("%s: %v", line, err)
		}
		lines[bad.Line] = true
	}
	return slices.Sorted(maps.Keys(lines))
}
