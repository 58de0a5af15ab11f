package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rapport"
	"rapport/internal/strictyaml"
)

// Kind is what the rows of a file tell.
type Kind string

// The kinds of import.
const (
	Events    Kind = "events"    // what customers did
	Customers Kind = "customers" // who they are
)

// Mapping says what the columns of a file mean. In a file of JSON lines a column
// is the way to a member, such as customer.address.city.
type Mapping struct {
	Format    string   `json:"format" enum:"csv,ndjson" doc:"How the file is written; told from its name unless said"`
	Encoding  string   `json:"encoding" enum:"utf-8,windows-1252,iso-8859-1" doc:"Of a file that is not in Unicode"`
	Delimiter string   `json:"delimiter" doc:"What stands between two cells, such as ; or tab, or spaces for any number of blanks; found out from the first line unless said"`
	Columns   []string `json:"columns" doc:"The names of the columns, if the first line does not hold them"`
	Optional  []string `json:"optional" doc:"Columns that a file may lack, as if they were empty"`
	Guarded   bool     `json:"guarded" doc:"An apostrophe before a digit or one of + - = @ only keeps spreadsheets from reckoning, and is taken away"`
	Empty     []string `json:"empty" doc:"Cells that say nothing, such as NA; an empty one never says anything"`
	Decimal   string   `json:"decimal" enum:"point,comma" doc:"What stands before the decimals of numbers; a point unless said"`
	Thousands string   `json:"thousands" doc:"What stands between groups of three digits in numbers; nothing unless said"`

	Skip []Condition `json:"skip" doc:"A row for which one of these holds is left out"`

	UserID      *Value `json:"userId" doc:"The customer's id in your systems"`
	AnonymousID *Value `json:"anonymousId" doc:"The id of her device"`
	MessageID   *Value `json:"messageId" doc:"A name for the event, if the same event may come from elsewhere as well; made from file and row unless said"`
	Timestamp   *Time  `json:"timestamp" doc:"When it happened"`

	Event      []Case           `json:"event" doc:"The event's name, or cases of which the first that holds gives it"`
	Properties map[string]Value `json:"properties" doc:"The event's properties; a name like a.b stands in the object a"`
	Traits     map[string]Value `json:"traits" doc:"What the customer is like; a name like a.b stands in the object a"`
	Consents   map[string]Value `json:"consents" doc:"By purpose, or by purpose.channel, whether she agreed: true, false, yes, no, 1 or 0"`

	Group     *Value           `json:"group" doc:"Rows with the same value here are one event, or one customer; what is said of the whole is taken from the first of them"`
	Continues *Condition       `json:"continues" doc:"Rows that go on with the group's first one and only add sums and products: the rest of them is empty, and not looked at"`
	Products  map[string]Value `json:"products" doc:"What each row of a group adds to the event's list of products"`
}

// Case is one possible name of an event. Written as a text it is the name.
type Case struct {
	When   *Condition `json:"when" doc:"For which rows; for all unless said"`
	Name   string     `json:"name" doc:"The event's name"`
	Column string     `json:"column" doc:"The column that holds the event's name"`
}

// UnmarshalText reads the name of an event.
func (c *Case) UnmarshalText(text []byte) error {
	c.Name = string(text)
	return nil
}

// Parse reads a mapping. If something is wrong with it, the error names each place
// by file, line and column.
func Parse(file string, text []byte, kind Kind) (*Mapping, error) {
	tree, problems := strictyaml.Parse(strictyaml.Source{File: file, Text: text})
	var m Mapping
	if tree != nil {
		problems = append(problems, tree.Decode(&m)...)
	}
	if len(problems) == 0 {
		c := &checker{tree: tree}
		c.mapping(&m, kind)
		problems = c.problems
	}
	if len(problems) == 0 {
		return &m, nil
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = p.String()
	}
	return nil, &rapport.Error{Kind: rapport.Invalid, Message: "the mapping is not right:\n" + strings.Join(lines, "\n")}
}

// checker finds what a mapping says that can't be meant.
type checker struct {
	tree     *strictyaml.Tree
	problems []strictyaml.Problem
}

func (c *checker) add(path, format string, args ...any) {
	c.problems = append(c.problems, c.tree.Problem(path, fmt.Sprintf(format, args...)))
}

func (c *checker) mapping(m *Mapping, kind Kind) {
	c.file(m)
	if m.UserID == nil && m.AnonymousID == nil {
		c.add("", `whose the rows are is not said: add "userId" or "anonymousId" with the name of a column`)
	}
	switch kind {
	case Events:
		c.events(m)
	case Customers:
		c.customers(m)
	}
	for i := range m.Skip {
		c.condition(&m.Skip[i], strictyaml.Index("skip", i))
	}
	for _, f := range [...]struct {
		name  string
		value *Value
	}{{"userId", m.UserID}, {"anonymousId", m.AnonymousID}, {"messageId", m.MessageID}, {"group", m.Group}} {
		if f.value != nil {
			c.value(f.value, f.name, false)
		}
	}
	if m.Timestamp != nil {
		c.time(m.Timestamp, "timestamp")
	}
	c.continues(m)
	c.consents(m)
	c.values(m.Properties, "properties", m.Group != nil)
	c.values(m.Traits, "traits", false)
	c.values(m.Consents, "consents", false)
	c.values(m.Products, "products", false)
}

func (c *checker) continues(m *Mapping) {
	if m.Continues == nil {
		return
	}
	c.condition(m.Continues, "continues")
	if m.Group == nil {
		c.add("continues", `rows go on with a group: add "group" with the column they have in common`)
	}
}

// consents sees to it that what stands behind a point is a channel.
func (c *checker) consents(m *Mapping) {
	for _, name := range slices.Sorted(maps.Keys(m.Consents)) {
		_, channel, apart := strings.Cut(name, ".")
		if apart && !slices.Contains(rapport.Channels(), rapport.Channel(channel)) {
			c.add(strictyaml.Key("consents", name), "%q is no channel: write a purpose, or a purpose and email or sms, such as marketing.email", channel)
		}
	}
}

func (c *checker) file(m *Mapping) {
	switch m.Delimiter {
	case "tab":
		m.Delimiter = "\t"
	case "spaces":
		m.Delimiter = spaces
	}
	if d := m.Delimiter; d != "" && (len(d) != 1 || strings.Contains("\"\r\n", d)) {
		c.add("delimiter", `%q can't stand between cells: write one character such as ";", or tab, or spaces`, d)
	}
	if m.Thousands != "" && (m.Thousands == m.decimal() || strings.ContainsAny(m.Thousands, "0123456789-+eE")) {
		c.add("thousands", "%q can't stand between digits here", m.Thousands)
	}
	if m.Format == "ndjson" && len(m.Columns) > 0 {
		c.add("columns", "lines of JSON name their members themselves: leave it out")
	}
}

func (m *Mapping) decimal() string {
	if m.Decimal == "comma" {
		return ","
	}
	return "."
}

func (c *checker) events(m *Mapping) {
	if len(m.Event) == 0 {
		c.add("", `what happened is not said: add "event" with a name, such as Order Completed`)
	}
	if m.Timestamp == nil {
		c.add("", `when it happened is not said: add "timestamp" with the name of a column`)
	}
	if m.Traits != nil {
		c.add("traits", `an event has properties: write "properties", or import the file once more as customers`)
	}
	if m.Products != nil && m.Group == nil {
		c.add("products", `products are gathered from the rows of a group: add "group" with the column they have in common`)
	}
	if _, ok := m.Properties["products"]; ok && m.Products != nil {
		c.add("properties.products", "the products are gathered under this name already")
	}
	for i := range m.Event {
		path := strictyaml.Index("event", i)
		e := &m.Event[i]
		if (e.Name == "") == (e.Column == "") {
			c.add(path, `write either "name" or "column"`)
		}
		if e.When != nil {
			c.condition(e.When, strictyaml.Key(path, "when"))
		}
		if e.When == nil && i < len(m.Event)-1 {
			c.add(path, "this case holds for every row, so those after it never do: give it a \"when\", or put it last")
		}
	}
}

func (c *checker) customers(m *Mapping) {
	for _, f := range [...]struct {
		name string
		said bool
	}{{"event", m.Event != nil}, {"properties", m.Properties != nil}, {"products", m.Products != nil}} {
		if f.said {
			c.add(f.name, `this goes with an import of events; what customers are like is "traits"`)
		}
	}
}

func (c *checker) values(values map[string]Value, path string, grouped bool) {
	names := slices.Sorted(maps.Keys(values))
	for i, name := range names {
		at := strictyaml.Key(path, name)
		v := values[name]
		c.value(&v, at, grouped)
		values[name] = v
		if slices.Contains(strings.Split(name, "."), "") {
			c.add(at, "a part of the name is empty")
		}
		for _, other := range within(name, names[i+1:]) {
			c.add(strictyaml.Key(path, other), "%q is a value already and can't hold another", name)
		}
	}
}

// within returns those names that lie in the object of a name, as a.b lies in a.
func within(name string, names []string) (inner []string) {
	for _, other := range names {
		if strings.HasPrefix(other, name+".") {
			inner = append(inner, other)
		}
	}
	return inner
}
