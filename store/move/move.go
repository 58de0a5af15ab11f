// Package move takes a whole installation from one store to another, whatever their
// engines are.
//
// What it guarantees:
//
//  1. Every row of the source is in the target afterwards, in the same order where
//     rows have one, and no other: both are read to the end, counted and hashed, and
//     the move fails if they differ anywhere.
//  2. A move that was broken off leaves the source as it was. The target says that it
//     is half filled until a move into it is done; another move begins it anew.
//  3. At no moment do both stores pass for the installation: the source says where it
//     has gone before the target says that it is whole.
//
// It does not stop who writes to the source: it is given stores that it owns alone. It
// knows nothing of what lies beside a store, as the file with the key of the secrets.
package move

import (
	"context"
	"encoding/json"
	"fmt"

	"rapport"
	"rapport/store"
)

// Store is what is moved from and to.
type Store interface {
	store.Committer
	store.Records
	store.Events
	store.Messages
	store.Versions
	store.Values
	store.Porter
}

// setting is what a store says of a move that it has a part in. It is never moved.
const setting = "move"

// note is that setting's content.
type note struct {
	Filling bool   `json:"filling,omitempty"` // it is a target whose move is not done
	Other   string `json:"other"`             // where it is moved from or to, for people
	At      string `json:"at"`
}

// Settings tells the small named values of a store.
type Settings interface {
	// Setting returns a setting; nil if there is no such one.
	Setting(ctx context.Context, name string) ([]byte, error)
}

// Check returns an error of kind Conflict if a store is not an installation to run on:
// it was moved elsewhere, or a move into it is not done.
func Check(ctx context.Context, s Settings) error {
	n, err := noteOf(ctx, s)
	switch {
	case err != nil || n == nil:
		return err
	case n.Filling:
		return rapport.Errorf(rapport.Conflict, "A move into here, from %s, was begun %s and is not done. Do it again, which begins it anew: rapport move", n.Other, n.At)
	}
	return rapport.Errorf(rapport.Conflict, "This installation was moved to %s %s and goes on there. To let it go on here all the same, without all that has happened there: rapport move --reopen", n.Other, n.At)
}

func noteOf(ctx context.Context, s Settings) (*note, error) {
	data, err := s.Setting(ctx, setting)
	if err != nil || data == nil {
		return nil, err
	}
	n := new(note)
	if err := json.Unmarshal(data, n); err != nil {
		return nil, rapport.Errorf(rapport.Internal, "what the store says of its move can't be read: %w", err)
	}
	return n, nil
}

func (n note) keep(ctx context.Context, s Store) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return s.PutSettings(ctx, []store.Setting{{Name: setting, Data: data}})
}

// Reopen lets a store run again that was moved elsewhere. A store that is half filled
// is refused with kind Conflict.
func Reopen(ctx context.Context, s Store) error {
	n, err := noteOf(ctx, s)
	switch {
	case err != nil:
		return err
	case n == nil:
		return rapport.Errorf(rapport.Conflict, "It was not moved, so there is nothing to reopen.")
	case n.Filling:
		return Check(ctx, s)
	}
	return s.PutSettings(ctx, []store.Setting{{Name: setting}})
}

// Plan says what is moved. Names are for people, without passwords.
type Plan struct {
	From, To         Store
	FromName, ToName string
	At               string // when, for people
	Keep             bool   // the source stays in use: a copy, not a move
	Progress         func(part string, rows int64)
}

// Part is what became of one sort of rows.
type Part struct {
	Name      string
	Rows      int64
	Hash      string // SHA-256 of the source's rows
	Moved     int64
	MovedHash string // of the target's
}

// Same reports whether source and target agree.
func (p Part) Same() bool { return p.Rows == p.Moved && p.Hash == p.MovedHash }

// Run moves, and says what became of each sort of rows. It refuses, with kind
// Conflict, a source that has been moved or is half filled, and a target that holds
// anything but a move that is not done.
func Run(ctx context.Context, p Plan) ([]Part, error) {
	if err := p.prepare(ctx); err != nil {
		return nil, err
	}
	var done []Part
	for _, part := range parts() {
		result := Part{Name: part.name}
		var err error
		if result.Rows, result.Hash, err = p.pass(ctx, part, p.From, p.To); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		done = append(done, result)
	}
	for i, part := range parts() {
		var err error
		if done[i].Moved, done[i].MovedHash, err = p.pass(ctx, part, p.To, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
		if !done[i].Same() {
			return done, rapport.Errorf(rapport.Internal, "what arrived is not what was sent: %s differ. The source is as it was; nothing uses the target.", part.name)
		}
	}
	if from, to := p.From.State(), p.To.State(); from.Position != to.Position || from.At != to.At {
		return done, rapport.Errorf(rapport.Internal, "the target stands at batch %d, the source at %d", to.Position, from.Position)
	}
	return done, p.finish(ctx)
}

// prepare checks that the move may be done, and makes the target a half filled one.
func (p *Plan) prepare(ctx context.Context) error {
	target, err := noteOf(ctx, p.To)
	if err != nil {
		return err
	}
	begun := target != nil && target.Filling
	source, err := noteOf(ctx, p.From)
	switch {
	case err != nil:
		return err
	case source != nil && (source.Filling || !begun): // between the last two steps of a move both say something
		return Check(ctx, p.From)
	}
	if begun {
		if err := p.To.Empty(ctx); err != nil {
			return err
		}
	} else if err := p.empty(ctx); err != nil {
		return err
	}
	return note{Filling: true, Other: p.FromName, At: p.At}.keep(ctx, p.To)
}

// empty refuses a target that holds something.
func (p *Plan) empty(ctx context.Context) error {
	held := p.To.State().Position > 0
	if err := p.To.Export(ctx, store.SettingRows, func(*store.Batch) error { held = true; return nil }); err != nil {
		return err
	}
	if _, err := p.To.Version(ctx, 0); err == nil {
		held = true
	} else if rapport.KindOf(err) != rapport.NotFound {
		return err
	}
	if held {
		return rapport.Errorf(rapport.Conflict, "There is an installation in %s already. Name a place that is empty; a move writes over nothing.", p.ToName)
	}
	return nil
}

// finish makes the target the installation. The source says first that it is none any more.
func (p *Plan) finish(ctx context.Context) error {
	if !p.Keep {
		if err := (note{Other: p.ToName, At: p.At}).keep(ctx, p.From); err != nil {
			return err
		}
	}
	return p.To.PutSettings(ctx, []store.Setting{{Name: setting}})
}
