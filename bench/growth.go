package bench

import (
	"context"
	"fmt"
)

// GrowthReport is what the same work costs with ever more customers.
type GrowthReport struct {
	Work   string    `json:"work"`
	Events int       `json:"events"`
	Spread string    `json:"spread"`
	Grown  []*Growth `json:"customers"`
	Ratio  float64   `json:"cost_of_last_to_first"` // per event
	Place
}

// Growth is what it costs with one number of customers.
type Growth struct {
	Customers int `json:"customers"`
	*Cost
	Size    *Size    `json:"size"`
	Kept    *Preview `json:"preview_of_kept_facts"`
	NotKept *Preview `json:"preview_of_facts_not_kept"`
}

// Grow measures the same stream, start-up and answers at each number of customers.
func Grow(ctx context.Context, o Trial, segments, journeys int, customers []int) (*GrowthReport, error) {
	if len(customers) == 0 {
		return nil, fmt.Errorf("say at least one number of customers")
	}
	r := &GrowthReport{Work: "growth", Events: o.Events, Spread: o.Spread, Place: here()}
	for _, n := range customers {
		o.Customers = n
		g, err := growTo(ctx, o, segments, journeys)
		if err != nil {
			return nil, err
		}
		r.Grown = append(r.Grown, g)
	}
	r.Ratio = r.Grown[len(r.Grown)-1].CPUPer100k / r.Grown[0].CPUPer100k
	return r, nil
}

func growTo(ctx context.Context, o Trial, segments, journeys int) (g *Growth, err error) {
	t, err := newTrial(o, segments, journeys)
	if err != nil {
		return nil, err
	}
	defer func() { err = t.close(err) }()
	g = &Growth{Customers: o.Customers}
	if g.Cost, err = t.cost(ctx); err != nil {
		return nil, err
	}
	if err := t.start(ctx, "reads"); err != nil {
		return nil, err
	}
	if g.Size, err = t.sizeIdle(ctx); err != nil {
		return nil, err
	}
	if g.Kept, err = t.preview(ctx, keptQuestion()); err != nil {
		return nil, err
	}
	if g.NotKept, err = t.preview(ctx, newQuestion()); err != nil {
		return nil, err
	}
	_, err = t.stop(ctx)
	return g, err
}
