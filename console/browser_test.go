package console_test

import (
	"context"
	"os/exec"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"rapport"
	"rapport/console"
)

// growing are figures that grow each time they are asked for.
type growing struct{ events atomic.Int64 }

func (g *growing) Figures(context.Context) (console.Count, error) {
	return console.Count{Events: 500 + g.events.Add(1), Messages: map[string]int64{}}, nil
}
func (g *growing) Reached() rapport.Instant { return now }

// TestPageMovesInABrowser opens the start page in Chromium: its numbers move without
// a reload, the clock's button works in place, and nothing is refused or wrong.
func TestPageMovesInABrowser(t *testing.T) {
	t.Parallel()
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	i := slices.IndexFunc(names, func(name string) bool { _, err := exec.LookPath(name); return err == nil })
	if i < 0 {
		t.Skip("there is no Chromium on this machine")
	}
	f := newFace()
	server := site(t, f, func(c *console.Config) { c.Figures = &growing{} })
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(names[i]), chromedp.NoSandbox, chromedp.DisableGPU)
	limited, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	allocator, cancel := chromedp.NewExecAllocator(limited, options...)
	defer cancel()
	browser, cancel := chromedp.NewContext(allocator)
	defer cancel()
	var wrong atomic.Value
	err := chromedp.Listen(browser, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				wrong.Store(e.Entry.Text)
			}
		case *runtime.EventExceptionThrown:
			wrong.Store(e.ExceptionDetails.Text)
		}
	})
	if err == nil {
		err = chromedp.Do(browser, chromedp.Navigate(server.URL))
	}
	if err != nil {
		t.Fatal(err)
	}
	truth := func(expression string) {
		t.Helper()
		if _, err := chromedp.Run(browser, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(time.Minute))); err != nil {
			t.Fatalf("not true within a minute: %s: %v", expression, err)
		}
	}
	truth(`(window.before = document.querySelectorAll(".tile dd")[1].textContent) !== ""`)
	truth(`document.querySelectorAll(".tile dd")[1].textContent !== window.before`)
	if err := chromedp.Do(browser, chromedp.Click(`button[value="1h"]`)); err != nil {
		t.Fatal(err)
	}
	truth(`document.querySelector("#clock").textContent.includes("Moved to") && window.before !== undefined`)
	if text := wrong.Load(); text != nil {
		t.Errorf("the browser says: %v", text)
	}
}
