package api

import (
	"rapport/journey"
)

// worstCase is how many messages a journey asks for at worst.
type worstCase struct {
	Messages  *int        `json:"messages" doc:"The most that it asks for in any seven days for one customer, whatever she does; null if there is no bound. Days count 24 hours; what is decided against a message, such as missing consent, is left aside"`
	Exact     bool        `json:"exact" doc:"There may be a week of so many; otherwise there are never more"`
	Unbounded string      `json:"unbounded,omitempty" doc:"What makes for any number of messages"`
	PerKey    string      `json:"perKey,omitempty" doc:"All of it holds for each value of this property of the entry, as many as she has at once"`
	Of        []worstPart `json:"of" doc:"By channel and class; each may have a week of its own"`
}

type worstPart struct {
	Channel  string `json:"channel"`
	Class    string `json:"class"`
	Messages *int   `json:"messages" doc:"null if there is no bound"`
}

// outlook is what is to be said of a journey that is applied.
type outlook struct {
	Name  string     `json:"name"`
	Worst *worstCase `json:"worstCase"`
	Reach *reach     `json:"reach,omitempty" doc:"Of a plan: whom it would reach"`
}

func worstCaseOf(w journey.WorstCase) *worstCase {
	out := &worstCase{Exact: w.Exact, Unbounded: w.Unbounded, PerKey: w.PerKey, Of: []worstPart{}}
	if w.Unbounded == "" {
		out.Messages = &w.Most
	}
	for _, p := range w.Of {
		part := worstPart{Channel: string(p.Channel), Class: p.Class.String()}
		if !p.Unbounded {
			part.Messages = &p.Most
		}
		out.Of = append(out.Of, part)
	}
	return out
}

func outlooksOf(journeys []*journey.Journey) []outlook {
	all := []outlook{}
	for _, j := range journeys {
		all = append(all, outlook{Name: j.Name(), Worst: worstCaseOf(j.WorstCase())})
	}
	return all
}
