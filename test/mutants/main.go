// Command mutants proves that the proof works: it plants each of a list of faults
// into the program, one at a time, and runs the test that must find it. It prints a
// table of what found each, after how many seeds, and fails if any fault survives or
// is found later than its row says.
//
// No file of the tree is ever changed: a fault is planted with the overlay of
// go test. What it does not do: it makes no faults up. The list is what somebody
// thought could go wrong, one row each.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	root := flags.String("root", ".", "the root of the module")
	only := flags.String("only", "", "plant only the faults whose name or file contains this")
	at := flags.Int("at", 2, "how many faults are tried at once")
	into := flags.String("into", "", "write the table into this page as well, where it stands; not with -only")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var chosen []fault
	for _, f := range faults() {
		if strings.Contains(f.name, *only) || strings.Contains(f.file, *only) {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no fault has %q in its name or file", *only)
	}
	results, err := tryAll(ctx, *root, chosen, *at)
	if err != nil {
		return err
	}
	var table bytes.Buffer
	failed := tell(&table, results)
	if _, err := out.Write(table.Bytes()); err != nil {
		return err
	}
	if *into != "" && *only == "" && failed == nil {
		return rewrite(filepath.Join(*root, *into), table.String())
	}
	return failed
}

// The table stands in a page between these.
const (
	tableBegins = "<!-- The table is written by make mutants. -->\n\n"
	tableEnds   = "\n<!-- The table ends. -->"
)

// rewrite puts the table in the place of the one in a page.
func rewrite(page, table string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return fmt.Errorf("%s has no place for the table", page)
	}
	return os.WriteFile(page, []byte(before+tableBegins+table+tableEnds+after), 0o600)
}

// result is what came of a planted fault.
type result struct {
	fault
	found bool
	seed  string // the first that fails
	words string // the first line of the failure, or why there is none
}

// tryAll plants faults, several at a time, each in its own overlay.
func tryAll(ctx context.Context, root string, list []fault, at int) ([]result, error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	results, errs := make([]result, len(list)), make([]error, len(list))
	places := make(chan struct{}, max(at, 1))
	var all sync.WaitGroup
	for i := range list {
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			results[i], errs[i] = try(ctx, root, filepath.Join(dir, fmt.Sprint(i)), list[i])
			fmt.Fprintf(os.Stderr, "%d of %d: %s: %s\n", i+1, len(list), list[i].name, results[i].words)
		})
	}
	all.Wait()
	return results, errors.Join(errs...)
}

// try plants one fault and runs its test.
func try(ctx context.Context, root, dir string, f fault) (result, error) {
	if err := ctx.Err(); err != nil {
		return result{}, err
	}
	overlay, err := plant(root, dir, f)
	if err != nil {
		return result{}, err
	}
	test := exec.CommandContext(ctx, "go", "test", "-short", "-count=1", "-timeout=5m", "-overlay="+overlay, "-run="+f.tests.run, f.tests.pkg)
	if f.tests.drawn {
		// Of a short run rapid takes a fifth of the checks.
		test.Args = append(test.Args, "-args", "-rapid.nofailfile", "-rapid.seed=1", fmt.Sprint("-rapid.checks=", 5*f.seeds))
	}
	test.Dir = root
	test.Env = append(os.Environ(), fmt.Sprint("RAPPORT_TEST_SEEDS=", f.seeds), "RAPPORT_TEST_SEED=", "RAPPORT_TEST_LONG=")
	said, err := test.CombinedOutput()
	if ctx.Err() != nil {
		return result{}, ctx.Err()
	}
	return judge(f, string(said), err == nil), nil
}

// plant writes the file with the fault in it beside an overlay that puts it in the
// place of the right one.
func plant(root, dir string, f fault) (overlay string, err error) {
	text, err := os.ReadFile(filepath.Join(root, f.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), f.old); n != 1 {
		return "", fmt.Errorf("%q: the text that it replaces stands %d times in %s, not once", f.name, n, f.file)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	planted := filepath.Join(dir, "planted.go")
	if err := os.WriteFile(planted, []byte(strings.Replace(string(text), f.old, f.fresh, 1)), 0o600); err != nil {
		return "", err
	}
	replaced, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.FromSlash(f.file): planted}})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, replaced, 0o600)
}

// judge reads what go test said of a planted fault.
func judge(f fault, said string, passed bool) result {
	r := result{fault: f}
	switch {
	case passed:
		r.words = "SURVIVED"
		return r
	case strings.Contains(said, "[build failed]") || strings.Contains(said, "[setup failed]"):
		r.words = "does not compile: " + line(said, `^.*\.go:\d+.*$`)
		return r
	}
	r.found = true
	if m := regexp.MustCompile(`(?m)^\s*\w+\.go:\d+: seed (\d+), (.*)$`).FindStringSubmatch(said); m != nil {
		r.seed, r.words = m[1], m[2]
	} else if m := regexp.MustCompile(`(?m)^\s*\w+_test\.go:\d+: \[rapid\] failed after (\d+) tests: (.*)$`).FindStringSubmatch(said); m != nil {
		r.seed, r.words = m[1], m[2]
	} else {
		r.words = line(said, `^\s*\w+_test\.go:\d+: .*$|^panic: .*$`)
	}
	return r
}

// line returns the first line that a pattern fits.
func line(text, pattern string) string {
	fits := regexp.MustCompile(pattern)
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if fits.MatchString(lines.Text()) {
			return strings.TrimSpace(lines.Text())
		}
	}
	return "it failed without a word"
}

// tell prints the table, and says how many faults were not found.
func tell(out io.Writer, results []result) error {
	fmt.Fprintf(out, "| fault | in | found by | after seeds | first line of the failure |\n| --- | --- | --- | --- | --- |\n")
	missed := 0
	for _, r := range results {
		by, seeds := r.tests.pkg, ""
		if !r.found {
			by = "nothing"
			missed++
		}
		if r.seed != "" {
			var n int
			_, _ = fmt.Sscan(r.seed, &n)
			seeds = fmt.Sprint(n + 1)
		}
		fmt.Fprintf(out, "| %s | `%s` | %s | %s | %s |\n", r.name, r.file, by, seeds, strings.ReplaceAll(r.words, "|", `\|`))
	}
	if missed > 0 {
		return fmt.Errorf("%d of %d faults were not found", missed, len(results))
	}
	return nil
}
