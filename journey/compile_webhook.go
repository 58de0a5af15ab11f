package journey

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"rapport"
	"rapport/internal/durations"
	"rapport/internal/strictyaml"
	"rapport/rule"
)

// call is a step that calls an address outside.
type call struct {
	rapport.Call
	body    value // an object; of one without names nothing is sent
	giveUp  durations.Span
	save    string
	fields  []string
	forgets bool // the run does not wait for the answer
}

const (
	defaultTimeout = 10 * time.Second
	maxTimeout     = time.Minute
	defaultGiveUp  = time.Hour
	maxHeaders     = 20
	maxFields      = 50
)

var (
	headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")
	answerName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)
)

// webhook compiles a call into node n.
func (c *compiler) webhook(h Webhook, path, number string, n int) (ends bool) {
	out := &call{Call: rapport.Call{URL: h.URL, Method: cmp.Or(h.Method, "POST"), Timeout: defaultTimeout}, giveUp: durations.Span{Exact: defaultGiveUp}}
	c.address(h.URL, path+".url")
	c.headers(h.Headers, &out.Call, path+".headers")
	if h.Sign != nil {
		out.Sign = c.secret(h.Sign.Secret, path+".sign.secret")
	}
	if h.Timeout != "" {
		out.Timeout = c.timeout(h.Timeout, path+".timeout")
	}
	if h.GiveUp != "" {
		out.giveUp = c.span(h.GiveUp, path+".give_up")
	}
	out.body = c.object(h.Body, path+".body")
	c.harmless(&out.body, "it is not handed out", path+".body")
	if out.Method == "GET" && len(h.Body) > 0 {
		c.problem(path+".body", "a GET sends no body", "write method: POST, or leave the body out")
	}
	c.save(h, out, path)
	c.j.nodes[n].kind, c.j.nodes[n].call = callNode, out
	then, thenEnds := c.inner(h.Then, path+".then", number+".then.", n)
	missed, missedEnds := c.inner(h.Otherwise, path+".otherwise", number+".otherwise.", n)
	c.j.nodes[n].then, c.j.nodes[n].missed = then, missed
	return thenEnds && missedEnds
}

// address checks where a call goes. Whether it is within our own network is asked of the
// address that is dialled, not of its name.
func (c *compiler) address(text, path string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || len(text) > 2000:
		c.problem(path, "this is no address that could be called", "write it whole, such as https://crm.example/score")
	case u.User != nil:
		c.problem(path, "the address holds a name and password, which everybody reads who sees the document", "send a header Authorization: { secret: NAME }")
	case u.Scheme != "https" && (u.Scheme != "http" || !ownNetwork(u.Hostname())):
		c.problem(path, "what is sent could be read on the way", "write https://")
	case u.Fragment != "":
		c.problem(path, "what stands behind # is never sent", "leave it out")
	}
}

// ownNetwork reports whether a host is named as one that only our own network knows.
func ownNetwork(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsPrivate() || a.IsLoopback()
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".local")
}

func (c *compiler) headers(headers map[string]Header, to *rapport.Call, path string) {
	if len(headers) > maxHeaders {
		c.problem(path, fmt.Sprintf("there are more than %d headers", maxHeaders), "leave some out")
	}
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		h, at := headers[name], strictyaml.Key(path, name)
		same := func(other rapport.Header) bool { return strings.EqualFold(other.Name, name) }
		switch {
		case slices.ContainsFunc(to.Headers, same):
			c.problem(at, "there are two headers of this name, which does not care for capitals", "leave one out")
		case !headerName.MatchString(name):
			c.problem(at, fmt.Sprintf("%q can't be the name of a header", name), "write it as X-Key")
		case ownHeader(name):
			c.problem(at, name+" is set by the call itself", "leave it out")
		case (h.Text == "") == (h.Secret == ""):
			c.problem(at, "the header has no value", "write a text, or { secret: NAME }")
		case strings.ContainsFunc(h.Text, func(r rune) bool { return r < ' ' || r == 0x7f }):
			c.problem(at, "the header's value is not one line", "write it in one line")
		}
		if h.Secret != "" {
			c.secret(h.Secret, at+".secret")
		}
		to.Headers = append(to.Headers, rapport.Header{Name: name, Text: h.Text, Secret: h.Secret})
	}
}

// ownHeader reports whether a header is one that the call sets by itself.
func ownHeader(name string) bool {
	switch strings.ToLower(name) {
	case "host", "content-length", "content-type", "transfer-encoding", "connection", "idempotency-key", "webhook-id", "webhook-timestamp", "webhook-signature":
		return true
	}
	return false
}

// secret notes the name of a secret that the journey needs.
func (c *compiler) secret(name, path string) string {
	if name == "" {
		c.problem(path, "the secret has no name", "write { secret: NAME }")
	} else if !slices.Contains(c.j.secrets, name) {
		c.j.secrets = append(c.j.secrets, name)
	}
	return name
}

func (c *compiler) timeout(text, path string) time.Duration {
	span := c.span(text, path)
	if span.Days > 0 || span.Exact > maxTimeout {
		c.problem(path, text+" is too long for one call", "write 60s at most")
	}
	return span.Exact
}

// harmless refuses what reads a sensitive trait, saying what is not done with one.
func (c *compiler) harmless(v *value, never, path string) {
	if c.in.Plan == nil {
		return
	}
	v.each(func(e *rule.Value) {
		for _, name := range e.Reads().Traits {
			if slices.Contains(c.in.Plan.Sensitive, name) {
				c.problem(path, fmt.Sprintf("the data plan says that %q is sensitive: %s", name, never), "leave it out")
			}
		}
	})
}

func (c *compiler) save(h Webhook, to *call, path string) {
	to.forgets = h.Wait != nil && !*h.Wait
	switch {
	case to.forgets && h.Save != nil:
		c.problem(path+".save", "an answer that is not waited for can't be kept", "leave save out, or wait: false")
	case to.forgets && len(h.Then)+len(h.Otherwise) > 0:
		c.problem(path, "what nobody waits for has no then and no otherwise", "leave them out, or wait: false")
	case h.Save == nil:
	case !answerName.MatchString(h.Save.Name):
		c.problem(path+".save", fmt.Sprintf("%q can't be the name of an answer", h.Save.Name), "write a word in small letters, such as crm")
	case len(h.Save.Fields) > maxFields:
		c.problem(path+".save.fields", fmt.Sprintf("there are more than %d fields", maxFields), "leave some out")
	default:
		to.save, to.fields = h.Save.Name, h.Save.Fields
	}
}

// Secrets returns the names of the secrets that the journey's calls need. The slice must
// not be changed.
func (j *Journey) Secrets() []string { return j.secrets }

// callAt returns the call of a step, or of the one that came in its place.
func (j *Journey) callAt(step string) *call {
	if i, ok := j.at(placeHash(step)); ok {
		return j.nodes[i].call
	}
	return nil
}
