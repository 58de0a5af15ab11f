//go:build noconsole

package app

import (
	"net/http"

	"rapport"
)

// startPage returns no pages: this program was built without them.
func (a *App) startPage(Page, http.Handler, string) (http.Handler, func([]rapport.Event), error) {
	return nil, func([]rapport.Event) {}, nil
}
