package liquid_test

import (
	"fmt"

	"rapport"
	"rapport/render/liquid"
)

func ExampleParse() {
	_, err := liquid.Parse("Dear {{ customer.first_name | capitalise }},", liquid.ParseOptions{})
	fmt.Println(err)
	// Output: line 1, column 31: unknown filter "capitalise", did you mean "capitalize"?
}

func ExampleTemplate_Render() {
	t, err := liquid.Parse(`Dear {{ customer.first_name | default: "friend" }}, your {{ total | money }} are on the way.`, liquid.ParseOptions{
		Filters: map[string]liquid.Filter{"money": {Apply: func(c liquid.Call) (rapport.Value, error) {
			return rapport.TextOf("€ " + c.Input.String()), nil
		}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	data, _ := rapport.ParseJSON([]byte(`{"customer": {"first_name": "Mei"}, "total": 12.5}`))
	out, err := t.Render(nil, liquid.Object(data), liquid.RenderOptions{})
	fmt.Println(string(out), err)
	// Output: Dear Mei, your € 12.5 are on the way. <nil>
}

func ExampleTemplate_Variables() {
	t, err := liquid.Parse("{% for p in event.products %}{{ p.name }}{% endfor %}{{ customer.city | default: 'town' }}", liquid.ParseOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range t.Variables() {
		fmt.Println(p.Position, p.Name, p.Default)
	}
	// Output:
	// line 1, column 13 event.products false
	// line 1, column 33 event.products[].name false
	// line 1, column 57 customer.city true
}
