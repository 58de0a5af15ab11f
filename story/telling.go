package story

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rapport"
	"rapport/flow"
	"rapport/store"
)

// mostTold is how many lines of each sort a failure tells.
const mostTold = 8

// about tells one sort of what there is.
type about func(w *world, id rapport.CustomerID) (title string, lines []string)

// failure says what is the matter, and what there is.
func (w *world) failure(matter string, id rapport.CustomerID, tell ...about) error {
	var b strings.Builder
	b.WriteString(matter)
	for _, t := range tell {
		title, lines := t(w, id)
		if len(lines) == 0 {
			fmt.Fprintf(&b, "\n%s: none", title)
			continue
		}
		if left := len(lines) - mostTold; left > 0 {
			lines = append([]string{fmt.Sprintf("(%d earlier ones)", left)}, lines[left:]...)
		}
		fmt.Fprintf(&b, "\n%s:\n%s", title, indented(strings.Join(lines, "\n")))
	}
	return fmt.Errorf("%s", b.String())
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}

// aboutMessages tells all messages, or those for one customer.
func aboutMessages(w *world, id rapport.CustomerID) (string, []string) {
	title := "messages to her"
	if id.IsZero() {
		title = "messages"
	}
	var lines []string
	for _, m := range slices.Backward(w.messages()) {
		if !id.IsZero() && !w.isFor(m, id) {
			continue
		}
		at := m.CreatedAt
		if m.HandedAt != 0 {
			at = m.HandedAt
		}
		line := fmt.Sprintf("%s %s/%s %s to %s: %s", w.clock(at), m.Journey, m.Step, m.Channel, m.To, m.Status)
		if m.Reason != "" {
			line += ", " + m.Reason
		}
		if m.Subject != "" {
			line += fmt.Sprintf(" %q", m.Subject)
		}
		if w.named[m.ID] {
			line += " (named before)"
		}
		lines = append(lines, line)
	}
	return title, lines
}

func aboutRuns(w *world, id rapport.CustomerID) (string, []string) {
	const title = "her runs"
	look, err := w.look(id)
	if err != nil {
		return title, nil
	}
	var lines []string
	for _, run := range look.Runs() {
		j := w.compiled.Journeys.Of(run)
		if j == nil {
			continue
		}
		step, _ := j.StepAt(run)
		line := j.Name()
		if run.Key != "" {
			line += " of " + run.Key
		}
		lines = append(lines, fmt.Sprintf("%s at %s until %s", line, step, w.clock(run.Due)))
	}
	return title, lines
}

func aboutDecisions(w *world, id rapport.CustomerID) (string, []string) {
	const title = "decisions about her"
	all, err := w.allDecisions(id, store.DecisionFilter{Limit: mostTold + 1})
	if err != nil {
		return title, nil
	}
	var lines []string
	for _, d := range slices.Backward(all) {
		lines = append(lines, fmt.Sprintf("%s %s/%s %s%s", w.clock(d.At), d.Journey, d.Step, d.Outcome, saysNo(d)))
	}
	return title, lines
}

func aboutSegments(w *world, id rapport.CustomerID) (string, []string) {
	const title = "her segments"
	look, err := w.look(id)
	if err != nil {
		return title, nil
	}
	var lines []string
	for _, m := range look.Memberships() {
		lines = append(lines, fmt.Sprintf("%s since %s", m.Segment, w.clock(m.Since)))
	}
	return title, lines
}

// allDecisions returns the decisions about a customer and about those who became
// part of her, from new to old.
func (w *world) allDecisions(id rapport.CustomerID, f store.DecisionFilter) ([]rapport.Decision, error) {
	look, err := w.look(id)
	if err != nil {
		return nil, err
	}
	var all []rapport.Decision
	for _, f.Customer = range append(look.Record().Former(0), id) {
		found, err := w.store.Decisions(context.Background(), f)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	slices.SortStableFunc(all, func(a, b rapport.Decision) int { return int(b.At - a.At) })
	return all, nil
}

// eventNames returns the names of a customer's events, old to new.
func (w *world) eventNames(id rapport.CustomerID) ([]string, error) {
	look, err := w.look(id)
	if err != nil {
		return nil, err
	}
	events, err := flow.Events(context.Background(), w.store, look.Record())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range events {
		names = append(names, e.Name())
	}
	return names, nil
}
