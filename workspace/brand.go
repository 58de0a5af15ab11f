package workspace

import (
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"rapport"
	"rapport/internal/strictyaml"
)

// Brand is how messages look and whom they come from.
type Brand struct {
	Description string                 `json:"description" doc:"What the brand is"`
	Title       string                 `json:"title" required:"true" doc:"The name as customers know it"`
	Website     string                 `json:"website" doc:"The address of its site, such as https://shop.example"`
	Logo        string                 `json:"logo" doc:"The address of its logo, such as https://shop.example/logo.png"`
	Colours     map[string]string      `json:"colours" doc:"Its colours by what they are for, such as primary: '#0a5c36'"`
	Fonts       map[string]string      `json:"fonts" doc:"Its fonts by what they are for, such as heading: Georgia, serif"`
	Sender      *BrandSender           `json:"sender" doc:"Whom its messages come from"`
	Footer      string                 `json:"footer" doc:"The postal address that stands below its messages"`
	Markets     map[string]BrandMarket `json:"markets" doc:"What is otherwise in a market, by the market's name"`
	Default     bool                   `json:"default" doc:"Messages that name no brand are of this one"`
}

// BrandSender is whom a brand's messages come from.
type BrandSender struct {
	Name    string `json:"name" doc:"The name that customers see"`
	Address string `json:"address" required:"true" doc:"The e-mail address"`
	ReplyTo string `json:"reply_to" doc:"Where answers go, if not to the address"`
}

// BrandMarket is what of a brand is otherwise in one market.
type BrandMarket struct {
	Title  string       `json:"title" doc:"The name as customers there know it"`
	Sender *BrandSender `json:"sender" doc:"Whom messages come from there"`
	Footer string       `json:"footer" doc:"The postal address that stands below messages there"`
}

// In returns the brand as it is in a market.
func (b Brand) In(market string) Brand {
	there := b.Markets[market]
	if there.Title != "" {
		b.Title = there.Title
	}
	if there.Sender != nil {
		b.Sender = there.Sender
	}
	if there.Footer != "" {
		b.Footer = there.Footer
	}
	return b
}

// From returns the sender of a message; it is empty if the brand names none.
func (b Brand) From() rapport.Sender {
	if b.Sender == nil {
		return rapport.Sender{}
	}
	return rapport.Sender{Name: b.Sender.Name, Address: b.Sender.Address}
}

// Brands is the brands of a workspace. It is immutable.
type Brands struct {
	byName   map[string]Brand
	fallback string
}

// Get returns a brand by its name, the default one for the empty name.
func (b *Brands) Get(name string) (Brand, bool) {
	if name == "" {
		name = b.fallback
	}
	brand, ok := b.byName[name]
	return brand, ok
}

// Names returns the brands' names in order.
func (b *Brands) Names() []string { return slices.Sorted(maps.Keys(b.byName)) }

func (c *compiler) brands(markets *Markets) *Brands {
	b := &Brands{byName: decode[Brand](c, "brand")}
	for _, name := range b.Names() {
		brand := b.byName[name]
		c.checkBrand(name, brand, markets)
		switch {
		case brand.Default && b.fallback != "":
			c.add("brand", name, "default", fmt.Sprintf("brand %q is the default already: write default: true in one of them only", b.fallback))
		case brand.Default || len(b.byName) == 1:
			b.fallback = name
		}
	}
	if names := b.Names(); b.fallback == "" && len(names) > 0 {
		c.add("brand", names[0], "", "there are several brands and none is the default: write default: true in the one for messages that name no brand")
	}
	return b
}

var colourPattern = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

func (c *compiler) checkBrand(name string, b Brand, markets *Markets) {
	for _, link := range [...]struct{ path, url string }{{"website", b.Website}, {"logo", b.Logo}} {
		if link.url != "" && !isWebAddress(link.url) {
			c.add("brand", name, link.path, fmt.Sprintf("%q is no web address: write one such as https://shop.example/logo.png", link.url))
		}
	}
	for use, colour := range b.Colours {
		if !colourPattern.MatchString(colour) {
			c.add("brand", name, strictyaml.Key("colours", use), fmt.Sprintf("%q is no colour: write one such as '#0a5c36', in quotes", colour))
		}
	}
	c.checkSender(name, "sender", b.Sender)
	for market, there := range b.Markets {
		path := strictyaml.Key("markets", market)
		if markets.Get(market) == nil {
			c.add("brand", name, path, noSuch("market", market, markets.Names()))
		}
		c.checkSender(name, strictyaml.Key(path, "sender"), there.Sender)
	}
}

func (c *compiler) checkSender(brand, path string, s *BrandSender) {
	if s == nil {
		return
	}
	for _, a := range [...]struct{ field, address string }{{"address", s.Address}, {"reply_to", s.ReplyTo}} {
		if a.address == "" {
			continue
		}
		if parsed, err := mail.ParseAddress(a.address); err != nil || parsed.Address != a.address {
			c.add("brand", brand, strictyaml.Key(path, a.field), fmt.Sprintf("%q is no e-mail address: write one such as hello@shop.example", a.address))
		}
	}
	if strings.ContainsAny(s.Name, "\r\n") {
		c.add("brand", brand, strictyaml.Key(path, "name"), "the name has a line break in it: write it on one line")
	}
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
