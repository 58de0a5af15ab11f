package flow

// ForgetTouched makes the engine forget whose records have changed.
func (g *Engine) ForgetTouched() { g.touched.Clear() }

// Remembered returns of how many segments members are remembered.
func (g *Engine) Remembered() int { return len(g.members) }

// WakeUntil is [Wake] that may be told to stop.
var WakeUntil = wakeUntil
