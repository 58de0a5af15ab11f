package app_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/app"
	"rapport/channel"
	"rapport/workspace"
)

// twoServers is the shop with its mail going by two servers, nearly all of it by east.
func twoServers(t *testing.T, east, west *mailbox) workspace.File {
	address := func(b *mailbox) string {
		host, port, err := net.SplitHostPort(b.address)
		if err != nil {
			t.Fatal(err)
		}
		return "host: " + host + ", port: " + port + ", tls: none, username: shop"
	}
	file := east.shop(t)
	_, rest, _ := strings.Cut(string(file.Body), "---\n")
	file.Body = []byte(`
kind: channel
name: mail
provider: smtp
from: {name: Lumen, address: shop@lumen.example}
servers:
  - {name: east, weight: 1000, password: {secret: EAST}, ` + address(east) + `}
  - {name: west, password: {secret: WEST}, ` + address(west) + `}
---
` + rest)
	return file
}

// TestMailGoesByTheServerThatTakesIt: while one server lacks its secret or does not let
// us in, the other one has all mail, at once.
func TestMailGoesByTheServerThatTakesIt(t *testing.T) {
	t.Parallel()
	east, west := newMailbox(t), newMailbox(t)
	a := open(t, t.TempDir(), io.Discard)
	defer shut(t, a)
	applied, problems, err := a.Workspaces.Apply(t.Context(), []workspace.File{twoServers(t, east, west)}, false, "test", "")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	if diff := cmp.Diff([]string{"EAST", "WEST"}, applied.Missing); diff != "" {
		t.Error(diff)
	}
	wantStates(t, a, channel.ServerWaiting, channel.ServerWaiting)
	for step, c := range []struct {
		name, value string
		east        channel.ServerState
		byEast      bool
	}{
		{"WEST", password, channel.ServerWaiting, false},
		{"EAST", "wrong", channel.ServerResting, false},
		{"EAST", password, channel.ServerOpen, true},
	} {
		if _, err := a.SetSecret(t.Context(), c.name, c.value); err != nil {
			t.Fatal(err)
		}
		byEast := false
		for i := range 5 { // of which west would have one in two hundred
			order(t, a, fmt.Sprint(step, i))
			select {
			case <-east.mails:
				byEast = true
			case <-west.mails:
			}
		}
		if byEast != c.byEast {
			t.Errorf("with %s set to %q, east has mail: %v", c.name, c.value, byEast)
		}
		wantStates(t, a, c.east, channel.ServerOpen)
	}
}

// wantStates checks how the servers of the only channel are.
func wantStates(t *testing.T, a *app.App, want ...channel.ServerState) {
	t.Helper()
	var got []channel.ServerState
	for _, s := range a.Workspaces.Current().Channels[0].Health().Servers {
		got = append(got, s.State)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSandboxListsWhatItCaptures: whatever the documents say, nothing leaves a sandbox.
func TestSandboxListsWhatItCaptures(t *testing.T) {
	t.Parallel()
	a, err := app.Open(t.Context(), app.Config{Data: t.TempDir(), Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, a)
	if _, problems, err := a.Workspaces.Apply(t.Context(), []workspace.File{newMailbox(t).shop(t)}, false, "test", ""); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	var got []rapport.Channel
	for _, c := range a.Workspaces.Current().Channels {
		h := c.Health()
		if got = append(got, h.Channel); h.Provider != "capture" || len(h.Servers) > 0 {
			t.Errorf("%+v", h)
		}
	}
	if diff := cmp.Diff([]rapport.Channel{rapport.Email, rapport.SMS}, got); diff != "" {
		t.Error(diff)
	}
}
