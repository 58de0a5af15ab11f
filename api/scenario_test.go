package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestScenarios runs the files in testdata/scenarios, each in a world of its own
// whose clock stands at 2026-11-01T08:00:00Z. A file is made of steps:
//
//	> POST /v1/clock          the request; {name} stands for what was saved
//	> Name: value             headers; "key: write" and "key: none" change the key
//	{"advance": "1h"}         the body, if any
//	< 200                     the status it must be answered with
//	now = "2026-…"            a field of the answer and its value as JSON
//	events.0.event -> first   saves a field
//	events # 3                how many items a list has
//	error.detail ~ words      a regular expression that a text must fit
//	next absent               a field that must not be there
//	body ~ words              the answer as text
//	header Name ~ words       a header of the answer
//
// In a path * stands for every item of a list.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t, options{live: strings.HasPrefix(filepath.Base(file), "live")})
			w.apply("testdata/workspace.yaml")
			s := &scenario{world: w, saved: map[string]string{}}
			s.run(t, file, strings.Split(string(text), "\n"))
		})
	}
}

type scenario struct {
	*world
	saved  map[string]string
	answer *httptest.ResponseRecorder
	parsed any
}

// run goes through the lines of a file.
func (s *scenario) run(t *testing.T, file string, lines []string) {
	steps := 0
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], " ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		where := fmt.Sprintf("%s:%d", file, i+1)
		if strings.HasPrefix(line, "> ") {
			steps++
			i = s.request(t, lines, i)
			continue
		}
		if err := s.check(line); err != nil {
			t.Fatalf("%s: %s\n%v\nThe answer was %d %s", where, line, err, s.answer.Code, s.answer.Body)
		}
	}
	if steps == 0 {
		t.Errorf("%s holds no request", file)
	}
}

// request sends the request that begins at a line and returns its last line.
func (s *scenario) request(t *testing.T, lines []string, i int) int {
	method, target, _ := strings.Cut(strings.TrimPrefix(s.fill(lines[i]), "> "), " ")
	var headers []string
	for i++; i < len(lines) && strings.HasPrefix(lines[i], "> "); i++ {
		name, value, _ := strings.Cut(strings.TrimPrefix(s.fill(lines[i]), "> "), ": ")
		switch {
		case name == "key" && value == "write":
			name, value = "Authorization", basic(writeKey)
		case name == "key":
			name, value = "Authorization", ""
		}
		headers = append(headers, name, value)
	}
	var body []string
	for ; i < len(lines) && !strings.HasPrefix(lines[i], "< "); i++ {
		body = append(body, s.fill(lines[i]))
	}
	if i == len(lines) {
		t.Fatalf("the last request expects nothing")
	}
	s.answer = s.call(method, target, strings.Join(body, "\n"), headers...)
	s.parsed = nil
	decoder := json.NewDecoder(bytes.NewReader(s.answer.Body.Bytes()))
	decoder.UseNumber()
	_ = decoder.Decode(&s.parsed)
	if want := strings.TrimPrefix(lines[i], "< "); strconv.Itoa(s.answer.Code) != want {
		t.Fatalf("line %d: %s %s was answered with %d instead of %s: %s", i+1, method, target, s.answer.Code, want, s.answer.Body)
	}
	if s.answer.Code >= 400 && !strings.HasPrefix(target, "/u/") {
		s.checkProblem(t, i)
	}
	return i
}

// checkProblem sees to it that every refusal is a problem in full.
func (s *scenario) checkProblem(t *testing.T, line int) {
	if got := s.answer.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("line %d: a refusal of type %q: %s", line+1, got, s.answer.Body)
	}
	status, _ := at(s.parsed, "status")
	detail, _ := at(s.parsed, "detail")
	if fmt.Sprint(status) != strconv.Itoa(s.answer.Code) || detail == "" || detail == nil {
		t.Errorf("line %d: not a problem: %s", line+1, s.answer.Body)
	}
}

var variable = regexp.MustCompile(`\{[a-z]+\}`)

// fill puts what was saved in its places.
func (s *scenario) fill(line string) string {
	return variable.ReplaceAllStringFunc(line, func(name string) string {
		if value, ok := s.saved[strings.Trim(name, "{}")]; ok {
			return value
		}
		return name
	})
}

var expectation = regexp.MustCompile(`^(header )?(\S+) (=|->|#|~|absent)(?: (.*))?$`)

// check compares the answer with one expectation.
func (s *scenario) check(line string) error {
	m := expectation.FindStringSubmatch(s.fill(line))
	if m == nil {
		return fmt.Errorf("this is no expectation")
	}
	var found any
	there := true
	switch {
	case m[1] != "":
		found = s.answer.Header().Get(m[2])
	case m[2] == "body":
		found = s.answer.Body.String()
	default:
		found, there = at(s.parsed, m[2])
	}
	if m[3] == "absent" {
		if there {
			return fmt.Errorf("it is %v", found)
		}
		return nil
	}
	if !there {
		return fmt.Errorf("there is no such field")
	}
	return s.compare(found, m[3], m[4], m[2])
}

func (s *scenario) compare(found any, how, want, path string) error {
	switch how {
	case "->":
		s.saved[want] = fmt.Sprint(found)
	case "#":
		items, ok := found.([]any)
		if n, err := strconv.Atoi(want); !ok || err != nil || len(items) != n {
			return fmt.Errorf("it has %d items: %v", len(items), found)
		}
	case "~":
		if ok, err := regexp.MatchString(want, fmt.Sprint(found)); !ok || err != nil {
			return fmt.Errorf("it is %q: %v", found, err)
		}
	default:
		var wanted any
		decoder := json.NewDecoder(strings.NewReader(want))
		decoder.UseNumber()
		if err := decoder.Decode(&wanted); err != nil {
			return err
		}
		if diff := cmp.Diff(wanted, found); diff != "" {
			return fmt.Errorf("(-want +got)\n%s", diff)
		}
	}
	return nil
}

// at finds a field by its path.
func at(v any, path string) (any, bool) {
	name, rest, more := strings.Cut(path, ".")
	if list, ok := v.([]any); ok && name == "*" {
		found := []any{}
		for _, item := range list {
			if more {
				item, _ = at(item, rest)
			}
			found = append(found, item)
		}
		return found, true
	}
	switch in := v.(type) {
	case map[string]any:
		v, ok := in[name]
		if ok && more {
			return at(v, rest)
		}
		return v, ok
	case []any:
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(in) {
			return nil, false
		}
		if more {
			return at(in[i], rest)
		}
		return in[i], true
	}
	return nil, false
}
