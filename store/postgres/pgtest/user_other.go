//go:build !unix

package pgtest

import "os/exec"

func (c *Cluster) command(name string, args ...string) *exec.Cmd { return exec.Command(name, args...) }

func giveAway(string) error { return errMissing }
