package channel

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"rapport"
	"rapport/channel/mail"
	"rapport/internal/durations"
)

// Kind is the kind of the document.
const Kind = "channel"

// The providers.
const (
	SMTP    = "smtp"
	Capture = "capture"
)

// providers is the list of all there are.
func providers() []string { return []string{SMTP, Capture} }

// Doc is a channel as the marketer writes it.
type Doc struct {
	Name     string  `json:"-"`
	Channel  string  `json:"channel" enum:"email,sms" doc:"What it reaches customers by; email unless said"`
	Provider string  `json:"provider" required:"true" enum:"smtp,capture" doc:"Who takes the messages: smtp is a mail server, capture keeps them here for you to look at"`
	From     *From   `json:"from" doc:"Whom messages come from when neither their template nor their brand names a sender"`
	SMTP     *Server `json:"smtp" doc:"The mail server, for provider smtp"`
	Servers  []Share `json:"servers" doc:"Several mail servers in place of one: each gets its share of the messages, and those of one that is down go to the others"`
	Price    *Price  `json:"price" doc:"What a message costs, so that plan can say what a campaign will"`
	Retry    *Retry  `json:"retry" doc:"When a message is tried again that the provider could not take"`
}

// Price is what a message costs.
type Price struct {
	Amount   float64 `json:"amount" required:"true" doc:"Of one message, such as 0.0012"`
	Currency string  `json:"currency" required:"true" doc:"The currency, by its three letters, such as EUR"`
}

// From is whom messages come from.
type From struct {
	Name    string `json:"name" doc:"The name that customers see"`
	Address string `json:"address" required:"true" doc:"The e-mail address"`
}

// Retry says when a message is tried again.
type Retry struct {
	First   string `json:"first" doc:"How long after the first try; 1m unless said. Each wait after it is twice as long"`
	Longest string `json:"longest" doc:"The longest wait between two tries; 30m unless said"`
	GiveUp  string `json:"give_up" doc:"How long after it was decided a message is given up that fails again; 3d unless said"`
}

// Serves returns the channel that it is.
func (d Doc) Serves() rapport.Channel {
	if d.Channel == "" {
		return rapport.Email
	}
	return rapport.Channel(d.Channel)
}

// Check says what is wrong with the document, if anything: everything that can
// be said without the secrets.
func (d Doc) Check() error {
	switch {
	case d.Serves() != rapport.Email && d.Serves() != rapport.SMS:
		return wrong("channel: %q is no channel; write email or sms", d.Channel)
	case !slices.Contains(providers(), d.Provider):
		return wrong("provider: %q is no provider; write one of %s", d.Provider, strings.Join(providers(), ", "))
	case d.Provider == SMTP && d.SMTP == nil && len(d.Servers) == 0:
		return wrong("smtp: the mail server is missing; write at least smtp: {host: smtp.example.com}")
	case d.SMTP != nil && len(d.Servers) > 0:
		return wrong("servers: write either one mail server as smtp or several as servers")
	case d.Provider == SMTP && d.Serves() != rapport.Email:
		return wrong("provider: a mail server sends e-mail only; for %s take another provider", d.Channel)
	case d.Provider != SMTP && d.SMTP != nil:
		return wrong("smtp: provider %s has no mail server; leave smtp out or write provider: smtp", d.Provider)
	case d.Provider != SMTP && len(d.Servers) > 0:
		return wrong("servers: provider %s has no mail servers; leave them out or write provider: smtp", d.Provider)
	}
	if err := d.checkFrom(); err != nil {
		return err
	}
	if err := d.Price.check(); err != nil {
		return err
	}
	if _, err := d.Policy(); err != nil {
		return err
	}
	return d.checkServers()
}

func (p *Price) check() error {
	switch {
	case p == nil:
	case p.Amount < 0:
		return wrong("price.amount: a message costs nothing or more")
	case !currencyForm.MatchString(p.Currency):
		return wrong("price.currency: %q is no currency; write its three capital letters, such as EUR", p.Currency)
	}
	return nil
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

func (d Doc) checkFrom() error {
	if d.From == nil || d.Serves() != rapport.Email {
		return nil
	}
	if _, err := mail.ParseAddress(d.From.Address); err != nil {
		return wrong("from.address: %v", err)
	}
	return nil
}

// Secrets returns the names of the secrets that the document needs, each once.
func (d Doc) Secrets() (names []string) {
	for _, m := range d.mailServers() {
		if m.Password != nil && !slices.Contains(names, m.Password.Secret) {
			names = append(names, m.Password.Secret)
		}
	}
	return names
}

// Policy returns when a message is tried again.
func (d Doc) Policy() (Policy, error) {
	p := DefaultPolicy()
	if d.Retry == nil {
		return p, nil
	}
	err := waits{
		{"retry.first", d.Retry.First, &p.First},
		{"retry.longest", d.Retry.Longest, &p.Longest},
		{"retry.give_up", d.Retry.GiveUp, &p.GiveUp},
	}.read()
	if err == nil && p.Longest < p.First {
		err = wrong("retry.longest: the longest wait, %s, is shorter than the first, %s", d.Retry.Longest, p.First)
	}
	return p, err
}

func (d Doc) sender() rapport.Sender {
	if d.From == nil {
		return rapport.Sender{}
	}
	return rapport.Sender{Name: d.From.Name, Address: d.From.Address}
}

func wrong(format string, args ...any) error {
	return rapport.Errorf(rapport.Invalid, format, args...)
}

// waits are fields of a document and where their values go. A day is 24 hours:
// these are waits of machines, not of calendars.
type waits []struct {
	field string
	text  string
	to    *time.Duration
}

// read sets what is written; what is not keeps its value.
func (ws waits) read() error {
	for _, d := range ws {
		if d.text == "" {
			continue
		}
		span, err := durations.Parse(d.text)
		if err != nil {
			return wrong("%s: %v", d.field, err)
		}
		if span.IsZero() {
			return wrong("%s: %s is no time at all: %s", d.field, d.text, durations.Hint)
		}
		*d.to = span.About()
	}
	return nil
}
