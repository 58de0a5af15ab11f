package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport/client"
)

// pages are all pages for readers, by their path from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, form := range []string{"README.md", "docs/*.md", "docs/*/*.md", "mappings/README.md", "recipes/*/README.md"} {
		found, err := filepath.Glob(filepath.Join("../..", form))
		if err != nil || len(found) == 0 {
			t.Fatal(form, err)
		}
		for _, file := range found {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[filepath.ToSlash(strings.TrimPrefix(file, filepath.Join("..", "..")+string(filepath.Separator)))] = string(text)
		}
	}
	return texts
}

// boxes are the pieces of code of a page, those that are indented among them.
func boxes(page string) (all []block) {
	for _, m := range regexp.MustCompile("(?ms)^( *)```(\\w+)[^\n]*\n(.*?)^ *```$").FindAllStringSubmatch(page, -1) {
		all = append(all, block{m[2], strings.TrimPrefix(strings.ReplaceAll("\n"+m[3], "\n"+m[1], "\n"), "\n")})
	}
	return all
}

// TestEveryBoxIsTried: of each kind of code on each page somebody has seen to it that a
// test tries it. Of boxes of sh that no test runs, the commands are read by
// TestCommandsOfThePages.
func TestEveryBoxIsTried(t *testing.T) {
	t.Parallel()
	tried := map[string]string{
		"README.md":                        "js sh",                     // TestFiveMinutes; what make can do stands in TestCommandsOfThePages
		"docs/api.md":                      "json sh",                   // api
		"docs/benchmarks.md":               "sh",                        // too long to be run here
		"docs/campaigns.md":                "json story yaml",           // story, TestAnswerOfTheCampaignsPage
		"docs/cli.md":                      "sh",                        // TestCommandPage
		"docs/concepts.md":                 "story yaml",                // story
		"docs/de/first-steps.md":           "sh",                        // TestFirstSteps
		"docs/demo.md":                     "sh",                        // TestBoxesOfTwoServersRun
		"docs/documents.md":                "json problems sh yaml",     // workspace, TestBoxesRun, TestBoxesOfTwoServersRun
		"docs/import.md":                   "console file",              // TestImportDocs
		"docs/journeys.md":                 "story yaml",                // story
		"docs/ko/first-steps.md":           "sh",                        // TestFirstSteps
		"docs/operations.md":               "sh yaml",                   // TestBoxesRun, TestBoxesOfTwoServersRun
		"docs/promotions.md":               "promotion",                 // promotion
		"docs/recipes.md":                  "sh",                        // TestBoxesRun
		"docs/rules.md":                    "rule",                      // rule
		"docs/stories.md":                  "failure sh story yaml",     // story, TestBoxesOfTwoServersRun
		"docs/templates.md":                "liquid problems text yaml", // render
		"recipes/behaviour/README.md":      "yaml",                      // TestDocumentsOfRecipesPages
		"recipes/customer-types/README.md": "yaml",
	}
	found := map[string]string{}
	for name, text := range pages(t) {
		kinds := map[string]bool{}
		for _, b := range boxes(text) {
			kinds[b.language] = true
		}
		if len(kinds) > 0 {
			found[name] = strings.Join(slices.Sorted(maps.Keys(kinds)), " ")
		}
	}
	if diff := cmp.Diff(tried, found); diff != "" {
		t.Errorf("kinds of boxes (-tried +there):\n%s", diff)
	}
}

// TestCommandsOfThePages: every command that a page shows is one, with flags that it has,
// and what make is told to do it can do.
func TestCommandsOfThePages(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for name, text := range pages(t) {
		for _, b := range boxes(text) {
			if b.language != "sh" {
				continue
			}
			for line := range strings.Lines(b.text) {
				line, _, _ = strings.Cut(strings.TrimSpace(line), "  #")
				if target, ok := strings.CutPrefix(line, "make "); ok {
					read++
					if target, _, _ = strings.Cut(target, " "); !strings.Contains(string(makefile), "\n"+target+": ") {
						t.Errorf("%s: make knows no %s", name, target)
					}
				}
				m := regexp.MustCompile(`^(?:.*\| )?(?:bin/)?rapport (.*?)(?: &)?$`).FindStringSubmatch(line)
				if m == nil || name == "docs/cli.md" { // which is written from the program itself
					continue
				}
				read++
				if err := parses(strings.Fields(m[1])); err != nil {
					t.Errorf("%s: %s: %v", name, line, err)
				}
			}
		}
	}
	if read < 30 {
		t.Errorf("only %d commands were read", read)
	}
}

// parses reads a command without running it. What it takes from the environment, and
// folders that must be there, are.
func parses(args []string) error {
	switch args[0] {
	case "copy", "promote":
		args = append(args, "--from-key", "rk_test_from", "--to-key", "rk_test_to")
	case "test":
		args = []string{"test", "."}
	}
	parser, err := newParser(io.Discard, io.Discard)
	if err != nil {
		return err
	}
	_, err = parser.Parse(args)
	return err
}

// TestBoxesRun runs boxes of pages as they stand, each page's in a folder and at a sandbox
// of its own. What differs: folders of the system lie in that folder.
func TestBoxesRun(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("The boxes are not run: %s is not installed.", tool)
		}
	}
	all := pages(t)
	for name, p := range map[string]struct {
		file, before string // what the page takes for granted: its first box of yaml lies in a file, lines that come first
		boxes        []int  // that are run
		want         []string
	}{
		"docs/recipes.md":   {boxes: []int{0}, want: []string{"festival-chain", "version 1 is in force", "version 2 is in force"}},
		"docs/documents.md": {file: "shop/returning.yaml", before: "rapport recipe apply welcome", boxes: []int{1}, want: []string{"created  segment returning", "deleted  journey welcome", "version 4 is in force"}},
		"docs/operations.md": {
			file: "channel.yaml", before: "mkdir backup; PASSWORD=open-sesame; rapport apply -f channel.yaml", boxes: []int{4, 5, 7, 8}, want: []string{"key mai-li is deleted", "mail-password", "wrong-prices", "messages are sent", "of a sandbox environment"},
		},
	} {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			folder, address, shown := folderWithProgram(t), freeAddress(t), boxes(all[name])
			if p.file != "" {
				first := slices.IndexFunc(shown, func(b block) bool { return b.language == "yaml" })
				if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, p.file)), 0o755); err != nil {
					t.Fatal(err)
				}
				writeFile(t, filepath.Join(folder, p.file), shown[first].text)
			}
			lines := []string{
				"rapport serve --sandbox --data data > serve.txt & server=$!",
				"until curl -sf -o ready.txt $RAPPORT_URL/readyz; do sleep 0.02; done", p.before,
			}
			for _, i := range p.boxes {
				lines = append(lines, strings.NewReplacer("/var/lib/rapport", "data", "/backup", "backup").Replace(shown[i].text))
			}
			env := []string{"RAPPORT_LISTEN=" + address, "RAPPORT_URL=http://" + address, "RAPPORT_ADMIN_KEY=" + adminKey, "RAPPORT_WRITE_KEY=" + writeKey}
			printed := runBash(t, folder, env, strings.Join(append(lines, "kill $server", "wait $server"), "\n"))
			for _, want := range p.want {
				if !strings.Contains(printed, want) {
					t.Errorf("the boxes do not tell %q:\n%s", want, printed)
				}
			}
		})
	}
}

// TestBoxesOfTwoServersRun runs the boxes for which a live server and a sandbox are needed.
// What differs from the pages: addresses, keys and folders, and that the shop closes.
func TestBoxesOfTwoServersRun(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("The boxes are not run: %s is not installed.", tool)
		}
	}
	recipes, err := filepath.Abs("../../recipes/welcome")
	if err != nil {
		t.Fatal(err)
	}
	live, sandbox := freeAddress(t), freeAddress(t)
	box := func(page string, i int, replaced ...string) string {
		return strings.NewReplacer(append(replaced, "rk_live_…", "rk_live_docs", "rk_test_…", "rk_test_docs")...).Replace(boxes(pages(t)[page])[i].text)
	}
	lines := []string{
		"RAPPORT_ADMIN_KEY=rk_live_docs RAPPORT_WRITE_KEY=wk_live_docs RAPPORT_LISTEN=" + live + " " + strings.TrimSpace(box("docs/operations.md", 0, "/var/lib/rapport", "live")) + " > live.txt & live=$!",
		"RAPPORT_ADMIN_KEY=rk_test_docs RAPPORT_WRITE_KEY=wk_test_docs rapport serve --sandbox --data tried --listen " + sandbox + " > sandbox.txt & tried=$!",
		"for at in " + live + " " + sandbox + "; do until curl -sf -o ready.txt http://$at/readyz; do sleep 0.02; done; done",
		"rapport recipe apply welcome --url http://" + sandbox + " --api-key rk_test_docs",
		"echo yes > yes.txt; exec < yes.txt",
		box("docs/documents.md", 4, "https://sandbox.shop.example", "http://"+sandbox, "https://rapport.shop.example", "http://"+live),
		strings.TrimSpace(box("docs/demo.md", 0, "http://127.0.0.1:8080", "http://"+live, "wk_live_...", "wk_live_docs", "--speed 60", "--speed 6000")) + " --days 0.1",
		box("docs/operations.md", 3, "https://rapport.example", "http://"+live, "http://127.0.0.1:8081", "http://"+sandbox),
		box("docs/stories.md", 0, "PATH", recipes),
		"kill $live $tried", "wait $live $tried",
	}
	printed := runBash(t, folderWithProgram(t), nil, strings.Join(lines, "\n"))
	for _, want := range []string{"version 1 is in force in " + live, "lives at http://" + live, "customers of http://" + live + " under pseudonyms", "stories"} {
		if !strings.Contains(printed, want) {
			t.Errorf("the boxes do not tell %q:\n%s", want, printed)
		}
	}
}

// TestAnswerOfTheCampaignsPage: what the page shows of a campaign that is going out is there
// in the answer about just that campaign.
func TestAnswerOfTheCampaignsPage(t *testing.T) {
	t.Parallel()
	server := "http://" + sandboxFor(t)
	c := client.New(server, "rk_test_docs")
	var documents []string
	var shown map[string]any
	for _, b := range boxes(pages(t)["docs/campaigns.md"]) {
		switch b.language {
		case "yaml":
			documents = append(documents, b.text)
		case "json":
			if err := json.Unmarshal([]byte(b.text), &shown); err != nil {
				t.Fatal(err)
			}
		}
	}
	call := func(method, path string, body, out any) {
		t.Helper()
		if err := c.Call(t.Context(), method, path, body, out); err != nil {
			t.Fatal(err)
		}
	}
	call("POST", "/v1/apply", []byte(strings.Join(documents, "---\n")), nil)
	call("POST", "/v1/clock", map[string]string{"to": "2027-02-01T01:00:00Z"}, nil)
	var events []map[string]any
	for n := range 200 {
		events = append(events, map[string]any{"type": "identify", "userId": fmt.Sprint("u", n), "timestamp": "2027-01-01T00:00:00Z"})
	}
	call("POST", "/v1/imports/people/rows", map[string]any{"from": 0, "events": events}, nil)
	call("POST", "/v1/clock", map[string]string{"to": "2027-02-01T02:05:00Z"}, nil)
	var answer map[string]any
	call("GET", "/v1/campaigns/"+shown["name"].(string), nil, &answer)
	lacks(t, "", shown, answer)
}

// lacks tells what is shown and not there, or is of another type.
func lacks(t *testing.T, at string, shown, there any) {
	t.Helper()
	switch s := shown.(type) {
	case map[string]any:
		found, _ := there.(map[string]any)
		for name, value := range s {
			if found[name] == nil {
				t.Errorf("the answer has no %s%s", at, name)
				continue
			}
			lacks(t, at+name+".", value, found[name])
		}
	case []any:
		if found, _ := there.([]any); len(found) > 0 {
			lacks(t, at, s[0], found[0])
			return
		}
		t.Errorf("%s is no list, or an empty one", at)
	default:
		if fmt.Sprintf("%T", shown) != fmt.Sprintf("%T", there) {
			t.Errorf("%s is shown as %v, the answer has %v", at, shown, there)
		}
	}
}
