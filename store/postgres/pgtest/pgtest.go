// Package pgtest gives tests a PostgreSQL of their own: a private cluster in a
// temporary folder, reached by a socket in it, started from the programs that are
// installed and gone when the test program ends, however it ends.
//
// Where the programs are not installed a test is skipped and says so; where the
// variable CI is "true" it fails instead, so that nothing goes untested unnoticed. It
// is no place to keep anything: nothing of a cluster outlives its program.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Names of the roles of every cluster: one that owns it and is let in without a
// password, and one that has one.
const (
	owner  = "rapport"
	Locked = "locked"
)

// Password is that of the role [Locked].
const Password = "s3cret/of?locked"

// Cluster is a PostgreSQL that runs, or can be made to.
type Cluster struct {
	bin, dir string
	durable  bool
	watchdog io.Closer // stops the cluster and removes its folder when it is closed
}

// shared is the cluster that tests of one program have in common.
var shared = sync.OnceValues(func() (*Cluster, error) { return open(false) })

// URL returns the address of an empty schema that nobody else uses, on the cluster
// that all tests of the program have in common. It is fast, and does not survive the
// machine's end.
func URL(t testing.TB) string {
	t.Helper()
	c, err := shared()
	demand(t, err)
	return c.URL(t)
}

// Start starts a cluster for one test alone, which writes to disk as one in
// production does. It may be stopped and started.
func Start(t testing.TB) *Cluster {
	t.Helper()
	c, err := open(true)
	demand(t, err)
	t.Cleanup(func() { c.watchdog.Close() })
	return c
}

// errMissing says that there is no PostgreSQL to start.
var errMissing = errors.New("PostgreSQL's programs are not installed (make deps installs them), so this is not tried")

func demand(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, errMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// programs returns the folder of the server's programs.
func programs() (string, error) {
	var folders []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	folders = append(folders, debian...)
	if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for _, folder := range folders {
		if _, err := exec.LookPath(filepath.Join(folder, "initdb")); err == nil && runtime.GOOS != "windows" {
			return folder, nil
		}
	}
	return "", errMissing
}

func open(durable bool) (*Cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "rapport-pg-")
	if err != nil {
		return nil, err
	}
	c := &Cluster{bin: bin, dir: dir, durable: durable}
	if err := giveAway(dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.make(); err != nil {
		return nil, errors.Join(err, c.watchdog.Close())
	}
	return c, nil
}

// watch starts the watchdog: it waits until its input ends, which it does when it is
// closed and when this program is gone.
func (c *Cluster) watch() error {
	dog := c.command("sh", "-c", `read _; "$0" -D "$1/data" -m immediate stop; rm -rf "$1"`, filepath.Join(c.bin, "pg_ctl"), c.dir)
	input, err := dog.StdinPipe()
	if err != nil {
		return err
	}
	c.watchdog = kennel{input, dog}
	return dog.Start()
}

// kennel holds the watchdog.
type kennel struct {
	input io.Closer
	dog   *exec.Cmd
}

// Close returns when the cluster is gone.
func (k kennel) Close() error { return errors.Join(k.input.Close(), k.dog.Wait()) }

func (c *Cluster) make() error {
	data := filepath.Join(c.dir, "data")
	out, err := c.command(filepath.Join(c.bin, "initdb"), "-D", data, "-U", owner, "--auth=trust", "--no-sync", "--no-locale", "--encoding=UTF8").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	access := "local all " + Locked + " scram-sha-256\nlocal all all trust\n"
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(access), 0o644); err != nil {
		return err
	}
	if err := c.start(); err != nil {
		return err
	}
	return c.tell("create database rapport", fmt.Sprintf("create role %s login password '%s'", Locked, Password))
}

func (c *Cluster) start() error {
	settings := []string{"listen_addresses=''", "unix_socket_directories='" + c.dir + "'", "max_connections=200", "shared_buffers=64MB"}
	if !c.durable {
		settings = append(settings, "fsync=off", "full_page_writes=off")
	}
	command := c.command(filepath.Join(c.bin, "pg_ctl"), "-w", "-D", filepath.Join(c.dir, "data"), "-l", filepath.Join(c.dir, "log"),
		"-o", "-c "+strings.Join(settings, " -c "), "start")
	if err := command.Run(); err != nil {
		log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
		return fmt.Errorf("PostgreSQL did not start: %w\n%s", err, log)
	}
	return nil
}

// Stop ends the server as a crash does: nothing is finished, every connection breaks.
func (c *Cluster) Stop(t testing.TB) {
	t.Helper()
	if out, err := c.command(filepath.Join(c.bin, "pg_ctl"), "-D", filepath.Join(c.dir, "data"), "-m", "immediate", "stop").CombinedOutput(); err != nil {
		t.Fatalf("stopping PostgreSQL: %v\n%s", err, out)
	}
}

// Start starts it again; it recovers what was committed.
func (c *Cluster) Start(t testing.TB) {
	t.Helper()
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
}

// URL returns the address of an empty schema that nobody else uses.
func (c *Cluster) URL(t testing.TB) string {
	t.Helper()
	schema := "s" + strings.ToLower(rand.Text())
	if err := c.tell("create schema " + schema); err != nil {
		t.Fatal(err)
	}
	return c.Address(owner, "", "rapport") + "&search_path=" + schema
}

// Address returns the address of a database for a role. A password may be empty.
func (c *Cluster) Address(role, password, database string) string {
	who := url.User(role)
	if password != "" {
		who = url.UserPassword(role, password)
	}
	return "postgres://" + who.String() + "@/" + database + "?host=" + url.QueryEscape(c.dir)
}

// Do runs statements as the role that owns the cluster.
func (c *Cluster) Do(t testing.TB, statements ...string) {
	t.Helper()
	if err := c.tell(statements...); err != nil {
		t.Fatal(err)
	}
}

func (c *Cluster) tell(statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	database := "rapport"
	if strings.HasPrefix(statements[0], "create database") {
		database = "postgres"
	}
	conn, err := pgx.Connect(ctx, c.Address(owner, "", database))
	if err != nil {
		return err
	}
	for _, text := range statements {
		if _, err = conn.Exec(ctx, text); err != nil {
			break
		}
	}
	return errors.Join(err, conn.Close(ctx))
}
