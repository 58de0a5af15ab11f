package webhook

// Sign is what tests outside the package look at.
func Sign(secret, id, at, body string) (string, bool) { return sign(secret, id, at, body) }
