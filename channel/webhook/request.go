package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"rapport"
)

// request writes down how a call is made. Where that can't be, it is nil, and the outcome
// says why.
func (p *Provider) request(d *rapport.Delivery) (*http.Request, rapport.Outcome) {
	if d.Call == nil {
		return nil, refused("nothing says how the call is made")
	}
	var body io.Reader
	if d.Content.Text != "" {
		body = strings.NewReader(d.Content.Text)
	}
	r, err := http.NewRequest(d.Call.Method, d.Call.URL, body)
	if err != nil {
		return nil, refused("the address can't be called")
	}
	r.GetBody = nil // whether a call is made again is not the connection's to decide
	r.Header.Set("User-Agent", "Rapport")
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if problem := p.head(r.Header, d); problem != "" {
		return nil, later(problem)
	}
	return r, rapport.Outcome{}
}

// head sets the headers that the call says, its id and its signature. What is wrong with
// a secret is wrong with us: it may be set later.
func (p *Provider) head(to http.Header, d *rapport.Delivery) (problem string) {
	for _, h := range d.Call.Headers {
		value := h.Text
		if h.Secret != "" {
			secret, ok := p.config.Secrets(h.Secret)
			if !ok || !httpguts.ValidHeaderFieldValue(secret) {
				return fmt.Sprintf("the secret %s is not set, or can't be the value of a header", h.Secret)
			}
			value = secret
		}
		to.Set(h.Name, value)
	}
	id, at := d.Message.String(), strconv.FormatInt(p.config.Now().Unix(), 10)
	to.Set("Idempotency-Key", id)
	to.Set("webhook-id", id)
	to.Set("webhook-timestamp", at)
	if d.Call.Sign == "" {
		return ""
	}
	secret, _ := p.config.Secrets(d.Call.Sign)
	signature, ok := sign(secret, id, at, d.Content.Text)
	if !ok {
		return fmt.Sprintf("the secret %s is not set, or is no signing secret: whsec_ and 24 to 64 bytes in base64", d.Call.Sign)
	}
	to.Set("webhook-signature", signature)
	return ""
}

// sign returns the signature of a call as Standard Webhooks say.
func sign(secret, id, at, body string) (signature string, ok bool) {
	encoded, ok := strings.CutPrefix(secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return "", false
	}
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, id+"."+at+"."+body) // never fails
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), true
}
