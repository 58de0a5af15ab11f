package sqlite

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/store"
)

// before makes a database of an older form in a folder, and fills it by a script.
func before(t *testing.T, dir string, form int, script string) {
	t.Helper()
	c, err := connect(filepath.Join(dir, "rapport.db"), pragmas()...)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := fs.Glob(migrations, "migration/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range steps[:form] {
		if err := c.migrateStep(migrations, step, int64(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.script(script); err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

// TestMessagesOfFormSix: what was kept before messages were found by the instant in their
// ids is found and goes on, whether its id begins with one or not, and what was being handed
// over is known to be.
func TestMessagesOfFormSix(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before(t, dir, 6, `
		insert into message (created_at, id, status, customer, journey, version, run, step, template, channel, class, address, subject,
			due_at, useful_until, handed_at, attempts, reason, entry, purpose, learned, topic)
		select a, b, s, zeroblob(16), 'j', 1, 2, 's', 't', 'email', 3, 'ann@shop.example', '', 5, 9, 0, 0, '', x'', 'marketing', x'', 'topic'
		from (select 7 a, x'000000000007aaaaaaaaaaaaaaaaaaaa' b, 3 s union all select 8, x'ffeeddccbbaa99887766554433221100', 3
			union all select 9, x'112233445566778899aabbccddeeff00', 4 union all select -1, x'ffffffffffffbbbbbbbbbbbbbbbbbbbb', 1);
		insert into decision (customer, journey, step, outcome, at, message, checks, change, workspace)
		values (zeroblob(16), 'j', 's', 'send', 7, x'000000000007aaaaaaaaaaaaaaaaaaaa', '[]', '', 3)`)
	s := openTest(t, dir)
	ctx := t.Context()
	handing, err := s.InStatus(ctx, rapport.Attempting, 10)
	if err != nil || len(handing) != 2 || handing[0].CreatedAt != 7 || handing[1].CreatedAt != 8 {
		t.Errorf("being handed over: %v, error %v", handing, err)
	}
	all, err := s.Messages(ctx, store.MessageFilter{Journey: "j"})
	if err != nil || len(all) != 4 {
		t.Fatalf("%d messages, error %v", len(all), err)
	}
	for _, m := range all {
		found, err := s.Message(ctx, m.ID)
		if diff := cmp.Diff(m, found); err != nil || diff != "" {
			t.Errorf("message %v is found as (error %v)\n%s", m.ID, err, diff)
		}
	}
	for i := range handing {
		handing[i].Status = rapport.Handed
	}
	state := s.State()
	if err := s.Commit(ctx, &store.Batch{Position: state.Position, Epoch: state.Epoch, Moved: handing}); err != nil {
		t.Fatal(err)
	}
	if handing, err = s.InStatus(ctx, rapport.Attempting, 10); err != nil || len(handing) != 0 {
		t.Errorf("being handed over afterwards: %v, error %v", handing, err)
	}
	n, err := s.writer.number("select count(*) from attempt")
	if err != nil || n != 0 {
		t.Errorf("%d rows of attempts are left, error %v", n, err)
	}
	decisions, err := s.Decisions(ctx, store.DecisionFilter{})
	if err != nil || len(decisions) != 1 || decisions[0].Workspace != 3 {
		t.Errorf("decisions %v, error %v", decisions, err)
	}
}
