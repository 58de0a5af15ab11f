package liquid_test

import (
	"strings"
	"testing"

	"rapport/render/liquid"
)

// What made other engines of Liquid panic, hang, or take all memory, as their own
// reports tell: here each is printed, or refused in words.
func TestWhatBrokeOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, want string }{
		{"a condition of nothing", "{% if %}x{% endif %}", "error: line 1, column 6: something is missing here"},
		{"a loop of nothing", "{% for %}x{% endfor %}", "error: line 1, column 7: something is missing here"},
		{"an assignment of nothing", "{% assign %}", "error: line 1, column 10: something is missing here"},
		{"a case of nothing", "{% case %}{% when %}{% endcase %}", "error: line 1, column 8: something is missing here"},
		{"an output of nothing", "{{}}{{ }}{{-}}", ""},
		{"a filter of nothing", "{{ number | }}", "error: line 1, column 12: something is missing here"},
		{"a tag of nothing", "{% %}{%%}", "error: line 1, column 1: "},
		{"whole numbers by zero", "{{ 20 | divided_by: 0 }}", "error: line 1, column 9: there is no dividing by zero"},
		{"decimals by zero", "{{ 1.0 | divided_by: 0.0 | ceil }}", "error: line 1, column 10: there is no dividing by zero"},
		{"by minus zero", "{{ 1.0 | divided_by: -0.0 }}", "error: line 1, column 10: there is no dividing by zero"},
		{"by what is no number", "{{ 1 | divided_by: text }}", "error: line 1, column 8: there is no dividing by zero"},
		{"a remainder by zero", "{{ 20 | modulo: 0 }}{{ 1.5 | modulo: 0.0 }}", "error: line 1, column 9: there is no remainder"},
		{"the least number by minus one", "{{ -9223372036854775808 | divided_by: -1 }} {{ -9223372036854775808 | modulo: -1 }} {{ -9223372036854775808 | abs }}", "9.223372036854776e+18 0 9.223372036854776e+18"},
		{"beyond 64 bits", "{{ 9223372036854775807 | plus: 1 }} {{ 9223372036854775807 | times: 9223372036854775807 }}", "9.223372036854776e+18 8.507059173023462e+37"},
		{"beyond all numbers", "{% assign n = 1000000000000000000.5 %}{% for i in (1..6) %}{% assign n = n | times: n %}{% endfor %}", "error: line 1, column 78: this number is too large to calculate with"},
		{"no exponents", "{{ '1e999999999' | plus: 1 }} {{ '-1E+308' | times: 2 }}", "2 -2"},
		{"a number of many digits", "{{ '" + strings.Repeat("9", 400) + "' | round }}", "0"},
		{"rounded to many digits", "{{ 1.5 | round: 999999999 }} {{ 1.5 | round: -999999999 }} {{ 123 | round: -2 }}", "2 0 100"},
		{"cut before the beginning", "[{{ 'hello' | slice: -99, 2 }}{{ 'hello' | slice: -9223372036854775808 }}]", "[]"},
		{"cut behind the end", "[{{ 'hello' | slice: 99, 2 }}{{ 'hello' | slice: 1, 9223372036854775807 }}{{ list | slice: 99, 9 | size }}]", "[ello0]"},
		{"cut backwards", "[{{ 'hello' | slice: 2, -4 }}{{ list | slice: 0, -9223372036854775808 | size }}]", "[0]"},
		{"cut at no number", "{{ 'hello' | slice: 'x' }}", "error: line 1, column 14: a whole number was expected here"},
		{"shortened to less than its mark", "[{{ 'hello' | truncate: 1 }}{{ 'hello' | truncate: -5, '' }}{{ 'hello' | truncate: 2, 'and much more' }}]", "[...and much more]"},
		{"shortened to more than there is", "{{ 'hello' | truncate: 9223372036854775807 }}{{ 'a b' | truncatewords: 9223372036854775807 }}", "helloa b"},
		{"shortened to no words", "{{ 'a b c' | truncatewords: 0 }}{{ 'a b c' | truncatewords: -9 }}", "a...a..."},
		{"dates that are none", "{{ 'yesterdayish' | date: '%Y' }}{{ list | date: '%Y' | size }}{{ '2026-99-99' | date: '%Y' }}{{ nothing | date: '%Y' }}", "yesterdayish62026-99-99"},
		{"dates far away", "{{ 9223372036854775807 | date: '%Y' }} {{ -9223372036854775808 | date: '%Y' }} {{ '99999-01-01' | date: '%Y' }}", "9223372036854775807 -9223372036854775808 99999-01-01"},
		{"forms of dates that are none", "{{ 0 | date: '%' }}{{ 0 | date: '%%%' }}{{ 0 | date: '%Q%!%é' }}{{ 0 | date: '%:::::z' }}", "%%%%Q%!%é+00:00:00"},
		{"a date as wide as memory", "{{ 0 | date: '%999999999Y' | size }}", "64"},
		{"sorted with nothing in it", "{{ list | sort }}", "error: line 1, column 11: a list of different kinds of things has no order"},
		{"sorted by what is not there", "{{ list | sort: 'nothing' }}", "error: line 1, column 11: "},
		{"sorted that is no list", "{{ number | sort }}{{ nothing | sort | size }}{{ text | sort_natural | size }}", "-7.2501"},
		{"added up that cannot be", "{{ list | sum }}{{ nothing | sum }}{{ object | sum }}", "400"},
		{"the only item of a text", "[{{ 'text' | first }}{{ 'text' | last }}{{ text.first }}{{ number.last }}]", "[]"},
		{"places that are not there", "[{{ list[99] }}{{ list[-99] }}{{ list[9223372036854775807] }}{{ list['x'] }}{{ list[nothing] }}{{ number[0] }}]", "[]"},
		{"a loop over a number or nothing", "[{% for i in number %}x{% endfor %}{% for i in nothing %}x{% endfor %}{% for i in (nothing..nothing) %}{{ i }}{% endfor %}]", "[0]"},
		{"a loop the wrong way round", "[{% for i in (9223372036854775807..-9223372036854775808) %}x{% endfor %}{% for i in list limit: -5 offset: -5 %}x{% endfor %}]", "[]"},
		{"a table of no columns", "{% tablerow i in (1..2) cols: 0 %}{{ i }}{% endtablerow %}", "<tr class=\"row1\">\n<td class=\"col1\">1</td><td class=\"col2\">2</td></tr>\n"},
		{"a loop that does nothing", "{%- for i in (1..1000000000) -%}{%- endfor -%}", "error: line 1, column 1: this template takes too many steps"},
		{"a loop that prints little", "{% for i in (1..1000000000) %} {{'a'}} {% endfor %}", "error: line 1, column 39: this template takes too many steps"},
		{"a range of all numbers as a list", "{{ (1..1000000000) | reverse | first }}", "error: line 1, column 22: this template takes too many steps"},
		{"a range of all numbers as JSON", "{{ (1..1000000000) | json }}", "error: line 1, column 22: this template takes too many steps"},
		{"the size of a range of all numbers", "{{ (1..1000000000) | size }}", "1000000000"},
		{"markup that never closes", "{{ '" + strings.Repeat("<script<style<!--", 4000) + "' | strip_html | size }}", "68000"},
		{"a text made longer from within", "{% assign s = 'aa' %}{% for i in (1..99) %}{% assign s = s | replace: 'a', s %}{% endfor %}", "error: line 1, column 62: this template takes too many steps"},
		{"replaced at its first and last place", "{% assign s = 'aa' %}{% for i in (1..99) %}{% assign s = s | replace_first: 'a', s | replace_last: 'a', s %}{% endfor %}", "error: line 1, column 22: this template takes too many steps"},
		{"nothing replaced by much", "{{ 'aaa' | replace: '', 'b' }}{{ '' | replace: '', 'b' }}", "bababab" + "b"},
		{"a text that is no base64", "{{ 'héé' | base64_decode }}", "error: line 1, column 12: this is not base64 of a text"},
		{"base64 of no text", "{{ '/////w==' | base64_decode }}", "error: line 1, column 17: this is not base64 of a text"},
		{"an address cut in its midst", "{{ '%' | url_decode }}{{ '%zz%4' | url_decode }}{{ '%ff' | url_decode }}", "%%zz%4\ufffd"},
		{"the text of no UTF-8", "\xff{{ '\xff\xfe' | upcase | size }}{{ '\xff' | truncate: 1 }}{{ '\xffab' | slice: 1 }}{{ '\xff' | capitalize }}", "\xff2\xffa\ufffd"},
		{"a block that renders itself", "{% render 'self' %}", "error: block \"self\", line 1, column 1: blocks are rendered inside blocks too deep here"},
		{"names of the language under the engine", "[{{ object.__proto__ }}{{ object.constructor }}{{ list.length }}{{ text.class }}]", "[]"},
		{"lists and objects against each other", "{% if list == object %}x{% elsif object == list %}x{% endif %}{% if object != list and object == object and list == list %}y{% endif %}", "y"},
		{"a break outside of a loop", "a{% break %}b", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := known(c.src)
			if got != c.want && !(strings.HasPrefix(c.want, "error: ") && strings.HasPrefix(got, c.want)) {
				t.Errorf("%.80s\n got %.200q\nwant %q", c.src, got, c.want)
			}
		})
	}
}

// known returns what a template prints, or its error.
func known(src string) string {
	tmpl, err := liquid.Parse(src, liquid.ParseOptions{Load: blocks(map[string]string{"self": src})})
	if err != nil {
		return "error: " + err.Error()
	}
	out, err := tmpl.Render(nil, fuzzData, liquid.RenderOptions{})
	if err != nil {
		return "error: " + err.Error()
	}
	return string(out)
}
