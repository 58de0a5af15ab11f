package channel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport"
	"rapport/channel/balance"
	"rapport/channel/smtp"
)

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

// Share is one of several mail servers, and how much of the messages it gets.
type Share struct {
	Name   string `json:"name" required:"true" doc:"What you call it. Which messages it gets follows from this name"`
	Weight *int   `json:"weight" doc:"How much it gets against the others: with weights 3 and 1, three of four messages; 1 unless said"`
	Server
}

// maxWeight is how much more one server may get than another.
const maxWeight = 1000

// mailServer is a mail server with where it stands in the document.
type mailServer struct {
	*Server
	at     string // its field
	name   string // behind the document's; "" if it is the only one
	weight int
}

// called returns the server's name for people.
func (m mailServer) called() string { return cmp.Or(m.name, SMTP) }

// mailServers returns the mail servers of a document.
func (d Doc) mailServers() (all []mailServer) {
	if d.SMTP != nil {
		all = append(all, mailServer{d.SMTP, "smtp", "", 1})
	}
	for i := range d.Servers {
		share, weight := &d.Servers[i], 1
		if share.Weight != nil {
			weight = *share.Weight
		}
		all = append(all, mailServer{&share.Server, fmt.Sprintf("servers[%d]", i), share.Name, weight})
	}
	return all
}

func (d Doc) checkServers() error {
	for i, share := range d.Servers {
		at := fmt.Sprintf("servers[%d]", i)
		switch {
		case share.Name == "" || strings.ContainsAny(share.Name, "/ \t\r\n"):
			return wrong("%s.name: %q is no name; write a word, such as east", at, share.Name)
		case slices.ContainsFunc(d.Servers[:i], func(s Share) bool { return s.Name == share.Name }):
			return wrong("%s.name: there are two servers %s; give each its own name", at, share.Name)
		case share.Weight != nil && (*share.Weight < 1 || *share.Weight > maxWeight):
			return wrong("%s.weight: a weight is a whole number from 1 to %d; leave the server out if it is to get nothing", at, maxWeight)
		}
	}
	for _, m := range d.mailServers() {
		config, err := m.config()
		if err != nil {
			return err
		}
		if _, err := smtp.New(config); err != nil {
			return wrong("%s: %v", m.at, err)
		}
	}
	return nil
}

// openServers returns a provider over the document's mail servers. Of several, one that
// can't be opened waits, unless none can.
func (d Doc) openServers(secrets Secrets) (Provider, error) {
	m := &mailProvider{since: time.Now()}
	var over []balance.Server
	var fault error
	for _, s := range d.mailServers() {
		w := &watched{}
		if p, err := d.open(s, secrets); err != nil {
			w.why, fault = rapport.MessageOf(err), cmp.Or(fault, err)
		} else {
			w.Provider = p
			over = append(over, balance.Server{Provider: w, Weight: s.weight})
		}
		m.servers = append(m.servers, w)
	}
	switch {
	case len(over) == 0:
		return nil, fault
	case d.SMTP != nil:
		m.Provider = over[0].Provider
	default:
		m.Provider = balance.New(d.Name, over, time.Now)
	}
	return m, nil
}

// open returns the provider of one mail server.
func (d Doc) open(m mailServer, secrets Secrets) (Provider, error) {
	config, err := d.smtp(m, secrets)
	if err != nil {
		return nil, err
	}
	p, err := smtp.New(config)
	if err != nil {
		return nil, wrong("%s: %v", m.at, err)
	}
	return p, nil
}

// smtp returns a server as the provider takes it, with its password.
func (d Doc) smtp(m mailServer, secrets Secrets) (smtp.Config, error) {
	config, err := m.config()
	if err != nil {
		return config, err
	}
	config.Name, config.From = d.Name, d.sender()
	if m.name != "" {
		config.Name += "/" + m.name
	}
	config.Password, err = m.password(secrets)
	return config, err
}

// password returns what to sign in with; nothing at a server that asks for none.
func (m mailServer) password(secrets Secrets) (string, error) {
	if m.Password == nil {
		return "", nil
	}
	password, ok := secrets(m.Password.Secret)
	if !ok {
		return "", wrong("%s.password: there is no secret %s yet; set it with: rapport secret set %[2]s", m.at, m.Password.Secret)
	}
	return password, nil
}

// Lacks reports whether the channel has to wait for a secret: none of its mail servers
// can be used without.
func (d Doc) Lacks(secrets Secrets) bool {
	all := d.mailServers()
	return len(all) > 0 && !slices.ContainsFunc(all, func(m mailServer) bool {
		_, err := m.password(secrets)
		return err == nil
	})
}

// config returns everything but the password.
func (m mailServer) config() (smtp.Config, error) {
	s := m.Server
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
		return config, wrong("%s: write both username and password, or neither", m.at)
	}
	return config, waits{
		{m.at + ".timeouts.connect", s.Timeouts.Connect, &config.Timeouts.Connect},
		{m.at + ".timeouts.reply", s.Timeouts.Reply, &config.Timeouts.Reply},
		{m.at + ".timeouts.accept", s.Timeouts.Accept, &config.Timeouts.Accept},
		{m.at + ".timeouts.idle", s.Timeouts.Idle, &config.Timeouts.Idle},
	}.read()
}
