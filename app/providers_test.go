package app

import (
	"testing"

	"rapport/channel"
)

// A provider stays open over a change of other documents, with its connections and what
// it knows; another server or another password opens a new one.
func TestCarriersAreKept(t *testing.T) {
	t.Parallel()
	password := "one"
	secrets := func(string) (string, bool) { return password, true }
	docs := func(host string) map[string]channel.Doc {
		return map[string]channel.Doc{
			"mail": {Name: "mail", Provider: channel.SMTP, SMTP: &channel.Server{Host: host, Username: "shop", Password: &channel.Secret{Secret: "mail"}}},
			"text": {Name: "text", Channel: "sms", Provider: channel.Capture},
		}
	}
	open := func(host string, before carriers) carriers {
		t.Helper()
		opened, err := openCarriers(docs(host), false, secrets, before)
		if err != nil {
			t.Fatal(err)
		}
		return opened
	}
	first := open("east", nil)
	if same := open("east", first); same["mail"] != first["mail"] || same["text"] != first["text"] {
		t.Error("a provider was opened anew for nothing")
	}
	if other := open("west", first); other["mail"] == first["mail"] || other["text"] != first["text"] {
		t.Error("another server is not another provider")
	}
	password = "two"
	if other := open("east", first); other["mail"] == first["mail"] {
		t.Error("another password is not another provider")
	}
}
