package liquid

import (
	"strconv"
	"strings"
)

// tableRowNode is {% tablerow %}: a loop that prints rows and cells.
type tableRowNode struct {
	loopHead
	body *body
}

func (n *tableRowNode) render(r *renderer) error {
	t, err := n.turns(r)
	if err != nil {
		return err
	}
	l := &loop{length: t.n, cols: max(1, t.n)}
	if n.cols != nil {
		v, err := n.cols.eval(r)
		if err != nil {
			return err
		}
		if cols := floor(v); cols > 0 {
			l.cols = int(min(cols, 1<<20))
		}
	}
	base := len(r.scope)
	r.bind(n.symbol, value{})
	r.bind(n.self, value{kind: loopKind, of: l})
	err = n.rows(r, l, &t, base)
	r.scope = r.scope[:base]
	return err
}

func (n *tableRowNode) rows(r *renderer, l *loop, t *turns, base int) error {
	if err := r.write("<tr class=\"row1\">\n"); err != nil {
		return err
	}
	for ; l.index < t.n; l.index++ {
		if err := r.step(); err != nil {
			return err
		}
		r.scope[base].value = t.item(r, l.index)
		end, err := n.cell(r, l)
		if err != nil {
			return err
		}
		if end == errBreak {
			break
		}
	}
	return r.write("</tr>\n")
}

// cell prints one cell, and the beginning of the next row after the last one of
// a row. end tells how the body ended.
func (n *tableRowNode) cell(r *renderer, l *loop) (end, err error) {
	col := l.index % l.cols
	if err := r.write(`<td class="col` + strconv.Itoa(col+1) + `">`); err != nil {
		return nil, err
	}
	if end = n.body.render(r); end != nil && end != errBreak && end != errContinue {
		return nil, end
	}
	closing := "</td>"
	if col == l.cols-1 && l.index < l.length-1 && end != errBreak {
		closing += "</tr>\n<tr class=\"row" + strconv.Itoa(l.index/l.cols+2) + `">`
	}
	return end, r.write(closing)
}

func parseTableRow(p *parser, out *body, t token) error {
	n := &tableRowNode{}
	var err error
	if n.loopHead, err = p.loopHead(t, "tablerowloop"); err != nil {
		return err
	}
	if n.body, err = p.block(t, "endtablerow"); err != nil {
		return err
	}
	out.add(t.at, n, false)
	return nil
}

// cycleNode is {% cycle %}: it prints its values in turn. Cycles of the same
// name, or without a name of the same values, take turns together.
type cycleNode struct {
	name   expression // nil without
	key    string     // of one without a name
	values []expression
	escape bool
}

func (n *cycleNode) render(r *renderer) error {
	key := n.key
	if n.name != nil {
		name, err := n.name.eval(r)
		if err != nil {
			return err
		}
		r.charge(name.weight())
		key = "name:" + r.string(name)
	}
	r.charge(len(key) / bytesAStep)
	if r.frame.cycles == nil {
		r.frame.cycles = map[string]int{}
	}
	i := r.frame.cycles[key]
	r.frame.cycles[key] = (i + 1) % max(1, len(n.values))
	if i+1 >= len(n.values) {
		r.frame.cycles[key] = 0
	}
	if i >= len(n.values) {
		return nil
	}
	v, err := n.values[i].eval(r)
	if err != nil {
		return err
	}
	return r.print(v, n.escape)
}

func parseCycle(p *parser, out *body, t token) error {
	s := newScanner(p.unit, t.start, t.end)
	n := &cycleNode{escape: p.opts.AutoEscape}
	lenient := p.lenient
	p.lenient = true
	first, err := p.operand(s)
	p.lenient = lenient
	if err != nil {
		return err
	}
	if s.take(":") {
		n.name = first
		if first, err = p.operand(s); err != nil {
			return err
		}
	}
	n.values = append(n.values, first)
	for s.take(",") {
		v, err := p.operand(s)
		if err != nil {
			return err
		}
		n.values = append(n.values, v)
	}
	var key strings.Builder
	for _, v := range n.values {
		key.WriteString("," + source(v))
	}
	n.key = key.String()
	out.add(t.at, n, false)
	return s.finish("the values of a cycle are joined by commas, as in {% cycle \"odd\", \"even\" %}")
}
