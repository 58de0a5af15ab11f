package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// Every fault can still be planted: whoever changes a text that one replaces changes
// the fault along with it.
func TestEveryFaultCanBePlanted(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, f := range faults() {
		if names[f.name] {
			t.Errorf("two faults are called %q", f.name)
		}
		names[f.name] = true
		if _, err := plant(root, filepath.Join(t.TempDir(), "planted"), f); err != nil {
			t.Errorf("%v: bring the fault in test/mutants/faults.go up to the code", err)
		}
		if f.old == f.fresh {
			t.Errorf("%q changes nothing", f.name)
		}
	}
	if len(names) < 15 {
		t.Errorf("only %d faults", len(names))
	}
}

// A fault that survives, or does not compile, is told and makes the run fail.
func TestSurvivorsAreTold(t *testing.T) {
	t.Parallel()
	f := fault{name: "a fault", file: "x.go", tests: tests{pkg: "./x"}}
	for _, c := range []struct {
		said   string
		passed bool
		want   string
		fails  bool
	}{
		{"ok  \trapport/x\t0.1s\n", true, "| a fault | `x.go` | nothing |  | SURVIVED |", true},
		{"x.go:3:1: syntax error\nFAIL\trapport/x [build failed]\n", false, "does not compile: x.go:3:1: syntax error", true},
		{"--- FAIL: TestX (0.1s)\n    x_test.go:9: seed 11, act 2: who is in which segment\n", false, "| a fault | `x.go` | ./x | 12 | act 2: who is in which segment |", false},
		{"--- FAIL: TestX (0.1s)\n    x_test.go:9: 1 is not 2\n", false, "| a fault | `x.go` | ./x |  | x_test.go:9: 1 is not 2 |", false},
	} {
		var out bytes.Buffer
		err := tell(&out, []result{judge(f, c.said, c.passed)})
		if !strings.Contains(out.String(), c.want) || (err != nil) != c.fails {
			t.Errorf("told %v:\n%s", err, out.String())
		}
	}
}

// The page tells of every fault.
func TestPageHasTheTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "docs", "proof.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults() {
		if !strings.Contains(string(page), "| "+f.name+" |") {
			t.Errorf("docs/proof.md does not tell of the fault %q: run make mutants", f.name)
		}
	}
	if address := regexp.MustCompile(`0x[0-9a-f]{6,}`).FindString(string(page)); address != "" {
		t.Errorf("docs/proof.md tells where something lay in memory, %s: let the test that fails write what it is", address)
	}
}

func TestRewriteKeepsThePage(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("above\n"+tableBegins+"old\n"+tableEnds+"\nbelow\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(page, "new\n"); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(page); string(text) != "above\n"+tableBegins+"new\n"+tableEnds+"\nbelow\n" {
		t.Errorf("%q", text)
	}
}

func TestPlantLeavesTheTreeAlone(t *testing.T) {
	t.Parallel()
	tree, dir := t.TempDir(), t.TempDir()
	right := "package x\n\nconst one = 1\n"
	if err := os.WriteFile(filepath.Join(tree, "x.go"), []byte(right), 0o600); err != nil {
		t.Fatal(err)
	}
	f := fault{name: "two", file: "x.go", old: "one = 1", fresh: "one = 2"}
	if _, err := plant(tree, dir, f); err != nil {
		t.Fatal(err)
	}
	kept, _ := os.ReadFile(filepath.Join(tree, "x.go"))
	planted, _ := os.ReadFile(filepath.Join(dir, "planted.go"))
	if string(kept) != right || string(planted) != "package x\n\nconst one = 2\n" {
		t.Errorf("kept %q, planted %q", kept, planted)
	}
	f.old = "n"
	if _, err := plant(tree, dir, f); err == nil || !strings.Contains(err.Error(), "not once") {
		t.Errorf("a text that stands more than once is planted: %v", err)
	}
}
