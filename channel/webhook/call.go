package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"code.dny.dev/ssrf"

	"rapport"
)

// client is http's, with the limits of this package.
type client struct{ *http.Client }

func newClient(allowPrivate bool) client {
	dialer := &net.Dialer{Timeout: time.Minute, Control: guard(allowPrivate).Safe}
	return client{&http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, MaxIdleConnsPerHost: perHost, MaxIdleConns: atOnce, IdleConnTimeout: time.Minute,
			MaxResponseHeaderBytes: 32 << 10, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// guard judges the addresses that are dialled. Private networks may be among those that are
// called; link-local addresses never are, since by them a cloud tells its machines their
// credentials.
func guard(allowPrivate bool) *ssrf.Guardian {
	options := []ssrf.Option{ssrf.WithAnyPort()}
	if allowPrivate {
		options = append(options,
			ssrf.WithAllowedV4Prefixes(prefixes("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")...),
			ssrf.WithAllowedV6Prefixes(prefixes("::1/128", "fc00::/7")...))
	}
	return ssrf.New(options...)
}

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// call makes one call and says what came of it.
func (p *Provider) call(ctx context.Context, r *http.Request, timeout time.Duration) rapport.Outcome {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var begun atomic.Bool // something of it may have reached the far side
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { begun.Store(true) }})
	answer, err := p.client.Do(r.WithContext(traced))
	if err != nil {
		return p.fault(err, limited, begun.Load())
	}
	defer answer.Body.Close()
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return p.refusal(answer)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, MaxAnswer+1))
	switch {
	case err != nil:
		return rapport.Outcome{Kind: rapport.Vague, Reason: "the answer broke off"}
	case len(body) > MaxAnswer:
		body = nil
	}
	return rapport.Outcome{Kind: rapport.Accepted, Answer: &rapport.Answer{Status: answer.StatusCode, Body: body}}
}

// refusal is what an answer of another status than 2xx comes to.
func (p *Provider) refusal(answer *http.Response) rapport.Outcome {
	status := answer.StatusCode
	o := refused(fmt.Sprintf("the answer was %d", status))
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500:
		o.Kind, o.RetryAt = rapport.Retry, p.retryAfter(answer.Header.Get("Retry-After"))
	case status >= 300 && status < 400:
		o.Reason += ": it sends the call elsewhere, which is not followed"
	}
	return o
}

// maxRetryAfter is the longest that a far side may ask us to wait.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads when a call may be made again: in so many seconds, or at a date. It is
// zero if nothing is said.
func (p *Provider) retryAfter(text string) rapport.Instant {
	now := p.config.Now()
	if seconds, err := strconv.ParseUint(strings.TrimSpace(text), 10, 31); err == nil {
		return rapport.InstantOf(now.Add(min(time.Duration(seconds)*time.Second, maxRetryAfter)))
	}
	at, err := http.ParseTime(text)
	if err != nil || at.Before(now) {
		return 0
	}
	if end := now.Add(maxRetryAfter); at.After(end) {
		at = end
	}
	return rapport.InstantOf(at)
}

// fault is what a call without an answer comes to. The error itself names the address,
// which may be somebody's, so its words go nowhere.
func (p *Provider) fault(err error, limited context.Context, begun bool) rapport.Outcome {
	reason := "no connection could be made"
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP) && p.config.AllowPrivate:
		return refused("the address is one that is never called: link-local, or no machine's at all")
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return refused("the address lies within a private network, which this server does not call; it was not started with --allow-private-webhooks")
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		reason = "there was no answer in time"
	case limited.Err() != nil:
		reason = "sending was stopped"
	case errors.As(err, &unknown):
		reason = "the host's name could not be resolved"
	case errors.As(err, &certificate):
		reason = "the host's certificate is not valid"
	case begun:
		reason = "the connection broke before there was an answer"
	}
	if begun {
		return rapport.Outcome{Kind: rapport.Vague, Reason: reason}
	}
	return later(reason)
}
