package api

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"net/http"
	"slices"

	"rapport"
	"rapport/flow"
	"rapport/profile"
	"rapport/workspace"
)

// Where an act on the unsubscribe page says that it was made.
const (
	byPage     = "unsubscribe page"
	byOneClick = "one-click unsubscribe"
	byUndo     = "unsubscribe page, taken back"
)

// UnsubscribePath returns the path of the page on which the recipient of a message
// says that she wants no more of its kind. It cannot be guessed, works for ever
// and names nobody.
func UnsubscribePath(key rapport.Key, id rapport.MessageID) string {
	return "/u/" + base64.RawURLEncoding.EncodeToString(append(id[:], unsubscribeMAC(key, id)...))
}

func unsubscribeMAC(key rapport.Key, id rapport.MessageID) []byte {
	mac := key.Sum("unsubscribe", string(id[:]))
	return mac[:16]
}

// messageOfToken returns the message that a token of UnsubscribePath stands for.
func messageOfToken(key rapport.Key, token string) (id rapport.MessageID, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != len(id)+16 {
		return id, false
	}
	copy(id[:], raw)
	return id, hmac.Equal(raw[len(id):], unsubscribeMAC(key, id))
}

// mountUnsubscribe adds the page. Looking at it changes nothing: mail scanners
// follow links. Posting to it unsubscribes, be it the page's button or a mailbox
// that does it at one click (RFC 8058).
//
// One click leaves the message's topic if it has one: the header that asks for it stands
// for the list by which the message came (RFC 2369), and the mailbox says no more than
// that she wants no more of it. Who wants no more at all says so on the page.
func (a *api) mountUnsubscribe(mux *http.ServeMux) {
	mux.HandleFunc("GET /u/{token}", a.page(func(_ *http.Request, u *unsubscription) (pageState, error) {
		return u.shown(), nil
	}))
	mux.HandleFunc("POST /u/{token}", a.page(func(r *http.Request, u *unsubscription) (pageState, error) {
		leaving, source := flow.LeaveTopic, byPage
		switch {
		case r.FormValue("List-Unsubscribe") == "One-Click":
			source = byOneClick
		case r.FormValue("all") != "":
			leaving = flow.LeavePurpose
		}
		if err := a.Flow.Do(r.Context(), flow.Unsubscribe(u.message, leaving, source)); err != nil {
			return failed, err
		}
		now, err := a.unsubscription(r.Context(), r.PathValue("token"))
		if err != nil {
			return failed, err
		}
		return now.shown(), nil
	}))
	mux.HandleFunc("POST /u/{token}/undo", a.page(func(r *http.Request, u *unsubscription) (pageState, error) {
		grant, ok := u.undo(a.Flow.Now())
		if !ok {
			return u.shown(), nil
		}
		if err := a.Flow.Do(r.Context(), flow.Record(u.record.ID, grant)); err != nil {
			return failed, err
		}
		now, err := a.unsubscription(r.Context(), r.PathValue("token"))
		switch {
		case err != nil:
			return failed, err
		case now.has(flow.LeaveTopic): // which she had left before she left everything
			return now.shown(), nil
		}
		return back, nil
	}))
}

// unsubscription is a message and its recipient as the page sees them.
type unsubscription struct {
	message rapport.Message
	record  *profile.Record
}

// has reports whether she has left the message's topic, or its purpose.
func (u *unsubscription) has(l flow.Leaving) bool {
	return u.record.Consent(flow.LeftBy(&u.message, l), u.message.Channel, u.message.To) == rapport.ConsentWithdrawn
}

// shown returns what the page shows.
func (u *unsubscription) shown() pageState {
	_, undo := u.undo(0)
	switch {
	case u.has(flow.LeavePurpose) && undo:
		return leftUndo
	case u.has(flow.LeavePurpose):
		return leftForGood
	case u.has(flow.LeaveTopic) && undo:
		return leftTopicUndo
	case u.has(flow.LeaveTopic):
		return leftTopic
	}
	return asking
}

// undo returns the act that takes her withdrawal on this page back, if that is the
// last she said and, of a purpose, she had agreed before. Nothing else can be agreed to
// here: whoever has the link may have it from somebody else.
func (u *unsubscription) undo(now rapport.Instant) (rapport.Consent, bool) {
	leaving := flow.LeaveTopic
	if u.has(flow.LeavePurpose) {
		leaving = flow.LeavePurpose
	}
	purpose := flow.LeftBy(&u.message, leaving)
	last := u.record.ConsentAct(purpose, u.message.Channel, u.message.To)
	if last == nil || last.State != rapport.ConsentWithdrawn || !ours(last.Source) {
		return rapport.Consent{}, false
	}
	act := rapport.Consent{Purpose: purpose, Channel: u.message.Channel, State: rapport.ConsentGranted, Source: byUndo, At: now}
	if _, isTopic := rapport.TopicOf(purpose); isTopic {
		return act, true
	}
	before := profile.New(u.record.ID)
	before.Consents = slices.DeleteFunc(slices.Clone(u.record.Consents), func(act rapport.Consent) bool {
		return act.State == rapport.ConsentWithdrawn && ours(act.Source)
	})
	granted := before.ConsentAct(purpose, u.message.Channel, u.message.To)
	if granted == nil || granted.State != rapport.ConsentGranted {
		return rapport.Consent{}, false
	}
	act.TextVersion = granted.TextVersion
	return act, true
}

func ours(source string) bool { return source == byPage || source == byOneClick }

// page answers a request for the page with the state that act comes to.
func (a *api) page(act func(*http.Request, *unsubscription) (pageState, error)) http.HandlerFunc {
	pages := newPages()
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
		shown := pageData{Token: r.PathValue("token")}
		var state pageState
		u, err := a.unsubscription(r.Context(), shown.Token)
		if err == nil {
			state, err = act(r, u)
		}
		switch {
		case err == nil:
			shown.channel = u.message.Channel
			shown.topic = a.topic(u.message.Topic)
			if a.Brand != nil {
				shown.Brand = a.Brand(r.Context(), u.message)
			}
		case rapport.KindOf(err) == rapport.NotFound:
			state = unknownLink
		default:
			a.Log.ErrorContext(r.Context(), "the unsubscribe page failed", "error", err)
			state = failed
		}
		pages.write(w, r, state, shown)
	}
}

var errUnknownLink = rapport.Errorf(rapport.NotFound, "This link is not known.")

// unsubscription reads what a token stands for.
func (a *api) unsubscription(ctx context.Context, token string) (*unsubscription, error) {
	id, ok := messageOfToken(a.Key, token)
	if !ok {
		return nil, errUnknownLink
	}
	m, err := a.Messages.Message(ctx, id)
	if err != nil {
		return nil, err
	}
	l := a.lookup(ctx)
	for _, who := range l.root(m.Customer) {
		row, err := l.load(who)
		if err != nil {
			return nil, err
		}
		if row.Data != nil {
			r, err := profile.Decode(who, row.Data)
			return &unsubscription{m, r}, err
		}
	}
	return nil, errUnknownLink
}

// topic returns a topic by its name; the name is the title of one that is not there any
// more, and there is none for no name.
func (a *api) topic(name string) (t workspace.Topic) {
	if name == "" {
		return t
	}
	if t, found := a.Workspaces.Current().Topics[name]; found {
		return t
	}
	return workspace.Topic{Title: map[string]string{"und": name}}
}
