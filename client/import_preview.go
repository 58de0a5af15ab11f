package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"rapport"
	"rapport/client/mapping"
	"rapport/collect"
)

const (
	sampled      = 3         // events that a dry run shows
	reasonsTold  = 5         // reasons for bad rows that it tells
	countedMost  = 1_000_000 // customers that it tells apart
	askedMost    = 500       // customers of whom it asks the server whether they are known
	unusedToldAt = 30        // names of columns that it tells
)

// preview is what a dry run finds out about what would be sent.
type preview struct {
	names      map[string]int64
	customers  map[uint64]struct{} // hashes of ids
	userIDs    map[string]struct{} // at most askedMost and one more
	first      rapport.Instant
	last       rapport.Instant
	currencies map[string]int64
	consents   map[string]*answers // by purpose, or purpose and channel
	bad        reasons
	refused    reasons
	noted      reasons
	unused     map[string]struct{}
	sample     []json.RawMessage

	at, before int64 // what the server's mark counts: of all files, and taken in before
}

type answers struct{ yes, no int64 }

// reasons counts texts, whatever lines and sizes stand in them.
type reasons map[string]int64

var sizes = regexp.MustCompile(`(line )\d+|\d+( rows| cells)`)

func (r reasons) add(text string) { r[sizes.ReplaceAllString(text, "${1}…${2}")]++ }

func newPreview() *preview {
	return &preview{
		names: map[string]int64{}, customers: map[uint64]struct{}{}, userIDs: map[string]struct{}{}, currencies: map[string]int64{},
		consents: map[string]*answers{}, bad: reasons{}, refused: reasons{}, noted: reasons{}, unused: map[string]struct{}{},
	}
}

// judge reads the batch as the server would, instead of sending it.
func (im *importer) judge() error {
	var given []mapping.Item
	var events [][]byte
	for _, item := range im.batch {
		if item.JSON != nil {
			given, events = append(given, item), append(events, item.JSON)
		}
	}
	im.batch, im.bytes = im.batch[:0], 0
	body := slices.Concat([]byte(`{"batch":[`), bytes.Join(events, []byte(",")), []byte("]}"))
	result, err := collect.Parse(collect.Batch, body, collect.Meta{ReceivedAt: rapport.InstantOf(time.Now()), RequestID: "dry-run"})
	if err != nil {
		return err
	}
	refused := map[int]bool{}
	for _, r := range result.Refused {
		refused[r.Index] = true
		im.refuse(given[r.Index], r.Code, r.Detail)
	}
	for _, r := range result.Noted {
		im.preview.noted.add(r.Detail)
	}
	kept := result.Events
	for i, item := range given {
		if !refused[i] {
			im.preview.add(item, &kept[0])
			kept = kept[1:]
		}
	}
	return nil
}

// add notes an event that would be taken in.
func (p *preview) add(item mapping.Item, e *rapport.Event) {
	if len(p.sample) < sampled {
		p.sample = append(p.sample, item.JSON)
	}
	p.names[e.RuleName()]++
	p.whose(e)
	var told struct {
		Timestamp  json.RawMessage
		Properties struct{ Currency json.RawMessage }
		Context    struct {
			Consent struct{ CategoryPreferences map[string]json.RawMessage }
		}
	}
	_ = json.Unmarshal(item.JSON, &told) // what has another shape tells nothing of these
	if told.Timestamp != nil {
		p.first, p.last = min(cmp.Or(p.first, e.Timestamp), e.Timestamp), max(p.last, e.Timestamp)
	}
	if currency := textOf(told.Properties.Currency); currency != "" && len(p.currencies) < countedMost {
		p.currencies[currency]++
	}
	for purpose, answer := range told.Context.Consent.CategoryPreferences {
		p.consent(purpose, answer)
	}
}

func textOf(text json.RawMessage) (s string) {
	_ = json.Unmarshal(text, &s)
	return s
}

func (p *preview) whose(e *rapport.Event) {
	if len(p.customers) >= countedMost {
		return
	}
	hash := fnv.New64a()
	_, _ = io.WriteString(hash, cmp.Or(e.UserID, "\x00"+e.AnonymousID))
	p.customers[hash.Sum64()] = struct{}{}
	if e.UserID != "" && len(p.userIDs) <= askedMost {
		p.userIDs[e.UserID] = struct{}{}
	}
}

func (p *preview) consent(purpose string, answer json.RawMessage) {
	var byChannel map[string]json.RawMessage
	if json.Unmarshal(answer, &byChannel) == nil {
		for channel, one := range byChannel {
			p.consent(purpose+" by "+channel, one)
		}
		return
	}
	var yes bool
	if json.Unmarshal(answer, &yes) != nil || len(p.consents) >= countedMost {
		return
	}
	if p.consents[purpose] == nil {
		p.consents[purpose] = &answers{}
	}
	if yes {
		p.consents[purpose].yes++
		return
	}
	p.consents[purpose].no++
}

// read notes that a file has been read to its end.
func (p *preview) read(im *importer) {
	p.at, p.before = p.at+im.at, p.before+min(im.before, im.at)
	for _, name := range im.reader.Unused() {
		p.unused[name] = struct{}{}
	}
}

// tell says all of it.
func (p *preview) tell(ctx context.Context, c *Client, kind mapping.Kind, out io.Writer) {
	if kind == mapping.Events {
		tellNames(out, p.names)
	}
	line := func(label, text string) { fmt.Fprintf(out, "%-11s %s\n", label, cmp.Or(text, "none")) }
	line("customers", p.told(ctx, c))
	span := ""
	if p.first != 0 {
		span = p.first.String() + " to " + p.last.String()
	}
	line("time", span)
	line("currencies", each(p.currencies, func(name string, n int64) string { return fmt.Sprintf("%s in %s", name, count(n, "event")) }))
	line("consents", each(p.consents, func(name string, a *answers) string {
		return fmt.Sprintf("%s: %s yes, %s no", name, grouped(a.yes), grouped(a.no))
	}))
	for _, part := range [...]struct {
		label string
		why   reasons
	}{{"bad rows", p.bad}, {"refused", p.refused}, {"altered", p.noted}} {
		part.why.tell(line, part.label)
	}
	line("not used", p.unusedNames())
	if p.before > 0 {
		line("before", p.beforehand())
	}
	for _, event := range p.sample {
		fmt.Fprintf(out, "%s\n", event)
	}
}

func each[V any](m map[string]V, tell func(string, V) string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, tell(name, m[name]))
	}
	return strings.Join(parts, "; ")
}

// tell tells the most frequent reasons, each on a line.
func (r reasons) tell(line func(label, text string), label string) {
	texts := slices.SortedFunc(maps.Keys(r), func(a, b string) int { return cmp.Or(cmp.Compare(r[b], r[a]), cmp.Compare(a, b)) })
	if len(texts) == 0 {
		line(label, "")
	}
	for i, text := range texts {
		if i == reasonsTold {
			line("", fmt.Sprintf("and for %s", count(int64(len(texts)-i), "other reason")))
			return
		}
		line(label, fmt.Sprintf("%s: %s", grouped(r[text]), text))
		label = ""
	}
}

func (p *preview) unusedNames() string {
	names := slices.Sorted(maps.Keys(p.unused))
	if more := len(names) - unusedToldAt; more > 0 {
		names = append(names[:unusedToldAt], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

func (p *preview) beforehand() string {
	if p.before >= p.at {
		return "all of it has been taken in: importing it again changes nothing"
	}
	return "some of it has been taken in: importing it again goes on behind that"
}

// told says how many customers there are and, if there is a server to ask, how many of
// them it knows.
func (p *preview) told(ctx context.Context, c *Client) string {
	n := int64(len(p.customers))
	switch {
	case n >= countedMost:
		return grouped(n) + " or more"
	case c.Key == "" || len(p.userIDs) == 0 || len(p.userIDs) > askedMost || int64(len(p.userIDs)) != n:
		return grouped(n)
	}
	var known int64
	for id := range p.userIDs {
		switch err := c.Call(ctx, "GET", "/v1/customers/"+url.PathEscape(id), nil, nil); {
		case err == nil:
			known++
		case rapport.KindOf(err) != rapport.NotFound:
			return grouped(n) + "; whether they are known the server can't be asked" // for what reason, a real run says
		}
	}
	return fmt.Sprintf("%s: %s known, %s new", grouped(n), grouped(known), grouped(n-known))
}
