package rule

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport"
)

// The files in testdata are stories of one rule each, separated by empty lines;
// testdata/README.md tells their words.

// story is one of them: lines of a word and what follows it.
type story struct {
	file  string
	line  int
	lines [][2]string
}

func stories(t *testing.T) []story {
	t.Helper()
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	var all []story
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, cutStories(file, string(data))...)
	}
	return all
}

func cutStories(file, data string) (all []story) {
	current := story{file: file}
	scanner := bufio.NewScanner(strings.NewReader(data))
	for n := 1; scanner.Scan(); n++ {
		line := scanner.Text()
		switch word, rest, _ := strings.Cut(line, " "); {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "  "):
			last := &current.lines[len(current.lines)-1]
			last[1] += strings.TrimPrefix(line, "  ") + "\n"
		case line != "":
			if current.lines == nil {
				current.line = n
			}
			current.lines = append(current.lines, [2]string{word, rest})
		case current.lines != nil:
			all = append(all, current)
			current = story{file: file}
		}
	}
	if current.lines != nil {
		all = append(all, current)
	}
	return all
}

// plan is what the stories' shop has declared.
func shopPlan() *Plan {
	number, text := Type{Kind: Number}, Type{Kind: Text}
	item := Type{Kind: Object, Fields: &Noun{Fields: map[string]Type{
		"category": text, "price": number, "quantity": number, "tags": ListOf(text)}}}
	order := Noun{Strict: true, Fields: map[string]Type{
		"total": number, "currency": text, "coupon": text, "items": ListOf(item)}}
	money := Type{Kind: Number, Money: true}
	line := Type{Kind: Object, Fields: &Noun{Fields: map[string]Type{"price": money, "quantity": number}}}
	invoice := Noun{Strict: true, Fields: map[string]Type{
		"amount": money, "fee": money, "currency": text, "pages": number, "lines": ListOf(line)}}
	return &Plan{
		Rates: shopRates(),
		Customer: Noun{Strict: true, Fields: map[string]Type{
			"country": text, "email": text, "email_consent": {Kind: Bool}, "tags": ListOf(text), "age": number,
			"lifetime_value": number, "birthday": {Kind: Date}, "trial_ends": {Kind: Time}, "first name": text,
			"anything": {}, "address": {Kind: Object, Fields: &Noun{Fields: map[string]Type{"city": text}}}}},
		Events: map[string]Noun{
			"Order Completed": order, "Product Added": {Fields: map[string]Type{"price": number}},
			"Page Viewed":  {Strict: true, Fields: map[string]Type{"url": text, "duration_s": number}},
			"Email Opened": {Strict: true, Fields: map[string]Type{"campaign": text}},
			"Invoice Paid": invoice},
		StrictEvents:   true,
		Segments:       []string{"loyal", "vip"},
		StrictSegments: true,
		Roots:          map[string]Noun{"order": order},
	}
}

// shopRates are what the stories' shop pays for a unit of each currency in SGD.
func shopRates() *Rates {
	rate := func(s string) Rate {
		r, err := ParseRate(s)
		if err != nil {
			panic(err)
		}
		return r
	}
	day := func(month time.Month) rapport.Instant {
		return rapport.InstantOf(time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC))
	}
	return NewRates("SGD", []Period{
		{day(time.January), map[string]Rate{"USD": rate("1.35"), "THB": rate("0.038"), "JPY": rate("0.009")}},
		{day(time.July), map[string]Rate{"USD": rate("1.3"), "THB": rate("0.04"), "JPY": rate("0.0088"), "KWD": rate("4.225")}},
	})
}

func TestStories(t *testing.T) {
	t.Parallel()
	for _, s := range stories(t) {
		t.Run(filepath.Base(s.file)+":"+itoa(s.line), func(t *testing.T) {
			t.Parallel()
			s.run(t)
		})
	}
}

// teller is a story that is being told.
type teller struct {
	*testing.T
	plan    *Plan
	rule    *Rule
	tree    *Expr
	err     error
	who     *customer
	pending []happening
	now     rapport.Instant
}

func (s story) run(t *testing.T) {
	w := &teller{T: t, plan: shopPlan(), who: newCustomer("UTC", t)}
	for _, line := range s.lines {
		w.tell(line[0], line[1])
	}
	if w.err != nil {
		t.Fatalf("%s:%d: %v", s.file, s.line, w.err)
	}
}

func (w *teller) tell(word, rest string) {
	w.Helper()
	switch word {
	case "plan":
		w.plan = map[string]*Plan{"none": nil, "shop": shopPlan()}[rest]
	case "rule":
		w.compile(strings.TrimSuffix(rest, "\n"))
	case "rates":
		w.plan.Rates = map[string]*Rates{"none": nil, "shop": shopRates()}[rest]
	case "customer":
		w.who.traits = object(w, rest)
	case "order", "event_at_hand", "entry":
		w.who.roots[strings.TrimSuffix(word, "_at_hand")] = object(w, rest)
	case "segment":
		name, truth, _ := strings.Cut(rest, " ")
		w.who.segments[name] = map[string]Truth{"yes": Yes, "no": No}[truth]
	case "zone":
		w.who.zone = newCustomer(rest, w).zone
	case "event":
		at, what, _ := strings.Cut(rest, " ")
		name, properties, _ := strings.Cut(what, " {")
		e := happening{name: name, at: instant(w, at)}
		if properties != "" {
			e.properties = object(w, "{"+properties)
		}
		w.pending = append(w.pending, e)
	case "at":
		w.moveTo(instant(w, rest))
	default:
		w.expect(word, rest)
	}
}

func (w *teller) compile(text string) {
	w.tree, w.err = Parse(text)
	if w.err == nil {
		w.rule, w.err = Compile(text, Env{Plan: w.plan, Roots: []string{"order", "event", "entry"}})
	}
}

// moveTo lets the events up to an instant happen.
func (w *teller) moveTo(now rapport.Instant) {
	if w.now = now; w.err != nil {
		return
	}
	later := []happening{}
	for _, e := range w.pending {
		if e.at > now {
			later = append(later, e)
			continue
		}
		w.who.observe(NewFactSet(w.rule.Facts()...), e, now)
	}
	w.pending = later
}

func (w *teller) expect(word, want string) {
	w.Helper()
	if word == "error" {
		if w.err == nil {
			w.Fatal("no error")
		}
		w.same(word, w.err.Error(), want)
		w.err = nil
		return
	}
	if w.err != nil {
		w.Fatal(w.err)
	}
	switch word {
	case "canonical":
		w.same(word, w.tree.String(), want)
	case "expect":
		w.same(word+" at "+w.now.String(), w.rule.Eval(w.who, w.now).String(), want)
	case "flip":
		w.same(word, w.rule.NextFlip(w.who, w.now).String(), want)
	case "trace":
		w.same(word, w.rule.Explain(w.who, w.now).String(), want)
	case "change":
		w.same(word, w.rule.Explain(w.who, w.now).Change, want)
	case "fact":
		w.same(word, w.factLine(), want)
	case "json":
		data, err := w.tree.MarshalJSON()
		if err != nil {
			w.Fatal(err)
		}
		w.same(word, string(data), want)
	default:
		w.Fatalf("unknown word %q", word)
	}
}

func (w *teller) factLine() string {
	var lines []string
	for _, f := range w.rule.Facts() {
		keep := []string{}
		if f.Keep.Window > 0 {
			keep = append(keep, "window "+f.Keep.Window.String())
		}
		if f.Keep.Last > 0 {
			keep = append(keep, "last "+itoa(f.Keep.Last)+" within "+f.Keep.LastWithin.String())
		}
		if len(keep) == 0 {
			keep = append(keep, "totals")
		}
		lines = append(lines, f.Key+": "+strings.Join(keep, ", "))
	}
	return strings.Join(lines, "; ")
}

func (w *teller) same(what, got, want string) {
	w.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func itoa(n int) string { return rapport.FormatNumber(float64(n)) }
