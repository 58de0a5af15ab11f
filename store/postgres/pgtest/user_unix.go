//go:build unix

package pgtest

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// nobody returns whom PostgreSQL runs as where it would refuse to run as we are: root.
func nobody() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		return nil, errMissing
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// command is a command that runs as PostgreSQL may, in the cluster's folder.
func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	command := exec.Command(name, args...)
	command.Dir = c.dir
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it is not interrupted along with us
	if who, err := nobody(); err == nil {
		command.SysProcAttr.Credential = who
	}
	return command
}

// giveAway makes a folder that of whom PostgreSQL runs as.
func giveAway(dir string) error {
	who, err := nobody()
	if err != nil || who == nil {
		return err
	}
	return os.Chown(dir, int(who.Uid), int(who.Gid))
}
