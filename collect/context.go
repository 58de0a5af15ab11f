package collect

import "rapport"

// shared is the context that a batch gives to all of its events.
type shared struct {
	raw     []byte
	members []member
	place   map[string]int // of a name among members
	fault   *fault
	given   int // bytes so far
}

// member is one member of an object: its name, as it is written between its
// quotes, and its value.
type member struct{ name, value []byte }

func (p *parser) newShared(at span) shared {
	raw, ok := p.raw(at)
	if !ok || p.deep {
		return shared{fault: contextInvalid}
	}
	s := shared{raw: raw, place: map[string]int{}}
	walk(raw, func(m member) {
		name := string(plain(m.name))
		if i, ok := s.place[name]; ok {
			s.members[i] = m
			return
		}
		s.place[name] = len(s.members)
		s.members = append(s.members, m)
	})
	return s
}

// into gives the context to an event of a size, beside the event's own.
func (s *shared) into(e *rapport.Event, size int) *fault {
	switch {
	case s.fault != nil:
		return s.fault
	case s.raw == nil:
		return nil
	case size+len(s.raw) > MaxEvent:
		return tooLarge
	case s.given+len(s.raw) > maxShared:
		return contextTooLarge
	}
	s.given += len(s.raw)
	if e.Context == nil {
		e.Context = s.raw
	} else {
		e.Context = s.merge(e.Context)
	}
	return nil
}

// merge returns own with those members whose names it does not have itself.
func (s *shared) merge(own []byte) []byte {
	has := make([]bool, len(s.members))
	walk(own, func(m member) {
		if i, ok := s.place[string(plain(m.name))]; ok {
			has[i] = true
		}
	})
	merged := append(make([]byte, 0, len(s.raw)+len(own)), '{')
	for i, m := range s.members {
		if !has[i] {
			merged = append(append(append(merged, '"'), m.name...), '"', ':')
			merged = append(append(merged, m.value...), ',')
		}
	}
	return append(merged, own[1:]...)
}

// walk calls visit for each member of an object that was scanned before, or of nil.
func walk(raw []byte, visit func(member)) {
	if raw == nil {
		return
	}
	s := scanner{data: raw}
	s.object(func(name []byte) bool {
		at, ok := s.span()
		visit(member{name, raw[at.from:at.to]})
		return ok
	})
}

// withCategory returns properties with a page's category among them, unless
// they have one themselves.
func withCategory(properties []byte, category string) []byte {
	has := false
	walk(properties, func(m member) { has = has || string(plain(m.name)) == "category" })
	if has || category == "" {
		return properties
	}
	b := rapport.AppendQuoted([]byte(`{"category":`), category)
	if properties == nil {
		return append(b, '}')
	}
	return append(append(b, ','), properties[1:]...)
}
