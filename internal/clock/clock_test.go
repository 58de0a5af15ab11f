package clock_test

import (
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"rapport/internal/clock"
)

var _ = []clock.Clock{clock.System{}, (*clock.Stepped)(nil), (*clock.Offset)(nil)}

var start = time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)

func TestSteppedMovesForwardOnly(t *testing.T) {
	t.Parallel()
	c := clock.NewStepped(start)
	now, err := c.Advance(time.Hour)
	if err != nil || !now.Equal(start.Add(time.Hour)) || !c.Now().Equal(now) {
		t.Errorf("an hour on: %v, %v; the clock shows %v", now, err, c.Now())
	}
	if _, err := c.Advance(-1); !errors.Is(err, clock.ErrBackwards) {
		t.Errorf("a negative step: %v", err)
	}
	if err := c.MoveTo(start); !errors.Is(err, clock.ErrBackwards) {
		t.Errorf("back to the start: %v", err)
	}
	if err := c.MoveTo(start.AddDate(1, 0, 0)); err != nil || !c.Now().Equal(start.AddDate(1, 0, 0)) {
		t.Errorf("a year on: %v; the clock shows %v", err, c.Now())
	}
}

func TestOffsetRunsWithItsBase(t *testing.T) {
	t.Parallel()
	base := clock.NewStepped(start)
	c := clock.NewOffset(base, time.Hour)
	shows := func(want time.Time) {
		t.Helper()
		if !c.Now().Equal(want) {
			t.Errorf("the clock shows %v, want %v", c.Now(), want)
		}
	}
	shows(start.Add(time.Hour))

	now, err := c.Advance(24 * time.Hour)
	if err != nil || !now.Equal(start.Add(25*time.Hour)) {
		t.Errorf("a day on: %v, %v", now, err)
	}
	shows(start.Add(25 * time.Hour))

	if _, err := base.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	shows(start.Add(25*time.Hour + time.Minute))

	if err := c.MoveTo(start.AddDate(0, 1, 0)); err != nil {
		t.Error(err)
	}
	shows(start.AddDate(0, 1, 0))

	again := clock.NewOffset(base, c.Ahead())
	if !again.Now().Equal(c.Now()) {
		t.Errorf("after a restart it shows %v, want %v", again.Now(), c.Now())
	}
}

func TestOffsetRefuses(t *testing.T) {
	t.Parallel()
	c := clock.NewOffset(clock.NewStepped(start), time.Hour)
	if _, err := c.Advance(-1); !errors.Is(err, clock.ErrBackwards) {
		t.Errorf("a negative step: %v", err)
	}
	if err := c.MoveTo(start.Add(time.Hour - 1)); !errors.Is(err, clock.ErrBackwards) {
		t.Errorf("a moment back: %v", err)
	}
	if err := c.MoveTo(start.Add(time.Hour)); err != nil {
		t.Errorf("to where it stands: %v", err)
	}
	if _, err := c.Advance(math.MaxInt64); !errors.Is(err, clock.ErrTooFar) {
		t.Errorf("beyond what can be counted: %v", err)
	}
	if err := c.MoveTo(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)); !errors.Is(err, clock.ErrTooFar) {
		t.Errorf("to the year 9999: %v", err)
	}
	if c.Reaches(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)) || !c.Reaches(start.AddDate(200, 0, 0)) {
		t.Error("what is reached is not what it can be moved to")
	}
	if c.Ahead() != time.Hour {
		t.Errorf("what was refused moved it to %v", c.Ahead())
	}
}

func TestNoStepIsLost(t *testing.T) {
	t.Parallel()
	stepped := clock.NewStepped(start)
	offset := clock.NewOffset(stepped, 0)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				if _, err := stepped.Advance(time.Second); err != nil {
					t.Error(err)
				}
				if _, err := offset.Advance(time.Minute); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if want := start.Add(800 * time.Second); !stepped.Now().Equal(want) {
		t.Errorf("stepped to %v, want %v", stepped.Now(), want)
	}
	if want := 800 * time.Minute; offset.Ahead() != want {
		t.Errorf("moved ahead by %v, want %v", offset.Ahead(), want)
	}
}
