package lint

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	promql "github.com/prometheus/prometheus/promql/parser"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Prometheus loads the alerts, their templates included.
func TestAlerts(t *testing.T) {
	t.Parallel()
	groups, errs := rulefmt.Parse(read(t, "../prometheus/alerts.yml"), false, model.LegacyValidation)
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil || len(groups.Groups) != 1 || len(groups.Groups[0].Rules) < 20 {
		t.Errorf("%+v", groups)
	}
}

// Prometheus can evaluate whatever the dashboard asks.
func TestDashboard(t *testing.T) {
	t.Parallel()
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(read(t, "../grafana/rapport.json"), &board); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, p := range board.Panels {
		for _, q := range p.Targets {
			asked++
			if _, err := promql.ParseExpr(strings.ReplaceAll(q.Expr, "$__rate_interval", "5m")); err != nil {
				t.Errorf("%s: %s: %v", p.Title, q.Expr, err)
			}
		}
	}
	if asked < 40 {
		t.Errorf("%d expressions", asked)
	}
}

// BuildKit reads the Dockerfile and has nothing to remark; the image runs as somebody who is
// not root, keeps its data in a volume, and says how it is.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := read(t, "../Dockerfile")
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range parsed.Warnings {
		t.Errorf("%+v", w)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, description, url, message string, _ []parser.Range) {
		t.Errorf("%s: %s (%s) %s", rule, description, message, url)
	}})
	stages, _, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		t.Fatal(err)
	}
	if len(stages) != 2 {
		t.Fatalf("%d stages", len(stages))
	}
	var named []string
	for _, c := range stages[1].Commands {
		named = append(named, c.Name())
		switch c := c.(type) {
		case *instructions.UserCommand:
			if !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(c.User) {
				t.Errorf("it runs as %s", c.User)
			}
		case *instructions.VolumeCommand:
			if !slices.Equal(c.Volumes, []string{"/data"}) {
				t.Errorf("volumes: %v", c.Volumes)
			}
		case *instructions.RunCommand:
			t.Error("there is no shell to run anything with")
		}
	}
	for _, want := range []string{"USER", "VOLUME", "HEALTHCHECK", "ENTRYPOINT", "STOPSIGNAL"} {
		if !slices.Contains(named, want) {
			t.Errorf("it has no %s, only %v", want, named)
		}
	}
}
