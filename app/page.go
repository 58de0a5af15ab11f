package app

import (
	"context"
	"crypto/sha256"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Page says what the pages for a person are like.
type Page struct {
	// Open lets everybody in who is on this machine, without signing in. The whole
	// face then answers to names of this machine only.
	Open      bool
	Synthetic bool // says that the data is
	// Progress returns what is being loaded and which part of it is there. Optional.
	Progress func() (what string, part float64)
	// Story returns what to look at, in which order. Optional.
	Story func(ctx context.Context) []Beat
	// What stands in the commands to try next: the keys, "" for the variables of the
	// environment that hold them, and how the program is called.
	ShownKey, ShownWriteKey, Program string
}

// Beat is one thing of a demo that is worth a look.
type Beat struct {
	Title, Text string
	Path        string // of the page that shows it; "" if there is none yet
}

// Face returns the HTTP face of the program with the pages for a person.
func (a *App) Face(p Page) (http.Handler, error) {
	var whole http.Handler
	within := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { whole.ServeHTTP(w, r) })
	home, heard, err := a.startPage(p, within, a.within)
	if err != nil {
		return nil, err
	}
	pageKey := apiKey{hash: sha256.Sum256([]byte(a.within))}
	whole, err = a.handler(home, heard, func(given string) (string, bool) {
		if pageKey.Is(given) {
			return pagesName, true
		}
		return a.keyNamed(given)
	})
	if err != nil || !p.Open {
		return whole, err
	}
	return localOnly(whole), nil
}

// localOnly answers requests that name this machine as their host, and refuses all
// others: where nobody signs in, any web page could have its own name point to
// this machine and read along.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLocal(r.Host) {
			http.Error(w, "This server answers to 127.0.0.1 and localhost only. Open it under one of these names.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// IsLoopback reports whether an address to listen on can be reached from this
// machine only.
func IsLoopback(listen string) bool { return isLocal(listen) }

func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
