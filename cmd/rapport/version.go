package main

import (
	"fmt"

	"rapport/app"
)

type version struct{}

// Run prints the version.
func (version) Run(std *streams) error {
	_, err := fmt.Fprintln(std.out, app.Version)
	return err
}
