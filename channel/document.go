package channel

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"rapport"
	"rapport/channel/mail"
	"rapport/channel/smtp"
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

// Server is a mail server and how to talk to it.
type Server struct {
	Host          string   `json:"host" required:"true" doc:"The server's name, such as smtp.example.com"`
	Port          int      `json:"port" doc:"587 for starttls, 465 for implicit, 25 for none unless said"`
	TLS           string   `json:"tls" enum:"starttls,implicit,none" doc:"How the connection is encrypted: starttls unless said; none only for a server on this machine or in your own network"`
	Username      string   `json:"username" doc:"The name to sign in with"`
	Password      *Secret  `json:"password" doc:"The password to sign in with, by the name of a secret"`
	Bounce        string   `json:"bounce" doc:"The address that undeliverable mail is returned to; the sender's unless said"`
	Hello         string   `json:"hello" doc:"The host name we greet the server with; our network address unless said"`
	Connections   int      `json:"connections" doc:"How many connections are open at most; 4 unless said"`
	PerConnection int      `json:"per_connection" doc:"How many messages go over one connection; 1000 unless said"`
	Timeouts      Timeouts `json:"timeouts" doc:"How long we wait for the server"`
}

// Secret names a secret that is kept outside documents.
type Secret struct {
	Secret string `json:"secret" required:"true" doc:"The secret's name; set its value with: rapport secret set NAME"`
}

// Timeouts are how long to wait for a mail server.
type Timeouts struct {
	Connect string `json:"connect" doc:"Until it has greeted us and let us in; 30s unless said"`
	Reply   string `json:"reply" doc:"For its answer to a command; 2m unless said"`
	Accept  string `json:"accept" doc:"For its answer to a whole message; 10m unless said. A message without an answer is unclear, so be generous"`
	Idle    string `json:"idle" doc:"How long an unused connection is kept; 1m unless said"`
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
	case d.Provider == SMTP && d.SMTP == nil:
		return wrong("smtp: the mail server is missing; write at least smtp: {host: smtp.example.com}")
	case d.Provider == SMTP && d.Serves() != rapport.Email:
		return wrong("provider: a mail server sends e-mail only; for %s take another provider", d.Channel)
	case d.Provider != SMTP && d.SMTP != nil:
		return wrong("smtp: provider %s has no mail server; leave smtp out or write provider: smtp", d.Provider)
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
	if d.SMTP == nil {
		return nil
	}
	config, err := d.SMTP.config()
	if err != nil {
		return err
	}
	_, err = smtp.New(config)
	return err
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

// Secrets returns the names of the secrets that the document needs.
func (d Doc) Secrets() []string {
	if d.SMTP == nil || d.SMTP.Password == nil {
		return nil
	}
	return []string{d.SMTP.Password.Secret}
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

// smtp returns the document as the provider takes it, with the password.
func (d Doc) smtp(secrets Secrets) (smtp.Config, error) {
	config, err := d.SMTP.config()
	if err != nil {
		return config, err
	}
	config.Name, config.From = d.Name, d.sender()
	for _, name := range d.Secrets() {
		password, ok := secrets(name)
		if !ok {
			return config, wrong("smtp.password: there is no secret %s yet; set it with: rapport secret set %s", name, name)
		}
		config.Password = password
	}
	return config, nil
}

// config returns everything but the password.
func (s *Server) config() (smtp.Config, error) {
	config := smtp.Config{
		Host:          s.Host,
		Port:          s.Port,
		Security:      smtp.Security(s.TLS),
		Username:      s.Username,
		Bounce:        s.Bounce,
		Hello:         s.Hello,
		Connections:   s.Connections,
		PerConnection: s.PerConnection,
	}
	if (s.Username == "") != (s.Password == nil) {
		return config, wrong("smtp: write both username and password, or neither")
	}
	return config, waits{
		{"smtp.timeouts.connect", s.Timeouts.Connect, &config.Timeouts.Connect},
		{"smtp.timeouts.reply", s.Timeouts.Reply, &config.Timeouts.Reply},
		{"smtp.timeouts.accept", s.Timeouts.Accept, &config.Timeouts.Accept},
		{"smtp.timeouts.idle", s.Timeouts.Idle, &config.Timeouts.Idle},
	}.read()
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
