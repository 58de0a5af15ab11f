package kill_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport/bench"
	"rapport/store/postgres/pgtest"
)

// say sends one event of Ann's, and returns the status of the answer and what it says
// of when to come again. Without an answer the status is 0.
func (r *running) say(t *testing.T, id string) (status int, again string) {
	t.Helper()
	body := fmt.Sprintf(`{"userId":"ann","event":"Product Viewed","messageId":%q}`, id)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v1/track", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(writeKey, "")
	answer, err := (&http.Client{Timeout: 30 * time.Second}).Do(request)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, ""
	}
	return answer.StatusCode, answer.Header.Get("Retry-After")
}

// heard returns the ids of Ann's events, in alphabetical order.
func (r *running) heard(t *testing.T) (ids []string) {
	t.Helper()
	events, err := r.timeline(t.Context(), "/v1/customers/ann")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		ids = append(ids, e.id)
	}
	slices.Sort(ids)
	return ids
}

// status asks whether it is ready.
func (r *running) status(t *testing.T) int {
	t.Helper()
	answer, err := http.Get(r.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

// TestTwoProgramsOnOneDatabase: the one that came first takes nothing more, ends by
// itself and says why; the one that came last goes on from what was acknowledged.
func TestTwoProgramsOnOneDatabase(t *testing.T) {
	t.Parallel()
	p := build(t)
	p.database = pgtest.URL(t)
	first := p.start(t, false)
	first.ready(t)
	var acknowledged []string
	for i := range 20 {
		id := fmt.Sprintf("first %02d", i)
		if status, _ := first.say(t, id); status != http.StatusOK {
			t.Fatalf("event %s: %d", id, status)
		}
		acknowledged = append(acknowledged, id)
	}
	p.data = t.TempDir()
	second := p.start(t, false)
	second.ready(t)
	if status, _ := first.say(t, "late"); status == http.StatusOK {
		t.Error("the program that was replaced has taken an event")
	}
	ended := first.Wait()
	exit, ok := ended.(*exec.ExitError)
	if !ok || exit.ExitCode() != 1 {
		t.Errorf("the program that was replaced ended with %v", ended)
	}
	who := fmt.Sprintf("process %d on ", second.Process.Pid)
	if text := first.complaint.String(); !strings.Contains(text, "has a new owner: "+who) || !strings.Contains(text, "must stop") {
		t.Errorf("it does not say why it stopped, nor that %shas replaced it:\n%s", who, text)
	}
	if status, _ := second.say(t, "second"); status != http.StatusOK {
		t.Errorf("the program that came last takes no events: %d", status)
	}
	if got, want := second.heard(t), append(acknowledged, "second"); !slices.Equal(got, want) {
		t.Errorf("kept are %v, acknowledged were %v", got, want)
	}
	second.stop(t)
}

// TestDatabaseGoneForAWhile: while the server is gone events are refused with a time to
// come again; the program lives on, and is ready by itself once the server is. What was
// acknowledged is there, and what was refused can be sent again.
func TestDatabaseGoneForAWhile(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	p := build(t)
	p.database = cluster.URL(t)
	program := p.start(t, false)
	program.ready(t)
	acknowledged, refused := map[string]bool{}, map[string]bool{}
	say := func(id string) {
		status, again := program.say(t, id)
		switch wait, err := strconv.Atoi(again); {
		case status == http.StatusOK:
			acknowledged[id] = true
		case status != http.StatusServiceUnavailable || err != nil || wait < 1:
			t.Errorf("event %s: status %d, Retry-After %q", id, status, again)
		default:
			refused[id] = true
		}
	}
	for outage := range 2 {
		for i := range 10 {
			say(fmt.Sprintf("before %d %d", outage, i))
		}
		cluster.Stop(t)
		for i := range 10 {
			say(fmt.Sprintf("meanwhile %d %d", outage, i))
		}
		if status := program.status(t); status != http.StatusServiceUnavailable {
			t.Errorf("without its database it is ready: %d", status)
		}
		cluster.Start(t)
		program.answers(t)
	}
	if len(acknowledged) != 20 || len(refused) != 20 {
		t.Errorf("%d events were acknowledged and %d refused, 20 of each were sent with and without a database", len(acknowledged), len(refused))
	}
	kept := program.heard(t)
	for id := range acknowledged {
		if !slices.Contains(kept, id) {
			t.Errorf("event %s was acknowledged and is not there", id)
		}
	}
	for id := range refused {
		if status, _ := program.say(t, id); status != http.StatusOK {
			t.Errorf("event %s, sent again: %d", id, status)
		}
	}
	if kept := program.heard(t); len(kept) != 40 || len(slices.Compact(kept)) != 40 {
		t.Errorf("of 40 events are kept: %v", kept)
	}
	program.stop(t)
	if text := program.complaint.String(); !strings.Contains(text, "does not answer") {
		t.Errorf("the log does not say what was wrong:\n%s", text)
	}
}

// TestMovedInstallation: from the folder to a database and back the events are the
// same, and what was moved away does not run.
func TestMovedInstallation(t *testing.T) {
	t.Parallel()
	p := build(t)
	run := func(want int, words string, args ...string) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), p.real, args...).CombinedOutput()
		code := 0
		if exit, ok := err.(*exec.ExitError); ok {
			code, err = exit.ExitCode(), nil
		}
		if err != nil || code != want || !strings.Contains(string(out), words) {
			t.Errorf("%v ended with %d, %v, and does not say %q:\n%s", args, code, err, words, out)
		}
	}
	first := p.start(t, false)
	first.ready(t)
	for i := range 5 {
		first.say(t, fmt.Sprint("event ", i))
	}
	folder, address, back := p.data, pgtest.URL(t), t.TempDir()
	run(1, "is in use by another rapport", "move", "--from", folder, "--to", address)
	first.stop(t)
	run(0, "arrived", "move", "--from", folder, "--to", address)
	run(1, "was moved to the database rapport on ", "serve", "--data", folder, "--listen", "127.0.0.1:0")
	p.database = address
	second := p.start(t, false)
	second.ready(t)
	second.say(t, "event 5")
	second.stop(t)
	run(1, "an installation in the data folder", "move", "--from", address, "--to", folder)
	run(0, "arrived", "move", "--from", address, "--to", back)
	p.database, p.data = "", back
	third := p.start(t, false)
	third.ready(t)
	third.say(t, "event 6")
	if got := third.heard(t); len(got) != 7 {
		t.Errorf("there are %v", got)
	}
	third.stop(t)
	run(0, "", "move", "--reopen", folder)
	p.data = folder
	again := p.start(t, false)
	again.ready(t)
	if got := again.heard(t); len(got) != 5 {
		t.Errorf("in the folder that was reopened are %v", got)
	}
	again.stop(t)
}

// TestMeasuredOverDatabase: rapport bench measures over a database what it measures over
// a folder, with what the database takes, and leaves nothing in it.
func TestMeasuredOverDatabase(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells what a process has taken so far")
	}
	cluster := pgtest.Start(t)
	command := exec.CommandContext(t.Context(), build(t).real, "bench", "growth", "--customers=100", "--history=5", "--events=300", "--segments=5", "--journeys=2",
		"--reads=3", "--database="+cluster.URL(t))
	command.Stderr = t.Output()
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var r bench.GrowthReport
	if err := json.Unmarshal(out, &r); err != nil || len(r.Grown) != 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	g := r.Grown[0]
	if g.Size.Size != g.Size.Known || g.DatabaseCPU < 0 || g.CPUSeconds < g.DatabaseCPU || g.History.DiskMB <= 0.1 {
		t.Errorf("it came to %s", out)
	}
	cluster.Do(t, "do $$ begin assert not exists (select from pg_namespace where nspname like 'bench%'), 'it has left a schema'; end $$")
}
