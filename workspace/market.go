package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"github.com/cespare/xxhash/v2"
	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"rapport"
	"rapport/internal/calendar"
	"rapport/internal/strictyaml"
	"rapport/render"
)

// Market is what a marketer says of a market.
type Market struct {
	Description string           `json:"description" doc:"What the market is"`
	Countries   []string         `json:"countries" doc:"The countries whose customers belong to it, by their two letters, such as SG"`
	Language    string           `json:"language" required:"true" doc:"The language messages are written in, such as en, de or zh-Hant"`
	Currency    string           `json:"currency" required:"true" doc:"The currency, by its three letters, such as SGD"`
	Zone        string           `json:"zone" required:"true" doc:"The time zone by which days and quiet hours are told, such as Asia/Singapore"`
	Feasts      map[string]Feast `json:"feasts" doc:"The feasts that are kept there, by name, for schedules"`
	Default     bool             `json:"default" doc:"Customers of whom no country is known belong to this market"`
}

// Place is a market, compiled.
type Place struct {
	Name     string
	Language language.Tag
	Currency currency.Unit
	Zone     *time.Location
	Doc      Market
	feasts   map[string]calendar.Days
}

// Markets finds the market of a customer. It is immutable.
type Markets struct {
	byName    map[string]*Place
	byCountry map[string]*Place
	fallback  *Place
}

// Traits is a customer as markets see her.
type Traits interface {
	Trait(name string) rapport.Value
}

// Of returns the customer's market: the one her trait market names, else that of
// her country (the trait country, or address.country), else the default one. It is
// never nil.
func (m *Markets) Of(c Traits) *Place {
	if p := m.byName[c.Trait("market").Text()]; p != nil {
		return p
	}
	if p := m.byCountry[countryOf(c)]; p != nil {
		return p
	}
	return m.fallback
}

// ForTemplates returns a customer's market as templates see it: her country is
// the one she told if the market has it, else the market's first.
func (m *Markets) ForTemplates(c Traits) render.Market {
	p := m.Of(c)
	there := render.Market{Name: p.Name, Currency: p.Currency.String(), Language: p.Language.String()}
	if country := countryOf(c); m.byCountry[country] == p {
		there.Country = country
	} else if len(p.Doc.Countries) > 0 {
		there.Country = p.Doc.Countries[0]
	}
	return there
}

// countryOf returns the customer's country in capital letters, empty if she told none.
func countryOf(c Traits) string {
	country := c.Trait("country").Text()
	if country == "" {
		country = c.Trait("address").Get("country").Text()
	}
	return strings.ToUpper(strings.TrimSpace(country))
}

// Hash changes whenever a customer's market may have another time zone, or she
// another market.
func (m *Markets) Hash() uint64 {
	d := xxhash.New()
	for _, name := range m.Names() {
		p := m.byName[name]
		_, _ = fmt.Fprintf(d, "%q %q %q %v\n", name, p.Zone, p.Doc.Countries, p == m.fallback)
	}
	return d.Sum64()
}

// Get returns a market by its name, nil if there is none.
func (m *Markets) Get(name string) *Place { return m.byName[name] }

// Default returns the market of customers of whom nothing is known.
func (m *Markets) Default() *Place { return m.fallback }

// Names returns the markets' names in order.
func (m *Markets) Names() []string { return slices.Sorted(maps.Keys(m.byName)) }

// everywhere is the market of a workspace that names none.
func everywhere() *Place {
	return &Place{
		Name: "everywhere", Language: language.English, Currency: currency.USD, Zone: time.UTC,
		Doc: Market{Language: "en", Currency: "USD", Zone: "UTC", Default: true},
	}
}

func (c *compiler) markets() *Markets {
	docs := decode[Market](c, "market")
	m := &Markets{byName: map[string]*Place{}, byCountry: map[string]*Place{}}
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		p := c.place(name, docs[name])
		m.byName[name] = p
		c.countries(m, p)
	}
	m.fallback = c.oneDefault(m)
	return m
}

// place compiles a market and says what is wrong with it.
func (c *compiler) place(name string, doc Market) *Place {
	p := &Place{Name: name, Doc: doc, Zone: time.UTC}
	var err error
	if p.Language, err = language.Parse(doc.Language); err != nil && doc.Language != "" {
		c.add("market", name, "language", fmt.Sprintf("%q is no language: write its short name, such as en, de, pt-BR or zh-Hant", doc.Language))
	}
	if p.Currency, err = currency.ParseISO(doc.Currency); (err != nil || doc.Currency != p.Currency.String()) && doc.Currency != "" {
		c.add("market", name, "currency", fmt.Sprintf("%q is no currency: write its three capital letters, such as SGD, EUR or JPY", doc.Currency))
	}
	zone, err := time.LoadLocation(doc.Zone)
	switch {
	case doc.Zone == "":
	case err != nil || doc.Zone == "Local":
		c.add("market", name, "zone", fmt.Sprintf("%q is no time zone: write one such as Asia/Singapore, Europe/Berlin or UTC", doc.Zone))
	default:
		p.Zone = zone
	}
	p.feasts = c.feasts(name, doc.Feasts)
	return p
}

func (c *compiler) countries(m *Markets, p *Place) {
	for i, country := range p.Doc.Countries {
		path := strictyaml.Index("countries", i)
		region, err := language.ParseRegion(country)
		if err != nil || !region.IsCountry() || region.String() != country {
			c.add("market", p.Name, path, fmt.Sprintf("%q is no country: write its two capital letters, such as SG or DE", country))
			continue
		}
		if other := m.byCountry[country]; other != nil && other != p {
			c.add("market", p.Name, path, fmt.Sprintf("%s belongs to market %q already: take it out of one of them", country, other.Name))
			continue
		}
		m.byCountry[country] = p
	}
}

// oneDefault returns the one market that is the default.
func (c *compiler) oneDefault(m *Markets) *Place {
	var chosen *Place
	names := m.Names()
	for _, name := range names {
		p := m.byName[name]
		if !p.Doc.Default {
			continue
		}
		if chosen != nil {
			c.add("market", name, "default", fmt.Sprintf("market %q is the default already: write default: true in one of them only", chosen.Name))
			continue
		}
		chosen = p
	}
	switch {
	case chosen != nil:
		return chosen
	case len(names) == 0:
		return everywhere()
	case len(names) > 1:
		c.add("market", names[0], "", "there are several markets and none is the default: write default: true in the one for customers whose country is not known")
	}
	return m.byName[names[0]]
}
