package main

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"strings"
	"time"

	"rapport/client"
)

// signed is what every command has in common that changes documents.
type signed struct {
	Author string `help:"Who makes the change, for the log of versions; the user.name of git unless said, else who is signed in here. It is recorded as said: what is proved is the key." placeholder:"NAME"`
}

// by lets a client say who changes documents.
func (s signed) by(ctx context.Context, c *client.Client) *client.Client {
	name := strings.TrimSpace(s.Author)
	if name == "" {
		name = cmp.Or(gitName(ctx), os.Getenv("USER"), os.Getenv("USERNAME"))
	}
	c.Author = name
	return c
}

// gitName returns who git takes the user for, "" if there is no git or it does not know.
func gitName(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "git", "config", "user.name").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
