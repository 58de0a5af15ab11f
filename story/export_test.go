package story

// Forms returns what lines can begin with.
func Forms() []string {
	forms := []string{"zone"}
	for _, v := range verbs() {
		if v.name != "expect" {
			forms = append(forms, v.name)
		}
	}
	for _, v := range expectations() {
		if v.name != "no" {
			forms = append(forms, "expect "+v.name)
		}
	}
	for _, v := range absences() {
		if v.name != "message" { // another way to write messages
			forms = append(forms, "expect no "+v.name)
		}
	}
	return forms
}
