package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the list of addresses into docs/api.md")

const page = "../docs/api.md"

// TestExamplesOfThePage runs the calls that docs/api.md shows, one after the other,
// and compares the answers with what it shows, in which … stands for anything.
func TestExamplesOfThePage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, options{})
	w.apply("testdata/workspace.yaml")
	examples := regexp.MustCompile("(?s)```sh\n(.*?)```\n+```json\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if shown := strings.Count(string(text), "```sh"); shown != len(examples) || shown == 0 {
		t.Fatalf("%d calls are shown, %d with an answer", shown, len(examples))
	}
	for _, example := range examples {
		method, target, body, headers := readCurl(t, example[1])
		answer := w.call(method, target, body, headers...)
		var want, got any
		if err := json.Unmarshal([]byte(example[2]), &want); err != nil {
			t.Fatalf("%s%v", example[2], err)
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s%s", example[1], answer.Body)
		}
		if diff := cmp.Diff(want, loosened(want, got)); diff != "" {
			t.Errorf("%s(-shown +answered)\n%s", example[1], diff)
		}
	}
}

// loosened returns an answer with … wherever the page shows it.
func loosened(want, got any) any {
	if want == "…" && got != nil {
		return want
	}
	switch wanted := want.(type) {
	case map[string]any:
		if found, ok := got.(map[string]any); ok {
			for name, value := range found {
				found[name] = loosened(wanted[name], value)
			}
		}
	case []any:
		if found, ok := got.([]any); ok && len(found) == len(wanted) {
			for i := range found {
				found[i] = loosened(wanted[i], found[i])
			}
		}
	}
	return got
}

// readCurl reads a call of curl: its address, -X, -H, -d and -u.
func readCurl(t *testing.T, command string) (method, target, body string, headers []string) {
	t.Helper()
	command = strings.ReplaceAll(command, "\\\n", " ")
	command = strings.NewReplacer("$URL", "", "$WRITE_KEY", writeKey, "$API_KEY", adminKey).Replace(command)
	var words []string
	for _, m := range regexp.MustCompile(`(?s)'([^']*)'|"([^"]*)"|(\S+)`).FindAllStringSubmatch(command, -1) {
		words = append(words, m[1]+m[2]+m[3])
	}
	headers = []string{"Content-Type", "application/x-www-form-urlencoded"} // as curl says unless told otherwise
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "-X", "-H", "-d", "-u":
			i++
			switch name, value, _ := strings.Cut(words[i], ": "); words[i-1] {
			case "-X":
				method = words[i]
			case "-H":
				headers = append(headers, name, value)
			case "-d":
				body = words[i]
			case "-u":
				headers = append(headers, "Authorization", basic(strings.TrimSuffix(words[i], ":")))
			}
		default:
			target = words[i]
		}
	}
	if method == "" && body != "" {
		method = http.MethodPost
	}
	if words[0] != "curl" || !strings.HasPrefix(target, "/") {
		t.Fatalf("not a call of curl: %q", words)
	}
	return method, target, body, headers
}

// TestListOfThePage compares the list of addresses with the OpenAPI document.
func TestListOfThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	var document struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal([]byte(w.must(http.MethodGet, "/openapi.json", "")), &document); err != nil {
		t.Fatal(err)
	}
	groups := map[string][]string{}
	for path, operations := range document.Paths {
		for method, o := range operations {
			row := fmt.Sprintf("| `%s %s` | %s |\n", strings.ToUpper(method), path, o.Summary)
			groups[o.Tags[0]] = append(groups[o.Tags[0]], row)
		}
	}
	var list strings.Builder
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		slices.Sort(groups[group])
		fmt.Fprintf(&list, "\n**%s**\n\n| | |\n| --- | --- |\n%s", group, strings.Join(groups[group], ""))
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	place := regexp.MustCompile(`(?s)<!-- operations -->\n(.*)\n<!-- end -->`).FindSubmatchIndex(text)
	if place == nil {
		t.Fatal("the page has no place for the list")
	}
	if *update {
		written := string(text[:place[2]]) + list.String() + string(text[place[3]:])
		if err := os.WriteFile(page, []byte(written), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(list.String(), string(text[place[2]:place[3]])); diff != "" {
		t.Errorf("the list is not that of the OpenAPI document (go test ./api -run ListOfThePage -update)\n%s", diff)
	}
}
