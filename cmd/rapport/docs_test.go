package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is found into docs and testdata")

// TestCommandPage: docs/cli.md tells every command with its flags as they are.
func TestCommandPage(t *testing.T) {
	t.Parallel()
	const file = "../../docs/cli.md"
	parser, err := newParser(io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	page := commandPage(parser.Model)
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(found), page); diff != "" {
		t.Errorf("docs/cli.md is stale; go test ./cmd/rapport -run TestCommandPage -update writes it anew (-found +wanted):\n%s", diff)
	}
}

// TestHelp: every command tells its help, which is no fault, and every flag and
// argument says what it is for.
func TestHelp(t *testing.T) {
	t.Parallel()
	parser, err := newParser(io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range append(parser.Model.Leaves(true), parser.Model.Children...) {
		var out, complaints strings.Builder
		args := append(strings.Fields(command.FullPath())[1:], "--help")
		if code := run(t.Context(), args, nil, &out, &complaints); code != 0 || complaints.Len() > 0 {
			t.Errorf("%v: exit code %d, %s", args, code, &complaints)
		}
		if !strings.HasPrefix(out.String(), "Usage: "+command.FullPath()) || !strings.Contains(flat(out.String()), flat(command.Help)) {
			t.Errorf("%v says:\n%s", args, &out)
		}
		for _, value := range command.Values() {
			if value.Help == "" {
				t.Errorf("%s: %s has no help", command.FullPath(), value.Name)
			}
		}
	}
}

// flat is a text without its lines' breaks.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

const introduction = `# The command line

This page is made from the program itself: ${go test ./cmd/rapport -run TestCommandPage -update} writes it anew.

A command ends with exit code 0 when it is done, 1 when it failed and 2 when it was used wrongly. What it tells goes to
standard output, what is wrong to standard error. Every flag can be given as the variable of the environment that stands
beside it; the flag goes before the variable.

Commands that talk to a server take two flags more:

| flag | what it does | unless said | variable |
| --- | --- | --- | --- |
`

func commandPage(app *kong.Application) string {
	var b strings.Builder
	b.WriteString(strings.NewReplacer("${", "`", "}", "`").Replace(introduction))
	commands := app.Leaves(true)
	for _, f := range connection(commands) {
		describeFlag(&b, f)
	}
	b.WriteString("\n| command | what it does |\n| --- | --- |\n")
	for _, command := range commands {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", command.FullPath(), strings.ReplaceAll(command.FullPath(), " ", "-"), cell(command.Help))
	}
	for _, command := range commands {
		describeCommand(&b, command)
	}
	return b.String()
}

// connection returns the flags that say which server to talk to.
func connection(commands []*kong.Node) (flags []*kong.Flag) {
	for _, command := range commands {
		for _, f := range flagsOf(command) {
			if isConnection(f) && len(flags) < 2 {
				flags = append(flags, f)
			}
		}
	}
	return flags
}

func isConnection(f *kong.Flag) bool { return f.Name == "url" || f.Name == "api-key" }

func describeCommand(b *strings.Builder, command *kong.Node) {
	fmt.Fprintf(b, "\n## %s\n\n%s", command.FullPath(), command.Help)
	flags := flagsOf(command)
	if slices.ContainsFunc(flags, isConnection) {
		b.WriteString(" Talks to a server.")
	}
	fmt.Fprintf(b, "\n\n```sh\nrapport %s\n```\n", command.Summary())
	if command.Detail != "" {
		fmt.Fprintf(b, "\n%s\n", command.Detail)
	}
	if len(command.Positional) > 0 {
		b.WriteString("\n| argument | what it is |\n| --- | --- |\n")
		for _, argument := range command.Positional {
			fmt.Fprintf(b, "| `%s` | %s |\n", argument.Summary(), cell(argument.Help))
		}
	}
	if flags = slices.DeleteFunc(flags, isConnection); len(flags) > 0 {
		b.WriteString("\n| flag | what it does | unless said | variable |\n| --- | --- | --- | --- |\n")
		for _, f := range flags {
			describeFlag(b, f)
		}
	}
}

// flagsOf returns a command's flags but for help, which every command has.
func flagsOf(command *kong.Node) (flags []*kong.Flag) {
	for _, group := range command.AllFlags(true) {
		flags = append(flags, group...)
	}
	return slices.DeleteFunc(flags, func(f *kong.Flag) bool { return f.Name == "help" })
}

func describeFlag(b *strings.Builder, f *kong.Flag) {
	var variables []string
	for _, name := range f.Envs {
		variables = append(variables, code(name))
	}
	fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", usage(f), cell(f.Help), code(f.Default), strings.Join(variables, ", "))
}

func usage(f *kong.Flag) string {
	text := "--" + f.Name
	if f.Short != 0 {
		text = fmt.Sprintf("-%c, %s", f.Short, text)
	}
	switch kind := f.Target.Kind(); {
	case f.IsBool():
		return text
	case f.PlaceHolder != "":
		return text + "=" + f.PlaceHolder
	case f.Tag.Type == "path":
		return text + "=PATH"
	case f.Target.Type() == reflect.TypeFor[time.Duration]():
		return text + "=LENGTH"
	case kind == reflect.Slice && f.Target.Type().Elem().Kind() == reflect.Int:
		return text + "=NUMBERS"
	case kind >= reflect.Int && kind <= reflect.Float64:
		return text + "=NUMBER"
	}
	return text + "=TEXT"
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}

// cell is a text as it may stand in a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
