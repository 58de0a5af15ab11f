package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Mailing says how a campaign is sent and measured.
type Mailing struct {
	Program   string
	Customers int           // each of whom gets one mail
	Provider  string        // smtp or capture
	Rate      int           // events a second that come in meanwhile; 0: none
	Alone     time.Duration // how long they come in alone, before
	Flags     []string      // of the server
	Database  string        // address of the PostgreSQL database that it is to use; "" for none
	Progress  io.Writer
}

// SendReport is what a campaign came to.
type SendReport struct {
	Work        string  `json:"work"`
	Provider    string  `json:"provider"`
	Mails       int     `json:"mails"`
	BytesEach   float64 `json:"bytes_per_mail"`
	CPUSeconds  float64 `json:"cpu_seconds"`                    // of the server, from before the campaign was due until its graceful exit, and of its database
	DatabaseCPU float64 `json:"database_cpu_seconds,omitempty"` // that part of it
	CPUPer10k   float64 `json:"cpu_seconds_per_10k_mails"`
	FloorPer10k float64 `json:"floor_cpu_seconds_per_10k_mails"` // of filling in, encoding and sending as many such mails with nothing kept
	Ratio       float64 `json:"ratio_to_floor"`
	WallSeconds float64 `json:"wall_seconds"`
	PerSecond   float64 `json:"mails_per_second"`
	MemoryMB    float64 `json:"memory_mb"`
	DiskMB      float64 `json:"disk_mb"`
	// Beside says, where events came in meanwhile, how these fared; Alone, how they did before.
	Alone  *Beside `json:"alone,omitempty"`
	Beside *Beside `json:"beside,omitempty"`
	Place
}

// Beside is a stream of events while a campaign goes out, some of which ask for a
// transactional mail.
type Beside struct {
	Events    int       `json:"events"`
	PerSecond float64   `json:"events_per_second"`
	Latency   Latencies `json:"acknowledged_ms"`  // from when a request was to be sent
	Handed    Latencies `json:"event_to_mail_ms"` // from when it was to be sent until the mail server had the transactional mail
	SentAgain int64     `json:"requests_sent_again"`
}

func (m *Mailing) check() error {
	switch {
	case m.Customers < 1:
		return errors.New("there must be at least one customer")
	case m.Provider != "smtp" && m.Provider != "capture":
		return fmt.Errorf("%q is no provider here: smtp or capture", m.Provider)
	case m.Rate > 0 && m.Provider != "smtp":
		return errors.New("only a mail server can tell when a mail came: with a rate, the provider must be smtp")
	}
	return nil
}

// Send measures a campaign to everybody.
func Send(ctx context.Context, m Mailing) (report *SendReport, err error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	data, err := os.MkdirTemp("", "rapport-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	sink, err := newSink()
	if err != nil {
		return nil, err
	}
	defer sink.close()
	floor, err := mailFloor(sink, min(m.Customers, floorMails))
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, m.Database)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	s, err := startServer(ctx, m.Program, filepath.Join(data, "store"), db, m.Flags...)
	if err != nil {
		return nil, err
	}
	run := &mailingRun{Mailing: m, sink: sink, server: s}
	report, err = run.campaign(ctx)
	if err != nil {
		s.kill()
		return nil, err
	}
	report.FloorPer10k = per10k(floor, min(m.Customers, floorMails))
	report.Ratio = report.CPUPer10k / report.FloorPer10k
	disk, err := db.size(ctx)
	if err != nil {
		return nil, err
	}
	report.DiskMB = float64(size(data)+disk) / (1 << 20)
	return report, nil
}

func per10k(cpu time.Duration, mails int) float64 { return cpu.Seconds() * 10_000 / float64(mails) }

// mailingRun is a campaign on its way.
type mailingRun struct {
	Mailing
	sink   *sink
	server *server
}

func (r *mailingRun) say(format string, args ...any) {
	if r.Progress != nil {
		fmt.Fprintf(r.Progress, format+"\n", args...)
	}
}

// inviteBatch is how many customers one request brings in.
const inviteBatch = 1000

// invite brings the customers in: each has an address and has agreed.
func (r *mailingRun) invite(ctx context.Context) error {
	r.say("%d customers come in", r.Customers)
	_, err := send(ctx, r.server.url, func(yield func([]byte) bool) {
		for first := 0; first < r.Customers; first += inviteBatch {
			if !yield(invitation(first, min(first+inviteBatch, r.Customers))) {
				return
			}
		}
	}, 4)
	return err
}

func invitation(first, end int) []byte {
	var batch []map[string]any
	for i := first; i < end; i++ {
		batch = append(batch, map[string]any{
			"type": "identify", "userId": fmt.Sprintf("customer-%d", i), "messageId": fmt.Sprintf("invited-%d", i),
			"traits":  map[string]any{"email": fmt.Sprintf("customer-%d@example.com", i), "first_name": fmt.Sprintf("Customer %d", i), "points": i % 1000},
			"context": map[string]any{"consent": map[string]any{"categoryPreferences": map[string]any{"marketing": true}}},
		})
	}
	body, _ := json.Marshal(map[string]any{"batch": batch}) // holds nothing that JSON can't
	return body
}

// campaign sends a campaign in the next minute and measures until all mails are out.
func (r *mailingRun) campaign(ctx context.Context) (*SendReport, error) {
	at := time.Now().UTC() // for documents that are only being checked; the real one is set below
	if err := r.apply(ctx, campaignDocuments(r.sink.port, r.Provider, at.AddDate(1, 0, 0))); err != nil {
		return nil, err
	}
	if err := r.invite(ctx); err != nil {
		return nil, err
	}
	alone, sent, err := r.alone(ctx)
	if err != nil {
		return nil, err
	}
	at = time.Now().UTC().Add(time.Minute + 5*time.Second).Truncate(time.Minute)
	if err := r.apply(ctx, campaignDocuments(r.sink.port, r.Provider, at)); err != nil {
		return nil, err
	}
	r.say("the campaign is due at %s", at.Format("15:04"))
	if err := sleepUntil(ctx, at.Add(-time.Second)); err != nil {
		return nil, err
	}
	before, err := r.server.cpu()
	if err != nil {
		return nil, err
	}
	databaseBefore, err := r.server.others()
	if err != nil {
		return nil, err
	}
	mails, bytes := r.sink.received()
	stream := r.beside(ctx, sent)
	if err := r.out(ctx, mails); err != nil {
		return nil, err
	}
	wall := time.Since(at)
	besides, err := stream.end(r.sink)
	if err != nil {
		return nil, err
	}
	used, err := r.server.stop()
	if err != nil {
		return nil, err
	}
	report := &SendReport{
		Work: "send", Provider: r.Provider, Mails: r.Customers, Alone: alone, Beside: besides, Place: here(),
		CPUSeconds: (used.all() - before).Seconds(), CPUPer10k: per10k(used.all()-before, r.Customers), DatabaseCPU: (used.database - databaseBefore).Seconds(),
		WallSeconds: wall.Seconds(), PerSecond: float64(r.Customers) / wall.Seconds(), MemoryMB: float64(used.memory) / (1 << 20),
	}
	if now, after := r.sink.received(); now > mails {
		report.BytesEach = float64(after-bytes) / float64(now-mails)
	}
	return report, nil
}

func (r *mailingRun) apply(ctx context.Context, documents string) error {
	if err := r.server.client.Call(ctx, http.MethodPost, "/v1/apply", []byte(documents), nil); err != nil {
		return fmt.Errorf("applying the documents: %w", err)
	}
	return nil
}

// out waits until everybody has had her turn, and every message is handed over.
func (r *mailingRun) out(ctx context.Context, before int) error {
	for {
		var c struct {
			Occasions []struct {
				State   string
				Entered int
			}
		}
		if err := r.server.client.Call(ctx, http.MethodGet, "/v1/campaigns/news", nil, &c); err != nil {
			return err
		}
		mails, _ := r.sink.received()
		sent := mails-before >= r.Customers
		if r.Provider == "capture" {
			handed, err := r.handed(ctx)
			if err != nil {
				return err
			}
			sent = handed >= r.Customers
		}
		if sent && len(c.Occasions) == 1 && c.Occasions[0].State == "over" {
			if c.Occasions[0].Entered != r.Customers {
				return fmt.Errorf("%d runs have begun for %d customers", c.Occasions[0].Entered, r.Customers)
			}
			return nil
		}
		if err := sleepUntil(ctx, time.Now().Add(100*time.Millisecond)); err != nil {
			return err
		}
	}
}

// handed returns how many messages were handed over.
func (r *mailingRun) handed(ctx context.Context) (n int, err error) {
	var figures []byte
	if err := r.server.client.Call(ctx, http.MethodGet, "/metrics", nil, &figures); err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(figures)) {
		if said, ok := strings.CutPrefix(line, `rapport_messages_total{status="handed"} `); ok {
			_, err = fmt.Sscan(said, &n)
		}
	}
	return n, err
}

func sleepUntil(ctx context.Context, at time.Time) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(time.Until(at)):
		return nil
	}
}
