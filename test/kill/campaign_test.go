package kill_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestKilledInACampaign kills the program again and again while a campaign goes out.
// Afterwards everybody has one message, nobody was sent two, and only what was in flight
// at a kill is unclear.
func TestKilledInACampaign(t *testing.T) {
	t.Parallel()
	people, kills := 4_000, 12
	switch {
	case testing.Short():
		people, kills = 1_000, 4
	case os.Getenv("RAPPORT_TEST_LONG") != "":
		people, kills = 200_000, 60
	}
	c := &mailing{T: t, programs: build(t), people: people, random: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 5))}
	c.sink = newSink(t, 2, 0)
	c.sink.pause = 4 * time.Millisecond // so that a kill falls into it
	c.restart(true)
	c.invite()
	c.announce()
	killed := 0
	for ; killed < kills && !c.over(); killed++ {
		c.killOnce(killed%2 == 0)
	}
	c.wait()
	c.judge(killed, kills)
}

// mailing is a campaign against its killers.
type mailing struct {
	*testing.T
	programs *programs
	program  *running
	sink     *sink
	random   *rand.Rand
	people   int
}

func (c *mailing) restart(aimed bool) {
	c.Helper()
	c.program = c.programs.start(c.T, aimed)
	c.program.ready(c.T)
}

// invite makes the customers: each has an address of her own and has agreed.
func (c *mailing) invite() {
	c.Helper()
	e := new(edge)
	e.moved(c.program.url)
	client := &http.Client{}
	for first := 0; first < c.people; first += 1000 {
		var batch []map[string]any
		for i := first; i < min(first+1000, c.people); i++ {
			batch = append(batch, map[string]any{
				"type": "identify", "userId": fmt.Sprint("user-", i), "messageId": fmt.Sprint("m", i),
				"traits":  map[string]any{"email": fmt.Sprintf("user-%d@example.com", i)},
				"context": map[string]any{"consent": map[string]any{"categoryPreferences": map[string]any{"marketing": true}}},
			})
		}
		body, err := json.Marshal(map[string]any{"batch": batch})
		if err != nil {
			c.Fatal(err)
		}
		if err := e.post(client, body); err != nil {
			c.Fatal(err)
		}
	}
}

// announce applies the campaign for the next minute, and waits until it has begun.
func (c *mailing) announce() {
	c.Helper()
	documents, err := os.ReadFile("testdata/workspace.yaml")
	if err != nil {
		c.Fatal(err)
	}
	at := time.Now().UTC().Add(time.Minute + 3*time.Second).Truncate(time.Minute)
	text := strings.ReplaceAll(string(documents), "PORT", strconv.Itoa(c.sink.port)) + fmt.Sprintf(`---
kind: campaign
name: news
audience: 'true'
schedule: { on: %s, at: %q, zone: UTC }
steps:
  - name: tell
    send: { template: reminder, channel: email, class: promotional, purpose: marketing }
`, at.Format(time.DateOnly), at.Format("15:04"))
	if _, err := c.program.call(c.Context(), http.MethodPost, "/v1/apply", "application/yaml", strings.NewReader(text)); err != nil {
		c.Fatal(err)
	}
	time.Sleep(time.Until(at))
	c.until(func() bool { return c.entered() > 0 }, "the campaign has not begun")
}

func (c *mailing) campaign() (found struct {
	Entered   int
	Occasions []struct{ State string }
}) {
	c.Helper()
	if err := c.program.get(c.Context(), "/v1/campaigns/news", &found); err != nil {
		c.Fatal(err)
	}
	return found
}

func (c *mailing) entered() int { return c.campaign().Entered }

// over reports whether everybody has had her turn, and no message is on its way.
func (c *mailing) over() bool {
	c.Helper()
	n, err := c.program.pending(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	found := c.campaign()
	return n == 0 && len(found.Occasions) == 1 && found.Occasions[0].State == "over"
}

// killOnce kills the program a little later, every other time inside a commit.
func (c *mailing) killOnce(aimed bool) {
	c.Helper()
	time.Sleep(time.Duration(c.random.IntN(250)) * time.Millisecond)
	if c.program.orders != nil && !c.over() {
		c.program.halt(c.T)
	}
	c.program.kill(c.T)
	c.restart(aimed)
}

func (c *mailing) until(done func() bool, complaint string) {
	c.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.Fatal(complaint)
		}
	}
}

// wait waits until the campaign is over, as long as it goes on.
func (c *mailing) wait() {
	c.Helper()
	type progress struct{ entered, mails int }
	var last progress
	for since := time.Now(); !c.over(); time.Sleep(200 * time.Millisecond) {
		if now := (progress{c.entered(), c.sink.count()}); now != last {
			last, since = now, time.Now()
		}
		if time.Since(since) > 2*time.Minute {
			c.Fatalf("the campaign does not come to its end: %d have begun, %d mails came", last.entered, last.mails)
		}
	}
}

// judge counts the messages by whom they are for, and the mails that came.
func (c *mailing) judge(killed, kills int) {
	c.Helper()
	messages, recipients := c.messagesByRecipient()
	if len(recipients) != c.people || len(messages) != c.people {
		c.Errorf("%d messages for %d people, want one for each of %d", len(messages), len(recipients), c.people)
	}
	if n := c.entered(); n != c.people {
		c.Errorf("%d runs have begun, want %d", n, c.people)
	}
	mails := map[string]int{}
	for _, m := range c.sink.received() {
		if mails[m.to]++; mails[m.to] == 2 {
			c.Errorf("%s had two mails", m.to)
		}
	}
	statuses := map[string]int{}
	for to, status := range recipients {
		statuses[status]++
		if status == "handed" && mails[to] != 1 || status != "handed" && status != "unclear" {
			c.Errorf("%s: %s, and %d mails came", to, status, mails[to])
		}
	}
	c.Logf("%d people, %d kills: %v, %d mails", c.people, killed, statuses, len(mails))
	if killed < kills/2 {
		c.Errorf("the campaign was over after %d kills of %d: it was too small to prove anything", killed, kills)
	}
}

// messagesByRecipient reads all messages of the campaign, and what became of each
// person's.
func (c *mailing) messagesByRecipient() (ids map[string]bool, statuses map[string]string) {
	c.Helper()
	ids, statuses = map[string]bool{}, map[string]string{}
	err := c.program.pages(context.Background(), "/v1/messages?journey=news", func(page []byte) (string, error) {
		var told struct {
			Next     string
			Messages []struct{ ID, To, Status string }
		}
		err := json.NewDecoder(bytes.NewReader(page)).Decode(&told)
		for _, m := range told.Messages {
			ids[m.ID], statuses[m.To] = true, m.Status
		}
		return told.Next, err
	})
	if err != nil {
		c.Fatal(err)
	}
	return ids, statuses
}
