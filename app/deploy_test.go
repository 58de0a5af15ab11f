package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// panel is what is looked at of a dashboard's panel.
type panel struct {
	ID         int
	Type       string
	Title      string
	GridPos    struct{ H, W, X, Y int }
	Datasource struct{ Type, UID string }
	Targets    []struct{ RefID, Expr string }
}

// asked are the figures that an expression of PromQL names.
var asked = regexp.MustCompile(`\b(?:rapport|go|process)_\w+`)

// unknown returns the figures that an expression asks for and nobody serves.
func unknown(expr string, served map[string]bool) (names []string) {
	for _, name := range asked.FindAllString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expr, `""`), -1) {
		base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if !served[name] && !served[base] {
			names = append(names, name)
		}
	}
	return names
}

// servedFigures returns the names of all figures that a program serves to which every kind
// of thing has happened.
func servedFigures(t *testing.T) map[string]bool {
	t.Helper()
	_, figures := lived(t)
	served := map[string]bool{}
	for _, name := range named(`(?m)^# TYPE (\w+) `, figures+liveFigures(t)) {
		served[name] = true
	}
	return served
}

// TestDashboard: the dashboard is one that Grafana reads, and whatever it asks for is there.
func TestDashboard(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../deploy/grafana/rapport.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		UID, Title    string
		SchemaVersion int
		Panels        []panel
		Templating    struct{ List []struct{ Name, Type string } }
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	if board.UID == "" || board.Title == "" || board.SchemaVersion < 30 || len(board.Templating.List) != 2 {
		t.Errorf("%+v", board)
	}
	served, shown, ids := servedFigures(t), map[string]bool{}, map[int]bool{}
	for _, p := range board.Panels {
		if g := p.GridPos; ids[p.ID] || p.Title == "" || g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("panel %d %q has another's number, no title, or lies outside: %+v", p.ID, p.Title, g)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			continue
		}
		if !slices.Contains([]string{"timeseries", "stat"}, p.Type) || p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("panel %q: type %q, data from %q, %d queries", p.Title, p.Type, p.Datasource.UID, len(p.Targets))
		}
		for _, q := range p.Targets {
			if names := unknown(q.Expr, served); len(names) > 0 || !asked.MatchString(q.Expr) || !strings.Contains(q.Expr, `instance=~"$instance"`) {
				t.Errorf("panel %q asks %s; nobody serves %v", p.Title, q.Expr, names)
			}
			for _, name := range asked.FindAllString(q.Expr, -1) {
				shown[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")] = true
			}
		}
	}
	for i, p := range board.Panels {
		for _, o := range board.Panels[:i] {
			if a, b := p.GridPos, o.GridPos; a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("panels %q and %q lie over one another", p.Title, o.Title)
			}
		}
	}
	for name := range served {
		if strings.HasPrefix(name, "rapport_") && !shown[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// TestAlerts: alerts ask for figures that are there, and each has its part of the page of
// operations.
func TestAlerts(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../deploy/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	served, page := servedFigures(t), operationsPage(t)
	seen := map[string]bool{}
	for _, r := range file.Groups[0].Rules {
		if names := unknown(r.Expr, served); len(names) > 0 || !asked.MatchString(r.Expr) && r.Expr != `up{job="rapport"} == 0` {
			t.Errorf("%s asks %s; nobody serves %v", r.Alert, r.Expr, names)
		}
		if r.For == "" || !slices.Contains([]string{"critical", "warning"}, r.Labels["severity"]) || r.Annotations["summary"] == "" || seen[r.Alert] {
			t.Errorf("%+v", r)
		}
		seen[r.Alert] = true
		anchor, found := strings.CutPrefix(r.Annotations["runbook"], "docs/operations.md#")
		row := regexp.MustCompile(fmt.Sprintf(`(?m)^\| <a id="%s"></a>.*$`, regexp.QuoteMeta(anchor))).FindString(page)
		if !found || !strings.Contains(row, "`"+r.Alert+"`") {
			t.Errorf("%s sends to %q, where the page says %q", r.Alert, r.Annotations["runbook"], row)
		}
	}
	for _, name := range named(`(?m)^\| <a id="alert-[a-z-]+"></a>([^|]*) \|`, page) {
		for _, alert := range named("`(\\w+)`", name) {
			if !seen[alert] {
				t.Errorf("the page tells of an alert %s that is not there", alert)
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("%d alerts", len(seen))
	}
}

// TestUnit: the unit of systemd is one that systemd takes, gives the program as little as it
// needs, and waits longer for its end than that takes.
func TestUnit(t *testing.T) {
	t.Parallel()
	unit, err := os.ReadFile("../deploy/rapport.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"DynamicUser=yes", "StateDirectory=rapport", "KillSignal=SIGTERM", "TimeoutStopSec=15s", "Restart=on-failure", "NoNewPrivileges=yes",
		"ProtectSystem=strict", "ProtectHome=yes", "CapabilityBoundingSet=", "SystemCallFilter=@system-service", "MemoryDenyWriteExecute=yes",
	} {
		if !slices.Contains(strings.Split(string(unit), "\n"), line) {
			t.Errorf("the unit has no line %s", line)
		}
	}
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed: it is not tried whether systemd takes the unit")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "rapport.service")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(unit), "/usr/local/bin/rapport", self)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), verify, "verify", file).CombinedOutput(); err != nil || strings.Contains(string(out), "rapport.service") {
		t.Errorf("%v\n%s", err, out)
	}
}
