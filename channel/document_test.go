package channel

import (
	stdcmp "cmp"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport"
)

func sink(context.Context, []rapport.Delivery) error { return nil }

func TestDocReadsWhatItDescribes(t *testing.T) {
	t.Parallel()
	const text = `{
		"provider": "smtp",
		"from": {"name": "Shop", "address": "hello@shop.example"},
		"smtp": {
			"host": "smtp.example.com", "tls": "implicit", "username": "shop", "password": {"secret": "SMTP_PASSWORD"},
			"connections": 8, "timeouts": {"connect": "10s", "accept": "5m"}
		},
		"retry": {"first": "30s", "give_up": "1d"}
	}`
	doc := decode(t, text)
	doc.Name = "mail"
	if err := doc.Check(); err != nil {
		t.Fatal(err)
	}
	policy, err := doc.Policy()
	if want := (Policy{First: 30 * time.Second, Longest: 30 * time.Minute, GiveUp: 24 * time.Hour}); err != nil || policy != want {
		t.Errorf("%+v, %v, want %+v", policy, err, want)
	}
	if diff := cmp.Diff([]string{"SMTP_PASSWORD"}, doc.Secrets()); diff != "" {
		t.Error(diff)
	}
	config, err := doc.smtp(doc.mailServers()[0], func(name string) (string, bool) { return "pass of " + name, true })
	if err != nil || config.Password != "pass of SMTP_PASSWORD" || config.Timeouts.Accept != 5*time.Minute || config.Security != "implicit" ||
		config.Name != "mail" || config.From.Address != "hello@shop.example" || config.Connections != 8 {
		t.Errorf("%+v, %v", config, err)
	}
	if _, err := Open(doc, noSecret, sink); err == nil || !strings.Contains(err.Error(), "rapport secret set SMTP_PASSWORD") {
		t.Errorf("without the secret: %v", err)
	}
}

func TestDocOfSeveralServers(t *testing.T) {
	t.Parallel()
	doc := decode(t, `{
		"provider": "smtp",
		"from": {"name": "Shop", "address": "hello@shop.example"},
		"servers": [
			{"name": "east", "weight": 3, "host": "east.example.com", "username": "shop", "password": {"secret": "EAST"}},
			{"name": "west", "host": "west.example.com", "tls": "implicit", "connections": 2, "username": "shop", "password": {"secret": "WEST"}},
			{"name": "far", "host": "far.example.com", "username": "shop", "password": {"secret": "EAST"}}
		]
	}`)
	doc.Name = "mail"
	if err := doc.Check(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"EAST", "WEST"}, doc.Secrets()); diff != "" {
		t.Error(diff)
	}
	secrets := func(name string) (string, bool) { return "pass of " + name, true }
	config, err := doc.smtp(doc.mailServers()[1], secrets)
	if err != nil || config.Name != "mail/west" || config.Password != "pass of WEST" || config.Connections != 2 || config.From.Name != "Shop" {
		t.Errorf("%+v, %v", config, err)
	}
	p, err := Open(doc, secrets, sink)
	if err != nil || p.Name() != "mail" {
		t.Fatalf("%v, %v", p, err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := Open(doc, noSecret, sink); err == nil || !strings.Contains(err.Error(), "rapport secret set EAST") {
		t.Errorf("without the secrets: %v", err)
	}
}

// Of several servers one whose secret is missing waits while the others are used; if all
// lack theirs the channel waits.
func TestServersWithoutTheirSecrets(t *testing.T) {
	t.Parallel()
	doc := Doc{Name: "mail", Provider: SMTP, Servers: []Share{{Name: "east"}, {Name: "west"}}}
	for i, secret := range []string{"EAST", "WEST"} {
		doc.Servers[i].Server = Server{Host: "localhost", Username: "shop", Password: &Secret{secret}}
	}
	for _, c := range []struct {
		set    string // the secrets that are there
		states []ServerState
	}{
		{"", []ServerState{ServerWaiting, ServerWaiting}},
		{"WEST", []ServerState{ServerWaiting, ServerOpen}},
		{"EAST WEST", []ServerState{ServerOpen, ServerOpen}},
	} {
		secrets := func(name string) (string, bool) { return "open sesame", strings.Contains(c.set, name) }
		if got := doc.Lacks(secrets); got != (c.set == "") {
			t.Errorf("with %q it lacks secrets: %v", c.set, got)
		}
		p, err := Open(doc, secrets, sink)
		if (err == nil) != (c.set != "") {
			t.Errorf("with %q: %v", c.set, err)
		}
		for i, s := range (Opened{doc, p}).Health().Servers {
			waits := s.State == ServerWaiting && strings.Contains(s.Why, "rapport secret set "+doc.Servers[i].Password.Secret)
			if s.State != c.states[i] || s.State != ServerOpen && !waits || s.Weight != 1 {
				t.Errorf("with %q: %+v", c.set, s)
			}
		}
		if p != nil {
			_ = p.Close(t.Context())
		}
	}
}

func decode(t *testing.T, text string) (doc Doc) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, doc := range []Doc{
		{Name: "a", Provider: Capture},
		{Name: "b", Provider: Capture, Channel: "sms", From: &From{Address: "Shop"}},
		{Name: "c", Provider: SMTP, SMTP: &Server{Host: "localhost"}},
	} {
		p, err := Open(doc, noSecret, sink)
		if err != nil {
			t.Errorf("%s: %v", doc.Name, err)
			continue
		}
		if p.Name() != doc.Name {
			t.Errorf("%s is called %s", doc.Name, p.Name())
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	server := func(change func(*Server)) Doc {
		s := Server{Host: "localhost"}
		change(&s)
		return Doc{Provider: SMTP, SMTP: &s}
	}
	servers := func(shares ...Share) Doc {
		for i := range shares {
			shares[i].Host = stdcmp.Or(shares[i].Host, "localhost")
		}
		return Doc{Provider: SMTP, Servers: shares}
	}
	for _, c := range []struct {
		doc  Doc
		want string
	}{
		{Doc{}, "provider:"},
		{Doc{Provider: "carrier pigeon"}, "smtp, capture"},
		{Doc{Provider: Capture, Channel: "fax"}, "write email or sms"},
		{Doc{Provider: SMTP}, "smtp: {host: smtp.example.com}"},
		{Doc{Provider: SMTP, Channel: "sms", SMTP: &Server{Host: "h"}}, "sends e-mail only"},
		{Doc{Provider: Capture, SMTP: &Server{Host: "h"}}, "leave smtp out"},
		{Doc{Provider: Capture, From: &From{Address: "shop"}}, "from.address:"},
		{Doc{Provider: Capture, Retry: &Retry{First: "soon"}}, "retry.first:"},
		{Doc{Provider: Capture, Retry: &Retry{GiveUp: "0s"}}, "retry.give_up:"},
		{Doc{Provider: Capture, Retry: &Retry{First: "1h", Longest: "1m"}}, "retry.longest:"},
		{server(func(s *Server) { s.Host = "" }), "host is missing"},
		{server(func(s *Server) { s.Port = -1 }), "port"},
		{server(func(s *Server) { s.TLS = "maybe" }), "starttls, implicit or none"},
		{server(func(s *Server) { s.Username = "shop" }), "both username and password"},
		{server(func(s *Server) { s.Password = &Secret{"X"} }), "both username and password"},
		{server(func(s *Server) { s.Bounce = "x" }), "bounces"},
		{server(func(s *Server) { s.Timeouts.Reply = "-1s" }), "smtp.timeouts.reply:"},
		{servers(Share{Name: "east"}, Share{Name: "east"}), "servers[1].name: there are two servers east"},
		{servers(Share{Name: "far east"}), "servers[0].name:"},
		{servers(Share{Name: "east", Weight: new(int)}), "servers[0].weight:"},
		{servers(Share{Name: "east"}, Share{Name: "west", Server: Server{Host: "-", Username: "shop"}}), "servers[1]: write both"},
		{servers(Share{Name: "east"}, Share{Name: "west", Server: Server{Port: -1}}), "servers[1]: the mail server's port"},
		{Doc{Provider: SMTP, SMTP: &Server{Host: "h"}, Servers: []Share{{Name: "east"}}}, "servers: write either"},
		{Doc{Provider: Capture, Servers: []Share{{Name: "east"}}}, "leave them out"},
	} {
		err := c.doc.Check()
		if err == nil || rapport.KindOf(err) != rapport.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.doc, err, c.want)
		}
		if _, opened := Open(c.doc, noSecret, sink); opened == nil {
			t.Errorf("%+v was opened", c.doc)
		}
	}
}
