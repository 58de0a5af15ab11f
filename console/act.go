package console

import (
	"net/http"
	"net/url"
	"path"
	"slices"
)

// act is something that can be done with a journey or campaign, by the name that the
// face has for it.
type act struct {
	Of   journeyPage
	Verb string
}

// acts are what can be done: what its button says, and what comes of it. To resume what
// has stopped by itself is another thing to decide than to resume what somebody paused.
var acts = map[string]struct{ name, effect string }{
	"pause":   {"Pause", "Nobody enters any more, whoever is on the way stands still, and messages that wait are held. Exits and goals still take effect. It stays so until somebody lets it go on."},
	"resume":  {"Go on", "What fell due meanwhile is done now, and judged as of now. Whose turn had come before has it now, however late that is; turns that came meanwhile are missed if they are too late."},
	"spite":   {"Go on in spite of that", "What was met so far is forgiven, those who went first are watched anew, and it stops again if too many mind. Who had not had her turn yet when it stopped has it then, however late that is."},
	"archive": {"Archive", "Runs under way end, messages that wait are dropped, and nobody enters. Restored later, it begins anew: the runs that have ended stay ended."},
	"restore": {"Restore", "Whoever meets its entry from now on enters. The runs that ended when it was archived stay ended."},
}

func (a act) key() string {
	if a.Verb == "resume" && a.Of.Journey.Stopped() != "" {
		return "spite"
	}
	return a.Verb
}

// Name returns what a button says.
func (a act) Name() string { return acts[a.key()].name }

// Effect says what comes of it.
func (a act) Effect() string { return acts[a.key()].effect }

// At returns where it is confirmed and done.
func (a act) At() string { return a.Back() + "/" + a.Verb }

// Back returns where what it is done with is shown.
func (a act) Back() string { return a.Of.At() + "/" + url.PathEscape(a.Of.Journey.Name) }

// Asks reports whether the one who does it is asked why; it is kept for as long as the
// standing is.
func (a act) Asks() bool { return a.Verb == "pause" || a.Verb == "archive" }

func (a act) title() string { return a.Name() + ": " + a.Of.Journey.Name }

// confirm asks whether something is to be done. Looking changes nothing.
func (c *Console) confirm(w http.ResponseWriter, r *http.Request) {
	verb := r.PathValue("act")
	p, err := c.lookJourney(r.Context(), r.PathValue("name"))
	switch possible := p.Acts(); {
	case err != nil:
		c.fail(w, err)
	case acts[verb].name == "" || verb == "spite":
		c.nothing(w, r)
	case !slices.ContainsFunc(possible, func(a act) bool { return a.Verb == verb }):
		http.Redirect(w, r, act{p, verb}.Back(), http.StatusSeeOther)
	default:
		c.show(w, http.StatusOK, "act", act{p, verb})
	}
}

// act does what was confirmed and leads back to the page that shows it.
func (c *Console) act(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	verb, name := r.PathValue("act"), url.PathEscape(r.PathValue("name"))
	if acts[verb].name == "" || verb == "spite" {
		c.nothing(w, r)
		return
	}
	var standing struct{ State string }
	reason := map[string]string{"reason": r.PostFormValue("reason")}
	if err := c.call(r.Context(), http.MethodPost, "/v1/journeys/"+name+"/"+verb, reason, &standing); err != nil {
		c.fail(w, err)
		return
	}
	http.Redirect(w, r, path.Dir(r.URL.EscapedPath()), http.StatusSeeOther)
}
