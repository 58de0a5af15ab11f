package console_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"rapport"
	"rapport/console"
)

// growing are figures that grow each time they are asked for.
type growing struct{ events atomic.Int64 }

func (g *growing) Figures(context.Context) (console.Count, error) {
	return console.Count{Events: 500 + g.events.Add(1), Messages: map[string]int64{}}, nil
}
func (g *growing) Reached() rapport.Instant { return now }

// browser is a page in Chromium.
type browser struct {
	t     *testing.T
	page  context.Context
	wrong atomic.Value // what the browser says is wrong
}

// browse opens an address in Chromium, or skips the test where there is none.
func browse(t *testing.T, address string, more ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	i := slices.IndexFunc(names, func(name string) bool { _, err := exec.LookPath(name); return err == nil })
	if i < 0 {
		t.Skip("there is no Chromium on this machine")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(names[i]), chromedp.NoSandbox, chromedp.DisableGPU)
	limited, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	allocator, cancel := chromedp.NewExecAllocator(limited, append(options, more...)...)
	t.Cleanup(cancel)
	page, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	b := &browser{t: t, page: page}
	err := chromedp.Listen(page, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				b.wrong.Store(e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			b.wrong.Store(e.ExceptionDetails.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(address))
	return b
}

func (b *browser) do(action chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.page, action); err != nil {
		b.t.Fatal(err)
	}
}

// truth waits until an expression is true.
func (b *browser) truth(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.page, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(time.Minute))); err != nil {
		b.t.Fatalf("not true within a minute: %s: %v", expression, err)
	}
}

// right fails the test if the browser says that something is wrong.
func (b *browser) right() {
	b.t.Helper()
	if text := b.wrong.Load(); text != nil {
		b.t.Errorf("the browser says: %v", text)
	}
}

// TestPageMovesInABrowser opens the start page in Chromium: its numbers move without
// a reload, the clock's button works in place, and nothing is refused or wrong.
func TestPageMovesInABrowser(t *testing.T) {
	t.Parallel()
	server := site(t, newFace(), func(c *console.Config) { c.Figures = &growing{} })
	b := browse(t, server.URL)
	b.truth(`(window.before = document.querySelectorAll(".tile dd")[1].textContent) !== ""`)
	b.truth(`document.querySelectorAll(".tile dd")[1].textContent !== window.before`)
	b.do(chromedp.Click(`button[value="1h"]`))
	b.truth(`document.querySelector("#clock").textContent.includes("Moved to") && window.before !== undefined`)
	b.right()
}

// A campaign is paused with the keyboard alone, at an address that a browser does not
// think safe: there it tells by the origin alone that a form is of the same site.
func TestCampaignIsPausedInABrowser(t *testing.T) {
	t.Parallel()
	f := newFace()
	server := site(t, f, nil)
	port := server.URL[strings.LastIndexByte(server.URL, ':'):]
	b := browse(t, "http://rapport.test"+port+"/campaigns/careful", chromedp.Flag("host-resolver-rules", "MAP rapport.test 127.0.0.1"), chromedp.Flag("no-proxy-server", true))
	b.truth(`!window.isSecureContext`)
	b.do(chromedp.EmulateViewport(400, 900))
	b.truth(`window.innerWidth === 400 && document.documentElement.scrollWidth === 400`)
	b.do(chromedp.SendKeys(`a[href$="/pause"]`, kb.Enter))
	b.do(chromedp.SendKeys("#reason", "wrong price"+kb.Enter))
	b.do(chromedp.WaitVisible(".notice"))
	b.truth(`location.pathname === "/campaigns/careful" && document.querySelector(".notice").textContent.includes("wrong price")`)
	if done := f.posted(); !slices.Equal(done, []string{`/v1/journeys/careful/pause {"reason":"wrong price"}`}) {
		t.Errorf("asked for %q", done)
	}
	b.right()
}

// A page of another site that sends a form by itself does nothing.
func TestForeignFormDoesNothingInABrowser(t *testing.T) {
	t.Parallel()
	f := newFace()
	server := site(t, f, nil)
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<form method="post" action="`+server.URL+`/campaigns/careful/archive"></form><script>document.forms[0].submit()</script>`)
	}))
	defer foreign.Close()
	b := browse(t, strings.Replace(foreign.URL, "127.0.0.1", "localhost", 1))
	b.do(chromedp.WaitVisible(".lone"))
	b.truth(`document.body.textContent.includes("Nothing was done")`)
	if done := f.posted(); len(done) > 0 {
		t.Errorf("it did %q", done)
	}
}
