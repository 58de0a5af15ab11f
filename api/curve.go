package api

import (
	"context"
	"net/http"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/segment"
)

type sizeThen struct {
	At           rapport.Instant `json:"at" doc:"When the hour or day began"`
	Size         int64           `json:"size" doc:"How many were in it at its end; of the last one, how many are in it now"`
	Entered      int64           `json:"entered" doc:"How often somebody entered"`
	Left         int64           `json:"left" doc:"How often somebody left"`
	ByTime       ways            `json:"byTime" doc:"Those of them that no event caused: a window moved on, a date came, a device was forgotten"`
	ByDefinition ways            `json:"byDefinition" doc:"Those of them that a new or changed segment caused"`
}

type ways struct {
	Entered int64 `json:"entered"`
	Left    int64 `json:"left"`
}

type sizeHistory struct {
	History []sizeThen `json:"history" doc:"From old to new, without gaps"`
}

type curveQuery struct {
	SegmentPath
	From string `query:"from" format:"date-time" maxLength:"40" doc:"An instant in the first hour or day to show; if nothing is said, 90 days or 7 days of hours back"`
	To   string `query:"to" format:"date-time" maxLength:"40" doc:"The instant before which the last hour or day begins; now if nothing is said"`
	By   string `query:"by" enum:"hour,day" default:"day" doc:"Days begin at midnight UTC"`
}

func (a *api) curveOperations() {
	register(a, operation{
		method: http.MethodGet, path: "/v1/segments/{name}/history", id: "get-segment-history", group: "Segments", summary: "How a segment's size went",
		detail: "By hours or by days in UTC, up to 1,000 of them. It is counted along with the changes themselves, so it is exact and the last size is the present one. " +
			"A change counts in the hour in which it was done. It begins with the first hour in which anybody entered: what was before is not shown. " +
			"Of a segment that was deleted and made anew under its name it shows both; in between it had nobody. " +
			"When two profiles become one, one of them leaves.",
	}, a.segmentHistory)
}

const maxSizes = 1000

func (a *api) segmentHistory(ctx context.Context, in *curveQuery) (*answer[sizeHistory], error) {
	if _, err := a.segment(in.Name); err != nil {
		return nil, err
	}
	var sizes flow.Sizes
	if err := a.Flow.Do(ctx, flow.Count(&sizes)); err != nil { // what is due is done first
		return nil, err
	}
	from, to, width, err := in.span(a.Flow.Now())
	if err != nil {
		return nil, err
	}
	curve, err := flow.Curve(ctx, a.Ledger, in.Name, from, to, width)
	out := sizeHistory{History: make([]sizeThen, len(curve))}
	for i, s := range curve {
		out.History[i] = showSize(s)
	}
	return &answer[sizeHistory]{out}, err
}

// span returns which hours or days are asked for, none of them in the future.
func (in *curveQuery) span(now rapport.Instant) (from, to rapport.Instant, width time.Duration, err error) {
	width, usual := 24*time.Hour, 89*24*time.Hour
	if in.By == "hour" {
		width, usual = time.Hour, (7*24-1)*time.Hour
	}
	to = now + 1
	if in.To != "" {
		if to, err = rapport.ParseInstant(in.To); err != nil {
			return 0, 0, 0, rapport.Errorf(rapport.Invalid, `"to" is no instant. Write it as 2026-11-01T08:00:00Z.`)
		}
		to = min(to, now+1)
	}
	from = to.Add(-usual)
	if in.From != "" {
		if from, err = rapport.ParseInstant(in.From); err != nil {
			return 0, 0, 0, rapport.Errorf(rapport.Invalid, `"from" is no instant. Write it as 2026-11-01T08:00:00Z.`)
		}
	}
	switch {
	case from >= to:
		return 0, 0, 0, rapport.Errorf(rapport.Invalid, `"from" must be before "to", and not in the future.`)
	case to.Sub(from) > maxSizes*width:
		return 0, 0, 0, rapport.Errorf(rapport.Invalid, `From "from" to "to" there are more than %d %ss. Ask for a shorter time, or for days instead of hours.`, maxSizes, in.By)
	}
	return from, to, width, nil
}

func showSize(s flow.Size) sizeThen {
	shown := sizeThen{
		At: s.At, Size: s.Size,
		ByTime:       ways{s.Entered[segment.ByTime], s.Left[segment.ByTime]},
		ByDefinition: ways{s.Entered[segment.ByDefinition], s.Left[segment.ByDefinition]},
	}
	for _, n := range s.Entered {
		shown.Entered += n
	}
	for _, n := range s.Left {
		shown.Left += n
	}
	return shown
}
