package postgres_test

import (
	"log/slog"
	"strings"
	"testing"

	"rapport"
	"rapport/store"
	"rapport/store/postgres"
	"rapport/store/postgres/pgtest"
)

// TestRefusals: what keeps a store from opening is said in a sentence that tells what
// to do, and the password is in none.
func TestRefusals(t *testing.T) {
	t.Parallel()
	c := pgtest.Start(t)
	c.Do(t, "create schema theirs", "grant usage on schema theirs to locked", "create schema hidden", "create schema newer", "create table newer.form (one smallint primary key, number integer not null)", "insert into newer.form values (1, 1000)")
	locked := c.Address(pgtest.Locked, pgtest.Password, "rapport")
	for name, test := range map[string]struct {
		address string
		kind    rapport.ErrorKind
		words   string
	}{
		"no address":      {"postgres:" + pgtest.Password, rapport.Invalid, "postgres://user:password@host"},
		"an odd address":  {"postgres://a:" + pgtest.Password + "@[::1/x", rapport.Invalid, "postgres://user:password@host"},
		"a wrong word":    {c.Address(pgtest.Locked, pgtest.Password+"x", "rapport"), rapport.Unavailable, "refuses the user locked"},
		"no such base":    {c.Address("rapport", "", "nowhere"), rapport.Unavailable, "createdb --owner rapport nowhere"},
		"no right":        {locked + "&search_path=theirs", rapport.Unavailable, "user locked may not"},
		"no schema":       {locked + "&search_path=nothing", rapport.Unavailable, "search_path"},
		"a schema hidden": {locked + "&search_path=hidden", rapport.Unavailable, "user locked has no schema"},
		"nobody there":    {"postgres://u:s3cret@127.0.0.1:1/x", rapport.Unavailable, "127.0.0.1:1 does not answer"},
		"a newer program": {c.Address("rapport", "", "rapport") + "&search_path=newer", rapport.Unavailable, "newer version of rapport"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log strings.Builder
			s, err := postgres.Open(t.Context(), test.address, postgres.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
			if err == nil {
				s.Close()
			}
			wantError(t, err, test.kind, test.words)
			if text := err.Error() + log.String() + postgres.Place(test.address); strings.Contains(text, pgtest.Password) || strings.Contains(text, "s3cret") {
				t.Errorf("the password is told: %s", text)
			}
		})
	}
}

// TestAnyBytes: texts that PostgreSQL would not take as such come back as they were,
// and lists are in the order of bytes.
func TestAnyBytes(t *testing.T) {
	t.Parallel()
	s := open(t, pgtest.URL(t))
	texts := []string{"", "\x00", "\x00a", "B", "a", "a\x00", "a\x00b", "ab", "\xc3\x28", "é"}
	batch := named(s, "x")
	batch.Counters = nil
	for i, text := range texts {
		batch.Counters = append(batch.Counters, store.Counter{Name: "n" + text, Delta: int64(i)})
		batch.Marks = append(batch.Marks, store.Mark{Name: text, Data: []byte(text)})
		batch.Decisions = append(batch.Decisions, rapport.Decision{Customer: rapport.CustomerID{1}, Journey: text, Change: text})
		batch.Contents = append(batch.Contents, store.Content{Message: rapport.MessageID{byte(i)}, Content: rapport.Content{Subject: text, HTML: text, Text: text}})
	}
	if err := s.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	totals, err := s.Counters(t.Context(), "n")
	if err != nil || len(totals) != len(texts) {
		t.Fatalf("%d counters, error %v", len(totals), err)
	}
	for i := 1; i < len(totals); i++ {
		if totals[i-1].Name >= totals[i].Name {
			t.Errorf("%q stands before %q", totals[i-1].Name, totals[i].Name)
		}
	}
	decisions, err := s.Decisions(t.Context(), store.DecisionFilter{Customer: rapport.CustomerID{1}})
	if err != nil || len(decisions) != len(texts) {
		t.Fatalf("%d decisions, error %v", len(decisions), err)
	}
	for i, text := range texts {
		if data, err := s.Mark(t.Context(), text); err != nil || string(data) != text {
			t.Errorf("mark %q is %q, %v", text, data, err)
		}
		if d := decisions[len(texts)-1-i]; d.Journey != text || d.Change != text {
			t.Errorf("decision %q is %q, %q", text, d.Journey, d.Change)
		}
		if c, err := s.Content(t.Context(), rapport.MessageID{byte(i)}); err != nil || c.Subject != text || c.HTML != text || c.Text != text {
			t.Errorf("content %q is %+v, %v", text, c, err)
		}
	}
}
