package operate_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// apply puts the workspace in force.
func (p *program) apply(s *sink) {
	p.Helper()
	p.must(http.MethodPost, "/v1/apply", strings.ReplaceAll(documents, "PORT", strconv.Itoa(s.port)), nil)
}

// A backup that is written while shoppers are busy holds everything that was acknowledged
// before it began, whole; what is restored of it runs, sends nothing until it is told to,
// and goes on from there.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	data, s := t.TempDir(), newSink(t)
	p := serve(t, data)
	p.apply(s)
	p.must(http.MethodPut, "/v1/secrets/mail-password", `{"value": "open sesame"}`, nil)
	l := shop(p, 6)
	p.await("busy", func() bool { return l.count() > 200 })
	acked := l.acknowledged()
	to := filepath.Join(t.TempDir(), "tonight")
	said := run(t, 0, "backup", to, "--data", data)
	if !strings.Contains(said, "of a live environment") || !strings.Contains(said, "Not in it: secret.key") || !strings.Contains(said, "mail-password") {
		t.Errorf("backup said: %s", said)
	}
	if said := run(t, 1, "backup", to, "--data", data); !strings.Contains(said, "overwrites nothing") {
		t.Errorf("a second backup said: %s", said)
	}
	p.await("busier", func() bool { return l.count() > 400 })
	l.stop()
	l.judge(p, l.acknowledged())
	p.stop()
	entries, err := os.ReadDir(to)
	if err != nil || len(entries) != 2 {
		t.Errorf("the backup holds %v, error %v", entries, err)
	}
	restored := restore(t, to)
	if said := run(t, 1, "restore", to, "--data", data); !strings.Contains(said, "is not empty") {
		t.Errorf("restoring over a data folder said: %s", said)
	}
	before := s.received()
	p = serve(t, restored)
	l.url.Store(&p.url)
	l.judge(p, acked)
	judgeHeld(p, l, s, before)
	p.stop()
}

// restore restores a backup and returns the data folder.
func restore(t *testing.T, from string) string {
	t.Helper()
	restored := filepath.Join(t.TempDir(), "restored")
	said := run(t, 0, "restore", from, "--data", restored)
	if !strings.Contains(said, "All sending is held") || !strings.Contains(said, "secret.key") {
		t.Errorf("restore said: %s", said)
	}
	return restored
}

// judgeHeld sees that a restored program sends nothing until it is told to, and then does.
func judgeHeld(p *program, l *load, s *sink, before map[string]int) {
	p.Helper()
	if said := p.tell("sending"); !strings.Contains(said, "held since") || !strings.Contains(said, "restored from a backup") {
		p.Errorf("sending is said to be: %s", said)
	}
	l.halt = make(chan struct{})
	l.order("newcomer", 0)
	var waiting struct{ Messages []struct{ ID string } }
	p.must(http.MethodGet, "/v1/messages?status=waiting&customer=newcomer", "", &waiting)
	if now := s.received(); len(waiting.Messages) != 1 || len(now) != len(before) {
		p.Errorf("%d messages wait, and mails for %d orders came while sending was held", len(waiting.Messages), len(now)-len(before))
	}
	if said := p.tell("sending", "resume", "--skip"); !strings.Contains(said, "messages are sent") || !strings.Contains(said, "is dropped") {
		p.Errorf("resuming said: %s", said)
	}
	p.await("sending", func() bool { return s.received()["newcomer-0"] == 1 })
}

// A backup that was changed or is of a newer program is refused, and leaves no data folder.
func TestBackupsThatAreRefused(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	serve(t, data).stop()
	to := filepath.Join(t.TempDir(), "backup")
	run(t, 0, "backup", to, "--data", data)
	for name, change := range map[string]func(string) string{
		"its hash is another": func(s string) string { return s },
		"a newer version":     func(s string) string { return strings.Replace(s, `"format": 1`, `"format": 2`, 1) },
		"newer version of rapport (9)": func(s string) string {
			return s[:strings.Index(s, `"program"`)] + `"program": "9", "form": 900, "sha256": "x"}`
		},
		"is no backup": func(string) string { return "{" },
	} {
		bad := t.TempDir()
		for _, file := range []string{"rapport.db", "backup.json"} {
			text, err := os.ReadFile(filepath.Join(to, file))
			if err != nil {
				t.Fatal(err)
			}
			if file == "backup.json" {
				text = []byte(change(string(text)))
			} else {
				text[len(text)-1]++
			}
			if err := os.WriteFile(filepath.Join(bad, file), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		into := filepath.Join(t.TempDir(), "into")
		if said := run(t, 1, "restore", bad, "--data", into); !strings.Contains(said, name) {
			t.Errorf("%s: %s", name, said)
		}
		if _, err := os.Stat(filepath.Join(into, "rapport.db")); err == nil {
			t.Errorf("%s: there is a database", name)
		}
	}
	if said := run(t, 1, "backup", filepath.Join(t.TempDir(), "b"), "--data", t.TempDir()); !strings.Contains(said, "no database") {
		t.Error(said)
	}
}
