package rule

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rapport"
)

// Whoever looks at a rule again only when an event may move it, or its flip has come, knows at
// every edge whether it holds, as brute force does.
func TestTrendsAreKept(t *testing.T) {
	t.Parallel()
	followAll(t, true, func(rt *rapid.T, c *oracleCase) clause {
		switch pick(rt, "form", "any", "lapsed", "not last") {
		case "lapsed":
			return lapsedClause(rt)
		case "not last":
			last := lastClause(rt)
			return clause{"!(" + last.text + ")", func(p *past, now int64) Truth { return last.judge(p, now).Not() }, last.spans, nil}
		}
		return anyClause(rt, c, rapid.IntRange(0, 2).Draw(rt, "depth"))
	})
}

// lapsedClause is a rule that an event moves both ways: somebody did much, and has not done it
// for long.
func lapsedClause(t *rapid.T) clause {
	much, recent := pick(t, "much", countClause, sumClause)(t), existsClause(t)
	return clause{"(" + much.text + ") && !" + recent.text, func(p *past, now int64) Truth {
		return much.judge(p, now).And(recent.judge(p, now).Not())
	}, append(much.spans, recent.spans...), nil}
}

// sleepsOver reports whether who is lazy need not look again after an event that is about to
// happen.
func (w *watch) sleepsOver(e happening) bool {
	if !w.lazy {
		return false
	}
	for _, f := range w.facts.ByEvent(e.name) {
		p, ok := f.Observe(e)
		if !ok {
			continue
		}
		trend := w.rule.Trend(f.ID)
		stays := trend.Down || w.flip != rapport.Never && trend.Waits
		if w.truth == Yes {
			stays = trend.Up
		}
		if !stays || p.Value < 0 {
			return false
		}
	}
	return true
}

// What is known of a trend is as much as can be, for the forms that segments mostly have.
func TestTrend(t *testing.T) {
	t.Parallel()
	const views, orders = `events("Product Viewed")`, `events("Order Completed")`
	for text, want := range map[string]string{
		views + `.within("7d").count() >= 3`:                                                     "up",
		views + `.within("7d").count() < 3`:                                                      "down",
		views + `.within("7d").count() == 3`:                                                     "",
		`2 < ` + views + `.count()`:                                                              "up",
		orders + `.within("90d").sum(e, e.total) > 100`:                                          "up",
		orders + `.within("90d").sum(e, e.total) <= 100`:                                         "down",
		orders + `.within("90d").avg(e, e.total) > 100`:                                          "",
		orders + `.within("90d").distinct(e, e.total) > 2`:                                       "",
		orders + `.between("90d", "30d").count() > 2`:                                            "up",
		orders + `.previous("month").exists()`:                                                   "up",
		orders + `.exists()`:                                                                     "up",
		`!` + orders + `.within("30d").exists()`:                                                 "down",
		`!(` + orders + `.count() < 2 || ` + orders + `.within("3d").count() < 1)`:               "up",
		views + `.last() > ago("2h")`:                                                            "up",
		`!(` + views + `.last() > ago("2h"))`:                                                    "",
		views + `.last() < ago("2h")`:                                                            "",
		views + `.followed_by(` + orders + `, "1h").exists()`:                                    "",
		orders + `.within("365d").count() >= 2 && !` + orders + `.within("30d").exists()`:        "waits",
		orders + `.within("365d").sum(e, e.total) > 2 && !` + orders + `.within("30d").exists()`: "down or up",
		`customer.vip || ` + orders + `.count() >= 2`:                                            "up",
		`customer.born.anniversary_in("7d") && ` + orders + `.count() >= 2`:                      "up",
		`customer.points > ` + orders + `.count()`:                                               "",
	} {
		r := mustCompile(t, text, everywhere())
		var got []string
		for _, f := range r.Facts() {
			if word := trendWord(r.Trend(f.ID)); word != "" {
				got = append(got, word)
			}
		}
		slices.Sort(got)
		if words := strings.Join(slices.Compact(got), " or "); words != want {
			t.Errorf("%s: %q, want %q", text, words, want)
		}
		if trend := r.Trend(0); !trend.Up || !trend.Down || !trend.Waits {
			t.Errorf("%s is moved by what it does not read", text)
		}
	}
}

func trendWord(t Trend) string {
	switch {
	case t.Up && !t.Down:
		return "up"
	case t.Down && !t.Up:
		return "down"
	case t.Waits && !t.Up:
		return "waits"
	}
	return ""
}
