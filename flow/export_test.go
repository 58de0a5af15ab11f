package flow

// Remembered returns of how many segments members are remembered.
func (g *Engine) Remembered() int { return len(g.members) }
