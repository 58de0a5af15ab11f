package liquid_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"rapport"
	"rapport/render/liquid"
)

// goldenCase is one test of the Golden Liquid suite, which records what
// Shopify's Liquid does (https://github.com/jg-rp/golden-liquid).
type goldenCase struct {
	Name      string
	Template  string
	Data      json.RawMessage
	Templates map[string]string
	Result    *string
	Results   []string
	Invalid   bool
}

func (c goldenCase) render() (string, error) {
	t, err := liquid.Parse(c.Template, liquid.ParseOptions{Load: blocks(c.Templates)})
	if err != nil {
		return "", err
	}
	data := rapport.ObjectOf(nil)
	if len(c.Data) > 0 {
		if data, err = rapport.ParseJSON(c.Data); err != nil {
			return "", err
		}
	}
	out, err := t.Render(nil, liquid.Object(data), liquid.RenderOptions{})
	return string(out), err
}

// complaint says what is wrong with c, nothing if it passes.
func (c goldenCase) complaint() string {
	got, err := c.render()
	wanted := c.Results
	if c.Result != nil {
		wanted = append(wanted, *c.Result)
	}
	switch {
	case c.Invalid && err == nil:
		return "rendered " + got + ", wanted an error"
	case !c.Invalid && err != nil:
		return "error: " + err.Error()
	case !c.Invalid && !slices.Contains(wanted, got):
		return "rendered " + got + ", wanted " + strings.Join(wanted, " or ")
	}
	return ""
}

func blocks(sources map[string]string) func(string) (string, error) {
	return func(name string) (string, error) {
		if src, ok := sources[name]; ok {
			return src, nil
		}
		return "", rapport.Errorf(rapport.NotFound, "there is no block of that name")
	}
}

// TestGolden runs the suite as a ratchet: only the tests that are listed with a
// reason in testdata/golden_known.txt may fail, and those must.
func TestGolden(t *testing.T) {
	t.Parallel()
	known := knownFailures(t)
	passed, total := 0, 0
	for _, c := range goldenCases(t) {
		total++
		complaint := c.complaint()
		reason, listed := known[c.Name]
		delete(known, c.Name)
		switch {
		case complaint == "":
			passed++
			if listed {
				t.Errorf("%s: passes now; take it off the list", c.Name)
			}
		case !listed:
			t.Errorf("%s: %s\n%s", c.Name, complaint, c.Template)
		case reason == "":
			t.Errorf("%s: listed without a reason", c.Name)
		}
	}
	for name := range known {
		t.Errorf("%s: listed, but there is no such test", name)
	}
	t.Logf("%d of %d pass", passed, total)
}

func goldenCases(t *testing.T) []goldenCase {
	file, err := os.Open("../../../shared/data/golden-liquid/golden_liquid.json.gz")
	if err != nil {
		t.Skip("the Golden Liquid suite is not here: ../shared/data/golden-liquid beside the project")
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var suite struct{ Tests []goldenCase }
	if err := json.NewDecoder(unzipped).Decode(&suite); err != nil {
		t.Fatal(err)
	}
	return suite.Tests
}

// knownFailures reads lines of name, a bar, and the reason.
func knownFailures(t *testing.T) map[string]string {
	file, err := os.Open("testdata/golden_known.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	known := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			name, reason, _ := strings.Cut(line, "|")
			known[strings.TrimSpace(name)] = strings.TrimSpace(reason)
		}
	}
	return known
}
