package main

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

type keys struct {
	Add    keyAdd    `cmd:"" help:"Make an API key for somebody and show it, once. What is changed with it is recorded under its name."`
	List   keyList   `cmd:"" help:"List the keys that were added."`
	Delete keyDelete `cmd:"" help:"Take a key away: it opens nothing from then on."`
}

type keyAdd struct {
	remote
	Name string `arg:"" help:"Whose it is, such as mai-li: small letters, digits and dashes."`
}

// Run makes a key. It alone goes to standard output.
func (k *keyAdd) Run(ctx context.Context, std *streams) error {
	var answer struct{ Key string }
	if err := k.client().Call(ctx, "POST", "/v1/keys", map[string]string{"name": k.Name}, &answer); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "The key of %s, shown only now:\n", k.Name)
	_, err := fmt.Fprintln(std.out, answer.Key)
	return err
}

type keyList struct{ remote }

// Run lists keys by name.
func (k *keyList) Run(ctx context.Context, std *streams) error {
	var answer struct {
		Keys []struct {
			Name string
			At   time.Time
		}
		Next string
	}
	for cursor := ""; ; cursor = answer.Next {
		answer.Keys, answer.Next = nil, ""
		if err := k.client().Call(ctx, "GET", "/v1/keys?limit=500&cursor="+url.QueryEscape(cursor), nil, &answer); err != nil {
			return err
		}
		for _, key := range answer.Keys {
			fmt.Fprintf(std.out, "%s  since %s\n", key.Name, key.At.UTC().Format(time.DateOnly))
		}
		if answer.Next == "" {
			return nil
		}
	}
}

type keyDelete struct {
	remote
	Name string `arg:"" help:"The key's name."`
}

// Run takes a key away.
func (k *keyDelete) Run(ctx context.Context, std *streams) error {
	if err := k.client().Call(ctx, "DELETE", "/v1/keys/"+url.PathEscape(k.Name), nil, nil); err != nil {
		return err
	}
	_, err := fmt.Fprintf(std.out, "key %s is deleted\n", k.Name)
	return err
}
