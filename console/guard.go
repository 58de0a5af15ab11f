package console

import (
	"context"
	"net/http"
)

// policy lets a page load what this server serves and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// strict tells the browser to trust a page with as little as it needs.
func strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "same-origin") // with no-referrer a browser would not say either that a form is of this site
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// ours refuses what a page of another site asks to be done, of which a browser tells:
// the key that it sends along by itself proves only who is asked, not that she wants it.
func (c *Console) ours(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c.show(w, http.StatusForbidden, "failure", failure{Title: "Nothing was done", Text: "Another site asked for this. What is to be done here is asked for on these pages."})
	}))
	return guard.Handler(next)
}

// signature is who has signed in: with which key, and who she says that she is. It goes
// along with the request's context, under signed.
type signature struct{ key, name string }

type signed struct{}

// signedIn asks for an admin's key as the password of HTTP Basic, whatever the
// user is called.
func (c *Console) signedIn(next http.Handler) http.Handler {
	if c.Authorised == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, key, ok := r.BasicAuth(); ok && c.Authorised(key) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), signed{}, signature{key, name})))
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="Rapport: your name, and an admin key as password", charset="UTF-8"`)
		c.show(w, http.StatusUnauthorized, "failure", failure{
			Title: "Sign in", Text: "Reload the page, and give your name, which is recorded with what you do, or any other, and an admin key as the password. The first was shown when the data folder was made; RAPPORT_ADMIN_KEY sets another.",
		})
	})
}
